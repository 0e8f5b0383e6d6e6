"""Somebody rings a node all the time, while its introducers are taken away."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from processes import NodeProcess

from wherry.errors import WherryError
from wherry.views import StatusView

#: Between two looks at a process's status.
POLL_S = 0.05


@dataclass
class Caller:
    """Rings somebody every 100 ms, knowing the id alone: a look-up, then a sealed ping."""

    node: NodeProcess
    peer: str
    answered: int = 0
    failed: list[str] = field(default_factory=list)
    _heard: asyncio.Event = field(default_factory=asyncio.Event)

    async def more(self, count: int) -> None:
        """Wait until so many more have been answered, or failed."""
        goal = self.answered + len(self.failed) + count
        while self.answered + len(self.failed) < goal:
            self._heard.clear()
            await self._heard.wait()

    async def ring(self) -> bool:
        try:
            await self.node.ask("ring", self.peer)
        except WherryError as error:
            self.failed.append(error.code)
            return False
        finally:
            self._heard.set()
        self.answered += 1
        return True

    @asynccontextmanager
    async def ringing(self) -> AsyncIterator[None]:
        async def run() -> None:
            async with asyncio.TaskGroup() as group:
                while not stop.is_set():
                    group.create_task(self.ring())
                    try:
                        await asyncio.wait_for(stop.wait(), 0.1)
                    except TimeoutError:
                        continue

        stop = asyncio.Event()
        task = asyncio.create_task(run())
        try:
            yield
        finally:
            stop.set()
            await task


async def until(node: NodeProcess, holds: Callable[[StatusView], bool], within_s: float) -> float:
    """Seconds until a node's status is so; AssertionError if that takes too long."""
    loop = asyncio.get_running_loop()
    start = loop.time()
    while not holds(status := await node.status()):
        assert loop.time() - start < within_s, f"not within {within_s} s: {status}"
        await asyncio.sleep(POLL_S)
    return loop.time() - start


def healed(killed: Sequence[str], sequence: int) -> Callable[[StatusView], bool]:
    def holds(status: StatusView) -> bool:
        peers = {one.peer for one in status.introducers}
        fresh = status.record is not None and status.record.sequence > sequence and status.record.holders > 0
        return len(peers) == 3 and not peers & set(killed) and fresh

    return holds

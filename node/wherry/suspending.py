"""What runs while a node is not suspended, and Ctrl-Z.

::

    (made) ──resume──▶ running ──suspend──▶ suspended ──resume──▶ running …      leaving the block ends it for good

A suspended node has no socket, no connection and no task of its own, and keeps what is kept: its store, handlers,
components, friendships, leases. Mailboxes go on collecting for it. Resuming opens everything anew, takes the mail
that has come meanwhile, and dials friends.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from types import TracebackType
from typing import Protocol

from wherry_signaling.errors import Closed, WherryError
from wherry_signaling.tasks import Tasks

log = logging.getLogger(__name__)


class Running:
    """Whatever `begin` puts on the stack it is given: opened, closed, opened again; an async context manager.

    :param begin: opens it. If it raises, what it has opened until then is closed.
    """

    def __init__(self, begin: Callable[[AsyncExitStack], Awaitable[None]]) -> None:
        self._begin = begin
        self._stack: AsyncExitStack | None = None
        self._lock = asyncio.Lock()
        self._ended = False

    @property
    def suspended(self) -> bool:
        """Whether it is closed for now."""
        return self._stack is None

    async def __aenter__(self) -> Running:
        await self.resume()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended = True
        await self.suspend()

    async def suspend(self) -> None:
        """Close it; harmless when it is closed. What is about to be opened is closed when it is open."""
        async with self._lock:
            stack, self._stack = self._stack, None
            if stack is not None:
                await stack.aclose()

    async def resume(self) -> None:
        """Open it; harmless when it is open.

        :raises Closed: once the block has been left.
        """
        async with self._lock:
            if self._ended:
                raise Closed("the node")
            if self._stack is None:
                async with AsyncExitStack() as stack:
                    await self._begin(stack)
                    self._stack = stack.pop_all()


class Suspends(Protocol):
    """A node."""

    async def suspend(self) -> None:
        """Go off."""
        ...

    async def resume(self) -> None:
        """Come back."""
        ...

    def ask_to_stop(self) -> None:
        """End."""
        ...


def stop_this_process() -> None:
    """As Ctrl-Z does by itself; returns when somebody has the process go on (SIGCONT: `fg`, `bg`, `kill -CONT`)."""
    os.kill(os.getpid(), signal.SIGSTOP)


@asynccontextmanager
async def following_job_control(node: Suspends, *, stop: Callable[[], None] = stop_this_process) -> AsyncIterator[None]:
    """While in the block, SIGTSTP (Ctrl-Z) suspends the node before the process stops, and SIGCONT resumes it.

    :param stop: stops the process and returns when it goes on.
    """
    loop = asyncio.get_running_loop()
    asked = asyncio.Event()
    tasks = Tasks("job control")

    async def pauses() -> None:
        while True:
            await asked.wait()
            await node.suspend()
            asked.clear()
            stop()
            try:
                await node.resume()
            except WherryError as error:
                log.error("cannot go on: %s", error)
                node.ask_to_stop()
                return

    tasks.start(pauses(), "pauses")
    loop.add_signal_handler(signal.SIGTSTP, asked.set)
    try:
        yield
    finally:
        loop.remove_signal_handler(signal.SIGTSTP)
        await tasks.close()

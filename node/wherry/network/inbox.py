"""The messages of one peer, handed on one after the other; and receive-then-lock.

``async with peer.receive(Kind, timeout=5) as message:`` waits for the next message of that type. Until the block is
left, every other message of that peer waits: so a handshake of several steps is written as one straight piece of code.
What waits is bounded; beyond that the peer's stream is no longer read, and its credit holds it back.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from ..errors import ReceiveNested, ReceiveTimeout, WherryError
from .limits import MESSAGES_WAITING


@dataclass(frozen=True, slots=True)
class Received:
    """A decoded message."""

    opcode: int
    id: int
    message: Any


@dataclass(slots=True, eq=False)
class _Hold:
    message: asyncio.Future[Received]
    released: asyncio.Event = field(default_factory=asyncio.Event)


class Inbox:
    """Messages of one peer.

    :param dispatch: hands on what nobody waits for.
    """

    def __init__(self, dispatch: Callable[[Received], Awaitable[None]]) -> None:
        self._dispatch = dispatch
        self._queue: asyncio.Queue[Received] = asyncio.Queue(MESSAGES_WAITING)
        self._holds: dict[int, deque[_Hold]] = {}
        self._holder: asyncio.Task[Any] | None = None
        self._runner: asyncio.Task[Any] | None = None
        self._error: WherryError | None = None

    async def put(self, received: Received) -> None:
        """Take a message; waits while too many do.

        :raises WherryError: what `close` was given, once the connection has ended.
        """
        await self._queue.put(received)
        if self._error is not None:
            raise self._error

    async def run(self) -> None:
        """Hand messages on, until cancelled or closed: a hook may close it from within."""
        self._runner = asyncio.current_task()
        while self._error is None:
            received = await self._queue.get()
            hold = self._next_hold(received.opcode)
            if hold is None:
                await self._dispatch(received)
            else:
                hold.message.set_result(received)
                await hold.released.wait()

    @asynccontextmanager
    async def receive(self, opcode: int, timeout: float | None) -> AsyncIterator[Received]:
        """The next message of `opcode`; others wait until the block is left.

        :raises ReceiveTimeout: if none came within `timeout` seconds.
        :raises ReceiveNested: if this task holds the peer's messages already, or hands them on: a `receive` hook
            would wait for what comes behind its own message.
        :raises WherryError: what `close` was given, if the connection ends meanwhile.
        """
        if self._error is not None:
            raise self._error
        task = asyncio.current_task()
        if task is self._runner:
            raise ReceiveNested("a receive hook waits for the next message", hint="Wait for it in a task of your own.")
        if self._holder is task:
            raise ReceiveNested()
        hold = _Hold(asyncio.get_running_loop().create_future())
        self._holds.setdefault(opcode, deque()).append(hold)
        try:
            try:
                async with asyncio.timeout(timeout):
                    received = await hold.message
            except TimeoutError as error:
                raise ReceiveTimeout(f"nothing of opcode {opcode} within {timeout} s") from error
            self._holder = task
            yield received
        finally:
            if self._holder is task:
                self._holder = None
            hold.released.set()
            waiting = self._holds.get(opcode)
            if waiting is not None and hold in waiting:
                waiting.remove(hold)

    def close(self, error: WherryError) -> None:
        """Nothing more will come: whoever waits hears why."""
        self._error = error
        for holds in self._holds.values():
            for hold in holds:
                if not hold.message.done():
                    hold.message.set_exception(error)
                    hold.message.exception()  # whoever waited may be cancelled before it looks
        self._holds.clear()
        while not self._queue.empty():  # whoever waits for room in `put` need not wait any more
            self._queue.get_nowait()

    def _next_hold(self, opcode: int) -> _Hold | None:
        holds = self._holds.get(opcode)
        while holds:
            hold = holds.popleft()
            if not hold.message.done():
                return hold
        return None

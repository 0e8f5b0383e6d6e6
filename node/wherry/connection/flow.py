"""What streams and flows of datagrams have in common for an application: whose they are, and how they end."""

from __future__ import annotations

import asyncio
import copy
from abc import ABC, abstractmethod
from types import TracebackType
from typing import TYPE_CHECKING, Self

from wherry.connection import codes
from wherry.connection.streams import StreamMachine
from wherry.errors import StreamClosed, WherryError

if TYPE_CHECKING:
    from wherry.connection.connection import Connection


class Waiters:
    """Tasks that wait for something to change."""

    def __init__(self) -> None:
        self._futures: set[asyncio.Future[None]] = set()

    async def wait(self) -> None:
        """Wait until `wake`."""
        future = asyncio.get_running_loop().create_future()
        self._futures.add(future)
        try:
            await future
        finally:
            self._futures.discard(future)

    def wake(self) -> None:
        """Something changed: all that wait look again."""
        for future in self._futures:
            if not future.done():
                future.set_result(None)


def fresh(error: WherryError) -> WherryError:
    """The same error to raise once more: one instance raised twice would gather both tracebacks."""
    return copy.copy(error).with_traceback(None)


def application_code(reason: int) -> int:
    """The code on the wire of an application's own reason.

    :raises ValueError: it is not below 2^31.
    """
    if not 0 <= reason < codes.RESERVED:
        raise ValueError("a reason is a number from 0 to 2^31 - 1")
    return reason


class Flow(ABC):
    """Either of the two; an async context manager."""

    def __init__(self, connection: Connection, machine: StreamMachine) -> None:
        self._connection = connection
        self._machine = machine
        self._waiters = Waiters()

    @property
    def name(self) -> str:
        """What it was opened as."""
        return self._machine.name or ""

    @property
    def number(self) -> int:
        """Its number on this connection."""
        return self._machine.number

    @property
    def peer(self) -> bytes:
        """32 bytes, the other side's public key."""
        return self._connection.peer

    def reset(self, reason: int = 0) -> None:
        """End both directions now; what has not arrived may never do so.

        :param reason: the application's number, below 2^31, for the peer's `StreamReset`.
        """
        self._end(application_code(reason), StreamClosed("reset was called"))

    def fail(self, error: WherryError) -> None:
        """End both directions now: whoever uses it here hears `error`, and the peer is told its code."""
        self._end(codes.code_of(error), error)

    async def ended(self) -> WherryError | None:
        """Wait until both directions are over; returns the error that ended them before their time, if one did.

        A flow of datagrams has no end of its own: `StreamReset` with reason 0 is its good order.
        """
        while self._machine.error is None and not self._machine.over:
            await self._waiters.wait()
        return self._machine.error

    def wake(self) -> None:
        """Something changed: whoever waits looks again."""
        self._waiters.wake()

    def _end(self, code: int, error: WherryError) -> None:
        self._machine.reset(code, error)
        self._connection.pump()

    def _raise_error(self) -> None:
        if self._machine.error is not None:
            raise fresh(self._machine.error)

    async def __aenter__(self) -> Self:
        return self

    @abstractmethod
    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

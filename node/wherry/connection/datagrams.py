"""What an application holds of a flow of datagrams."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator
from types import TracebackType
from typing import TYPE_CHECKING

from wherry.connection import codes
from wherry.connection.flow import Flow
from wherry.connection.limits import DATAGRAM_QUEUE, MAX_DATAGRAM_BYTES
from wherry.connection.streams import StreamMachine
from wherry.errors import StreamClosed, WherryError

if TYPE_CHECKING:
    from wherry.connection.connection import Connection


class Datagrams(Flow):
    """A flow of datagrams in both directions: each arrives whole, later than others, or not at all.

    ::

        async with await connection.open_datagrams("/name/1") as flow:
            flow.send(b"now")
            async for datagram in flow:
                ...

    Leaving the block closes the flow. Counters say what was lost where.
    """

    def __init__(self, connection: Connection, machine: StreamMachine) -> None:
        super().__init__(connection, machine)
        self._queue: deque[bytes] = deque()
        self._next = 0
        self._expected = 0
        #: Datagrams that came.
        self.received = 0
        #: Datagrams that came and were dropped here, because nobody read them in time.
        self.dropped_in = 0
        #: Datagrams that were dropped here before they were sent.
        self.dropped_out = 0

    def __repr__(self) -> str:
        return f"<Datagrams {self._machine.number} {self.name}>"

    @property
    def sent(self) -> int:
        """Datagrams given to `send` that were not dropped here."""
        return self._next - self.dropped_out

    @property
    def lost(self) -> int:
        """Datagrams that the peer is known to have sent and that have not come: lost, or still under way."""
        return self._expected - self.received

    def send(self, data: bytes) -> bool:
        """Send one datagram of at most 1200 bytes; False if it was dropped because too many wait.

        :raises ValueError: it is too long.
        :raises WherryError: the flow has ended.
        """
        if len(data) > MAX_DATAGRAM_BYTES:
            raise ValueError(f"{len(data)} bytes in a datagram, {MAX_DATAGRAM_BYTES} at most")
        self._raise_error()
        gone = self._connection.send_datagram(self._machine.number, self._next, data)
        self._next += 1
        self.dropped_out += not gone
        return gone

    async def receive(self) -> bytes:
        """The next datagram.

        :raises StreamClosed: the flow was closed here.
        :raises StreamReset: the peer closed it; reason 0 is good order.
        :raises WherryError: the flow has ended.
        """
        while not self._queue:
            self._raise_error()
            await self._waiters.wait()
        return self._queue.popleft()

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while self._queue or self._machine.reset_code != codes.DONE:
            try:
                yield await self.receive()
            except WherryError:
                if self._machine.reset_code != codes.DONE:
                    raise
                return

    def put(self, sequence: int, data: bytes) -> None:
        """A datagram came."""
        self.received += 1
        self._expected = max(self._expected, sequence + 1)
        if len(self._queue) == DATAGRAM_QUEUE:
            self._queue.popleft()
            self.dropped_in += 1
        self._queue.append(data)
        self.wake()

    def close(self) -> None:
        """End the flow in good order."""
        self._end(codes.DONE, StreamClosed("the flow was closed"))

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

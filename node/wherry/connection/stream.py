"""What an application holds of a stream or of a flow of datagrams."""

from __future__ import annotations

import asyncio
import copy
from collections import deque
from collections.abc import AsyncIterator
from types import TracebackType
from typing import TYPE_CHECKING, Final

from wherry.connection import codes
from wherry.connection.limits import DATAGRAM_QUEUE, MAX_DATAGRAM_BYTES, SEND_BUFFER_BYTES
from wherry.connection.receive_side import ReceiveState
from wherry.connection.send_side import SendState
from wherry.connection.streams import StreamMachine
from wherry.errors import LimitExceeded, SendBufferFull, StreamClosed, WherryError

if TYPE_CHECKING:
    from wherry.connection.connection import Connection

_READ_BYTES: Final = 64 * 1024


class _Waiters:
    """Tasks that wait for something to change."""

    def __init__(self) -> None:
        self._futures: set[asyncio.Future[None]] = set()

    def __bool__(self) -> bool:
        return bool(self._futures)

    async def wait(self) -> None:
        future = asyncio.get_running_loop().create_future()
        self._futures.add(future)
        try:
            await future
        finally:
            self._futures.discard(future)

    def wake(self) -> None:
        for future in self._futures:
            if not future.done():
                future.set_result(None)


def _fresh(error: WherryError) -> WherryError:
    """The same error to raise once more: one instance raised twice would gather both tracebacks."""
    return copy.copy(error).with_traceback(None)


class Stream:
    """A reliable, ordered stream of bytes in both directions.

    ::

        async with await connection.open_stream("/name/1") as stream:
            await stream.write(b"question")
            await stream.finish()
            async for chunk in stream:
                ...

    Leaving the block in good order finishes the stream and waits until the peer has everything; leaving it with an
    exception resets it. One task may read while another writes.

    Reading and writing raise, once the stream has ended before its time: `StreamReset` (the peer, with its `reason`),
    `StreamRefused` and `RefusedByPeer` (it does not serve this name, or not for us), `LimitExceeded`, `PeerRestarted`,
    `PeerClosed`, `ConnectionLost`; and `StreamClosed` for what was ended here.
    """

    def __init__(self, connection: Connection, machine: StreamMachine) -> None:
        self._connection = connection
        self._machine = machine
        self._waiters = _Waiters()

    def __repr__(self) -> str:
        return f"<Stream {self._machine.number} {self.name} {self.state}>"

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

    @property
    def state(self) -> str:
        """Sending and receiving, as `ready/open`."""
        return f"{self._machine.send.state.value}/{self._machine.receive.state.value}"

    # -- writing ------------------------------------------------------------------------------------------------------

    async def write(self, data: bytes | bytearray | memoryview) -> None:
        """Write all of `data`, as fast as the peer's reader takes it.

        :raises StreamClosed: `finish` or `reset` was called.
        :raises WherryError: the stream has ended; see above.
        """
        view = memoryview(data).cast("B")
        self._check_writable()
        while view:
            while (room := SEND_BUFFER_BYTES - self._machine.send.unsent) <= 0:
                await self._waiters.wait()
                self._check_writable()
            self._machine.write(view[:room])
            view = view[room:]
            self._connection.pump()

    def write_nowait(self, data: bytes | bytearray | memoryview) -> None:
        """Write all of `data` or nothing, without waiting.

        :raises SendBufferFull: it does not fit now.
        """
        self._check_writable()
        if self._machine.send.unsent + len(data) > SEND_BUFFER_BYTES:
            raise SendBufferFull(f"{self._machine.send.unsent} bytes wait")
        self._machine.write(data)
        self._connection.pump()

    def _check_writable(self) -> None:
        try:
            self._machine.check_writable()
        except WherryError as error:
            raise _fresh(error) from None

    async def finish(self) -> None:
        """Nothing more will be written. Reading goes on; `finished` waits until the peer has everything."""
        self._raise_error()
        self._machine.finish()
        self._connection.pump()

    async def finished(self) -> None:
        """Wait until the peer has received everything up to `finish`.

        :raises WherryError: it never will.
        """
        while self._machine.send.state is not SendState.FINISHED:
            self._raise_error()
            await self._waiters.wait()
        if self._machine.send_error is not None:
            raise _fresh(self._machine.send_error)

    # -- reading ------------------------------------------------------------------------------------------------------

    async def read(self, size: int = _READ_BYTES) -> bytes:
        """The next bytes, at least one and at most `size`; none at the end.

        :raises StreamClosed: `stop` or `reset` was called.
        :raises LimitExceeded: the peer has sent more than its rule allows.
        :raises WherryError: the stream has ended; see above.
        """
        if size < 1:
            raise ValueError("read at least one byte")
        machine = self._machine
        while True:
            data = machine.read(size)
            if data:
                self._connection.consumed(self, len(data))
                return data
            self._raise_error()
            if machine.receive.at_end:
                if machine.stop_code is not None:
                    raise StreamClosed("stop was called")
                return b""
            if machine.receive.state is ReceiveState.STOPPED:
                raise StreamClosed("stop was called")
            await self._waiters.wait()

    async def read_exactly(self, size: int) -> bytes:
        """The next `size` bytes, no fewer.

        :raises EOFError: the stream ends before.
        """
        parts: list[bytes] = []
        while size:
            part = await self.read(size)
            if not part:
                raise EOFError(f"the stream ends {size} bytes early")
            parts.append(part)
            size -= len(part)
        return b"".join(parts)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while data := await self.read():
            yield data

    # -- ending -------------------------------------------------------------------------------------------------------

    def stop(self, reason: int = 0) -> None:
        """Nothing more will be read: what has come is thrown away, the peer is asked to stop.

        :param reason: the application's number, below 2^31, for the peer's `StreamReset`.
        """
        self._machine.stop(_application_code(reason))
        self._connection.pump()

    def reset(self, reason: int = 0) -> None:
        """End both directions now; what has not arrived may never do so.

        :param reason: the application's number, below 2^31, for the peer's `StreamReset`.
        """
        self._end(_application_code(reason), StreamClosed("reset was called"))

    def fail(self, error: WherryError) -> None:
        """End both directions now: reading and writing raise `error` here, and the peer is told its code."""
        self._end(codes.code_of(error), error)

    async def ended(self) -> WherryError | None:
        """Wait until both directions are over; returns the error that ended them before their time, if one did."""
        while self._machine.error is None and not self._machine.over:
            await self._waiters.wait()
        return self._machine.error

    def over_limit(self) -> None:
        """The peer has sent more than it may: end the stream, and tell it so."""
        self._end(codes.code_for(LimitExceeded), LimitExceeded("more bytes a minute than the rule allows"))

    def _end(self, code: int, error: WherryError) -> None:
        self._machine.reset(code, error)
        self._connection.pump()

    def _raise_error(self) -> None:
        if self._machine.error is not None:
            raise _fresh(self._machine.error)

    async def __aenter__(self) -> Stream:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        if kind is not None:
            self.reset(codes.DONE)
            return
        machine = self._machine
        if machine.error is None:
            await self.finish()
            if not machine.receive.at_end:
                self.stop()
            try:
                if machine.send_error is None:
                    await self.finished()
            except asyncio.CancelledError:
                self.reset()
                raise

    def wake(self) -> None:
        """Something changed: whoever waits looks again."""
        if self._waiters:
            self._waiters.wake()


class Datagrams:
    """A flow of datagrams in both directions: each arrives whole, later than others, or not at all.

    ::

        async with await connection.open_datagrams("/name/1") as flow:
            flow.send(b"now")
            async for datagram in flow:
                ...

    Leaving the block closes the flow. Counters say what was lost where.
    """

    def __init__(self, connection: Connection, machine: StreamMachine) -> None:
        self._connection = connection
        self._machine = machine
        self._waiters = _Waiters()
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
        if self._machine.error is not None:
            raise _fresh(self._machine.error)
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
            if self._machine.error is not None:
                raise _fresh(self._machine.error)
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
        self._machine.reset(codes.DONE, StreamClosed("the flow was closed"))
        self._connection.pump()

    def reset(self, reason: int = 0) -> None:
        """End the flow; `reason` below 2^31 is for the peer's `StreamReset`."""
        self._machine.reset(_application_code(reason), StreamClosed("reset was called"))
        self._connection.pump()

    def fail(self, error: WherryError) -> None:
        """End the flow now: sending and receiving raise `error` here, and the peer is told its code."""
        self._machine.reset(codes.code_of(error), error)
        self._connection.pump()

    async def ended(self) -> WherryError:
        """Wait until the flow is over; returns why. `StreamReset` with reason 0 is good order."""
        while self._machine.error is None:
            await self._waiters.wait()
        return self._machine.error

    async def __aenter__(self) -> Datagrams:
        return self

    async def __aexit__(self, *_: object) -> None:
        self.close()

    def wake(self) -> None:
        """Something changed: whoever waits looks again."""
        self._waiters.wake()


def _application_code(reason: int) -> int:
    if not 0 <= reason < codes.RESERVED:
        raise ValueError("a reason is a number from 0 to 2^31 - 1")
    return reason

"""What an application holds of a stream."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from types import TracebackType
from typing import Final

from wherry.connection import codes
from wherry.connection.flow import Flow, application_code, fresh
from wherry.connection.limits import SEND_BUFFER_BYTES
from wherry.connection.receive_side import ReceiveState
from wherry.connection.send_side import SendState
from wherry.errors import LimitExceeded, SendBufferFull, StreamClosed, WherryError

_READ_BYTES: Final = 64 * 1024


class Stream(Flow):
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

    def __repr__(self) -> str:
        return f"<Stream {self._machine.number} {self.name} {self.state}>"

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
            raise fresh(error) from None

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
            raise fresh(self._machine.send_error)

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
        self._machine.stop(application_code(reason))
        self._connection.pump()

    def over_limit(self) -> None:
        """The peer has sent more than it may: end the stream, and tell it so."""
        self._end(codes.code_for(LimitExceeded), LimitExceeded("more bytes a minute than the rule allows"))

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
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

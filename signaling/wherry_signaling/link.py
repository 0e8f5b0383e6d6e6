"""Typed frames on a socket whose handshake is done: sealed in order by one writer, opened in order by one reader.

Whoever owns the link runs `write()` in a task of its own. `post` never waits, so that one slow socket holds up nobody:
what it cannot take is refused (`post` says so), and its owner stops reading from it meanwhile (`room`).
"""

from __future__ import annotations

import asyncio
from collections import deque

from . import wire
from .errors import EndpointLost
from .handshake import Cipher
from .limits import FLUSH_S, OUTBOX_BYTES
from .sockets import Socket


class Link:
    """One socket's frames, both ways."""

    __slots__ = ("_bytes", "_cipher", "_drained", "_idle", "_out", "_socket", "_wake")

    def __init__(self, socket: Socket, cipher: Cipher) -> None:
        self._socket, self._cipher = socket, cipher
        self._out: deque[bytes] = deque()
        self._bytes = 0
        self._wake: asyncio.Future[None] | None = None
        self._drained: asyncio.Future[None] | None = None
        self._idle: asyncio.Future[None] | None = None

    def post(self, frame: wire.AnyFrame, *, always: bool = False) -> bool:
        """Send `frame` when its turn comes; False if too much waits already and it is not to be sent `always`."""
        if self._bytes >= OUTBOX_BYTES and not always:
            return False
        data = wire.encode(frame)
        self._out.append(data)
        self._bytes += len(data)
        if self._wake is not None and not self._wake.done():
            self._wake.set_result(None)
        return True

    async def room(self) -> None:
        """Wait while as much as may wait does."""
        while self._bytes >= OUTBOX_BYTES:
            self._drained = asyncio.get_running_loop().create_future()
            await self._drained

    async def flush(self) -> None:
        """Wait until what was posted is written, `FLUSH_S` at most: the last words before the end."""
        self._idle = asyncio.get_running_loop().create_future()
        if self._wake is None or self._wake.done() or self._out:
            await asyncio.wait([self._idle], timeout=FLUSH_S)

    async def receive(self) -> tuple[wire.AnyFrame | wire.Unknown, int]:
        """The next frame, and how many bytes it came in.

        :raises EndpointLost: at the end.
        :raises HandshakeFailed: if somebody on the way injected, repeated or swallowed a frame.
        :raises Malformed: if it is no frame.
        """
        data = await self._socket.receive()
        return wire.decode(self._cipher.open(data)), len(data)

    async def write(self) -> None:
        """Send what is posted, until the socket ends. The reader hears of the end too, so this just returns."""
        try:
            while True:
                while self._out:
                    data = self._out.popleft()
                    self._bytes -= len(data)
                    await self._socket.send(self._cipher.seal(data))
                    if self._drained is not None and not self._drained.done() and self._bytes < OUTBOX_BYTES:
                        self._drained.set_result(None)
                if self._idle is not None and not self._idle.done():
                    self._idle.set_result(None)
                self._wake = asyncio.get_running_loop().create_future()
                await self._wake
        except EndpointLost:
            return

    async def close(self) -> None:
        """End the socket."""
        await self._socket.close()

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

    __slots__ = ("_bytes", "_cipher", "_emptied", "_ended", "_out", "_roomy", "_socket", "_wake", "_writing")

    def __init__(self, socket: Socket, cipher: Cipher) -> None:
        self._socket, self._cipher = socket, cipher
        self._out: deque[bytes] = deque()
        self._bytes = 0
        self._writing, self._ended = True, False
        self._wake: asyncio.Future[None] | None = None
        self._roomy: asyncio.Event | None = None
        self._emptied: asyncio.Event | None = None

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
        """Wait while as much as may wait does, and the socket is open."""
        while self._bytes >= OUTBOX_BYTES and not self._ended:
            if self._roomy is None:
                self._roomy = asyncio.Event()
            self._roomy.clear()
            await self._roomy.wait()

    async def flush(self) -> None:
        """Wait until what was posted is written, `FLUSH_S` at most: the last words before the end."""
        if self._ended or (not self._writing and not self._out):
            return
        self._emptied = asyncio.Event()
        try:
            async with asyncio.timeout(FLUSH_S):
                await self._emptied.wait()
        except TimeoutError:
            return

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
                self._writing = True
                while self._out:
                    await self._write_one()
                self._writing = False
                if self._emptied is not None:
                    self._emptied.set()
                self._wake = asyncio.get_running_loop().create_future()
                await self._wake
        except EndpointLost:
            return
        finally:
            self._ended = True
            for event in (self._roomy, self._emptied):
                if event is not None:
                    event.set()

    async def _write_one(self) -> None:
        data = self._out.popleft()
        await self._socket.send(self._cipher.seal(data))
        self._bytes -= len(data)
        if self._roomy is not None and self._bytes < OUTBOX_BYTES:
            self._roomy.set()

    async def close(self) -> None:
        """End the socket."""
        await self._socket.close()

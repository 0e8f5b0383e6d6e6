"""One end of a signaling socket in memory: a window, as TCP has it, and an end that both sides hear of."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Final, Protocol

from wherry_signaling.errors import EndpointLost
from wherry_signaling.sockets import SocketAddress

#: Bytes under way on one socket before `send` waits: what the buffers of two kernels hold.
WINDOW_BYTES: Final = 512 * 1024


class Path(Protocol):
    """What lies between the two ends: `MemorySockets`."""

    def carry(self, socket: MemorySocket, data: bytes) -> None:
        """Bring a frame to the other end."""

    def carry_end(self, socket: MemorySocket, why: str = ...) -> None:
        """Tell the other end that this one has ended."""

    def forget(self, socket: MemorySocket) -> None:
        """It has ended."""


class MemorySocket:
    """One end of a socket on `MemorySockets`."""

    def __init__(self, path: Path, local: SocketAddress, remote: SocketAddress) -> None:
        self._path, self.local, self.remote = path, local, remote
        self.other: MemorySocket
        self._arrived: deque[bytes] = deque()
        self._reader: asyncio.Future[None] | None = None
        self._writers: deque[asyncio.Future[None]] = deque()
        self._under_way = 0
        #: When what was sent last arrives; nothing sent later comes sooner.
        self.last_arrival = 0.0
        #: Frames that wait for a cut cable.
        self.held: list[bytes] = []
        self._end: str | None = None

    def __repr__(self) -> str:
        state = "open" if self._end is None else f"ended: {self._end}"
        return f"<MemorySocket {self.local} ⇄ {self.remote}, {state}>"

    async def send(self, data: bytes) -> None:
        """Send one frame; waits while more than `WINDOW_BYTES` are under way."""
        if self._end is not None:
            raise EndpointLost(self._end)
        self._under_way += len(data)
        self._path.carry(self, data)
        while self._under_way > WINDOW_BYTES and self._end is None:
            waiter = asyncio.get_running_loop().create_future()
            self._writers.append(waiter)
            await waiter

    async def receive(self) -> bytes:
        """The next frame; what had arrived before the end still comes."""
        while not self._arrived:
            if self._end is not None:
                raise EndpointLost(self._end)
            self._reader = asyncio.get_running_loop().create_future()
            await self._reader
        data = self._arrived.popleft()
        self.other.taken(len(data))
        return data

    async def close(self) -> None:
        """End both ends; the other one hears of it after the network's delay."""
        if self._end is None:
            self.end("closed")
            self._path.carry_end(self)

    def end(self, why: str) -> None:
        """This end is over: whoever waits on it hears `why`."""
        if self._end is not None:
            return
        self._end = why
        self._path.forget(self)
        for waiter in (self._reader, *self._writers):
            if waiter is not None and not waiter.done():
                waiter.set_result(None)
        self._writers.clear()

    def arrive(self, data: bytes) -> None:
        """A frame has come."""
        if self._end is not None:
            return
        self._arrived.append(data)
        if self._reader is not None and not self._reader.done():
            self._reader.set_result(None)

    def taken(self, size: int) -> None:
        """The other end has read so many bytes."""
        self._under_way = max(0, self._under_way - size)
        while self._writers and self._under_way <= WINDOW_BYTES:
            waiter = self._writers.popleft()
            if not waiter.done():
                waiter.set_result(None)

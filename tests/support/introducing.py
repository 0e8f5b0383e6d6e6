"""Peers and endpoints for tests of signaling: identities by number, on memory sockets or on loopback."""

from __future__ import annotations

import asyncio
import hashlib
import random
from typing import Any

from wherry.testing.clock import EPOCH_S
from wherry.testing.sockets import MemorySockets
from wherry_signaling.client import Client, open_client
from wherry_signaling.endpoints import EndpointAddress
from wherry_signaling.identity import Identity
from wherry_signaling.record import Introducer, PeerRecord
from wherry_signaling.server import Endpoint
from wherry_signaling.wire import Role

#: Something of a size that sealed envelopes have.
SEALED = bytes(range(256))


def identity(number: int) -> Identity:
    """The same one each time."""
    return Identity(hashlib.sha256(b"test %d" % number).digest())


def sealed(number: int, size: int = 256) -> bytes:
    """An envelope's worth of bytes that can be told from others."""
    return number.to_bytes(8, "big").ljust(size, b"\0")


def wall_clock() -> float:
    """Seconds since 1970, of a loop that began at `EPOCH_S`."""
    return EPOCH_S + asyncio.get_running_loop().time()


def record_of(who: Identity, sequence: int = 1, now: float | None = None) -> bytes:
    """A signed peer record."""
    issued = int(wall_clock() if now is None else now)
    record = PeerRecord(
        peer=who.id,
        sequence=sequence,
        instance=bytes(8),
        issued=issued,
        expires=issued + 3600,
        sealing_key=who.sealing_public,
    )
    return record.sign(who)


class Taking:
    """Takes what is delivered, and remembers it: `(tag, envelope, way back)`."""

    def __init__(self, *, accept: bool = True) -> None:
        self.accept = accept
        self.taken: list[tuple[bytes, bytes, int]] = []
        self._came = asyncio.Event()

    def __call__(self, tag: bytes, envelope: bytes, back: int) -> bool:
        self.taken.append((tag, envelope, back))
        self._came.set()
        return self.accept

    @property
    def envelopes(self) -> list[bytes]:
        return [envelope for _, envelope, _ in self.taken]

    async def wait_for(self, count: int) -> None:
        """Wait until so many have come."""
        while len(self.taken) < count:
            self._came.clear()
            await self._came.wait()


class World:
    """Endpoints and clients on memory sockets: endpoint `n` is at 11.0.n.1, client `n` at 12.0.n.1.

    Each is in a public network of its own.
    """

    def __init__(self, *, seed: int = 0, delay_ms: tuple[float, float] = (5, 20)) -> None:
        self.sockets = MemorySockets(seed=seed, delay_ms=delay_ms)
        self.random = random.Random(seed)

    def endpoint(self, number: int, kind: type[Endpoint] = Endpoint, **named: Any) -> Endpoint:
        """One more endpoint; not open yet."""
        host = f"11.0.{number}.1"
        named.setdefault("connector", self.sockets.connector(host))
        return kind(
            identity(1000 + number),
            listener=self.sockets.listener(host, 4770),
            wall_clock=wall_clock,
            own_clock=wall_clock,
            random=self.random.randbytes,
            **named,
        )

    def address(self, number: int) -> EndpointAddress:
        """Where endpoint `number` is, and whose it is."""
        return EndpointAddress(f"11.0.{number}.1", 4770, peer=identity(1000 + number).id)

    def introducer(self, number: int) -> Introducer:
        """The same, as records name it."""
        return Introducer(identity(1000 + number).id, (self.address(number),))

    async def client(
        self,
        number: int,
        endpoint: int = 0,
        role: Role = Role.ME,
        take: Taking | None = None,
        *,
        address: EndpointAddress | None = None,
    ) -> Client:
        """Client `number` at an endpoint."""
        return await open_client(
            self.sockets.connect_from(f"12.0.{number}.1"),
            self.address(endpoint) if address is None else address,
            identity(number),
            role,
            on_deliver=take,
            random=self.random.randbytes,
            wall_clock=wall_clock,
        )

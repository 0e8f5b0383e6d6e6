"""Guest sockets: throw-away keys, one socket for each introducer, kept for some seconds and used again.

Whoever introduces learns the recipient, a size class, an address and a time, but not who writes. Several addresses of
one introducer are tried staggered, as RFC 8305 does with IP addresses: the next one joins after `STAGGER_S`, or at once
when one has failed; the first handshake that is whole wins.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from types import TracebackType
from typing import TypeVar

from ..domains import Purpose
from ..endpoints import EndpointAddress
from ..errors import Closed, EndpointLost, EndpointUnreachable, Quota, RemoteError
from ..identity import Identity, PeerId
from ..limits import GUEST_IDLE_S, GUEST_SOCKETS, STAGGER_S
from ..record import Introducer
from ..sockets import Connect
from ..wire import Role
from .opening import open_client
from .session import Client

T = TypeVar("T")
Addresses = EndpointAddress | Sequence[EndpointAddress]
Key = PeerId | EndpointAddress
#: Takes what comes back along a guest socket, or declines it: the socket, tag, sealed envelope, way back (0: none).
OnGuestDeliver = Callable[[Client, bytes, bytes, int], bool]


async def race(
    open_one: Callable[[EndpointAddress], Awaitable[Client]], addresses: Sequence[EndpointAddress]
) -> Client:
    """The first of `addresses`, staggered, whose socket opens; the others are closed.

    :raises RemoteError: the last failure, if all fail.
    """
    running: set[asyncio.Task[Client]] = set()
    waiting = list(addresses)
    error: RemoteError = EndpointUnreachable("no address is known")
    try:
        while waiting or running:
            if waiting:
                running.add(asyncio.create_task(_call(open_one, waiting.pop(0)), name="guest socket"))
            done, _ = await asyncio.wait(
                running, timeout=STAGGER_S if waiting else None, return_when=asyncio.FIRST_COMPLETED
            )
            for task in done:
                running.discard(task)
                try:
                    winner = task.result()
                except RemoteError as failure:
                    error = failure
                else:
                    running |= done - {task}
                    return winner
    finally:
        await _dismiss(running)
    raise error


class Guests:
    """A bounded pool of guest sockets; an async context manager that may be entered again, or closed by `close`.

    :param on_deliver: takes replies that come back along the sockets; without it they are declined.
    :param most: sockets at once.
    """

    def __init__(
        self,
        connect: Connect,
        *,
        on_deliver: OnGuestDeliver | None = None,
        random: Callable[[int], bytes] = secrets.token_bytes,
        most: int = GUEST_SOCKETS,
    ) -> None:
        self._connect, self._on_deliver, self._random, self._most = connect, on_deliver, random, most
        self._seats: dict[Key, _Seat] = {}
        self._leaving: set[asyncio.Task[None]] = set()
        self._closed = False

    def __repr__(self) -> str:
        return f"<Guests at {len(self._seats)} endpoints>"

    async def __aenter__(self) -> Guests:
        self._closed = False
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def send_via(self, addresses: Addresses, to: PeerId, tag: bytes, envelope: bytes) -> EndpointAddress:
        """Send through the introducer at `addresses` (all of one); returns the one that worked, and whose it is.

        :raises EndpointUnreachable, EndpointTimeout, WrongPeer, HandshakeFailed, VersionMismatch: if it is not there.
        :raises NoReservation, Quota, DeliveryFailed, Malformed, EndpointLost: as `Client.send`.
        """

        async def send(client: Client) -> EndpointAddress:
            await client.send(to, tag, envelope)
            return client.address

        return await self._use(addresses, send)

    async def hand_on_via(self, addresses: Addresses, sealed: bytes) -> None:
        """Hand on what is sealed to the introducer at `addresses`; raises as `send_via`."""
        await self._use(addresses, lambda client: client.hand_on(sealed))

    async def pass_on_via(
        self, addresses: Addresses, introducer: Introducer, to: PeerId, tag: bytes, envelope: bytes
    ) -> None:
        """Have the endpoint at `addresses` pass an envelope on to another introducer; raises as `send_via`."""
        await self._use(addresses, lambda client: client.pass_on(introducer, to, tag, envelope))

    async def look_up_via(self, addresses: Addresses, purpose: Purpose, peer: PeerId) -> bytes | None:
        """Ask the endpoint at `addresses` for a document, which is unchecked; raises as `send_via`."""
        return await self._use(addresses, lambda client: client.look_up(purpose, peer))

    async def deposit_via(self, addresses: Addresses, to: PeerId, tag: bytes, work: bytes, sealed: bytes) -> None:
        """Leave a sealed envelope in the mailbox at `addresses`; raises as `send_via` and `Client.deposit`."""
        await self._use(addresses, lambda client: client.deposit(to, tag, sealed, work=work))

    async def take_prekey_via(self, addresses: Addresses, to: PeerId, tag: bytes) -> tuple[int, bytes] | None:
        """Ask the mailbox at `addresses` for one of a peer's one-time prekeys; raises as `send_via`."""
        return await self._use(addresses, lambda client: client.take_prekey(to, tag))

    @asynccontextmanager
    async def client(self, addresses: Addresses) -> AsyncIterator[Client]:
        """A guest socket to the endpoint at `addresses` (all of one), for other requests; raises as `send_via`."""
        ways = (addresses,) if isinstance(addresses, EndpointAddress) else tuple(addresses)
        seat = self._seat(ways)
        seat.users += 1
        try:
            yield await asyncio.shield(seat.opening)
        finally:
            seat.users -= 1
            seat.last_used = asyncio.get_running_loop().time()
            if not seat.users:
                self._leave_later(seat)

    async def close(self) -> None:
        """End every socket; whoever uses one hears EndpointLost."""
        self._closed = True
        for seat in list(self._seats.values()):
            self._leave(seat)
        while self._leaving:
            await asyncio.wait(self._leaving)

    async def _use(self, addresses: Addresses, request: Callable[[Client], Awaitable[T]]) -> T:
        kept = False
        try:
            async with self.client(addresses) as client:
                kept, client.served = client.served, True
                return await request(client)
        except EndpointLost:
            if not kept:
                raise
        async with self.client(addresses) as client:  # the one that was kept had ended without our knowing
            return await request(client)

    def _seat(self, ways: tuple[EndpointAddress, ...]) -> _Seat:
        if self._closed:
            raise Closed("the guest sockets")
        if not ways:
            raise EndpointUnreachable("no address is known")
        key: Key = ways[0] if ways[0].peer is None else ways[0].peer
        seat = self._seats.get(key)
        if seat is not None and seat.usable:
            seat.stay()
            return seat
        if seat is not None:
            self._leave(seat)
        if len(self._seats) >= self._most:
            idle = [seat for seat in self._seats.values() if not seat.users]
            if not idle:
                raise Quota("too many guest sockets at once", hint="Try again in a moment.")
            self._leave(min(idle, key=lambda seat: seat.last_used))
        loop = asyncio.get_running_loop()
        seat = _Seat(key, loop.create_task(race(self._open, ways), name="guest"), loop.time())
        self._seats[key] = seat
        return seat

    async def _open(self, address: EndpointAddress) -> Client:
        client = await open_client(self._connect, address, Identity(self._random(32)), Role.GUEST, random=self._random)
        if (take := self._on_deliver) is not None:
            client.on_deliver = lambda tag, envelope, back: take(client, tag, envelope, back)
        return client

    def _leave_later(self, seat: _Seat) -> None:
        if self._seats.get(seat.key) is not seat:
            return
        if seat.usable:
            seat.idle = asyncio.get_running_loop().call_later(GUEST_IDLE_S, self._leave, seat)
        else:
            self._leave(seat)

    def _leave(self, seat: _Seat) -> None:
        if self._seats.get(seat.key) is seat:
            del self._seats[seat.key]
        seat.stay()
        task = asyncio.get_running_loop().create_task(_dismiss({seat.opening}), name="guest leaving")
        self._leaving.add(task)
        task.add_done_callback(self._leaving.discard)


class _Seat:
    """A socket of the pool, or one that is being opened."""

    __slots__ = ("idle", "key", "last_used", "opening", "users")

    def __init__(self, key: Key, opening: asyncio.Task[Client], now: float) -> None:
        self.key, self.opening, self.last_used = key, opening, now
        self.users = 0
        self.idle: asyncio.TimerHandle | None = None

    @property
    def usable(self) -> bool:
        """Whether it is being opened, or open."""
        if not self.opening.done():
            return True
        return not self.opening.cancelled() and self.opening.exception() is None and self.opening.result().alive

    def stay(self) -> None:
        """Do not leave for being idle."""
        if self.idle is not None:
            self.idle.cancel()
            self.idle = None


async def _call(open_one: Callable[[EndpointAddress], Awaitable[Client]], address: EndpointAddress) -> Client:
    return await open_one(address)


async def _dismiss(tasks: set[asyncio.Task[Client]]) -> None:
    """End sockets, and those that are still being opened."""
    for task in tasks:
        task.cancel()
    for result in await asyncio.gather(*tasks, return_exceptions=True):
        if isinstance(result, Client):
            await result.close()

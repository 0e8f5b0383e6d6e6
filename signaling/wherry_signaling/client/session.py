"""One socket to a signaling endpoint: requests, their answers, and what others send us through it.

::

    async with await open_client(connect, address, identity, Role.ME, on_deliver=take) as client:
        await client.register()
        await client.send(to, b"", sealed)

Requests may be under way side by side; each has a number, and an answer that comes too late is dropped. A request that
is cancelled leaves nothing behind. One task, owned by the client, reads, writes and keeps the socket alive.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import TypeVar

from .. import wire
from ..domains import Purpose
from ..endpoints import EndpointAddress
from ..errors import (
    DeliveryFailed,
    EndpointLost,
    EndpointTimeout,
    EndpointUnreachable,
    InvalidMultiaddr,
    InvalidPeerId,
    Malformed,
    NoReservation,
    Quota,
    RemoteError,
)
from ..handover import seal_handover
from ..handshake import ClientHandshake, Session
from ..identity import Identity, PeerId
from ..limits import (
    CONNECT_S,
    DELIVERIES_PER_S,
    HANDSHAKE_S,
    NEIGHBOURS,
    REQUEST_S,
    RESERVATION_S,
    SOCKET_DEAD_S,
    SOCKET_PING_S,
)
from ..link import Link
from ..rates import Bucket
from ..record import Introducer
from ..scope import Scope, scope_of
from ..sockets import Connect, Socket, SocketAddress
from ..wire import Role, Status

R = TypeVar("R", bound=wire.Frame)

#: Takes what somebody sent us, or declines it: tag, sealed envelope, way back (0: none). Called by the reader: quick,
#: and never raises.
OnDeliver = Callable[[bytes, bytes, int], bool]


@dataclass(frozen=True, slots=True)
class IceServer:
    """A STUN or TURN server an endpoint told us of; where it points to is the endpoint's word alone."""

    urls: tuple[str, ...]
    user: str = ""
    credential: str = ""
    seconds: int = 0


@dataclass(frozen=True, slots=True)
class Registration:
    """What an endpoint grants: how long, as whom it sees us, and what helps with ICE."""

    seconds: int
    observed: SocketAddress
    ice_servers: tuple[IceServer, ...]


@dataclass(frozen=True, slots=True)
class Pinged:
    """How far an endpoint is, and its clock's lead over ours; both in seconds."""

    rtt_s: float
    clock_offset_s: float


async def open_client(
    connect: Connect,
    address: EndpointAddress,
    identity: Identity,
    role: Role,
    *,
    on_deliver: OnDeliver | None = None,
    random: Callable[[int], bytes] = secrets.token_bytes,
    wall_clock: Callable[[], float] = time.time,
) -> Client:
    """A socket to the endpoint at `address`, its handshake done; if the address names a peer, it is that one.

    :param on_deliver: takes envelopes; without it all are declined.
    :param wall_clock: our seconds since 1970, to compare with the endpoint's.
    :raises EndpointUnreachable: if nothing answers there.
    :raises EndpointTimeout: if the handshake takes longer than `HANDSHAKE_S`.
    :raises WrongPeer, VersionMismatch, HandshakeFailed, Quota, EndpointLost: if the handshake fails.
    """
    try:
        async with asyncio.timeout(CONNECT_S + 1):  # connectors keep CONNECT_S themselves and say more
            socket = await connect(address)
    except TimeoutError as error:
        raise EndpointUnreachable(f"{address.authority} did not answer") from error
    try:
        async with asyncio.timeout(HANDSHAKE_S):
            session = await _shake(socket, address, identity, role, random)
    except TimeoutError as error:
        await socket.close()
        raise EndpointTimeout("the handshake took too long") from error
    except BaseException:  # cancellation too: the socket is ours alone as yet
        await socket.close()
        raise
    return Client(socket, session, address, on_deliver=on_deliver, random=random, wall_clock=wall_clock)


async def _shake(
    socket: Socket, address: EndpointAddress, identity: Identity, role: Role, random: Callable[[int], bytes]
) -> Session:
    handshake = ClientHandshake(
        identity, role, secret=random(32), nonce=random(32), dialled=address.peer, host=address.host
    )
    await socket.send(handshake.hello())
    session, proof = handshake.receive(await socket.receive())
    await socket.send(proof)
    return session


class Client:
    """An open socket to an endpoint; an async context manager. Made by `open_client`.

    :ivar peer: whose endpoint it is, proven.
    :ivar address: where it was dialled, with its peer.
    :ivar observed: host and port we come from, by the endpoint's word; None before `register`.
    :ivar ice_servers: what the endpoint offers for ICE; empty before `register`.
    """

    def __init__(
        self,
        socket: Socket,
        session: Session,
        address: EndpointAddress,
        *,
        on_deliver: OnDeliver | None,
        random: Callable[[int], bytes],
        wall_clock: Callable[[], float],
    ) -> None:
        self.peer, self.role = session.peer, session.role
        self.address = EndpointAddress(address.host, address.port, address.tls, session.peer)
        self.observed: SocketAddress | None = None
        self.ice_servers: tuple[IceServer, ...] = ()
        #: Takes envelopes; without it all are declined.
        self.on_deliver = on_deliver
        #: Whether it has carried a request before: a pool's note.
        self.served = False
        self._remote = socket.remote
        self._link = Link(socket, session.cipher)
        self._random, self._wall_clock = random, wall_clock
        self._loop = asyncio.get_running_loop()
        self._pending: dict[int, asyncio.Future[wire.AnyFrame]] = {}
        self._number = 0
        self._heard = self._loop.time()
        self._deliveries = Bucket.full(DELIVERIES_PER_S, self._heard)
        self._lost: RemoteError | None = None
        self._task = self._loop.create_task(self._run(), name=f"signaling client {self.peer.short}")

    def __repr__(self) -> str:
        return f"<Client of {self.peer.short} at {self.address.authority}, {'open' if self.alive else 'ended'}>"

    async def __aenter__(self) -> Client:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    @property
    def alive(self) -> bool:
        """Whether the socket is open."""
        return not self._task.done() and self._lost is None

    @property
    def scope(self) -> Scope:
        """How near the endpoint is to us: what it tells us of may not be nearer."""
        return scope_of(self._remote[0]) or Scope.GLOBAL

    async def close(self) -> None:
        """End the socket; requests under way raise EndpointLost."""
        self._task.cancel()
        await asyncio.wait([self._task])

    async def wait_closed(self) -> RemoteError:
        """Wait for the socket's end; returns why it ended."""
        await asyncio.wait([self._task])
        return self._lost or EndpointLost("closed")

    # -- requests ------------------------------------------------------------------------------------------------------

    async def register(self, seconds: int = RESERVATION_S, capabilities: int = 0) -> Registration:
        """Let others reach us through this endpoint, for so long or as long as it grants.

        :raises Quota: if it has no room.
        :raises EndpointTimeout, EndpointLost: if it does not answer.
        """
        return self._registered(
            await self._request(lambda number: wire.Register(number, seconds, capabilities), wire.Registered)
        )

    async def renew(self, seconds: int = RESERVATION_S) -> Registration:
        """Let the reservation last longer.

        :raises NoReservation: if there is none any more: another process of ours may have taken it over.
        :raises EndpointTimeout, EndpointLost: if it does not answer.
        """
        return self._registered(await self._request(lambda number: wire.Renew(number, seconds), wire.Registered))

    async def unregister(self) -> None:
        """Give the reservation back.

        :raises EndpointTimeout, EndpointLost: if the endpoint does not answer.
        """
        await self._request(wire.Unregister, wire.Result)

    async def send(self, to: PeerId, tag: bytes, envelope: bytes) -> None:
        """Give a sealed envelope to a peer that is registered here; returns once that peer has taken it.

        :raises NoReservation: if the peer is not here, or declined: the two look alike.
        :raises Quota, DeliveryFailed, Malformed: if the endpoint did not pass it on.
        :raises EndpointTimeout, EndpointLost: if it does not answer.
        """
        await self._request(lambda number: wire.Send(number, to.key, tag, envelope), wire.Result)

    async def reply(self, back: int, envelope: bytes) -> None:
        """Give a sealed envelope to the socket by which something came to us, while that is open: a guest's too.

        :raises NoReservation: if that way back is no more, or whoever is there declined.
        :raises Quota, DeliveryFailed, Malformed, EndpointTimeout, EndpointLost: as `send`.
        """
        await self._request(lambda number: wire.Reply(number, back, envelope), wire.Result)

    async def pass_on(self, introducer: Introducer, to: PeerId, tag: bytes, envelope: bytes) -> None:
        """As `send`, but to a peer that is registered at another introducer, of which this endpoint learns no more.

        :raises EndpointUnreachable: never; what went wrong there comes as DeliveryFailed.
        :raises NoReservation, Quota, DeliveryFailed, Malformed, EndpointTimeout, EndpointLost: as `send`.
        """
        sealed = seal_handover(to, tag, envelope, introducer=introducer.peer, ephemeral_secret=self._random(32))
        endpoints = [address.to_bytes() for address in introducer.endpoints]
        await self._request(
            lambda number: wire.PassOn(number, introducer.peer.key, endpoints, sealed), wire.Result, PASS_ON_S
        )

    async def hand_on(self, sealed: bytes) -> None:
        """Deliver what somebody asked us to pass on: the second half of `pass_on`, made by an introducer.

        :raises NoReservation, Quota, DeliveryFailed, Malformed, EndpointTimeout, EndpointLost: as `send`.
        """
        await self._request(lambda number: wire.HandedOn(number, sealed), wire.Result)

    async def look_up(self, purpose: Purpose, peer: PeerId) -> bytes | None:
        """The newest document of a peer that the endpoint finds, unchecked: `record.check_document` is yours to call.

        :raises Quota: if we ask too often.
        :raises EndpointTimeout, EndpointLost: if it does not answer.
        """
        found = await self._request(lambda number: wire.LookUp(number, int(purpose), peer.key), wire.Found, LOOK_UP_S)
        return found.document or None

    async def publish(self, document: bytes) -> int:
        """Have our own signed document stored where others look; returns how many hold it.

        :raises Malformed, Quota, DeliveryFailed: if it was not stored; DeliveryFailed if a newer one is known.
        :raises EndpointTimeout, EndpointLost: if the endpoint does not answer.
        """
        result = await self._request(lambda number: wire.Publish(number, document), wire.Result, LOOK_UP_S)
        return int(result.text) if result.text.isascii() and result.text.isdigit() else 0

    async def neighbours(self, count: int = NEIGHBOURS) -> list[Introducer]:
        """Other endpoints that this one knows, none nearer than itself.

        :raises EndpointTimeout, EndpointLost, Quota: if it does not answer.
        """
        others = await self._request(lambda number: wire.Neighbours(number, min(count, NEIGHBOURS)), wire.Others)
        return [other for key, endpoints in others.endpoints if (other := self._neighbour(key, endpoints))]

    async def ping(self) -> Pinged:
        """Measure the way to the endpoint, and its clock.

        :raises EndpointTimeout, EndpointLost: if it does not answer.
        """
        begun, wall = self._loop.time(), self._wall_clock()
        pong = await self._request(wire.Ping, wire.Pong)
        rtt = self._loop.time() - begun
        return Pinged(rtt, pong.time_ms / 1000 - (wall + rtt / 2))

    # -- inside --------------------------------------------------------------------------------------------------------

    async def _request(self, make: Callable[[int], wire.AnyFrame], reply: type[R], seconds: float = REQUEST_S) -> R:
        if not self.alive:
            raise _copy(self._lost or EndpointLost("closed"))
        self._number += 1
        number = self._number
        future: asyncio.Future[wire.AnyFrame] = self._loop.create_future()
        self._pending[number] = future
        try:
            async with asyncio.timeout(seconds):
                await self._link.room()
                self._link.post(make(number), always=True)
                frame = await future
        except TimeoutError as error:
            raise EndpointTimeout(f"no answer within {seconds:.0f} s") from error
        finally:
            self._pending.pop(number, None)
        if isinstance(frame, wire.Result) and frame.status != Status.OK:
            raise _ERRORS.get(frame.status, DeliveryFailed)(frame.text)
        if not isinstance(frame, reply):
            raise Malformed(f"a {type(frame).__name__.lower()} as answer")
        return frame

    async def _run(self) -> None:
        try:
            async with asyncio.TaskGroup() as group:
                helpers = [group.create_task(self._link.write()), group.create_task(self._keep_alive())]
                try:
                    await self._read()
                except RemoteError as error:
                    self._lost = self._lost or error
                finally:
                    for helper in helpers:
                        helper.cancel()
        finally:
            lost = self._lost = self._lost or EndpointLost("closed")
            for future in self._pending.values():
                if not future.done():
                    future.set_exception(_copy(lost))
            await self._link.close()

    async def _read(self) -> None:
        while True:
            frame, _ = await self._link.receive()
            self._heard = self._loop.time()
            match frame:
                case wire.Deliver():
                    await self._take(frame)
                case wire.Ping():
                    self._link.post(wire.Pong(frame.id, int(self._wall_clock() * 1000)))
                case wire.Refused():
                    raise EndpointLost(f"the endpoint says: {frame.text}")
                case wire.Result() | wire.Registered() | wire.Found() | wire.Others() | wire.Pong():
                    future = self._pending.get(frame.id)
                    if future is not None and not future.done():
                        future.set_result(frame)
                case _:
                    continue  # of a later version, or nothing that an endpoint says

    async def _take(self, frame: wire.Deliver) -> None:
        accepted = self.on_deliver is not None and self.on_deliver(frame.tag, frame.envelope, frame.back)
        self._link.post(wire.Delivered(frame.id, accepted))
        wait = self._deliveries.spend(self._heard)
        if wait:  # an endpoint that floods us waits in its own socket
            await asyncio.sleep(wait)

    async def _keep_alive(self) -> None:
        while True:
            await asyncio.sleep(SOCKET_PING_S)
            if self._loop.time() - self._heard > SOCKET_DEAD_S:
                self._lost = EndpointLost(f"silent for {SOCKET_DEAD_S:.0f} s")
                await self._link.close()
                return
            self._number += 1
            self._link.post(wire.Ping(self._number))

    def _registered(self, frame: wire.Registered) -> Registration:
        servers = tuple(
            IceServer(tuple(urls), user, credential, seconds) for urls, user, credential, seconds in frame.ice_servers
        )
        self.observed, self.ice_servers = (frame.host, frame.port), servers
        return Registration(frame.seconds, self.observed, servers)

    def _neighbour(self, key: bytes, endpoints: Sequence[bytes]) -> Introducer | None:
        try:
            peer = PeerId(key)
            addresses = [EndpointAddress.from_bytes(data, peer) for data in endpoints]
        except (InvalidPeerId, InvalidMultiaddr):
            return None
        near = tuple(address for address in addresses if address.scope is None or address.scope >= self.scope)
        return Introducer(peer, near) if near else None


#: Seconds for what costs the endpoint a walk through the DHT.
LOOK_UP_S = 10.0
#: Seconds for what costs the endpoint a socket to another one, and that one a delivery.
PASS_ON_S = CONNECT_S + HANDSHAKE_S + REQUEST_S

_ERRORS: dict[int, type[RemoteError]] = {
    Status.QUOTA: Quota,
    Status.FAILED: DeliveryFailed,
    Status.NO_RESERVATION: NoReservation,
    Status.MALFORMED: Malformed,
}


def _copy(error: RemoteError) -> RemoteError:
    """Each waiter gets an exception of its own: one object raised in many tasks would collect their tracebacks."""
    return type(error)(error.detail, hint=error.hint, peer=error.peer)

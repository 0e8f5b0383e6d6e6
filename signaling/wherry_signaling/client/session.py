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
from collections.abc import Callable
from types import TracebackType

from .. import wire, wire_mailbox
from ..domains import Purpose
from ..endpoints import EndpointAddress
from ..errors import EndpointLost, RemoteError
from ..handover import seal_handover
from ..handshake import Session
from ..identity import PeerId
from ..limits import (
    DELIVERIES_PER_S,
    LOOK_UP_S,
    NEIGHBOURS,
    PASS_ON_S,
    RESERVATION_S,
    SOCKET_DEAD_S,
    SOCKET_PING_S,
)
from ..link import Link
from ..rates import Bucket
from ..record import Introducer
from ..scope import Scope, scope_of
from ..sockets import Socket, SocketAddress
from .answers import IceServer, Pinged, Registration, others_of
from .mailbox import MailboxRequests
from .requests import Requests

#: Takes what somebody sent us, or declines it: tag, sealed envelope, way back (0: none). Called by the reader: quick,
#: and never raises.
OnDeliver = Callable[[bytes, bytes, int], bool]
#: Told that something was left for us here. Called by the reader: quick, and never raises.
OnWaiting = Callable[[], None]


class Client(MailboxRequests):
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
        #: Told that something waits in our lease here, where `lease` was asked on this socket.
        self.on_waiting: OnWaiting | None = None
        #: Whether it has carried a request before: a pool's note.
        self.served = False
        self._remote = socket.remote
        self._link = Link(socket, session.cipher)
        self._random, self._wall_clock = random, wall_clock
        self._loop = asyncio.get_running_loop()
        self._requests = Requests(self._link)
        self._heard = self._loop.time()
        self._deliveries = Bucket.full(DELIVERIES_PER_S, self._heard)
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
        return not self._task.done() and self._requests.lost is None

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
        return self._requests.lost or EndpointLost("closed")

    # -- requests ------------------------------------------------------------------------------------------------------

    async def register(self, seconds: int = RESERVATION_S, capabilities: int = 0) -> Registration:
        """Let others reach us through this endpoint, for so long or as long as it grants.

        :raises Quota: if it has no room.
        :raises EndpointTimeout, EndpointLost: if it does not answer.
        """
        return self._registered(
            await self._requests.ask(lambda number: wire.Register(number, seconds, capabilities), wire.Registered)
        )

    async def renew(self, seconds: int = RESERVATION_S) -> Registration:
        """Let the reservation last longer.

        :raises NoReservation: if there is none any more: another process of ours may have taken it over.
        :raises EndpointTimeout, EndpointLost: if it does not answer.
        """
        return self._registered(await self._requests.ask(lambda number: wire.Renew(number, seconds), wire.Registered))

    async def unregister(self) -> None:
        """Give the reservation back.

        :raises EndpointTimeout, EndpointLost: if the endpoint does not answer.
        """
        await self._requests.ask(wire.Unregister, wire.Result)

    async def send(self, to: PeerId, tag: bytes, envelope: bytes) -> None:
        """Give a sealed envelope to a peer that is registered here; returns once that peer has taken it.

        :raises NoReservation: if the peer is not here, or declined: the two look alike.
        :raises Quota, DeliveryFailed, Malformed: if the endpoint did not pass it on.
        :raises EndpointTimeout, EndpointLost: if it does not answer.
        """
        await self._requests.ask(lambda number: wire.Send(number, to.key, tag, envelope), wire.Result)

    async def reply(self, back: int, envelope: bytes) -> None:
        """Give a sealed envelope to the socket by which something came to us, while that is open: a guest's too.

        :raises NoReservation: if that way back is no more, or whoever is there declined.
        :raises Quota, DeliveryFailed, Malformed, EndpointTimeout, EndpointLost: as `send`.
        """
        await self._requests.ask(lambda number: wire.Reply(number, back, envelope), wire.Result)

    async def pass_on(self, introducer: Introducer, to: PeerId, tag: bytes, envelope: bytes) -> None:
        """As `send`, but to a peer that is registered at another introducer, of which this endpoint learns no more.

        :raises EndpointUnreachable: never; what went wrong there comes as DeliveryFailed.
        :raises NoReservation, Quota, DeliveryFailed, Malformed, EndpointTimeout, EndpointLost: as `send`.
        """
        sealed = seal_handover(to, tag, envelope, introducer=introducer.peer, ephemeral_secret=self._random(32))
        endpoints = [address.to_bytes() for address in introducer.endpoints]
        await self._requests.ask(
            lambda number: wire.PassOn(number, introducer.peer.key, endpoints, sealed), wire.Result, PASS_ON_S
        )

    async def hand_on(self, sealed: bytes) -> None:
        """Deliver what somebody asked us to pass on: the second half of `pass_on`, made by an introducer.

        :raises NoReservation, Quota, DeliveryFailed, Malformed, EndpointTimeout, EndpointLost: as `send`.
        """
        await self._requests.ask(lambda number: wire.HandedOn(number, sealed), wire.Result)

    async def look_up(self, purpose: Purpose, peer: PeerId) -> bytes | None:
        """The newest document of a peer that the endpoint finds, unchecked: `record.check_document` is yours to call.

        :raises Quota: if we ask too often.
        :raises EndpointTimeout, EndpointLost: if it does not answer.
        """
        found = await self._requests.ask(
            lambda number: wire.LookUp(number, int(purpose), peer.key), wire.Found, LOOK_UP_S
        )
        return found.document or None

    async def publish(self, document: bytes) -> int:
        """Have our own signed document stored where others look; returns how many hold it.

        :raises Malformed, Quota, DeliveryFailed: if it was not stored; DeliveryFailed if a newer one is known.
        :raises EndpointTimeout, EndpointLost: if the endpoint does not answer.
        """
        result = await self._requests.ask(lambda number: wire.Publish(number, document), wire.Result, LOOK_UP_S)
        return int(result.text) if result.text.isascii() and result.text.isdigit() else 0

    async def neighbours(self, count: int = NEIGHBOURS) -> list[Introducer]:
        """Other endpoints that this one knows, none nearer than itself.

        :raises EndpointTimeout, EndpointLost, Quota: if it does not answer.
        """
        others = await self._requests.ask(lambda number: wire.Neighbours(number, min(count, NEIGHBOURS)), wire.Others)
        return others_of(others, self.scope)

    async def ping(self) -> Pinged:
        """Measure the way to the endpoint, and its clock.

        :raises EndpointTimeout, EndpointLost: if it does not answer.
        """
        begun, wall = self._loop.time(), self._wall_clock()
        pong = await self._requests.ask(wire.Ping, wire.Pong)
        rtt = self._loop.time() - begun
        return Pinged(rtt, pong.time_ms / 1000 - (wall + rtt / 2))

    # -- inside --------------------------------------------------------------------------------------------------------

    async def _run(self) -> None:
        try:
            async with asyncio.TaskGroup() as group:
                helpers = [group.create_task(self._link.write()), group.create_task(self._keep_alive())]
                try:
                    await self._read()
                except RemoteError as error:
                    self._requests.end(error)
                finally:
                    for helper in helpers:
                        helper.cancel()
        finally:
            self._requests.end(EndpointLost("closed"))
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
                case wire_mailbox.Waiting():
                    if self.on_waiting is not None:
                        self.on_waiting()
                    await self._hold_back()
                case wire.Result() | wire.Registered() | wire.Found() | wire.Others() | wire.Pong():
                    self._requests.answered(frame)
                case wire_mailbox.Leased() | wire_mailbox.Collected() | wire_mailbox.Prekey():
                    self._requests.answered(frame)
                case _:
                    continue  # of a later version, or nothing that an endpoint says

    async def _take(self, frame: wire.Deliver) -> None:
        accepted = self.on_deliver is not None and self.on_deliver(frame.tag, frame.envelope, frame.back)
        self._link.post(wire.Delivered(frame.id, accepted))
        await self._hold_back()

    async def _hold_back(self) -> None:
        """An endpoint that floods us with what we did not ask for waits in its own socket."""
        wait = self._deliveries.spend(self._heard)
        if wait:
            await asyncio.sleep(wait)

    async def _keep_alive(self) -> None:
        while True:
            await asyncio.sleep(SOCKET_PING_S)
            if self._loop.time() - self._heard > SOCKET_DEAD_S:
                self._requests.end(EndpointLost(f"silent for {SOCKET_DEAD_S:.0f} s"))
                await self._link.close()
                return
            self._link.post(wire.Ping(self._requests.number()))

    def _registered(self, frame: wire.Registered) -> Registration:
        registration = Registration.of(frame)
        self.observed, self.ice_servers = registration.observed, registration.ice_servers
        return registration

"""The signaling endpoint: the shell that owns the listener, the UDP port and every client's session.

::

    async with Endpoint(identity, listen=("::", 4770)) as endpoint:
        print(endpoint.addresses)

One number, two ports: TCP for HTTP and WebSocket, UDP for STUN and (where a node registers it) the DHT. Without a
directory, ICE service or neighbours of its own it keeps its clients' documents in memory and answers STUN.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing
from importlib import metadata
from pathlib import Path
from types import TracebackType
from typing import ClassVar

from ..client.websocket import WebSocketConnector
from ..endpoints import EndpointAddress
from ..errors import Quota
from ..identity import Identity
from ..limits import SOCKET_DEAD_S, SWEEP_S
from ..scope import scope_of
from ..sockets import Connector, Listener, Socket, SocketAddress
from .admission import Source
from .directory import Directory, LocalDirectory
from .http import HttpListener
from .hub import DeliverOwn, Hub, Neighbours
from .ice import IceService, NoIce, OwnStun
from .mailboxes import Desk, Mailboxes
from .mailboxes.republishing import Republisher
from .passing import Passing
from .ports import bind_pair
from .session import ServerSession
from .shaking import refuse, shake
from .stun import StunResponder
from .udp import BindUdp, Kind, UdpPort, bind_udp

_log = logging.getLogger(__name__)


class Endpoint:
    """A signaling endpoint; an async context manager.

    :param listen: host and port; ``::`` takes IPv4 too, port 0 any free one.
    :param directory: where documents are looked up and published; a `LocalDirectory` by default.
    :param ice: what ICE servers clients are told of; our own STUN responder by default.
    :param deliver: takes what is addressed to our own identity: tag, sealed envelope, host it came from, way back.
    :param neighbours: other endpoints, to tell clients of.
    :param announce: multiaddrs to show, where ours are not the ones from outside (proxy, NAT, container).
    :param trust_forwarded_for: networks (CIDR) of proxies whose X-Forwarded-For counts.
    :param mailboxes: what is kept for peers that are away: a database file, or mailboxes that the caller closes; in
        memory by default.
    :param page: folder of the built page; the package's own by default.
    :param listener: another way to take sockets in, such as `wherry.testing.sockets`; then nothing real is bound.
    :param udp: another way to bind UDP; with `listener` alone there is no UDP.
    :param wall_clock: network time, by which documents are judged.
    :param own_clock: this machine's own clock, which clients are told: the network's would be an echo of themselves.
    :param connector: opens sockets to other introducers, for what is passed on; WebSockets by default.
    """

    #: What is behind the sockets; liars have another (`wherry.testing.liars`).
    hub_type: ClassVar[type[Hub]] = Hub

    def __init__(
        self,
        identity: Identity,
        listen: SocketAddress = ("::", 4770),
        *,
        directory: Directory | None = None,
        ice: IceService | None = None,
        deliver: DeliverOwn | None = None,
        neighbours: Neighbours | None = None,
        announce: Sequence[EndpointAddress] = (),
        trust_forwarded_for: Sequence[str] = (),
        mailboxes: Mailboxes | Path | None = None,
        page: Path | None = None,
        listener: Listener | None = None,
        udp: BindUdp | None = None,
        connector: Connector | None = None,
        wall_clock: Callable[[], float] = time.time,
        own_clock: Callable[[], float] = time.time,
        random: Callable[[int], bytes] = secrets.token_bytes,
    ) -> None:
        self.identity = identity
        self.listen = listen
        self.announce = tuple(announce)
        #: The UDP port, while the endpoint is open; None where there is none.
        self.udp: UdpPort | None = None
        self._listener, self._bind_udp, self._ice = listener, udp, ice
        self._trusted, self._page = trust_forwarded_for, page
        self._own_connector = WebSocketConnector() if connector is None and listener is None else None
        self.hub = self.hub_type(
            identity,
            directory=LocalDirectory(wall_clock) if directory is None else directory,
            ice=NoIce() if ice is None else ice,
            passing=Passing(connector or self._own_connector, random),
            deliver=deliver,
            neighbours=neighbours or (lambda count: ()),
            wall_clock=wall_clock,
            own_clock=own_clock,
            random=random,
        )
        self._mailboxes, self._own_mailboxes = mailboxes, ExitStack()
        self._sessions: set[ServerSession] = set()
        self._upkeep: list[asyncio.Task[None]] = []

    def __repr__(self) -> str:
        host, port = self.listen
        return f"<Endpoint {self.identity.id.short} at {host}:{port}, {len(self.hub.registry)} reservations>"

    async def __aenter__(self) -> Endpoint:
        try:
            await self._open()
        except BaseException:
            await self.close()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    @property
    def mailboxes(self) -> Mailboxes:
        """What is kept for peers that are away, while the endpoint is open."""
        return self.hub.desk.mailboxes

    @property
    def port(self) -> int:
        """The one port number, TCP and UDP."""
        return self.listen[1]

    @property
    def addresses(self) -> tuple[EndpointAddress, ...]:
        """Where the endpoint is, as far as it can know: what is announced, else where it listens, if concrete."""
        if self.announce:
            return tuple(EndpointAddress(one.host, one.port, one.tls, self.identity.id) for one in self.announce)
        host, port = self.listen
        return (EndpointAddress(host, port, peer=self.identity.id),) if scope_of(host) is not None else ()

    async def reply(self, back: int, envelope: bytes) -> None:
        """Give a sealed envelope to the socket by which something came to `deliver`, while that is open.

        :raises NoReservation: if that way back is no more, or whoever is there declined.
        :raises Quota, DeliveryFailed, Malformed: if it was not passed on.
        """
        await self.hub.reply(back, envelope)

    async def close(self) -> None:
        """End every socket, stop listening, and give both ports back."""
        for task in self._upkeep:
            task.cancel()
        if self._upkeep:
            await asyncio.wait(self._upkeep)
            self._upkeep.clear()
        if self._listener is not None:
            await self._listener.close()
        if self.udp is not None:
            await self.udp.close()
            self.udp = None
        await self.hub.passing.close()
        if self._own_connector is not None:
            await self._own_connector.close()
        self.hub.close()
        self._own_mailboxes.close()

    async def _open(self) -> None:
        mailboxes = self._mailboxes
        if not isinstance(mailboxes, Mailboxes):
            mailboxes = self._own_mailboxes.enter_context(closing(Mailboxes(mailboxes)))
        self.hub.desk = Desk(mailboxes, lambda: self.hub.now, self.hub.wall_clock)
        bind = self._bind_udp
        if self._listener is None:
            pair = bind_pair(*self.listen)
            self.listen = pair.address
            self._listener = HttpListener(pair.tcp, trusted=self._trusted, page=self._page)
            bind = bind_udp(pair.udp) if bind is None else bind
        self.listen = await self._listener.open(self._serve, self._describe)
        if bind is not None:
            self.udp = await UdpPort.bind(bind, self.listen)
            await self.udp.open(Kind.STUN, StunResponder)
            if self._ice is None:
                self.hub.ice = OwnStun(self.port)
        republisher = Republisher(mailboxes, self.hub.directory, self.hub.wall_clock)
        self._upkeep = [
            asyncio.create_task(self._sweep(), name="signaling sweeper"),
            asyncio.create_task(republisher.run(), name="inbox records"),
        ]

    async def _serve(self, socket: Socket) -> None:
        """One socket, from its handshake to its end."""
        source = Source.of(socket.remote)
        admission, counts = self.hub.admission, self.hub.counts
        try:
            admission.enter(source, self.hub.now)
        except Quota as error:
            counts.refused += 1
            await refuse(socket, error)
            await socket.close()
            return
        try:
            try:
                session = await shake(self.hub, socket, source)
            finally:
                admission.shaken(source)
            if session is None:
                counts.refused += 1
                return
            counts.sockets += 1
            self._sessions.add(session)
            try:
                await session.run()
            finally:
                self._sessions.discard(session)
        finally:
            admission.leave(source)
            await socket.close()

    async def _sweep(self) -> None:
        while True:
            await asyncio.sleep(SWEEP_S)
            self.hub.sweep()
            silent = self.hub.now - SOCKET_DEAD_S
            for session in [session for session in self._sessions if session.heard < silent]:
                await session.close()

    def _describe(self) -> dict[str, object]:
        return {
            "v": 1,
            "peer": str(self.identity.id),
            "multiaddrs": [str(address) for address in self.addresses],
            "version": metadata.version("wherry"),
        }

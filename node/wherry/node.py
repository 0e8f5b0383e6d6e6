"""A node: everything put together, and what programs and the local API ask of it.

::

    async with Node(Config(), Home(path)) as node:
        peer = await node.connect(PeerId.parse("12D3KooW…"))
        stream = await peer.open_stream("/chat/1")

What is started here is ended here, in the opposite order. The pieces know each other only through what is passed to
them below: that is the whole wiring of a node.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from types import TracebackType

from wherry_signaling.address import Address, InviteLink
from wherry_signaling.client.guests import Guests
from wherry_signaling.client.introducers import Held, Introducers
from wherry_signaling.client.websocket import WebSocketConnector
from wherry_signaling.domains import Purpose
from wherry_signaling.endpoints import EndpointAddress
from wherry_signaling.errors import PortBusy, RemoteError
from wherry_signaling.identity import PeerId
from wherry_signaling.record import Introducer, dht_key
from wherry_signaling.scope import Scope, scope_of
from wherry_signaling.server.endpoint import Endpoint
from wherry_signaling.server.udp import Kind
from wherry_signaling.tasks import Tasks

from .addresses import OwnAddresses, own_addresses
from .config import Config
from .connect.candidates import own_addresses as machine_addresses
from .connect.dialer import Around, Dialer
from .connect.ice import IceServers
from .connect.records import Records, Source
from .connect.ways import Arrival
from .connection import Event, LinkActive, StreamOpened
from .connection.engines import engine_named
from .dht import Dht, DhtConfig, DocumentStore, check_document
from .directory import NodeDirectory
from .errors import DialTimeout, WherryError
from .events import Events
from .home import Home, Remembered
from .joining import Joining
from .listening import ports_to_try
from .metrics import metrics_text
from .network import Network
from .network.basics import ECHO_STREAM, Basics, add_basics
from .network.peer import Peer
from .policy import policy_of
from .presence import Presence, Published, Whereabouts
from .resolving import Acquaintance, resolve
from .showing import Showing, path_of
from .store import Store
from .views import ConnectionView, ExplainView, IdView, PingReplyView, StatusView


class Node:
    """One node; an async context manager.

    :param config: what can be set.
    :param home: its folder; a second node in the same home is refused.
    :raises AlreadyRunning, PortBusy, IdentityCorrupt, IdentityLocked, DatabaseCorrupt: when it is entered.
    """

    def __init__(self, config: Config, home: Home) -> None:
        self.config, self.home = config, home
        self.instance = secrets.token_bytes(8)
        self.events = Events()
        self._stop = asyncio.Event()
        self._stack = AsyncExitStack()
        self._tasks = Tasks("node")
        self._since: dict[PeerId, float] = {}
        self._names: dict[PeerId, str] = {}

    async def __aenter__(self) -> Node:
        async with AsyncExitStack() as stack:
            await self._open(stack)
            self._stack = stack.pop_all()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stack.aclose()

    # -- wiring ---------------------------------------------------------------------------------------------------

    async def _open(self, stack: AsyncExitStack) -> None:
        stack.enter_context(self.home.locked())
        self.identity = self.home.identity()
        self.id = self.identity.id
        self.name = self.home.name(self.config.name)
        self.store = stack.enter_context(Store(self.home.database))
        self.address = Address(self.id, self.store.nospam(secrets.token_bytes))
        kept = stack.enter_context(DocumentStore(self.home.kept_database))
        self._showing = Showing(self, time.time())

        self.dht = Dht(
            key=None,
            open_endpoint=lambda factory: self._udp().open(Kind.DHT, factory),
            store=kept,
            check=check_document,
            clock=self.wall_clock,
            config=DhtConfig(proof_bits=self.config.dht_proof_of_work_bits),
        )
        self._connector = WebSocketConnector()
        stack.push_async_callback(self._connector.close)
        connect = self._connector.reaching(Scope.LOOPBACK)
        self.endpoint = await self._listen(stack)
        self.addresses = self._own_addresses()
        await stack.enter_async_context(self.dht)

        self.guests = await stack.enter_async_context(Guests(connect, on_deliver=self._delivered_to_client))
        self.records = Records(self._sources, self.wall_clock)
        self._ice = IceServers(self._stun_servers)
        self.policy = policy_of(self.config)
        self.network = Network(
            self.id,
            self.instance,
            self.policy,
            dial=lambda peer: self.dialer.dial(peer),
            redial=lambda peer: self.dialer.dial_beside(peer),
            on_event=self._connection_event,
        )
        add_basics(
            self.network,
            Basics(name=lambda: self.name, look_up=self._document_of, metrics=self.metrics, named=self._peer_named),
        )
        self.dialer = await stack.enter_async_context(Dialer(self._around()))
        stack.push_async_callback(self.network.close)
        self.presence = Presence(
            self.identity,
            self.instance,
            look_up=self._look_up_self,
            publish=self._publish,
            last_sequence=self.store.sequence(Purpose.PEER_RECORD),
            keep_sequence=lambda sequence: self.store.set_sequence(Purpose.PEER_RECORD, sequence),
            wall_clock=self.wall_clock,
            on_published=self._published,
        )
        self.joining = Joining(
            self.dht,
            self.config.bootstrap,
            remembered_contacts=self.store.contacts(),
            remembered_endpoints=self.store.endpoints(),
            is_own=self._is_own,
        )
        self.introducers = Introducers(
            connect,
            self.identity,
            candidates=self.joining.introducer_candidates,
            on_deliver=self._delivered_to_client,
            on_change=self._introducers_changed,
            wanted=self.config.introducers,
        )
        self._update_whereabouts([])
        await self.network.start()
        stack.push_async_callback(self._tasks.close)
        self._tasks.start(self.joining.run(), "joining")
        self._tasks.start(self.presence.run(), "presence")
        self._tasks.start(self._watch_dht(), "watching the DHT")
        await stack.enter_async_context(self.introducers)
        if self.config.mdns:
            await self._discover(stack)

    async def _listen(self, stack: AsyncExitStack) -> Endpoint:
        error: PortBusy | None = None
        for address in ports_to_try(self.config, self.home.remembered()):
            endpoint = Endpoint(
                self.identity,
                address,
                directory=NodeDirectory(self.dht, self.wall_clock),
                deliver=self._delivered_here,
                neighbours=lambda count: self.joining.neighbours(self.held(), count),
                announce=self._announced(),
                trust_forwarded_for=[str(network) for network in self.config.trust_forwarded_for],
                wall_clock=self.wall_clock,
            )
            try:
                await stack.enter_async_context(endpoint)
            except PortBusy as busy:
                error = busy
                continue
            if self.config.listen is None:
                self.home.remember(Remembered(port=endpoint.port))
            return endpoint
        raise error or PortBusy("no port is free")

    def _around(self) -> Around:
        own = machine_addresses()
        return Around(
            identity=self.identity,
            instance=self.instance,
            engine=engine_named(self.config.engine),
            records=self.records,
            carrier=self.guests,
            ice_servers=self._ice,
            candidate_filter=lambda host: not own or host in own,
            own_record=lambda: self.presence.document,
            own_public_hosts=self._public_hosts,
            wall_clock=self.wall_clock,
            random=secrets.token_bytes,
            has_connection=lambda peer: self.network.connection(peer) is not None,
            adopt=self.network.adopt,
            may_connect=lambda peer: self.policy.banned(peer.key, asyncio.get_running_loop().time()) is None,
            known=lambda peer: self.network.connection(peer) is not None or self.policy.is_friend(peer.key),
        )

    async def _discover(self, stack: AsyncExitStack) -> None:
        from .dht.mdns import LocalDiscovery  # zeroconf takes a while to import

        discovery = LocalDiscovery(self.endpoint.port, lambda found: self.joining.add(found))
        await stack.enter_async_context(discovery)

    # -- asked of the node ----------------------------------------------------------------------------------------

    async def connect(self, peer: PeerId) -> Peer:
        """The peer, connected.

        :raises PeerNotFound, DialFailed, RefusedByPeer, PeerBanned: if it cannot be had.
        """
        return await self.network.connect(peer)

    async def ping(
        self, peer: PeerId, *, count: int = 4, interval_s: float = 1.0, timeout_s: float = 5.0
    ) -> AsyncIterator[PingReplyView]:
        """Round trips over the connection, dialled if there is none; one reply after the other."""
        connected = await self.connect(peer)
        for number in range(count):
            if number:
                await asyncio.sleep(interval_s)
            try:
                async with asyncio.timeout(timeout_s):
                    rtt_s = await connected.connection.ping()
            except TimeoutError:
                yield PingReplyView(peer=str(peer), rtt_ms=None, path=None)
                continue
            stats = connected.connection.stats()
            yield PingReplyView(
                peer=str(peer),
                rtt_ms=round(rtt_s * 1000, 2),
                path=path_of(connected.connection),
                remote=stats.remote if stats else "",
            )

    async def echo(self, peer: PeerId, data: bytes) -> float:
        """One echo over a stream; returns milliseconds.

        :raises DialTimeout: if what comes back is not what was sent.
        """
        connected = await self.connect(peer)
        start = asyncio.get_running_loop().time()
        async with await connected.open_stream(ECHO_STREAM) as stream:
            await stream.write(data)
            await stream.finish()
            back = b"".join([chunk async for chunk in stream])
        if back != data:
            raise DialTimeout("the echo differs from what was sent", peer=str(peer))
        return (asyncio.get_running_loop().time() - start) * 1000

    async def ring(self, peer: PeerId) -> float:
        """A sealed ping with no connection; returns milliseconds.

        :raises PeerNotFound, DialTimeout: if it does not answer.
        """
        return await self.dialer.ring(peer) * 1000

    def resolve(self, text: str) -> PeerId:
        """Whom a person means; a link's ways in are remembered for joining.

        :raises UnknownPeer, AmbiguousPeer, InvalidAddress, InvalidLink, InvalidPeerId: if nobody can be meant.
        """
        known = {one.peer: Acquaintance(one.peer, one.label, one.claimed) for one in self.store.peers()}
        for peer in [*self._names, *(held.peer for held in self.introducers.current())]:
            known.setdefault(peer, Acquaintance(peer, "", self.name_of(peer)))
        return resolve(text, known.values(), self.joining.add)

    def id_view(self) -> IdView:
        """`wherry id`."""
        multiaddrs = [str(one) for one in self.addresses.signaling]
        return IdView(
            id=str(self.id), name=self.name, address=str(self.address), invite=self.invite(), multiaddrs=multiaddrs
        )

    def invite(self) -> str:
        """The link to hand out: of our own page, if it can be reached; else one that names an introducer."""
        own = self.addresses.signaling
        held = self.held()
        public = [one for one in own if one.scope is not Scope.GLOBAL or self._showing.facts().proved_public]
        link = InviteLink(self.address, tuple(one.endpoints[0] for one in held[:1]))
        best = next((one for one in own if one in public), None) or (own[0] if own and not held else None)
        return link.http(best) if best is not None else str(link)

    def status(self) -> StatusView:
        """`wherry status`."""
        return self._showing.status()

    def peers(self) -> list[ConnectionView]:
        """`wherry peers`."""
        return self._showing.peers()

    def explain(self, peer: PeerId) -> ExplainView:
        """`wherry explain`."""
        return self._showing.explain(peer)

    def metrics(self) -> str:
        """Prometheus text."""
        return metrics_text(self)

    async def wait_ready(self, timeout_s: float) -> None:
        """Wait until the own record is published, or nobody is known to whom it could be.

        :raises DialTimeout: if that takes longer.
        """
        try:
            async with asyncio.timeout(timeout_s):
                while self.presence.published is None and not self.joining.alone:
                    await self.events.wait_for("published")
        except TimeoutError as error:
            raise DialTimeout(f"not ready after {timeout_s:.0f} s") from error

    def ask_to_stop(self) -> None:
        """Let `closed` return: whoever runs the node then leaves its block."""
        self._stop.set()

    async def closed(self) -> None:
        """Wait until somebody asked the node to stop."""
        await self._stop.wait()

    # -- facts ----------------------------------------------------------------------------------------------------

    @property
    def page(self) -> str:
        """Where this machine finds the page."""
        host, port = self.endpoint.listen
        scope = scope_of(host)
        return EndpointAddress(host if scope is not None else "127.0.0.1", port).page

    def wall_clock(self) -> float:
        """Seconds since 1970 by network time."""
        return time.time() + self.clock_offset_s()

    def clock_offset_s(self) -> float:
        """Seconds by which the network's clock is ahead of ours."""
        introducers: Introducers | None = getattr(self, "introducers", None)
        return introducers.clock_offset_s if introducers is not None else 0.0

    def connected_since(self, peer: PeerId) -> float:
        """When the connection opened, by the loop's clock."""
        return self._since.get(peer, asyncio.get_running_loop().time())

    def name_of(self, peer: PeerId) -> str:
        """A private label, else what the peer calls itself, else nothing."""
        known = self.store.peer(peer)
        return (known.name if known is not None else "") or self._names.get(peer, "")

    # -- between the pieces ---------------------------------------------------------------------------------------

    def _udp(self):  # type: ignore[no-untyped-def]
        assert self.endpoint.udp is not None
        return self.endpoint.udp

    def _announced(self) -> list[EndpointAddress]:
        return [EndpointAddress.parse(text) for text in self.config.announce]

    def _own_addresses(self) -> OwnAddresses:
        return own_addresses(self.endpoint.listen, machine_addresses(), self._announced(), self.id)

    def _is_own(self, host: str, port: int) -> bool:
        return any((one.host, one.port) == (host, port) for one in self.addresses.signaling)

    def held(self) -> list[Introducer]:
        """The introducers that hold a reservation for this node."""
        return [Introducer(held.peer, tuple(held.addresses)) for held in self.introducers.current()]

    def _public_hosts(self) -> set[str]:
        seen = {held.observed[0] for held in self.introducers.current() if held.observed is not None}
        return {host for host in seen if scope_of(host) is Scope.GLOBAL}

    def _stun_servers(self) -> Sequence[str]:
        told = [url for held in self.introducers.current() for server in held.ice_servers for url in server.urls]
        return told + [f"stun:{one.endpoint.host}:{one.endpoint.port}" for one in self.dht.contacts()]

    def _sources(self) -> list[Source]:
        return [Source("DHT", self._ask_dht)] + [
            Source(held.peer.short, held.client.look_up) for held in self.introducers.current()
        ]

    async def _ask_dht(self, purpose: Purpose, peer: PeerId) -> bytes | None:
        return (await self.dht.look_up(dht_key(purpose, peer))).document

    async def _look_up_self(self) -> bytes | None:
        return await self._ask_dht(Purpose.PEER_RECORD, self.id)

    async def _document_of(self, peer: PeerId) -> bytes:
        return await self._ask_dht(Purpose.PEER_RECORD, peer) or b""

    async def _publish(self, document: bytes) -> int:
        holders = 0
        error: RemoteError | None = None
        for held in self.introducers.current():
            try:
                holders += await held.client.publish(document)
            except RemoteError as failed:
                error = failed
        try:
            holders += len((await self.dht.publish(document)).stored_at)
        except RemoteError as failed:
            error = failed
        if not holders and error is not None:
            raise error
        return holders

    def _delivered_here(self, tag: bytes, envelope: bytes, host: str, back: int) -> bool:
        async def reply(data: bytes) -> None:
            await self.endpoint.reply(back, data)

        scope = scope_of(host) or Scope.GLOBAL
        return self.dialer.deliver(envelope, Arrival(self.id, scope, reply, (self.id, back), host))

    def _delivered_to_client(self, client: Client, tag: bytes, envelope: bytes, back: int) -> bool:
        async def reply(data: bytes) -> None:
            await client.reply(back, data)

        scope = client.address.scope or Scope.GLOBAL
        return self.dialer.deliver(envelope, Arrival(client.peer, scope, reply, (client.peer, back)))

    async def _introducers_changed(self, held: Sequence[Held]) -> None:
        self._update_whereabouts(held)
        for one in held:
            self.store.remember_endpoint(one.addresses[0], seen=time.time())
        self.events.emit("introducers", {"peers": [str(one.peer) for one in held]})
        try:
            await self.presence.publish_now()
        except WherryError:
            return  # `presence.run` tries again; the introducers stay as they are meanwhile

    def _update_whereabouts(self, held: Sequence[Held]) -> None:
        self.presence.update(
            Whereabouts(
                direct=self.addresses.signaling,
                dht=self.addresses.dht if self.dht.state == "server" else (),
                introducers=tuple(Introducer(one.peer, tuple(one.addresses)) for one in held),
            )
        )

    async def _watch_dht(self) -> None:
        await self.joining.joined.wait()
        self.events.emit("joined", {"contacts": len(self.dht.contacts())})
        self.introducers.poke()
        self._update_whereabouts(self.introducers.current())

    def _published(self, published: Published) -> None:
        self.events.emit("published", {"sequence": published.record.sequence, "holders": published.holders})

    def _peer_named(self, peer: PeerId, name: str) -> None:
        self._names[peer] = name
        self.store.remember_peer(peer, claimed=name, seen=time.time())

    def _connection_event(self, peer: PeerId, event: Event) -> None:
        if isinstance(event, LinkActive) and peer not in self._since:
            self._since[peer] = asyncio.get_running_loop().time()
        name = type(event).__name__
        if not isinstance(event, StreamOpened):
            self.events.emit("connection", {"peer": str(peer), "event": name})
        if name == "Closed":
            self._since.pop(peer, None)

"""What a node is made of, and how the pieces know each other: the whole wiring, opened in one order and closed in the
opposite one. No piece imports another's owner; what it needs of the rest is passed to it here.

Some pieces last as long as the node: what is kept, and what programs hold on to (`open`). Those with sockets and tasks
run while it is not suspended, and are made anew each time (`_begin`).
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Callable
from contextlib import AsyncExitStack, closing

from wherry_signaling.address import Address
from wherry_signaling.client.guests import Guests
from wherry_signaling.client.introducers import Held, Introducers
from wherry_signaling.client.network_time import NetworkTime
from wherry_signaling.client.session import Client
from wherry_signaling.client.websocket import WebSocketConnector
from wherry_signaling.domains import Purpose
from wherry_signaling.endpoints import EndpointAddress, UdpAddress, parse_any
from wherry_signaling.errors import PortBusy
from wherry_signaling.identity import Identity, PeerId
from wherry_signaling.record import Introducer
from wherry_signaling.scope import Scope, scope_of
from wherry_signaling.server.endpoint import Endpoint
from wherry_signaling.server.udp import Kind
from wherry_signaling.sockets import Connect
from wherry_signaling.tasks import Tasks

from .addresses import OwnAddresses, own_addresses
from .config import Config
from .connect.arriving import Arrivals
from .connect.candidates import own_addresses as machine_addresses
from .connect.dialer import Around, Dialer
from .connect.ice import IceServers
from .connect.records import Records
from .connect.ways import Arrival
from .connection import Policy
from .connection.engines import engine_named
from .dht import CheckedDocument, Dht, DhtConfig, DhtKey, DocumentStore, check_document
from .directory import NodeDirectory
from .errors import NotReady
from .events import Events
from .home import Home, Remembered
from .joining import Joining
from .listening import ports_to_try
from .mail import Around as MailAround, Mail
from .network import Network
from .network.basics import Basics, add_basics
from .news import News
from .places import Places
from .policy import CONNECT, policy_of
from .presence import Presence
from .store import Store
from .suspending import Running
from .watching import watch_network


class Parts:
    """The pieces of one node. Made and opened by `Node`; everything here may be read by what shows the node.

    :ivar metrics: the node's numbers as text; set by the node before `open`.
    """

    identity: Identity
    name: str
    store: Store
    kept: DocumentStore
    dht: Dht
    endpoint: Endpoint
    addresses: OwnAddresses
    guests: Guests
    places: Places
    records: Records
    policy: Policy
    network: Network
    dialer: Dialer
    presence: Presence
    joining: Joining
    introducers: Introducers
    mail: Mail
    running: Running
    tasks: Tasks

    def __init__(self, config: Config, home: Home, events: Events, metrics: Callable[[], str]) -> None:
        self.config, self.home, self.events = config, home, events
        self.instance = secrets.token_bytes(8)
        self._metrics = metrics
        self._listened: tuple[str, int] | None = None
        self._dht_key: DhtKey | None = None
        self.network_time = NetworkTime()
        #: This machine's addresses, loopback and container bridges left out.
        self.machine = machine_addresses()
        #: Whether every piece is there; false again when the first of them goes.
        self.opened = False
        self.names: dict[PeerId, str] = {}
        self.news = News(self)

    async def open(self, stack: AsyncExitStack) -> None:
        """Open every piece; `stack` closes them, the last one first."""
        stack.enter_context(self.home.locked())
        self.identity = self.home.identity()
        self.name = self.home.name(self.config.name)
        self.store = stack.enter_context(Store(self.home.database))
        self.kept = stack.enter_context(closing(DocumentStore(self.home.kept_database)))

        self._connector = WebSocketConnector()
        self._connect = self._connector.reaching(Scope.LOOPBACK)
        self.guests = Guests(self._connect, on_deliver=self._delivered_to_client)
        self.joining = Joining(lambda: self.dht, is_own=self.is_own)
        self.places = Places(lambda: self.dht, self.guests, self._current, self.joining.named)
        self.records = Records(self.places.sources, self.wall_clock)
        self._ice = IceServers(self.places.stun_servers)
        self.policy = policy_of(self.config)
        self.network = Network(
            self.identity.id,
            self.instance,
            self.policy,
            dial=self._dial,
            redial=self.redial,
            on_event=self.news.connection,
        )
        await add_basics(
            self.network,
            Basics(
                name=lambda: self.name, look_up=self.places.look_up, metrics=self._metrics, named=self.news.peer_name
            ),
        )
        stack.push_async_callback(self.network.close)
        self.mail = Mail(self._around_mail(self._connect))
        self.policy.is_friend = self._is_friend(self.policy.is_friend)
        self.policy.is_blocked = self.mail.friends.is_blocked
        await self.mail.open(stack)
        await self.network.start()
        self.running = await stack.enter_async_context(Running(self._begin))

    async def _begin(self, stack: AsyncExitStack) -> None:
        """Open everything that has a socket or a task; `stack` closes it."""
        self.machine = machine_addresses()
        stack.push_async_callback(self._connector.close)
        self.dht = Dht(
            key=self._dht_key,
            open_endpoint=self._open_dht_port,
            store=self.kept,
            check=self._check_document,
            clock=self.wall_clock,
            config=DhtConfig(proof_bits=self.config.dht_proof_of_work_bits),
            on_event=self.news.dht,
        )
        self.endpoint = await self._listen(stack)
        self._listened, self._dht_key = self.endpoint.listen, self.dht.key
        self.addresses = self._own_addresses()
        await stack.enter_async_context(self.dht)
        await stack.enter_async_context(self.guests)
        self._ice.forget()
        self.dialer = await stack.enter_async_context(Dialer(self._around()))
        self.network.resume()
        stack.push_async_callback(self.network.suspend)
        self._arrivals = Arrivals(self.identity, self.dialer, self.mail.post.deliver, self.mail.post.troubles.take)
        self.presence = Presence(
            self.identity,
            self.instance,
            look_up=lambda: self.places.ask_dht(Purpose.PEER_RECORD, self.identity.id),
            publish=self.places.publish,
            last_sequence=self.store.sequence(Purpose.PEER_RECORD),
            keep_sequence=lambda sequence: self.store.remember_sequence(Purpose.PEER_RECORD, sequence),
            wall_clock=self.wall_clock,
            on_published=self.news.published,
        )
        for entry in self.config.bootstrap:
            self.joining.add(entry)
        self.joining.remember(self.store.contacts(), self.store.endpoints())
        self.introducers = Introducers(
            self._connect,
            self.identity,
            candidates=self.joining.introducer_candidates,
            on_deliver=self._delivered_to_client,
            on_change=self.news.introducers,
            wanted=self.config.introducers,
            network_time=self.network_time,
        )
        self.news.whereabouts([])
        self.tasks = Tasks("node")
        stack.push_async_callback(self.tasks.close)
        self.tasks.start(self.joining.run(), "joining")
        self.tasks.start(self.presence.run(), "presence")
        self.tasks.start(self.news.joined(), "watching the DHT")
        self.tasks.start(watch_network(machine_addresses, self.news.network), "watching the network")
        await stack.enter_async_context(self.introducers)
        self.opened = True
        await self.mail.start(stack)
        stack.callback(self._closing)
        if self.config.mdns:
            await self._discover(stack)

    def _closing(self) -> None:
        self.opened = False
        self.news.remember_contacts()

    async def _listen(self, stack: AsyncExitStack) -> Endpoint:
        error: PortBusy | None = None
        before = [] if self._listened is None else [self._listened]
        for address in (*before, *ports_to_try(self.config, self.home.remembered())):
            endpoint = Endpoint(
                self.identity,
                address,
                directory=NodeDirectory(self.identity.id, self._own_document, self.dht, self.wall_clock),
                deliver=self._delivered_here,
                mailboxes=self.home.kept_database,
                neighbours=lambda count: self.held()[:count],
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
        return Around(
            identity=self.identity,
            instance=self.instance,
            engine=engine_named(self.config.engine),
            records=self.records,
            carrier=self.guests,
            ice_servers=self._ice,
            candidate_filter=lambda host: not self.machine or host in self.machine,
            own_record=self._own_record,
            own_public_hosts=self._public_hosts,
            wall_clock=self.wall_clock,
            random=secrets.token_bytes,
            has_connection=lambda peer: self.network.connection(peer) is not None,
            adopt=self.network.adopt,
            may_connect=self._may_connect,
            accepts=lambda peer: self.policy.allows(peer.key, CONNECT),
            known=lambda peer: self.network.connection(peer) is not None or self.policy.is_friend(peer.key),
        )

    def _around_mail(self, connect: Connect) -> MailAround:
        return MailAround(
            identity=self.identity,
            name=self.name,
            store=self.store,
            network=self.network,
            guests=self.guests,
            records=self.records,
            places=self.places,
            connect=connect,
            held=self._current,
            own_record=self._own_record,
            dial=self._dial,
            events=self.events,
            writers=self.config.messages,
            listed=self.policy.is_friend,
            locked=self.home.is_locked,
            keep_name=self.news.own_name,
            wall_clock=self.wall_clock,
        )

    def _may_connect(self, peer: PeerId) -> bool:
        """Not who is banned for a while, nor who is blocked."""
        now = asyncio.get_running_loop().time()
        return self.policy.banned(peer.key, now) is None and not self.policy.is_blocked(peer.key)

    def _is_friend(self, listed: Callable[[bytes], bool]) -> Callable[[bytes], bool]:
        """Friends, and whoever the configuration lists."""
        return lambda key: listed(key) or self.mail.friends.is_friend(key)

    async def _discover(self, stack: AsyncExitStack) -> None:
        from .dht.mdns import LocalDiscovery  # zeroconf takes a while to import

        discovery = LocalDiscovery(
            self.endpoint.port, lambda found: self.joining.add(UdpAddress(found.host, found.port))
        )
        await stack.enter_async_context(discovery)

    @property
    def address(self) -> Address:
        """What the owner hands out: the one without a label."""
        return self.mail.addresses.get()

    # -- facts ----------------------------------------------------------------------------------------------------

    def wall_clock(self) -> float:
        """Seconds since 1970 by network time."""
        return self.network_time.now(time.time())

    def name_of(self, peer: PeerId) -> str:
        """A private label, else what the peer calls itself, else nothing."""
        known = self.store.peer(peer)
        return (known.name if known is not None else "") or self.names.get(peer, "")

    # -- between the pieces ---------------------------------------------------------------------------------------

    async def _open_dht_port(
        self, factory: Callable[[], asyncio.DatagramProtocol]
    ) -> tuple[asyncio.DatagramTransport, asyncio.DatagramProtocol]:
        assert self.endpoint.udp is not None  # a real listener always has one
        return await self.endpoint.udp.open(Kind.DHT, factory)

    def _check_document(self, data: bytes, now: float) -> CheckedDocument:
        """Judges documents for the DHT. One of our own identity is a sign of where else it runs."""
        checked = check_document(data, now)
        if self.opened and (checked.publisher, checked.purpose) == (self.identity.id.key, Purpose.PEER_RECORD):
            self.presence.met(data)
        return checked

    async def _dial(self, peer: PeerId) -> None:
        if not self.opened:
            raise NotReady("it is suspended", hint="Resume it first.", peer=str(peer))
        await self.joining.wait()
        await self.dialer.dial(peer)

    async def redial(self, peer: PeerId) -> None:
        """Make another link to a peer, beside the one there may be."""
        await self.dialer.dial(peer)

    def _own_document(self, purpose: Purpose) -> bytes:
        if purpose is Purpose.PEER_RECORD:
            return self._own_record()
        return self.mail.own_inbox.document if self.opened else b""

    def _own_record(self) -> bytes:
        """Our signed record; nothing while we are only opening, when somebody may ask already."""
        return self.presence.document if self.opened else b""

    def _announced(self) -> list[EndpointAddress]:
        return [one for one in self._said() if isinstance(one, EndpointAddress)]

    def _said(self) -> list[EndpointAddress | UdpAddress]:
        return [parse_any(text) for text in self.config.announce]

    def _own_addresses(self) -> OwnAddresses:
        return own_addresses(self.endpoint.listen, self.machine, self._said(), self.identity.id)

    def moved(self, machine: set[str]) -> None:
        """This machine has other addresses now."""
        self.machine = machine
        self.addresses = self._own_addresses()
        self._ice.forget()

    def is_own(self, host: str, port: int) -> bool:
        """Whether that is an endpoint of ours."""
        return any((one.host, one.port) == (host, port) for one in self.addresses.signaling)

    def _current(self) -> list[Held]:
        return self.introducers.current() if self.opened else []

    def held(self) -> list[Introducer]:
        """The introducers that hold a reservation for this node."""
        return [Introducer(held.peer, tuple(held.addresses)) for held in self._current()]

    def _public_hosts(self) -> set[str]:
        seen = {held.observed[0] for held in self._current() if held.observed is not None}
        return {host for host in seen if scope_of(host) is Scope.GLOBAL}

    def _delivered_here(self, tag: bytes, envelope: bytes, host: str, back: int) -> bool:
        async def reply(data: bytes) -> None:
            await self.endpoint.reply(back, data)

        scope = scope_of(host) or Scope.GLOBAL
        return self.opened and self._arrivals.deliver(
            envelope, Arrival(self.identity.id, scope, reply, (self.identity.id, back), host)
        )

    def _delivered_to_client(self, client: Client, tag: bytes, envelope: bytes, back: int) -> bool:
        async def reply(data: bytes) -> None:
            await client.reply(back, data)

        scope = client.address.scope or Scope.GLOBAL
        return self._arrivals.deliver(envelope, Arrival(client.peer, scope, reply, (client.peer, back)))

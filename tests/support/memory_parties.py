"""Whole parties in memory, reached through introducers alone: Dialer, Network, Guests and three reservations each.

A `Town` has the introducers (liars, where a test tells them to lie), the sockets and the engine between everybody, and
a book that stands for the DHT. A `Stranger` has an identity and sockets, and says whatever a test wants.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field

from introducing import identity

from wherry.connect.arriving import Arrivals
from wherry.connect.dialer import Around, Dialer
from wherry.connect.records import Records, Source
from wherry.connect.ways import Arrival
from wherry.connection import Connection, Event, Greeting, Link, Policy, Rule
from wherry.connection.engines.memory import MemoryEngine
from wherry.network import Component, Network
from wherry.network.basics import Basics, add_basics
from wherry.network.component import Context
from wherry.network.messages import MESSAGE_STREAM
from wherry.network.peer import Peer
from wherry.testing.clock import EPOCH_S
from wherry.testing.liars import LyingEndpoint
from wherry.testing.sockets import MemorySockets
from wherry_signaling.client import Client, Guests, open_client
from wherry_signaling.domains import Purpose
from wherry_signaling.endpoints import EndpointAddress
from wherry_signaling.errors import RemoteError
from wherry_signaling.identity import Identity, PeerId
from wherry_signaling.record import Introducer, PeerRecord
from wherry_signaling.signals import Answer, Offer, Signal, open_signal, payload_of, seal_signal
from wherry_signaling.wire import Role

INTRODUCERS = 3
Accepts = Callable[[PeerId], bool]


def wall_clock() -> float:
    return EPOCH_S + asyncio.get_running_loop().time()


class Diary(Component):
    """Writes down what a component is told."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, PeerId]] = []
        self.messages: list[object] = []
        self.came = asyncio.Event()

    async def peer_connect(self, peer: Peer) -> None:
        self._write("came", peer)

    async def peer_disconnect(self, peer: Peer) -> None:
        self._write("went", peer)

    async def receive(self, context: Context) -> None:
        self.messages.append(context.message)
        self.came.set()

    def of(self, peer: PeerId) -> list[str]:
        return [line for line, who in self.lines if who == peer]

    def _write(self, line: str, peer: Peer) -> None:
        self.lines.append((line, peer.id))
        self.came.set()

    async def until(self, happened: Callable[[], bool]) -> None:
        while not happened():
            self.came.clear()
            await self.came.wait()


@dataclass
class Party:
    """A node without DHT and endpoint: it is reached through the town's introducers."""

    identity: Identity
    dialer: Dialer
    network: Network
    records: Records
    diary: Diary
    guests: Guests
    clients: list[Client]
    policy: Policy
    #: Whom this party asks for records; the book, unless a test puts others here.
    sources: list[Source]
    events: list[tuple[PeerId, Event]]

    @property
    def id(self) -> PeerId:
        return self.identity.id

    async def meets(self, peer: PeerId) -> None:
        """Wait until the peer is here."""
        await self.diary.until(lambda: self.network.peer(peer) is not None)


@dataclass
class Stranger:
    """Somebody who speaks the protocol by hand."""

    town: Town
    identity: Identity
    clients: list[Client]
    record: bytes
    heard: list[tuple[Signal, bytes]] = field(default_factory=list)
    accept: bool = True
    _came: asyncio.Event = field(default_factory=asyncio.Event)
    _links: list[Link] = field(default_factory=list)
    _connections: list[Connection] = field(default_factory=list)

    @property
    def id(self) -> PeerId:
        return self.identity.id

    def take(self, client: Client, tag: bytes, envelope: bytes, back: int) -> bool:
        signal, opened = open_signal(envelope, recipient=self.identity)
        self.heard.append((signal, opened.payload))
        self._came.set()
        return self.accept

    async def hears(self, kind: type[Signal], count: int = 1) -> Signal:
        """Wait for the `count`th signal of a kind."""
        while len(found := [signal for signal, _ in self.heard if isinstance(signal, kind)]) < count:
            self._came.clear()
            await self._came.wait()
        return found[count - 1]

    def seal(self, signal: Signal, to: Party) -> bytes:
        return seal_signal(
            signal,
            sender=self.identity,
            recipient=to.id,
            sealing_key=to.identity.sealing_public,
            ephemeral_secret=self.town.random.randbytes(32),
        )

    async def send(self, signal: Signal, to: Party, *, via: int = 0) -> bool:
        """Send a signal through an introducer; whether it was accepted."""
        return await self.send_bytes(self.seal(signal, to), to, via=via)

    async def send_bytes(self, envelope: bytes, to: Party, *, via: int = 0) -> bool:
        try:
            await self.clients[via].send(to.id, b"", envelope)
        except RemoteError:
            return False
        return True

    def offer(self, sdp: str = "nonsense", *, attempt: bytes | None = None, instance: bytes = b"stranger") -> Offer:
        return Offer(
            attempt=self.town.random.randbytes(16) if attempt is None else attempt,
            instance=instance,
            key=bytes(32),
            sdp=sdp,
            record=self.record,
            issued=int(wall_clock() * 1000),
        )

    async def link_to(self, party: Party, *, instance: bytes = b"stranger") -> tuple[Link, Offer, Answer]:
        """A link to `party` that is open, on which nothing was said yet."""
        link = self.town.engine.create(ice_servers=[])
        self._links.append(link)
        offer = self.offer(await link.offer(), instance=instance)
        count = sum(isinstance(signal, Answer) for signal, _ in self.heard)
        assert await self.send(offer, party)
        answer = await self.hears(Answer, count + 1)
        while isinstance(answer, Answer) and answer.attempt != offer.attempt:
            count += 1
            answer = await self.hears(Answer, count + 1)
        assert isinstance(answer, Answer)
        await link.accept(answer.sdp)
        await link.opened()
        return link, offer, answer

    async def connect(self, party: Party, *, instance: bytes = b"stranger") -> Connection:
        """A whole connection to `party`; what is written on its streams is the test's."""
        link, offer, answer = await self.link_to(party, instance=instance)

        async def ignore(stream: object) -> None:
            await asyncio.Event().wait()

        connection = Connection(
            local=self.id.key,
            peer=party.id.key,
            instance=instance,
            policy=Policy(rules={MESSAGE_STREAM: Rule(allow="anyone", opens_per_minute=10_000)}),
            handlers={MESSAGE_STREAM: ignore},
        )
        self._connections.append(connection)
        await connection.attach(link, Greeting(attempt=offer.attempt, answer=answer.answer, instance=answer.instance))
        return connection

    async def close(self) -> None:
        for connection in self._connections:
            await connection.close()
        for link in self._links:
            await link.close()


class Town:
    """Introducers, sockets, an engine and a book; an async context manager."""

    def __init__(self, seed: int = 0, *, delay_ms: tuple[float, float] = (5, 40)) -> None:
        self.random = random.Random(seed)
        self.sockets = MemorySockets(seed=seed, delay_ms=delay_ms)
        self.engine = MemoryEngine(seed=seed, delay_ms=delay_ms)
        self.book: dict[PeerId, bytes] = {}
        self.introducers: list[LyingEndpoint] = []
        self._stack = AsyncExitStack()
        self._count = 0

    async def __aenter__(self) -> Town:
        for number in range(INTRODUCERS):
            host = f"11.0.{number}.1"
            self.introducers.append(
                await self._stack.enter_async_context(
                    LyingEndpoint(
                        identity(1000 + number),
                        listener=self.sockets.listener(host, 4770),
                        connector=self.sockets.connector(host),
                        wall_clock=wall_clock,
                        own_clock=wall_clock,
                        random=self.random.randbytes,
                        seed=number,
                    )
                )
            )
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    def address(self, number: int) -> EndpointAddress:
        return EndpointAddress(f"11.0.{number}.1", 4770, peer=self.introducers[number].identity.id)

    def record_of(self, who: Identity, instance: bytes, sequence: int = 1) -> bytes:
        introducers = tuple(
            Introducer(one.identity.id, (self.address(number),)) for number, one in enumerate(self.introducers)
        )
        return PeerRecord(
            peer=who.id,
            sequence=sequence,
            instance=instance,
            issued=int(wall_clock()),
            expires=int(wall_clock()) + 3600,
            sealing_key=who.sealing_public,
            introducers=introducers,
        ).sign(who)

    async def look_up(self, _: Purpose, peer: PeerId) -> bytes | None:
        await asyncio.sleep(0.02)
        return self.book.get(peer)

    def _next(self) -> tuple[int, str]:
        self._count += 1
        return self._count, f"12.{self._count // 250}.{self._count % 250}.1"

    async def _register(self, stack: AsyncExitStack, host: str, who: Identity) -> list[Client]:
        clients = []
        for number in range(INTRODUCERS):
            client = await stack.enter_async_context(
                await open_client(
                    self.sockets.connect_from(host),
                    self.address(number),
                    who,
                    Role.ME,
                    random=self.random.randbytes,
                    wall_clock=wall_clock,
                )
            )
            await client.register()
            clients.append(client)
        return clients

    @asynccontextmanager
    async def stranger(self, who: Identity | None = None) -> AsyncIterator[Stranger]:
        number, host = self._next()
        who = identity(number) if who is None else who
        async with AsyncExitStack() as stack:
            clients = await self._register(stack, host, who)
            record = self.book[who.id] = self.record_of(who, b"stranger")
            one = Stranger(self, who, clients, record)
            for client in clients:
                client.on_deliver = lambda tag, envelope, back, client=client: one.take(client, tag, envelope, back)
            stack.push_async_callback(one.close)
            yield one

    @asynccontextmanager
    async def party(
        self,
        who: Identity | None = None,
        *,
        accepts: Accepts = lambda _: True,
        components: Sequence[Component] = (),
        quit_like_a_node: bool = True,
    ) -> AsyncIterator[Party]:
        """A node; `components` are told after its diary."""
        number, host = self._next()
        who = identity(number) if who is None else who
        instance = self.random.randbytes(8)
        async with AsyncExitStack() as stack:
            clients = await self._register(stack, host, who)
            record = self.book[who.id] = self.record_of(who, instance)

            def delivered(client: Client, tag: bytes, envelope: bytes, back: int) -> bool:
                scope = client.address.scope
                assert scope is not None
                return Arrivals(dialer.identity, dialer).deliver(
                    envelope,
                    Arrival(client.peer, scope, lambda data: client.reply(back, data), (client.peer, back)),
                )

            guests = await stack.enter_async_context(
                Guests(self.sockets.connect_from(host), on_deliver=delivered, random=self.random.randbytes)
            )

            async def no_servers() -> list[object]:
                return []

            sources = [Source("book", self.look_up)]
            records = Records(lambda: sources, wall_clock)
            policy, diary, events = Policy(), Diary(), []
            network = Network(
                who.id,
                instance,
                policy,
                dial=lambda peer: dialer.dial(peer),
                redial=lambda peer: dialer.dial(peer),
                on_event=lambda peer, event: events.append((peer, event)),
            )
            await add_basics(
                network,
                Basics(name=lambda: "Quiet Heron", look_up=_nothing, metrics=lambda: "", named=lambda *_: None),
            )
            await network.add(diary)
            for component in components:
                await network.add(component)
            dialer = await stack.enter_async_context(
                Dialer(
                    Around(
                        identity=who,
                        instance=instance,
                        engine=self.engine,
                        records=records,
                        carrier=guests,
                        ice_servers=no_servers,  # type: ignore[arg-type]
                        candidate_filter=lambda host: True,
                        own_record=lambda: record,
                        own_public_hosts=set,
                        wall_clock=wall_clock,
                        random=self.random.randbytes,
                        has_connection=lambda peer: network.connection(peer) is not None,
                        adopt=network.adopt,
                        may_connect=lambda peer: policy.banned(peer.key, asyncio.get_running_loop().time()) is None,
                        accepts=accepts,
                        known=lambda peer: network.connection(peer) is not None,
                    )
                )
            )
            stack.push_async_callback(network.close)
            await network.start()
            for client in clients:
                client.on_deliver = lambda tag, envelope, back, client=client: delivered(client, tag, envelope, back)
            yield Party(who, dialer, network, records, diary, guests, clients, policy, sources, events)


async def _nothing(peer: PeerId) -> bytes:
    return b""


def hash_of(offer: Offer) -> bytes:
    """What an answer to `offer` must carry."""
    import hashlib

    return hashlib.sha256(payload_of(offer)).digest()

"""DHT nodes on a `MemoryNetwork`, and documents for them to keep.

::

    network = MemoryNetwork(seed=7, delay_ms=(20, 150), loss=0.01)
    async with DhtNetwork(network, nodes=20) as mesh:
        await mesh.nodes[3].publish(mesh.document(b"alice", sequence=1))
        found = await mesh.nodes[9].look_up(mesh.key_of(b"alice"))

Documents are real peer records, signed; keys are drawn from the network's seed. `fill()` gives every node the table
that years of running would, so that a thousand nodes are there at once.
"""

from __future__ import annotations

import asyncio
import hashlib
import heapq
import random
from collections.abc import Callable, Iterable, Sequence
from contextlib import AsyncExitStack
from functools import lru_cache
from types import TracebackType
from typing import Any, Self

from wherry.dht import Contact, Dht, DhtConfig, DhtKey, DocumentStore, Endpoint, check_document
from wherry.dht.answers import Sender
from wherry.dht.frames import (
    ANYBODY,
    Body,
    Find,
    Found,
    Frame,
    Status,
    Store,
    Stored,
    body_bytes,
    make_frame,
    open_frame,
    pack_contacts,
    read_header,
)
from wherry.dht.protocol import Protocol
from wherry_signaling.domains import Purpose
from wherry_signaling.endpoints import EndpointAddress
from wherry_signaling.identity import Identity
from wherry_signaling.record import Introducer, PeerRecord, dht_key

from .clock import EPOCH_S
from .network import MemoryNetwork, MemoryTransport

#: Seconds that the documents made here live.
LIFETIME_S = 24 * 3600


@lru_cache(maxsize=4096)
def identity(name: bytes) -> Identity:
    """The identity of somebody called `name`: the same each time."""
    return Identity(hashlib.sha256(name).digest())


def key_of(name: bytes) -> bytes:
    """The 20 bytes under which the record of `name` is kept."""
    return dht_key(Purpose.PEER_RECORD, identity(name).id)


@lru_cache(maxsize=4096)
def document(name: bytes, *, sequence: int = 1, issued: int = EPOCH_S, large: bool = False) -> bytes:
    """A signed peer record of `name`.

    :param large: with so many introducers that it has nearly the 1000 bytes it may have.
    """
    who = identity(name)
    ways = tuple(EndpointAddress(f"{'long-' * 6}{number}.example.org", 443, tls=True) for number in range(3))
    introducers = tuple(Introducer(identity(b"%d" % number).id, ways) for number in range(4)) if large else ()
    record = PeerRecord(
        peer=who.id,
        sequence=sequence,
        instance=hashlib.sha256(name).digest()[:8],
        issued=issued,
        expires=issued + LIFETIME_S,
        sealing_key=who.sealing_public,
        introducers=introducers,
    )
    return record.sign(who)


def public_address(number: int) -> str:
    """A public IPv4 address, each in a /24 of its own."""
    return f"11.{number >> 8 & 255}.{number & 255}.1"


def wall_clock() -> float:
    """Seconds since 1970 on the virtual clock."""
    return EPOCH_S + asyncio.get_running_loop().time()


class RawNode(asyncio.DatagramProtocol):
    """A UDP socket with a DHT key, for whoever wants to send something else than a `Dht` would.

    :param answer: is given each request and its source, and returns the datagrams to send back.
    """

    def __init__(self, key: DhtKey, answer: Callable[[Frame, Endpoint], Iterable[bytes]] = lambda *_: ()) -> None:
        self.key = key
        self.answer = answer
        #: Every datagram that came: (bytes, source).
        self.received: list[tuple[bytes, Endpoint]] = []
        self._transport: MemoryTransport | None = None

    async def open(self, network: MemoryNetwork, endpoint: Endpoint) -> Self:
        """Listen at `endpoint`."""
        self._transport, _ = await network.create_datagram_endpoint(lambda: self, (endpoint.host, endpoint.port))
        return self

    def send(self, data: bytes, to: Endpoint) -> None:
        """Send one datagram."""
        assert self._transport is not None, "open() comes first"
        self._transport.sendto(data, tuple(to))

    def frame(self, body: Body, *, to: bytes = ANYBODY, nonce: bytes = bytes(12), pad_to: int = 0) -> bytes:
        """A correctly signed frame of ours to the node id `to`."""
        return make_frame(self.key, body, nonce=nonce, destination=to, serves=True, pad_to=pad_to)

    def datagram_received(self, data: bytes, addr: Any) -> None:
        """A datagram came."""
        source = Endpoint(addr[0], addr[1])
        self.received.append((data, source))
        header = read_header(data)
        if not header.kind.is_reply:
            # To whatever id it was sent: a liar answers to many names.
            for reply in self.answer(open_frame(data, header, own_id=header.destination), source):
                self.send(reply, source)


class Ring:
    """Nodes in league: from `collude()` on they name each other only, replay old records and store nothing.

    It is the adversary of the S/Kademlia paper: it knows all of its own, keeps protocol and keys in order, and lies
    in what it answers alone, so that nobody is banned.
    """

    def __init__(self) -> None:
        self._members: list[tuple[int, bytes, Endpoint]] = []
        self._old: dict[bytes, tuple[int, bytes]] | None = None

    def makes(self, liars: int) -> Callable[..., Dht]:
        """For `DhtNetwork(make=...)`: the first `liars` nodes are of the ring."""

        def make(number: int, **settings: Any) -> Dht:
            return _Colluder(self, **settings) if number < liars else Dht(**settings)

        return make

    def collude(self, old: Iterable[bytes]) -> None:
        """Begin to lie; `old` are the documents to replay."""
        self._old = {}
        for data in old:
            checked = check_document(data, EPOCH_S)
            self._old[checked.key] = (checked.sequence, data)

    def answer(self, sender: Sender, token: bytes, body: Find) -> Found | None:
        """The lie, or None while nobody lies."""
        if self._old is None:
            return None
        sequence, old = self._old.get(body.key, (0, b""))
        key = int.from_bytes(body.key, "big")
        nearest = [member[1:] for member in heapq.nsmallest(20, self._members, key=lambda member: member[0] ^ key)]
        found = Found(token, sender.endpoint.pack(), sequence=sequence, document=old)
        room = (sender.room - body_bytes(found) - 2) // 26
        return Found(token, found.observed, pack_contacts(nearest[:room]), b"", sequence, old)

    def join(self, dht: Dht, endpoint: Endpoint) -> None:
        """One more member."""
        self._members.append((int.from_bytes(dht.key.id, "big"), dht.key.id, endpoint))

    @property
    def lies(self) -> bool:
        """Whether it has begun."""
        return self._old is not None


class _ColludingProtocol(Protocol):
    ring: Ring

    def rpc_find_value(self, sender: Sender, token: bytes, body: Find) -> Found:
        return self.ring.answer(sender, token, body) or super().rpc_find_value(sender, token, body)

    def rpc_store(self, sender: Sender, token: bytes, body: Store, now: float) -> Stored:
        if self.ring.lies:
            return Stored(token, Status.STORED, 2**53 - 1)
        return super().rpc_store(sender, token, body, now)


class _Colluder(Dht):
    def __init__(self, ring: Ring, **settings: Any) -> None:
        super().__init__(**settings)
        self._ring = ring
        self._server.protocol_class = _ColludingProtocol

    async def __aenter__(self) -> Self:
        await super().__aenter__()
        protocol = self._protocol
        assert isinstance(protocol, _ColludingProtocol)
        assert protocol.transport is not None
        protocol.ring = self._ring
        host, port = protocol.transport.get_extra_info("sockname")[:2]
        self._ring.join(self, Endpoint(host, port))
        return self


class DhtNetwork:
    """Nodes of one DHT on one network.

    :param nodes: how many, at `public_address(0)` onwards, UDP port 4770.
    :param make: makes node number n from what `Dht` takes; a liar may be a subclass.
    """

    def __init__(
        self,
        network: MemoryNetwork,
        *,
        nodes: int,
        config: DhtConfig = DhtConfig(serve="always", maintenance_s=0),  # noqa: B008  frozen
        make: Callable[..., Dht] = lambda number, **settings: Dht(**settings),
        address: Callable[[int], str] = public_address,
    ) -> None:
        self.network = network
        self.config = config
        self.nodes: list[Dht] = []
        self._count = nodes
        self._make, self._address = make, address
        self._random = random.Random(network.random.random())
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        for number in range(self._count):
            await self.add(number)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stack.aclose()

    def endpoint(self, number: int) -> Endpoint:
        """Where node number n listens."""
        return Endpoint(self._address(number), 4770)

    async def add(self, number: int, **settings: Any) -> Dht:
        """Start one more node."""
        endpoint = self.endpoint(number)
        store = DocumentStore()
        self._stack.callback(store.close)
        taken = {
            "key": DhtKey(self._random.randbytes(32)),
            "open_endpoint": lambda factory: self.network.create_datagram_endpoint(
                factory, (endpoint.host, endpoint.port)
            ),
            "store": store,
            "check": check_document,
            "clock": wall_clock,
            "config": self.config,
            "random": self._random.randbytes,
        }
        node = self._make(number, **(taken | settings))
        await self._stack.enter_async_context(node)
        self.nodes.append(node)
        return node

    def fill(self, nodes: Sequence[Dht] | None = None, *, far: int = 200, near: int = 40) -> None:
        """Give every node a settled table: `far` contacts at random and the `near` nearest, buckets deciding."""
        nodes = self.nodes if nodes is None else nodes
        known = sorted(
            (int.from_bytes(node.key.id, "big"), node.key.id, self.endpoint(number))
            for number, node in enumerate(nodes)
        )
        places = {node_id: place for place, (_, node_id, _) in enumerate(known)}
        for node in nodes:
            place = places[node.key.id]
            window = known[max(0, place - 2 * near) : place + 2 * near]
            own = known[place][0]
            nearest = sorted(window, key=lambda other: other[0] ^ own)[1 : near + 1]
            others = self._random.sample(known, min(far, len(known)))
            for _, node_id, at in nearest + others:
                # Past the door on purpose: with proofs and all, a thousand nodes would take minutes to meet.
                node._protocol.tables[at.version].add_contact(Contact(node_id, at))

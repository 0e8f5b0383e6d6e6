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
import random
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from functools import lru_cache
from types import TracebackType
from typing import Any, Self

from wherry.dht import Contact, Dht, DhtConfig, DhtKey, DocumentStore, Endpoint, check_document
from wherry_signaling.domains import Purpose
from wherry_signaling.identity import Identity
from wherry_signaling.record import PeerRecord, dht_key

from .clock import EPOCH_S
from .network import MemoryNetwork

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
def document(name: bytes, *, sequence: int = 1, issued: int = EPOCH_S) -> bytes:
    """A signed peer record of `name`."""
    who = identity(name)
    record = PeerRecord(
        peer=who.id,
        sequence=sequence,
        instance=hashlib.sha256(name).digest()[:8],
        issued=issued,
        expires=issued + LIFETIME_S,
        sealing_key=who.sealing_public,
    )
    return record.sign(who)


def public_address(number: int) -> str:
    """A public IPv4 address, each in a /24 of its own."""
    return f"11.{number >> 8 & 255}.{number & 255}.1"


def wall_clock() -> float:
    """Seconds since 1970 on the virtual clock."""
    return EPOCH_S + asyncio.get_running_loop().time()


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

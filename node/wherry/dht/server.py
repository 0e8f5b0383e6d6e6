"""What one node does with a `Protocol`: join, look up, publish, refresh.

kademlia's `Server`, with its seams used as they are meant (`protocol_class`, `_create_protocol`, `listen`) and its
methods overridden: its crawlers stop at the first value, wait for the slowest, and raise on garbage; its state is a
pickle. Public names are those of `Dht` (dht.py), which owns one of these and keeps it going.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import NoReturn, TypeAlias

from kademlia.network import Server as KademliaServer
from kademlia.node import Node

from wherry.errors import LookUpFailed, PublishFailed

from .contact import Contact
from .document import CheckedDocument
from .endpoint import Endpoint
from .frames import Status, Store, Stored
from .limits import LOOK_UPS
from .look_up import LookUp, Search
from .parts import Parts
from .protocol import Protocol, Reply
from .resolve import resolve

OpenEndpoint: TypeAlias = Callable[
    [Callable[[], asyncio.DatagramProtocol]], Awaitable[tuple[asyncio.DatagramTransport, asyncio.DatagramProtocol]]
]
#: What our own documents count to in our own store.
_OURSELVES = "ourselves"
#: Of each path's nearest, how many get a document beside the k nearest of all.
_STORES_PER_PATH = 4
#: The share of a publish's time that looking for holders may take.
_FIND_SHARE = 0.6


@dataclass(frozen=True, slots=True, kw_only=True)
class Publish:
    """What became of a document."""

    #: Who keeps it, nearest first.
    stored_at: tuple[Contact, ...]
    #: How many were asked to.
    offered: int
    #: A document of the same key with a higher sequence that was met on the way: somebody else is us, or we were.
    superseded_by: bytes | None
    ms: float


class Server(KademliaServer):
    """A node's doings in the DHT; `Dht` owns it."""

    protocol_class: type[Protocol] = Protocol
    protocol: Protocol | None
    transport: asyncio.DatagramTransport | None
    node: Node

    def __init__(self, parts: Parts) -> None:
        config = parts.config
        super().__init__(config.k, config.parallel, parts.key.id, parts.store)  # type: ignore[no-untyped-call]
        self.parts, self.config, self.store = parts, config, parts.store
        self._turns = asyncio.Semaphore(LOOK_UPS)

    def _create_protocol(self) -> Protocol:
        return self.protocol_class(self.parts)

    async def listen(self, port: OpenEndpoint, interface: str = "") -> None:
        """Open the socket that `port` gives; theirs would open one of its own."""
        self.transport, protocol = await port(self._create_protocol)
        assert isinstance(protocol, Protocol)
        self.protocol = protocol

    def stop(self) -> None:
        """End all requests and close the socket."""
        if self.protocol is not None:
            self.protocol.close()
        super().stop()  # type: ignore[no-untyped-call]

    # -- joining ------------------------------------------------------------------------------------------------------

    async def bootstrap(self, addrs: Iterable[Endpoint]) -> list[Contact]:
        """Ask at all `addrs` at once, then fill the table by looking for ourselves and in every bucket.

        :returns: who answered with proof.
        """
        answered = [
            contact
            for contact in await asyncio.gather(*(self.bootstrap_node(addr) for addr in await resolve(addrs)))
            if contact is not None
        ]
        if answered:
            await self._fill()
        return answered

    async def bootstrap_node(self, addr: Endpoint) -> Contact | None:
        """Ask whoever is at `addr` for a PONG."""
        reply = await self._running.call_ping(addr)
        return None if reply is None else reply.contact

    async def _fill(self) -> None:
        for version in (4, 6):
            await self._crawl(self.parts.key.id, version)
            table = self._running.tables[version]
            # Kademlia, section 2.3: a joiner refreshes all buckets but its own.
            own = table.get_bucket_for(self.node)
            for bucket in [bucket for index, bucket in enumerate(table.buckets) if index != own]:
                await self._crawl(self._random_id(bucket.range), version)

    async def _refresh_table(self) -> None:
        await self.refresh()

    async def refresh(self) -> None:
        """Look for a random id in the bucket that was left alone longest, if that is an hour ago."""
        now = asyncio.get_running_loop().time()
        for version, table in self._running.tables.items():
            lonely = table.lonely_buckets(now) if len(table) else []
            if lonely:
                await self._crawl(self._random_id(min(lonely, key=lambda bucket: bucket.last_updated).range), version)

    def _random_id(self, within: tuple[int, int]) -> bytes:
        lower, upper = within
        return (lower + int.from_bytes(self.parts.random(20), "big") % (upper - lower + 1)).to_bytes(20, "big")

    # -- looking up ---------------------------------------------------------------------------------------------------

    async def get(self, key: bytes, deadline_s: float | None = None) -> tuple[LookUp, list[Search]]:
        """Look for the newest document under `key`, by IPv4 and IPv6 at once.

        :param deadline_s: seconds, from when its turn has come.
        :raises LookUpFailed: if no other node is known and nothing is kept here.
        """
        loop = asyncio.get_running_loop()
        begun = loop.time()
        held = self.store.newest(key, self.parts.clock())
        known = None
        if held is not None:
            known = (
                CheckedDocument(
                    key=key,
                    purpose=held.purpose,
                    publisher=held.publisher,
                    sequence=held.sequence,
                    expires=held.expires,
                ),
                held.document,
            )
        searches = self._searches(key, known)
        if not searches and known is None:
            raise LookUpFailed("no other node is known")
        await self._run(searches, self.config.look_up_s if deadline_s is None else deadline_s, patient=False)
        best = max(searches, key=lambda search: search.sequence, default=None)
        newest = _newest(searches) or known
        found = LookUp(
            key=key,
            document=None if newest is None else newest[1],
            sequence=0 if newest is None else newest[0].sequence,
            hops=0 if best is None else best.hops,
            asked=sum(search.crawl.asked for search in searches),
            ms=(loop.time() - begun) * 1000,
            path=tuple(hop for search in searches for hop in search.trace),
        )
        return found, searches

    async def correct(self, searches: Sequence[Search]) -> int:
        """Give the newest document that was found to those of the k nearest who hold an older one or none.

        :returns: how many took it.
        """
        newest = _newest(searches)
        if newest is None:
            return 0
        stale = [
            ask.contact
            for search in searches
            for ask in search.crawl.nearest(self.config.k)
            if search.held.get(ask.contact.id, 0) < newest[0].sequence
        ]
        return len(await self._offer(stale, newest[1]))

    # -- publishing ---------------------------------------------------------------------------------------------------

    async def set_digest(self, dkey: bytes, value: bytes, deadline_s: float | None = None) -> Publish:
        """Have the document `value` kept under `dkey` by the k nearest nodes, and by those nearest on each path.

        :raises PublishFailed: if nobody took it.
        """
        loop = asyncio.get_running_loop()
        begun = loop.time()
        deadline_s = self.config.look_up_s if deadline_s is None else deadline_s
        checked = self.parts.check(value, self.parts.clock())
        searches = self._searches(dkey, (checked, value))
        await self._run(searches, deadline_s * _FIND_SHARE, patient=True)
        holders: dict[bytes, Contact] = {}
        for search in searches:
            crawl = search.crawl
            for ask in [*crawl.nearest(self.config.k), *crawl.nearest_of_each_path(_STORES_PER_PATH)]:
                holders.setdefault(ask.contact.id, ask.contact)
        newest = _newest(searches)
        self._keep(*(newest or (checked, value)))
        stored_at = await self._offer(list(holders.values()), value)
        superseded_by = newest[1] if newest is not None and newest[0].sequence > checked.sequence else None
        if not stored_at and superseded_by is None:
            why = f"{len(holders)} nodes were asked" if holders else "no other node is known"
            raise PublishFailed(why)
        return Publish(
            stored_at=tuple(stored_at),
            offered=len(holders),
            superseded_by=superseded_by,
            ms=(loop.time() - begun) * 1000,
        )

    def _keep(self, checked: CheckedDocument, document: bytes) -> None:
        """Keep a document of our own too, if we are among the nearest: others will look for it here."""
        target = Node(checked.key)  # type: ignore[no-untyped-call]
        if all(table.nearer_than_us(target) >= self.config.k for table in self._running.tables.values()):
            return
        self.store.put(checked, document, source=_OURSELVES, own_id=self.parts.key.id, now=self.parts.clock())

    async def _offer(self, holders: Sequence[Contact], document: bytes) -> list[Contact]:
        """STORE at all `holders` at once; who keeps it now."""
        requests = {self._running.request(contact, Store(b"", document)): contact for contact in holders}
        if not requests:
            return []
        await asyncio.wait(requests)
        return [contact for request, contact in requests.items() if _keeps(request.result())]

    # -- kademlia's pickle --------------------------------------------------------------------------------------------

    def save_state(self, fname: str) -> NoReturn:
        """Refused: theirs writes a pickle. Contacts are remembered by `remember.py`."""
        raise TypeError("contacts are remembered by wherry.dht.remember")

    @classmethod
    async def load_state(cls, fname: str, port: int, interface: str = "") -> NoReturn:
        """Refused: theirs runs whatever the pickle says."""
        raise TypeError("contacts are remembered by wherry.dht.remember")

    # -- inside -------------------------------------------------------------------------------------------------------

    @property
    def _running(self) -> Protocol:
        assert self.protocol is not None, "listen() comes first"
        return self.protocol

    def _searches(self, key: bytes, known: tuple[CheckedDocument, bytes] | None) -> list[Search]:
        target = Node(key)  # type: ignore[no-untyped-call]
        now = asyncio.get_running_loop().time()
        searches = []
        for table in self._running.tables.values():
            seeds = table.find_neighbors(target)
            if seeds:
                table.touch(target, now)
                searches.append(Search(self._running, key, seeds, known=known))
        return searches

    async def _run(self, searches: Sequence[Search], deadline_s: float, *, patient: bool) -> None:
        with contextlib.suppress(TimeoutError):
            async with self._turns, asyncio.timeout(deadline_s), asyncio.TaskGroup() as group:
                for search in searches:
                    group.create_task(search.run(patient=patient))

    async def _crawl(self, key: bytes, version: int) -> None:
        searches = [search for search in self._searches(key, None) if search.version == version]
        await self._run(searches, self.config.look_up_s, patient=False)


def _newest(searches: Sequence[Search]) -> tuple[CheckedDocument, bytes] | None:
    found = [search.newest for search in searches if search.newest is not None]
    return max(found, key=lambda one: one[0].sequence, default=None)


def _keeps(reply: Reply | None) -> bool:
    return reply is not None and isinstance(reply.body, Stored) and reply.body.status == Status.STORED

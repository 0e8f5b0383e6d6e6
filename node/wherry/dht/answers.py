"""The serving half: what we answer to whom.

kademlia's `KademliaProtocol` with its `rpc_*` overridden. Theirs welcome anybody, store anything and answer 50 bytes
with 177 kB; ours are given a `Sender` whose signature was checked, keep what is checked, and answer an address that
is not proved with no more than it sent. They do no I/O: each takes a request's body and returns the reply's.
"""

from __future__ import annotations

from dataclasses import dataclass

from kademlia.node import Node
from kademlia.protocol import KademliaProtocol

from wherry.errors import DiskFull
from wherry_signaling.errors import RemoteError
from wherry_signaling.rates import Rates
from wherry_signaling.scope import Scope

from . import endpoint as endpoints, events
from .company import Company
from .contact import Contact
from .endpoint import Endpoint
from .frames import (
    Body,
    Dial,
    DialBack,
    Dialled,
    Find,
    Found,
    Knock,
    Ping,
    Pong,
    Prove,
    Status,
    Store,
    Stored,
    body_bytes,
    pack_contacts,
)
from .limits import DATAGRAM_BYTES, DIAL_BACKS_PER_S, SOURCES, STORES_PER_S, K
from .parts import Parts
from .reachability import Reachability
from .table import Table
from .tokens import Tokens


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """Who sent a request, after its signature was checked."""

    id: bytes
    key: bytes
    endpoint: Endpoint
    #: Whether it says that it serves the DHT.
    serves: bool
    #: Whether it showed a token that we gave to that key at that address.
    proved: bool
    #: Bytes of its datagram.
    size: int

    @property
    def room(self) -> int:
        """Bytes that a reply may have: to an unproved address no more than came from it."""
        return DATAGRAM_BYTES if self.proved else min(self.size, DATAGRAM_BYTES)


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A datagram to somebody other than who asked; `to` is a contact, or an endpoint whose id we do not know."""

    to: Contact | Endpoint
    body: Body


class Answers(KademliaProtocol):
    """One node's tables, store and proofs, and its answers."""

    router: Table
    source_node: Node

    def __init__(self, parts: Parts) -> None:
        config, own = parts.config, Node(parts.key.id)  # type: ignore[no-untyped-call]
        super().__init__(own, parts.store, config.k)  # type: ignore[no-untyped-call]
        self.key, self.store, self.config = parts.key, parts.store, config
        self.check, self.clock, self.random, self.emit = parts.check, parts.clock, parts.random, parts.emit
        self.company = Company(own, parts.emit, k=config.k)
        self.tables = self.company.tables
        #: kademlia's name for the table; the one of IPv4.
        self.router = self.tables[4]
        self.reachability = {4: Reachability(config.serve), 6: Reachability(config.serve)}
        self.tokens = Tokens(parts.random)
        #: Own datagrams that answering gave rise to; the protocol sends them.
        self.outbox: list[Outgoing] = []
        self._stores = Rates(STORES_PER_S, remembered=SOURCES)
        self._dial_backs = Rates(DIAL_BACKS_PER_S, remembered=SOURCES)

    def answer(self, sender: Sender, body: Body, now: float) -> Body | None:
        """The reply to a request, None if there is none to give. Never larger than `sender.room`.

        :param now: seconds on the event loop's clock.
        """
        token = self.tokens.mint(sender.endpoint, sender.key, now)
        reply: Body | None
        match body:
            case Ping():
                reply = self.rpc_ping(sender, token)
            case Find():
                reply = self.rpc_find_value(sender, token, body)
            case Store() if sender.proved:
                reply = self.rpc_store(sender, token, body, now)
            case DialBack() if sender.proved:
                reply = self.rpc_dial_back(sender, token, body, now)
            case Dial():
                self.rpc_dial(sender, body, now)
                return None
            case Knock():
                self.rpc_knock(sender, body, now)
                return None
            case _:
                reply = Prove(token)
        if body_bytes(reply) > sender.room:
            reply = Prove(token)
        return reply if body_bytes(reply) <= sender.room else None

    def rpc_ping(self, sender: Sender, token: bytes) -> Pong:
        """PING → PONG."""
        return Pong(token, sender.endpoint.pack())

    def rpc_find_value(self, sender: Sender, token: bytes, body: Find) -> Found:
        """FIND → the document, if it is newer than the one known there, and as many of the k nearest as fit."""
        held = self.store.newest(body.key, self.clock())
        document = held.document if held is not None and held.sequence > body.newer_than else b""
        found = Found(
            token=token,
            observed=sender.endpoint.pack(),
            sequence=0 if held is None else held.sequence,
            document=document,
        )
        version = sender.endpoint.version
        size = 26 if version == 4 else 38
        # The longer length prefix that a full list of contacts needs is one or two bytes.
        room = max(0, sender.room - body_bytes(found) - 2) // size
        target = Node(body.key)  # type: ignore[no-untyped-call]
        asker = Node(sender.id)  # type: ignore[no-untyped-call]
        nearest = self.tables[version].find_neighbors(target, min(self.config.k, K), asker, sender.endpoint.scope)
        packed = pack_contacts([(contact.id, contact.endpoint) for contact in nearest[:room]])
        return Found(
            found.token,
            found.observed,
            packed if version == 4 else b"",
            packed if version == 6 else b"",
            found.sequence,
            document,
        )

    def rpc_store(self, sender: Sender, token: bytes, body: Store, now: float) -> Stored:
        """STORE → what became of it."""
        if not self._stores.take(sender.endpoint.network, now):
            return Stored(token, Status.FULL, 0)
        try:
            checked = self.check(body.document, self.clock())
        except RemoteError as error:
            self.emit(events.FrameRefused(source=sender.endpoint, code=error.code))
            return Stored(token, Status.REFUSED, 0)
        target = Node(checked.key)  # type: ignore[no-untyped-call]
        # Twice k, since nobody's table is complete: what is farther away is somebody filling disks.
        if self.tables[sender.endpoint.version].nearer_than_us(target) >= 2 * self.config.k:
            return Stored(token, Status.TOO_FAR, 0)
        try:
            status = self.store.put(
                checked, body.document, source=sender.endpoint.network, own_id=self.key.id, now=self.clock()
            )
        except DiskFull:
            status = Status.FULL
        held = self.store.newest(checked.key, self.clock())
        if status is Status.STORED:
            self.emit(events.DocumentKept(key=checked.key, publisher=checked.publisher, sequence=checked.sequence))
        return Stored(token, status, 0 if held is None else held.sequence)

    def rpc_dial_back(self, sender: Sender, token: bytes, body: DialBack, now: float) -> Dialled:
        """DIAL_BACK → a third node, at another address than the sender's, is told to knock there."""
        helpers = [
            Contact(node_id, endpoint)
            for endpoint, node_id in self.company.proved.items()
            if endpoint.version == sender.endpoint.version
            and endpoint.scope is Scope.GLOBAL
            and endpoint.host != sender.endpoint.host
        ]
        asked = bool(helpers) and self._dial_backs.take(sender.endpoint.network, now)
        if asked:
            helper = helpers[int.from_bytes(self.random(4), "big") % len(helpers)]
            self.outbox.append(Outgoing(helper, Dial(b"", body.cookie, sender.endpoint.pack())))
        return Dialled(token, asked)

    def rpc_dial(self, sender: Sender, body: Dial, now: float) -> None:
        """DIAL → we knock, with one datagram smaller than the one that asked; there is no reply."""
        target = endpoints.unpack(body.endpoint)
        if target.scope >= sender.endpoint.scope and self._dial_backs.take(sender.endpoint.network, now):
            self.outbox.append(Outgoing(target, Knock(body.cookie)))

    def rpc_knock(self, sender: Sender, body: Knock, now: float) -> None:
        """KNOCK → if we had asked for it, we can be reached; there is no reply."""
        version = sender.endpoint.version
        if self.reachability[version].knocked(body.cookie, sender.endpoint, now):
            self.emit(events.StateChanged(version=version, state="server"))

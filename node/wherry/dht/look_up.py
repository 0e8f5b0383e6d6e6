"""Driving a crawl: FINDs out, answers in, the newest document kept, until the crawl has ended or time is up."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from wherry_signaling.errors import ExpiredDocument, Malformed, RemoteError

from .contact import Contact
from .crawl import Ask, Crawl, Step
from .document import CheckedDocument
from .endpoint import Endpoint
from .frames import Find, Found, unpack_contacts
from .protocol import Protocol, Reply

#: Seconds by which a request may be called slow too early; finer than that, clocks are not trusted.
_TICK_S = 0.001
Outcome: TypeAlias = Literal["document", "contacts", "timeout", "lied"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Hop:
    """One request of a look-up: whom, how long it took, and what came of it."""

    contact: Contact
    ms: float
    outcome: Outcome
    hops: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LookUp:
    """What a look-up found."""

    key: bytes
    #: The newest document anybody had; None if nobody had one.
    document: bytes | None
    #: Its sequence; 0 without a document.
    sequence: int
    #: How many nodes away its first holder was; 0 if we held it ourselves or there is none.
    hops: int
    #: How many nodes were asked.
    asked: int
    ms: float
    #: The requests, in the order in which they ended.
    path: tuple[Hop, ...] = field(repr=False)


class Search:
    """One crawl over one IP version.

    :param seeds: at least one contact, all of one IP version.
    :param known: a document we hold already: only newer ones are asked for.
    """

    def __init__(
        self,
        protocol: Protocol,
        key: bytes,
        seeds: Sequence[Contact],
        *,
        known: tuple[CheckedDocument, bytes] | None = None,
    ) -> None:
        config = protocol.config
        self.key = key
        self.version = seeds[0].endpoint.version
        self.crawl = Crawl(
            key, seeds, own_id=protocol.key.id, paths=config.paths, parallel=config.parallel, width=config.k
        )
        self.newest = known
        self.hops = 0
        #: The sequence that each node holds that answered; 0 for none.
        self.held: dict[bytes, int] = {}
        self.trace: list[Hop] = []
        self._protocol = protocol
        self._waiting: dict[asyncio.Future[Reply | None], tuple[Ask, float]] = {}

    @property
    def sequence(self) -> int:
        """That of the newest document so far; 0 without one."""
        return self.newest[0].sequence if self.newest is not None else 0

    async def run(self, *, patient: bool) -> None:
        """Crawl to the end. May be cancelled at any time, by a deadline too: what was found so far stays, and requests
        under way end by themselves within their second, so that the silent are still counted as such.

        :param patient: whether to wait for slow nodes although a document was found.
        """
        loop = asyncio.get_running_loop()
        try:
            while True:
                for ask in self.crawl.asks():
                    request = self._protocol.request(ask.contact, Find(b"", self.key, self.sequence))
                    self._waiting[request] = (ask, loop.time())
                if self.crawl.done(patient=patient or self.newest is None) or not self._waiting:
                    return
                await self._wait(loop)
        finally:
            self._waiting.clear()

    async def _wait(self, loop: asyncio.AbstractEventLoop) -> None:
        slow_s, now = self._protocol.slow_s, loop.time()
        quick = [at + slow_s - now for ask, at in self._waiting.values() if ask.step is Step.ASKED]
        timeout = max(_TICK_S, min(quick)) if quick else None
        ended, _ = await asyncio.wait(self._waiting, timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
        now = loop.time()
        for request in ended:
            ask, at = self._waiting.pop(request)
            outcome = self._ended(ask, request.result())
            self.trace.append(Hop(contact=ask.contact, ms=(now - at) * 1000, outcome=outcome, hops=ask.hops))
        for ask, at in self._waiting.values():
            if now - at > slow_s - _TICK_S:
                self.crawl.slow(ask)

    def _ended(self, ask: Ask, reply: Reply | None) -> Outcome:
        if reply is None or not isinstance(reply.body, Found):
            self.crawl.failed(ask)
            return "timeout"
        try:
            brought = self._judge(ask, reply.body)
            heard = self._heard(reply.body, ask.contact.endpoint)
        except RemoteError as error:
            self._protocol.company.ban(ask.contact, error.code, asyncio.get_running_loop().time())
            self.crawl.failed(ask)
            return "lied"
        self.crawl.answered(ask, heard)
        return "document" if brought else "contacts"

    def _judge(self, ask: Ask, found: Found) -> bool:
        """Keep the document if it is the newest; whether one came.

        :raises Malformed, BadSignature: if it is a forgery.
        """
        self.held[ask.contact.id] = found.sequence if found.sequence <= self.sequence else 0
        if not found.document:
            return False
        try:
            checked = self._protocol.check(found.document, self._protocol.clock())
        except ExpiredDocument:
            self.held[ask.contact.id] = 0
            return False
        if checked.key != self.key:
            raise Malformed("a document of somebody else")
        self.held[ask.contact.id] = checked.sequence
        equal = self.newest is not None and checked.sequence == self.sequence and found.document < self.newest[1]
        if checked.sequence > self.sequence or equal:  # of two with one sequence the smaller, as the storage does
            self.newest, self.hops = (checked, found.document), ask.hops
        return True

    def _heard(self, found: Found, teller: Endpoint) -> list[Contact]:
        """The contacts it named, at addresses that reach at least as far as its own.

        :raises Malformed: if they cannot be read.
        """
        named = unpack_contacts(found.contacts4, version=4) if teller.version == 4 else []
        if teller.version == 6:
            named = unpack_contacts(found.contacts6, version=6)
        company, now = self._protocol.company, asyncio.get_running_loop().time()
        return [
            company.contact(node_id, endpoint)
            for node_id, endpoint in named
            if endpoint.scope >= teller.scope and not company.is_banned(node_id, now)
        ]

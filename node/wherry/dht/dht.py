"""The DHT of one node: opened, kept going, closed.

::

    async with Dht(key=None, open_endpoint=..., store=DocumentStore(), check=check_document, clock=time.time) as dht:
        await dht.bootstrap([Endpoint("192.0.2.7", 4770)])
        await dht.publish(document)
        found = await dht.look_up(key)

It owns what runs in the background: corrections after look-ups, and upkeep (upkeep.py).
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Coroutine, Sequence
from types import TracebackType
from typing import Any, Literal, Self

from wherry.errors import PublishFailed
from wherry_signaling.errors import Closed

from . import events
from .config import DhtConfig
from .contact import Contact
from .document import CheckDocument
from .endpoint import Endpoint
from .key import DhtKey
from .limits import BACKGROUND, REMEMBERED
from .look_up import LookUp
from .parts import Parts
from .protocol import Protocol
from .server import OpenEndpoint, Publish, Server
from .storage import DocumentStore, Held
from .upkeep import Upkeep


class Dht:
    """One node of the DHT, or a client of it.

    :param key: our key in the DHT; None for a fresh one, as clients have at each start.
    :param open_endpoint: opens the socket (``create_datagram_endpoint`` with the rest filled in); only datagrams that
        begin with 0x0D are to be handed to the protocol, and only such are sent.
    :param store: what we keep for others; not closed by us.
    :param check: judges documents.
    :param clock: seconds since 1970 by network time.
    :param random: n random bytes.
    :param on_event: is called with each event, from the event loop; it must not raise.
    """

    def __init__(
        self,
        *,
        key: DhtKey | None,
        open_endpoint: OpenEndpoint,
        store: DocumentStore,
        check: CheckDocument,
        clock: Callable[[], float],
        config: DhtConfig = DhtConfig(),  # noqa: B008  frozen
        random: Callable[[int], bytes] = os.urandom,
        on_event: Callable[[events.DhtEvent], None] = lambda _: None,
    ) -> None:
        self.config = config
        self.key = key or DhtKey.generate(random, bits=config.proof_bits)
        self._clock, self._store = clock, store
        self._open_endpoint = open_endpoint
        self._server = Server(
            Parts(key=self.key, store=store, check=check, clock=clock, config=config, random=random, emit=on_event)
        )
        self._tasks: set[asyncio.Task[Any]] = set()
        self._upkeep: Upkeep | None = None

    def __repr__(self) -> str:
        return f"<Dht {self.key.id.hex()[:8]} {self.state}, {len(self.contacts())} contacts>"

    async def __aenter__(self) -> Self:
        await self._server.listen(self._open_endpoint)
        if self.config.maintenance_s:
            upkeep = Upkeep(self._server, self._protocol)
            self._upkeep = upkeep
            self._protocol.company.on_joined = upkeep.joined
            self._spawn(upkeep.run())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Cancel what runs in the background, end all requests, close the socket. May be called again."""
        self._server.stop()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    # -- what a node asks ---------------------------------------------------------------------------------------------

    async def bootstrap(self, endpoints: Sequence[Endpoint]) -> int:
        """Join by whoever answers at `endpoints`: IP addresses or names, all answers of which are tried.

        :returns: how many answered with proof of their key; 0 means that we know nobody by these.
        """
        answered = await self._server.bootstrap(endpoints)
        if answered and self._upkeep is not None:
            self._spawn(self._upkeep.prove_reachable())
        return len(answered)

    async def look_up(self, key: bytes, *, deadline_s: float | None = None) -> LookUp:
        """The newest document under `key`, 20 bytes, along disjoint paths; holders of older ones are corrected after.

        :param deadline_s: seconds after which it ends with what it has; by default the configuration's.
        :raises LookUpFailed: if no other node is known and nothing is kept here.
        :raises Closed: after `close()`.
        """
        self._check_open()
        found, searches = await self._server.get(key, deadline_s)
        self._check_open()
        if found.document is not None:
            self._spawn(self._server.correct(searches))
        return found

    async def publish(self, document: bytes, *, deadline_s: float | None = None) -> Publish:
        """Have `document` kept by the nodes nearest to its key.

        :raises PublishFailed: if nobody took it.
        :raises Malformed, BadSignature, ExpiredDocument: if it is no valid document.
        :raises Closed: after `close()`.
        """
        self._check_open()
        checked = self._server.parts.check(document, self._clock())
        try:
            return await self._server.set_digest(checked.key, document, deadline_s)
        except PublishFailed:
            self._check_open()
            raise

    def contacts(self) -> list[Contact]:
        """Everybody in the tables, IPv4 first."""
        return [contact for table in self._protocol.tables.values() for contact in table.contacts]

    def held(self) -> list[Held]:
        """What we keep for others, and of our own."""
        return self._store.held()

    def remembered(self) -> list[Endpoint]:
        """Endpoints worth trying at the next start: those that answered last first."""
        latest = sorted(self.contacts(), key=lambda contact: contact.seen_at, reverse=True)
        return [contact.endpoint for contact in latest[:REMEMBERED]]

    @property
    def state(self) -> Literal["client", "server"]:
        """Whether we serve: those on loopback and private networks at once, the world once it is known to reach us."""
        if any(machine.serving for machine in self._protocol.reachability.values()):
            return "server"
        return "client"

    @property
    def observed(self) -> list[Endpoint]:
        """Our own endpoints as others see them: of IPv4, of IPv6."""
        seen = (machine.observed for machine in self._protocol.reachability.values())
        return [endpoint for endpoint in seen if endpoint is not None]

    # -- the background -----------------------------------------------------------------------------------------------

    @property
    def _protocol(self) -> Protocol:
        if self._server.protocol is None:
            raise Closed("the DHT is not open yet")
        return self._server.protocol

    def _check_open(self) -> None:
        if self._protocol.closed:
            raise Closed("the DHT is closed")

    def _spawn(self, work: Coroutine[Any, Any, Any]) -> None:
        if self._protocol.closed or len(self._tasks) >= BACKGROUND:
            work.close()
            return
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

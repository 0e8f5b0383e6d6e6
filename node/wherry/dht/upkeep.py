"""What keeps a node's place in the DHT: tables fresh, documents where they belong, and the way in known to be open.

Every round: is anybody still reaching us; what has expired; who is silent; a bucket nobody looked into for an hour;
documents nobody stored again for an hour. And at once, for each newcomer: what it is to hold.
"""

from __future__ import annotations

import asyncio
import heapq
import logging
from collections import deque
from collections.abc import Collection

from wherry.errors import PublishFailed
from wherry_signaling.errors import LocalError, RemoteError
from wherry_signaling.scope import Scope

from . import events
from .contact import Contact
from .frames import DialBack, Ping, Store
from .limits import (
    HAND_OVER,
    NEWCOMER_S,
    NEWCOMERS,
    PINGS_PER_ROUND,
    PROVE_S,
    REPUBLISH_S,
    REPUBLISHES_PER_ROUND,
)
from .protocol import Protocol
from .server import Server
from .storage import Held

log = logging.getLogger(__name__)


class Upkeep:
    """The background work of one node. `run` is to be a task of its owner, as is `prove_reachable` after joining.

    :param protocol: the server's, which is listening.
    """

    def __init__(self, server: Server, protocol: Protocol) -> None:
        self._server, self._protocol, self._store = server, protocol, server.store
        self._clock, self._random = server.parts.clock, server.parts.random
        self._newcomers: deque[Contact] = deque(maxlen=NEWCOMERS)
        self._new = asyncio.Event()

    async def run(self) -> None:
        """Rounds of maintenance and hand-overs, until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._rounds(self._server.config.maintenance_s))
            group.create_task(self._hand_overs())

    def joined(self, contact: Contact) -> None:
        """A newcomer is in the table."""
        self._newcomers.append(contact)
        self._new.set()

    async def prove_reachable(self) -> None:
        """Just joined: ask for knocks soon and again, since whoever could knock may join after us."""
        for pause_s in PROVE_S:
            await self._ask_dial_backs()
            await asyncio.sleep(pause_s)

    # -- rounds -------------------------------------------------------------------------------------------------------

    async def _rounds(self, period_s: float) -> None:
        # Begun at random within the period, so that nodes do not march in step.
        await asyncio.sleep(period_s * int.from_bytes(self._random(2), "big") / 65536)
        while True:
            try:
                await self._round()
            except LocalError as error:  # a full disk, a damaged store: it may be better next time
                log.warning("the DHT's upkeep was interrupted: %s", error)
            await asyncio.sleep(period_s)

    async def _round(self) -> None:
        now = asyncio.get_running_loop().time()
        for version, machine in self._protocol.reachability.items():
            if machine.tick(now):
                self._protocol.emit(events.StateChanged(version=version, state="client"))
        await self._ask_dial_backs()
        await self._try_the_silent()
        await self._server.refresh()
        self._store.cull(self._clock())
        await self._republish()

    async def _ask_dial_backs(self) -> None:
        """Ask a contact of each IP version to have a third node knock at our door."""
        now = asyncio.get_running_loop().time()
        for version, machine in self._protocol.reachability.items():
            public = [c for c in self._protocol.tables[version].contacts if c.endpoint.scope is Scope.GLOBAL]
            if public and machine.wants_dial_back(now):
                contact = public[int.from_bytes(self._random(4), "big") % len(public)]
                cookie = self._random(8)
                machine.ask(cookie, now)
                await self._protocol.request(contact, DialBack(b"", cookie))

    async def _try_the_silent(self) -> None:
        """Ping who failed lately, or else the two not heard of for longest: the dead leave the table."""
        contacts = [contact for table in self._protocol.tables.values() for contact in table.contacts]
        doubtful = [contact for contact in contacts if contact.failures][:PINGS_PER_ROUND]
        doubtful = doubtful or heapq.nsmallest(2, contacts, key=lambda contact: contact.seen_at)
        await asyncio.gather(*(self._protocol.request(contact, Ping()) for contact in doubtful))

    async def _republish(self) -> None:
        """Kademlia, section 2.5: what nobody stored again within the hour, its holders do."""
        wall = self._clock()
        for held in self._store.not_stored_since(wall - REPUBLISH_S, REPUBLISHES_PER_ROUND):
            self._store.touch(held, wall)
            try:
                await self._server.set_digest(held.key, held.document)
            except (PublishFailed, RemoteError):
                continue  # it is tried again in an hour, and its publisher comes again too

    # -- newcomers ----------------------------------------------------------------------------------------------------

    async def _hand_overs(self) -> None:
        """Kademlia, section 2.5: a newcomer gets what it is to hold, from the one of us who is nearest to it."""
        while True:
            await self._new.wait()
            self._new.clear()
            while self._newcomers:
                newcomer = self._newcomers.popleft()
                try:
                    for held in self._due(newcomer):
                        await self._protocol.request(newcomer, Store(b"", held.document))
                except LocalError as error:
                    log.warning("nothing is handed over: %s", error)
                await asyncio.sleep(NEWCOMER_S)

    def _due(self, newcomer: Contact) -> list[Held]:
        if not len(self._store):
            return []
        table = self._protocol.tables[newcomer.endpoint.version]
        nearest = heapq.nsmallest(
            HAND_OVER, self._store.keys(), key=lambda key: newcomer.distance(int.from_bytes(key, "big"))
        )
        due = [key for key in nearest if self._is_ours_to_give(key, newcomer, table.contacts)]
        held = (self._store.newest(key, self._clock()) for key in due)
        return [document for document in held if document is not None]

    def _is_ours_to_give(self, held: bytes, newcomer: Contact, contacts: Collection[Contact]) -> bool:
        key, k = int.from_bytes(held, "big"), self._server.config.k
        ours = int(self._server.node.long_id) ^ key
        others = heapq.nsmallest(k, (contact.distance(key) for contact in contacts if contact.id != newcomer.id))
        nearest = not others or ours < others[0]
        return nearest and (len(others) < k or newcomer.distance(key) < others[-1])

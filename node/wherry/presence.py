"""The node's own record: what it says, when it is published, and who else publishes under the same identity.

A record is published when what it says has changed, and again before half of its life is over. Before the first time
it is looked up, so that its sequence is above whatever is known in the network. Meeting a higher sequence
of another instance of our own identity, the older instance stops publishing and says so.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Final

from wherry_signaling.endpoints import EndpointAddress, UdpAddress
from wherry_signaling.errors import RemoteError
from wherry_signaling.identity import Identity
from wherry_signaling.record import Introducer, PeerRecord, check_peer_record

from .errors import IdentityElsewhere

log = logging.getLogger(__name__)

#: Seconds a record lives: long enough to outlast a night's sleep of all its holders, short of the law's day.
RECORD_S: Final = 20 * 3600
#: Seconds after which it is published again although nothing changed: DHT nodes come and go.
REPUBLISH_S: Final = 30 * 60.0
#: Seconds between two looks at whether another instance of our identity has published: a look-up costs little.
CHECK_S: Final = 5 * 60.0
#: Seconds until the next try after nobody took it; doubled each time, up to a minute.
RETRY_S: Final = 1.0
RETRY_MOST_S: Final = 60.0

#: Seconds the first publish waits for an introducer.
FIRST_S: Final = 3.0

#: Puts a document where others look; returns how many hold it; raises RemoteError.
Publish = Callable[[bytes], Awaitable[int]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Whereabouts:
    """What the record says beyond who we are."""

    direct: tuple[EndpointAddress, ...] = ()
    dht: tuple[UdpAddress, ...] = ()
    introducers: tuple[Introducer, ...] = ()
    capabilities: int = 0


@dataclass(frozen=True, slots=True)
class Published:
    """The record as it was last stored."""

    record: PeerRecord
    document: bytes
    holders: int


class Presence:
    """Keeps the own record published. `run` is its one task, owned by the node.

    :param look_up: our own newest document in the network, or None.
    :param last_sequence, keep_sequence: the store's memory of the last own sequence.
    :param wall_clock: seconds since 1970 by network time.
    """

    def __init__(
        self,
        identity: Identity,
        instance: bytes,
        *,
        look_up: Callable[[], Awaitable[bytes | None]],
        publish: Publish,
        last_sequence: int,
        keep_sequence: Callable[[int], None],
        wall_clock: Callable[[], float],
        on_published: Callable[[Published], None] = lambda _: None,
    ) -> None:
        self._identity, self._instance = identity, instance
        self._look_up, self._publish = look_up, publish
        self._sequence, self._keep_sequence = last_sequence, keep_sequence
        self._wall_clock, self._on_published = wall_clock, on_published
        self._whereabouts = Whereabouts()
        self._document = b""
        self._issued = 0
        self._said: Whereabouts | None = None
        self._stored: Whereabouts | None = None
        self._looked_up = False
        self._lock = asyncio.Lock()
        self._changed = asyncio.Event()
        self._poked = asyncio.Event()
        self._introduced = asyncio.Event()
        self.published: Published | None = None
        #: Set when another instance of this identity has published since: nothing more is published here.
        self.elsewhere: IdentityElsewhere | None = None

    @property
    def document(self) -> bytes:
        """Our signed record as it would be published now, for whoever asks us; nothing before we know where we are."""
        if self._said != self._whereabouts:
            self._sequence += 1  # two records that differ never have the same
            self._document = self._make().sign(self._identity)
            self._said = self._whereabouts
        return self._document

    @property
    def whereabouts(self) -> Whereabouts:
        """What the record says now."""
        return self._whereabouts

    def update(self, whereabouts: Whereabouts) -> None:
        """Something changed: `run` publishes it soon."""
        if whereabouts != self._whereabouts:
            self._whereabouts = whereabouts
            self._changed.set()
            if whereabouts.introducers:
                self._introduced.set()

    async def publish_now(self, *, if_changed: bool = False) -> Published:
        """Publish what is true now; returns when it is stored.

        :param if_changed: not if just that is stored already.
        :raises IdentityElsewhere: if this identity has been taken over by another instance.
        :raises RemoteError: if nobody took it.
        """
        async with self._lock:
            if self.elsewhere is not None:
                raise self.elsewhere
            if if_changed and self.published is not None and self._stored == self._whereabouts:
                return self.published
            if not self._looked_up:
                await self._learn_sequence()
            self._sequence += 1
            self._keep_sequence(self._sequence)
            whereabouts = self._whereabouts
            record = self._make()
            document = record.sign(self._identity)
            self._document, self._said = document, whereabouts
            holders = await self._publish(document)
            self.published, self._stored = Published(record, document, holders), whereabouts
            if whereabouts == self._whereabouts:
                self._changed.clear()
            self._on_published(self.published)
            return self.published

    def poke(self) -> None:
        """Somebody new can be asked: what nobody took is tried again now."""
        self._poked.set()

    async def run(self) -> None:
        """Publish on every change and now and then, until cancelled.

        The first time it waits a moment for an introducer: a record without any leads strangers nowhere.
        """
        loop = asyncio.get_running_loop()
        retry_s, published_at = RETRY_S, loop.time()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._introduced.wait(), FIRST_S)
        while self.elsewhere is None:
            try:
                async with asyncio.timeout(CHECK_S if self.published is not None else None):
                    await self._changed.wait()
                changed = True
            except TimeoutError:
                await self._check_elsewhere()
                if loop.time() - published_at < REPUBLISH_S - CHECK_S / 2:
                    continue
                changed = False
            self._changed.clear()
            try:
                await self.publish_now(if_changed=changed)
                retry_s, published_at = RETRY_S, loop.time()
            except IdentityElsewhere:
                return
            except RemoteError as error:
                log.debug("not published: %s", error.code)
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._poked.wait(), retry_s)
                self._poked.clear()
                retry_s = min(retry_s * 2, RETRY_MOST_S)
                self._changed.set()

    def met(self, document: bytes) -> None:
        """Somebody showed us a record of our own identity: perhaps we also run elsewhere."""
        try:
            record, _ = check_peer_record(document, self._wall_clock(), of=self._identity.id)
        except RemoteError:
            return
        if record.instance == self._instance:
            self._sequence = max(self._sequence, record.sequence)
        # Two that began at once may publish the same sequence: each sees the same one of them as the newer.
        elif (record.sequence, record.issued, record.instance) > (self._sequence, self._issued, self._instance):
            self._sequence = record.sequence
            if self._looked_up and self.elsewhere is None:
                self.elsewhere = IdentityElsewhere(f"its record {record.sequence} is newer than ours")
                self._changed.set()

    async def _learn_sequence(self) -> None:
        try:
            document = await self._look_up()
        except RemoteError as error:
            # What is met later may then be of an earlier life of ours: it is looked up again before the next publish.
            log.debug("own record not looked up: %s", error.code)
            return
        if document is not None:
            self.met(document)
        self._looked_up = True

    async def _check_elsewhere(self) -> None:
        try:
            document = await self._look_up()
        except RemoteError as error:
            log.debug("own record not looked up: %s", error.code)
            return
        if document is not None:
            self.met(document)

    def _make(self) -> PeerRecord:
        now = self._issued = int(self._wall_clock())
        where = self._whereabouts
        return PeerRecord(
            peer=self._identity.id,
            sequence=self._sequence,
            instance=self._instance,
            issued=now,
            expires=now + RECORD_S,
            sealing_key=self._identity.sealing_public,
            capabilities=where.capabilities,
            dht=where.dht,
            direct=tuple(replace(one, peer=None) for one in where.direct),
            introducers=where.introducers,
        )

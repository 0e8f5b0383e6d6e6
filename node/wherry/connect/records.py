"""Where a peer is now: the newest record of it that anybody tells us.

Records come with offers and pongs, from introducers and from the DHT. Each is checked where it came in; here the newest
sequence wins, whatever the source, and an older one never replaces a newer.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from wherry_signaling.domains import Purpose
from wherry_signaling.endpoints import EndpointAddress
from wherry_signaling.errors import WherryError
from wherry_signaling.identity import PeerId
from wherry_signaling.record import Introducer, PeerRecord, check_peer_record
from wherry_signaling.scope import Scope
from wherry_signaling.tasks import gather_first

from ..errors import PeerNotFound
from .limits import LOOK_UP_S, RECORD_FRESH_S
from .trace import Trace

#: Records of other peers that are remembered; the longest unused are forgotten first.
REMEMBERED: Final = 4096

#: Asks one source for a peer's document: the DHT, an introducer. None where it knows none.
Ask = Callable[[Purpose, PeerId], Awaitable[bytes | None]]


@dataclass(frozen=True, slots=True)
class Source:
    """Somebody to ask, under a name for the trace.

    :ivar scope: how far off it is: addresses nearer than that are not taken from it.
    """

    name: str
    ask: Ask
    scope: Scope = Scope.LOOPBACK


@dataclass(slots=True)
class _Known:
    record: PeerRecord
    document: bytes
    confirmed_at: float
    #: The nearest that anybody who showed it was.
    scope: Scope

    @property
    def usable(self) -> PeerRecord:
        """The record with those addresses alone that we may knock at: none nearer than where it was learnt.

        Otherwise a stranger's record would make us open sockets inside our own network, or on this machine.
        """
        return replace(
            self.record,
            direct=not_nearer(self.record.direct, self.scope),
            introducers=introducers_not_nearer(self.record.introducers, self.scope),
        )


def not_nearer(endpoints: Sequence[EndpointAddress], scope: Scope) -> tuple[EndpointAddress, ...]:
    """Those that reach at least as far as whoever named them is off; a name is looked up later."""
    return tuple(one for one in endpoints if one.scope is None or one.scope >= scope)


def introducers_not_nearer(introducers: Sequence[Introducer], scope: Scope) -> tuple[Introducer, ...]:
    """The same of introducers, or of mailboxes."""
    return tuple(replace(one, endpoints=not_nearer(one.endpoints, scope)) for one in introducers)


class Records:
    """The newest records of other peers.

    :param sources: whom to ask, at the time of asking.
    :param wall_clock: seconds since 1970 by network time.
    """

    def __init__(self, sources: Callable[[], Sequence[Source]], wall_clock: Callable[[], float]) -> None:
        self._sources = sources
        self._wall_clock = wall_clock
        self._known: OrderedDict[PeerId, _Known] = OrderedDict()

    def get(self, peer: PeerId) -> PeerRecord | None:
        """What is known now, without asking anybody."""
        known = self._known.get(peer)
        return None if known is None else known.usable

    def learn(self, document: bytes, *, of: PeerId | None = None, scope: Scope = Scope.LOOPBACK) -> PeerRecord:
        """Take a document from anywhere; returns the newest known record of its peer.

        :param scope: how far off it came from.
        :raises Malformed, BadSignature, ExpiredDocument: if it does not hold.
        """
        record, checked = check_peer_record(document, self._wall_clock(), of=of)
        known = self._known.get(record.peer)
        now = asyncio.get_running_loop().time()
        if known is None or _newer(record.sequence, document, known):
            same = known is not None and known.document == checked.data
            scope = min(scope, known.scope) if known is not None and same else scope
            self._known[record.peer] = known = _Known(record, checked.data, now, scope)
        self._known.move_to_end(record.peer)
        while len(self._known) > REMEMBERED:
            self._known.popitem(last=False)
        return known.usable

    def forget(self, peer: PeerId) -> None:
        """It led nowhere: ask again next time."""
        known = self._known.get(peer)
        if known is not None:
            known.confirmed_at = float("-inf")

    async def find(self, peer: PeerId, trace: Trace, *, fresh: bool = False) -> PeerRecord:
        """The newest record of `peer`: from memory if it is fresh, else from every source at once.

        Returns as soon as one source has answered with a record and the others have had a moment more, since the
        first is not always the newest.

        :param fresh: ask in any case.
        :raises PeerNotFound: if no source knows one, and none is remembered.
        """
        known = self._known.get(peer)
        now = asyncio.get_running_loop().time()
        if known is not None and not fresh and now - known.confirmed_at < RECORD_FRESH_S:
            trace.add("look_up", "remembered", sequence=known.record.sequence)
            return known.usable
        await self._ask_all(peer, trace)
        known = self._known.get(peer)
        if known is None or known.record.expires + 3600 < self._wall_clock():
            trace.add("look_up", "not found")
            raise PeerNotFound(f"no record of {peer.short} is to be had", peer=str(peer))
        trace.add("look_up", "found", sequence=known.record.sequence, introducers=len(known.record.introducers))
        return known.usable

    async def _ask_all(self, peer: PeerId, trace: Trace) -> None:
        asked = (self._ask(source, peer, trace) for source in self._sources())
        if not await gather_first(asked, LOOK_UP_S, SETTLE_S):
            trace.add("look_up", "timeout")

    async def _ask(self, source: Source, peer: PeerId, trace: Trace) -> bool:
        try:
            document = await source.ask(Purpose.PEER_RECORD, peer)
            if document is None:
                trace.add("look_up", "unknown there", way=source.name)
                return False
            record, _ = check_peer_record(document, self._wall_clock(), of=peer)
            self.learn(document, of=peer, scope=source.scope)
        except WherryError as error:  # a source that was closed meanwhile, too
            trace.add("look_up", "failed", way=source.name, code=error.code)
            return False
        trace.add("look_up", "answered", way=source.name, sequence=record.sequence)
        return True


def _newer(sequence: int, document: bytes, known: _Known) -> bool:
    """Whether a document takes the place of the known one; of two with one sequence all keep the same (DHT, here)."""
    if sequence == known.record.sequence:
        return document <= known.document
    return sequence > known.record.sequence


#: Seconds that the other sources have when one has answered: a newer record is worth a moment.
SETTLE_S: Final = 0.05

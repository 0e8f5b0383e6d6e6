"""One pair: both sides and the ratchet's sessions, in memory as they rest in the store.

Every change happens in one transaction with its effect. Where that fails, the pair in memory is no longer what rests:
its owner drops it and reads it again.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Final

from wherry_signaling.identity import Identity, PeerId

from ..ratchet import Sessions
from .incoming import Incoming
from .mail_store import MailStore
from .outgoing import Entry, Outgoing

NEVER: Final = float("-inf")


class Pair:
    """What we and one peer have to say to each other.

    :ivar ack_due: something came that the peer does not know we have.
    :ivar poked: set when there is something to do: an item, an acknowledgement, a way.
    :ivar heard: when something of the peer's came last, on the loop's clock.
    :ivar absent_until: until when it is not looked for, since it was not to be found.
    """

    def __init__(
        self,
        own: Identity,
        peer: PeerId,
        mail: MailStore,
        *,
        epoch: Callable[[], int],
        wall_clock: Callable[[], float],
    ) -> None:
        self.peer = peer
        self._mail, self._wall_clock = mail, wall_clock
        known = mail.pair(peer)
        self.outgoing, self.incoming, self.ack_due, state = known or (Outgoing(epoch()), Incoming(), False, b"")
        self._ack_kept = self.ack_due
        self.sessions = Sessions(own, peer, state)
        #: How many pieces of each larger item are not settled, where its fate was not said yet.
        self.pieces = Counter(entry.id for entry in self.outgoing if entry.piece and not entry.reported)
        self.poked = asyncio.Event()
        self.heard = self.absent_until = self.asked_retry = self.took_retry = NEVER
        self._under_way: dict[int, float] = {}

    def keep(self) -> None:
        """Write the numbers, what is due and the sessions; in a transaction of the caller's."""
        sessions, now = self.sessions.to_bytes(), self._wall_clock()
        self._mail.keep_pair(self.peer, self.outgoing, self.incoming, sessions, ack_due=self.ack_due, now=now)
        self._ack_kept = self.ack_due

    def keep_quiet(self) -> None:
        """Nothing is due any more: write that, if it is not written. Else a restart would only say it once more."""
        if self._ack_kept and not self.ack_due:
            self.keep()

    # -- what is under way --------------------------------------------------------------------------------------------

    def due(self, now: float) -> list[Entry]:
        """What may be sent and is not under way."""
        return [entry for entry in self.outgoing.sendable() if self._under_way.get(entry.number, NEVER) <= now]

    def went(self, entries: Iterable[Entry], until: float) -> None:
        """A way has taken these: their acknowledgement is waited for, until then."""
        self._under_way.update((entry.number, until) for entry in entries)

    def overdue(self, now: float) -> bool:
        """Whether something that a way took was not acknowledged in time; what lies behind a gap was."""
        return any(self._under_way.get(entry.number, now + 1) <= now for entry in self.outgoing.sendable())

    def next_timeout(self, now: float) -> float | None:
        """When the wait for an acknowledgement ends next."""
        self._under_way = {number: until for number, until in self._under_way.items() if self.outgoing.get(number)}
        return min((until for until in self._under_way.values() if until > now), default=None)

    def all_again(self) -> None:
        """Nothing is under way any more: a way has gone, or come."""
        self._under_way.clear()

    def poke(self) -> None:
        """There is something to do."""
        self.poked.set()

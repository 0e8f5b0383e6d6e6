"""The receiving side of a pair: which numbers are decided, and what waits behind a gap. A core.

Each number of a sender's epoch is decided once: its item is handed on, or it is void with a reason. Items are handed on
in the order of their numbers; what comes early waits until the gap before it is filled, by the item, by a void, or by
the sender's *floor*, which says that nothing comes below it any more::

    a number is   open ──> held back ──> handed on            an item came; its turn came
                     └──> void                                a void came first; expired; the gate refused it

An epoch higher than the known one supersedes it: the sender's memory began anew, so no gap of the old one will ever be
filled. What was held back of the old epoch is handed on at once, and so is what still comes of it.

A sender whose memory was set back to an old copy gives numbers twice. It is known by the ids of the latest numbers: of
two items with one number, the second is not taken for the first. The acknowledgement then names the largest number
there is, by which the sender sees that its memory is an old copy, and begins a new epoch.

`take` only says what is to be done, in order; whoever owns an `Incoming` does it and reports each decision with
`decide`, all in one transaction with the state.
"""

from __future__ import annotations

from collections.abc import Container, Iterable
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from .limits import (
    ACKED_BEYOND,
    HELD_BACK_BYTES,
    RECENT_IDS,
    STRANGER_HELD_BYTES,
    STRANGER_WINDOW,
    VOIDED,
    WINDOW,
)
from .packets import Ack, Item, Kind, Reason

_ID: Final = 8
#: The largest number there is: nobody was ever given it.
MOST: Final = 2**53 - 1


class Room(NamedTuple):
    """How much is kept of one sender behind a gap: numbers ahead of it, and bytes."""

    window: int
    held_bytes: int


#: Of somebody we deal with, and of a stranger.
KNOWN: Final = Room(WINDOW, HELD_BACK_BYTES)
STRANGER: Final = Room(STRANGER_WINDOW, STRANGER_HELD_BYTES)


@dataclass(slots=True)
class Taken:
    """What a packet's items come to.

    :ivar late: of an epoch that has been superseded; to be handed on first, with nothing to report.
    :ivar ready: to be handed on, in this order; each is then either handed on, or refused with `Incoming.refuse`.
    :ivar hold: by number, to be kept until the gap before them is filled.
    :ivar released: numbers that were kept until now, and are among `late` or `ready`.
    """

    late: list[Item] = field(default_factory=list)
    ready: list[Item] = field(default_factory=list)
    hold: dict[int, Item] = field(default_factory=dict)
    released: list[int] = field(default_factory=list)


class Incoming:
    """See the module.

    :param epoch: the sender's, the newest that we know; 0 before the first.
    :param through: every number up to it is decided.
    :param held: what waits behind a gap, by number.
    :param voided: numbers that were not taken, with the reason, as long as the sender may not know it.
    :param recent: of the latest numbers up to `through` the first 8 bytes of their ids, or zeros where there is none.
    :ivar set_back: the sender gave a number twice: it is told so until its new epoch begins.
    """

    def __init__(
        self,
        epoch: int = 0,
        through: int = 0,
        held: Iterable[Item] = (),
        voided: Iterable[tuple[int, int]] = (),
        recent: bytes = b"",
    ) -> None:
        self.epoch, self.through, self.recent = epoch, through, recent
        self.set_back = False
        self.held = {item.number: item for item in held}
        self.voided = dict(voided)
        self._held_bytes = sum(len(item.body) for item in self.held.values())

    def take(
        self,
        epoch: int,
        floor: int,
        items: Iterable[Item],
        now: float,
        known: Container[bytes] = (),
        room: Room = KNOWN,
    ) -> Taken:
        """Look at what came; numbers that are decided already are passed over.

        :param now: seconds since 1970 by network time.
        :param known: ids of items that were handed on in an earlier epoch: a void comes too late for them, and is among
            `ready` in its turn, with nothing to hand on.
        :param room: what is beyond it is not taken, and comes again when the gap is nearer.
        """
        taken = Taken()
        if epoch > self.epoch:
            taken.late += self._release()
            taken.released += [item.number for item in taken.late]
            self.epoch, self.through, self.voided = epoch, 0, {}
            self.recent, self.set_back = b"", False
        if epoch == self.epoch:
            items = list(items)
            self.set_back = self.set_back or any(self._is_another(item) for item in items)
            if not self.set_back:
                self._below(floor, taken)
                self._advance(taken)
        for item in items:
            if not item.number:
                taken.ready.append(item)
            elif epoch == self.epoch and self.set_back:
                continue  # in the new epoch it comes again, in its order
            elif epoch < self.epoch:
                if item.kind != Kind.VOID and item.expires > now:
                    taken.late.append(item)
            elif self._is_open(item.number):
                self._put(item, now, taken, room, too_late=item.kind == Kind.VOID and item.id in known)
                self._advance(taken)
        return taken

    def refuse(self, item: Item, reason: Reason) -> None:
        """The gate did not let an item in: its number is void."""
        if item.number:
            self.voided[item.number] = reason

    def ack(self) -> Ack:
        """What the sender may know now. A void that does not fit is not hidden behind `through`: it ends there."""
        if self.set_back:
            return Ack(self.epoch, MOST, [], [])
        voided = sorted(self.voided.items())
        through = self.through
        if len(voided) > VOIDED:
            through = min(through, voided[VOIDED][0] - 1)
        beyond = sorted(number for number in self.held if number > through)
        return Ack(self.epoch, through, beyond[:ACKED_BEYOND], voided[:VOIDED])

    # -- inside --------------------------------------------------------------------------------------------------------

    def _is_open(self, number: int) -> bool:
        return number > self.through and number not in self.held and number not in self.voided

    def _is_another(self, item: Item) -> bool:
        """Whether its number was given to another item before, as far as that is remembered."""
        if not item.number:
            return False
        if item.number in self.held:
            return self.held[item.number].id != item.id
        at = len(self.recent) - (self.through - item.number + 1) * _ID
        before = self.recent[at : at + _ID] if at >= 0 else b""
        return any(before) and before != item.id[:_ID]

    def _decided(self, number: int, item: bytes) -> None:
        """The next number is decided."""
        self.through = number
        self.recent = (self.recent + item[:_ID].ljust(_ID, b"\0"))[-RECENT_IDS * _ID :]

    def _put(self, item: Item, now: float, taken: Taken, room: Room, *, too_late: bool) -> None:
        if item.number > self.through + room.window:
            return  # it is sent again when the gap is nearer
        if (item.kind == Kind.VOID or item.expires <= now) and not too_late:
            self.voided[item.number] = Reason.EXPIRED
        elif item.number == self.through + 1 or self._held_bytes + len(item.body) <= room.held_bytes:
            self.held[item.number] = item
            self._held_bytes += len(item.body)
            taken.hold[item.number] = item

    def _below(self, floor: int, taken: Taken) -> None:
        """Nothing below the floor comes any more: what was held back there is handed on, the gaps are closed."""
        if floor <= self.through + 1:
            self.voided = {number: why for number, why in self.voided.items() if number >= floor}
            return
        if floor - self.through > RECENT_IDS + len(self.held):  # nothing of what is remembered would be left
            for number in sorted(number for number in self.held if number < floor):
                self._hand_on(number, taken)
            self.recent, self.through = b"", floor - 1
        for number in range(self.through + 1, floor):
            self._decided(number, self._hand_on(number, taken) if number in self.held else b"")
        self.voided = {number: why for number, why in self.voided.items() if number >= floor}

    def _advance(self, taken: Taken) -> None:
        while True:
            number = self.through + 1
            if number in self.held:
                self._decided(number, self._hand_on(number, taken))
            elif number in self.voided:
                self._decided(number, b"")
            else:
                return

    def _hand_on(self, number: int, taken: Taken) -> bytes:
        """Its id."""
        item = self.held.pop(number)
        self._held_bytes -= len(item.body)
        taken.ready.append(item)
        if taken.hold.pop(number, None) is None:
            taken.released.append(number)
        return item.id

    def _release(self) -> list[Item]:
        released = [self.held[number] for number in sorted(self.held)]
        self.held, self._held_bytes = {}, 0
        return released

"""The sending side of a pair: which items are not settled yet, and what the next packet holds. A core.

An item is given a number, sent as often as need be, and settled by the recipient's word alone: delivered, or void with
a reason. At its expiry it becomes a *void*: from then on the sender asks for a decision instead of a delivery, so that
what it reports is always what became of it.

State: epoch, next number, and the items that are not settled. Whoever owns an `Outgoing` keeps these with each change,
in the transaction that made it.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from .limits import ITEMS, WINDOW
from .packets import Ack, Kind

#: Bytes of an item without its body: numbers in msgpack's longest forms.
ITEM_OVERHEAD = 48


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """An item that is not settled. Its body rests in the store.

    :param kind: of the whole, for one of several pieces.
    :param expires: seconds since 1970 by network time.
    :param size: bytes of the body.
    :param piece: it is a part of something larger, of the same id.
    :param voiding: the recipient is only asked to decide: there is no body any more.
    :param reported: what became of the whole was said already: another of its pieces is void.
    """

    number: int
    id: bytes
    kind: int
    expires: int
    size: int
    piece: bool = False
    voiding: bool = False
    reported: bool = False

    @property
    def wire_kind(self) -> int:
        """The kind that goes into a packet."""
        if self.voiding:
            return Kind.VOID
        return Kind.FRAGMENT if self.piece else self.kind

    @property
    def weight(self) -> int:
        """Bytes it takes in a packet."""
        return ITEM_OVERHEAD + (0 if self.voiding else self.size)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """What became of an item: `reason` is the recipient's for not taking it, None if it was delivered."""

    entry: Entry
    reason: int | None


class Outgoing:
    """See the module.

    :param epoch: of our own memory; higher than any before.
    :param next_number: the next item's.
    :param entries: what is not settled.
    """

    def __init__(self, epoch: int, next_number: int = 1, entries: Iterable[Entry] = ()) -> None:
        self.epoch, self.next_number = epoch, next_number
        self._entries = {entry.number: entry for entry in sorted(entries, key=lambda entry: entry.number)}
        self._received: frozenset[int] = frozenset()

    def __len__(self) -> int:
        return len(self._entries)

    def __iter__(self) -> Iterator[Entry]:
        """In the order of their numbers."""
        return iter(self._entries.values())

    def get(self, number: int) -> Entry | None:
        """The item of a number, if it is not settled."""
        return self._entries.get(number)

    @property
    def floor(self) -> int:
        """Every number below it is settled."""
        return next(iter(self._entries), self.next_number)

    def add(self, item: bytes, kind: int, *, expires: int, size: int, piece: bool = False) -> Entry:
        """Number one more item, whose id is `item`."""
        entry = Entry(number=self.next_number, id=item, kind=kind, expires=expires, size=size, piece=piece)
        self._entries[entry.number] = entry
        self.next_number += 1
        return entry

    def sendable(self) -> list[Entry]:
        """What may be under way: the recipient keeps nothing further ahead of a gap than its window.

        What it holds already, behind a gap, is left out, unless we want it void.
        """
        limit = self.floor + WINDOW
        return [
            entry
            for entry in self._entries.values()
            if entry.number < limit and (entry.voiding or entry.number not in self._received)
        ]

    def expire(self, now: float) -> list[Entry]:
        """Ask for a decision on whatever has expired; returns what changed."""
        changed = [
            replace(entry, voiding=True, size=0)
            for entry in self._entries.values()
            if entry.expires <= now and not entry.voiding
        ]
        for entry in changed:
            self._entries[entry.number] = entry
        return changed

    def void(self, item: bytes, *, reported: bool = False) -> list[Entry]:
        """Ask for a decision on what is left of an item before its time: it is withdrawn, or not worth sending."""
        changed = [
            replace(entry, voiding=True, size=0, reported=reported or entry.reported)
            for entry in self._entries.values()
            if entry.id == item
        ]
        for entry in changed:
            self._entries[entry.number] = entry
        return changed

    def acked(self, ack: Ack) -> list[Settled]:
        """Take the recipient's word; returns what is settled by it, in the order of the numbers.

        Words on another epoch say nothing, and so does one on numbers that were never given: see `forgotten`.
        """
        if ack.epoch != self.epoch or self.forgotten(ack):
            return []
        self._received = frozenset(ack.beyond)
        voided = dict(ack.voided)
        decided = {number for number in voided if number in self._entries}
        numbers = list(self._entries)
        decided.update(numbers[: bisect_left(numbers, ack.through + 1)])
        return [Settled(entry=self._entries.pop(number), reason=voided.get(number)) for number in sorted(decided)]

    def forgotten(self, ack: Ack) -> bool:
        """Whether the recipient knows of more than we ever sent: our memory is an old copy, and needs `renumber`."""
        if ack.epoch != self.epoch:
            return ack.epoch > self.epoch
        highest = max((ack.through, *ack.beyond, *(number for number, _ in ack.voided)))
        return highest >= self.next_number

    def renumber(self, epoch: int) -> None:
        """Begin a new epoch: what is not settled is numbered from 1, in the same order."""
        entries = list(self._entries.values())
        self.epoch, self.next_number, self._received = epoch, len(entries) + 1, frozenset()
        self._entries = {number: replace(entry, number=number) for number, entry in enumerate(entries, start=1)}


def pack(entries: Iterable[Entry], budget: int) -> Iterator[list[Entry]]:
    """Cut items into lists that fit into packets of `budget` bytes, in their order; no list is empty."""
    batch: list[Entry] = []
    left = budget
    for entry in entries:
        if batch and (entry.weight > left or len(batch) == ITEMS):
            yield batch
            batch, left = [], budget
        batch.append(entry)
        left -= entry.weight
    if batch:
        yield batch

"""One's own addresses: several, each with a label for where it was published, each changed without the others.

Whoever asks to be friends must name the word ("nospam") in one of them. A word that was changed is worth nothing:
requests that name it are void ("old address"). Friends are not touched by any of it: between them the word plays no
part.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from wherry_signaling.address import NOSPAM_BYTES, Address
from wherry_signaling.identity import PeerId

from ..errors import BadRequest, TooManyAddresses, UnknownLabel
from ..store.database import Database
from .address_store import AddressStore, Nospam
from .bodies import one_line
from .events import AddressesChanged
from .limits import ADDRESSES, NAME_CHARACTERS


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelledAddress:
    """One address of ours.

    :param label: empty for the one in `wherry id`.
    :param since: when its word was drawn, seconds since 1970; 0: nobody knows.
    """

    label: str
    address: Address
    since: float


class Addresses:
    """See the module.

    :param wall_clock: seconds since 1970.
    :param random: so many random bytes.
    :param on_event: told of each change, once it is kept.
    """

    def __init__(
        self,
        me: PeerId,
        database: Database,
        *,
        wall_clock: Callable[[], float],
        random: Callable[[int], bytes],
        on_event: Callable[[AddressesChanged], None],
    ) -> None:
        self._me, self._database = me, database
        self._wall_clock, self._random, self._on_event = wall_clock, random, on_event
        self._store = AddressStore(database)
        if self._store.all() == []:
            self._draw("")

    def list(self) -> list[LabelledAddress]:
        """All of them; the unlabelled one is first."""
        return [self._labelled(one) for one in self._store.all()]

    def get(self, label: str = "") -> Address:
        """The address with a label.

        :raises UnknownLabel: if there is none.
        """
        return next((one.address for one in self.list() if one.label == label), None) or _unknown(label)

    def new(self, label: str) -> LabelledAddress:
        """One more.

        :raises BadRequest: if the label is empty, or in use.
        :raises TooManyAddresses: if there are as many as may be.
        :raises DiskFull: if it cannot be kept.
        """
        label = one_line(label)[:NAME_CHARACTERS].strip()
        labels = [one.label for one in self._store.all()]
        if not label or label in labels:
            raise BadRequest("that label is in use" if label else "it has no label", hint="Choose another label.")
        if len(labels) >= ADDRESSES:
            raise TooManyAddresses(f"there are {len(labels)}")
        return self._draw(label)

    def rotate(self, label: str = "") -> LabelledAddress:
        """A new word for the address with a label: the old address is dead from now on, friends stay.

        :raises UnknownLabel: if there is none.
        :raises DiskFull: if it cannot be kept.
        """
        self.get(label)
        return self._draw(label)

    def remove(self, label: str) -> None:
        """Have one less; the unlabelled one stays.

        :raises UnknownLabel: if there is none.
        :raises BadRequest: if it is the unlabelled one.
        """
        if not label:
            raise BadRequest("the address without a label stays", hint="Rotate it.")
        with self._database.write():
            if not self._store.remove(label):
                _unknown(label)
            self._database.after_commit(lambda: self._on_event(AddressesChanged()))

    def nospams(self) -> frozenset[bytes]:
        """The words that count now, for request tags."""
        return frozenset(one.nospam for one in self._store.all())

    def is_current(self, nospam: bytes) -> bool:
        """Whether an address of ours has that word."""
        return self._store.label_of(nospam) is not None

    def _draw(self, label: str) -> LabelledAddress:
        drawn = Nospam(label=label, nospam=self._random(NOSPAM_BYTES), since=self._wall_clock())
        with self._database.write():
            self._store.put(drawn)
            self._database.after_commit(lambda: self._on_event(AddressesChanged()))
        return self._labelled(drawn)

    def _labelled(self, one: Nospam) -> LabelledAddress:
        return LabelledAddress(label=one.label, address=Address(self._me, one.nospam), since=one.since)


def _unknown(label: str) -> Address:
    raise UnknownLabel(repr(label))

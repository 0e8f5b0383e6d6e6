"""The crawl towards a key along disjoint paths, as a state machine: S/Kademlia, section 4.4.

The seeds are dealt out to d paths. Each path asks the nearest contacts it knows of, a few at a time, and hears of
nearer ones; no node is asked on two paths, so a liar misleads one path at most, and cannot make it hear from the
others. A path has ended when the k nearest it knows of were all asked. ::

    crawl = Crawl(key, seeds, own_id=...)
    while not crawl.done(...):
        for ask in crawl.asks():            # send FIND to ask.contact
            ...
        crawl.answered(ask, heard) | crawl.failed(ask) | crawl.slow(ask)

It is fed with what comes and asked what to do: no I/O, no clock, no randomness. Rounds do not wait for the slowest:
a request that is slow gives its place free and still counts when it is answered. What liars can cost is bounded:
requests and contacts per path, endpoints per id; and who names only contacts that nobody can reach is not listened
to further.
"""

from __future__ import annotations

import bisect
import heapq
from collections.abc import Iterable, Iterator, Sequence
from enum import Enum, auto

from .contact import Contact
from .endpoint import Endpoint
from .limits import ASKS_PER_PATH, CANDIDATES_PER_PATH, DEAD_ENDS, ENDPOINTS_PER_ID, PARALLEL, PATHS, K


class Step(Enum):
    """Where a candidate stands; the transitions are those of `TRANSITIONS`."""

    HEARD = auto()
    ASKED = auto()
    SLOW = auto()
    ANSWERED = auto()
    FAILED = auto()
    DROPPED = auto()


TRANSITIONS: dict[Step, frozenset[Step]] = {
    Step.HEARD: frozenset({Step.ASKED, Step.DROPPED}),
    Step.ASKED: frozenset({Step.SLOW, Step.ANSWERED, Step.FAILED}),
    Step.SLOW: frozenset({Step.ANSWERED, Step.FAILED}),
    Step.ANSWERED: frozenset(),
    Step.FAILED: frozenset(),
    Step.DROPPED: frozenset(),
}


class Ask:
    """A contact on one path: who named it, how many hops away it is, and where it stands."""

    __slots__ = ("_step", "alive", "contact", "dead", "hops", "named_by", "path")

    def __init__(self, contact: Contact, path: int, named_by: Ask | None) -> None:
        self.contact = contact
        self.path = path
        self.named_by = named_by
        self.hops: int = 1 if named_by is None else named_by.hops + 1
        self._step = Step.HEARD
        #: Of the contacts it named: how many answered, how many failed.
        self.alive = self.dead = 0

    def __repr__(self) -> str:
        return f"<Ask {self.contact} on path {self.path}, {self._step.name.lower()}>"

    @property
    def step(self) -> Step:
        """Where it stands."""
        return self._step

    def to(self, step: Step) -> None:
        """Go on to `step`.

        :raises ValueError: if that is no transition of the table: a mistake of ours.
        """
        if step not in TRANSITIONS[self._step]:
            raise ValueError(f"{self._step.name} does not lead to {step.name}")
        self._step = step

    @property
    def misleads(self) -> bool:
        """Whether what it names is not worth a request."""
        return self.alive == 0 and self.dead >= DEAD_ENDS


class _Path:
    """The contacts one path knows of, nearest first."""

    def __init__(self, number: int, key: int) -> None:
        self.number = number
        self.known: list[tuple[int, int, Ask]] = []
        self.asked = 0
        self.waiting = 0
        self._key = key
        self._endpoints: dict[bytes, set[Endpoint]] = {}
        self._order = 0

    def hear(self, contact: Contact, named_by: Ask | None) -> None:
        seen = self._endpoints.setdefault(contact.id, set())
        if contact.endpoint in seen or len(seen) >= ENDPOINTS_PER_ID:
            return
        if len(self.known) >= CANDIDATES_PER_PATH and not self._forget_farther(contact):
            return
        seen.add(contact.endpoint)
        self._order += 1
        bisect.insort(self.known, (contact.distance(self._key), self._order, Ask(contact, self.number, named_by)))

    def _forget_farther(self, contact: Contact) -> bool:
        farther = self.known[-1][0] > contact.distance(self._key)
        if farther:
            self.known.pop()
        return farther

    def __iter__(self) -> Iterator[Ask]:
        return (ask for _, _, ask in self.known)


class Crawl:
    """Look for the nodes nearest to a key.

    :param key: 20 bytes.
    :param seeds: the nearest contacts of our table.
    :param own_id: 20 bytes: never asked.
    :param width: how many of the nearest a path must have asked to end: k.
    """

    def __init__(
        self,
        key: bytes,
        seeds: Iterable[Contact],
        *,
        own_id: bytes,
        paths: int = PATHS,
        parallel: int = PARALLEL,
        width: int = K,
    ) -> None:
        self.key = int.from_bytes(key, "big")
        self._own_id = own_id
        self._parallel, self._width = parallel, width
        self._paths = [_Path(number, self.key) for number in range(paths)]
        #: Who was asked, on whichever path: (id, endpoint).
        self._taken: set[tuple[bytes, Endpoint]] = set()
        self._answered: dict[bytes, Ask] = {}
        self._slow = 0
        nearest = sorted(seeds, key=lambda contact: contact.distance(self.key))
        for position, contact in enumerate(nearest):
            self._paths[position % paths].hear(contact, None)

    @property
    def asked(self) -> int:
        """How many were asked so far."""
        return len(self._taken)

    def asks(self) -> list[Ask]:
        """Who is to be asked now, on each path the nearest first; they count as asked from here on."""
        return [ask for path in self._paths for ask in self._asks_of(path)]

    def slow(self, ask: Ask) -> None:
        """No answer for a while: its path goes on without it."""
        if ask.step is Step.ASKED:
            ask.to(Step.SLOW)
            self._slow += 1
            self._paths[ask.path].waiting -= 1

    def answered(self, ask: Ask, heard: Sequence[Contact]) -> None:
        """It answered, and named `heard`."""
        self._ended(ask, Step.ANSWERED)
        self._answered.setdefault(ask.contact.id, ask)
        if ask.named_by is not None:
            ask.named_by.alive += 1
        path = self._paths[ask.path]
        for contact in heard:
            if contact.id != self._own_id:
                path.hear(contact, ask)

    def failed(self, ask: Ask) -> None:
        """It did not answer in time, or lied."""
        self._ended(ask, Step.FAILED)
        source = ask.named_by
        if source is not None:
            source.dead += 1
            if source.misleads:
                for other in self._paths[ask.path]:
                    if other.named_by is source and other.step is Step.HEARD:
                        other.to(Step.DROPPED)

    def done(self, *, patient: bool) -> bool:
        """Whether nothing is left to ask or to wait for.

        :param patient: whether to wait for slow ones too.
        """
        if patient and self._slow:
            return False
        return all(not path.waiting and next(self._next(path), None) is None for path in self._paths)

    def nearest(self, count: int) -> list[Ask]:
        """Of those that answered, on any path, the `count` nearest to the key, nearest first."""
        return heapq.nsmallest(count, self._answered.values(), key=lambda ask: ask.contact.distance(self.key))

    def nearest_of_each_path(self, count: int) -> list[Ask]:
        """Of those that answered, the `count` nearest of each path: a path that was misled is one of several."""
        found: list[Ask] = []
        for path in self._paths:
            mine = [ask for ask in path if self._answered.get(ask.contact.id) is ask]
            found += mine[:count]
        return found

    # -- inside -------------------------------------------------------------------------------------------------------

    def _asks_of(self, path: _Path) -> Iterator[Ask]:
        while path.waiting < self._parallel and (ask := next(self._next(path), None)) is not None:
            ask.to(Step.ASKED)
            self._taken.add((ask.contact.id, ask.contact.endpoint))
            path.asked += 1
            path.waiting += 1
            yield ask

    def _next(self, path: _Path) -> Iterator[Ask]:
        """Those among the path's nearest that nobody has asked."""
        if path.asked >= ASKS_PER_PATH:
            return
        near = 0
        for ask in path:
            if ask.step is Step.FAILED or ask.step is Step.DROPPED:
                continue
            if near >= self._width:
                return
            near += 1
            taken = ask.contact.id in self._answered or (ask.contact.id, ask.contact.endpoint) in self._taken
            if ask.step is Step.HEARD and not taken:
                yield ask

    def _ended(self, ask: Ask, step: Step) -> None:
        if ask.step is Step.SLOW:
            self._slow -= 1
        else:
            self._paths[ask.path].waiting -= 1
        ask.to(step)

"""How two peers who dial each other come to one connection: the rules for one pair, without I/O or clock.

One attempt is one peer connection and one offer, known by a random id. Copies of the offer travel along several ways;
any of them may be lost, late, doubled or held back. `Pair` takes what arrives and says what to do (an `Action`), by
these rules:

1. An attempt gets **one** answer. A repeated offer gets the same answer again, along the way it came by.
2. Both dialled at once: the offer of the smaller id wins. Its owner answers the other's offer with its own, at once,
   along that way, and never answers the other's later. The loser answers, but keeps its own attempt open until one
   of the two is: should the winner's offer be an old one that somebody held back, its own is still good.
3. A new offer never closes anything: it makes a candidate, which counts when it is open.
4. Of two offers from one peer that are under way, the later issued one counts.
5. An offer of another instance than the one that answered ours (a reloaded tab) is answered, whoever is smaller.

::

    mine:    PREPARING ─ offer ready ─▶ RINGING ─ answer ─▶ OPENING ─ open ─▶ OPEN
                  └─ theirs wins ─▶ YIELDED ─ answer ─▶ OPENING
    theirs:  ANSWERING ─ answer ready ─▶ ANSWERED ─ open ─▶ OPEN         LOST: mine won; never answered
    any state ─ failed, out of time, superseded ─▶ CLOSED
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from dataclasses import dataclass, field
from enum import Enum, auto

import msgspec

from wherry_signaling.signals import Answer, Candidates, Offer

from .limits import ATTEMPT_S, ATTEMPTS_REMEMBERED, CANDIDATES_WAITING, RING_AGAIN_S

#: How something came to us, so that a reply can go back: opaque here.
Way = Hashable


class State(Enum):
    """Where an attempt stands."""

    PREPARING = auto()
    RINGING = auto()
    YIELDED = auto()
    OPENING = auto()
    ANSWERING = auto()
    ANSWERED = auto()
    OPEN = auto()
    LOST = auto()
    CLOSED = auto()


class Event(Enum):
    """What can happen to an attempt."""

    OFFER_READY = auto()
    OTHER_WINS = auto()
    ANSWER_CAME = auto()
    ANSWER_READY = auto()
    OPENED = auto()
    ENDED = auto()


#: What is not in the table does not change the state.
TRANSITIONS: dict[tuple[State, Event], State] = {
    (State.PREPARING, Event.OFFER_READY): State.RINGING,
    (State.PREPARING, Event.OTHER_WINS): State.YIELDED,
    (State.RINGING, Event.OTHER_WINS): State.YIELDED,
    (State.RINGING, Event.ANSWER_CAME): State.OPENING,
    (State.YIELDED, Event.ANSWER_CAME): State.OPENING,
    (State.OPENING, Event.OPENED): State.OPEN,
    (State.ANSWERING, Event.ANSWER_READY): State.ANSWERED,
    (State.ANSWERED, Event.OPENED): State.OPEN,
    **{(state, Event.ENDED): State.CLOSED for state in State if state not in (State.LOST, State.CLOSED)},
}
UNDER_WAY = frozenset((State.PREPARING, State.RINGING, State.YIELDED, State.OPENING, State.ANSWERING, State.ANSWERED))


# -- what is to be done -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class MakeOffer:
    """Make a link and its offer; then call `offer_ready`."""

    attempt: bytes


@dataclass(frozen=True, slots=True)
class SendOffer:
    """Send the offer: along these ways, or, if there are none, race every way the peer's record names."""

    attempt: bytes
    offer: Offer
    ways: tuple[Way, ...] = ()


@dataclass(frozen=True, slots=True)
class MakeAnswer:
    """Make a link that answers this offer; then call `answer_ready`."""

    attempt: bytes
    offer: Offer


@dataclass(frozen=True, slots=True)
class SendAnswer:
    """Send the answer along these ways; the first time also over the introducers that the offer's record names."""

    attempt: bytes
    answer: Answer
    ways: tuple[Way, ...]
    everywhere: bool


@dataclass(frozen=True, slots=True)
class ApplyAnswer:
    """Give the answer to the attempt's link."""

    attempt: bytes
    answer: Answer


@dataclass(frozen=True, slots=True)
class AddCandidates:
    """Give late candidates to the attempt's link."""

    attempt: bytes
    candidates: Candidates


@dataclass(frozen=True, slots=True)
class CloseLink:
    """The attempt is over: close its link, if it has one. `why` says so in the trace."""

    attempt: bytes
    why: str


Action = MakeOffer | SendOffer | MakeAnswer | SendAnswer | ApplyAnswer | AddCandidates | CloseLink


@dataclass(slots=True)
class Attempt:
    """One attempt, as this end sees it."""

    id: bytes
    mine: bool
    state: State
    deadline: float
    ring_at: float = float("inf")
    offer: Offer | None = None
    answer: Answer | None = None
    ways: list[Way] = field(default_factory=list)
    early: list[Candidates] = field(default_factory=list)

    @property
    def under_way(self) -> bool:
        """Whether it may still become a connection and is none yet."""
        return self.state in UNDER_WAY

    @property
    def has_link(self) -> bool:
        """Whether candidates can be given to it."""
        return self.state in (State.OPENING, State.ANSWERED) or (self.mine and self.state is State.RINGING)


class Pair:
    """All attempts between us and one peer.

    :param smaller: whether our public key is the smaller of the two.
    """

    def __init__(self, *, smaller: bool) -> None:
        self.smaller = smaller
        self.attempts: dict[bytes, Attempt] = {}

    # -- asked of us ----------------------------------------------------------------------------------------------

    def dial(self, attempt: bytes, now: float) -> list[Action]:
        """Begin an attempt of our own, unless one of ours is under way."""
        if self._mine() is not None:
            return []
        self._remember(Attempt(attempt, True, State.PREPARING, now + ATTEMPT_S))
        return [MakeOffer(attempt)]

    def offer_ready(self, attempt: bytes, offer: Offer, now: float) -> list[Action]:
        """Our link has its offer."""
        mine = self.attempts.get(attempt)
        if mine is None or not mine.under_way:
            return [CloseLink(attempt, "it was over before its offer was ready")]
        mine.offer = offer
        mine.ring_at = now + RING_AGAIN_S
        self._step(mine, Event.OFFER_READY)
        ways, mine.ways = tuple(mine.ways), []
        return [SendOffer(attempt, offer), *([SendOffer(attempt, offer, ways)] if ways else [])]

    def answer_ready(self, attempt: bytes, answer: Answer) -> list[Action]:
        """Our link has its answer to their offer."""
        theirs = self.attempts.get(attempt)
        if theirs is None or theirs.state is not State.ANSWERING:
            return [CloseLink(attempt, "it was over before its answer was ready")]
        theirs.answer = answer
        self._step(theirs, Event.ANSWER_READY)
        return [SendAnswer(attempt, answer, tuple(theirs.ways), True), *self._early(theirs)]

    # -- received -------------------------------------------------------------------------------------------------

    def receive_offer(self, offer: Offer, way: Way, now: float) -> list[Action]:
        """A copy of an offer came by `way`; its signature was checked."""
        known = self.attempts.get(offer.attempt)
        if known is not None and (known.mine or known.offer is not None):
            return self._repeated(known, way)
        mine, theirs = self._mine(), self._theirs()
        actions: list[Action] = []
        if theirs is not None:
            if theirs.offer is not None and theirs.offer.issued > offer.issued:
                self._remember(_lost(offer, now))
                return []
            actions += self._end(theirs, "the peer has begun another attempt")
        early = known.early if known is not None else []
        restarted = mine is not None and mine.answer is not None and mine.answer.instance != offer.instance
        if mine is not None and self.smaller and not restarted:
            self._remember(_lost(offer, now))
            if mine.offer is None:
                mine.ways.append(way)
                return actions
            return [*actions, SendOffer(mine.id, mine.offer, (way,))]
        if mine is not None:
            self._step(mine, Event.OTHER_WINS)
        attempt = Attempt(offer.attempt, False, State.ANSWERING, now + ATTEMPT_S, offer=offer, ways=[way], early=early)
        self._remember(attempt)
        return [*actions, MakeAnswer(offer.attempt, offer)]

    def receive_answer(self, answer: Answer) -> list[Action]:
        """An answer came; that it is bound to our offer by its hash was checked."""
        mine = self.attempts.get(answer.attempt)
        if mine is None or not mine.mine or not self._step(mine, Event.ANSWER_CAME):
            return []
        mine.answer = answer
        mine.ring_at = float("inf")
        return [ApplyAnswer(mine.id, answer), *self._early(mine)]

    def receive_candidates(self, candidates: Candidates, now: float) -> list[Action]:
        """Late candidates came, perhaps before the offer they belong to."""
        attempt = self.attempts.get(candidates.attempt)
        if attempt is None:
            for other in self.attempts.values():
                if not other.mine and other.offer is None:
                    other.early.clear()  # one unknown attempt at a time: who invents them fills no memory
            attempt = Attempt(candidates.attempt, False, State.CLOSED, now + ATTEMPT_S)
            self._remember(attempt)
        if attempt.has_link and not attempt.early:
            return [AddCandidates(attempt.id, candidates)]
        if len(attempt.early) < CANDIDATES_WAITING and (attempt.under_way or attempt.offer is None):
            attempt.early.append(candidates)
        return []

    def opened(self, attempt: bytes) -> list[Action]:
        """The attempt's link is open and both ends have greeted each other: lesser ones are superfluous.

        Both ends rank attempts alike, so that they never keep a different one each. One that was open before has
        given its place to this one.
        """
        winner = self.attempts.get(attempt)
        if winner is None or not self._step(winner, Event.OPENED):
            return []
        actions: list[Action] = []
        for other in list(self.attempts.values()):
            replaced = other is not winner and other.state is State.OPEN
            if replaced or (other.under_way and self._rank(other) < self._rank(winner)):
                actions += self._end(other, "another attempt is open")
        return actions

    def ended(self, attempt: bytes, why: str) -> list[Action]:
        """The attempt's link failed, or was closed after it had been open."""
        known = self.attempts.get(attempt)
        return [] if known is None else self._end(known, why)

    # -- time -----------------------------------------------------------------------------------------------------

    def next_deadline(self) -> float | None:
        """When `tick` is to be called next, if ever."""
        return min((min(one.deadline, one.ring_at) for one in self._under_way()), default=None)

    def tick(self, now: float) -> list[Action]:
        """Ring again where no answer came; end what is out of time."""
        actions: list[Action] = []
        for attempt in list(self._under_way()):
            if attempt.deadline <= now:
                actions += self._end(attempt, "out of time")
            elif attempt.ring_at <= now and attempt.offer is not None:
                attempt.ring_at = now + RING_AGAIN_S
                actions.append(SendOffer(attempt.id, attempt.offer))
        return actions

    @property
    def busy(self) -> bool:
        """Whether any attempt is under way."""
        return any(True for _ in self._under_way())

    # -- inside ---------------------------------------------------------------------------------------------------

    def is_mine(self, attempt: bytes) -> bool:
        """Whether it is an attempt of ours that is under way."""
        known = self.attempts.get(attempt)
        return known is not None and known.mine and known.under_way

    def outranks(self, attempt: bytes, other: bytes) -> bool:
        """Whether of two attempts that open at the same time both ends keep `attempt`."""
        one, two = self.attempts.get(attempt), self.attempts.get(other)
        return one is not None and two is not None and self._rank(one) > self._rank(two)

    def _rank(self, attempt: Attempt) -> tuple[bool, int]:
        """The smaller id's offers before the other's, later ones before earlier ones."""
        return attempt.mine is self.smaller, attempt.offer.issued if attempt.offer is not None else 0

    def _repeated(self, known: Attempt, way: Way) -> list[Action]:
        if known.state is State.ANSWERING:
            if way not in known.ways:
                known.ways.append(way)
            return []
        if known.state is State.ANSWERED and known.answer is not None:
            return [SendAnswer(known.id, known.answer, (way,), False)]
        mine = self._mine()
        if known.state is State.LOST and mine is not None and mine.offer is not None and self.smaller:
            return [SendOffer(mine.id, mine.offer, (way,))]
        return []

    def _step(self, attempt: Attempt, event: Event) -> bool:
        state = TRANSITIONS.get((attempt.state, event))
        if state is not None:
            attempt.state = state
        return state is not None

    def _end(self, attempt: Attempt, why: str) -> list[Action]:
        if not self._step(attempt, Event.ENDED):
            return []
        attempt.early.clear()
        attempt.offer, attempt.answer = _without_words(attempt.offer), None
        return [CloseLink(attempt.id, why)]

    def _early(self, attempt: Attempt) -> list[Action]:
        early, attempt.early = attempt.early, []
        return [AddCandidates(attempt.id, candidates) for candidates in early]

    def _under_way(self) -> Iterator[Attempt]:
        return (attempt for attempt in self.attempts.values() if attempt.under_way)

    def _mine(self) -> Attempt | None:
        return next((attempt for attempt in self._under_way() if attempt.mine), None)

    def _theirs(self) -> Attempt | None:
        return next((attempt for attempt in self._under_way() if not attempt.mine), None)

    def _remember(self, attempt: Attempt) -> None:
        self.attempts[attempt.id] = attempt
        if len(self.attempts) > ATTEMPTS_REMEMBERED:
            for key, old in list(self.attempts.items()):
                if not old.under_way and old.state is not State.OPEN:
                    del self.attempts[key]
                    return


def _lost(offer: Offer, now: float) -> Attempt:
    return Attempt(offer.attempt, False, State.LOST, now, offer=_without_words(offer))


def _without_words(offer: Offer | None) -> Offer | None:
    """What is remembered of an offer that is over: that it was there, and when it was issued; not its 13 kB."""
    return None if offer is None else msgspec.structs.replace(offer, sdp="", record=b"")

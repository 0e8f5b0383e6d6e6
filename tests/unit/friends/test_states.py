"""The table of friendship: every step of it, words that cross, and two sides that agree in a calm hour."""

from __future__ import annotations

from collections import deque
from random import Random

import pytest
from hypothesis import settings, strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from wherry.friends.states import TABLE, Event, Friendship, Said, State, Word, fate, they, we
from wherry.messages.packets import Kind, Reason

OURS = (Event.REQUEST, Event.ACCEPT, Event.DECLINE, Event.WITHDRAW, Event.REMOVE, Event.UNBLOCK)
#: What may hold at both ends when nothing is under way; blocking is a matter of one side.
AGREED = {
    (State.FRIENDS, State.FRIENDS),
    (State.SENT, State.RECEIVED),
    (State.RECEIVED, State.SENT),
    *((one, other) for one in (State.STRANGER, State.DECLINED) for other in (State.STRANGER, State.DECLINED)),
    *((State.BLOCKED, other) for other in (State.STRANGER, State.DECLINED, State.BLOCKED)),
    *((other, State.BLOCKED) for other in (State.STRANGER, State.DECLINED)),
}


class Side:
    """One side over a channel that hands its words on once and in order, each with a verdict that travels back."""

    def __init__(self, name: int) -> None:
        self.name = name
        self.now = Friendship()
        self.out: deque[Said] = deque()
        self.verdicts: deque[tuple[bytes, int | None]] = deque()
        self._ids = 0

    def id(self) -> bytes:
        self._ids += 1
        return bytes([self.name]) + self._ids.to_bytes(15, "big")

    def do(self, event: Event) -> bool:
        outcome = we(self.now, event, self.id())
        if outcome is None:
            return False
        self._take(outcome.friendship, outcome.say)
        return True

    def _take(self, friendship: Friendship, say: Said | None) -> None:
        self.now = friendship
        if say is not None:
            self.out.append(say)

    def hear(self, other: Side, refusal: int | None) -> None:
        """Take the other's next word, or decide against it where that may happen: then nothing of it is kept."""
        said = other.out.popleft()
        reason = refusal if said.kind == Kind.REQUEST else None
        if reason is None:
            outcome = they(self.now, said.kind, said.id, said.about, self.id())
            reason = outcome.refuse
            if reason is None:
                self._take(outcome.friendship, outcome.say)
        other.verdicts.append((said.id, reason))

    def settle(self, at: int) -> None:
        """A verdict is back; they come in any order."""
        self.verdicts.rotate(-(at % len(self.verdicts)))
        word, reason = self.verdicts.popleft()
        outcome = fate(self.now, word, reason, self.id())
        if outcome is not None:
            self._take(outcome.friendship, outcome.say)


def agree(one: Side, other: Side) -> None:
    """A calm hour: everything arrives; then both must hold the same."""
    for _ in range(100):
        for here, there in ((one, other), (other, one)):
            while there.out:
                here.hear(there, None)
            while there.verdicts:
                there.settle(0)
        if not any(side.out or side.verdicts for side in (one, other)):
            break
    assert (one.now.state, other.now.state) in AGREED, (one.now, other.now)
    for here, there in ((one.now, other.now), (other.now, one.now)):
        assert here.said is None
        if State.BLOCKED not in (here.state, there.state):
            assert (here.ours and here.ours.id) == (there.theirs and there.theirs.id)


class TwoSides(RuleBasedStateMachine):
    # Invariant: whatever either side does, and whatever crosses, is refused or expires on the way, once all words and
    # verdicts have arrived both sides hold the same of each other, and each knows the other's word that stands.

    @initialize()
    def meet(self) -> None:
        self.sides = (Side(1), Side(2))

    @rule(side=st.integers(0, 1), which=st.integers(0, 5))
    def act(self, side: int, which: int) -> None:
        possible = [event for event in OURS if (self.sides[side].now.state, event) in TABLE]
        self.sides[side].do(possible[which % len(possible)])

    @rule(side=st.integers(0, 1))
    def block(self, side: int) -> None:
        self.sides[side].do(Event.BLOCK)

    @rule(to=st.integers(0, 1), words=st.integers(1, 3))
    def deliver(self, to: int, words: int) -> None:
        for _ in range(min(words, len(self.sides[1 - to].out))):
            self.sides[to].hear(self.sides[1 - to], None)

    @rule(to=st.integers(0, 1), refusal=st.sampled_from([Reason.FULL, Reason.OLD_ADDRESS, Reason.EXPIRED]))
    def refuse(self, to: int, refusal: int) -> None:
        if self.sides[1 - to].out:
            self.sides[to].hear(self.sides[1 - to], refusal)

    @rule(side=st.integers(0, 1), at=st.integers(0, 5))
    def acknowledge(self, side: int, at: int) -> None:
        if self.sides[side].verdicts:
            self.sides[side].settle(at)

    @precondition(lambda self: hasattr(self, "sides"))
    @invariant()
    def words_fit_states(self) -> None:
        for side in self.sides:
            now = side.now
            assert (now.ours is not None) == (now.state in (State.SENT, State.FRIENDS))
            assert (now.theirs is not None) == (now.state in (State.RECEIVED, State.FRIENDS))
            assert (now.reason is not None) == (now.state is State.DECLINED)

    def teardown(self) -> None:
        if hasattr(self, "sides"):
            agree(*self.sides)


TwoSides.TestCase.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
TestTwoSides = TwoSides.TestCase


def test_two_sides_agree_after_thousands_of_short_schedules() -> None:
    # Invariant: as above. Short schedules, mostly of what a person can do, find what crosses sooner than long ones.
    random = Random(3)
    for _ in range(6000):
        sides = (Side(1), Side(2))
        for _ in range(random.randint(4, 16)):
            here, there = random.choice((sides, sides[::-1]))
            chance = random.random()
            if chance < 0.5:
                possible = [event for event in OURS if (here.now.state, event) in TABLE]
                here.do(random.choice(possible))
            elif chance < 0.53:
                here.do(Event.BLOCK)
            elif chance < 0.9 and there.out:
                late = random.choice([Reason.EXPIRED, Reason.FULL]) if random.random() < 0.05 else None
                here.hear(there, late)
            elif here.verdicts:
                here.settle(random.randrange(6))
        agree(*sides)


def talk(*steps: tuple[int, Event] | int) -> tuple[State, State]:
    """Sides 0 and 1: `(side, event)` is done, a number is the side that hears the other's next word."""
    sides = (Side(1), Side(2))
    for step in steps:
        if isinstance(step, tuple):
            assert sides[step[0]].do(step[1]), step
        else:
            sides[step].hear(sides[1 - step], None)
    return sides[0].now.state, sides[1].now.state


def test_asking_and_accepting() -> None:
    assert talk((0, Event.REQUEST)) == (State.SENT, State.STRANGER)
    assert talk((0, Event.REQUEST), 1) == (State.SENT, State.RECEIVED)
    assert talk((0, Event.REQUEST), 1, (1, Event.ACCEPT), 0) == (State.FRIENDS, State.FRIENDS)
    assert talk((0, Event.REQUEST), 1, (1, Event.DECLINE), 0) == (State.DECLINED, State.STRANGER)
    assert talk((0, Event.REQUEST), (0, Event.WITHDRAW), 1, 1) == (State.STRANGER, State.STRANGER)


def test_requests_that_cross_are_a_friendship() -> None:
    assert talk((0, Event.REQUEST), (1, Event.REQUEST), 0, 1) == (State.FRIENDS, State.FRIENDS)


def test_a_withdrawal_that_crosses_a_request_leaves_that_request() -> None:
    crossed = [(0, Event.REQUEST), (1, Event.REQUEST), (1, Event.WITHDRAW), 0, 0, 1]
    assert talk(*crossed) == (State.SENT, State.RECEIVED)


def test_a_late_acceptance_makes_no_friend_of_a_newer_request() -> None:
    late = [(0, Event.REQUEST), 1, (1, Event.ACCEPT), (0, Event.WITHDRAW), (0, Event.REQUEST), 0, 1, 1]
    assert talk(*late) == (State.SENT, State.RECEIVED)


def test_a_removal_that_crosses_a_new_request_does_not_end_it() -> None:
    friends = [(0, Event.REQUEST), 1, (1, Event.ACCEPT), 0]
    crossed = [(0, Event.REMOVE), (0, Event.REQUEST), (1, Event.REMOVE), 0, 1, 1]
    assert talk(*friends, *crossed) == (State.SENT, State.RECEIVED)


def test_whoever_is_blocked_hears_refused() -> None:
    blocked = Friendship(state=State.BLOCKED)
    for kind in (Kind.REQUEST, Kind.ACCEPT, Kind.DECLINE, Kind.WITHDRAW, Kind.REMOVE):
        outcome = they(blocked, kind, bytes(16), None, bytes(16))
        assert (outcome.friendship, outcome.refuse) == (blocked, Reason.REFUSED)


@pytest.mark.parametrize("reason", [Reason.OLD_ADDRESS, Reason.FULL, Reason.REFUSED, Reason.EXPIRED])
def test_a_request_that_is_void_is_declined_with_the_reason(reason: Reason) -> None:
    sent = Friendship(state=State.SENT, ours=Word(bytes(16)), said=Said(Kind.REQUEST, bytes(16)))
    outcome = fate(sent, bytes(16), reason, b"f" * 16)
    assert outcome is not None
    assert outcome.friendship == Friendship(state=State.DECLINED, reason=reason)


def test_every_state_can_be_entered_and_left() -> None:
    for state in State:
        assert any(before is not state and step.state is state for (before, _), step in TABLE.items())
        assert any(before is state and step.state is not state for (before, _), step in TABLE.items())
    assert {event for _, event in TABLE} == set(Event)

"""Two peers over a network that loses, repeats, reorders and spoils; with crashes, lost and old states, gone prekeys.

60 schedules each; with WHERRY_FULL=1 in the environment 5,000, which takes some minutes.
"""

from __future__ import annotations

import os
from dataclasses import dataclass

import msgspec
from hypothesis import HealthCheck, settings, strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from ratcheting import SIGNED, two_sides

from wherry.ratchet.limits import SESSIONS, SKIPPED_KEYS
from wherry_signaling.errors import CannotOpen
from wherry_signaling.letters import Message, Retry

SCHEDULES = 5000 if os.environ.get("WHERRY_FULL") else 60
WHO = st.integers(0, 1)
PLACE = st.integers(0, 1000)


@dataclass(eq=False)
class Sent:
    """A message on its way, and what it says."""

    to: int
    message: Message
    plaintext: bytes


class CalmParties(RuleBasedStateMachine):
    # Invariant: all that arrives opens, as what was sent, and once; what was spoiled is refused and changes nothing.

    @initialize()
    def meet(self) -> None:
        self.sides = two_sides()
        self.count = 0
        self.wire: list[Sent] = []
        self.retries: list[tuple[int, Retry]] = []
        self.opened: list[Sent] = []
        self.saved: list[bytes] = [b""] * 2
        #: Whether a state, or a key that somebody may still use, was lost.
        self.rough = False

    # -- the network --------------------------------------------------------------------------------------------------

    @rule(who=WHO, one_time=st.booleans(), times=st.integers(1, 5))
    def send(self, who: int, one_time: bool, times: int) -> None:
        for _ in range(times):
            self.count += 1
            plaintext = b"message %d" % self.count
            sender, other = self.sides[who], self.sides[1 - who]
            self.wire.append(Sent(1 - who, sender.send(plaintext, other, one_time=one_time), plaintext))

    @precondition(lambda self: self.wire)
    @rule(place=PLACE)
    def deliver(self, place: int) -> None:
        self._arrives(self.wire.pop(place % len(self.wire)))

    @precondition(lambda self: self.wire)
    @rule()
    def deliver_all(self) -> None:
        while self.wire:
            self._arrives(self.wire.pop(0))

    @precondition(lambda self: self.wire)
    @rule(place=PLACE)
    def lose(self, place: int) -> None:
        self.wire.pop(place % len(self.wire))

    @precondition(lambda self: self.opened)
    @rule(place=PLACE)
    def repeat(self, place: int) -> None:
        """As long as the session is here, a second copy is refused by the ratchet alone."""
        sent = self.opened[place % len(self.opened)]
        if any(one.ratchet.session == sent.message.session for one in self.sides[sent.to].sessions._all):
            self._is_refused(sent.to, sent.message)

    @precondition(lambda self: self.wire)
    @rule(place=PLACE, bit=st.integers(0, 10_000), part=st.sampled_from(["session", "header", "box"]))
    def spoil(self, place: int, bit: int, part: str) -> None:
        sent = self.wire[place % len(self.wire)]
        data = bytearray(getattr(sent.message, part))
        data[bit // 8 % len(data)] ^= 1 << bit % 8
        self._is_refused(sent.to, msgspec.structs.replace(sent.message, **{part: bytes(data)}))

    # -- the sides ----------------------------------------------------------------------------------------------------

    @rule(who=WHO)
    def restart(self, who: int) -> None:
        self.sides[who].restart()

    # -- what holds ---------------------------------------------------------------------------------------------------

    @invariant()
    def nothing_grows_without_bound(self) -> None:
        for side in getattr(self, "sides", ()):
            assert len(side.sessions._all) <= SESSIONS
            for one in side.sessions._all:
                assert sum(len(chain.keys) for chain in one.ratchet.skipped) <= SKIPPED_KEYS
                assert all(chain.keys for chain in one.ratchet.skipped)

    # -- helpers ------------------------------------------------------------------------------------------------------

    def _arrives(self, sent: Sent) -> None:
        side = self.sides[sent.to]
        before = side.sessions.to_bytes(), dict(side.prekeys.here)
        try:
            plaintext = side.open(sent.message)
        except CannotOpen:
            assert self.rough, f"{sent.plaintext!r} arrived and did not open"
            assert (side.sessions.to_bytes(), side.prekeys.here) == before
            self.retries.append((1 - sent.to, side.retry(sent.message.session)))
            return
        assert plaintext == sent.plaintext
        assert sent not in self.opened
        self.opened.append(sent)

    def _is_refused(self, to: int, message: Message) -> None:
        side = self.sides[to]
        before = side.sessions.to_bytes(), dict(side.prekeys.here)
        try:
            side.open(message)
        except CannotOpen:
            assert (side.sessions.to_bytes(), side.prekeys.here) == before
        else:
            raise AssertionError("it opened")


class RoughParties(CalmParties):
    # Invariant: what opens is what was sent; what does not open changes nothing; whatever states and keys were lost,
    # two words each way and their retries mend it.

    @precondition(lambda self: self.retries)
    @rule(place=PLACE)
    def deliver_retry(self, place: int) -> None:
        self._retry_arrives(*self.retries.pop(place % len(self.retries)))

    @rule(who=WHO)
    def save(self, who: int) -> None:
        self.saved[who] = self.sides[who].sessions.to_bytes()

    @rule(who=WHO)
    def set_back(self, who: int) -> None:
        """An old copy of the disk; once it is nothing at all, everything is lost."""
        self.sides[who].restart(self.saved[who])
        self._forget_opened(who)

    @rule(who=WHO)
    def new_prekey(self, who: int) -> None:
        """The signed prekey is gone, and those that are named by it: one-time ones too."""
        side = self.sides[who]
        side.prekeys.here = {SIGNED: side.new_signed_prekey()}
        self.rough = True

    @rule(who=WHO)
    def begin_again(self, who: int) -> None:
        """Nobody asked for it."""
        side, other = self.sides[who], self.sides[1 - who]
        side.sessions.begin(other.bundle(), side.random)
        self.rough = True  # more than four, and messages under way find their session dropped

    def teardown(self) -> None:
        if not hasattr(self, "sides"):
            return
        self.wire.clear()
        for _ in range(2):
            for who in (0, 1):
                self.send(who, False, 1)
                self.deliver_all()
                while self.retries:
                    self._retry_arrives(*self.retries.pop())
        self.rough = False
        for who in (0, 1, 1, 0):
            self.send(who, False, 1)
            self.deliver_all()

    def _retry_arrives(self, to: int, retry: Retry) -> None:
        side = self.sides[to]
        named = side.sessions.current == retry.session
        assert side.sessions.retried(retry, side.random) is named

    def _forget_opened(self, who: int) -> None:
        """What was opened since is not known any more, and may open again: names of envelopes are remembered above."""
        self.opened = [sent for sent in self.opened if sent.to != who]
        self.rough = True


SETTINGS = settings(
    max_examples=SCHEDULES, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck)
)
TestCalmParties, TestRoughParties = CalmParties.TestCase, RoughParties.TestCase
TestCalmParties.settings = TestRoughParties.settings = SETTINGS

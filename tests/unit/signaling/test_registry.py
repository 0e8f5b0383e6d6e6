"""Reservations, deliveries, ways back and admission: what an endpoint remembers, and for how long."""

from __future__ import annotations

import pytest
from hypothesis import settings, strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from wherry_signaling.errors import NoReservation, Quota
from wherry_signaling.limits import (
    DELIVER_S,
    ENVELOPES_WAITING,
    HANDSHAKES_PER_ADDRESS,
    HANDSHAKES_PER_S,
    RESERVATION_S,
    RESERVATIONS_PER_NETWORK,
    SOCKETS_PER_NETWORK,
    WAYS_BACK,
)
from wherry_signaling.server.admission import Admission, Source
from wherry_signaling.server.deliveries import Deliveries
from wherry_signaling.server.registry import Registry
from wherry_signaling.server.ways_back import WaysBack
from wherry_signaling.wire import Status

SOURCE = Source.of(("8.8.4.4", 1))
keys = st.sampled_from([bytes([n]) * 32 for n in range(4)])
holders = st.sampled_from("abcd")


class Reservations(RuleBasedStateMachine):
    """The registry against a plain model: key → (holder, when it ends)."""

    def __init__(self) -> None:
        super().__init__()
        self.registry: Registry[str] = Registry()
        self.model: dict[bytes, tuple[str, float]] = {}
        self.now = 0.0

    @rule(seconds=st.floats(0, 2000))
    def time_passes(self, seconds: float) -> None:
        self.now += seconds

    @rule(key=keys, holder=holders, seconds=st.integers(1, 10_000))
    def register(self, key: bytes, holder: str, seconds: int) -> None:
        self.registry.register(key, holder, SOURCE, seconds=seconds, now=self.now)
        self.model[key] = (holder, self.now + min(seconds, RESERVATION_S))

    @rule(key=keys, holder=holders, seconds=st.integers(1, 10_000))
    def renew(self, key: bytes, holder: str, seconds: int) -> None:
        held, ends = self.model.get(key, ("", 0.0))
        if held == holder and ends > self.now:
            self.registry.renew(key, holder, seconds=seconds, now=self.now)
            self.model[key] = (holder, self.now + min(seconds, RESERVATION_S))
        else:
            with pytest.raises(NoReservation):
                self.registry.renew(key, holder, seconds=seconds, now=self.now)

    @rule(key=keys, holder=holders)
    def release(self, key: bytes, holder: str) -> None:
        self.registry.release(key, holder)
        if self.model.get(key, ("", 0.0))[0] == holder:
            del self.model[key]

    @rule()
    def sweep(self) -> None:
        self.registry.sweep(self.now)
        assert len(self.registry) == sum(ends > self.now for _, ends in self.model.values())

    @invariant()
    def finds_what_the_model_has(self) -> None:
        # Invariant: a key is found with its latest holder, exactly while its reservation lasts.
        for key in (bytes([n]) * 32 for n in range(4)):
            holder, ends = self.model.get(key, ("", 0.0))
            found = self.registry.find(key, self.now)
            assert (found.holder if found else "") == (holder if ends > self.now else "")


TestReservations = Reservations.TestCase
TestReservations.settings = settings(max_examples=40, stateful_step_count=30, deadline=None)


def test_one_network_does_not_take_all_reservations() -> None:
    registry: Registry[int] = Registry()
    for number in range(RESERVATIONS_PER_NETWORK):
        source = Source.of((f"8.8.4.{number % 250}", 1))
        registry.register(number.to_bytes(32, "big"), number, source, seconds=60, now=0)
    with pytest.raises(Quota):
        registry.register(b"x" * 32, -1, SOURCE, seconds=60, now=0)
    registry.register(b"y" * 32, -1, Source.of(("8.8.5.1", 1)), seconds=60, now=0)  # the next network
    registry.register(bytes(32), -2, SOURCE, seconds=60, now=0)  # again the same peer: it takes no more room
    registry.release((1).to_bytes(32, "big"), 1)
    registry.register(b"x" * 32, -1, SOURCE, seconds=60, now=0)


def test_a_whole_mesh_on_one_private_host() -> None:
    registry: Registry[int] = Registry(most=1000)
    for number in range(1000):
        registry.register(number.to_bytes(32, "big"), number, Source.of(("127.0.0.1", 1)), seconds=60, now=0)
    with pytest.raises(Quota):
        registry.register(b"x" * 32, -1, Source.of(("127.0.0.1", 1)), seconds=60, now=0)


class Fates(RuleBasedStateMachine):
    """Deliveries: each ends once, and as it should."""

    def __init__(self) -> None:
        super().__init__()
        self.deliveries: Deliveries[str] = Deliveries()
        self.now = 0.0
        self.open: dict[int, tuple[str, float]] = {}
        self.expected: dict[int, Status] = {}
        self.heard: dict[int, list[Status]] = {}

    @rule(recipient=holders)
    def send(self, recipient: str) -> None:
        heard: list[Status] = []
        number = self.deliveries.open(recipient, heard.append, self.now)
        assert number is not None
        self.open[number], self.heard[number] = (recipient, self.now), heard

    @rule(number=st.integers(1, 30), recipient=holders, accepted=st.booleans())
    def answer(self, number: int, recipient: str, accepted: bool) -> None:
        known = self.open.get(number, ("", 0.0))[0] == recipient
        assert self.deliveries.answer(recipient, number, accepted) is known
        if known:
            del self.open[number]
            self.expected[number] = Status.OK if accepted else Status.NO_RESERVATION

    @rule(recipient=holders)
    def recipient_leaves(self, recipient: str) -> None:
        self.deliveries.abandon(recipient)
        self._end([number for number, (who, _) in self.open.items() if who == recipient])

    @rule(seconds=st.floats(0, 1.5))
    def time_passes(self, seconds: float) -> None:
        self.now += seconds
        self.deliveries.expire(self.now)
        self._end([number for number, (_, at) in self.open.items() if at + DELIVER_S <= self.now])

    def _end(self, numbers: list[int]) -> None:
        for number in numbers:
            del self.open[number]
            self.expected[number] = Status.FAILED

    @invariant()
    def each_ends_once(self) -> None:
        # Invariant: what is open has heard nothing, what is not has heard one status, and a deadline is due iff any is
        # open.
        for number, heard in self.heard.items():
            assert heard == ([] if number in self.open else [self.expected[number]])
        assert len(self.deliveries) == len(self.open)
        assert (self.deliveries.deadline() is not None) is bool(self.open)


TestFates = Fates.TestCase
TestFates.settings = settings(max_examples=40, stateful_step_count=30, deadline=None)


def test_too_many_waiting_for_one_recipient() -> None:
    deliveries: Deliveries[str] = Deliveries()
    numbers = [deliveries.open("a", lambda status: None, 0.0) for _ in range(ENVELOPES_WAITING)]
    assert None not in numbers
    assert deliveries.open("a", lambda status: None, 0.0) is None
    assert deliveries.open("b", lambda status: None, 0.0) is not None


def test_a_way_back_is_good_for_who_was_told_it_while_the_socket_is_open() -> None:
    ways: WaysBack[str] = WaysBack()
    number = ways.tell("alice", "guest")
    assert ways.tell("alice", "guest") == number
    assert ways.find("alice", number) == "guest"
    assert ways.find("mallory", number) is None
    assert ways.find("alice", 0) is None
    ways.forget("guest")
    assert ways.find("alice", number) is None
    assert ways.tell("alice", "guest") != number, "a new socket has a new number"


def test_ways_back_are_bounded() -> None:
    ways: WaysBack[str] = WaysBack()
    numbers = [ways.tell("alice", f"guest {n}") for n in range(WAYS_BACK + 1)]
    assert ways.find("alice", numbers[0]) is None
    assert ways.find("alice", numbers[-1]) == f"guest {WAYS_BACK}"
    ways.forget("alice")
    assert ways.find("alice", numbers[-1]) is None


def test_sockets_of_one_public_network_are_counted() -> None:
    admission = Admission()
    source = Source.of(("8.8.4.4", 1))
    for number in range(SOCKETS_PER_NETWORK):
        admission.enter(source, number)
        admission.shaken(source)
    with pytest.raises(Quota, match="network"):
        admission.enter(Source.of(("8.8.4.5", 9)), 1000)
    admission.enter(Source.of(("8.8.3.4", 1)), 1000)
    admission.leave(source)
    admission.enter(source, 1000)
    assert len(admission) == SOCKETS_PER_NETWORK + 1


def test_handshakes_that_are_never_ended_are_counted() -> None:
    admission = Admission()
    for _ in range(HANDSHAKES_PER_ADDRESS):
        admission.enter(SOURCE, 0)
    with pytest.raises(Quota, match="at once"):
        admission.enter(SOURCE, 0)
    admission.shaken(SOURCE)
    admission.enter(SOURCE, 0)


def test_handshakes_have_a_rate() -> None:
    admission = Admission()
    for _ in range(HANDSHAKES_PER_S[1]):
        admission.enter(SOURCE, 0)
        admission.shaken(SOURCE)
        admission.leave(SOURCE)
    with pytest.raises(Quota, match="handshakes"):
        admission.enter(SOURCE, 0)
    admission.enter(SOURCE, 1)


def test_what_counts_as_one_source() -> None:
    assert Source.of(("8.8.4.4", 1)).sender == Source.of(("8.8.4.9", 2)).sender
    assert Source.of(("2a00:1450:1:100::1", 1)).sender == Source.of(("2a00:1450:1:1ff::2", 2)).sender
    assert Source.of(("127.0.0.1", 1)).sender != Source.of(("127.0.0.1", 2)).sender
    assert Source.of(("::ffff:8.8.4.4", 1)).network == "8.8.4.0/24"

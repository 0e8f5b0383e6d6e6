"""Which endpoints introduce us: the machine behind `Introducers`, without any socket."""

from __future__ import annotations

import random

import pytest
from hypothesis import settings, strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from introducing import identity

from wherry_signaling.client.candidate import TRANSITIONS, Event, State
from wherry_signaling.client.introducer_set import IntroducerSet
from wherry_signaling.client.network_time import NetworkTime
from wherry_signaling.endpoints import EndpointAddress
from wherry_signaling.identity import PeerId
from wherry_signaling.limits import (
    CLOCK_OFFSET_S,
    INTRODUCER_ASK_S,
    INTRODUCER_CANDIDATES,
    INTRODUCER_DIALS,
    INTRODUCER_PROBE_S,
    INTRODUCER_RETRY_S,
)

ME = identity(0).id


def peer(number: int) -> PeerId:
    return identity(number).id


def at(number: int, network: int | None = None) -> EndpointAddress:
    return EndpointAddress(f"11.{number if network is None else network}.0.{number}", 4770)


def new(wanted: int = 3, seed: int = 1) -> IntroducerSet:
    return IntroducerSet(ME, wanted=wanted, random=random.Random(seed).random)


def filled(count: int = 5, wanted: int = 3) -> IntroducerSet:
    """`wanted` introducers held at time 0, of so many candidates."""
    candidates = new(wanted)
    candidates.add([at(n) for n in range(1, count + 1)], 0)
    while len(candidates.held()) < wanted:
        for address in candidates.plan(0).dial:
            number = int(address.host.rpartition(".")[2])
            candidates.opened(address, peer(number), 0.05, 0)
    return candidates


def test_three_are_dialled_and_one_more_since_some_are_dead() -> None:
    candidates = new()
    assert candidates.plan(0).ask
    candidates.add([at(n) for n in range(1, 9)], 0)
    assert len(candidates.plan(0).dial) == 4
    assert candidates.plan(0).dial == ()


def test_slow_candidates_are_joined_by_others_but_never_too_many() -> None:
    candidates = new()
    candidates.add([at(n) for n in range(1, 40)], 0)
    dialled = [len(candidates.plan(now).dial) for now in (0, 1, 2, 3)]
    assert dialled == [4, 4, 0, 0]
    assert sum(dialled) == INTRODUCER_DIALS


def test_different_networks_first() -> None:
    candidates = new()
    candidates.add([at(n, network=1) for n in range(1, 10)] + [at(20), at(21), at(22)], 0)
    networks = {address.host.split(".")[1] for address in candidates.plan(0).dial}
    assert networks == {"1", "20", "21", "22"}


def test_ourselves_and_whom_we_have_already_are_unfit() -> None:
    candidates = new(wanted=2)
    candidates.add([at(1), at(2), at(3)], 0)
    assert set(candidates.plan(0).dial) == {at(1), at(2), at(3)}
    assert not candidates.opened(at(1), ME, 0.01, 0)
    assert candidates.opened(at(2), peer(2), 0.01, 0)
    assert not candidates.opened(at(3), peer(2), 0.01, 0)
    assert candidates.addresses_of(candidates.held()[0]) == tuple(
        EndpointAddress(one.host, one.port, peer=peer(2)) for one in (at(2), at(3))
    )
    assert candidates.plan(1000).dial == ()
    candidates.lost(at(2), 1000)
    assert candidates.state_of(at(3)) is State.KNOWN, "its other address may work still"
    assert candidates.state_of(at(1)) is State.UNFIT, "we stay ourselves"


def test_a_lost_one_is_replaced_at_once_and_tried_again_soon() -> None:
    candidates = filled()
    gone = candidates.held()[0].address
    candidates.lost(gone, 100)
    dial = candidates.plan(100).dial
    assert dial
    assert gone not in dial
    assert candidates.state_of(gone) is State.COOLING
    assert gone in candidates.plan(100 + 2 * INTRODUCER_RETRY_S[0]).dial or candidates.state_of(gone) is State.KNOWN


def test_failures_back_off() -> None:
    candidates, now, waits = new(wanted=1), 0.0, []
    candidates.add([at(1)], now)
    candidates.plan(now)
    for _ in range(14):
        candidates.failed(at(1), now)
        begun = now
        while candidates.state_of(at(1)) is not State.CONNECTING:
            now = candidates.deadline(now)
            candidates.plan(now)
        waits.append(now - begun)
    candidates.failed(at(1), now)
    assert waits[0] < 1
    assert max(waits) <= 1.25 * INTRODUCER_RETRY_S[1]
    assert waits[-1] >= 0.75 * INTRODUCER_RETRY_S[1]
    candidates.poke(now)
    assert candidates.plan(now).dial == (at(1),), "the network changed: it may work now"


def test_a_surplus_one_is_not_kept_but_remembered() -> None:
    candidates = new(wanted=1)
    candidates.add([at(1, 7), at(2, 7)], 0)
    assert len(candidates.plan(0).dial) == 2
    assert candidates.opened(at(1, 7), peer(1), 0.05, 0)
    assert not candidates.opened(at(2, 7), peer(2), 0.05, 0)
    assert candidates.state_of(at(2, 7)) is State.KNOWN


def test_another_network_takes_the_place_of_a_doubled_one_make_before_break() -> None:
    candidates = new()
    candidates.add([at(n, network=1) for n in (1, 2, 3)], 0)
    for address in candidates.plan(0).dial:
        candidates.opened(address, peer(int(address.host[-1])), 0.01 * int(address.host[-1]), 0)
    candidates.add([at(9)], 10)
    later = 10 + INTRODUCER_PROBE_S[1] * 2
    assert candidates.plan(later).dial == (at(9),)
    assert candidates.opened(at(9), peer(9), 0.05, later)
    assert [one.address for one in candidates.held()] == [at(1, 1), at(2, 1), at(9)]
    assert candidates.leaving() == [at(3, 1)], "the slowest of the network that we have three times"
    candidates.left(at(3, 1), later)
    assert candidates.state_of(at(3, 1)) is State.KNOWN


def test_all_is_well_probes_become_rare() -> None:
    candidates, now, probes = filled(count=20), 0.0, []
    while now < 24 * 3600:
        now = candidates.deadline(now)
        for address in candidates.plan(now).dial:
            probes.append(now)
            number = int(address.host.rpartition(".")[2])
            assert not candidates.opened(address, peer(number), 0.05, now)
    assert len(probes) <= 40
    assert not candidates.leaving()


def test_asking_backs_off_while_nobody_comes() -> None:
    candidates, now, asked = new(), 0.0, 0
    while now < 3600:
        asked += candidates.plan(now).ask
        now = candidates.deadline(now)
    assert 3600 / (1.25 * INTRODUCER_ASK_S[1]) < asked < 3600 / (0.5 * INTRODUCER_ASK_S[1])


def test_pinned_ones_stay() -> None:
    candidates = new(wanted=1)
    candidates.add([at(1)], 0, pinned=True)
    candidates.add([at(2)], 0)
    assert at(1) in candidates.plan(0).dial
    assert candidates.opened(at(1), peer(1), 2.0, 0)
    if candidates.state_of(at(2)) is State.CONNECTING:
        assert not candidates.opened(at(2), peer(2), 0.001, 0)
    assert not candidates.leaving()
    candidates.lost(at(1), 5)
    assert candidates.plan(6).dial


def test_candidates_are_bounded() -> None:
    candidates = new()
    for number in range(1000):
        candidates.add([EndpointAddress(f"11.{number // 200}.{number % 200}.1", 4770)], 0)
    known = sum(
        candidates.state_of(EndpointAddress(f"11.{n // 200}.{n % 200}.1", 4770)) is not None for n in range(1000)
    )
    assert known == INTRODUCER_CANDIDATES


class Life(RuleBasedStateMachine):
    """Anything may happen in any order; the endpoints are 12, of 4 networks, and two of them are one peer."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self.set = new(seed=3)
        self.set.add([at(n, network=n % 4) for n in range(1, 13)], 0)
        self.dialling: list[EndpointAddress] = []

    def who(self, address: EndpointAddress) -> PeerId:
        number = int(address.host.rpartition(".")[2])
        return ME if number == 12 else peer(1 if number == 11 else number)

    @rule(seconds=st.floats(0, 100))
    def time_passes(self, seconds: float) -> None:
        self.now += seconds
        self.dialling += self.set.plan(self.now).dial

    @rule(index=st.integers(0, 20), rtt=st.floats(0.001, 0.5))
    def opens(self, index: int, rtt: float) -> None:
        if self.dialling:
            address = self.dialling.pop(index % len(self.dialling))
            self.set.opened(address, self.who(address), rtt, self.now)

    @rule(index=st.integers(0, 20))
    def fails(self, index: int) -> None:
        if self.dialling:
            self.set.failed(self.dialling.pop(index % len(self.dialling)), self.now)

    @rule(index=st.integers(0, 20))
    def is_lost(self, index: int) -> None:
        there = [one.address for one in self.set.held()] + self.set.leaving()
        if there:
            self.set.lost(there[index % len(there)], self.now)

    @rule(index=st.integers(0, 20))
    def is_let_go(self, index: int) -> None:
        leaving = self.set.leaving()
        if leaving:
            self.set.left(leaving[index % len(leaving)], self.now)

    @rule(index=st.integers(0, 20))
    def is_renewed(self, index: int) -> None:
        there = [one.address for one in self.set.held() if one.state is State.RESERVED]
        if there and self.set.renew(there[index % len(there)], self.now):
            self.set.renewed(there[index % len(there)])

    @rule()
    def the_network_changes(self) -> None:
        self.set.poke(self.now)

    @invariant()
    def is_sound(self) -> None:
        # Invariant: at most `wanted` are held, all of different peers, none of them ourselves; the clock is asked for
        # no moment in the past; who is wanted and could be had is never forgotten.
        held = self.set.held()
        assert len(held) <= 3
        assert len({one.peer for one in held}) == len(held)
        assert ME not in {one.peer for one in held}
        assert self.set.deadline(self.now) > self.now
        assert len(self.dialling) <= INTRODUCER_DIALS

    def teardown(self) -> None:
        # Invariant: if all candidates work from now on, three are held within a minute or two.
        for _ in range(200):
            if len(self.set.held()) == 3:
                return
            self.now = self.set.deadline(self.now)
            self.dialling += self.set.plan(self.now).dial
            for address in self.dialling:
                self.set.opened(address, self.who(address), 0.05, self.now)
            self.dialling.clear()
        raise AssertionError("three cannot be had")


TestLife = Life.TestCase
TestLife.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)


def test_every_state_can_be_left_and_reached() -> None:
    assert {state for state, _ in TRANSITIONS} == set(State)
    assert set(TRANSITIONS.values()) == set(State)
    assert {event for _, event in TRANSITIONS} == set(Event)


def test_what_is_said_of_our_clock_is_shown_from_the_first_word_on_and_without_bound() -> None:
    clock = NetworkTime()
    assert clock.apparent_s == 0
    clock.tell(peer(1), 3 * 86_400)
    assert (clock.offset_s, clock.apparent_s) == (0, 3 * 86_400)
    clock.tell(peer(2), 0)
    assert clock.apparent_s == 0, "one of two may be the wrong one"
    clock.tell(peer(2), 3 * 86_400 + 1)
    clock.tell(peer(3), 3 * 86_400 + 2)
    assert clock.apparent_s == 3 * 86_400 + 1
    assert clock.offset_s == CLOCK_OFFSET_S


def test_network_time_is_a_bounded_median_of_three() -> None:
    clock = NetworkTime()
    assert clock.offset_s == 0
    clock.tell(peer(1), 100)
    clock.tell(peer(2), 104)
    assert clock.offset_s == 0, "two may both be wrong"
    clock.tell(peer(3), -1e9)
    assert clock.offset_s == 100
    clock.tell(peer(3), 102)
    assert clock.now(1000) == 1102
    for number in range(20):
        clock.tell(peer(10 + number), 1e12)
    assert clock.offset_s == pytest.approx(CLOCK_OFFSET_S)
    assert len(clock) <= 9

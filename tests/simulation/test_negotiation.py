"""500 pairs dial each other within 50 ms over three introducers that drop, delay, double, replay and hold back.

The rules of `wherry.connect.negotiation` alone, on a heap of events, so that thousands of crossing dials take
seconds. `WHERRY_FULL=1` runs 1,000 seeds; CI runs 12.
"""

from __future__ import annotations

import heapq
import itertools
import os
import random
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from wherry.connect.limits import ATTEMPT_S
from wherry.connect.negotiation import (
    Action,
    ApplyAnswer,
    CloseLink,
    MakeAnswer,
    MakeOffer,
    Pair,
    SendAnswer,
    SendOffer,
    State,
)
from wherry_signaling.signals import Answer, Offer

SEEDS = range(1000 if os.environ.get("WHERRY_FULL") else 12)
PAIRS = 500
Signal = Offer | Answer


class World:
    """A heap of things to happen."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.now = 0.0
        self._heap: list[tuple[float, int, Callable[[], None]]] = []
        self._count = itertools.count()

    def at(self, when: float, what: Callable[[], None]) -> None:
        heapq.heappush(self._heap, (when, next(self._count), what))

    def after(self, delay: float, what: Callable[[], None]) -> None:
        self.at(self.now + delay, what)

    def run(self, until: float) -> None:
        while self._heap and self._heap[0][0] <= until:
            self.now, _, what = heapq.heappop(self._heap)
            what()


@dataclass
class Introducer:
    """Passes on what it is given, or does one of the things that liars do."""

    world: World
    kind: str

    def carry(self, deliver: Callable[[], None]) -> None:
        draw = self.world.random
        delay = draw.uniform(0.02, 0.15)
        if self.kind == "dead" or (self.kind == "drops" and draw.random() < 0.5):
            return
        if self.kind == "delays":
            delay += draw.uniform(0, 3)
        self.world.after(delay, deliver)
        if self.kind in ("doubles", "replays"):
            self.world.after(delay + draw.uniform(0, 0.1 if self.kind == "doubles" else 8), deliver)


@dataclass
class End:
    """One peer of a pair: the rules, and links that open where both ends are there."""

    world: World
    name: str
    pair: Pair
    introducers: list[Introducer]
    links: dict[bytes, str] = field(default_factory=dict)
    open: set[bytes] = field(default_factory=set)
    peer: End = field(init=False)
    instance: bytes = b"12345678"

    def act(self, actions: list[Action]) -> None:
        for action in actions:
            self._do(action)
        self._arm()

    def dial(self) -> None:
        self.act(self.pair.dial(self.world.random.randbytes(16), self.world.now))

    def _arm(self) -> None:
        deadline = self.pair.next_deadline()
        if deadline is not None:
            self.world.at(deadline, lambda: self.act(self.pair.tick(self.world.now)))

    def _do(self, action: Action) -> None:
        gathering = self.world.random.uniform(0.005, 0.15)
        match action:
            case MakeOffer(attempt):
                self.links[attempt] = "made"
                offer = Offer(
                    attempt=attempt, instance=self.instance, key=bytes(32), sdp="o", issued=int(self.world.now * 1000)
                )
                self.world.after(gathering, lambda: self.act(self.pair.offer_ready(attempt, offer, self.world.now)))
            case MakeAnswer(attempt, _):
                self.links[attempt] = "made"
                answer = Answer(
                    attempt=attempt,
                    answer=attempt,
                    instance=self.instance,
                    key=bytes(32),
                    sdp="a",
                    offer_hash=bytes(32),
                )
                self.world.after(gathering, lambda: self.act(self.pair.answer_ready(attempt, answer)))
            case SendOffer(_, offer, ways):
                self._send(offer, ways, everywhere=not ways)
            case SendAnswer(_, answer, ways, everywhere):
                self._send(answer, ways, everywhere=everywhere)
            case ApplyAnswer(attempt, _):
                self.world.after(self.world.random.uniform(0.03, 0.3), lambda: self._try_open(attempt))
            case CloseLink(attempt, _):
                self.links.pop(attempt, None)

    def _send(self, signal: Signal, ways: tuple[object, ...], *, everywhere: bool) -> None:
        chosen = [way for way in ways if isinstance(way, Introducer)]
        for position, introducer in enumerate(self.peer.introducers if everywhere else []):
            self.world.after(
                0.25 * position,
                lambda introducer=introducer: introducer.carry(lambda: self._arrive(signal, introducer)),
            )
        for introducer in chosen:
            introducer.carry(lambda introducer=introducer: self._arrive(signal, introducer))

    def _arrive(self, signal: Signal, way: Introducer) -> None:
        to = self.peer
        if isinstance(signal, Offer):
            to.act(to.pair.receive_offer(signal, way, self.world.now))
        else:
            to.act(to.pair.receive_answer(signal))

    def _try_open(self, attempt: bytes) -> None:
        if attempt in self.links and attempt in self.peer.links:
            self._opened(attempt)
            self.world.after(self.world.random.uniform(0, 0.05), lambda: self.peer._opened(attempt))

    def _opened(self, attempt: bytes) -> None:
        if attempt in self.links:
            self.open.add(attempt)
            self.act(self.pair.opened(attempt))


KINDS = ["dead", "drops", "delays", "doubles", "replays", "honest"]


def pair_of(world: World) -> tuple[End, End]:
    """Two ends whose three introducers lie, but one way always works."""
    introducers = [Introducer(world, world.random.choice(KINDS)) for _ in range(2)] + [Introducer(world, "honest")]
    world.random.shuffle(introducers)
    small = End(world, "small", Pair(smaller=True), introducers)
    large = End(world, "large", Pair(smaller=False), introducers)
    small.peer, large.peer = large, small
    return small, large


@pytest.mark.parametrize("seed", SEEDS)
def test_crossing_dials_always_meet_in_one_connection(seed: int) -> None:
    # While one way works, no dial fails; both ends end with the same one attempt open, and nothing under way.
    world = World(seed)
    ends = [pair_of(world) for _ in range(PAIRS)]
    for small, large in ends:
        world.at(world.random.uniform(0, 0.05), small.dial)
        world.at(world.random.uniform(0, 0.05), large.dial)
    world.run(ATTEMPT_S * 2)
    for small, large in ends:
        assert small.open & large.open, f"{small.pair.attempts} {large.pair.attempts}"
        assert set(small.links) == set(large.links) == small.open & large.open
        assert len(small.links) == 1
        assert not small.pair.busy
        assert not large.pair.busy


def test_an_offer_held_back_does_not_kill_a_newer_dial() -> None:
    # An introducer keeps an offer of a dial that was given up, and delivers it into the other's own dial.
    world = World(1)
    small, large = pair_of(world)
    held = Offer(attempt=b"h" * 16, instance=small.instance, key=bytes(32), sdp="o", issued=0)
    world.at(0.0, large.dial)
    world.at(0.01, lambda: large.act(large.pair.receive_offer(held, large.introducers[0], world.now)))
    world.run(ATTEMPT_S * 2)
    assert small.open & large.open
    assert large.pair.attempts[held.attempt].state is State.CLOSED


def test_a_reloaded_tab_is_answered_while_its_old_self_is_being_opened() -> None:
    world = World(2)
    small, _ = pair_of(world)
    small.dial()
    world.run(0.0)
    (attempt,) = small.pair.attempts
    offer = Offer(attempt=attempt, instance=small.instance, key=bytes(32), sdp="o")
    small.act(small.pair.offer_ready(attempt, offer, 0.0))
    small.pair.receive_answer(
        Answer(attempt=attempt, answer=attempt, instance=b"old tab!", key=bytes(32), sdp="a", offer_hash=bytes(32))
    )
    reloaded = Offer(attempt=b"n" * 16, instance=b"new tab!", key=bytes(32), sdp="o", issued=5)
    assert [type(action) for action in small.pair.receive_offer(reloaded, "way", 0.1)] == [MakeAnswer]

"""The crawl as a state machine, over networks that answer, die and lie as hypothesis likes."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given, settings, strategies as st

from wherry.dht import Contact, Endpoint
from wherry.dht.crawl import TRANSITIONS, Ask, Crawl, Step
from wherry.dht.limits import ASKS_PER_PATH, DEAD_ENDS

KEY = bytes(20)
OWN = b"\xff" * 20


def contact(number: int, port: int = 1) -> Contact:
    """Number 1 is nearest to the key."""
    return Contact(number.to_bytes(20, "big"), Endpoint("11.0.0.1", port))


class World:
    """What contact n answers: whom it names, or None if it is dead."""

    def __init__(self, crawl: Crawl) -> None:
        self.crawl = crawl
        self.asked: list[Ask] = []
        self.waiting: list[Ask] = []

    def run(self, names: dict[int, list[int]], draw: st.DataObject, *, patient: bool = True) -> None:
        while not self.crawl.done(patient=patient):
            new = self.crawl.asks()
            self.asked += new
            self.waiting += new
            assert self.waiting, "neither done nor anything to wait for"
            ask = self.waiting[draw.draw(st.integers(0, len(self.waiting) - 1))]
            if ask.step is Step.ASKED and draw.draw(st.booleans()):
                self.crawl.slow(ask)
                continue
            self.waiting.remove(ask)
            named = names.get(int.from_bytes(ask.contact.id, "big"))
            if named is None:
                self.crawl.failed(ask)
            else:
                self.crawl.answered(ask, [contact(number) for number in named])


NETWORKS = st.dictionaries(st.integers(1, 60), st.lists(st.integers(1, 70), max_size=12), max_size=60)


@settings(max_examples=100, deadline=None)
@given(
    names=NETWORKS,
    seeds=st.lists(st.integers(1, 60), max_size=20, unique=True),
    paths=st.integers(1, 5),
    width=st.integers(1, 8),
    patient=st.booleans(),
    draw=st.data(),
)
def test_it_ends_and_paths_are_disjoint(
    names: dict[int, list[int]], seeds: list[int], paths: int, width: int, patient: bool, draw: st.DataObject
) -> None:
    # Invariant: whatever is answered, in whatever order, the crawl ends; nobody is asked twice, nor we ourselves.
    crawl = Crawl(KEY, map(contact, seeds), own_id=contact(7).id, paths=paths, width=width, parallel=2)
    world = World(crawl)
    world.run(names, draw, patient=patient)
    asked = [(ask.contact.id, ask.contact.endpoint) for ask in world.asked]
    assert len(set(asked)) == len(asked) == crawl.asked
    if 7 not in seeds:
        assert contact(7).id not in {node_id for node_id, _ in asked}
    answered = [ask for ask in world.asked if ask.step is Step.ANSWERED]
    expected = sorted(answered, key=lambda ask: ask.contact.long_id)[:width]
    assert [ask.contact.id for ask in crawl.nearest(width)] == [ask.contact.id for ask in expected]


def test_one_honest_path_finds_the_nearest_of_all() -> None:
    crawl = Crawl(KEY, [contact(50), contact(60)], own_id=OWN, paths=2, width=3)
    honest = {50: [20, 21, 22], 20: [1, 2, 3], 21: [1, 2, 3], 22: [1, 2, 3], 1: [2, 3], 2: [1, 3], 3: [1, 2]}
    liars = {60: [40, 41, 42], 40: [41, 42], 41: [40, 42], 42: [40, 41]}
    while not crawl.done(patient=True):
        for ask in crawl.asks():
            number = int.from_bytes(ask.contact.id, "big")
            crawl.answered(ask, [contact(named) for named in (honest | liars)[number]])
    assert [ask.contact.long_id for ask in crawl.nearest(3)] == [1, 2, 3]
    assert [ask.contact.long_id for ask in crawl.nearest_of_each_path(1)] == [1, 40]


def test_ever_nearer_contacts_cost_one_path_its_allowance() -> None:
    crawl = Crawl(KEY, [contact(2**100)], own_id=OWN, paths=4, width=20)
    nearer = 2**100
    while not crawl.done(patient=True):
        for ask in crawl.asks():
            nearer -= 20
            crawl.answered(ask, [contact(nearer + number) for number in range(20)])
    assert crawl.asked == ASKS_PER_PATH


def test_who_names_only_the_dead_is_listened_to_no_further() -> None:
    crawl = Crawl(KEY, [contact(100)], own_id=OWN, paths=1, width=20)
    (liar,) = crawl.asks()
    crawl.answered(liar, [contact(number) for number in range(1, 21)])
    asked = 0
    while not crawl.done(patient=True):
        for ask in crawl.asks():
            asked += 1
            crawl.failed(ask)
    assert DEAD_ENDS <= asked <= DEAD_ENDS + 2


def test_a_false_address_does_not_hide_a_true_one() -> None:
    crawl = Crawl(KEY, [contact(90), contact(91)], own_id=OWN, paths=2, width=20)
    for ask in crawl.asks():
        crawl.answered(ask, [contact(5, port=666 if ask.contact.long_id == 90 else 1)])
    for ask in crawl.asks():
        if ask.contact.endpoint.port == 666:
            crawl.failed(ask)
        else:
            crawl.answered(ask, [])
    assert [ask.contact.endpoint.port for ask in crawl.nearest(1)] == [1]


def test_a_slow_one_gives_its_place_free_and_still_counts() -> None:
    crawl = Crawl(KEY, [contact(1), contact(2)], own_id=OWN, paths=1, parallel=1)
    (first,) = crawl.asks()
    assert crawl.asks() == []
    crawl.slow(first)
    (second,) = crawl.asks()
    crawl.answered(second, [])
    assert crawl.done(patient=False)
    assert not crawl.done(patient=True)
    crawl.answered(first, [])
    assert crawl.done(patient=True)
    assert [ask.contact.long_id for ask in crawl.nearest(2)] == [1, 2]


@pytest.mark.parametrize("step", Step)
def test_the_table_of_steps_holds(step: Step) -> None:
    for other in Step:
        ask = Ask(contact(1), 0, None)
        ask._step = step
        if other in TRANSITIONS[step]:
            ask.to(other)
            assert ask.step is other
        else:
            with pytest.raises(ValueError, match="lead"):
                ask.to(other)


def test_distances_are_xor() -> None:
    one, other = (hashlib.sha256(name).digest()[:20] for name in (b"one", b"other"))
    distance = Contact(one, Endpoint("11.0.0.1", 1)).distance(int.from_bytes(other, "big"))
    assert distance.to_bytes(20, "big") == bytes(a ^ b for a, b in zip(one, other, strict=True))

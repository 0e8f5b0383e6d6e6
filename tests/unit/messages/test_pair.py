"""Both sides of a pair over a channel that loses, repeats and reorders packets and acknowledgements."""

from __future__ import annotations

from hypothesis import given, settings, strategies as st

from wherry.messages.incoming import Incoming
from wherry.messages.outgoing import Outgoing, pack
from wherry.messages.packets import Ack, Item, Kind, Packet, Reason, decode, encode

HOUR = 3600
EXPIRES = 1000 * HOUR


class Pair:
    """A sender and a recipient, what the one accepted and reported, what the other handed on."""

    def __init__(self) -> None:
        self.now = 0.0
        self.out, self.into = Outgoing(1), Incoming()
        self.bodies: dict[bytes, bytes] = {}
        self.under_way: list[bytes] = []
        self.acks: list[Ack] = []
        self.handed_on: list[bytes] = []
        self.reported: dict[bytes, int | None] = {}
        self.refusing: set[bytes] = set()

    def accept(self, *, expires: int, refused: bool = False) -> None:
        name = len(self.bodies).to_bytes(16, "big")
        self.bodies[name] = b"body of %d" % len(self.bodies)
        if refused:
            self.refusing.add(name)
        self.out.add(name, Kind.TEXT, expires=expires, size=len(self.bodies[name]))

    def send(self, budget: int) -> None:
        self.out.expire(self.now)
        for batch in pack(self.out.sendable(), budget):
            items = [
                Item(one.number, one.wire_kind, one.id, one.expires, b"" if one.voiding else self.bodies[one.id])
                for one in batch
            ]
            self.under_way.append(encode(Packet(epoch=self.out.epoch, floor=self.out.floor, items=items)))

    def arrive(self, data: bytes) -> None:
        packet = decode(data)
        taken = self.into.take(packet.epoch, packet.floor, packet.items, self.now)
        for item in taken.late:
            self._hand_on(item)
        for item in taken.ready:
            if item.id in self.refusing:
                self.into.refuse(item, Reason.REFUSED)
            else:
                self._hand_on(item)
        self.acks.append(self.into.ack())

    def _hand_on(self, item: Item) -> None:
        assert item.body == self.bodies[item.id]
        if item.id not in self.handed_on:  # the history knows what it has, by its id
            self.handed_on.append(item.id)

    def acknowledged(self, ack: Ack) -> None:
        for settled in self.out.acked(ack):
            assert settled.entry.id not in self.reported
            self.reported[settled.entry.id] = settled.reason


Step = st.one_of(
    st.tuples(st.just("accept"), st.sampled_from([1, 5, 1000]), st.booleans()),
    st.tuples(st.just("send"), st.sampled_from([60, 200, 60_000])),
    st.tuples(st.just("arrive"), st.integers(0, 30), st.booleans()),
    st.tuples(st.just("lose"), st.integers(0, 30)),
    st.tuples(st.just("ack"), st.integers(0, 30)),
    st.tuples(st.just("hours"), st.integers(1, 4)),
)


@settings(max_examples=300, deadline=None)
@given(st.lists(Step, max_size=60))
def test_every_accepted_item_is_handed_on_once_in_order_or_reported_void_never_both(
    steps: list[tuple[object, ...]],
) -> None:
    pair = Pair()
    for step in steps:
        match step:
            case ("accept", int(hours), bool(refused)):
                pair.accept(expires=int(pair.now) + hours * HOUR, refused=refused)
            case ("send", int(budget)):
                pair.send(budget)
            case ("arrive", int(index), bool(again)) if pair.under_way:
                at = index % len(pair.under_way)
                pair.arrive(pair.under_way[at] if again else pair.under_way.pop(at))
            case ("lose", int(index)) if pair.under_way:
                pair.under_way.pop(index % len(pair.under_way))
            case ("ack", int(index)) if pair.acks:
                pair.acknowledged(pair.acks[index % len(pair.acks)])
            case ("hours", int(hours)):
                pair.now += hours * HOUR
    while len(pair.out):  # a calm hour
        before = len(pair.out)
        pair.send(60_000)
        for data in pair.under_way[-len(list(pack(pair.out.sendable(), 60_000))) :]:
            pair.arrive(data)
        pair.acknowledged(pair.into.ack())
        assert len(pair.out) < before
    assert set(pair.reported) == set(pair.bodies)
    assert {name for name, reason in pair.reported.items() if reason is None} == set(pair.handed_on)
    assert pair.handed_on == sorted(pair.handed_on)


def test_more_voids_than_an_ack_names_are_not_taken_for_delivered() -> None:
    pair = Pair()
    for _ in range(600):
        pair.accept(expires=EXPIRES, refused=True)
    rounds = 0
    while len(pair.out):
        pair.send(60_000)
        for data in pair.under_way:
            pair.arrive(data)
        pair.under_way.clear()
        pair.acknowledged(pair.into.ack())
        rounds += 1
    assert rounds == 3
    assert set(pair.reported.values()) == {Reason.REFUSED}


def test_an_old_copy_of_the_sender_begins_a_new_epoch_and_nothing_is_lost() -> None:
    pair = Pair()
    for _ in range(5):
        pair.accept(expires=EXPIRES)
    pair.send(60_000)
    pair.arrive(pair.under_way.pop())
    pair.out = Outgoing(1)  # restored: it knows of none of them
    pair.bodies = dict(list(pair.bodies.items())[:5])
    pair.accept(expires=EXPIRES)
    assert pair.out.forgotten(pair.into.ack())
    pair.out.renumber(2)
    pair.send(60_000)
    pair.arrive(pair.under_way.pop())
    pair.acknowledged(pair.into.ack())
    assert pair.handed_on == list(pair.bodies)
    assert not len(pair.out)


def test_what_was_held_back_of_an_epoch_that_ended_is_handed_on() -> None:
    into = Incoming()
    body = b"x"
    early = Item(3, Kind.TEXT, bytes(16), EXPIRES, body)
    assert not into.take(1, 1, [early], 0).ready
    taken = into.take(2, 1, [Item(1, Kind.TEXT, bytes([1] * 16), EXPIRES, body)], 0)
    assert [one.number for one in (*taken.late, *taken.ready)] == [3, 1]
    assert taken.released == [3]
    late = into.take(1, 1, [Item(2, Kind.TEXT, bytes([2] * 16), EXPIRES, body)], 0)
    assert [one.number for one in late.late] == [2]

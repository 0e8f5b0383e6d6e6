"""The mailboxes' desk: every frame has one answer; who is told that something waits."""

from __future__ import annotations

from contextlib import closing

from hypothesis import given, settings, strategies as st
from introducing import identity, sealed

from wherry_signaling import wire
from wherry_signaling.server.admission import Source
from wherry_signaling.server.mailboxes import Desk, Mailboxes, Quotas
from wherry_signaling.server.mailboxes.desk import ROLES
from wherry_signaling.server.mailboxes.waiting import Watchers
from wherry_signaling.tags import WEEK_S, envelope_name, week_of
from wherry_signaling.wire import Status
from wherry_signaling.wire_mailbox import (
    Acknowledge,
    Collect,
    Collected,
    Deposit,
    EndLease,
    Lease,
    Leased,
    Prekey,
    Prekeys,
    Tags,
    TakePrekey,
)

NOW = 3000 * WEEK_S + 1000.0
KEYS = [identity(number).id.key for number in range(3)]
TAGS = [number.to_bytes(16, "big") for number in range(4)]
LETTERS = [sealed(number, size) for number, size in enumerate((256, 256, 1024, 16384, 65536))]

numbers = st.integers(1, 2**53 - 1)
keys, tags, letters = st.sampled_from(KEYS), st.sampled_from(TAGS), st.sampled_from(LETTERS)
weeks = st.integers(-2, 8).map(lambda ahead: week_of(NOW) + ahead)
frames = st.one_of(
    st.builds(Lease, numbers, st.integers(0, 2**53 - 1)),
    st.builds(Tags, numbers, weeks, st.integers(0, 1), st.booleans(), st.lists(tags, max_size=5)),
    st.builds(Prekeys, numbers, st.lists(st.tuples(st.integers(0, 9), keys), max_size=5)),
    st.builds(
        Deposit, numbers, keys, tags, st.sampled_from((b"", bytes(8), bytes(3))), letters | st.binary(max_size=9)
    ),
    st.builds(Collect, numbers, st.integers(0, 2**53 - 1) | st.just(0)),
    st.builds(Acknowledge, numbers, st.lists(letters.map(envelope_name) | tags, max_size=4)),
    st.builds(TakePrekey, numbers, keys, tags),
    st.builds(EndLease, numbers),
)


class Visitor:
    """A socket of somebody's."""

    def __init__(self, key: bytes, *, slow: bool = False) -> None:
        self.key, self.slow = key, slow
        self.source = Source.of(("12.0.0.1", 1))
        self.told: list[int] = []

    def tell_waiting(self, count: int) -> bool:
        if not self.slow:
            self.told.append(count)
        return not self.slow


@given(st.lists(st.tuples(st.integers(0, 2), frames), max_size=40), st.booleans())
@settings(deadline=None)
def test_every_frame_has_one_answer(asked: list[tuple[int, wire.AnyFrame]], broken: bool) -> None:
    # Invariant: whoever asks whatever gets one frame with its number, and it is one that this question may have.
    expected = {Lease: Leased, Collect: Collected, TakePrekey: Prekey}
    visitors = [Visitor(key) for key in KEYS]
    with closing(Mailboxes(quotas=Quotas(leases=2, bytes=100_000))) as mailboxes:
        desk = Desk(mailboxes, lambda: 0.0, lambda: NOW)
        if broken:
            mailboxes.close()
        for number, frame in asked:
            answer = desk.answer(visitors[number], frame)
            assert answer.id == frame.id  # type: ignore[union-attr]
            assert wire.decode(wire.encode(answer)) == answer
            if isinstance(answer, wire.Result):
                assert answer.status in set(Status)
            else:
                assert type(answer) is expected[type(frame)]
            if broken:
                assert isinstance(answer, wire.Result)
                assert answer.status != Status.OK
        desk.sweep()
        desk.published(KEYS[0], b"document")
        for visitor in visitors:
            desk.gone(visitor)
        assert len(desk._watchers) == 0


def test_every_frame_that_asks_a_mailbox_has_a_place_at_the_desk() -> None:
    answers = {"Leased", "Collected", "Prekey", "Waiting"}
    kinds = [one for one in wire.AnyFrame.__args__ if one.__struct_config__.tag >= 32]
    assert {one.__name__ for one in kinds} - answers == {one.__name__ for one in ROLES}


def test_each_socket_is_told_once_until_it_looks() -> None:
    here, there, slow = Visitor(KEYS[0]), Visitor(KEYS[0]), Visitor(KEYS[0], slow=True)
    watchers: Watchers[Visitor] = Watchers()
    watchers.came(KEYS[0], 1)
    for one in (here, there, slow):
        watchers.watch(KEYS[0], one)
    watchers.came(KEYS[1], 9)
    for count in (1, 2):
        watchers.came(KEYS[0], count)
    watchers.watch(KEYS[0], here)
    slow.slow = False
    watchers.came(KEYS[0], 3)
    assert (here.told, there.told, slow.told) == ([1, 3], [1], [3])
    for one in (here, there, slow, here):
        watchers.forget(KEYS[0], one)
    watchers.came(KEYS[0], 4)
    assert (len(watchers), here.told) == (0, [1, 3])

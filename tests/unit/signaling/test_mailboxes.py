"""What a mailbox keeps, and for whom: a state machine against a model, then each rule by itself."""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import settings, strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from introducing import identity, sealed

from wherry_signaling.errors import MailboxUnusable, Malformed, NoReservation, Quota
from wherry_signaling.limits import (
    COLLECTED_AT_ONCE,
    FRAME_BYTES,
    MAILBOX_KEEP_S,
    MAILBOX_LEASE_S,
    PREKEYS_FOR_FRIENDS,
    REQUEST_TAGS,
    SIZE_CLASSES,
    TAG_GRACE_S,
    TAG_WEEKS,
)
from wherry_signaling.server.mailboxes import Holding, Mailboxes, Quotas
from wherry_signaling.tags import WEEK_S, envelope_name, find_work, week_of
from wherry_signaling.wire import encode
from wherry_signaling.wire_mailbox import Collected, Sort

NOW = 3000 * WEEK_S + 2 * 24 * 3600
HOLDERS = [identity(number).id.key for number in (1, 2)]
ALICE, BOB = HOLDERS


def tag_of(number: int) -> bytes:
    return number.to_bytes(16, "big")


FRIEND, OTHER, REQUEST, UNKNOWN = map(tag_of, (1, 2, 3, 99))


def with_lease(mailboxes: Mailboxes, *, now: float = NOW, holder: bytes = ALICE) -> None:
    """A lease with two friends' tags and one for requests, this week and next."""
    mailboxes.lease(holder, MAILBOX_LEASE_S, now)
    for week in (week_of(now), week_of(now) + 1):
        mailboxes.list_tags(holder, week, Sort.FRIENDS, True, [FRIEND, OTHER], now)
        mailboxes.list_tags(holder, week, Sort.REQUESTS, True, [REQUEST], now)


def all_of(mailboxes: Mailboxes, holder: bytes = ALICE, now: float = NOW) -> list[bytes]:
    """All that waits, page by page."""
    found: list[bytes] = []
    after, more = 0, True
    while more:
        page, more = mailboxes.collect(holder, after, now)
        assert [number for number, _ in page] == sorted({number for number, _ in page})
        assert all(number > after for number, _ in page)
        assert page or not more
        after = page[-1][0] if page else after
        found += [one for _, one in page]
    return found


class Life(RuleBasedStateMachine):
    """A mailbox on disk, and what it should have."""

    @initialize()
    def begin(self) -> None:
        self.folder = Path(tempfile.mkdtemp())
        self.quotas = Quotas(leases=2, request_envelopes=2, friend_envelopes=5, lease_envelopes=7)
        self.mailboxes = Mailboxes(self.folder / "kept.db", quotas=self.quotas)
        self.now = float(NOW)
        self.expires: dict[bytes, float] = {}
        self.listed: dict[bytes, set[tuple[int, Sort, bytes]]] = {}
        self.kept: dict[bytes, list[tuple[bytes, bytes, float]]] = {}
        self.prekeys: dict[bytes, dict[int, bytes]] = {}
        self.handed_out: set[bytes] = set()
        self.next_key = 0
        for holder in HOLDERS:
            self.visit(holder)

    def teardown(self) -> None:
        if hasattr(self, "folder"):
            self.mailboxes.close()
            shutil.rmtree(self.folder)

    def leased(self, holder: bytes) -> bool:
        return self.expires.get(holder, 0) > int(self.now)

    def forget(self, holder: bytes) -> None:
        for table in (self.expires, self.listed, self.kept, self.prekeys):
            table.pop(holder, None)

    @rule(holder=st.sampled_from(HOLDERS), days=st.integers(1, 40))
    def lease(self, holder: bytes, days: int) -> None:
        granted = self.mailboxes.lease(holder, days * 86400, self.now)
        assert granted.seconds == min(days, 30) * 86400
        self.expires[holder] = int(self.now) + granted.seconds
        for table, empty in ((self.listed, set()), (self.kept, []), (self.prekeys, {})):
            table.setdefault(holder, empty)  # type: ignore[attr-defined]
        assert granted.waiting == len(self.kept[holder])
        assert granted.prekeys == len(self.prekeys[holder])

    @rule(holder=st.sampled_from(HOLDERS))
    def visit(self, holder: bytes) -> None:
        """What an honest holder does when it comes by."""
        self.lease(holder, 30)
        for ahead in range(2):
            self.list_tags(holder, ahead, Sort.FRIENDS, True, [1, 2])
            self.list_tags(holder, ahead, Sort.REQUESTS, True, [3])
        self.put_prekeys(holder, 3)

    @rule(
        holder=st.sampled_from(HOLDERS),
        ahead=st.sampled_from((0, 0, 0, 1, 2, -1, TAG_WEEKS - 1, TAG_WEEKS)),
        sort=st.sampled_from(Sort),
        first=st.booleans(),
        numbers=st.lists(st.integers(1, 5)),
    )
    def list_tags(self, holder: bytes, ahead: int, sort: Sort, first: bool, numbers: list[int]) -> None:
        week = week_of(self.now) + ahead
        tags = [tag_of(number) for number in numbers]
        try:
            self.mailboxes.list_tags(holder, week, sort, first, tags, self.now)
        except NoReservation:
            assert not self.leased(holder)
            return
        except Malformed:
            assert not 0 <= ahead < TAG_WEEKS
            return
        assert self.leased(holder)
        if first:
            self.listed[holder] = {one for one in self.listed[holder] if one[:2] != (week, sort)}
        self.listed[holder] |= {(week, sort, tag) for tag in tags}

    @rule(
        holder=st.sampled_from(HOLDERS),
        letters=st.lists(st.tuples(st.sampled_from((1, 1, 2, 3, 4)), st.integers(0, 12), st.booleans()), max_size=6),
    )
    def letters_come(self, holder: bytes, letters: list[tuple[int, int, bool]]) -> None:
        for letter in letters:
            self.deposit(holder, *letter)

    def deposit(self, holder: bytes, tag: int, letter: int, worked: bool) -> None:
        letter_bytes = sealed(letter)
        work = find_work(tag_of(tag), letter_bytes) if worked and tag == 3 else b""
        listed = {
            sort for week, sort, one in self.listed.get(holder, ()) if (week, one) == (week_of(self.now), tag_of(tag))
        }
        kept = self.kept.get(holder, [])
        try:
            waiting = self.mailboxes.deposit(holder, tag_of(tag), work, letter_bytes, self.now)
        except NoReservation:
            assert not self.leased(holder) or not listed or (listed == {Sort.REQUESTS} and not work)
            return
        except Quota:
            under = sum(one == tag_of(tag) for one, _, _ in kept)
            assert len(kept) >= 7 or under >= (2 if Sort.FRIENDS not in listed else 5)
            return
        assert self.leased(holder)
        assert listed
        if waiting is None:
            assert letter_bytes in [one for _, one, _ in kept]
        else:
            kept.append((tag_of(tag), letter_bytes, self.now))
            assert waiting == len(kept)

    @rule(holder=st.sampled_from(HOLDERS), letters=st.lists(st.integers(0, 12)))
    def acknowledge(self, holder: bytes, letters: list[int]) -> None:
        names = [envelope_name(sealed(letter)) for letter in letters]
        try:
            self.mailboxes.acknowledge(holder, names, self.now)
        except NoReservation:
            assert not self.leased(holder)
            return
        self.kept[holder][:] = [one for one in self.kept[holder] if envelope_name(one[1]) not in names]

    @rule(holder=st.sampled_from(HOLDERS), count=st.integers(0, 5))
    def put_prekeys(self, holder: bytes, count: int) -> None:
        batch = [(number + 1, (self.next_key + number).to_bytes(32, "big")) for number in range(count)]
        try:
            self.mailboxes.put_prekeys(holder, batch, self.now)
        except NoReservation:
            assert not self.leased(holder)
            return
        self.next_key += count
        self.prekeys[holder] = dict(batch)

    @rule(holder=st.sampled_from(HOLDERS), tag=st.integers(1, 4))
    def take_prekey(self, holder: bytes, tag: int) -> None:
        taken = self.mailboxes.take_prekey(holder, tag_of(tag), self.now)
        right = (week_of(self.now), Sort.FRIENDS, tag_of(tag)) in self.listed.get(holder, ())
        if taken is None:
            assert not (right and self.leased(holder) and self.prekeys[holder])
            return
        number, key = taken
        assert right
        assert self.prekeys[holder].pop(number) == key
        assert key not in self.handed_out
        self.handed_out.add(key)

    @rule(holder=st.sampled_from(HOLDERS))
    def end_lease(self, holder: bytes) -> None:
        self.mailboxes.end_lease(holder)
        self.forget(holder)

    @rule(days=st.sampled_from((0, 0, 1, 7, 15)))
    def time_passes(self, days: int) -> None:
        self.now += days * 86400

    @rule()
    def sweep(self) -> None:
        for _ in range(len(HOLDERS) + 2):
            self.mailboxes.sweep(self.now)
        for kept in self.kept.values():
            kept[:] = [one for one in kept if int(one[2]) > int(self.now) - MAILBOX_KEEP_S]
        for holder in [holder for holder in self.expires if not self.leased(holder)]:
            self.forget(holder)

    @rule()
    def restart(self) -> None:
        self.mailboxes.close()
        self.mailboxes = Mailboxes(self.folder / "kept.db", quotas=self.quotas)

    @invariant()
    def it_has_what_it_should(self) -> None:
        # Invariant: what was kept is shown to its holder until it is acknowledged or runs out: all of it, in the
        # order in which it came, each once, through restarts; what is counted is what is there.
        if not hasattr(self, "folder"):
            return
        for holder in HOLDERS:
            if self.leased(holder):
                assert all_of(self.mailboxes, holder, self.now) == [one for _, one, _ in self.kept[holder]]
        database = sqlite3.connect(self.folder / "kept.db")
        [counts] = database.execute(
            "SELECT (SELECT count(*) FROM mailbox_envelope), (SELECT coalesce(sum(size), 0) FROM mailbox_envelope),"
            " (SELECT count(*) FROM mailbox_tag), (SELECT coalesce(sum(envelopes), 0) FROM mailbox_use),"
            " (SELECT coalesce(sum(envelopes), 0) FROM mailbox_lease)"
        )
        [total] = database.execute("SELECT envelopes, bytes, tags FROM mailbox_total")
        database.close()
        assert counts == (*total, total[0], total[0])


TestLife = Life.TestCase
TestLife.settings = settings(deadline=None, max_examples=40, stateful_step_count=30)


@pytest.fixture
def mailboxes() -> Iterator[Mailboxes]:
    with closing(Mailboxes()) as one:
        yield one


def test_whoever_has_no_lease_no_tag_or_no_work_is_told_the_same(mailboxes: Mailboxes) -> None:
    with_lease(mailboxes)
    said = set()
    for to, tag, work in ((BOB, FRIEND, b""), (ALICE, UNKNOWN, b""), (ALICE, REQUEST, b""), (ALICE, REQUEST, bytes(8))):
        with pytest.raises(NoReservation) as raised:
            mailboxes.deposit(to, tag, work, sealed(1), NOW)
        said.add(str(raised.value))
        assert mailboxes.take_prekey(to, tag, NOW) is None
    assert len(said) == 1
    assert mailboxes.deposit(ALICE, REQUEST, find_work(REQUEST, sealed(1)), sealed(1), NOW) == 1


def test_the_same_envelope_is_kept_once(mailboxes: Mailboxes) -> None:
    with_lease(mailboxes)
    assert mailboxes.deposit(ALICE, FRIEND, b"", sealed(1), NOW) == 1
    assert mailboxes.deposit(ALICE, OTHER, b"", sealed(1), NOW) is None
    assert all_of(mailboxes) == [sealed(1)]


@pytest.mark.parametrize("size", [0, 1, 255, 257, 65_537])
def test_other_sizes_than_those_of_sealed_envelopes_are_refused(mailboxes: Mailboxes, size: int) -> None:
    with_lease(mailboxes)
    with pytest.raises(Malformed):
        mailboxes.deposit(ALICE, FRIEND, b"", bytes(size), NOW)
    with pytest.raises(Malformed):
        mailboxes.deposit(ALICE, FRIEND, bytes(7), sealed(1), NOW)


def test_a_tag_counts_in_its_week_and_an_hour_around_it(mailboxes: Mailboxes) -> None:
    begins = week_of(NOW) * WEEK_S
    mailboxes.lease(ALICE, MAILBOX_LEASE_S, begins - WEEK_S)
    mailboxes.list_tags(ALICE, week_of(NOW), Sort.FRIENDS, True, [FRIEND], begins - WEEK_S)
    for number, (now, counts) in enumerate(
        {
            begins - TAG_GRACE_S - 1: False,
            begins - TAG_GRACE_S: True,
            begins: True,
            begins + WEEK_S + TAG_GRACE_S - 1: True,
            begins + WEEK_S + TAG_GRACE_S: False,
        }.items()
    ):
        if counts:
            assert mailboxes.deposit(ALICE, FRIEND, b"", sealed(number), now) is not None
        else:
            with pytest.raises(NoReservation):
                mailboxes.deposit(ALICE, FRIEND, b"", sealed(number), now)


def test_tags_of_weeks_that_are_over_go_at_the_next_visit(mailboxes: Mailboxes) -> None:
    with_lease(mailboxes)
    mailboxes.lease(ALICE, MAILBOX_LEASE_S, NOW + 2 * WEEK_S)
    assert mailboxes._database.rows("SELECT * FROM mailbox_tag") == []


@pytest.mark.parametrize(
    ("fill", "refused"),
    [
        (lambda m: [m.deposit(ALICE, FRIEND, b"", sealed(n), NOW) for n in range(4)], (FRIEND, sealed(9))),
        (lambda m: m.deposit(ALICE, FRIEND, b"", sealed(0, 16384), NOW), (FRIEND, sealed(9, 4096))),
        (
            lambda m: [
                m.deposit(ALICE, t, b"", sealed(n), NOW)
                for t, n in ((FRIEND, 0), (OTHER, 1), (FRIEND, 2), (OTHER, 3), (FRIEND, 4))
            ],
            (OTHER, sealed(9)),
        ),
        (
            lambda m: [m.deposit(ALICE, REQUEST, find_work(REQUEST, sealed(n)), sealed(n), NOW) for n in range(2)],
            (REQUEST, sealed(9)),
        ),
        (lambda m: None, (REQUEST, sealed(9, 16384))),
    ],
    ids=["a friend's envelopes", "a friend's bytes", "a lease's envelopes", "requests", "a large request"],
)
def test_what_is_too_much(fill: Callable[[Mailboxes], object], refused: tuple[bytes, bytes]) -> None:
    quotas = Quotas(friend_envelopes=4, friend_bytes=20_000, lease_envelopes=5, request_envelopes=2, request_bytes=4096)
    mailboxes = Mailboxes(quotas=quotas)
    with_lease(mailboxes)
    fill(mailboxes)
    before = mailboxes.hold()
    tag, letter = refused
    with pytest.raises(Quota):
        mailboxes.deposit(ALICE, tag, find_work(tag, letter), letter, NOW)
    assert mailboxes.hold() == before
    other = REQUEST if tag == FRIEND else FRIEND
    if tag != OTHER:
        assert mailboxes.deposit(ALICE, other, find_work(other, sealed(50)), sealed(50), NOW), (
            "others are not concerned"
        )


def test_greedy_leases_leave_room_for_others() -> None:
    mailboxes = Mailboxes(quotas=Quotas(bytes=64 * 65536))
    for number in range(20):
        holder = identity(100 + number).id.key
        with_lease(mailboxes, holder=holder)
        try:
            for letter in range(64):
                mailboxes.deposit(holder, FRIEND, b"", sealed(letter, 65536), NOW)
        except Quota:
            continue
    with_lease(mailboxes, holder=BOB)
    assert mailboxes.deposit(BOB, FRIEND, b"", sealed(1, 65536), NOW) == 1
    assert mailboxes.hold().bytes <= 64 * 65536


def test_more_leases_than_there_may_be() -> None:
    mailboxes = Mailboxes(quotas=Quotas(leases=1))
    with_lease(mailboxes)
    with pytest.raises(Quota):
        mailboxes.lease(BOB, 60, NOW)
    assert mailboxes.lease(ALICE, 60, NOW).seconds == 60
    mailboxes.end_lease(ALICE)
    assert mailboxes.lease(BOB, 10**12, NOW).seconds == MAILBOX_LEASE_S


def test_more_tags_than_there_may_be_leave_the_list_as_it_was() -> None:
    mailboxes = Mailboxes(quotas=Quotas(tags=10))
    with_lease(mailboxes)
    for sort, tags in ((Sort.FRIENDS, 8), (Sort.REQUESTS, REQUEST_TAGS + 1)):
        with pytest.raises(Quota):
            mailboxes.list_tags(ALICE, week_of(NOW), sort, True, [tag_of(n) for n in range(100, 100 + tags)], NOW)
    assert mailboxes.deposit(ALICE, FRIEND, b"", sealed(1), NOW) == 1
    with pytest.raises(NoReservation):
        mailboxes.deposit(ALICE, tag_of(100), b"", sealed(2), NOW)


def test_a_list_of_several_frames_is_one_list(mailboxes: Mailboxes) -> None:
    with_lease(mailboxes)
    mailboxes.list_tags(ALICE, week_of(NOW), Sort.FRIENDS, True, [tag_of(7)], NOW)
    mailboxes.list_tags(ALICE, week_of(NOW), Sort.FRIENDS, False, [tag_of(8), tag_of(7)], NOW)
    for number, tag in enumerate((7, 8)):
        assert mailboxes.deposit(ALICE, tag_of(tag), b"", sealed(number), NOW)
    with pytest.raises(NoReservation):
        mailboxes.deposit(ALICE, FRIEND, b"", sealed(9), NOW)


def test_a_page_fits_into_a_frame(mailboxes: Mailboxes) -> None:
    with_lease(mailboxes)
    letters = [sealed(number, SIZE_CLASSES[number % 5]) for number in range(25)]
    letters += [sealed(1000 + number) for number in range(COLLECTED_AT_ONCE + 10)]
    for letter in letters:
        mailboxes.deposit(ALICE, FRIEND, b"", letter, NOW)
    found, after, more = [], 0, True
    while more:
        page, more = mailboxes.collect(ALICE, after, NOW)
        assert page
        assert len(encode(Collected(2**53 - 1, page, more))) <= FRAME_BYTES - 16
        after = page[-1][0]
        found += [one for _, one in page]
    assert found == letters


def test_strangers_leave_the_last_prekeys_to_friends(mailboxes: Mailboxes) -> None:
    with_lease(mailboxes)
    mailboxes.put_prekeys(ALICE, [(n, bytes([n]) * 32) for n in range(1, PREKEYS_FOR_FRIENDS + 3)], NOW)
    taken = [mailboxes.take_prekey(ALICE, REQUEST, NOW) for _ in range(4)]
    assert [one is not None for one in taken] == [True, True, False, False]
    rest = [mailboxes.take_prekey(ALICE, FRIEND, NOW) for _ in range(PREKEYS_FOR_FRIENDS + 1)]
    assert rest[-1] is None
    assert len({one for one in [*taken, *rest] if one}) == PREKEYS_FOR_FRIENDS + 2


@pytest.mark.parametrize("ids", [[0], [1, 1]])
def test_prekeys_without_an_id_of_their_own(mailboxes: Mailboxes, ids: list[int]) -> None:
    with_lease(mailboxes)
    mailboxes.put_prekeys(ALICE, [(5, bytes(32))], NOW)
    with pytest.raises(Malformed):
        mailboxes.put_prekeys(ALICE, [(number, bytes(32)) for number in ids], NOW)
    assert mailboxes.take_prekey(ALICE, FRIEND, NOW) == (5, bytes(32))


def test_inbox_records_rest_with_the_lease(mailboxes: Mailboxes) -> None:
    mailboxes.keep_record(ALICE, b"nobody's", NOW)
    with_lease(mailboxes)
    assert mailboxes.recorded(NOW) == []
    mailboxes.keep_record(ALICE, b"hers", NOW)
    [lease] = mailboxes.recorded(NOW)
    assert mailboxes.record(lease) == b"hers"
    assert mailboxes.recorded(NOW + MAILBOX_LEASE_S) == []
    mailboxes.end_lease(ALICE)
    assert (mailboxes.recorded(NOW), mailboxes.record(lease)) == ([], None)


def test_what_was_ended_is_swept_a_bounded_part_at_a_time(
    mailboxes: Mailboxes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("wherry_signaling.server.mailboxes.mailboxes.MAILBOX_SWEEP_ROWS", 4)
    with_lease(mailboxes)
    for number in range(10):
        mailboxes.deposit(ALICE, FRIEND, b"", sealed(number), NOW)
    mailboxes.end_lease(ALICE)
    assert mailboxes.lease(ALICE, 60, NOW).waiting == 0, "a new lease, with nothing of the old one"
    left = []
    for _ in range(4):
        mailboxes.sweep(NOW)
        left.append(mailboxes.hold().envelopes)
    assert left == [6, 2, 0, 0]
    assert mailboxes._database.rows("SELECT count(*) FROM mailbox_lease") == [(1,)]


def test_a_full_disk_refuses_and_loses_nothing(mailboxes: Mailboxes) -> None:
    with_lease(mailboxes)
    mailboxes.deposit(ALICE, FRIEND, b"", sealed(1), NOW)
    [(pages,)] = mailboxes._database.rows("PRAGMA page_count")
    mailboxes._database.rows(f"PRAGMA max_page_count = {pages}")
    before = mailboxes.hold()
    with pytest.raises(MailboxUnusable):
        mailboxes.deposit(ALICE, FRIEND, b"", sealed(2, 65536), NOW)
    assert mailboxes.hold() == before == Holding(1, 1, 256)
    assert all_of(mailboxes) == [sealed(1)]
    mailboxes._database.rows(f"PRAGMA max_page_count = {pages + 100}")
    assert mailboxes.deposit(ALICE, FRIEND, b"", sealed(2, 65536), NOW) == 2


@pytest.mark.parametrize("content", [b"no database" * 1000, b"SQLite format 3\0" + bytes(4096)])
def test_a_damaged_file_is_left_as_it_is(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "kept.db"
    path.write_bytes(content)
    with pytest.raises(MailboxUnusable):
        Mailboxes(path)
    assert path.read_bytes() == content
    with pytest.raises(MailboxUnusable):
        Mailboxes(tmp_path / "nowhere" / "kept.db")


def test_what_was_acknowledged_is_overwritten_in_the_file(tmp_path: Path) -> None:
    path = tmp_path / "kept.db"
    mailboxes = Mailboxes(path)
    with_lease(mailboxes)
    gone, stays = b"gone".ljust(1024, b"!"), b"stays".ljust(1024, b"!")
    for letter in (gone, stays):
        mailboxes.deposit(ALICE, FRIEND, b"", letter, NOW)
    mailboxes.acknowledge(ALICE, [envelope_name(gone)], NOW)
    mailboxes.close()
    rest = path.read_bytes()
    assert b"stays!" in rest
    assert b"gone!" not in rest
    assert path.stat().st_mode & 0o077 == 0


def test_it_shows_no_names(mailboxes: Mailboxes) -> None:
    with_lease(mailboxes)
    mailboxes.deposit(ALICE, FRIEND, b"", sealed(1), NOW)
    assert repr(mailboxes) == "<Mailboxes: 1 leases, 1 envelopes of 256 bytes>"
    mailboxes.close()
    assert repr(mailboxes) == "<Mailboxes, unusable>"

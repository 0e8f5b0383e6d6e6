"""What is kept for others: the newest of each publisher, within quotas, the nearest when all is full."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings, strategies as st

from wherry.dht import CheckedDocument, DocumentStore
from wherry.dht.frames import Status
from wherry.dht.limits import KEEP_S, PUBLISHERS_PER_KEY
from wherry.errors import DatabaseCorrupt, HomeUnusable

OWN = bytes(20)
NOW = 1_800_000_000.0


def checked(
    key: int = 1, *, sequence: int = 1, publisher: int = 1, purpose: int = 1, lives: float = 60
) -> CheckedDocument:
    return CheckedDocument(
        key=key.to_bytes(20, "big"),
        purpose=purpose,
        publisher=publisher.to_bytes(32, "big"),
        sequence=sequence,
        expires=NOW + lives,
    )


def put(store: DocumentStore, what: CheckedDocument, data: bytes = b"x", source: str = "net") -> Status:
    return store.put(what, data, source=source, own_id=OWN, now=NOW)


@pytest.fixture
def store() -> object:
    with_limits = DocumentStore(documents=100, total_bytes=10_000, per_source=200)
    yield with_limits
    with_limits.close()


def test_newest_wins(store: DocumentStore) -> None:
    assert put(store, checked(sequence=2), b"two") is Status.STORED
    assert put(store, checked(sequence=1), b"one") is Status.HAVE_NEWER
    assert put(store, checked(sequence=3), b"three") is Status.STORED
    held = store.newest(checked().key, NOW)
    assert held is not None
    assert (held.sequence, held.document, len(store)) == (3, b"three", 1)
    assert store[checked().key] == store.get(checked().key) == b"three"


@settings(deadline=None)
@given(order=st.permutations([(1, b"a"), (1, b"b"), (2, b"c"), (2, b"d"), (2, b"e")]))
def test_whatever_the_order_all_settle_on_the_same_one(order: list[tuple[int, bytes]]) -> None:
    # Invariant: the highest sequence, and of two documents that share it the smaller, whichever came first.
    store = DocumentStore()
    for sequence, data in order:
        put(store, checked(sequence=sequence), data)
    assert store[checked().key] == b"c"
    store.close()


def test_publishers_and_purposes_are_kept_apart(store: DocumentStore) -> None:
    for publisher in range(PUBLISHERS_PER_KEY + 3):
        put(store, checked(publisher=publisher, sequence=publisher))
    assert len(store) == PUBLISHERS_PER_KEY
    put(store, checked(key=2, purpose=1))
    put(store, checked(key=2, purpose=2))
    assert len([held for held in store.held() if held.key == checked(2).key]) == 2


def test_what_has_expired_is_not_given_out_and_goes(store: DocumentStore) -> None:
    put(store, checked(lives=10))
    assert store.newest(checked().key, NOW + 9) is not None
    assert store.newest(checked().key, NOW + 11) is None
    assert store.cull(NOW + 11) == 1
    assert (len(store), store.held()) == (0, [])


def test_nothing_is_kept_for_ever(store: DocumentStore) -> None:
    put(store, checked(lives=10 * KEEP_S))
    assert store.held()[0].expires == NOW + KEEP_S


def test_when_full_the_nearest_stay(store: DocumentStore) -> None:
    for key in range(100, 0, -1):
        assert put(store, checked(key=key * 1000, publisher=key)) is Status.STORED
    assert put(store, checked(key=10**9)) is Status.FULL
    assert put(store, checked(key=1)) is Status.STORED
    assert put(store, checked(key=2)) in (Status.STORED, Status.FULL)
    kept = {int.from_bytes(held.key, "big") for held in store.held()}
    assert 1 in kept
    assert 1000 in kept
    assert 100_000 not in kept
    assert len(store) <= 100


def test_bytes_are_bounded_too(store: DocumentStore) -> None:
    for key in range(20):
        put(store, checked(key=key, publisher=key), bytes(1000))
    assert sum(len(held.document) for held in store.held()) <= 10_000


def test_one_source_does_not_fill_it(store: DocumentStore) -> None:
    store._per_source = 3
    told = [put(store, checked(key=key, publisher=key), source="a") for key in range(5)]
    assert told == [Status.STORED] * 3 + [Status.FULL] * 2
    assert put(store, checked(key=9), source="b") is Status.STORED
    assert put(store, checked(key=1, publisher=1, sequence=2), source="a") is Status.STORED


@settings(max_examples=30, deadline=None)
@given(puts=st.lists(st.tuples(st.integers(1, 9), st.integers(1, 4), st.integers(1, 40)), max_size=40))
def test_its_books_are_right(puts: list[tuple[int, int, int]]) -> None:
    # Invariant: the counts it goes by are those of the database, and within the quotas.
    store = DocumentStore(documents=5, total_bytes=100, per_source=6)
    for key, sequence, size in puts:
        put(store, checked(key=key, publisher=key, sequence=sequence), bytes(size))
    held = store.held()
    assert (store._count, store._bytes) == (len(held), sum(len(one.document) for one in held))
    assert store._count <= 5
    store.close()


def test_it_is_there_after_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "kept.db"
    store = DocumentStore(path)
    put(store, checked(), b"kept")
    store.close()
    again = DocumentStore(path)
    assert (len(again), again[checked().key]) == (1, b"kept")
    again.close()


def test_a_file_that_is_no_database_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "kept.db"
    path.write_bytes(b"not a database" * 100)
    with pytest.raises(DatabaseCorrupt):
        DocumentStore(path)
    assert path.read_bytes() == b"not a database" * 100


def test_a_page_that_is_damaged_is_noticed_at_the_start(tmp_path: Path) -> None:
    path = tmp_path / "kept.db"
    store = DocumentStore(path)
    for number in range(50):
        put(store, checked(number), bytes(500))
    store.close()
    whole = path.read_bytes()
    path.write_bytes(whole[:4096] + b"\xa5" * 4096 + whole[8192:])
    damaged = path.read_bytes()
    with pytest.raises(DatabaseCorrupt, match=r"kept\.db"):
        DocumentStore(path)
    assert path.read_bytes() == damaged


def test_what_is_in_its_place_is_named(tmp_path: Path) -> None:
    (tmp_path / "kept.db").mkdir()
    with pytest.raises(HomeUnusable, match=r"kept\.db"):
        DocumentStore(tmp_path / "kept.db")


def test_what_nobody_stored_again_is_due(store: DocumentStore) -> None:
    put(store, checked(key=1))
    put(store, checked(key=2))
    due = store.not_stored_since(NOW + 1, limit=10)
    assert len(due) == 2
    store.touch(due[0], NOW + 5)
    assert [held.key for held in store.not_stored_since(NOW + 1, limit=10)] == [due[1].key]
    assert [key for key, _ in store.iter_older_than(1, NOW + 2)] == [due[1].key]


def test_kademlias_own_way_in_is_closed(store: DocumentStore) -> None:
    with pytest.raises(TypeError):
        store[bytes(20)] = b"anything"
    with pytest.raises(KeyError):
        store[bytes(20)]

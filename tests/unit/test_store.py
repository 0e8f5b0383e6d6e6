"""The node's database: what is kept is there again; damage, newer versions and full disks are typed errors."""

from __future__ import annotations

import os
import sqlite3
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from wherry.errors import DatabaseCorrupt, DiskFull
from wherry.store import Database, KnownPeer, Store, limits
from wherry.store.schema import APPLICATION, MIGRATIONS
from wherry_signaling.domains import Purpose
from wherry_signaling.endpoints import EndpointAddress, UdpAddress
from wherry_signaling.errors import Closed, HomeUnusable
from wherry_signaling.identity import Identity, PeerId


def peer(number: int) -> PeerId:
    return Identity(number.to_bytes(32, "big")).id


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "wherry.db"


@pytest.fixture
def store(path: Path) -> Iterator[Store]:
    with Store(path) as store:
        yield store


def test_a_new_file_is_its_owners_alone(store: Store, path: Path) -> None:
    assert path.stat().st_mode & 0o777 == 0o600


def test_sequences_only_grow(store: Store, path: Path) -> None:
    assert store.sequence(Purpose.PEER_RECORD) == 0
    store.remember_sequence(Purpose.PEER_RECORD, 7)
    store.remember_sequence(Purpose.PEER_RECORD, 3)
    store.close()
    with Store(path) as again:
        assert again.sequence(Purpose.PEER_RECORD) == 7
        assert again.sequence(Purpose.INBOX_RECORD) == 0


def test_a_nospam_is_drawn_once(store: Store) -> None:
    first = store.nospam(os.urandom)
    assert len(first) == 8
    assert store.nospam(os.urandom) == first
    assert store.nospam(os.urandom, label="web site") != first


def test_peers_are_remembered_piece_by_piece(store: Store) -> None:
    store.remember_peer(peer(1), claimed="Ada\n", seen=100.0)
    store.remember_peer(peer(1), multiaddrs=["/ip4/127.0.0.1/tcp/1/ws"])
    store.remember_peer(peer(1), seen=50.0)
    store.label(peer(1), "my Ada")
    store.remember_peer(peer(2), claimed="Bela", seen=200.0)
    store.label(peer(3), "Cy")
    one = KnownPeer(peer=peer(1), claimed="Ada", label="my Ada", seen=100.0, multiaddrs=("/ip4/127.0.0.1/tcp/1/ws",))
    assert store.peer(peer(1)) == one
    assert one.name == "my Ada"
    assert [known.name for known in store.peers()] == ["Bela", "my Ada", "Cy"]
    store.forget_peer(peer(1))
    assert store.peer(peer(1)) is None
    assert store.trouble is None


def test_the_longest_unseen_are_forgotten_but_not_those_with_a_label(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "PEERS", 3)
    store.label(peer(0), "kept")
    for number in range(1, 6):
        store.remember_peer(peer(number), seen=float(number))
    assert [known.peer for known in store.peers()] == [peer(5), peer(4), peer(3), peer(0)]


def test_ways_back_are_in_order_and_bounded(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "CONTACTS", 2)
    contacts = [UdpAddress("203.0.113.1", port) for port in (1, 2, 3)]
    for seen, contact in enumerate(contacts):
        store.remember_contacts([contact], seen=float(seen))
    assert store.contacts() == [contacts[2], contacts[1]]
    endpoint = EndpointAddress("203.0.113.1", 4770, peer=peer(1))
    store.remember_endpoint(endpoint, seen=1.0)
    assert store.endpoints() == [endpoint]


def test_bans_end(store: Store) -> None:
    store.ban(peer(1), until=100.0, reason="flood")
    store.ban(peer(2), until=200.0, reason="x" * 1000)
    assert [ban.peer for ban in store.bans(50.0)] == [peer(2), peer(1)]
    assert [ban.peer for ban in store.bans(150.0)] == [peer(2)]
    assert len(store.bans(150.0)[0].reason) == limits.REASON_CHARACTERS
    store.unban(peer(2))
    assert store.bans(0.0)[0].peer == peer(1)


@pytest.mark.parametrize(
    "damage", [b"not a database, but something precious" * 40, b"SQLite format 3\x00" + bytes(2000)]
)
def test_a_damaged_file_is_refused_and_stays(path: Path, damage: bytes) -> None:
    path.write_bytes(damage)
    with pytest.raises(DatabaseCorrupt, match=str(path)):
        Store(path)
    assert path.read_bytes() == damage


def test_a_file_damaged_in_the_middle_is_refused_and_stays(store: Store, path: Path) -> None:
    for number in range(300):
        store.label(peer(number), "x" * 70)
    store.close()
    data = bytearray(path.read_bytes())
    for at in range(4096, len(data) - 4096, 4096):
        data[at : at + 64] = os.urandom(64)
    path.write_bytes(data)
    with pytest.raises(DatabaseCorrupt):
        Store(path)
    assert path.read_bytes() == bytes(data)


def test_another_programs_file_is_refused_and_stays(path: Path) -> None:
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE cookies (x)")
    other.close()
    before = path.read_bytes()
    with pytest.raises(DatabaseCorrupt, match="some other program's"):
        Store(path)
    assert path.read_bytes() == before


def test_a_newer_file_is_refused(store: Store, path: Path) -> None:
    store.close()
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(DatabaseCorrupt, match=f"version 99, this Wherry knows {len(MIGRATIONS)}"):
        Store(path)


def test_an_older_file_is_migrated_all_or_nothing(path: Path) -> None:
    def tables() -> set[str]:
        connection = sqlite3.connect(path)
        names = {row[0] for row in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}
        connection.close()
        return names

    Database(path, application=APPLICATION, migrations=["CREATE TABLE a (x)"]).close()
    with pytest.raises(sqlite3.OperationalError):
        Database(path, application=APPLICATION, migrations=["CREATE TABLE a (x)", "CREATE TABLE b (x); nonsense"])
    assert tables() == {"a"}
    Database(path, application=APPLICATION, migrations=["CREATE TABLE a (x)", "CREATE TABLE b (x)"]).close()
    assert tables() == {"a", "b"}


def test_a_copy_is_made_while_it_is_in_use(store: Store, tmp_path: Path) -> None:
    store.remember_sequence(Purpose.PEER_RECORD, 5)
    store.backup(tmp_path / "copy.db")
    store.remember_sequence(Purpose.PEER_RECORD, 6)
    with Store(tmp_path / "copy.db") as copy:
        assert copy.sequence(Purpose.PEER_RECORD) == 5
    with pytest.raises(HomeUnusable, match="File exists"):
        store.backup(tmp_path / "copy.db")


def test_after_close_it_says_so(store: Store) -> None:
    store.close()
    with pytest.raises(Closed):
        store.peers()


def test_a_file_that_may_not_grow_is_a_full_disk_and_all_that_was_stays(path: Path) -> None:
    database = Database(path, application=APPLICATION, migrations=MIGRATIONS)
    [(pages,)] = database.read("PRAGMA page_count")
    database.read(f"PRAGMA max_page_count = {pages}")
    rows = [(f"{number}" * 50,) for number in range(1000)]
    with pytest.raises(DiskFull), database.write() as connection:
        connection.executemany("INSERT INTO contacts VALUES (?, 0)", rows)
    assert database.read("SELECT count(*) FROM contacts") == [(0,)]
    database.close()


def label_many(store: Store) -> None:
    for number in range(200):
        store.label(peer(number), "x" * 70)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=512k", "tmpfs", disk], capture_output=True).returncode:
        pytest.skip("needs the right to mount a small disk")
    yield disk
    subprocess.run(["umount", disk], check=True)


def test_a_full_disk_is_said_and_the_store_goes_on(small_disk: Path) -> None:
    with Store(small_disk / "wherry.db") as store:
        store.remember_sequence(Purpose.PEER_RECORD, 1)
        filler = small_disk / "filler"
        with pytest.raises(OSError, match="No space"):
            filler.write_bytes(bytes(512 * 1024))
        with pytest.raises(DiskFull):
            label_many(store)
        assert isinstance(store.trouble, DiskFull), "whoever asks for the node's state hears of it"
        store.remember_peer(peer(1000), claimed="Ada")
        assert isinstance(store.trouble, DiskFull)
        assert store.sequence(Purpose.PEER_RECORD) == 1
        filler.unlink()
        store.remember_peer(peer(1000), claimed="Ada")
        assert store.trouble is None
        store.remember_sequence(Purpose.PEER_RECORD, 2)
        assert store.sequence(Purpose.PEER_RECORD) == 2

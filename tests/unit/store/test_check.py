"""The check at start: whole for a small file and after a crash, and without the history of a large one otherwise."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from wherry.errors import DatabaseCorrupt
from wherry.store import Database, database as database_module

MIGRATIONS = ["CREATE TABLE small (x); CREATE TABLE messages (x)"]


def fill(path: Path) -> Database:
    opened = Database(path, application=1, migrations=MIGRATIONS, bulk=("messages",))
    with opened.write() as connection:
        connection.executemany("INSERT INTO small VALUES (?)", [("s" * 200,) for _ in range(200)])
        connection.executemany("INSERT INTO messages VALUES (?)", [("m" * 200,) for _ in range(2000)])
    return opened


def damage(path: Path, what: bytes) -> None:
    """Overwrite the head of every page that holds such rows."""
    data = bytearray(path.read_bytes())
    for at in range(4096, len(data), 4096):
        if what in data[at : at + 4096]:
            data[at : at + 8] = os.urandom(8)
    path.write_bytes(data)


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(database_module, "WHOLE_CHECK_BYTES", 100_000)
    return tmp_path / "some.db"


def test_a_large_history_is_not_read_after_a_clean_end(path: Path) -> None:
    fill(path).close()
    damage(path, b"m" * 200)
    opened = Database(path, application=1, migrations=MIGRATIONS, bulk=("messages",))
    assert len(opened.read("SELECT x FROM small")) == 200
    with pytest.raises(DatabaseCorrupt):
        opened.read("SELECT x FROM messages")
    opened.close()


def test_everything_else_is(path: Path) -> None:
    fill(path).close()
    damage(path, b"s" * 200)
    with pytest.raises(DatabaseCorrupt):
        Database(path, application=1, migrations=MIGRATIONS, bulk=("messages",))


def test_after_a_crash_all_is_read(path: Path) -> None:
    opened = fill(path)
    opened.read("PRAGMA wal_checkpoint(FULL)")
    for end in ("", "-wal"):  # as they lie when the process is killed
        shutil.copy(f"{path}{end}", f"{path}.copy{end}")
    opened.close()
    copy = path.with_name("some.db.copy")
    damage(copy, b"m" * 200)
    (path.parent / "some.db.copy-wal").write_bytes(b"\0" * 32)  # a log with nothing in it, so that nothing mends it
    with pytest.raises(DatabaseCorrupt):
        Database(copy, application=1, migrations=MIGRATIONS, bulk=("messages",))

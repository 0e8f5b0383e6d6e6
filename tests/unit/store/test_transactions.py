"""Transactions inside transactions: kept together, undone apart, and told of neither too early nor too late."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from wherry.errors import DiskFull
from wherry.store import Database


class Numbers(Database):
    """With a table of numbers."""

    said: list[str]

    def put(self, value: int) -> None:
        with self.write() as connection:
            connection.execute("INSERT INTO t VALUES (?)", (value,))

    def kept(self) -> list[int]:
        return [row[0] for row in self.read("SELECT x FROM t ORDER BY x")]

    def block(self, *steps: Callable[[], None]) -> None:
        with self.write():
            for step in steps:
                step()

    def undone_block(self, *steps: Callable[[], None]) -> None:
        with pytest.raises(KeyError):
            self.block(*steps, lambda: {}[0])

    def tell(self, kept: str, undone: str) -> None:
        self.after_commit(lambda: self.said.append(kept))
        self.after_undo(lambda: self.said.append(undone))


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Numbers]:
    opened = Numbers(tmp_path / "some.db", application=1, migrations=["CREATE TABLE t (x)"])
    opened.said = []
    yield opened
    opened.close()


def test_an_inner_block_is_kept_with_the_outer_one(database: Numbers) -> None:
    database.block(lambda: database.put(1), lambda: database.put(2))
    assert database.kept() == [1, 2]


def test_an_inner_block_goes_with_the_outer_one(database: Numbers) -> None:
    database.undone_block(lambda: database.put(1))
    assert database.kept() == []


def test_an_inner_block_is_undone_alone(database: Numbers) -> None:
    database.block(
        lambda: database.put(1),
        lambda: database.undone_block(lambda: database.put(2), lambda: database.put(3)),
        lambda: database.put(4),
    )
    assert database.kept() == [1, 4]


def test_what_comes_after_is_told_in_order_and_once(database: Numbers) -> None:
    database.tell("at once", "never")
    database.block(
        lambda: database.tell("outer", "never"),
        lambda: database.undone_block(lambda: database.tell("never", "undone")),
        lambda: database.block(lambda: database.tell("inner", "never")),
        lambda: database.said.append("end of block"),
    )
    assert database.said == ["at once", "undone", "end of block", "outer", "inner"]
    database.put(1)
    assert len(database.said) == 5


def test_whoever_is_told_may_write(database: Numbers) -> None:
    database.block(lambda: database.after_commit(lambda: database.put(2)), lambda: database.put(1))
    assert database.kept() == [1, 2]


def test_undoing_all_undoes_what_was_kept_inside(database: Numbers) -> None:
    database.undone_block(
        lambda: database.tell("never", "outer"), lambda: database.block(lambda: database.tell("never", "inner"))
    )
    assert sorted(database.said) == ["inner", "outer"]


def test_a_full_disk_inside_leaves_nothing_of_the_whole(database: Numbers) -> None:
    [(pages,)] = database.read("PRAGMA page_count")
    database.read(f"PRAGMA max_page_count = {pages}")

    def too_much() -> None:
        with pytest.raises(DiskFull), database.write() as connection:
            connection.execute("INSERT INTO t VALUES (zeroblob(100000))")

    def too_late() -> None:
        # It must not be kept by itself, after what it belongs to has gone.
        with pytest.raises(DiskFull, match="undone"):
            database.put(2)

    with pytest.raises(DiskFull):
        database.block(lambda: database.put(1), too_much, too_late)
    assert database.kept() == []
    database.put(3)
    assert database.kept() == [3]


def test_the_outermost_block_says_whether_the_disk_is_waited_for(database: Numbers) -> None:
    full, normal = 2, 1  # SQLite's own numbers

    def waited_for() -> int:
        return int(database.read("PRAGMA synchronous")[0][0])

    with database.write(durable=False):
        database.put(1)
        assert waited_for() == normal
    with database.write():
        assert waited_for() == full
        with database.write(durable=False):
            assert waited_for() == full
    assert database.kept() == [1]

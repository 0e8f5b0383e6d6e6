"""The seam to SQLite: opened with care, migrated, written by one writer; its errors become typed ones here.

A file is in write-ahead mode (readers such as a backup never block the node) and `synchronous = FULL`: what was
committed is there after a power cut. It has to be: an acknowledgement makes the sender forget its copy of a message.
What may be undone by a cut says so (`write(durable=False)`), and does not wait for the disk.

What is deleted is written over in the file (`secure_delete`): keys that were used up are not to be found there. Two
things come later. The write-ahead log has older pages until it is taken over, and written over in its turn: at the
latest when the file is closed. And the index of words deletes by a note beside the word, until a merge brings the two
together: `MessageStore.settle_words` sees to that, when the node starts and some minutes after a deletion.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from wherry_signaling.errors import Closed, HomeUnusable, WherryError

from ..errors import DatabaseCorrupt, DiskFull
from .limits import BUSY_MS, FULL_BYTES, LOG_BYTES, WHOLE_CHECK_BYTES

Value = None | int | float | str | bytes
Row = tuple[Any, ...]


class Database:
    """One open file, used from one thread.

    :param path: made if it is missing.
    :param application: the number that marks files of this kind.
    :param migrations: scripts; the n-th leads from version n to n + 1.
    :param bulk: beginnings of the names of tables that grow without end; see `_look`.
    :raises DatabaseCorrupt: if it is damaged, of another program, or of a newer Wherry; it is not touched then.
    :raises DiskFull, HomeUnusable: if it cannot be opened for another reason.
    """

    def __init__(self, path: Path, *, application: int, migrations: Sequence[str], bulk: tuple[str, ...] = ()) -> None:
        self.path, self._bulk = path, bulk
        self._connection: sqlite3.Connection | None = None
        self._depth, self._durable = 0, True
        self._afterwards: list[Callable[[], None]] = []
        self._if_undone: list[Callable[[], None]] = []
        #: Why the last transaction could not be kept; None once one can be again.
        self.trouble: DiskFull | DatabaseCorrupt | HomeUnusable | None = None
        with self._typed():
            self._make()
            log = path.with_name(path.name + "-wal")
            self._ended_well = not (log.exists() and log.stat().st_size)
            self._connection = sqlite3.connect(path, isolation_level=None, timeout=BUSY_MS / 1000)
        try:
            self._check(application, len(migrations))
            self._prepare()
            self._migrate(application, migrations)
        except BaseException:
            self.close()
            raise

    def _make(self) -> None:
        os.close(os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600))

    def _check(self, application: int, newest: int) -> None:
        """Look, and change nothing."""
        [(mark,)], [(version,)] = self.read("PRAGMA application_id"), self.read("PRAGMA user_version")
        if mark not in (0, application) or (mark == 0 and self.read("SELECT 1 FROM sqlite_schema LIMIT 1")):
            raise DatabaseCorrupt(f"{self.path} is some other program's")
        if version > newest:
            detail = f"{self.path} is of version {version}, this Wherry knows {newest}"
            raise DatabaseCorrupt(detail, hint="Update Wherry. Nothing was changed.")
        for check in self._look():
            found = [str(row[0]) for row in self.read(check)]
            if found != ["ok"]:
                raise DatabaseCorrupt(f"{self.path}: {_one_line(found[0])}")

    def _look(self) -> list[str]:
        """What is checked at start.

        All of it, while that takes a moment, and after an end that was none: a killed process or a power cut leaves its
        write-ahead log behind. Otherwise the tables that grow without end are passed over, for a check reads every
        page: a second for a million messages on this side of the cache, a minute for some gigabytes on a slow disk.
        Damage in them is met when they are read, as the same error.
        """
        if not self._ended_well or self.path.stat().st_size <= WHOLE_CHECK_BYTES:
            return ["PRAGMA quick_check(1)"]
        names = [str(row[0]) for row in self.read("SELECT name FROM sqlite_schema WHERE type = 'table'")]
        return [f'PRAGMA quick_check("{name}")' for name in names if not name.startswith(self._bulk)]

    def _prepare(self) -> None:
        for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON", "secure_delete = ON"):
            self.read(f"PRAGMA {pragma}")
        self.read(f"PRAGMA journal_size_limit = {LOG_BYTES}")

    def _migrate(self, application: int, migrations: Sequence[str]) -> None:
        [(version,)] = self.read("PRAGMA user_version")
        for number, script in enumerate(migrations[version:], start=version + 1):
            with self._typed():
                # One transaction: executescript() commits what is open first, so the script brings its own.
                self._open.executescript(
                    f"BEGIN IMMEDIATE; {script}; PRAGMA application_id = {application};"
                    f" PRAGMA user_version = {number}; COMMIT"
                )

    @property
    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            raise Closed(f"the database {self.path.name}")
        return self._connection

    def close(self) -> None:
        """Close the file; harmless when it is closed already."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def read(self, sql: str, values: Sequence[Value] = ()) -> list[Row]:
        """All rows.

        :raises DatabaseCorrupt, DiskFull, HomeUnusable, Closed: as it may be.
        """
        with self._typed():
            return self._open.execute(sql, values).fetchall()

    @contextmanager
    def write(self, *, durable: bool = True) -> Iterator[sqlite3.Connection]:
        """One transaction: all of the block, or nothing of it. A block inside another one joins it.

        What an inner block wrote is undone if it raises, and the outer one may catch that and go on; what it wrote is
        kept only once the outer one is. There is no `await` in a block: another task would join it by accident.

        :param durable: whether it outlives a power cut; the outermost block says. Without, the disk is not waited for,
            and a cut may undo it, with all that came after it. It outlives the process either way.
        :raises DiskFull: if there is no room; what was there before stays and can be read.
        :raises DatabaseCorrupt, HomeUnusable, Closed: as it may be.
        """
        try:
            with self._transaction(durable) as connection:
                yield connection
        except (DiskFull, DatabaseCorrupt, HomeUnusable) as error:
            self.trouble = error
            raise
        if not self._depth:
            self.trouble = None
            self._run_afterwards()

    @contextmanager
    def _transaction(self, durable: bool) -> Iterator[sqlite3.Connection]:
        inner = self._depth > 0
        begin, keep, undo = _JOINED if inner else _ALONE
        waiting, undoing = len(self._afterwards), len(self._if_undone)
        with self._typed():
            connection = self._open
            if inner and not connection.in_transaction:
                raise DiskFull(f"{self.path} cannot grow: this transaction was undone")
            if not inner and durable is not self._durable:
                connection.execute(f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}")
                self._durable = durable
            connection.execute(begin)
            self._depth += 1
            try:
                yield connection
                if not connection.in_transaction:  # an inner block's DiskFull was caught: nothing is left to keep
                    raise DiskFull(f"{self.path} cannot grow: this transaction was undone")
                connection.execute(keep)
            except BaseException:
                del self._afterwards[waiting:]
                undone = self._if_undone[undoing:]
                del self._if_undone[undoing:]
                if connection.in_transaction:  # SQLite has rolled back all by itself where the disk was full
                    for statement in undo:
                        connection.execute(statement)
                _run(undone)
                raise
            finally:
                self._depth -= 1

    def after_commit(self, callback: Callable[[], None]) -> None:
        """Run `callback` once the outermost `write()` block that is open now is kept; never if it, or the inner block
        that asked for it, is undone. At once if none is open. For events, and for whatever must not tell too early.
        """
        if self._depth:
            self._afterwards.append(callback)
        else:
            callback()

    def after_undo(self, callback: Callable[[], None]) -> None:
        """Run `callback` if the innermost `write()` block that is open now, or one around it, is undone: whoever keeps
        in memory what was written there reads it again.
        """
        if self._depth:
            self._if_undone.append(callback)

    def _run_afterwards(self) -> None:
        callbacks, self._afterwards = self._afterwards, []
        self._if_undone.clear()
        _run(callbacks)

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """See one moment of the file in all that is read in the block, while others write; nothing is written in it."""
        with self._typed():
            self._open.execute("BEGIN")
            try:
                yield
            finally:
                self._open.execute("ROLLBACK")

    def compact(self) -> None:
        """Write the file anew without what was deleted: for what must not be left in it. It takes its size in time."""
        with self._typed():
            self._open.execute("VACUUM")
            self._open.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def backup(self, path: Path) -> None:
        """Copy the database as it is now, whole, while it is in use.

        :raises HomeUnusable: if `path` exists, or cannot be written.
        :raises DiskFull: if there is no room.
        """
        try:
            os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        except OSError as error:
            raise HomeUnusable(f"{path}: {error.strerror}", hint="Choose another place for the copy.") from error
        with self._typed():
            copy = sqlite3.connect(path)
            try:
                self._open.backup(copy)
            except BaseException:
                path.unlink(missing_ok=True)
                raise
            finally:
                copy.close()

    @contextmanager
    def _typed(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise self._error(error) from error
        except OSError as error:
            raise HomeUnusable(f"{self.path}: {error.strerror}") from error

    def _error(self, error: sqlite3.Error) -> WherryError:
        primary = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
        match primary:
            case sqlite3.SQLITE_NOTADB | sqlite3.SQLITE_CORRUPT:
                return DatabaseCorrupt(f"{self.path}: {_one_line(str(error))}")
            case sqlite3.SQLITE_FULL:
                return DiskFull(f"{self.path} cannot grow")
            case sqlite3.SQLITE_IOERR if shutil.disk_usage(self.path.parent).free < FULL_BYTES:
                return DiskFull(f"{self.path} cannot grow")
            case sqlite3.SQLITE_ERROR | sqlite3.SQLITE_MISUSE | sqlite3.SQLITE_CONSTRAINT:
                raise error  # our own mistake, nothing that a user could mend
        return HomeUnusable(f"{self.path}: {_one_line(str(error))}")


#: How a transaction begins, is kept and is undone: by itself, and inside another one.
_ALONE = ("BEGIN IMMEDIATE", "COMMIT", ["ROLLBACK"])
_JOINED = ("SAVEPOINT joined", "RELEASE joined", ["ROLLBACK TO joined", "RELEASE joined"])


def _run(callbacks: list[Callable[[], None]]) -> None:
    with ExitStack() as stack:  # one that raises keeps none of the others from running
        for callback in reversed(callbacks):
            stack.callback(callback)


def _one_line(text: str) -> str:
    return " ".join(text.split())[:160]

"""The tables of a mailbox in `<home>/kept.db`, beside the DHT's, and the seam to SQLite: its errors become typed here.

A lease has its own numbers, so that they say nothing of others; counts are kept up by triggers, so that they cannot
drift. What was deleted is overwritten in the file (`secure_delete`): somebody who takes the disk finds what waits now,
and nothing of what was collected.

There is no sender in any table, and no address of anybody's: a tag, a size and a time is all that is known.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from ...errors import MailboxUnusable
from ...limits import MAILBOX_LOG_BYTES

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS mailbox_lease (
    id        INTEGER PRIMARY KEY,
    holder    BLOB UNIQUE,                  -- 32 bytes; NULL once it has ended, until the broom has passed
    expires   INTEGER NOT NULL,             -- seconds since 1970
    last      INTEGER NOT NULL DEFAULT 0,   -- number of the latest envelope
    envelopes INTEGER NOT NULL DEFAULT 0,
    bytes     INTEGER NOT NULL DEFAULT 0,
    record    BLOB                          -- the holder's inbox record, to be published again
);
CREATE INDEX IF NOT EXISTS mailbox_lease_expires ON mailbox_lease (expires);
CREATE TABLE IF NOT EXISTS mailbox_tag (
    lease INTEGER NOT NULL REFERENCES mailbox_lease ON DELETE CASCADE,
    week  INTEGER NOT NULL,
    sort  INTEGER NOT NULL,                 -- 0 friends, 1 requests
    tag   BLOB    NOT NULL,                 -- 16 bytes
    PRIMARY KEY (lease, week, sort, tag)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS mailbox_prekey (
    lease INTEGER NOT NULL REFERENCES mailbox_lease ON DELETE CASCADE,
    id    INTEGER NOT NULL,
    key   BLOB    NOT NULL,
    PRIMARY KEY (lease, id)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS mailbox_envelope (
    id        INTEGER PRIMARY KEY,
    lease     INTEGER NOT NULL REFERENCES mailbox_lease ON DELETE CASCADE,
    number    INTEGER NOT NULL,
    name      BLOB    NOT NULL,             -- 16 bytes
    tag       BLOB    NOT NULL,             -- by which right it came
    size      INTEGER NOT NULL,
    deposited INTEGER NOT NULL,             -- seconds since 1970
    sealed    BLOB    NOT NULL
);
CREATE UNIQUE INDEX IF NOT EXISTS mailbox_envelope_number ON mailbox_envelope (lease, number);
CREATE UNIQUE INDEX IF NOT EXISTS mailbox_envelope_name ON mailbox_envelope (lease, name);
CREATE INDEX IF NOT EXISTS mailbox_envelope_deposited ON mailbox_envelope (deposited);
CREATE TABLE IF NOT EXISTS mailbox_use (    -- what waits under a tag
    lease     INTEGER NOT NULL REFERENCES mailbox_lease ON DELETE CASCADE,
    tag       BLOB    NOT NULL,
    envelopes INTEGER NOT NULL,
    bytes     INTEGER NOT NULL,
    PRIMARY KEY (lease, tag)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS mailbox_total (  -- of all leases, in one row
    id        INTEGER PRIMARY KEY CHECK (id = 1),
    envelopes INTEGER NOT NULL,
    bytes     INTEGER NOT NULL,
    tags      INTEGER NOT NULL
);
INSERT OR IGNORE INTO mailbox_total VALUES (1, 0, 0, 0);
CREATE TRIGGER IF NOT EXISTS mailbox_envelope_kept AFTER INSERT ON mailbox_envelope BEGIN
    UPDATE mailbox_lease SET envelopes = envelopes + 1, bytes = bytes + new.size WHERE id = new.lease;
    UPDATE mailbox_total SET envelopes = envelopes + 1, bytes = bytes + new.size;
    INSERT INTO mailbox_use VALUES (new.lease, new.tag, 1, new.size)
        ON CONFLICT (lease, tag) DO UPDATE SET envelopes = envelopes + 1, bytes = bytes + new.size;
END;
CREATE TRIGGER IF NOT EXISTS mailbox_envelope_gone AFTER DELETE ON mailbox_envelope BEGIN
    UPDATE mailbox_lease SET envelopes = envelopes - 1, bytes = bytes - old.size WHERE id = old.lease;
    UPDATE mailbox_total SET envelopes = envelopes - 1, bytes = bytes - old.size;
    UPDATE mailbox_use SET envelopes = envelopes - 1, bytes = bytes - old.size
        WHERE lease = old.lease AND tag = old.tag;
    DELETE FROM mailbox_use WHERE lease = old.lease AND tag = old.tag AND envelopes = 0;
END;
CREATE TRIGGER IF NOT EXISTS mailbox_tag_listed AFTER INSERT ON mailbox_tag BEGIN
    UPDATE mailbox_total SET tags = tags + 1;
END;
CREATE TRIGGER IF NOT EXISTS mailbox_tag_gone AFTER DELETE ON mailbox_tag BEGIN
    UPDATE mailbox_total SET tags = tags - 1;
END;
"""

Row = tuple[Any, ...]


class Database:
    """One open file, or memory; used from one thread.

    :param path: made if it is missing; None for memory.
    :raises MailboxUnusable: if it cannot be opened, or is damaged; it is left as it is.
    """

    def __init__(self, path: Path | None = None) -> None:
        try:
            if path is not None:
                os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
            self._connection = sqlite3.connect(":memory:" if path is None else path, isolation_level=None)
        except (sqlite3.Error, OSError) as error:
            raise MailboxUnusable(_one_line(error)) from error
        try:
            self._connection.execute("PRAGMA journal_mode = WAL")
            # A power cut may undo the last moments: senders keep what they left here until its recipient has it.
            self._connection.execute("PRAGMA synchronous = NORMAL")
            self._connection.execute("PRAGMA foreign_keys = ON")
            self._connection.execute("PRAGMA secure_delete = ON")
            self._connection.execute(f"PRAGMA journal_size_limit = {MAILBOX_LOG_BYTES}")
            self._connection.executescript(f"BEGIN IMMEDIATE; {_SCHEMA} COMMIT")
            if (found := self.one("PRAGMA quick_check('mailbox_lease')")) != ("ok",):
                raise MailboxUnusable(str(found))
        except (sqlite3.Error, MailboxUnusable) as error:
            self._connection.close()
            raise MailboxUnusable(_one_line(error)) from error

    def close(self) -> None:
        """Close it; may be called again."""
        self._connection.close()

    def rows(self, sql: str, values: Sequence[Any] = ()) -> list[Row]:
        """All rows of a statement.

        :raises MailboxUnusable: if it cannot be read or written.
        """
        try:
            return self._connection.execute(sql, values).fetchall()
        except sqlite3.Error as error:
            raise MailboxUnusable(_one_line(error)) from error

    def one(self, sql: str, values: Sequence[Any] = ()) -> Row | None:
        """The first row, if there is any."""
        return next(iter(self.rows(sql, values)), None)

    def run(self, sql: str, values: Sequence[Any] = ()) -> int:
        """Do it; how many rows it changed.

        :raises MailboxUnusable: if it cannot be written; then nothing of it is.
        """
        try:
            return self._connection.execute(sql, values).rowcount
        except sqlite3.Error as error:
            raise MailboxUnusable(_one_line(error)) from error

    def run_many(self, sql: str, values: Sequence[Sequence[Any]]) -> None:
        """Do it for each of `values`; raises as `run`."""
        try:
            self._connection.executemany(sql, values)
        except sqlite3.Error as error:
            raise MailboxUnusable(_one_line(error)) from error

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All of what is written inside, or nothing of it.

        :raises MailboxUnusable: if it cannot be written.
        """
        self.run("BEGIN IMMEDIATE")
        try:
            yield
            self.run("COMMIT")
        except BaseException:
            if self._connection.in_transaction:  # SQLite has rolled back all by itself where the disk was full
                self.run("ROLLBACK")
            raise


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split())[:160]

"""What we keep for others: documents by (DHT key, purpose, publisher), in `<home>/kept.db`.

Kademlia's `IStorage`, with an owner, a sequence, an expiry and quotas to every entry. The database may be deleted at
any time: publishers come again. Mailboxes keep theirs in the same file, in tables of their own.

Documents have been checked before they come here; the storage decides what is kept: the newest of each publisher,
within the quotas, and when all is full, those nearest to our own id.
"""

from __future__ import annotations

import heapq
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from kademlia.storage import IStorage

from wherry.errors import DatabaseCorrupt, DiskFull, HomeUnusable, WherryError

from .document import CheckedDocument
from .frames import Status
from .limits import DOCUMENTS, DOCUMENTS_PER_SOURCE, DOCUMENTS_TOTAL_BYTES, KEEP_S, PUBLISHERS_PER_KEY

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS dht_document (
    key        BLOB    NOT NULL,        -- 20 bytes
    purpose    INTEGER NOT NULL,
    publisher  BLOB    NOT NULL,        -- 32 bytes
    sequence   INTEGER NOT NULL,
    expires    REAL    NOT NULL,        -- seconds since 1970
    stored     REAL    NOT NULL,        -- when somebody stored it last
    source     TEXT    NOT NULL,        -- whose quota it counts to: a network
    document   BLOB    NOT NULL,
    PRIMARY KEY (key, purpose, publisher)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS dht_document_stored ON dht_document (stored);
CREATE INDEX IF NOT EXISTS dht_document_expires ON dht_document (expires);
CREATE INDEX IF NOT EXISTS dht_document_source ON dht_document (source);
"""
#: A newer document counts to the quota of whoever brought the first.
_UPSERT: Final = """
INSERT INTO dht_document VALUES (?,?,?,?,?,?,?,?) ON CONFLICT (key, purpose, publisher) DO UPDATE
SET sequence=excluded.sequence, expires=excluded.expires, stored=excluded.stored, document=excluded.document
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A document that is kept for somebody."""

    key: bytes
    purpose: int
    publisher: bytes
    sequence: int
    #: Seconds since 1970.
    expires: float
    document: bytes


class DocumentStore(IStorage):
    """Documents in SQLite.

    :param path: of the database, or ":memory:".
    :param documents: kept in all.
    :param total_bytes: of them together.
    :param per_source: documents kept for one network.
    :raises DatabaseCorrupt: if the file is damaged, or no database; it is left as it is.
    :raises DiskFull, HomeUnusable: if it cannot be opened for another reason.
    """

    def __init__(
        self,
        path: Path | str = ":memory:",
        *,
        documents: int = DOCUMENTS,
        total_bytes: int = DOCUMENTS_TOTAL_BYTES,
        per_source: int = DOCUMENTS_PER_SOURCE,
    ) -> None:
        self._documents, self._total_bytes, self._per_source = documents, total_bytes, per_source
        try:
            self._connection = sqlite3.connect(path, isolation_level=None)
        except sqlite3.Error as error:
            raise _not_opened(path, error) from error
        try:
            if (found := self._one("PRAGMA quick_check(1)")[0]) != "ok":
                raise sqlite3.DatabaseError(found)
            self._connection.execute("PRAGMA journal_mode=WAL")
            # A commit need not reach the disk before the publisher hears of it: there are k holders.
            self._connection.execute("PRAGMA synchronous=NORMAL")
            self._connection.executescript(_SCHEMA)
            count, size = self._one("SELECT count(*), coalesce(sum(length(document)), 0) FROM dht_document")
        except (sqlite3.Error, DatabaseCorrupt) as error:
            self._connection.close()
            raise _not_opened(path, error.__cause__ or error) from error
        self._count, self._bytes = int(count), int(size)
        #: Once full: keys at this distance from our own id, or farther, are not taken.
        self._edge = 2**160

    def close(self) -> None:
        """Close the database; may be called again."""
        self._connection.close()

    def __len__(self) -> int:
        return self._count

    # -- what the DHT asks --------------------------------------------------------------------------------------------

    def put(self, checked: CheckedDocument, document: bytes, *, source: str, own_id: bytes, now: float) -> Status:
        """Keep `document`, unless a newer one is there or a quota is used up.

        :param source: the network it came from, for the quota.
        :param own_id: 20 bytes: when all is full, what is nearer to it stays.
        :param now: seconds since 1970.
        :raises DiskFull: if it cannot be written.
        """
        known = self._one(
            "SELECT sequence, length(document), document FROM dht_document WHERE key=? AND purpose=? AND publisher=?",
            (checked.key, checked.purpose, checked.publisher),
        )
        if known is not None and known[0] > checked.sequence:
            return Status.HAVE_NEWER
        if known is not None and known[0] == checked.sequence and known[2] != document:
            # Two documents of one sequence: everybody settles on the same one, the smaller.
            if known[2] < document:
                return Status.HAVE_NEWER
        elif known is None and not self._make_room(checked.key, len(document), source, own_id, now):
            return Status.FULL
        expires = min(checked.expires, now + KEEP_S)
        values = (checked.key, checked.purpose, checked.publisher, checked.sequence, expires, now, source, document)
        self._write(_UPSERT, values)
        self._count += known is None
        self._bytes += len(document) - (known[1] if known is not None else 0)
        return Status.STORED

    def newest(self, key: bytes, now: float) -> Held | None:
        """The document with the highest sequence under `key` that has not expired."""
        row = self._one(f"SELECT {_HELD} WHERE key=? AND expires>? ORDER BY sequence DESC LIMIT 1", (key, now))
        return None if row is None else _held(row)

    def held(self) -> list[Held]:
        """All that is kept, expired or not."""
        return [_held(row) for row in self._rows(f"SELECT {_HELD}")]

    def keys(self) -> list[bytes]:
        """The keys of all that is kept, each once."""
        return [row[0] for row in self._rows("SELECT DISTINCT key FROM dht_document")]

    def cull(self, now: float) -> int:
        """Delete what has expired by `now`, seconds since 1970; how many that was."""
        return self._delete("expires<=?", (now,))

    def not_stored_since(self, then: float, limit: int) -> list[Held]:
        """Documents nobody stored again since `then`, the longest untouched first."""
        rows = self._rows(f"SELECT {_HELD} WHERE stored<? ORDER BY stored LIMIT ?", (then, limit))
        return [_held(row) for row in rows]

    def touch(self, held: Held, now: float) -> None:
        """It was stored again, by ourselves."""
        values = (now, held.key, held.purpose, held.publisher)
        self._write("UPDATE dht_document SET stored=? WHERE key=? AND purpose=? AND publisher=?", values)

    # -- kademlia's IStorage: the newest document of a key ------------------------------------------------------------

    def __setitem__(self, key: bytes, value: bytes) -> None:
        """Refused: a document comes in by `put`, with what was checked of it."""
        raise TypeError("documents are stored with put()")

    def __getitem__(self, key: bytes) -> bytes:
        """The newest document under `key`."""
        row = self._one("SELECT document FROM dht_document WHERE key=? ORDER BY sequence DESC LIMIT 1", (key,))
        if row is None:
            raise KeyError(key)
        return bytes(row[0])

    def get(self, key: bytes, default: bytes | None = None) -> bytes | None:
        """The newest document under `key`, or `default`."""
        try:
            return self[key]
        except KeyError:
            return default

    def iter_older_than(self, seconds_old: float, now: float = 0.0) -> Iterator[tuple[bytes, bytes]]:
        """(key, document) of what was stored before `now` - `seconds_old`."""
        query = "SELECT key, document FROM dht_document WHERE stored<?"
        return ((bytes(row[0]), bytes(row[1])) for row in self._rows(query, (now - seconds_old,)))

    def __iter__(self) -> Iterator[tuple[bytes, bytes]]:
        """(key, document) of all."""
        return iter([(held.key, held.document) for held in self.held()])

    # -- inside -------------------------------------------------------------------------------------------------------

    def _make_room(self, key: bytes, size: int, source: str, own_id: bytes, now: float) -> bool:
        if self._one("SELECT count(*) FROM dht_document WHERE source=?", (source,))[0] >= self._per_source:
            return False
        if self._one("SELECT count(*) FROM dht_document WHERE key=?", (key,))[0] >= PUBLISHERS_PER_KEY:
            return False
        if self._has_room(size):
            return True
        self.cull(now)
        if not self._has_room(size):
            self._evict(own_id)
        return self._has_room(size) and _distance(own_id, key) < self._edge

    def _evict(self, own_id: bytes) -> None:
        """Give up the hundredth of all keys that is farthest from us, so that it is not done for each newcomer."""
        keys = self.keys()
        for key in heapq.nlargest(len(keys) // 100 + 1, keys, key=lambda key: _distance(own_id, key)):
            self._edge = _distance(own_id, key)
            self._delete("key=?", (key,))

    def _has_room(self, size: int) -> bool:
        return self._count < self._documents and self._bytes + size <= self._total_bytes

    def _delete(self, where: str, values: tuple[Any, ...]) -> int:
        count, size = self._one(
            f"SELECT count(*), coalesce(sum(length(document)), 0) FROM dht_document WHERE {where}", values
        )
        if count:
            self._write(f"DELETE FROM dht_document WHERE {where}", values)
            self._count -= count
            self._bytes -= size
        return int(count)

    def _rows(self, query: str, values: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
        try:
            with closing(self._connection.execute(query, values)) as cursor:
                return cursor.fetchall()
        except sqlite3.DatabaseError as error:
            raise DatabaseCorrupt(str(error)) from error

    def _one(self, query: str, values: tuple[Any, ...] = ()) -> Any:
        return next(iter(self._rows(query, values)), None)

    def _write(self, query: str, values: tuple[Any, ...]) -> None:
        try:
            self._connection.execute(query, values).close()
        except sqlite3.DatabaseError as error:
            raise DiskFull(str(error)) from error


def _not_opened(path: Path | str, error: BaseException) -> WherryError:
    match getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT) & 0xFF:
        case sqlite3.SQLITE_FULL:
            return DiskFull(f"{path} cannot grow")
        case sqlite3.SQLITE_CANTOPEN | sqlite3.SQLITE_PERM | sqlite3.SQLITE_READONLY | sqlite3.SQLITE_BUSY:
            return HomeUnusable(f"{path}: {error}")
        case sqlite3.SQLITE_IOERR:
            return DiskFull(f"{path} cannot be written: {error}")
    hint = "Nothing was changed. Move it away: only what this node keeps for others is in it."
    return DatabaseCorrupt(f"{path}: {' '.join(str(error).split())[:160]}", hint=hint)


_HELD: Final = "key, purpose, publisher, sequence, expires, document FROM dht_document"


def _held(row: tuple[Any, ...]) -> Held:
    key, purpose, publisher, sequence, expires, document = row
    return Held(key=key, purpose=purpose, publisher=publisher, sequence=sequence, expires=expires, document=document)


def _distance(one: bytes, other: bytes) -> int:
    return int.from_bytes(one, "big") ^ int.from_bytes(other, "big")

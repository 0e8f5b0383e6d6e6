"""The history of messages: kept, found again by page, by state and by word; each state's only way is forward."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from wherry_signaling.identity import PeerId

from ..store.database import Database
from ..store.locks import BodyLock
from .fate import NEXT, MessageState
from .limits import OPENED_S
from .packets import Kind
from .searching import words

_COLUMNS = (
    "messages.number, chats.peer, messages.id, ours, kind, state, reason, held, sent, kept, reply_to,"
    " messages.text, body, locked"
)
_FROM = "FROM messages JOIN chats USING (chat)"
#: Bytes of the messages that one page has, beside the first: what an answer of the local API may hold.
PAGE_BYTES: Final = 8 * 1024 * 1024
#: Messages that are locked or unlocked in one transaction.
BATCH: Final = 1000
#: The choice that says how bodies rest.
LOCKED: Final = "bodies locked"
#: The choice that counts deletions whose words may still be in the index.
DELETED: Final = "words of deleted"
#: Pages of the index that are merged in one transaction: some milliseconds, in which all else waits.
MERGE_PAGES: Final = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message.

    :param number: its place in this node's history.
    :param peer: the contact: who wrote it, or who was written to.
    :param ours: whether our person wrote it.
    :param reason: of a failed one: the void's.
    :param held: in how many mailboxes it waits.
    :param sent, kept: when it was written, as its writer says, and when it came here; milliseconds since 1970.
    """

    number: int
    peer: PeerId
    id: bytes
    ours: bool
    kind: Kind
    state: MessageState
    reason: int | None
    held: int
    sent: int
    kept: int
    reply_to: bytes | None
    content: str | bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Chat:
    """A contact's messages, in short.

    :param last: the number of the newest.
    """

    peer: PeerId
    unread: int
    last: int


class MessageStore:
    """The tables `chats`, `messages` and `words`. Writes join a transaction of the caller's.

    :param lock: opens what is locked; None where nothing is.
    :param locking: whether what is kept from now on is locked.
    """

    def __init__(self, database: Database, lock: BodyLock | None = None, *, locking: bool = False) -> None:
        self._database, self._lock, self._locking = database, lock, locking and lock is not None

    # -- one message --------------------------------------------------------------------------------------------------

    def add(
        self,
        peer: PeerId,
        message: bytes,
        content: str | bytes,
        *,
        ours: bool,
        state: MessageState,
        sent: int,
        kept: int,
        reply_to: bytes | None = None,
        reason: int | None = None,
        held: int = 0,
    ) -> Message | None:
        """Keep one; None if it is here already.

        :param message: its id.
        """
        locked = self._locking and self._lock is not None
        text, body = (content, None) if isinstance(content, str) else (None, content)
        if self._lock is not None and locked:
            text, body = None, self._lock.lock(content, message, ours)
        kind = Kind.TEXT if isinstance(content, str) else Kind.BYTES
        with self._database.write() as connection:
            connection.execute("INSERT OR IGNORE INTO chats (peer) VALUES (?)", (peer.key,))
            cursor = connection.execute(
                "INSERT OR IGNORE INTO messages"
                " (chat, id, ours, kind, state, reason, held, sent, kept, reply_to, text, body, locked)"
                " SELECT chat, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ? FROM chats WHERE peer = ?",
                (message, ours, kind, state, reason, held, sent, kept, reply_to, text, body, locked, peer.key),
            )
            number = cursor.lastrowid
            if not cursor.rowcount or number is None:
                return None
            unread = not ours and state < MessageState.READ
            connection.execute(
                "UPDATE chats SET last = ?, unread = unread + ? WHERE peer = ?", (number, unread, peer.key)
            )
        return Message(
            number=number,
            peer=peer,
            id=message,
            ours=ours,
            kind=kind,
            state=state,
            reason=reason,
            held=held,
            sent=sent,
            kept=kept,
            reply_to=reply_to,
            content=content,
        )

    def get(self, peer: PeerId, message: bytes, *, ours: bool | None = None) -> Message | None:
        """The one with that id; where both sides have used it, ours."""
        return next(
            self._select(
                "WHERE chat = (SELECT chat FROM chats WHERE peer = ?1) AND messages.id = ?2 AND ours = ifnull(?3, ours)"
                " ORDER BY ours DESC LIMIT 1",
                (peer.key, message, ours),
            ),
            None,
        )

    def set_state(self, peer: PeerId, message: bytes, state: MessageState, reason: int | None = None) -> bool:
        """Let one of ours go on; whether it did. Where the table has no such way, nothing changes."""
        before = ", ".join(str(int(one)) for one, after in NEXT.items() if state in after)
        with self._database.write() as connection:
            cursor = connection.execute(
                f"UPDATE messages SET state = ?, reason = ?, held = 0 WHERE {_ONE_OF_OURS} AND state IN ({before})",
                (state, reason, peer.key, message),
            )
            return cursor.rowcount > 0

    def set_held(self, peer: PeerId, message: bytes, mailboxes: int) -> bool:
        """One of ours lies in so many mailboxes; whether that is news."""
        with self._database.write() as connection:
            cursor = connection.execute(
                f"UPDATE messages SET state = ?, held = ? WHERE {_ONE_OF_OURS} AND state IN (?, ?) AND held != ?",
                (
                    *(MessageState.HELD if mailboxes else MessageState.QUEUED, mailboxes, peer.key, message),
                    *(MessageState.QUEUED, MessageState.HELD, mailboxes),
                ),
            )
            return cursor.rowcount > 0

    def delete(self, peer: PeerId, message: bytes, *, now: float) -> bool:
        """Keep it no longer; whether it was there. Of one that was written to us, the id is remembered."""
        found = self.get(peer, message)
        if found is None:
            return False
        with self._database.write() as connection:
            connection.execute("DELETE FROM messages WHERE number = ?", (found.number,))
            if not found.ours and found.state < MessageState.READ:
                connection.execute("UPDATE chats SET unread = unread - 1 WHERE peer = ?", (peer.key,))
            if not found.ours:
                connection.execute("INSERT OR REPLACE INTO deleted VALUES (?, ?, ?)", (peer.key, message, now))
            _mark_deleted(connection)
        return True

    def was_deleted(self, peer: PeerId, message: bytes) -> bool:
        """Whether one with that id was written to us, and deleted not long ago."""
        return bool(self._database.read("SELECT 1 FROM deleted WHERE peer = ? AND id = ?", (peer.key, message)))

    def sweep(self, now: float) -> None:
        """Forget the ids of what was deleted so long ago that nobody says it again."""
        with self._database.write() as connection:
            connection.execute("DELETE FROM deleted WHERE at < ?", (now - OPENED_S,))

    # -- many ---------------------------------------------------------------------------------------------------------

    def page(
        self, peer: PeerId | None = None, *, before: int | None = None, after: int | None = None, limit: int = 50
    ) -> list[Message]:
        """Messages in their order: the last ones, those before a number, or those after one.

        There may be fewer than `limit` where they are large: one answer has `PAGE_BYTES` at most, and one message.

        :param peer: of one contact; None: of all.
        """
        clauses: list[str] = []
        values: list[bytes | int] = []
        for clause, value in (
            ("chat = (SELECT chat FROM chats WHERE peer = ?)", peer.key if peer is not None else None),
            ("number < ?", before),
            ("number > ?", after),
        ):
            if value is not None:
                clauses.append(clause)
                values.append(value)
        order = "ASC" if after is not None and before is None else "DESC"
        where = f"{' AND '.join(clauses) or '1'} ORDER BY number {order} LIMIT ?"
        return sorted(self._load(where, (*values, limit)), key=lambda one: one.number)

    def open(self) -> Iterator[Message]:
        """Ours that are not settled, in their order."""
        rows = self._database.read("SELECT number FROM messages INDEXED BY messages_open WHERE ours AND state < 2")
        for row in sorted(rows):
            yield from self._select("WHERE number = ?", row)

    def unread(self) -> dict[PeerId, int]:
        """How many messages of each nobody has read, where there are any."""
        rows = self._database.read("SELECT peer, unread FROM chats WHERE unread > 0")
        return {PeerId(key): unread for key, unread in rows}

    def chats(self) -> list[Chat]:
        """Everybody with whom there are messages, the newest first."""
        rows = self._database.read("SELECT peer, unread, last FROM chats ORDER BY last DESC")
        return [Chat(peer=PeerId(key), unread=unread, last=last) for key, unread, last in rows]

    def mark_read(self, peer: PeerId, through: int | None = None) -> list[bytes]:
        """What was written to us is read now, all or up to a number; returns the ids of those that were not."""
        [(end,)] = self._database.read("SELECT ifnull(?, max(last)) FROM chats WHERE peer = ?", (through, peer.key))
        unread = "chat = (SELECT chat FROM chats WHERE peer = ?) AND NOT ours AND state < 3 AND number <= ifnull(?, 0)"
        with self._database.write() as connection:
            ids = [row[0] for row in connection.execute(f"SELECT id FROM messages WHERE {unread}", (peer.key, end))]
            connection.execute(f"UPDATE messages SET state = ? WHERE {unread}", (MessageState.READ, peer.key, end))
            connection.execute("UPDATE chats SET unread = unread - ? WHERE peer = ?", (len(ids), peer.key))
        return ids

    def delete_chat(self, peer: PeerId, *, now: float) -> None:
        """Keep none of a contact's messages; see `delete`."""
        with self._database.write() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO deleted SELECT peer, id, ? FROM messages JOIN chats USING (chat)"
                " WHERE chat = (SELECT chat FROM chats WHERE peer = ?) AND NOT ours",
                (now, peer.key),
            )
            connection.execute("DELETE FROM messages WHERE chat = (SELECT chat FROM chats WHERE peer = ?)", (peer.key,))
            connection.execute("DELETE FROM chats WHERE peer = ?", (peer.key,))
            _mark_deleted(connection)

    # -- search -------------------------------------------------------------------------------------------------------

    @property
    def locking(self) -> bool:
        """Whether bodies rest locked, so that there is no index."""
        return self._locking

    def search(
        self, text: str, peer: PeerId | None = None, *, before: int | None = None, limit: int = 50
    ) -> list[Message]:
        """Messages with all these words, the newest first, by the index. Case and accents do not count, and the last
        word may be a beginning.
        """
        found = words(text)
        if not found:
            return []
        clauses: list[str] = ["words MATCH ?"]
        values: list[str | bytes | int] = [" ".join(f'"{word}"' for word in found) + "*"]
        if before is not None:
            clauses.append("words.rowid < ?")
            values.append(before)
        if peer is not None:
            clauses.append("chat = (SELECT chat FROM chats WHERE peer = ?)")
            values.append(peer.key)
        where = f"{' AND '.join(clauses)} ORDER BY words.rowid DESC LIMIT ?"
        return list(self._load(where, (*values, limit), "words JOIN messages ON number = words.rowid"))

    def settle_words(self) -> Iterator[None]:
        """Have no word of a deleted message left in the index, some pages at a time.

        FTS5 deletes by a note that takes the word back once the two meet in a merge, which may be never. So everything
        is merged into one: https://www.sqlite.org/fts5.html#the_merge_command. Whoever stops in between goes on next
        time, and a power cut that undoes a step undoes the end as well.
        """
        while (deletions := self._choice(DELETED)) is not None:
            pages = -MERGE_PAGES  # less than nothing: whatever there is takes part in this merge
            while self._merge(pages):
                pages = MERGE_PAGES
                yield
            with self._database.write(durable=False) as connection:  # unless something was deleted meanwhile
                connection.execute("DELETE FROM choices WHERE name = ? AND value = ?", (DELETED, deletions))

    def _merge(self, pages: int) -> bool:
        """Whether there was something to merge; the command itself counts as one change."""
        with self._database.write(durable=False) as connection:
            before = connection.total_changes
            connection.execute("INSERT INTO words (words, rank) VALUES ('merge', ?)", (pages,))
            return connection.total_changes - before > 1

    # -- locking ------------------------------------------------------------------------------------------------------

    def settle_locks(self) -> Iterator[int]:
        """Have every body rest as it is to: locked, or open; yields how many are done, a batch at a time.

        What was open leaves no trace in the file: the index is made anew, and free pages are given up.
        """
        goal = "yes" if self._locking else "no"
        if self._is_locked() == goal:
            return
        done = last = 0
        while numbers := self._database.read(
            "SELECT number FROM messages WHERE number > ? AND locked != ? ORDER BY number LIMIT ?",
            (last, self._locking, BATCH),
        ):
            with self._database.write():
                for (number,) in numbers:
                    self._relock(number)
            last = numbers[-1][0]
            done += len(numbers)
            yield done
        with self._database.write() as connection:
            connection.execute("INSERT INTO words (words) VALUES ('rebuild')")
            connection.execute("INSERT OR REPLACE INTO choices VALUES (?, ?)", (LOCKED, goal))
        if done:
            self._database.compact()

    def _is_locked(self) -> str:
        return self._choice(LOCKED) or "no"

    def _choice(self, name: str) -> str | None:
        rows = self._database.read("SELECT value FROM choices WHERE name = ?", (name,))
        return str(rows[0][0]) if rows else None

    def _relock(self, number: int) -> None:
        [one] = self._select("WHERE number = ?", (number,))
        text, body = (one.content, None) if isinstance(one.content, str) else (None, one.content)
        if self._locking and self._lock is not None:
            text, body = None, self._lock.lock(one.content, one.id, one.ours)
        with self._database.write() as connection:
            connection.execute(
                "UPDATE messages SET text = ?, body = ?, locked = ? WHERE number = ?",
                (text, body, self._locking, number),
            )

    # -- inside -------------------------------------------------------------------------------------------------------

    def _load(self, where: str, values: tuple[Any, ...], source: str = "messages") -> Iterator[Message]:
        """First what is meant, then what fits: a page of the largest messages would be hundreds of megabytes."""
        room = PAGE_BYTES
        # Bytes: of a text, SQLite counts characters, and those up to the first NUL.
        size = "ifnull(length(CAST(messages.text AS BLOB)), 0) + ifnull(length(body), 0)"
        for number, weight in self._database.read(f"SELECT number, {size} FROM {source} WHERE {where}", values):
            if weight > room and room < PAGE_BYTES:
                return
            room -= weight
            yield from self._select("WHERE number = ?", (number,))

    def _select(self, clause: str, values: tuple[Any, ...]) -> Iterator[Message]:
        for row in self._database.read(f"SELECT {_COLUMNS} {_FROM} {clause}", values):
            yield self._message(row)

    def _message(self, row: tuple[Any, ...]) -> Message:
        number, key, message, ours, kind, state, reason, held, sent, kept, reply_to, text, body, locked = row
        content = body if text is None else text
        if locked and self._lock is not None:
            content = self._lock.unlock(body, message, bool(ours))
        return Message(
            number=number,
            peer=PeerId(key),
            id=message,
            ours=bool(ours),
            kind=Kind(kind),
            state=MessageState(state),
            reason=reason,
            held=held,
            sent=sent,
            kept=kept,
            reply_to=reply_to,
            content=content,
        )


_ONE_OF_OURS = "chat = (SELECT chat FROM chats WHERE peer = ?) AND id = ? AND ours = 1"


def _mark_deleted(connection: sqlite3.Connection) -> None:
    connection.execute(
        "INSERT INTO choices VALUES (?, 1) ON CONFLICT (name) DO UPDATE SET value = value + 1", (DELETED,)
    )

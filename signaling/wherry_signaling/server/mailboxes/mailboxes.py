"""The mailboxes of one endpoint: leases, tags, one-time prekeys and envelopes, in one database.

Every method is one step, done whole or not at all, and takes the time as an argument. Nothing here knows of sockets.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path

from ...errors import MailboxUnusable, Malformed, NoReservation, Quota
from ...limits import (
    COLLECTED_AT_ONCE,
    FRAME_BYTES,
    MAILBOX_KEEP_S,
    MAILBOX_LEASE_S,
    MAILBOX_SWEEP_ROWS,
    PREKEYS_FOR_FRIENDS,
    SIZE_CLASSES,
)
from ...tags import envelope_name, has_work
from ...wire_mailbox import Sort
from .database import Database
from .quotas import Quotas, Use, may_list, weeks_that_count

#: Bytes around one envelope in a page, and around all of them (msgpack's heads, the numbers, the cipher's tag).
_AROUND_ONE, _AROUND_ALL = 15, 64


@dataclass(frozen=True, slots=True)
class Granted:
    """What a holder is told of its lease.

    :ivar seconds: that it lives on.
    :ivar bytes: that it holds at most.
    :ivar waiting: envelopes in it.
    :ivar prekeys: one-time prekeys that are left.
    """

    seconds: int
    bytes: int
    waiting: int
    prekeys: int


@dataclass(frozen=True, slots=True)
class Holding:
    """How much is kept for others; no names."""

    leases: int
    envelopes: int
    bytes: int


@dataclass(frozen=True, slots=True)
class _Lease:
    id: int
    use: Use


class Mailboxes:
    """What is kept for peers that are away.

    :param path: of the database, which may have other tables; None to keep all in memory.
    :raises MailboxUnusable: if it cannot be opened.

    Every method raises MailboxUnusable if the database cannot be read or written; nothing has changed then.
    """

    def __init__(self, path: Path | None = None, *, quotas: Quotas | None = None) -> None:
        self._quotas = Quotas() if quotas is None else quotas
        self._database = Database(path)

    def __repr__(self) -> str:
        with suppress(MailboxUnusable):
            held = self.hold()
            return f"<Mailboxes: {held.leases} leases, {held.envelopes} envelopes of {held.bytes} bytes>"
        return "<Mailboxes, unusable>"

    def close(self) -> None:
        """Close the database; may be called again."""
        self._database.close()

    def hold(self) -> Holding:
        """How much is kept."""
        [(leases,)] = self._database.rows("SELECT count(*) FROM mailbox_lease WHERE holder IS NOT NULL")
        [(envelopes, size)] = self._database.rows("SELECT envelopes, bytes FROM mailbox_total")
        return Holding(leases, envelopes, size)

    # -- the holder's side --------------------------------------------------------------------------------------------

    def has_lease(self, holder: bytes, now: float) -> bool:
        """Whether that key has one."""
        return self._find(holder, now) is not None

    def lease(self, holder: bytes, seconds: float, now: float) -> Granted:
        """Grant a lease for `seconds` from now, or renew it; at most `MAILBOX_LEASE_S`.

        :param holder: the 32-byte public key, proven.
        :raises Quota: if there are too many.
        """
        granted = int(min(seconds, MAILBOX_LEASE_S))
        expires = int(now) + granted
        with self._database.transaction():
            if not self._database.run("UPDATE mailbox_lease SET expires = ? WHERE holder = ?", (expires, holder)):
                if self.hold().leases >= self._quotas.leases:
                    raise Quota("this mailbox has as many leases as it can")
                self._database.run("INSERT INTO mailbox_lease (holder, expires) VALUES (?, ?)", (holder, expires))
            [(lease, waiting)] = self._database.rows(
                "SELECT id, envelopes FROM mailbox_lease WHERE holder = ?", (holder,)
            )
            self._database.run(
                "DELETE FROM mailbox_tag WHERE lease = ? AND week < ?", (lease, weeks_that_count(now)[0])
            )
        return Granted(granted, self._quotas.lease_bytes, waiting, self._prekeys_left(lease))

    def list_tags(self, holder: bytes, week: int, sort: Sort, first: bool, tags: Sequence[bytes], now: float) -> None:
        """Let envelopes come under these tags in `week`, beside those that are listed, or in their place.

        :param first: whether the list of that week and sort begins anew.
        :raises NoReservation: without a lease.
        :raises Malformed: if the week is over, or too far ahead.
        :raises Quota: if there are too many tags; the list is as before then.
        """
        lease = self._own(holder, now)
        if not may_list(week, now):
            raise Malformed("the week is over, or too far ahead")
        where = (lease.id, week, int(sort))
        with self._database.transaction():
            if first:
                self._database.run("DELETE FROM mailbox_tag WHERE lease = ? AND week = ? AND sort = ?", where)
            self._database.run_many(
                "INSERT OR IGNORE INTO mailbox_tag VALUES (?, ?, ?, ?)", [(*where, tag) for tag in tags]
            )
            [(listed,)] = self._database.rows(
                "SELECT count(*) FROM mailbox_tag WHERE lease = ? AND week = ? AND sort = ?", where
            )
            [(total,)] = self._database.rows("SELECT tags FROM mailbox_total")
            if listed > self._quotas.tags_of(sort) or total > self._quotas.tags:
                raise Quota("too many tags")

    def put_prekeys(self, holder: bytes, prekeys: Sequence[tuple[int, bytes]], now: float) -> None:
        """Hand these out from now on, and forget those before.

        :param prekeys: (id, X25519 key 32).
        :raises NoReservation: without a lease.
        :raises Malformed: if an id is 0, or there twice.
        """
        lease = self._own(holder, now)
        ids = {number for number, _ in prekeys}
        if 0 in ids or len(ids) != len(prekeys):
            raise Malformed("a prekey's id is 0, or there twice")
        with self._database.transaction():
            self._database.run("DELETE FROM mailbox_prekey WHERE lease = ?", (lease.id,))
            self._database.run_many(
                "INSERT INTO mailbox_prekey VALUES (?, ?, ?)", [(lease.id, number, key) for number, key in prekeys]
            )

    def collect(self, holder: bytes, after: int, now: float) -> tuple[list[tuple[int, bytes]], bool]:
        """What waits beyond the number `after`, as much as one frame holds, and whether there is more.

        :raises NoReservation: without a lease.
        """
        lease = self._own(holder, now)
        sizes = self._database.rows(
            "SELECT size FROM mailbox_envelope WHERE lease = ? AND number > ? ORDER BY number LIMIT ?",
            (lease.id, after, COLLECTED_AT_ONCE + 1),
        )
        filled = accumulate((size + _AROUND_ONE for (size,) in sizes[:COLLECTED_AT_ONCE]), initial=_AROUND_ALL)
        count = sum(bytes_so_far <= FRAME_BYTES for bytes_so_far in filled) - 1
        page = self._database.rows(
            "SELECT number, sealed FROM mailbox_envelope WHERE lease = ? AND number > ? ORDER BY number LIMIT ?",
            (lease.id, after, count),
        )
        return [(number, sealed) for number, sealed in page], len(sizes) > count

    def acknowledge(self, holder: bytes, names: Sequence[bytes], now: float) -> None:
        """Forget envelopes by their names; one that is not there is no mistake.

        :raises NoReservation: without a lease.
        """
        lease = self._own(holder, now)
        with self._database.transaction():
            self._database.run_many(
                "DELETE FROM mailbox_envelope WHERE lease = ? AND name = ?", [(lease.id, name) for name in names]
            )

    def end_lease(self, holder: bytes) -> None:
        """Forget the lease and all that waits in it; nobody who has none is told so."""
        self._database.run(
            "UPDATE mailbox_lease SET holder = NULL, record = NULL, expires = 0 WHERE holder = ?", (holder,)
        )

    # -- everybody else's ---------------------------------------------------------------------------------------------

    def deposit(self, to: bytes, tag: bytes, work: bytes, sealed: bytes, now: float) -> int | None:
        """Keep a sealed envelope; returns how many wait then, or None if it was there already.

        :raises Malformed: if it has no size that sealed envelopes have, or the work no length that work has.
        :raises NoReservation: no lease, an unknown tag, a request's tag without work: which, is not told.
        :raises Quota: if too much waits.
        """
        if len(sealed) not in SIZE_CLASSES or len(work) not in (0, 8):
            raise Malformed("no sealed envelope has this size")
        found = self._right(to, tag, now)
        if found is None:
            raise NoReservation()
        lease, sort = found
        if sort is Sort.REQUESTS and not has_work(tag, sealed, work):
            raise NoReservation()
        name = envelope_name(sealed)
        if self._database.one("SELECT 1 FROM mailbox_envelope WHERE lease = ? AND name = ?", (lease.id, name)):
            return None
        self._check_quota(lease, sort, tag, len(sealed))
        with self._database.transaction():
            [(number,)] = self._database.rows(
                "UPDATE mailbox_lease SET last = last + 1 WHERE id = ? RETURNING last", (lease.id,)
            )
            self._database.run(
                "INSERT INTO mailbox_envelope (lease, number, name, tag, size, deposited, sealed)"
                " VALUES (?, ?, ?, ?, ?, ?, ?)",
                (lease.id, number, name, tag, len(sealed), int(now), sealed),
            )
        return lease.use.envelopes + 1

    def take_prekey(self, to: bytes, tag: bytes, now: float) -> tuple[int, bytes] | None:
        """One of a holder's one-time prekeys, which nobody else gets; None if there is none, for whatever reason.

        Strangers leave the last `PREKEYS_FOR_FRIENDS` of them to friends.
        """
        found = self._right(to, tag, now)
        if found is None:
            return None
        lease, sort = found
        if sort is Sort.REQUESTS and self._prekeys_left(lease.id) <= PREKEYS_FOR_FRIENDS:
            return None
        row = self._database.one(
            "DELETE FROM mailbox_prekey WHERE lease = ?1 AND id ="
            " (SELECT min(id) FROM mailbox_prekey WHERE lease = ?1) RETURNING id, key",
            (lease.id,),
        )
        return None if row is None else (row[0], row[1])

    # -- inbox records ------------------------------------------------------------------------------------------------

    def keep_record(self, holder: bytes, document: bytes, now: float) -> None:
        """Keep a holder's newest inbox record, checked, to publish it again; whose lease has ended has none."""
        lease = self._find(holder, now)
        if lease is not None:
            self._database.run("UPDATE mailbox_lease SET record = ? WHERE id = ?", (document, lease.id))

    def recorded(self, now: float) -> list[int]:
        """The leases that have an inbox record to be published again."""
        query = "SELECT id FROM mailbox_lease WHERE record IS NOT NULL AND expires > ?"
        return [row[0] for row in self._database.rows(query, (int(now),))]

    def record(self, lease: int) -> bytes | None:
        """The inbox record of one of them."""
        row = self._database.one("SELECT record FROM mailbox_lease WHERE id = ?", (lease,))
        return None if row is None else row[0]

    # -- upkeep -------------------------------------------------------------------------------------------------------

    def sweep(self, now: float) -> None:
        """Forget what has run out, a bounded number of rows at a time; called again and again."""
        with self._database.transaction():
            self._delete_some("deposited <= ?", int(now) - MAILBOX_KEEP_S)
            lease = self._database.one("SELECT id FROM mailbox_lease WHERE expires <= ? LIMIT 1", (int(now),))
            if lease is not None and self._delete_some("lease = ?", lease[0]) < MAILBOX_SWEEP_ROWS:
                self._database.run("DELETE FROM mailbox_lease WHERE id = ?", lease)

    # -- inside -------------------------------------------------------------------------------------------------------

    def _find(self, holder: bytes, now: float) -> _Lease | None:
        row = self._database.one(
            "SELECT id, envelopes, bytes FROM mailbox_lease WHERE holder = ? AND expires > ?", (holder, int(now))
        )
        return None if row is None else _Lease(row[0], Use(row[1], row[2]))

    def _own(self, holder: bytes, now: float) -> _Lease:
        lease = self._find(holder, now)
        if lease is None:
            raise NoReservation("ask for a lease first")
        return lease

    def _right(self, to: bytes, tag: bytes, now: float) -> tuple[_Lease, Sort] | None:
        """The lease, and what sort of tag this is there; None if either is not."""
        lease = self._find(to, now)
        if lease is None:
            return None
        for sort in Sort:
            for week in weeks_that_count(now):
                where = (lease.id, week, int(sort), tag)
                if self._database.one(
                    "SELECT 1 FROM mailbox_tag WHERE lease = ? AND week = ? AND sort = ? AND tag = ?", where
                ):
                    return lease, sort
        return None

    def _check_quota(self, lease: _Lease, sort: Sort, tag: bytes, size: int) -> None:
        row = self._database.one(
            "SELECT envelopes, bytes FROM mailbox_use WHERE lease = ? AND tag = ?", (lease.id, tag)
        )
        [(total,)] = self._database.rows("SELECT bytes FROM mailbox_total")
        used = Use() if row is None else Use(*row)
        if objection := self._quotas.objection(sort, size, tag=used, lease=lease.use, total_bytes=total):
            raise Quota(objection)

    def _delete_some(self, where: str, value: int) -> int:
        return self._database.run(
            f"DELETE FROM mailbox_envelope WHERE id IN (SELECT id FROM mailbox_envelope WHERE {where} LIMIT ?)",
            (value, MAILBOX_SWEEP_ROWS),
        )

    def _prekeys_left(self, lease: int) -> int:
        [(left,)] = self._database.rows("SELECT count(*) FROM mailbox_prekey WHERE lease = ?", (lease,))
        return int(left)

"""What the post keeps: the state of each pair, what waits to be sent, what waits behind a gap, and our leases.

Every method belongs into a transaction of its caller (`Database.write` joins an outer one): a change of a pair's state
and its effect are kept together or not at all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from wherry_signaling.identity import PeerId
from wherry_signaling.scope import Scope

from ..ratchet.prekeys import NewPrekey
from ..store.database import Database
from ..store.locks import LOCK_BYTES, BodyLock
from .incoming import Incoming
from .outgoing import Entry, Outgoing
from .packets import Item


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """A mailbox that keeps our mail.

    :param expires: seconds since 1970.
    :param current: our inbox record names it; others are only collected from.
    """

    mailbox: PeerId
    endpoints: tuple[str, ...]
    expires: float
    current: bool


class MailStore:
    """The tables of the mail, typed. Bodies, sessions and secrets rest locked, where there is a lock.

    :param database: the node's own.
    :param lock: the identity's (locks.py); the same at every start.
    """

    def __init__(self, database: Database, lock: BodyLock | None = None) -> None:
        self._database, self._lock = database, lock
        self._overhead = 0 if lock is None else LOCK_BYTES

    def _locked(self, content: bytes, about: bytes) -> bytes:
        return content if self._lock is None or not content else self._lock.lock(content, about, ours=True)

    def _unlocked(self, rests: bytes, about: bytes) -> bytes:
        if self._lock is None or not rests:
            return bytes(rests)
        content = self._lock.unlock(rests, about, ours=True)
        assert isinstance(content, bytes)  # as it was locked
        return content

    # -- pairs --------------------------------------------------------------------------------------------------------

    def unsettled(self) -> list[PeerId]:
        """Peers for whom something waits: an item, or the word that we have theirs."""
        rows = self._database.read("SELECT peer FROM outbox UNION SELECT peer FROM pairs WHERE ack_due")
        return [PeerId(row[0]) for row in rows]

    def pair(self, peer: PeerId) -> tuple[Outgoing, Incoming, bool, bytes] | None:
        """Both sides, whether an acknowledgement is due, and the ratchet's state; None if nothing was ever said."""
        read, key = self._database.read, (peer.key,)
        columns = "out_epoch, out_next, in_epoch, in_through, in_recent, ack_due, sessions"
        rows = read(f"SELECT {columns} FROM pairs WHERE peer = ?", key)
        if not rows:
            return None
        [(out_epoch, out_next, in_epoch, in_through, in_recent, ack_due, sessions)] = rows
        entries = read(
            "SELECT number, item, kind, expires, length(body), piece, voiding, reported FROM outbox"
            " WHERE peer = ? ORDER BY number",
            key,
        )
        held = read("SELECT number, kind, item, expires, body FROM held_back WHERE peer = ?", key)
        voided = read("SELECT number, reason FROM voided WHERE peer = ?", key)
        outgoing = Outgoing(
            out_epoch,
            out_next,
            (
                Entry(
                    number=number,
                    id=item,
                    kind=kind,
                    expires=expires,
                    size=max(size - self._overhead, 0),
                    piece=bool(piece),
                    voiding=bool(voiding),
                    reported=bool(reported),
                )
                for number, item, kind, expires, size, piece, voiding, reported in entries
            ),
        )
        incoming = Incoming(
            in_epoch,
            in_through,
            (
                Item(number, kind, item, expires, self._unlocked(body, item))
                for number, kind, item, expires, body in held
            ),
            voided,
            bytes(in_recent),
        )
        return outgoing, incoming, bool(ack_due), self._unlocked(sessions, key[0])

    def keep_pair(
        self, peer: PeerId, outgoing: Outgoing, incoming: Incoming, sessions: bytes, *, ack_due: bool, now: float
    ) -> None:
        """The numbers, whether an acknowledgement is due, and the ratchet's state."""
        rests = self._locked(sessions, peer.key)
        with self._database.write() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO pairs"
                " (peer, out_epoch, out_next, in_epoch, in_through, in_recent, ack_due, used, sessions)"
                " VALUES (?,?,?,?,?,?,?,?,?)",
                (
                    *(peer.key, outgoing.epoch, outgoing.next_number),
                    *(incoming.epoch, incoming.through, incoming.recent, ack_due, now, rests),
                ),
            )

    def forget_strangers(self, most: int, is_known: Callable[[PeerId], bool]) -> list[PeerId]:
        """Keep so many pairs with strangers for whom nothing waits, the latest used; returns whom it forgot."""
        rows = self._database.read(
            "SELECT peer FROM pairs WHERE peer NOT IN (SELECT peer FROM outbox) ORDER BY used DESC"
        )
        forgotten = [peer for (key,) in rows if not is_known(peer := PeerId(key))][most:]
        with self._database.write() as connection:
            for table in ("pairs", "held_back", "voided", "pieces", "inboxes"):
                connection.executemany(f"DELETE FROM {table} WHERE peer = ?", [(peer.key,) for peer in forgotten])
        return forgotten

    # -- what waits to be sent ----------------------------------------------------------------------------------------

    def put(self, peer: PeerId, entry: Entry, body: bytes) -> None:
        """Keep an item until it is settled."""
        with self._database.write() as connection:
            connection.execute(
                "INSERT INTO outbox (peer, number, item, kind, expires, piece, body) VALUES (?,?,?,?,?,?,?)",
                (
                    peer.key,
                    entry.number,
                    entry.id,
                    entry.kind,
                    entry.expires,
                    entry.piece,
                    self._locked(body, entry.id),
                ),
            )

    def body(self, peer: PeerId, number: int) -> bytes:
        """An item's body."""
        rows = self._database.read("SELECT body, item FROM outbox WHERE peer = ? AND number = ?", (peer.key, number))
        return self._unlocked(*rows[0]) if rows else b""

    def waiting(self, peer: PeerId) -> tuple[int, int]:
        """How many items wait for a peer, and how many bytes."""
        rows = self._database.read(
            "SELECT count(*), ifnull(sum(length(body)), 0) FROM outbox WHERE peer = ?", (peer.key,)
        )
        return int(rows[0][0]), int(rows[0][1])

    def void(self, peer: PeerId, entries: Iterable[Entry]) -> None:
        """From now on only a decision is asked for, in mailboxes too: what they hold is the item, not the question."""
        entries = list(entries)
        with self._database.write() as connection:
            connection.executemany(
                "UPDATE outbox SET voiding = 1, reported = ?, body = x'' WHERE peer = ? AND number = ?",
                [(entry.reported, peer.key, entry.number) for entry in entries],
            )
            connection.executemany(
                "DELETE FROM deposits WHERE peer = ? AND number = ?", [(peer.key, entry.number) for entry in entries]
            )

    def settle(self, peer: PeerId, entries: Iterable[Entry]) -> None:
        """Forget items whose fate is known."""
        values = [(peer.key, entry.number) for entry in entries]
        with self._database.write() as connection:
            connection.executemany("DELETE FROM outbox WHERE peer = ? AND number = ?", values)
            connection.executemany("DELETE FROM deposits WHERE peer = ? AND number = ?", values)

    def renumber(self, peer: PeerId, outgoing: Outgoing) -> None:
        """A new epoch: the items that wait get the numbers that `outgoing` gave them, in the same order."""
        with self._database.write() as connection:
            rows = connection.execute(
                "SELECT number FROM outbox WHERE peer = ? ORDER BY number", (peer.key,)
            ).fetchall()
            # Downwards and in order: no number is ever taken by two.
            for (old,), entry in zip(rows, outgoing, strict=True):
                connection.execute(
                    "UPDATE outbox SET number = ? WHERE peer = ? AND number = ?", (entry.number, peer.key, old)
                )
            connection.execute("DELETE FROM deposits WHERE peer = ?", (peer.key,))

    # -- which mailbox holds what -------------------------------------------------------------------------------------

    def deposited(self, peer: PeerId, entries: Iterable[Entry], mailbox: PeerId, now: float) -> None:
        """A mailbox has taken these."""
        with self._database.write() as connection:
            connection.executemany(
                "INSERT OR REPLACE INTO deposits (peer, number, mailbox, at) VALUES (?,?,?,?)",
                [(peer.key, entry.number, mailbox.key, now) for entry in entries],
            )

    def holders(self, peer: PeerId) -> dict[int, dict[bytes, float]]:
        """By number: the keys of the mailboxes that hold it, and when each took it."""
        held: dict[int, dict[bytes, float]] = {}
        rows = self._database.read("SELECT number, mailbox, at FROM deposits WHERE peer = ?", (peer.key,))
        for number, mailbox, at in rows:
            held.setdefault(number, {})[mailbox] = at
        return held

    def forget_deposits(self, peer: PeerId) -> None:
        """What lies there cannot be opened any more."""
        with self._database.write() as connection:
            connection.execute("DELETE FROM deposits WHERE peer = ?", (peer.key,))

    # -- what came ----------------------------------------------------------------------------------------------------

    def keep_incoming(
        self,
        peer: PeerId,
        *,
        hold: Iterable[Item],
        released: Iterable[int],
        voided: Mapping[int, int],
        before: Mapping[int, int],
    ) -> None:
        """What waits behind a gap now, what does not any more, and what is void, where it was something else before."""
        key = peer.key
        with self._database.write() as connection:
            connection.executemany(
                "DELETE FROM held_back WHERE peer = ? AND number = ?", [(key, number) for number in released]
            )
            connection.executemany(
                "INSERT OR REPLACE INTO held_back (peer, number, item, kind, expires, body) VALUES (?,?,?,?,?,?)",
                [(key, one.number, one.id, one.kind, one.expires, self._locked(one.body, one.id)) for one in hold],
            )
            connection.executemany(
                "DELETE FROM voided WHERE peer = ? AND number = ?",
                [(key, one) for one in before.keys() - voided.keys()],
            )
            connection.executemany(
                "INSERT OR REPLACE INTO voided VALUES (?,?,?)",
                [(key, number, reason) for number, reason in voided.items() if before.get(number) != reason],
            )

    def pieces_bytes(self, peer: PeerId) -> int:
        """Bytes of a peer's pieces whose rest has not come."""
        rows = self._database.read("SELECT ifnull(sum(length(piece)), 0) FROM pieces WHERE peer = ?", (peer.key,))
        return int(rows[0][0])

    def keep_piece(self, peer: PeerId, item: bytes, place: int, piece: bytes, expires: int) -> int:
        """Keep one piece; returns how many of that item are here."""
        with self._database.write() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO pieces VALUES (?,?,?,?,?)",
                (peer.key, item, place, self._locked(piece, item), expires),
            )
            rows = connection.execute("SELECT count(*) FROM pieces WHERE peer = ? AND item = ?", (peer.key, item))
            return int(rows.fetchone()[0])

    def take_pieces(self, peer: PeerId, item: bytes) -> bytes:
        """All pieces joined; they are forgotten."""
        with self._database.write() as connection:
            rows = connection.execute(
                "SELECT piece FROM pieces WHERE peer = ? AND item = ? ORDER BY place", (peer.key, item)
            ).fetchall()
            connection.execute("DELETE FROM pieces WHERE peer = ? AND item = ?", (peer.key, item))
        return b"".join(self._unlocked(row[0], item) for row in rows)

    def was_opened(self, name: bytes) -> bool:
        """Whether the sealed envelope of that name was opened before."""
        return bool(self._database.read("SELECT 1 FROM opened WHERE name = ?", (name,)))

    def keep_opened(self, name: bytes, now: float) -> None:
        """It is opened now."""
        with self._database.write() as connection:
            connection.execute("INSERT OR IGNORE INTO opened VALUES (?,?)", (name, now))

    def sweep(self, now: float, *, opened_s: float, opened: int) -> None:
        """Forget names that no mailbox can still hold, the oldest beyond so many, and pieces whose rest never came."""
        with self._database.write() as connection:
            connection.execute("DELETE FROM opened WHERE at < ?", (now - opened_s,))
            connection.execute(
                "DELETE FROM opened WHERE at < (SELECT at FROM opened ORDER BY at DESC LIMIT 1 OFFSET ?)", (opened,)
            )
            connection.execute("DELETE FROM pieces WHERE expires < ?", (now - opened_s,))

    # -- our prekeys ---------------------------------------------------------------------------------------------------

    def secret(self, number: int) -> bytes | None:
        """The private half of one of our prekeys, if it is still here."""
        rows = self._database.read("SELECT secret FROM prekeys WHERE number = ?", (number,))
        return self._unlocked(rows[0][0], _number(number)) if rows else None

    def use(self, number: int) -> None:
        """A one-time prekey is used up: nobody can open what was sealed with it any more, nor can we."""
        with self._database.write() as connection:
            connection.execute("DELETE FROM prekeys WHERE number = ? AND holder != x''", (number,))

    def prekeys(self, holder: bytes) -> list[NewPrekey]:
        """Those that were made for one holder; for nobody in particular, the signed ones."""
        rows = self._database.read("SELECT number, holder, secret, made FROM prekeys WHERE holder = ?", (holder,))
        return [
            NewPrekey(number=number, holder=holder, secret=self._unlocked(secret, _number(number)), made=made)
            for number, holder, secret, made in rows
        ]

    def keep_prekeys(self, prekeys: Iterable[NewPrekey]) -> None:
        """Keep them, before anybody is told of them."""
        with self._database.write() as connection:
            connection.executemany(
                "INSERT INTO prekeys VALUES (?,?,?,?)",
                [(one.number, one.holder, self._locked(one.secret, _number(one.number)), one.made) for one in prekeys],
            )

    def drop_prekeys(self, *, made_before: float, holder: bytes | None = None) -> None:
        """Forget what is old, of one holder or of all."""
        with self._database.write() as connection:
            connection.execute(
                "DELETE FROM prekeys WHERE made < ?1 AND (?2 IS NULL OR holder = ?2)", (made_before, holder)
            )

    # -- leases and others' inbox records -----------------------------------------------------------------------------

    def leases(self) -> list[Lease]:
        """All that were granted and have not ended."""
        rows = self._database.read("SELECT mailbox, endpoints, expires, current FROM leases")
        return [
            Lease(mailbox=PeerId(key), endpoints=tuple(text.split("\n")), expires=expires, current=bool(current))
            for key, text, expires, current in rows
        ]

    def keep_lease(self, lease: Lease) -> None:
        """Remember one; another of the same mailbox is replaced."""
        with self._database.write() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO leases VALUES (?,?,?,?)",
                (lease.mailbox.key, "\n".join(lease.endpoints), lease.expires, lease.current),
            )

    def forget_lease(self, mailbox: PeerId) -> None:
        """It has ended."""
        with self._database.write() as connection:
            connection.execute("DELETE FROM leases WHERE mailbox = ?", (mailbox.key,))

    def inbox(self, peer: PeerId) -> tuple[bytes, Scope]:
        """The newest inbox record that was kept of a peer, or nothing; and how near it came from."""
        rows = self._database.read("SELECT document, scope FROM inboxes WHERE peer = ?", (peer.key,))
        return (bytes(rows[0][0]), Scope(rows[0][1])) if rows else (b"", Scope.GLOBAL)

    def keep_inbox(self, peer: PeerId, document: bytes, scope: Scope) -> None:
        """Keep it in place of what was there."""
        with self._database.write() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO inboxes (peer, document, scope) VALUES (?,?,?)", (peer.key, document, scope)
            )


def _number(number: int) -> bytes:
    return number.to_bytes(8, "big")

"""What is kept of invitations that we were given: until they are answered, and their ids until they expire."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from wherry_signaling.identity import PeerId

from ..store.database import Database
from ..store.locks import BodyLock


@dataclass(frozen=True, slots=True, kw_only=True)
class InvitationRow:
    """One that waits for its answer.

    :param body: the item's: name and data.
    :param expires: seconds since 1970.
    """

    peer: PeerId
    id: bytes
    body: bytes
    expires: float


class InvitationStore:
    """The table `invitations`, typed. Every method joins a transaction of its caller's.

    :param database: the node's own.
    :param lock: under which bodies rest, if they do; the same at every start.
    """

    def __init__(self, database: Database, lock: BodyLock | None = None) -> None:
        self._database, self._lock = database, lock

    def put(self, row: InvitationRow) -> bool:
        """Keep one; False if it is known already, answered or not."""
        body = row.body if self._lock is None else self._lock.lock(row.body, row.id, ours=False)
        with self._database.write() as connection:
            added = connection.execute(
                "INSERT OR IGNORE INTO invitations (peer, id, body, expires) VALUES (?, ?, ?, ?)",
                (row.peer.key, row.id, body, row.expires),
            )
            return added.rowcount == 1

    def answer(self, peer: PeerId, invitation: bytes) -> None:
        """It is answered: only its id is kept, so that a second copy is known for what it is."""
        with self._database.write() as connection:
            connection.execute(
                "UPDATE invitations SET answered = 1, body = x'' WHERE peer = ? AND id = ?", (peer.key, invitation)
            )

    def waiting(self) -> Iterator[InvitationRow]:
        """All that are not answered, the first to expire first."""
        rows = self._database.read(
            "SELECT peer, id, body, expires FROM invitations WHERE NOT answered ORDER BY expires"
        )
        for peer, invitation, rests, expires in rows:
            body = rests if self._lock is None else self._lock.unlock(rests, invitation, ours=False)
            assert isinstance(body, bytes)  # as it was locked
            yield InvitationRow(peer=PeerId(peer), id=invitation, body=body, expires=expires)

    def count(self, peer: PeerId) -> tuple[int, int]:
        """How many of a peer's are not answered, and how many of everybody's."""
        [(own, all_)] = self._database.read(
            "SELECT coalesce(sum(peer = ?), 0), count(*) FROM invitations WHERE NOT answered", (peer.key,)
        )
        return own, all_

    def sweep(self, now: float) -> None:
        """Forget what has expired."""
        with self._database.write() as connection:
            connection.execute("DELETE FROM invitations WHERE expires < ?", (now,))

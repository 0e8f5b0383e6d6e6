"""What is kept of friendships: the state of each, the word that is under way, and the peer ids of a contact."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from wherry_signaling.identity import PeerId

from ..messages.packets import Kind
from ..store.database import Database
from .states import Friendship, Said, State, Word

_COLUMNS = (
    "peer, state, since, ours, ours_answers, theirs, theirs_answers, said, said_kind, about,"
    " hello, nospam, reason, answer, profile_told, profile_sent, profile_item, compared"
)
_MARKS = ", ".join("?" * (_COLUMNS.count(",") + 1))
_UPDATES = ", ".join(f"{name} = excluded.{name}" for name in _COLUMNS.replace(",", "").split()[1:])


@dataclass(frozen=True, slots=True, kw_only=True)
class FriendRow:
    """One contact.

    :param peer: the peer that the friendship was made with.
    :param since: when the state was entered, seconds since 1970.
    :param hello: of the request, theirs or ours.
    :param nospam: of the address that we asked by.
    :param answer: what they said when they declined.
    :param profile_told: the version of our profile that they have; 0: none.
    :param profile_sent, profile_item: the version that is under way, and its item's id.
    :param compared: when the safety numbers were compared and equal, seconds since 1970; 0: never.
    """

    peer: PeerId
    friendship: Friendship = field(default_factory=Friendship)
    since: float = 0.0
    hello: str = ""
    nospam: bytes | None = field(default=None, repr=False)
    answer: str = ""
    profile_told: int = 0
    profile_sent: int = 0
    profile_item: bytes | None = None
    compared: float = 0.0


class FriendStore:
    """The tables `friends` and `friend_peers`. Writes join a transaction of the caller's."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, peer: PeerId) -> FriendRow:
        """What is kept of the contact that a peer belongs to; of a stranger, nothing but that."""
        rows = self._rows("WHERE contact = (SELECT contact FROM friend_peers WHERE peer = ?)", (peer.key,))
        return next(rows, FriendRow(peer=peer))

    def put(self, row: FriendRow) -> None:
        """Keep it. A stranger is forgotten, once there is nothing that it has still to be told."""
        now = row.friendship
        with self._database.write() as connection:
            if now.state is State.STRANGER and now.said is None:
                connection.execute("DELETE FROM friends WHERE peer = ?", (row.peer.key,))
                return
            connection.execute(
                f"INSERT INTO friends ({_COLUMNS}) VALUES ({_MARKS}) ON CONFLICT (peer) DO UPDATE SET {_UPDATES}",
                (
                    *(row.peer.key, now.state.value, row.since),
                    *((now.ours.id, now.ours.answers) if now.ours else (None, None)),
                    *((now.theirs.id, now.theirs.answers) if now.theirs else (None, None)),
                    *((now.said.id, now.said.kind, now.said.about) if now.said else (None, None, None)),
                    *(row.hello, row.nospam, now.reason, row.answer),
                    *(row.profile_told, row.profile_sent, row.profile_item, row.compared),
                ),
            )
            connection.execute(
                "INSERT OR IGNORE INTO friend_peers SELECT peer, contact FROM friends WHERE peer = ?", (row.peer.key,)
            )

    def all(self) -> list[FriendRow]:
        """Everybody with whom there is something, those whose state changed last first."""
        return list(self._rows("ORDER BY since DESC, contact DESC", ()))

    def unheard(self) -> list[FriendRow]:
        """Those who may not have what we said last."""
        return list(self._rows("WHERE said IS NOT NULL", ()))

    def state(self, key: bytes) -> State:
        """The state of the contact that a 32-byte key belongs to."""
        rows = self._database.read(
            "SELECT state FROM friend_peers JOIN friends USING (contact) WHERE friend_peers.peer = ?", (key,)
        )
        return State(rows[0][0]) if rows else State.STRANGER

    def count(self, state: State) -> int:
        """How many are in a state."""
        [(count,)] = self._database.read("SELECT count(*) FROM friends WHERE state = ?", (state.value,))
        return int(count)

    def names(self) -> dict[PeerId, tuple[str, str]]:
        """The label and the claimed name of everybody in the table."""
        rows = self._database.read(
            "SELECT friends.peer, ifnull(peers.label, ''), coalesce(nullif(profiles.name, ''), peers.claimed, '')"
            " FROM friends LEFT JOIN peers USING (peer) LEFT JOIN profiles USING (peer)"
        )
        return {PeerId(key): (label, name) for key, label, name in rows}

    # -- several peers of one contact ---------------------------------------------------------------------------------

    def peers(self) -> dict[PeerId, tuple[PeerId, ...]]:
        """All peer ids of each contact, by that of the friendship, which is the first."""
        found: dict[bytes, list[bytes]] = {}
        for first, key in self._database.read(
            "SELECT friends.peer, friend_peers.peer FROM friends JOIN friend_peers USING (contact)"
            " ORDER BY friends.peer != friend_peers.peer"
        ):
            found.setdefault(first, []).append(key)
        return {PeerId(first): tuple(map(PeerId, keys)) for first, keys in found.items()}

    def peers_of(self, peer: PeerId) -> tuple[PeerId, ...]:
        """All peer ids of the contact that a peer belongs to; the peer itself, of a stranger."""
        rows = self._database.read(
            "SELECT friend_peers.peer FROM friend_peers JOIN friends USING (contact)"
            " WHERE contact = (SELECT contact FROM friend_peers WHERE peer = ?)"
            " ORDER BY friends.peer != friend_peers.peer",
            (peer.key,),
        )
        return tuple(PeerId(key) for (key,) in rows) or (peer,)

    def add_peer(self, contact: PeerId, peer: PeerId) -> None:
        """Let a further peer be the same person. One that belongs to somebody already stays there."""
        with self._database.write() as connection:
            connection.execute(
                "INSERT OR IGNORE INTO friend_peers SELECT ?, contact FROM friend_peers WHERE peer = ?",
                (peer.key, contact.key),
            )

    def _rows(self, clause: str, values: tuple[bytes, ...]) -> Iterator[FriendRow]:
        for row in self._database.read(f"SELECT {_COLUMNS} FROM friends {clause}", values):
            yield _row(row)


def _row(row: tuple[Any, ...]) -> FriendRow:
    peer, state, since, ours, ours_answers, theirs, theirs_answers, said, said_kind, about, *rest = row
    hello, nospam, reason, answer, told, sent, item, compared = rest
    return FriendRow(
        peer=PeerId(peer),
        friendship=Friendship(
            state=State(state),
            ours=Word(ours, ours_answers) if ours is not None else None,
            theirs=Word(theirs, theirs_answers) if theirs is not None else None,
            said=Said(Kind(said_kind), said, about) if said is not None else None,
            reason=reason,
        ),
        since=since,
        hello=hello,
        nospam=nospam,
        answer=answer,
        profile_told=told,
        profile_sent=sent,
        profile_item=item,
        compared=compared,
    )

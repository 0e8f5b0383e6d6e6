"""Who is what to us: for connections, mailboxes and the gate of the post, which decide by it. It changes nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final, Literal

from wherry_signaling.identity import PeerId

from ..messages.handlers import Void
from ..messages.packets import Item, Kind, Reason
from .friend_store import FriendRow, FriendStore
from .limits import OWED_S
from .states import State

#: What about a friendship anybody may send, since the state decides what it means.
WORDS: Final = (Kind.REQUEST, Kind.ACCEPT, Kind.DECLINE, Kind.WITHDRAW, Kind.REMOVE)
#: What strangers may send too, where the configuration says so.
MESSAGES: Final = (Kind.TEXT, Kind.BYTES, Kind.FRAGMENT, Kind.READ, Kind.TYPING)

Writers = Literal["friends", "anyone"]


class Circle:
    """Read from the store each time, so that it is true in the middle of a transaction.

    :param writers: who may write messages.
    :param wall_clock: seconds since 1970.
    """

    def __init__(self, rows: FriendStore, writers: Writers, wall_clock: Callable[[], float]) -> None:
        self._rows, self._writers, self._wall_clock = rows, writers, wall_clock

    def is_friend(self, key: bytes) -> bool:
        """Whether a 32-byte key is a friend's."""
        return self._rows.state(key) is State.FRIENDS

    def is_blocked(self, key: bytes) -> bool:
        """Whether it is the key of somebody who is blocked."""
        return self._rows.state(key) is State.BLOCKED

    def is_known(self, peer: PeerId) -> bool:
        """Whether it is a friend, or one whose answer is awaited: such letters do not wait among those of strangers."""
        return self._rows.state(peer.key) in (State.FRIENDS, State.SENT)

    def friends(self) -> tuple[PeerId, ...]:
        """Every peer id of every friend."""
        return self._peers(row for row in self._rows.all() if row.friendship.state is State.FRIENDS)

    def tagged(self) -> tuple[PeerId, ...]:
        """Those whose friend tags our mailboxes are to know: friends, and whoever owes us an answer or a receipt."""
        since = self._wall_clock() - OWED_S
        return self._peers(
            row
            for row in self._rows.all()
            if row.friendship.state in (State.FRIENDS, State.SENT)
            or (row.friendship.said is not None and row.friendship.state is not State.BLOCKED and row.since > since)
        )

    def asked_by(self, peer: PeerId) -> bytes | None:
        """The word in the address by which we asked a peer, if that is the key of the tag for what we tell it now.

        None where the friend tag is: it lists that one for friends, and for those whom it has asked.
        """
        row = self._rows.get(peer)
        said = row.friendship.said
        asking = row.friendship.state is State.SENT or (said is not None and said.kind == Kind.WITHDRAW)
        return row.nospam if asking else None

    def _peers(self, rows: Iterable[FriendRow]) -> tuple[PeerId, ...]:
        known = self._rows.peers()
        return tuple(peer for row in rows for peer in known[row.peer])

    def contact_of(self, peer: PeerId) -> PeerId:
        """The peer under which a contact's messages are kept: that of the friendship."""
        return self._rows.get(peer).peer

    def admit(self, peer: PeerId, item: Item) -> None:
        """The gate of the post: what a peer may send.

        :raises Void: REFUSED, the same for whoever is blocked and for strangers.
        """
        state = self._rows.state(peer.key)
        open_to_all = item.kind in WORDS or (self._writers == "anyone" and item.kind in MESSAGES)
        if state is State.BLOCKED or not (open_to_all or state is State.FRIENDS):
            raise Void(Reason.REFUSED)

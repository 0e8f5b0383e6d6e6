"""The ways by which a letter goes to a peer, as the courier sees them: three, from the quickest to the most patient.

What implements it on a node is `wherry/messages/carrier.py`; a simulated network has its own (`wherry.testing.post`).
"""

from __future__ import annotations

from typing import Protocol

from wherry_signaling.identity import PeerId
from wherry_signaling.record import InboxRecord, Introducer


class Ways(Protocol):
    """How letters travel. Every method raises RemoteError where it does not work out."""

    def connected(self, peer: PeerId) -> bool:
        """Whether a connection to the peer is open."""
        ...

    async def over_connection(self, peer: PeerId, letter: bytes) -> None:
        """Give the peer a sealed envelope over the open connection."""
        ...

    async def through_introducers(self, peer: PeerId, letter: bytes) -> None:
        """Have a sealed envelope handed to the peer by whoever introduces it, with no connection.

        Returns once the peer has taken it.

        :raises PeerNotFound: if no record is to be had.
        :raises NoReservation: if the peer is not there.
        """
        ...

    async def sealing_key(self, peer: PeerId) -> bytes:
        """The key that the peer's records name.

        :raises PeerNotFound: if none is to be had.
        """
        ...

    async def inbox(self, peer: PeerId, *, fresh: bool) -> InboxRecord:
        """The newest inbox record of a peer: its prekey, and its mailboxes.

        :param fresh: ask, whatever is remembered.
        :raises PeerNotFound: if none is to be had.
        """
        ...

    async def deposit(self, mailbox: Introducer, to: PeerId, letter: bytes) -> None:
        """Leave a sealed envelope in a mailbox of `to`'s.

        :raises NoReservation: if there is no lease, or no right to leave anything.
        :raises Quota: if the mailbox is full.
        """
        ...

    async def take_prekey(self, mailbox: Introducer, to: PeerId) -> tuple[int, bytes] | None:
        """One of the one-time prekeys that a mailbox hands out for `to`; None if none is left."""
        ...

    def documents(self, peer: PeerId) -> list[bytes]:
        """Our own signed records, as far as the peer may not have them."""
        ...

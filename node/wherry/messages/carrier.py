"""The three ways on a node: its connections, endpoints asked as a guest, and mailboxes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from wherry_signaling.client.guests import Guests
from wherry_signaling.errors import NoReservation
from wherry_signaling.identity import PeerId
from wherry_signaling.record import InboxRecord, Introducer
from wherry_signaling.tags import find_work, week_of

from ..connect.records import Records
from ..connect.trace import Trace
from ..connect.ways import Route, race, routes_to
from ..errors import PeerNotFound
from ..network import Network
from .inboxes import Inboxes
from .letterbox import LetterMessage
from .limits import OVER_CONNECTION_S, PREKEY_S


@dataclass(frozen=True, slots=True)
class Right:
    """By which tag something may be left for somebody, and whether it takes work."""

    tag: bytes
    work: bool = False


#: What right we have to leave something for a peer in a mailbox of its, in a week.
RightOf = Callable[[PeerId, PeerId, int], Right]


class NodeWays:
    """Implements `Ways`.

    :param right: by which tag we may leave something for a peer.
    :param documents: our own signed records, for whoever may not have them.
    :param wall_clock: seconds since 1970 by network time.
    """

    def __init__(
        self,
        *,
        network: Network,
        guests: Guests,
        records: Records,
        inboxes: Inboxes,
        right: RightOf,
        documents: Callable[[PeerId], list[bytes]],
        wall_clock: Callable[[], float],
    ) -> None:
        self._network, self._guests, self._records, self._inboxes = network, guests, records, inboxes
        self._right, self._documents, self._wall_clock = right, documents, wall_clock

    def connected(self, peer: PeerId) -> bool:
        """See `Ways`."""
        return self._network.peer(peer) is not None

    async def over_connection(self, peer: PeerId, letter: bytes) -> None:
        """See `Ways`."""
        connected = self._network.peer(peer)
        if connected is None:
            raise PeerNotFound("not connected", peer=str(peer))
        try:
            async with asyncio.timeout(OVER_CONNECTION_S):
                await connected.send(LetterMessage(letter))
        except TimeoutError as error:
            raise NoReservation("the connection is stuck", peer=str(peer)) from error

    async def through_introducers(self, peer: PeerId, letter: bytes) -> None:
        """See `Ways`: along every route, one a moment after the other, until one of them has delivered it."""
        trace = Trace(peer, asyncio.get_running_loop().time)
        record = await self._records.find(peer, trace)
        taken = asyncio.Event()

        def delivered(route: Route, address: object) -> None:
            taken.set()

        racing = asyncio.ensure_future(
            race(routes_to(record), self._guests, peer, b"", lambda: letter, trace, delivered)
        )
        waiting = asyncio.ensure_future(taken.wait())
        try:
            await asyncio.wait((racing, waiting), return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (racing, waiting):
                task.cancel()
            await asyncio.gather(racing, waiting, return_exceptions=True)
        if not taken.is_set():
            self._records.forget(peer)
            raise NoReservation("nobody could hand it over", peer=str(peer))

    async def sealing_key(self, peer: PeerId) -> bytes:
        """See `Ways`."""
        known = self._inboxes.get(peer) or self._records.get(peer)
        if known is None:
            try:
                known = await self._inboxes.find(peer, fresh=False)
            except PeerNotFound:
                known = await self._records.find(peer, Trace(peer, asyncio.get_running_loop().time))
        return known.sealing_key

    async def inbox(self, peer: PeerId, *, fresh: bool) -> InboxRecord:
        """See `Ways`."""
        return await self._inboxes.find(peer, fresh=fresh)

    async def deposit(self, mailbox: Introducer, to: PeerId, letter: bytes) -> None:
        """See `Ways`. Finding the work for a request takes a moment of a thread's."""
        right = self._right(to, mailbox.peer, week_of(self._wall_clock()))
        work = await asyncio.to_thread(find_work, right.tag, letter) if right.work else b""
        await self._guests.deposit_via(mailbox.endpoints, to, right.tag, work, letter)

    async def take_prekey(self, mailbox: Introducer, to: PeerId) -> tuple[int, bytes] | None:
        """See `Ways`."""
        right = self._right(to, mailbox.peer, week_of(self._wall_clock()))
        try:
            async with asyncio.timeout(PREKEY_S):
                return await self._guests.take_prekey_via(mailbox.endpoints, to, right.tag)
        except TimeoutError as error:
            raise NoReservation("the mailbox does not answer", peer=str(mailbox.peer)) from error

    def documents(self, peer: PeerId) -> list[bytes]:
        """See `Ways`."""
        return self._documents(peer)

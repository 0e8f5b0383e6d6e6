"""What a client asks of a mailbox: to keep what is written to us, and to take what we write to somebody who is away."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

from .. import wire, wire_mailbox
from ..errors import Malformed
from ..identity import KEY_BYTES, PeerId
from ..limits import MAILBOX_LEASE_S
from .answers import Leased, Page, page_of
from .requests import Requests


class MailboxRequests:
    """The mailbox's part of a `Client`.

    `lease`, `tags`, `prekeys`, `collect`, `acknowledge` and `end_lease` need a socket as ourselves; `deposit` and
    `take_prekey` are for guests. Each raises EndpointTimeout or EndpointLost if the endpoint does not answer, and Quota
    if it is asked too often.
    """

    _requests: Requests

    async def lease(self, seconds: int = MAILBOX_LEASE_S) -> Leased:
        """Have this endpoint keep what is written to us, for so long or as long as it grants; again to renew it.

        :raises Quota: if it has no room.
        :raises DeliveryFailed: if it keeps no mail, or its database fails.
        """
        frame = await self._requests.ask(lambda number: wire_mailbox.Lease(number, seconds), wire_mailbox.Leased)
        return Leased(frame.seconds, frame.bytes, frame.waiting, frame.prekeys)

    async def tags(self, week: int, sort: int, tags: Sequence[bytes], *, first: bool = True) -> None:
        """List tags under which something may be left for us in a week.

        :param sort: `wire_mailbox.Sort`: friends, or requests.
        :param tags: 16 bytes each, `TAGS_AT_ONCE` at most.
        :param first: whether the list of that week and sort begins anew with these.
        :raises NoReservation: if we have no lease.
        :raises Quota: if there are too many.
        :raises Malformed: if the week is over, or farther ahead than is listed.
        """
        listed = list(tags)
        await self._requests.ask(lambda number: wire_mailbox.Tags(number, week, sort, first, listed), wire.Result)

    async def prekeys(self, prekeys: Sequence[tuple[int, bytes]]) -> None:
        """A new batch of one-time prekeys (id, X25519 key), `PREKEYS_AT_ONCE` at most; those before are forgotten.

        :raises NoReservation: if we have no lease.
        """
        batch = list(prekeys)
        await self._requests.ask(lambda number: wire_mailbox.Prekeys(number, batch), wire.Result)

    async def deposit(self, to: PeerId, tag: bytes, sealed: bytes, *, work: bytes = b"") -> None:
        """Leave a sealed envelope for a peer; returns once it is kept. The same one may be left twice.

        :param tag: our right to (tags.py), 16 bytes.
        :param work: what `tags.find_work` found, for a request's tag.
        :raises NoReservation: if the peer has no lease here, or the tag does not count: the two look alike.
        :raises Quota: if the mailbox is full for us, for that peer, or altogether.
        :raises Malformed: if it has no size that sealed envelopes have.
        """
        await self._requests.ask(lambda number: wire_mailbox.Deposit(number, to.key, tag, work, sealed), wire.Result)

    async def collect(self, after: int = 0) -> Page:
        """A page of what was left for us beyond the number `after`; it stays there until it is acknowledged.

        :raises NoReservation: if we have no lease.
        :raises Malformed: if the numbers do not rise.
        """
        frame = await self._requests.ask(lambda number: wire_mailbox.Collect(number, after), wire_mailbox.Collected)
        return page_of(frame, after)

    async def pages(self) -> AsyncIterator[Page]:
        """Every page of what was left for us; raises as `collect`."""
        after, more = 0, True
        while more:
            page = await self.collect(after)
            yield page
            after, more = (page.envelopes[-1][0] if page.envelopes else after), page.more

    async def acknowledge(self, names: Sequence[bytes]) -> None:
        """We have kept the envelopes of these names (`tags.envelope_name`), `NAMES_AT_ONCE` at most: forget them.

        :raises NoReservation: if we have no lease.
        """
        known = list(names)
        await self._requests.ask(lambda number: wire_mailbox.Acknowledge(number, known), wire.Result)

    async def take_prekey(self, to: PeerId, tag: bytes) -> tuple[int, bytes] | None:
        """One of a peer's one-time prekeys (id, X25519 key), which nobody else gets.

        None if none is left, the peer has no lease here, or the tag does not count: the three look alike.

        :raises Malformed: if it is no key.
        """
        frame = await self._requests.ask(
            lambda number: wire_mailbox.TakePrekey(number, to.key, tag), wire_mailbox.Prekey
        )
        if frame.prekey == 0:
            return None
        if len(frame.key) != KEY_BYTES:
            raise Malformed("a prekey of another length")
        return frame.prekey, frame.key

    async def end_lease(self) -> None:
        """Have nothing kept any more, and what is kept forgotten."""
        await self._requests.ask(wire_mailbox.EndLease, wire.Result)

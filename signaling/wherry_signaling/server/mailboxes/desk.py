"""The mailboxes' desk: each frame from a socket to its answer, as often as one may ask.

Whoever asks is counted before anything is looked for, so that a quota tells nothing of who has a lease here. Guests are
counted by network (a private host's by socket) and by tag; a socket as a whole is counted by its session.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, Protocol

from ... import wire
from ...errors import MailboxUnusable, Malformed, NoReservation, Quota
from ...limits import (
    DEPOSITS_PER_S,
    DEPOSITS_PER_TAG_S,
    LEASE_CHANGES_PER_S,
    NEW_LEASES_PER_PRIVATE_S,
    NEW_LEASES_PER_S,
    PAGES_PER_S,
    PREKEYS_PER_S,
    PREKEYS_PER_TAG_S,
    REMEMBERED_ADDRESSES,
)
from ...rates import Rates
from ...scope import Scope
from ...wire import Role, Status
from ...wire_mailbox import (
    Acknowledge,
    Collect,
    Collected,
    Deposit,
    EndLease,
    Lease,
    Leased,
    Prekey,
    Prekeys,
    Sort,
    Tags,
    TakePrekey,
)
from ..admission import Source
from .mailboxes import Mailboxes
from .waiting import Watchers

_log = logging.getLogger(__name__)


class Visitor(Protocol):
    """A socket that asks."""

    @property
    def key(self) -> bytes:
        """Who it is, proven: an identity, or a guest's throw-away key."""

    @property
    def source(self) -> Source:
        """Where it comes from."""

    def tell_waiting(self, count: int) -> bool:
        """Tell it that something was left, and that so many envelopes wait; False if it is too slow for that word."""


class Desk:
    """Answers what is asked of the mailboxes.

    :param clock: seconds on the loop's clock, for rates.
    :param wall_clock: seconds since 1970 by network time, for leases and tags.
    """

    def __init__(self, mailboxes: Mailboxes, clock: Callable[[], float], wall_clock: Callable[[], float]) -> None:
        self.mailboxes = mailboxes
        self._clock, self._wall_clock = clock, wall_clock
        self._watchers: Watchers[Visitor] = Watchers()
        self._new_leases = _rates(NEW_LEASES_PER_S)
        self._new_private_leases = _rates(NEW_LEASES_PER_PRIVATE_S)
        self._changes, self._pages = _rates(LEASE_CHANGES_PER_S), _rates(PAGES_PER_S)
        self._deposits, self._deposits_per_tag = _rates(DEPOSITS_PER_S), _rates(DEPOSITS_PER_TAG_S)
        self._prekeys, self._prekeys_per_tag = _rates(PREKEYS_PER_S), _rates(PREKEYS_PER_TAG_S)

    def answer(self, visitor: Visitor, frame: Any) -> wire.AnyFrame:
        """What a socket hears that has sent a mailbox's `frame`; the roles of sockets have been checked."""
        try:
            return _ANSWERS[type(frame)][0](self, visitor, frame)
        except (Malformed, NoReservation, Quota) as error:
            return wire.Result(frame.id, error.wire or Status.FAILED, error.detail)
        except MailboxUnusable as error:
            _log.warning("%s: %s", error.text, error.detail)
            if isinstance(frame, Deposit):  # to the depositor it is one thing why nothing more is kept
                return wire.Result(frame.id, Status.QUOTA, "the mailbox is full")
            return wire.Result(frame.id, Status.FAILED, "the mailbox does not work")

    def published(self, holder: bytes, document: bytes) -> None:
        """A socket has published its inbox record, which is checked: its mailbox publishes it from now on."""
        try:
            self.mailboxes.keep_record(holder, document, self._wall_clock())
        except MailboxUnusable as error:
            _log.warning("%s: %s", error.text, error.detail)

    def gone(self, visitor: Visitor) -> None:
        """A socket has ended."""
        self._watchers.forget(visitor.key, visitor)

    def sweep(self) -> None:
        """Forget some of what has run out."""
        try:
            self.mailboxes.sweep(self._wall_clock())
        except MailboxUnusable as error:
            _log.warning("%s: %s", error.text, error.detail)

    # -- the holder's side --------------------------------------------------------------------------------------------

    def _lease(self, visitor: Visitor, frame: Lease) -> wire.AnyFrame:
        self._count_holder(visitor, self._changes)
        now = self._wall_clock()
        if not self.mailboxes.has_lease(visitor.key, now):
            private = visitor.source.scope is not Scope.GLOBAL
            rates = self._new_private_leases if private else self._new_leases
            if not rates.take(visitor.source.network, self._clock()):
                raise Quota("too many new leases from your network")
        granted = self.mailboxes.lease(visitor.key, frame.seconds, now)
        self._watchers.watch(visitor.key, visitor)
        return Leased(frame.id, granted.seconds, granted.bytes, granted.waiting, granted.prekeys)

    def _tags(self, visitor: Visitor, frame: Tags) -> wire.AnyFrame:
        self._count_holder(visitor, self._changes)
        sort, now = Sort(frame.sort), self._wall_clock()
        self.mailboxes.list_tags(visitor.key, frame.week, sort, frame.first, frame.tags, now)
        return _done(frame.id)

    def _put_prekeys(self, visitor: Visitor, frame: Prekeys) -> wire.AnyFrame:
        self._count_holder(visitor, self._changes)
        self.mailboxes.put_prekeys(visitor.key, frame.prekeys, self._wall_clock())
        return _done(frame.id)

    def _collect(self, visitor: Visitor, frame: Collect) -> wire.AnyFrame:
        self._count_holder(visitor, self._pages)
        page, more = self.mailboxes.collect(visitor.key, frame.after, self._wall_clock())
        self._watchers.watch(visitor.key, visitor)
        return Collected(frame.id, page, more)

    def _acknowledge(self, visitor: Visitor, frame: Acknowledge) -> wire.AnyFrame:
        self._count_holder(visitor, self._pages)
        self.mailboxes.acknowledge(visitor.key, frame.names, self._wall_clock())
        return _done(frame.id)

    def _end_lease(self, visitor: Visitor, frame: EndLease) -> wire.AnyFrame:
        self._count_holder(visitor, self._changes)
        self.mailboxes.end_lease(visitor.key)
        self._watchers.forget(visitor.key, visitor)
        return _done(frame.id)

    # -- everybody else's ---------------------------------------------------------------------------------------------

    def _deposit(self, visitor: Visitor, frame: Deposit) -> wire.AnyFrame:
        self._count_guest(visitor, frame.tag, self._deposits, self._deposits_per_tag)
        waiting = self.mailboxes.deposit(frame.to, frame.tag, frame.work, frame.sealed, self._wall_clock())
        if waiting is not None:
            self._watchers.came(frame.to, waiting)
        return _done(frame.id)

    def _take_prekey(self, visitor: Visitor, frame: TakePrekey) -> wire.AnyFrame:
        self._count_guest(visitor, frame.tag, self._prekeys, self._prekeys_per_tag)
        number, key = self.mailboxes.take_prekey(frame.to, frame.tag, self._wall_clock()) or (0, b"")
        return Prekey(frame.id, number, key)

    def _count_holder(self, visitor: Visitor, rates: Rates) -> None:
        if not rates.take(visitor.key, self._clock()):
            raise Quota("asked too often")

    def _count_guest(self, visitor: Visitor, tag: bytes, by_source: Rates, by_tag: Rates) -> None:
        now = self._clock()
        if not by_source.take(visitor.source.sender, now) or not by_tag.take(tag, now):
            raise Quota("asked too often")


def _rates(rate: tuple[float, int]) -> Rates:
    return Rates(rate, remembered=REMEMBERED_ADDRESSES)


def _done(number: int) -> wire.AnyFrame:
    return wire.Result(number, Status.OK, "")


_ME, _ANY = frozenset((Role.ME,)), frozenset(Role)
#: Frame type → what answers it, and from which kinds of socket it is taken.
_ANSWERS: dict[type[Any], tuple[Callable[[Desk, Visitor, Any], wire.AnyFrame], frozenset[Role]]] = {
    Lease: (Desk._lease, _ME),
    Tags: (Desk._tags, _ME),
    Prekeys: (Desk._put_prekeys, _ME),
    Collect: (Desk._collect, _ME),
    Acknowledge: (Desk._acknowledge, _ME),
    EndLease: (Desk._end_lease, _ME),
    Deposit: (Desk._deposit, _ANY),
    TakePrekey: (Desk._take_prekey, _ANY),
}
#: What a session brings here, and from which kinds of socket.
ROLES = {kind: roles for kind, (_, roles) in _ANSWERS.items()}

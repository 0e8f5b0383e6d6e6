"""What a mailbox takes: the weeks in which tags count, and how much may wait for whom. A core.

Friends and strangers never share an allowance: what waits under a request's tag is little, and counts to that tag
alone. All of one lease share another, which gets smaller as the mailbox fills: nobody takes more than a part of the
room that is left, so that a few greedy leases leave something for everybody else.
"""

from __future__ import annotations

from dataclasses import dataclass

from ...limits import (
    FRIEND_TAG_BYTES,
    FRIEND_TAG_ENVELOPES,
    FRIEND_TAGS,
    MAILBOX_BYTES,
    MAILBOX_LEASE_BYTES,
    MAILBOX_LEASE_ENVELOPES,
    MAILBOX_LEASE_SHARE,
    MAILBOX_LEASES,
    MAILBOX_TAGS,
    REQUEST_BYTES,
    REQUEST_TAG_ENVELOPES,
    REQUEST_TAGS,
    TAG_GRACE_S,
    TAG_WEEKS,
)
from ...tags import week_of
from ...wire_mailbox import Sort


@dataclass(frozen=True, slots=True)
class Use:
    """How much of an allowance is used."""

    envelopes: int = 0
    bytes: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Quotas:
    """How much one mailbox keeps; the defaults are those of limits.py, where their reasons stand."""

    leases: int = MAILBOX_LEASES
    tags: int = MAILBOX_TAGS
    bytes: int = MAILBOX_BYTES
    lease_bytes: int = MAILBOX_LEASE_BYTES
    lease_envelopes: int = MAILBOX_LEASE_ENVELOPES
    friend_bytes: int = FRIEND_TAG_BYTES
    friend_envelopes: int = FRIEND_TAG_ENVELOPES
    request_envelopes: int = REQUEST_TAG_ENVELOPES
    request_bytes: int = REQUEST_BYTES

    def tags_of(self, sort: Sort) -> int:
        """Tags of one lease for one week."""
        return FRIEND_TAGS if sort is Sort.FRIENDS else REQUEST_TAGS

    def objection(self, sort: Sort, size: int, *, tag: Use, lease: Use, total_bytes: int) -> str:
        """Why an envelope of `size` bytes is not kept; nothing if it is.

        :param tag: what waits under its tag.
        :param lease: what waits in its lease, that included.
        :param total_bytes: what is kept altogether.
        """
        room = self.bytes - total_bytes
        if sort is Sort.REQUESTS:
            if size > self.request_bytes:
                return "a request is smaller than that"
            if tag.envelopes >= self.request_envelopes:
                return "too many requests wait"
        elif tag.envelopes >= self.friend_envelopes or tag.bytes + size > self.friend_bytes:
            return "too much waits from you"
        if lease.envelopes >= self.lease_envelopes or lease.bytes + size > self.lease_bytes:
            return "too much waits for this peer"
        if size > room or lease.bytes > room // MAILBOX_LEASE_SHARE:
            return "the mailbox is full"
        return ""


def weeks_that_count(now: float) -> tuple[int, ...]:
    """The weeks whose tags count at `now`, seconds since 1970: one, or two for an hour around the change."""
    return tuple(sorted({week_of(now - TAG_GRACE_S), week_of(now), week_of(now + TAG_GRACE_S)}))


def may_list(week: int, now: float) -> bool:
    """Whether tags for a week are taken: no past one, and none farther ahead than is listed."""
    return week_of(now - TAG_GRACE_S) <= week < week_of(now + TAG_GRACE_S) + TAG_WEEKS

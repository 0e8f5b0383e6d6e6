"""The frames of mailboxes, kinds 32 to 43; wire.py draws them beside the others.

A **lease** says that sealed envelopes are kept here for a peer that is away. It is independent of any reservation and
survives the mailbox's restart. Its holder lists the tags under which something may be left, for each week and sort
anew, in as many frames as it takes: the first of them begins the list. A batch of one-time prekeys takes the place of
the one before; each of its keys is handed out once.

Whoever *deposits* is a guest: the mailbox sees a tag, a size class and an address, no name. No lease and an unknown tag
look alike (204), as does a request's tag without its work. An envelope that is here already is taken again: a depositor
that did not hear the answer may ask twice. What is collected stays until it is acknowledged by its *name*, the first 16
bytes of SHA-256(sealed envelope). Numbers rise within a lease, and say nothing of others.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Annotated

import msgspec

from .limits import COLLECTED_AT_ONCE, NAMES_AT_ONCE, PREKEYS_AT_ONCE, TAGS_AT_ONCE
from .wire_fields import Frame, Key, Number, Sealed

Id16 = Annotated[bytes, msgspec.Meta(min_length=16, max_length=16)]
Work = Annotated[bytes, msgspec.Meta(max_length=8)]
NoKey = Annotated[bytes, msgspec.Meta(max_length=32)]


class Sort(IntEnum):
    """Who leaves something under a tag."""

    FRIENDS = 0
    REQUESTS = 1


class Lease(Frame, tag=32, frozen=True):
    """Keep for me what is written to me while I am away; also: what have you?"""

    id: Number
    seconds: Number


class Leased(Frame, tag=33, frozen=True):
    """For so long, so many bytes; this many envelopes wait, this many one-time prekeys are left."""

    id: Number
    seconds: Number
    bytes: Number
    waiting: Number
    prekeys: Number


class Tags(Frame, tag=34, frozen=True):
    """Who may leave something for me in that week: friends (sort 0), or whoever has my address (1)."""

    id: Number
    week: Number
    sort: Annotated[int, msgspec.Meta(ge=0, le=1)]
    first: bool
    tags: Annotated[list[Id16], msgspec.Meta(max_length=TAGS_AT_ONCE)]


class Prekeys(Frame, tag=35, frozen=True):
    """Hand these out, one to each who asks, and forget those before."""

    id: Number
    prekeys: Annotated[list[tuple[Number, Key]], msgspec.Meta(max_length=PREKEYS_AT_ONCE)]


class Deposit(Frame, tag=36, frozen=True):
    """Keep this for that peer; this is my right to ask."""

    id: Number
    to: Key
    tag: Id16
    work: Work
    sealed: Sealed


class Collect(Frame, tag=37, frozen=True):
    """What have you for me, beyond that number?"""

    id: Number
    after: Number


class Collected(Frame, tag=38, frozen=True):
    """This, and perhaps more."""

    id: Number
    letters: Annotated[list[tuple[Number, Sealed]], msgspec.Meta(max_length=COLLECTED_AT_ONCE)]
    more: bool


class Acknowledge(Frame, tag=39, frozen=True):
    """I have kept these; forget them."""

    id: Number
    names: Annotated[list[Id16], msgspec.Meta(max_length=NAMES_AT_ONCE)]


class TakePrekey(Frame, tag=40, frozen=True):
    """I begin to write to that peer: give me one of its one-time prekeys."""

    id: Number
    to: Key
    tag: Id16


class Prekey(Frame, tag=41, frozen=True):
    """This one, which nobody else gets; or none."""

    id: Number
    prekey: Number
    key: NoKey


class Waiting(Frame, tag=42, frozen=True):
    """Somebody has left something for you: so many wait now."""

    id: Number
    count: Number


class EndLease(Frame, tag=43, frozen=True):
    """Keep nothing for me any more, and forget what you have."""

    id: Number

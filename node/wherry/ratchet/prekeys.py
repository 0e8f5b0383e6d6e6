"""Our own prekeys: a signed one, new each week, and batches of one-time ones, each made for one mailbox.

Private halves of signed ones are kept for 30 days, those of one-time ones until they are used or their batch is
replaced. What is to be kept is said here, and done by the store.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from wherry_signaling.identity import Identity, x25519_public
from wherry_signaling.record import Prekey, sign_prekey

from .limits import PREKEY_S, PREKEYS_AT_ONCE

Random = Callable[[int], bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPrekey:
    """A prekey with its private half.

    :ivar holder: whom it was made for: a mailbox's key; nothing for a signed one, which is everybody's.
    :ivar made: seconds since 1970 by network time.
    """

    number: int
    holder: bytes
    secret: bytes = field(repr=False)
    made: float

    @property
    def public(self) -> bytes:
        """Its public half."""
        return x25519_public(self.secret)


def new_prekey(holder: bytes, now: float, random: Random) -> NewPrekey:
    """A new one. Numbers are random, so that an old copy of our memory names no other keys by the same."""
    number = int.from_bytes(random(6), "big") + 1
    return NewPrekey(number=number, holder=holder, secret=random(32), made=now)


def new_batch(mailbox: bytes, now: float, random: Random) -> list[NewPrekey]:
    """A batch for one mailbox."""
    return [new_prekey(mailbox, now, random) for _ in range(PREKEYS_AT_ONCE)]


def current_of(signed: Iterable[NewPrekey], now: float) -> NewPrekey | None:
    """The signed prekey that is named now; None if it is time for a new one. A clock that was wrong is no reason."""
    fresh = [one for one in signed if abs(now - one.made) < PREKEY_S]
    return max(fresh, key=lambda one: one.made, default=None)


def prekey_of(one: NewPrekey, identity: Identity) -> Prekey:
    """Number, public half and signature: what a record or a retry says of it."""
    return sign_prekey(identity, one.number, one.public)

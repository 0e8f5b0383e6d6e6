"""Tags say who may leave something in a mailbox, without saying who: a mailbox sees pseudonyms that change every week.

::

    friend secret d   HKDF-SHA-256(X25519(own identity, theirs), salt = smaller ‖ larger public key, info = domain)
    friend's tag      HMAC-SHA-256(d, join(domain, recipient, mailbox, week u64))[:16]
    request's tag     HMAC-SHA-256(nospam, join(domain, recipient, mailbox, week u64))[:16]
    week              ⌊network time in seconds / 604800⌋
    work              a nonce of 8 bytes that lets SHA-256(join(domain, tag, SHA-256(sealed), nonce)) begin with zeros

The secret is static on purpose: nothing has to be exchanged for it, requests that cross agree on it, and to block
somebody is not to list the tag. Domains are in domains.py.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import Final

from . import domains
from .identity import Identity, PeerId, derive_key, exchange, x25519_of
from .limits import REQUEST_WORK_BITS

WEEK_S: Final = 7 * 24 * 3600
TAG_BYTES: Final = 16
NAME_BYTES: Final = 16
NONCE_BYTES: Final = 8
_SAFETY_ROUNDS: Final = 5200


def week_of(now: float) -> int:
    """The week of a moment, which is in seconds since 1970 by network time."""
    return int(now // WEEK_S)


def friend_secret(own: Identity, theirs: PeerId) -> bytes:
    """32 bytes that two peers share without ever having spoken."""
    smaller, larger = sorted((own.id.key, theirs.key))
    shared = exchange(own.exchange_secret, x25519_of(theirs))
    return derive_key(shared, salt=smaller + larger, info=domains.FRIEND_SECRET)


def friend_tag(secret: bytes, recipient: PeerId, mailbox: PeerId, week: int) -> bytes:
    """The tag under which a friend leaves something at `mailbox` for `recipient` in one week."""
    return _tag(secret, domains.MAILBOX_TAG, recipient, mailbox, week)


def request_tag(nospam: bytes, recipient: PeerId, mailbox: PeerId, week: int) -> bytes:
    """The tag under which somebody who has an address with this nospam leaves a request."""
    return _tag(nospam, domains.REQUEST_TAG, recipient, mailbox, week)


def _tag(key: bytes, domain: bytes, recipient: PeerId, mailbox: PeerId, week: int) -> bytes:
    place = domains.join(domain, recipient.key, mailbox.key, week.to_bytes(8, "big"))
    return hmac.digest(key, place, "sha256")[:TAG_BYTES]


def find_work(tag: bytes, sealed: bytes, bits: int = REQUEST_WORK_BITS) -> bytes:
    """The nonce for a deposit of `sealed` under `tag`: about 2^bits hashes, 0.1 s for 16."""
    begun = _begin(tag, sealed)
    tried = 0
    while True:
        nonce = tried.to_bytes(NONCE_BYTES, "big")
        if _zeros(begun, nonce) >= bits:
            return nonce
        tried += 1


def has_work(tag: bytes, sealed: bytes, nonce: bytes, bits: int = REQUEST_WORK_BITS) -> bool:
    """Whether a nonce was worked for."""
    return len(nonce) == NONCE_BYTES and _zeros(_begin(tag, sealed), nonce) >= bits


def _begin(tag: bytes, sealed: bytes) -> hashlib._Hash:
    joined = domains.join(domains.MAILBOX_WORK, tag, hashlib.sha256(sealed).digest(), bytes(NONCE_BYTES))
    return hashlib.sha256(joined[:-NONCE_BYTES])


def _zeros(begun: hashlib._Hash, nonce: bytes) -> int:
    one = begun.copy()
    one.update(nonce)
    return 256 - int.from_bytes(one.digest(), "big").bit_length()


def envelope_name(sealed: bytes) -> bytes:
    """By which a mailbox and a recipient know a sealed envelope: 16 bytes of its SHA-256."""
    return hashlib.sha256(sealed).digest()[:NAME_BYTES]


def safety_number(one: PeerId, other: PeerId) -> str:
    """12 groups of 5 digits that two people compare: equal on both sides, or somebody is between them.

    30 digits for each, as Signal's numeric fingerprint makes them: SHA-512, iterated, 5 bytes to 5 digits.
    """
    digits = "".join(sorted((_digits(one), _digits(other))))
    return " ".join(digits[at : at + 5] for at in range(0, 60, 5))


def _digits(peer: PeerId) -> str:
    hashed = domains.join(domains.SAFETY_NUMBER, peer.key)
    for _ in range(_SAFETY_ROUNDS):
        hashed = hashlib.sha512(hashed + peer.key).digest()
    return "".join(f"{int.from_bytes(hashed[at : at + 5], 'big') % 100_000:05d}" for at in range(0, 30, 5))

"""The secret with which two peers begin, though one of them may be away: X3DH.

https://signal.org/docs/specifications/x3dh/, sections 2.2, 3.3 and 3.4, with the Ed25519 identity keys converted to
X25519::

    DH1 = own identity × prekey        DH3 = ephemeral × prekey
    DH2 = ephemeral × identity         DH4 = ephemeral × one-time prekey, where there is one
    SK  = HKDF-SHA-256(32 × FF ‖ DH1 ‖ DH2 ‖ DH3 ‖ DH4, salt = 32 zeros, info = domain)
    associated data = join(domain, initiator, responder)
    session id      = first 8 bytes of SHA-256(join(domain, initiator, responder, ephemeral key))
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Final

from wherry_signaling.domains import X3DH, join
from wherry_signaling.identity import Identity, PeerId, derive_key, exchange, x25519_of, x25519_public

_F: Final = b"\xff" * 32
_ZEROS: Final = bytes(32)


@dataclass(frozen=True, slots=True)
class Agreement:
    """What both sides have then.

    :ivar session: 8 bytes that name it.
    :ivar secret: 32 bytes.
    :ivar associated: what every message of the session is bound to.
    """

    session: bytes
    secret: bytes = field(repr=False)
    associated: bytes


def initiate(own: Identity, peer: PeerId, *, ephemeral: bytes, prekey: bytes, one_time: bytes | None) -> Agreement:
    """Begin with a peer, by its public prekeys.

    :param ephemeral: 32 fresh random bytes.
    :raises BadSignature: if one of the keys is of small order.
    """
    shared = [
        exchange(own.exchange_secret, prekey),
        exchange(ephemeral, x25519_of(peer)),
        exchange(ephemeral, prekey),
    ]
    if one_time is not None:
        shared.append(exchange(ephemeral, one_time))
    return _agreement(own.id, peer, x25519_public(ephemeral), shared)


def respond(own: Identity, peer: PeerId, *, ephemeral: bytes, prekey: bytes, one_time: bytes | None) -> Agreement:
    """Answer a peer that has begun with the key `ephemeral`, by the private halves of our prekeys.

    :raises BadSignature: if one of the keys is of small order.
    """
    shared = [
        exchange(prekey, x25519_of(peer)),
        exchange(own.exchange_secret, ephemeral),
        exchange(prekey, ephemeral),
    ]
    if one_time is not None:
        shared.append(exchange(one_time, ephemeral))
    return _agreement(peer, own.id, ephemeral, shared)


def _agreement(initiator: PeerId, responder: PeerId, ephemeral: bytes, shared: list[bytes]) -> Agreement:
    return Agreement(
        session=hashlib.sha256(join(X3DH, initiator.key, responder.key, ephemeral)).digest()[:8],
        secret=derive_key(_F + b"".join(shared), salt=_ZEROS, info=X3DH),
        associated=join(X3DH, initiator.key, responder.key),
    )

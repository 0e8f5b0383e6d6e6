"""What a client has passed on: an envelope for somebody at another introducer, hidden from the first one. A core.

    handover = msgpack [to 32, tag, sealed envelope]                                                    (wire.py)
    sealed   = seal(handover) to the next introducer's identity as an X25519 key                        (envelope.py)

So the first introducer learns the next introducer, and the next one the recipient; neither learns both ends.
"""

from __future__ import annotations

import msgspec

from . import envelope, wire
from .identity import Identity, PeerId, x25519_of


def seal_handover(to: PeerId, tag: bytes, sealed: bytes, *, introducer: PeerId, ephemeral_secret: bytes) -> bytes:
    """Hide an envelope for `to`, so that `introducer` alone learns whom it is for.

    :param ephemeral_secret: 32 fresh random bytes, used for nothing else.
    :raises Malformed: if the envelope is of the largest size class: it would not fit into itself.
    """
    handover = msgspec.msgpack.encode(wire.Handover(to.key, tag, sealed))
    return envelope.seal(
        handover, recipient=introducer, sealing_key=x25519_of(introducer), ephemeral_secret=ephemeral_secret
    )


def open_handover(sealed: bytes, identity: Identity) -> wire.Handover:
    """What was handed on to us.

    :raises Malformed, NotForUs, CannotOpen: if it is nothing that was sealed to `identity`.
    """
    inside = envelope.unseal(sealed, recipient=identity.id, sealing_secret=identity.exchange_secret)
    return wire.decode_handover(inside)

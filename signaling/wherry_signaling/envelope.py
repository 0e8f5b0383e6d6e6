"""Signed bytes, and sealed ones.

An **envelope** is bytes that somebody signed, for one recipient or for everybody. Verification comes first, of exactly
the bytes that were signed; decoding them comes after, once::

    envelope = msgpack [purpose u8, public key 32, payload bytes, signature 64]       in its shortest form, nothing more
    signed   = join(domain of the purpose, recipient's public key | 32 zeros, payload)        (domains.py)

What is around the payload is not signed, so it has one form only: nobody can make a second document of a signed one.

A **sealed** envelope is opened by its recipient alone. Its size is one of five classes, the sender's name and
signature are inside::

    0        1            5                37
    +--------+------------+----------------+--------------------------------------------------+
    | suite  | key id     | ephemeral key  | XChaCha20-Poly1305 of (length u32 ‖ bytes ‖ zeros) |
    | u8 = 1 | 4          | X25519, 32     | with its tag of 16                                 |
    +--------+------------+----------------+--------------------------------------------------+
    key id          first 4 bytes of SHA-256(recipient's X25519 key)
    key             HKDF-SHA-256(X25519(ephemeral, recipient), salt = ephemeral ‖ recipient's X25519 key, info = domain)
    nonce           24 zeros: each key is used once
    associated data join(domain, recipient's public key, the first 37 bytes)
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Annotated, Final

import msgspec
import nacl.bindings
import nacl.exceptions

from . import domains
from .domains import NOBODY, Purpose
from .errors import BadSignature, CannotOpen, Malformed, NotForUs
from .identity import Identity, PeerId, derive_key, exchange, verify, x25519_public
from .limits import SIZE_CLASSES
from .packing import unpack

SUITE: Final = 1
_HEADER: Final = 37
_OVERHEAD: Final = _HEADER + 4 + 16
#: Bytes that a sealed envelope can hold.
SEALED_PAYLOAD_BYTES: Final = SIZE_CLASSES[-1] - _OVERHEAD


class _Wire(msgspec.Struct, array_like=True, frozen=True):
    purpose: int
    key: Annotated[bytes, msgspec.Meta(min_length=32, max_length=32)]
    payload: bytes
    signature: Annotated[bytes, msgspec.Meta(min_length=64, max_length=64)]


_decoder = msgspec.msgpack.Decoder(_Wire)


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """Bytes whose signature was checked: `payload` is what `sender` signed, for `purpose`."""

    purpose: Purpose
    sender: PeerId
    payload: bytes


def sign(identity: Identity, purpose: Purpose, payload: bytes, *, recipient: PeerId | None = None) -> bytes:
    """The envelope of `payload`, signed for `recipient`, or for everybody if that is None."""
    to = NOBODY if recipient is None else recipient.key
    signature = identity.sign(purpose.domain, to, payload)
    return msgspec.msgpack.encode(_Wire(int(purpose), identity.id.key, payload, signature))


def open_envelope(data: bytes, *, recipient: PeerId | None = None) -> Envelope:
    """Check an envelope for `recipient`, or one for everybody.

    :raises Malformed: if the bytes are no envelope, or one of the other sort.
    :raises BadSignature: if the signature does not match: also if it was made for somebody else.
    """
    wire = unpack(_decoder, data, "no envelope")
    if msgspec.msgpack.encode(wire) != data:
        raise Malformed("an envelope with more in it than was signed")
    try:
        purpose = Purpose(wire.purpose)
    except ValueError as error:
        raise Malformed(f"an envelope of purpose {wire.purpose}, which is unknown") from error
    if purpose.public is not (recipient is None):
        raise Malformed(f"a {purpose.name.lower()} does not belong here")
    verify(wire.key, purpose.domain, NOBODY if recipient is None else recipient.key, wire.payload, wire.signature)
    return Envelope(purpose=purpose, sender=PeerId(wire.key), payload=wire.payload)


def key_id(public: bytes) -> bytes:
    """Four bytes that tell a recipient which of its keys to try."""
    return hashlib.sha256(public).digest()[:4]


def seal(data: bytes, *, recipient: PeerId, sealing_key: bytes, ephemeral_secret: bytes) -> bytes:
    """`data`, so that only who has the secret of `sealing_key` can read it.

    :param ephemeral_secret: 32 fresh random bytes, used for nothing else.
    :raises Malformed: if it is larger than `SEALED_PAYLOAD_BYTES`.
    :raises BadSignature: if `sealing_key` is of small order.
    """
    size = next((size for size in SIZE_CLASSES if size >= len(data) + _OVERHEAD), None)
    if size is None:
        raise Malformed(f"{len(data)} bytes do not fit into a sealed envelope of {SIZE_CLASSES[-1]}")
    ephemeral = x25519_public(ephemeral_secret)
    header = bytes([SUITE]) + key_id(sealing_key) + ephemeral
    key = _seal_key(exchange(ephemeral_secret, sealing_key), ephemeral, sealing_key)
    padded = (len(data).to_bytes(4, "big") + data).ljust(size - _HEADER - 16, b"\0")
    return header + nacl.bindings.crypto_aead_xchacha20poly1305_ietf_encrypt(
        padded, domains.join(domains.SEAL, recipient.key, header), bytes(24), key
    )


def unseal(data: bytes, *, recipient: PeerId, sealing_secret: bytes) -> bytes:
    """What `seal` hid.

    :raises Malformed: if it has no size that sealed envelopes have, or an unknown suite.
    :raises NotForUs: if it was sealed to another key.
    :raises CannotOpen: if it was tampered with, or sealed for somebody else.
    """
    if len(data) not in SIZE_CLASSES:
        raise Malformed("no sealed envelope has this size")
    if data[0] != SUITE:
        raise Malformed(f"suite {data[0]} is unknown")
    sealing_key = x25519_public(sealing_secret)
    if data[1:5] != key_id(sealing_key):
        raise NotForUs("it is sealed to another key")
    header, ephemeral = data[:_HEADER], data[5:_HEADER]
    try:
        key = _seal_key(exchange(sealing_secret, ephemeral), ephemeral, sealing_key)
        padded = nacl.bindings.crypto_aead_xchacha20poly1305_ietf_decrypt(
            data[_HEADER:], domains.join(domains.SEAL, recipient.key, header), bytes(24), key
        )
    except (nacl.exceptions.CryptoError, BadSignature) as error:
        raise CannotOpen() from error
    length = int.from_bytes(padded[:4], "big")
    if length > len(padded) - 4:
        raise CannotOpen("its length is wrong")
    return padded[4 : 4 + length]


def open_sealed(data: bytes, *, recipient: Identity) -> Envelope:
    """The signed envelope in whatever was sealed to `recipient`: a signal or a letter, as its purpose says.

    :raises NotForUs, CannotOpen, BadSignature, Malformed: as `unseal` and `open_envelope`.
    """
    inside = unseal(data, recipient=recipient.id, sealing_secret=recipient.sealing_secret)
    return open_envelope(inside, recipient=recipient.id)


def _seal_key(shared: bytes, ephemeral: bytes, sealing_key: bytes) -> bytes:
    return derive_key(shared, salt=ephemeral + sealing_key, info=domains.SEAL)

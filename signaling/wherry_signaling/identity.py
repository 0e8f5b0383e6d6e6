"""Who somebody is: an Ed25519 key. Its public half, as a peer id, is the address on the network, whatever the IP.

A peer id is libp2p's for Ed25519 keys: ``base58btc(00 24 08 01 12 20 ‖ public key)``, 52 characters, ``12D3KooW…``
(https://github.com/libp2p/specs/blob/master/peer-ids/peer-ids.md), so that it fits into any multiaddr as `/p2p/<id>`.

Signatures are checked strictly: a public key must be a canonical point of the prime-order group, since under a
small-order key some verifiers accept a signature that nobody made.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import base58
import nacl.bindings
import nacl.exceptions
import nacl.signing

from . import domains
from .errors import BadSignature, InvalidPeerId

KEY_BYTES: Final = 32
SIGNATURE_BYTES: Final = 64
_PREFIX: Final = bytes.fromhex("002408011220")
_COMMON: Final = "12D3KooW"
_CHARACTERS: Final = 52


def is_honest_key(key: bytes) -> bool:
    """Whether `key` is a canonical point of Ed25519's prime-order group, as every honest key is."""
    return len(key) == KEY_BYTES and _is_valid_point(key)


@lru_cache(maxsize=4096)
def _is_valid_point(key: bytes) -> bool:
    return nacl.bindings.crypto_core_ed25519_is_valid_point(key)


@dataclass(frozen=True, slots=True, order=True)
class PeerId:
    """A peer's public key, 32 bytes, and its name in text.

    :raises InvalidPeerId: if the bytes are no honest Ed25519 public key.
    """

    key: bytes

    def __post_init__(self) -> None:
        if not is_honest_key(self.key):
            raise InvalidPeerId("it is no point of Ed25519's prime-order group")

    def __str__(self) -> str:
        return _text(self.key)

    def __repr__(self) -> str:
        return f"<PeerId {self.short}>"

    @property
    def short(self) -> str:
        """The last six characters, ``…k4Zq7P``: for people, never for JSON."""
        return "…" + str(self)[-6:]

    @classmethod
    def parse(cls, text: str) -> PeerId:
        """The peer id that `text` says.

        :raises InvalidPeerId: naming what is wrong.
        """
        text = text.strip()
        if not text.startswith(_COMMON):
            raise InvalidPeerId(f"it does not begin with {_COMMON}")
        if len(text) != _CHARACTERS:  # before decoding, which takes the square of the length
            raise InvalidPeerId("characters are missing, or there are too many")
        try:
            raw = base58.b58decode(text)
        except ValueError as error:
            raise InvalidPeerId("it has a character that base58 does not") from error
        if len(raw) != len(_PREFIX) + KEY_BYTES or not raw.startswith(_PREFIX):
            raise InvalidPeerId("characters are missing, or there are too many")
        return cls(raw[len(_PREFIX) :])


@lru_cache(maxsize=4096)
def _text(key: bytes) -> str:
    return base58.b58encode(_PREFIX + key).decode()


class Identity:
    """An Ed25519 key pair, and the X25519 key others seal to, which is derived from it.

    :param seed: the 32 secret bytes. It never shows in `repr`.
    """

    __slots__ = ("_sealing", "_signing", "id", "sealing_public")

    def __init__(self, seed: bytes) -> None:
        self._signing = nacl.signing.SigningKey(seed)
        self.id = PeerId(bytes(self._signing.verify_key))
        self._sealing = derive_key(seed, salt=b"", info=domains.SEALING_KEY)
        self.sealing_public = x25519_public(self._sealing)

    def __repr__(self) -> str:
        return f"<Identity {self.id.short}>"

    @property
    def seed(self) -> bytes:
        """The secret: for the key file and exports alone."""
        return bytes(self._signing)

    @property
    def sealing_secret(self) -> bytes:
        """The X25519 secret that opens what was sealed to `sealing_public`."""
        return self._sealing

    def sign(self, domain: bytes, recipient: bytes, payload: bytes) -> bytes:
        """64 bytes over ``join(domain, recipient, payload)``."""
        return self._signing.sign(domains.join(domain, recipient, payload)).signature

    @property
    def exchange_secret(self) -> bytes:
        """The identity as an X25519 secret, for what is sealed to an introducer whose record nobody has."""
        return nacl.bindings.crypto_sign_ed25519_sk_to_curve25519(self._signing._signing_key)


def verify(key: bytes, domain: bytes, recipient: bytes, payload: bytes, signature: bytes) -> None:
    """Check a signature over ``join(domain, recipient, payload)``.

    :raises BadSignature: if it does not match, or `key` is none that an honest peer has.
    """
    if not is_honest_key(key):
        raise BadSignature("the key is no honest Ed25519 key")
    if len(signature) != SIGNATURE_BYTES:
        raise BadSignature("it has the wrong length")
    try:
        nacl.bindings.crypto_sign_open(signature + domains.join(domain, recipient, payload), key)
    except nacl.exceptions.BadSignatureError as error:
        raise BadSignature() from error


def x25519_public(secret: bytes) -> bytes:
    """The public half of an X25519 secret."""
    return nacl.bindings.crypto_scalarmult_base(secret)


def x25519_of(peer: PeerId) -> bytes:
    """A peer's identity as an X25519 public key (RFC 7748's birational map)."""
    return nacl.bindings.crypto_sign_ed25519_pk_to_curve25519(peer.key)


def exchange(secret: bytes, public: bytes) -> bytes:
    """X25519 (RFC 7748).

    :raises BadSignature: if `public` is of small order, so that everybody would share the result.
    """
    try:
        return nacl.bindings.crypto_scalarmult(secret, public)
    except nacl.exceptions.CryptoError as error:
        raise BadSignature("the exchanged key is of small order") from error


def derive_key(secret: bytes, *, salt: bytes, info: bytes, length: int = 32) -> bytes:
    """HKDF-SHA-256 (RFC 5869), at most 255 × 32 bytes."""
    pseudorandom = hmac.digest(salt or bytes(32), secret, hashlib.sha256)
    output = block = b""
    while len(output) < length:
        block = hmac.digest(pseudorandom, block + info + bytes([len(output) // 32 + 1]), hashlib.sha256)
        output += block
    return output[:length]

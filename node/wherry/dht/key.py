"""The DHT's own key pair, apart from the node's identity, so that look-ups are not signed with anybody's name.

::

    node id        = first 20 bytes of SHA-256(public key)                    Kademlia's 160 bits
    proof of work  = leading zero bits of SHA-256(SHA-256(public key))        S/Kademlia's static puzzle
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Final

import nacl.signing

from wherry_signaling import domains

ID_BYTES: Final = 20


def node_id(public_key: bytes) -> bytes:
    """The 20 bytes under which the owner of `public_key` stands in the DHT."""
    return hashlib.sha256(public_key).digest()[:ID_BYTES]


def proof_bits(public_key: bytes) -> int:
    """How many bits of work went into `public_key`."""
    digest = hashlib.sha256(hashlib.sha256(public_key).digest()).digest()
    return 256 - int.from_bytes(digest, "big").bit_length()


class DhtKey:
    """An Ed25519 key pair; the secret never shows in `repr`.

    :param seed: its 32 secret bytes.
    """

    __slots__ = ("_signing", "id", "public")

    def __init__(self, seed: bytes) -> None:
        self._signing = nacl.signing.SigningKey(seed)
        self.public = bytes(self._signing.verify_key)
        self.id = node_id(self.public)

    def __repr__(self) -> str:
        return f"<DhtKey {self.id.hex()[:8]}>"

    @classmethod
    def generate(cls, random: Callable[[int], bytes], *, bits: int = 0) -> DhtKey:
        """A fresh key with `bits` of work: about 2 to the power of `bits` tries of 20 µs each."""
        while proof_bits((key := cls(random(32))).public) < bits:
            pass
        return key

    @property
    def seed(self) -> bytes:
        """The secret: for the key's file alone."""
        return bytes(self._signing)

    def sign(self, domain: bytes, recipient: bytes, payload: bytes) -> bytes:
        """64 bytes over ``join(domain, recipient, payload)``."""
        return self._signing.sign(domains.join(domain, recipient, payload)).signature

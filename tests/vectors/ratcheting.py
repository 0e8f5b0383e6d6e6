"""X3DH and the double ratchet, written a second time from Signal's specifications: nothing here is Wherry's own code.

The ratchet is section 4.3's pseudocode ("Double Ratchet with header encryption"), with its names.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from typing import Any

import crypto
from formats import Person, domain, join

ZEROS = bytes(32)


def associated_data(initiator: Person, responder: Person) -> bytes:
    return join(domain("x3dh"), initiator.key, responder.key)


def session_id(initiator: Person, responder: Person, ephemeral: bytes) -> bytes:
    return hashlib.sha256(join(domain("x3dh"), initiator.key, responder.key, ephemeral)).digest()[:8]


def shared_key(exchanged: Sequence[bytes]) -> bytes:
    """X3DH section 2.2: KDF(F || KM)."""
    return crypto.hkdf(b"\xff" * 32 + b"".join(exchanged), ZEROS, domain("x3dh"), 32)


def initiate(me: Person, them: Person, ephemeral: bytes, prekey: bytes, one_time: bytes | None) -> bytes:
    """SK of who begins, from the other's public prekeys (X3DH section 3.3)."""
    exchanged = [
        crypto.x25519(crypto.x25519_of_seed(me.seed), prekey),
        crypto.x25519(ephemeral, crypto.x25519_of_public(them.key)),
        crypto.x25519(ephemeral, prekey),
    ]
    return shared_key(exchanged if one_time is None else [*exchanged, crypto.x25519(ephemeral, one_time)])


def respond(me: Person, them: Person, ephemeral: bytes, prekey: bytes, one_time: bytes | None) -> bytes:
    """SK of who answers, from our private prekeys (X3DH section 3.4)."""
    exchanged = [
        crypto.x25519(prekey, crypto.x25519_of_public(them.key)),
        crypto.x25519(crypto.x25519_of_seed(me.seed), ephemeral),
        crypto.x25519(prekey, ephemeral),
    ]
    return shared_key(exchanged if one_time is None else [*exchanged, crypto.x25519(one_time, ephemeral)])


def kdf_rk_he(rk: bytes, dh_out: bytes) -> tuple[bytes, bytes, bytes]:
    out = crypto.hkdf(dh_out, rk, domain("ratchet-root"), 96)
    return out[:32], out[32:64], out[64:]


def kdf_ck(ck: bytes) -> tuple[bytes, bytes]:
    return hmac.new(ck, b"\x02", hashlib.sha256).digest(), hmac.new(ck, b"\x01", hashlib.sha256).digest()


class State:
    """State variables of section 4.2, and the functions of 4.3 as its methods."""

    def __init__(self, session: bytes, ad: bytes, sk: bytes) -> None:
        self.session, self.ad = session, ad
        self.RK, self.shared_hka, self.shared_nhkb = kdf_rk_he(ZEROS, sk)
        self.DHs, self.DHr = ZEROS, b""
        self.CKs = self.CKr = self.HKs = self.HKr = b""
        self.NHKs = self.NHKr = b""
        self.Ns = self.Nr = self.PN = 0
        self.MKSKIPPED: dict[tuple[bytes, int], bytes] = {}

    def init_alice(self, bob_dh_public_key: bytes, fresh: bytes) -> None:
        self.DHs, self.DHr = fresh, bob_dh_public_key
        self.RK, self.CKs, self.NHKs = kdf_rk_he(self.RK, crypto.x25519(self.DHs, self.DHr))
        self.HKs, self.NHKr = self.shared_hka, self.shared_nhkb

    def init_bob(self, bob_dh_secret: bytes) -> None:
        self.DHs, self.NHKs, self.NHKr = bob_dh_secret, self.shared_nhkb, self.shared_hka

    def encrypt(self, plaintext: bytes, header_nonce: bytes, box_nonce: bytes) -> tuple[bytes, bytes]:
        self.CKs, mk = kdf_ck(self.CKs)
        plain = crypto.x25519_public(self.DHs) + self.PN.to_bytes(4, "big") + self.Ns.to_bytes(4, "big")
        header = header_nonce + crypto.xchacha20poly1305(self.HKs, header_nonce, plain, self.session)
        key = crypto.hkdf(mk, ZEROS, domain("ratchet-message"), 32)
        self.Ns += 1
        return header, box_nonce + crypto.xchacha20poly1305(key, box_nonce, plaintext, self.ad + header)

    def decrypt(self, header: bytes, box: bytes, fresh: bytes) -> bytes:
        """`fresh` becomes our next ratchet key if this message takes a step."""
        for (hk, n), mk in self.MKSKIPPED.items():
            opened = self._header(hk, header)
            if opened is not None and opened[2] == n:
                del self.MKSKIPPED[hk, n]
                return self._open(mk, header, box)
        opened = self._header(self.HKr, header)
        if opened is None:
            opened = self._header(self.NHKr, header)
            assert opened is not None
            self._skip(opened[1])
            self._step(opened[0], fresh)
        self._skip(opened[2])
        self.CKr, mk = kdf_ck(self.CKr)
        self.Nr += 1
        return self._open(mk, header, box)

    def _header(self, hk: bytes, header: bytes) -> tuple[bytes, int, int] | None:
        plain = crypto.xchacha20poly1305_open(hk, header[:24], header[24:], self.session) if hk else None
        if plain is None:
            return None
        return plain[:32], int.from_bytes(plain[32:36], "big"), int.from_bytes(plain[36:], "big")

    def _open(self, mk: bytes, header: bytes, box: bytes) -> bytes:
        key = crypto.hkdf(mk, ZEROS, domain("ratchet-message"), 32)
        plain = crypto.xchacha20poly1305_open(key, box[:24], box[24:], self.ad + header)
        assert plain is not None
        return plain

    def _skip(self, until: int) -> None:
        while self.CKr and self.Nr < until:
            self.CKr, mk = kdf_ck(self.CKr)
            self.MKSKIPPED[self.HKr, self.Nr] = mk
            self.Nr += 1

    def _step(self, dh: bytes, fresh: bytes) -> None:
        self.PN, self.Ns, self.Nr = self.Ns, 0, 0
        self.HKs, self.HKr, self.DHr = self.NHKs, self.NHKr, dh
        self.RK, self.CKr, self.NHKr = kdf_rk_he(self.RK, crypto.x25519(self.DHs, self.DHr))
        self.DHs = fresh
        self.RK, self.CKs, self.NHKs = kdf_rk_he(self.RK, crypto.x25519(self.DHs, self.DHr))

    def kept(self) -> list[Any]:
        """The session as it rests in a store."""
        skipped: dict[bytes, list[list[Any]]] = {}
        for (hk, n), mk in self.MKSKIPPED.items():
            skipped.setdefault(hk, []).append([n, mk])
        maybe = [self.DHr, self.CKs, self.CKr, self.HKs, self.HKr]
        return [
            *(self.session, self.ad, self.RK, self.DHs),
            *(one or None for one in maybe),
            *(self.NHKs, self.NHKr, self.Ns, self.Nr, self.PN),
            [[hk, keys] for hk, keys in skipped.items()],
        ]

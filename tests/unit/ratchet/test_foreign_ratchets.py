"""X3DH and the double ratchet against the PyPI packages `X3DH` and `DoubleRatchet`, where the constructions coincide.

They coincide in X3DH's shared secret, the root chain, the symmetric chains, and every header's contents. The packages
have no header encryption, other boxes, and sign prekeys otherwise: those parts of the foreign side are made here.
"""

from __future__ import annotations

import random
from collections.abc import Callable

import nacl.bindings
import nacl.exceptions
import pytest
from ratcheting import ALICE, BOB, random_from

from tests.vectors import crypto
from wherry.ratchet.double_ratchet import Ratchet, answered, begun, decrypt, encrypt
from wherry.ratchet.x3dh import Agreement, initiate, respond
from wherry_signaling.domains import RATCHET_MESSAGE, RATCHET_ROOT, X3DH
from wherry_signaling.identity import Identity, x25519_public

doubleratchet = pytest.importorskip("doubleratchet")
x3dh = pytest.importorskip("x3dh")

from doubleratchet.recommended import (  # noqa: E402
    HashFunction,
    diffie_hellman_ratchet_curve25519,
    kdf_separate_hmacs,
)
from doubleratchet.types import Header  # noqa: E402
from x3dh.identity_key_pair import IdentityKeyPairSeed  # noqa: E402

PREKEY = random_from("prekey")(32)
ZEROS = bytes(32)

# -- X3DH -------------------------------------------------------------------------------------------------------------


class ForeignState(x3dh.BaseState):  # type: ignore[misc, name-defined]
    @staticmethod
    def _encode_public_key(key_format: object, pub: bytes) -> bytes:
        return pub


def foreign_state(identity: Identity) -> ForeignState:
    state = ForeignState.create(
        x3dh.IdentityKeyFormat.ED_25519,
        x3dh.HashFunction.SHA_256,
        X3DH,
        IdentityKeyPairSeed(identity.seed),
    )
    state.generate_pre_keys(1)
    return state


@pytest.mark.parametrize("with_one_time", [True, False])
async def test_we_begin_with_a_foreign_peer(with_one_time: bool) -> None:
    peer, ephemeral = foreign_state(BOB), random_from("ephemeral")(32)
    bundle = peer.bundle
    [one_time] = bundle.pre_keys if with_one_time else [None]
    assert bundle.identity_key == BOB.id.key
    ours = initiate(ALICE, BOB.id, ephemeral=ephemeral, prekey=bundle.signed_pre_key, one_time=one_time)
    header = x3dh.Header(ALICE.id.key, x25519_public(ephemeral), bundle.signed_pre_key, one_time)
    theirs, _, _ = await peer.get_shared_secret_passive(header, require_pre_key=False)
    assert ours.secret == theirs


@pytest.mark.parametrize("with_one_time", [True, False])
async def test_a_foreign_peer_begins_with_us(with_one_time: bool) -> None:
    published = foreign_state(BOB)
    bundle = published.bundle if with_one_time else published.bundle._replace(pre_keys=frozenset())
    theirs, _, header = await foreign_state(ALICE).get_shared_secret_active(bundle, require_pre_key=False)
    [one_time] = published.model.pre_keys if with_one_time else [None]
    prekey = published.model.signed_pre_key.priv
    ours = respond(BOB, ALICE.id, ephemeral=header.ephemeral_key, prekey=prekey, one_time=one_time)
    assert ours.secret == theirs


# -- the double ratchet -----------------------------------------------------------------------------------------------


class ChainKdf(kdf_separate_hmacs.KDF):
    @staticmethod
    def _get_hash_function() -> HashFunction:
        return HashFunction.SHA_256


def root_kdf(seen: Callable[[bytes], None]) -> type[doubleratchet.KDF]:
    """HKDF; what it gives beyond root and chain key is the next header key, which the package has no use for."""

    class RootKdf(doubleratchet.KDF):  # type: ignore[misc, name-defined]
        @staticmethod
        async def derive(key: bytes, data: bytes, length: int) -> bytes:
            out = crypto.hkdf(data, key, RATCHET_ROOT, 96)
            seen(out[64:])
            return out[:length]

    return RootKdf


class Foreign:
    """The other side: the package's ratchet, with header keys and boxes around it.

    :param prekey: the private half of who answers, the public one of who begins.
    """

    def __init__(self, agreement: Agreement, *, prekey: bytes, begins: bool) -> None:
        self._agreement, self._prekey = agreement, prekey
        both = crypto.hkdf(agreement.secret, ZEROS, RATCHET_ROOT, 96)
        self._root, header_a, header_b = both[:32], both[32:64], both[64:]
        self._ratchet: diffie_hellman_ratchet_curve25519.DiffieHellmanRatchet | None = None
        self._seen: list[bytes] = []
        self._receiving: bytes | None = None
        self._next_receiving = header_b if begins else header_a
        self._sending, self._next_sending = (header_a, b"") if begins else (b"", header_b)
        self._skipped: dict[tuple[bytes, int], bytes] = {}

    async def start(self, own: bytes | None, theirs: bytes) -> None:
        self._ratchet = await diffie_hellman_ratchet_curve25519.DiffieHellmanRatchet.create(
            own, theirs, root_kdf(self._seen.append), self._root, ChainKdf, b"\x02\x01", 1000
        )
        if own is None:
            self._next_sending = self._seen.pop()

    async def encrypt(self, plaintext: bytes) -> tuple[bytes, bytes]:
        assert self._ratchet is not None
        key, head = await self._ratchet.next_encryption_key()
        numbers = (head.previous_sending_chain_length, head.sending_chain_length)
        plain = head.ratchet_pub + b"".join(number.to_bytes(4, "big") for number in numbers)
        header = self._seal(self._sending, plain, self._agreement.session)
        box_key = crypto.hkdf(key, ZEROS, RATCHET_MESSAGE, 32)
        return header, self._seal(box_key, plaintext, self._agreement.associated + header)

    async def decrypt(self, header: bytes, box: bytes) -> bytes:
        key = await self._key(header)
        box_key = crypto.hkdf(key, ZEROS, RATCHET_MESSAGE, 32)
        plaintext = self._open(box_key, box, self._agreement.associated + header)
        assert plaintext is not None
        return plaintext

    async def _key(self, header: bytes) -> bytes:
        for header_key in {header_key for header_key, _ in self._skipped}:
            plain = self._open(header_key, header, self._agreement.session)
            if plain and (header_key, int.from_bytes(plain[36:], "big")) in self._skipped:
                return self._skipped.pop((header_key, int.from_bytes(plain[36:], "big")))
        plain = self._open(self._receiving, header, self._agreement.session) if self._receiving else None
        before = self._receiving
        if plain is None:
            plain = self._open(self._next_receiving, header, self._agreement.session)
            assert plain is not None
            self._sending, self._receiving = self._next_sending, self._next_receiving
        head = Header(plain[:32], int.from_bytes(plain[32:36], "big"), int.from_bytes(plain[36:], "big"))
        if self._ratchet is None:
            await self.start(self._prekey, head.ratchet_pub)
        assert self._ratchet is not None
        key, skipped = await self._ratchet.next_decryption_key(head)
        for (ratchet_pub, number), one in skipped.items():
            header_key = self._receiving if ratchet_pub == head.ratchet_pub else before
            assert header_key is not None
            self._skipped[header_key, number] = one
        if self._seen:
            self._next_receiving, self._next_sending = self._seen
            self._seen.clear()
        return bytes(key)

    _nonces = random_from("foreign nonces")

    def _seal(self, key: bytes, plain: bytes, data: bytes) -> bytes:
        nonce = Foreign._nonces(24)
        return nonce + nacl.bindings.crypto_aead_xchacha20poly1305_ietf_encrypt(plain, data, nonce, key)

    def _open(self, key: bytes, sealed: bytes, data: bytes) -> bytes | None:
        try:
            return nacl.bindings.crypto_aead_xchacha20poly1305_ietf_decrypt(sealed[24:], data, sealed[:24], key)
        except nacl.exceptions.CryptoError:
            return None


async def sides(we_begin: bool) -> tuple[Ratchet, Foreign]:
    draw = random_from("a foreign conversation")
    if we_begin:
        agreement = initiate(ALICE, BOB.id, ephemeral=draw(32), prekey=x25519_public(PREKEY), one_time=None)
        return begun(agreement, x25519_public(PREKEY), draw), Foreign(agreement, prekey=PREKEY, begins=False)
    agreement = initiate(BOB, ALICE.id, ephemeral=draw(32), prekey=x25519_public(PREKEY), one_time=None)
    foreign = Foreign(agreement, prekey=x25519_public(PREKEY), begins=True)
    await foreign.start(None, x25519_public(PREKEY))
    return answered(agreement, PREKEY), foreign


@pytest.mark.parametrize("we_begin", [True, False])
@pytest.mark.parametrize("schedule", range(4))
async def test_a_foreign_side_and_ours_open_what_the_other_sends_in_any_order(we_begin: bool, schedule: int) -> None:
    """Messages overtake each other and are lost; each side takes steps of its own."""
    ours, foreign = await sides(we_begin)
    draw, order = random_from(f"ours {schedule}"), random.Random(schedule)
    to_us: list[tuple[bytes, bytes, bytes]] = []
    to_them: list[tuple[bytes, bytes, bytes]] = []
    opened, started = 0, False
    for number in range(120):
        plaintext = b"message %d" % number
        if order.random() < 0.5:
            if we_begin or started:
                ours, header, box = encrypt(ours, plaintext, draw)
                to_them.append((plaintext, header, box))
        elif not we_begin or started:
            to_us.append((plaintext, *await foreign.encrypt(plaintext)))
        for under_way in (to_us, to_them):
            if not under_way or order.random() < 0.4:
                continue
            expected, header, box = under_way.pop(order.randrange(len(under_way)))
            if order.random() < 0.2:
                continue  # lost
            if under_way is to_us:
                ours, plain = decrypt(ours, header, box, draw)
            else:
                plain = await foreign.decrypt(header, box)
            assert plain == expected
            opened, started = opened + 1, True
    assert opened > 40

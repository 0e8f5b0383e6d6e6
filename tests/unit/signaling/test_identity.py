"""Identities, peer ids, strict signatures, key exchange."""

from __future__ import annotations

import pytest
from golden import Vector, vectors
from hypothesis import given, strategies as st

from wherry_signaling import identity
from wherry_signaling.errors import BadSignature, InvalidPeerId
from wherry_signaling.identity import Identity, PeerId, derive_key, exchange, is_honest_key, verify

SEEDS = st.binary(min_size=32, max_size=32)
ALICE = Identity(b"\xa1" * 32)


@vectors("identity", "identity", good=True)
def test_an_identity_is_made_of_its_seed(vector: Vector) -> None:
    made = Identity(vector.hex("seed"))
    assert made.seed == vector.hex("seed")
    assert made.id.key == vector.data
    assert str(made.id) == vector["peer_id"]
    assert made.sealing_secret == vector.hex("sealing_secret")
    assert made.sealing_public == vector.hex("sealing_public")
    assert made.exchange_secret == vector.hex("exchange_secret")
    assert identity.x25519_of(made.id) == vector.hex("exchange_public")
    assert identity.x25519_public(made.exchange_secret) == vector.hex("exchange_public")


@vectors("identity", "signature", good=True)
def test_what_is_signed_is_domain_recipient_and_payload(vector: Vector) -> None:
    signer, domain = Identity(vector.hex("seed")), vector["domain"].encode()
    assert signer.sign(domain, vector.hex("recipient"), vector.hex("payload")) == vector.data
    verify(signer.id.key, domain, vector.hex("recipient"), vector.hex("payload"), vector.data)


@vectors("identity", "peer id", good=True)
def test_a_peer_id_is_read(vector: Vector) -> None:
    assert PeerId.parse(vector["text"]).key == vector.data
    assert str(PeerId(vector.data)) == vector["canonical"]


@vectors("identity", "peer id", good=False)
def test_what_is_no_peer_id_is_refused(vector: Vector) -> None:
    with vector.refused():
        PeerId.parse(vector["text"])


@vectors("strict", "key", good=False)
def test_a_key_that_no_honest_peer_has_is_nobodys(vector: Vector) -> None:
    assert not is_honest_key(vector.data)
    with pytest.raises(InvalidPeerId):
        PeerId(vector.data)
    with vector.refused():
        verify(vector.data, b"domain", bytes(32), b"payload", bytes(64))


@vectors("strict", "signature", good=False)
def test_a_signature_that_only_lax_verifiers_take_is_refused(vector: Vector) -> None:
    with vector.refused():
        verify(
            vector.hex("key"),
            vector["domain"].encode(),
            vector.hex("recipient"),
            vector.hex("payload"),
            vector.hex("signature"),
        )


@vectors("strict", "exchange", good=False)
def test_an_exchange_with_a_small_order_key_is_refused(vector: Vector) -> None:
    with vector.refused():
        exchange(vector.hex("secret"), vector.data)


def test_nobody_sees_a_secret() -> None:
    assert ALICE.seed.hex() not in repr(ALICE)
    assert repr(ALICE) == f"<Identity {ALICE.id.short}>"
    assert repr(ALICE.id) == f"<PeerId …{str(ALICE.id)[-6:]}>"


@pytest.mark.parametrize("length", [0, 31, 33, 1_000_000])
def test_a_key_of_another_length_is_nobodys(length: int) -> None:
    assert not is_honest_key(bytes(length))


@pytest.mark.parametrize("length", [0, 63, 65])
def test_a_signature_of_another_length_is_refused(length: int) -> None:
    with pytest.raises(BadSignature):
        verify(ALICE.id.key, b"domain", bytes(32), b"payload", bytes(length))


@given(SEEDS)
def test_a_peer_id_reads_back(seed: bytes) -> None:
    # Invariant: a peer id's text names exactly its key, in 52 characters that begin 12D3KooW.
    peer = Identity(seed).id
    assert len(str(peer)) == 52
    assert str(peer).startswith("12D3KooW")
    assert PeerId.parse(str(peer)) == peer


@given(SEEDS, st.binary(max_size=40), st.binary(max_size=40), st.binary(max_size=99), st.data())
def test_a_signature_is_for_one_key_domain_recipient_and_payload(
    seed: bytes, domain: bytes, recipient: bytes, payload: bytes, data: st.DataObject
) -> None:
    # Invariant: a signature verifies for what was signed, and with any one bit of anything changed it does not.
    signer = Identity(seed)
    parts = [signer.id.key, domain, recipient, payload, signer.sign(domain, recipient, payload)]
    verify(*parts)
    which = data.draw(st.sampled_from([index for index, part in enumerate(parts) if part]))
    bit = data.draw(st.integers(0, 8 * len(parts[which]) - 1))
    changed = bytearray(parts[which])
    changed[bit // 8] ^= 1 << bit % 8
    parts[which] = bytes(changed)
    with pytest.raises(BadSignature):
        verify(*parts)


@given(SEEDS, SEEDS)
def test_two_share_a_secret_by_both_kinds_of_keys(one: bytes, other: bytes) -> None:
    # Invariant: X25519 agrees, with sealing keys and with identities mapped to X25519.
    a, b = Identity(one), Identity(other)
    assert exchange(a.sealing_secret, b.sealing_public) == exchange(b.sealing_secret, a.sealing_public)
    assert exchange(a.exchange_secret, identity.x25519_of(b.id)) == exchange(
        b.exchange_secret, identity.x25519_of(a.id)
    )


def test_hkdf_is_that_of_rfc_5869() -> None:
    # Appendix A.1 and A.3.
    secret = b"\x0b" * 22
    assert derive_key(secret, salt=bytes(range(13)), info=bytes(range(0xF0, 0xFA)), length=42).hex() == (
        "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865"
    )
    assert derive_key(secret, salt=b"", info=b"", length=42).hex() == (
        "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8"
    )

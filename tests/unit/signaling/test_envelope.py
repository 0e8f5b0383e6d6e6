"""Signed bytes, and sealed ones."""

from __future__ import annotations

import pytest
from golden import Vector, vectors
from hypothesis import given, settings, strategies as st

from wherry_signaling.domains import Purpose
from wherry_signaling.envelope import SEALED_PAYLOAD_BYTES, key_id, open_envelope, seal, sign, unseal
from wherry_signaling.errors import BadSignature, CannotOpen, Malformed, NotForUs, RemoteError
from wherry_signaling.identity import Identity, PeerId
from wherry_signaling.limits import SIZE_CLASSES

ALICE, BOB, CAROL = (Identity(bytes([number]) * 32) for number in (0xA1, 0xB0, 0xCA))
SECRETS = st.binary(min_size=32, max_size=32)


def _recipient(vector: Vector) -> PeerId | None:
    key = vector.hex("recipient")
    return PeerId(key) if any(key) else None


@vectors("envelope", "signed", good=True)
def test_what_was_signed_is_opened(vector: Vector) -> None:
    sender, recipient = Identity(vector.hex("sender_seed")), _recipient(vector)
    purpose, payload = Purpose(vector["purpose"]), vector.hex("payload")
    assert sign(sender, purpose, payload, recipient=recipient) == vector.data
    envelope = open_envelope(vector.data, recipient=recipient)
    assert (envelope.sender, envelope.purpose, envelope.payload) == (sender.id, purpose, payload)


@vectors("envelope", "signed", good=False)
def test_what_was_not_signed_so_is_refused(vector: Vector) -> None:
    with vector.refused():
        open_envelope(vector.data, recipient=_recipient(vector))


@vectors("strict", "signature", good=False)
def test_an_envelope_with_a_lax_signature_is_refused(vector: Vector) -> None:
    with vector.refused():
        open_envelope(vector.data, recipient=_recipient(vector))


@vectors("strict", "signature", good=True)
def test_an_envelope_with_a_strict_signature_is_opened(vector: Vector) -> None:
    assert open_envelope(vector.data, recipient=_recipient(vector)).payload == vector.hex("payload")


@vectors("envelope", "sealed", good=True)
def test_what_was_sealed_is_opened(vector: Vector) -> None:
    recipient = PeerId(vector.hex("recipient"))
    inside = vector.hex("inside")
    sealed = seal(
        inside,
        recipient=recipient,
        sealing_key=vector.hex("sealing_key"),
        ephemeral_secret=vector.hex("ephemeral_secret"),
    )
    assert sealed == vector.data
    assert unseal(vector.data, recipient=recipient, sealing_secret=vector.hex("sealing_secret")) == inside


@vectors("envelope", "sealed", good=False)
def test_what_was_not_sealed_so_is_refused(vector: Vector) -> None:
    with vector.refused():
        unseal(vector.data, recipient=PeerId(vector.hex("recipient")), sealing_secret=vector.hex("sealing_secret"))


@pytest.mark.parametrize("size", SIZE_CLASSES)
def test_a_sealed_envelope_has_the_smallest_class_that_holds_it(size: int) -> None:
    def length(inside: int) -> int:
        return len(seal(bytes(inside), recipient=BOB.id, sealing_key=BOB.sealing_public, ephemeral_secret=b"\xe1" * 32))

    overhead = SIZE_CLASSES[-1] - SEALED_PAYLOAD_BYTES
    assert length(size - overhead) == size
    assert length(size - overhead - 1) == size
    if size == SIZE_CLASSES[-1]:
        with pytest.raises(Malformed):
            length(size - overhead + 1)
    else:
        assert length(size - overhead + 1) > size


def test_nothing_is_sealed_to_a_small_order_key() -> None:
    with pytest.raises(BadSignature):
        seal(b"", recipient=BOB.id, sealing_key=bytes(32), ephemeral_secret=b"\xe1" * 32)


def test_who_looks_on_sees_neither_name() -> None:
    sealed = seal(
        sign(ALICE, Purpose.PING, b"hello", recipient=BOB.id),
        recipient=BOB.id,
        sealing_key=BOB.sealing_public,
        ephemeral_secret=b"\xe1" * 32,
    )
    for name in (ALICE.id.key, BOB.id.key, BOB.sealing_public, b"hello"):
        assert name not in sealed
    assert key_id(BOB.sealing_public) in sealed


@given(st.sampled_from(Purpose), st.binary(max_size=200), st.data())
def test_an_envelope_has_one_form_and_one_reader(purpose: Purpose, payload: bytes, data: st.DataObject) -> None:
    # Invariant: it opens for its recipient alone, and with any bit changed for nobody.
    recipient = None if purpose.public else BOB.id
    made = sign(ALICE, purpose, payload, recipient=recipient)
    assert open_envelope(made, recipient=recipient).payload == payload
    with pytest.raises(RemoteError):
        open_envelope(made, recipient=CAROL.id)
    bit = data.draw(st.integers(0, 8 * len(made) - 1))
    changed = bytearray(made)
    changed[bit // 8] ^= 1 << bit % 8
    with pytest.raises((Malformed, BadSignature)):
        open_envelope(bytes(changed), recipient=recipient)


@given(st.binary(max_size=1200), SECRETS, st.data())
@settings(deadline=None)
def test_a_sealed_envelope_has_one_reader(inside: bytes, ephemeral: bytes, data: st.DataObject) -> None:
    # Invariant: it has a size of the five, opens for its recipient alone, and with any bit changed for nobody.
    sealed = seal(inside, recipient=BOB.id, sealing_key=BOB.sealing_public, ephemeral_secret=ephemeral)
    assert len(sealed) in SIZE_CLASSES
    assert unseal(sealed, recipient=BOB.id, sealing_secret=BOB.sealing_secret) == inside
    with pytest.raises(NotForUs):
        unseal(sealed, recipient=CAROL.id, sealing_secret=CAROL.sealing_secret)
    with pytest.raises(CannotOpen):
        unseal(sealed, recipient=CAROL.id, sealing_secret=BOB.sealing_secret)
    bit = data.draw(st.integers(0, 8 * len(sealed) - 1))
    changed = bytearray(sealed)
    changed[bit // 8] ^= 1 << bit % 8
    with pytest.raises((Malformed, NotForUs, CannotOpen)):
        unseal(bytes(changed), recipient=BOB.id, sealing_secret=BOB.sealing_secret)

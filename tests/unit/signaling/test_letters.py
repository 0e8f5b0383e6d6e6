"""Letters: messages of a ratchet and retries, signed for one peer and sealed to it."""

from __future__ import annotations

from typing import Any

import pytest
from golden import Vector, vectors

from wherry_signaling.domains import Purpose
from wherry_signaling.envelope import SEALED_PAYLOAD_BYTES, open_sealed
from wherry_signaling.errors import Malformed
from wherry_signaling.identity import Identity
from wherry_signaling.letters import (
    HEADER_BYTES,
    Initial,
    Letter,
    Message,
    Retry,
    decode_message,
    decode_retry,
    payload_of,
    seal_letter,
)
from wherry_signaling.limits import SIZE_CLASSES

DECODERS = {"message": decode_message, "retry": decode_retry}
ALICE, BOB = Identity(bytes([0xA1]) * 32), Identity(bytes([0xB0]) * 32)


def _letter(vector: Vector) -> Letter:
    fields: dict[str, Any] = dict(vector["fields"])
    unhex = bytes.fromhex
    if vector["letter"] == "message":
        initial = fields["initial"] and Initial(unhex(fields["initial"][0]), *fields["initial"][1:])
        header, box = unhex(fields["header"]), unhex(fields["box"])
        return Message(session=unhex(fields["session"]), initial=initial, header=header, box=box)
    number, key, signature = fields["prekey"]
    one_time = fields["one_time"] and (fields["one_time"][0], unhex(fields["one_time"][1]))
    prekey = (number, unhex(key), unhex(signature))
    return Retry(session=unhex(fields["session"]), issued=fields["issued"], prekey=prekey, one_time=one_time)


@vectors("letters", "payload", good=True)
def test_a_letter_has_these_bytes(vector: Vector) -> None:
    assert payload_of(_letter(vector)) == vector.data
    assert DECODERS[vector["letter"]](vector.data) == _letter(vector)


@vectors("letters", "later", good=True)
def test_fields_of_a_later_version_are_skipped(vector: Vector) -> None:
    assert DECODERS[vector["letter"]](vector.data) == _letter(vector)


@vectors("letters", "payload", good=False)
def test_a_payload_that_is_wrong_is_refused(vector: Vector) -> None:
    with vector.refused():
        DECODERS[vector["letter"]](vector.data)


@vectors("letters", "sealed", good=True)
def test_a_letter_is_sealed_and_opened(vector: Vector) -> None:
    sender, recipient = Identity(vector.hex("sender_seed")), Identity(vector.hex("recipient_seed"))
    sealed = seal_letter(
        _letter(vector),
        sender=sender,
        recipient=recipient.id,
        sealing_key=vector.hex("sealing_key"),
        ephemeral_secret=vector.hex("ephemeral_secret"),
    )
    assert sealed == vector.data
    envelope = open_sealed(sealed, recipient=recipient)
    assert (envelope.sender, envelope.purpose) == (sender.id, Purpose[vector["letter"].upper()])
    assert DECODERS[vector["letter"]](envelope.payload) == _letter(vector)


@vectors("letters", "sealed", good=False)
def test_a_sealed_letter_that_is_wrong_is_refused(vector: Vector) -> None:
    with vector.refused():
        open_sealed(vector.data, recipient=Identity(vector.hex("recipient_seed")))


def test_the_largest_packet_fits_into_a_seal_and_no_box_is_larger_than_one() -> None:
    def message(box: int) -> Message:
        initial = Initial(bytes(32), 2**53 - 1, 2**53 - 1)
        return Message(session=bytes(8), initial=initial, header=bytes(HEADER_BYTES), box=bytes(box))

    largest = message(60_000 + 24 + 16)
    sealed = seal_letter(
        largest, sender=ALICE, recipient=BOB.id, sealing_key=BOB.sealing_public, ephemeral_secret=bytes([7]) * 32
    )
    assert len(sealed) == SIZE_CLASSES[-1]
    assert decode_message(open_sealed(sealed, recipient=BOB).payload) == largest
    with pytest.raises(Malformed):
        seal_letter(
            message(SEALED_PAYLOAD_BYTES),
            sender=ALICE,
            recipient=BOB.id,
            sealing_key=BOB.sealing_public,
            ephemeral_secret=bytes([7]) * 32,
        )
    with pytest.raises(Malformed):
        decode_message(payload_of(message(SIZE_CLASSES[-1] + 1)))

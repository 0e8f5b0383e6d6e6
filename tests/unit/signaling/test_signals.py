"""What peers tell each other before they are connected."""

from __future__ import annotations

from typing import Any

import pytest
from golden import Vector, vectors

from wherry_signaling import signals
from wherry_signaling.errors import CannotOpen, NotForUs
from wherry_signaling.identity import Identity
from wherry_signaling.signals import Signal, open_signal, payload_of, seal_signal

TYPES: dict[str, type[Signal]] = {
    "offer": signals.Offer,
    "answer": signals.Answer,
    "candidates": signals.Candidates,
    "ping": signals.Ping,
    "pong": signals.Pong,
    "refusal": signals.Refusal,
}
BYTES = {"attempt", "answer", "instance", "key", "offer_hash", "nonce", "record"}


def _signal(vector: Vector) -> Signal:
    fields: dict[str, Any] = {
        name: bytes.fromhex(value) if name in BYTES else value for name, value in vector["fields"].items()
    }
    return TYPES[vector["signal"]](**fields)


@vectors("signals", "payload", good=True)
def test_a_signal_has_these_bytes(vector: Vector) -> None:
    assert payload_of(_signal(vector)) == vector.data


@vectors("signals", "sealed", good=True)
def test_a_signal_is_sealed_and_opened(vector: Vector) -> None:
    sender, recipient = Identity(vector.hex("sender_seed")), Identity(vector.hex("recipient_seed"))
    signal, envelope = open_signal(vector.data, recipient=recipient)
    assert signal == _signal(vector)
    assert envelope.sender == sender.id
    if not vector.value.get("trailing"):
        sealed = seal_signal(
            signal,
            sender=sender,
            recipient=recipient.id,
            sealing_key=vector.hex("sealing_key"),
            ephemeral_secret=vector.hex("ephemeral_secret"),
        )
        assert sealed == vector.data


@vectors("signals", "sealed", good=False)
def test_a_signal_that_is_wrong_is_refused(vector: Vector) -> None:
    with vector.refused():
        open_signal(vector.data, recipient=Identity(vector.hex("recipient_seed")))


def test_every_kind_is_in_the_vectors() -> None:
    assert set(signals._TYPES.values()) == set(TYPES.values())


def test_a_signal_for_another_does_not_open() -> None:
    alice, bob, carol = (Identity(bytes([number]) * 32) for number in (0xA1, 0xB0, 0xCA))
    ping = signals.Ping(nonce=bytes(16))
    for sealing_key, error in ((bob.sealing_public, NotForUs), (carol.sealing_public, CannotOpen)):
        sealed = seal_signal(
            ping, sender=alice, recipient=bob.id, sealing_key=sealing_key, ephemeral_secret=b"\xe1" * 32
        )
        with pytest.raises(error):
            open_signal(sealed, recipient=carol)

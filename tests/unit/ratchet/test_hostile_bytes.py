"""Whatever bytes: states that are read, payloads that are read and opened. A value or a typed error, and nothing else.

100 inputs for each; with WHERRY_FULL=1 in the environment 20,000.
"""

from __future__ import annotations

import os

import golden
from hostile import hostile_bytes
from hypothesis import HealthCheck, given, settings, strategies as st
from ratcheting import ALICE, BOB, SIGNED, Secrets, Side, random_from, talk, two_sides

from wherry.ratchet import Bundle, Sessions
from wherry_signaling.errors import BadSignature, CannotOpen, Malformed, VersionMismatch
from wherry_signaling.letters import Message, decode_message, decode_retry, payload_of

SETTINGS = settings(
    max_examples=20_000 if os.environ.get("WHERRY_FULL") else 100,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)


def _written(file: str, *kinds: str) -> list[bytes]:
    return [one.data for one in golden.load(file) if one.value.get("kind") in kinds]


STATES = [data for data in _written("ratchet", "conversation") if data]
PAYLOADS = hostile_bytes(_written("letters", "payload") + _written("ratchet", "refused"))


@given(data=hostile_bytes(STATES))
@SETTINGS
def test_any_state_is_one_or_is_refused(data: bytes) -> None:
    # Invariant: what is read is written as something that reads alike; all else is Malformed.
    try:
        sessions = Sessions(ALICE, BOB.id, data)
    except Malformed:
        return
    assert Sessions(ALICE, BOB.id, sessions.to_bytes()).to_bytes() == sessions.to_bytes()


@given(payload=PAYLOADS, begun=st.booleans())
@SETTINGS
def test_any_payload_opens_or_is_refused(payload: bytes, begun: bool) -> None:
    # Invariant: nobody but the peer's own ratchet makes a message that opens, and a refused one changes nothing.
    alice, bob = two_sides()
    if begun:
        talk((alice, bob), (0, 1))
    before, prekeys = bob.sessions.to_bytes(), dict(bob.prekeys.here)
    try:
        bob.open(decode_message(payload))
    except (Malformed, VersionMismatch, CannotOpen):
        assert (bob.sessions.to_bytes(), bob.prekeys.here) == (before, prekeys)
    else:
        raise AssertionError("it opened")


@given(payload=PAYLOADS)
@SETTINGS
def test_any_retry_counts_or_is_refused(payload: bytes) -> None:
    # Invariant: a retry that the peer's prekey did not sign changes nothing, whatever session it names.
    alice, bob = two_sides()
    talk((alice, bob), (0, 1))
    before = alice.sessions.to_bytes()
    try:
        retry = decode_retry(payload)
        counted = alice.sessions.retried(retry, alice.random)
    except (Malformed, VersionMismatch, BadSignature):
        counted = False
    assert not counted
    assert alice.sessions.to_bytes() == before


@given(data=st.data())
@SETTINGS
def test_any_part_of_a_message_may_be_anything(data: st.DataObject) -> None:
    # Invariant: a peer that knows all keys but makes its parts up gets a typed refusal, and the next true one opens.
    alice, bob = two_sides()
    true = alice.send(b"true", bob, one_time=data.draw(st.booleans()))
    message = Message(
        session=data.draw(st.sampled_from([true.session, bytes(8)]) | st.binary(min_size=8, max_size=8)),
        initial=data.draw(st.sampled_from([true.initial, None])),
        header=data.draw(st.just(true.header) | st.binary(min_size=80, max_size=80)),
        box=data.draw(st.just(true.box) | st.binary(max_size=100)),
    )
    if message != true:
        try:
            bob.open(decode_message(payload_of(message)))
        except CannotOpen:
            pass
        else:
            raise AssertionError("it opened")
    assert bob.open(true) == b"true"


@given(key=st.binary(min_size=32, max_size=32), number=st.integers(0, 2**53 - 1))
@SETTINGS
def test_any_one_time_prekey_that_a_mailbox_hands_out(key: bytes, number: int) -> None:
    # Invariant: it never keeps us from writing, and what is written with it opens after one retry.
    alice, bob = two_sides()
    alice.sessions.begin(Bundle(prekey=bob.bundle().prekey, one_time=(number, key)), alice.random)
    message = alice.send(b"hello", bob)
    try:
        assert bob.open(message) == b"hello"
    except CannotOpen:
        assert alice.sessions.retried(bob.retry(message.session), alice.random)
        assert bob.open(alice.send(b"hello", bob)) == b"hello"


def test_what_a_store_answers_is_all_that_is_asked_of_it() -> None:
    """Number 0 says that there is no one-time prekey: it is never looked for."""

    class Strict(Secrets):
        def secret(self, number: int) -> bytes | None:
            assert number > 0
            return super().secret(number)

    alice, bob = Side(ALICE, BOB), Side(BOB, ALICE)
    bob.prekeys = Strict({SIGNED: random_from("strict")(32)})
    assert bob.open(alice.send(b"hello", bob)) == b"hello"

"""X3DH, the ratchet and its states against bytes that a second implementation wrote."""

from __future__ import annotations

import pytest
from golden import Vector, vectors
from ratcheting import Secrets, scripted

from wherry.ratchet import Bundle, Sessions
from wherry.ratchet.x3dh import initiate, respond
from wherry_signaling.errors import BadSignature
from wherry_signaling.identity import Identity, x25519_public
from wherry_signaling.letters import decode_message, payload_of
from wherry_signaling.record import Prekey, check_prekey, sign_prekey


@vectors("x3dh", "agreement", good=True)
def test_both_come_to_the_same_secret(vector: Vector) -> None:
    initiator, responder = Identity(vector.hex("initiator_seed")), Identity(vector.hex("responder_seed"))
    ephemeral, prekey = vector.hex("ephemeral_secret"), vector.hex("prekey_secret")
    one_time = None if vector["one_time_secret"] is None else vector.hex("one_time_secret")
    one_time_public = None if one_time is None else x25519_public(one_time)
    begun = initiate(
        initiator, responder.id, ephemeral=ephemeral, prekey=x25519_public(prekey), one_time=one_time_public
    )
    assert (begun.secret, begun.session, begun.associated) == (
        vector.data,
        vector.hex("session"),
        vector.hex("associated"),
    )
    public = x25519_public(ephemeral)
    assert respond(responder, initiator.id, ephemeral=public, prekey=prekey, one_time=one_time) == begun


@vectors("x3dh", "agreement", good=False)
def test_keys_of_small_order_are_refused(vector: Vector) -> None:
    alice, bob, secret = Identity(bytes([1]) * 32), Identity(bytes([2]) * 32), bytes([3]) * 32
    public, small = x25519_public(secret), vector.data
    for prekey, one_time in ((small, None), (public, small)):
        with vector.refused():
            initiate(alice, bob.id, ephemeral=secret, prekey=prekey, one_time=one_time)
    with vector.refused():
        respond(alice, bob.id, ephemeral=small, prekey=secret, one_time=None)


@vectors("x3dh", "prekey", good=True)
def test_a_prekey_is_signed(vector: Vector) -> None:
    owner, key = Identity(vector.hex("seed")), vector.hex("key")
    prekey = sign_prekey(owner, vector["id"], key)
    assert prekey == (vector["id"], key, vector.data)
    check_prekey(prekey, owner.id)


@vectors("x3dh", "prekey", good=False)
def test_a_prekey_that_its_owner_did_not_sign_is_refused(vector: Vector) -> None:
    owner = Identity(vector.hex("seed"))
    with vector.refused():
        check_prekey((vector["id"], vector.hex("key"), vector.data), owner.id)
    with pytest.raises(BadSignature):
        Sessions(Identity(bytes(32)), owner.id).begin(
            Bundle(prekey=(vector["id"], vector.hex("key"), vector.data)), scripted(bytes(64))
        )


def _prekey(wire: list[object]) -> Prekey:
    number, key, signature = wire
    assert isinstance(number, int)
    assert isinstance(key, str)
    assert isinstance(signature, str)
    return number, bytes.fromhex(key), bytes.fromhex(signature)


@vectors("ratchet", "conversation", good=True)
def test_a_conversation_has_these_bytes_at_each_step(vector: Vector) -> None:
    own = [Identity(bytes.fromhex(seed)) for seed in vector["seeds"]]
    sessions = [Sessions(own[0], own[1].id), Sessions(own[1], own[0].id)]
    prekeys = [_secrets(secrets) for secrets in vector["prekeys"]]
    for step in vector["steps"]:
        by, random = step["by"], scripted(bytes.fromhex(step["random"]))
        if step["do"] == "begin":
            one_time = step["one_time"] and (step["one_time"][0], bytes.fromhex(step["one_time"][1]))
            sessions[by].begin(Bundle(prekey=_prekey(step["prekey"]), one_time=one_time), random)
        elif step["do"] == "encrypt":
            message = sessions[by].encrypt(bytes.fromhex(step["plaintext"]), random)
            assert payload_of(message).hex() == step["payload"]
        else:
            message = decode_message(bytes.fromhex(step["payload"]))
            assert sessions[by].decrypt(message, prekeys[by], random).hex() == step["plaintext"]
        with pytest.raises(AssertionError, match="more is drawn"):
            random(1)  # it drew all that is written
        sessions[by] = Sessions(own[by], own[1 - by].id, sessions[by].to_bytes())
    assert [one.to_bytes() for one in sessions] == [vector.data, vector.hex("other_state")]


@vectors("ratchet", "refused", good=False)
def test_what_does_not_open_is_refused_and_changes_nothing(vector: Vector) -> None:
    sessions = Sessions(Identity(vector.hex("seed")), Identity(vector.hex("sender_seed")).id, vector.hex("state"))
    prekeys = _secrets(vector["prekeys"])
    before, here = sessions.to_bytes(), dict(prekeys.here)
    with vector.refused():
        sessions.decrypt(decode_message(vector.data), prekeys, bytes)
    assert (sessions.to_bytes(), prekeys.here) == (before, here)


@vectors("ratchet", "state", good=False)
def test_a_damaged_state_is_refused(vector: Vector) -> None:
    with vector.refused():
        Sessions(Identity(bytes([1]) * 32), Identity(bytes([2]) * 32).id, vector.data)


def _secrets(secrets: dict[str, str]) -> Secrets:
    return Secrets({int(number): bytes.fromhex(secret) for number, secret in secrets.items()})

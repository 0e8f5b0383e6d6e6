"""The handshake of a signaling socket, and the cipher after it."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import pytest
from golden import Vector, vectors
from hostile import spliced, tampered
from hypothesis import HealthCheck, given, settings, strategies as st

from wherry_signaling.errors import HandshakeFailed, RemoteError, VersionMismatch
from wherry_signaling.handshake import Cipher, ClientHandshake, ServerHandshake, refusal
from wherry_signaling.identity import Identity, PeerId
from wherry_signaling.wire import Role

ALICE, BOB = (Identity(bytes([number]) * 32) for number in (0xA1, 0xB0))


def _sides(vector: Vector) -> tuple[ClientHandshake, ServerHandshake]:
    dialled = vector.hex("dialled")
    client = ClientHandshake(
        Identity(vector.hex("client_seed")),
        Role(vector["role"]),
        secret=vector.hex("client_secret"),
        nonce=vector.hex("client_nonce"),
        dialled=PeerId(dialled) if any(dialled) else None,
        features=vector.value.get("client_features", 0),
        host=vector["host"],
    )
    server = ServerHandshake(
        Identity(vector.hex("server_seed")),
        secret=vector.hex("server_secret"),
        nonce=vector.hex("server_nonce"),
        features=vector.value.get("server_features", 0),
    )
    return client, server


@vectors("handshake", "handshake", good=True)
def test_a_handshake_has_these_bytes(vector: Vector) -> None:
    client, server = _sides(vector)
    hello = client.hello()
    welcome = server.receive_hello(hello)
    at_client, prove = client.receive(welcome)
    at_server = server.receive_proof(prove)
    match vector["step"]:
        case "hello" | "welcome" | "prove" as step:
            assert {"hello": hello, "welcome": welcome, "prove": prove}[step] == vector.data
        case "keys":
            assert at_client.cipher._out_key + at_client.cipher._in_key == vector.data
        case "transcript":
            assert at_client.role is at_server.role is Role(vector["role"])
            assert at_client.features == vector["server_features"]
            assert at_server.features == vector["client_features"]
            assert (at_client.peer, at_server.peer) == (BOB.id, ALICE.id)
        case step:
            sender, receiver = (at_client, at_server) if "client" in step else (at_server, at_client)
            if "second" in step:
                receiver.cipher.open(sender.cipher.seal(b""))
            assert sender.cipher.seal(vector.hex("plain")) == vector.data
            assert receiver.cipher.open(vector.data) == vector.hex("plain")


@vectors("handshake", "client", good=False)
def test_the_client_refuses_a_wrong_answer(vector: Vector) -> None:
    client, _ = _sides(vector)
    with vector.refused():
        client.receive(vector.data)


@vectors("handshake", "endpoint", good=False)
def test_the_endpoint_refuses_a_wrong_beginning(vector: Vector) -> None:
    _, server = _sides(vector)
    with vector.refused():
        server.receive_hello(vector.data)


@vectors("handshake", "proof", good=False)
def test_the_endpoint_refuses_a_wrong_proof(vector: Vector) -> None:
    _, server = _sides(vector)
    server.receive_hello(vector.hex("hello"))
    with vector.refused():
        server.receive_proof(vector.data)


def test_a_refusal_says_why() -> None:
    for error in (VersionMismatch("we speak 1"), HandshakeFailed("no\x1b[31m" + "x" * 500)):
        client = ClientHandshake(ALICE, Role.ME, secret=bytes(32), nonce=bytes(32))
        with pytest.raises(type(error)) as caught:
            client.receive(refusal(error))
        assert caught.value.detail.isprintable()


# -- the cipher -------------------------------------------------------------------------------------------------------


@given(st.lists(st.binary(max_size=50), min_size=1, max_size=8), st.data())
@settings(deadline=None)
def test_the_cipher_takes_the_very_next_frame_and_after_another_none(frames: list[bytes], data: st.DataObject) -> None:
    # Invariant: what is opened is a beginning of what was sealed; the first frame that is not the next one ends it.
    sender, receiver = Cipher(out_key=b"a" * 32, in_key=b"b" * 32), Cipher(out_key=b"b" * 32, in_key=b"a" * 32)
    sealed = [sender.seal(frame) for frame in frames]
    own = [receiver.seal(frame) for frame in frames]
    opened = 0
    for _ in range(12):
        expected = sealed[opened] if opened < len(sealed) else None
        arriving = data.draw(st.sampled_from(sealed + own) | tampered(sealed) | (st.just(expected or b"")))
        if arriving == expected:
            assert receiver.open(arriving) == frames[opened]
            opened += 1
            continue
        with pytest.raises(HandshakeFailed):
            receiver.open(arriving)
        for late in sealed:
            with pytest.raises(HandshakeFailed):
                receiver.open(late)
        return


# -- somebody in between ----------------------------------------------------------------------------------------------


PEOPLE = st.sampled_from([ALICE, BOB])


class SomebodyInBetween:
    """Holds the network: delivers to anybody anything that was ever said, as it was, spliced or damaged."""

    def __init__(self, data: st.DataObject) -> None:
        self._data, self._said = data, list[bytes]()

    def hears(self, said: bytes) -> None:
        self._said.append(said)

    def delivers(self, meant: bytes) -> bytes:
        """`meant`, or something else; what is spliced differs from it in one field, which somebody else has sent."""
        match self._data.draw(st.sampled_from(["whole", "whole", "whole", "whole", "spliced", "other", "damaged"])):
            case "spliced":
                return self._data.draw(spliced(meant, self._said))
            case "other":
                return self._data.draw(st.sampled_from([meant, *self._said]))
            case "damaged" if meant:
                return self._data.draw(tampered([meant]))
        return meant


def _take(step: Callable[[], Any]) -> Any:
    try:
        return step()
    except RemoteError:
        return None


@given(st.data())
@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
def test_two_sessions_never_disagree(data: st.DataObject) -> None:
    # Invariant: an open session at an endpoint has exactly one at a client, whoever was in between: of the peer that it
    # names, who meant this endpoint, in the same role, with the features that each of them said, under its very keys.
    mallory = SomebodyInBetween(data)
    fresh = (number.to_bytes(32, "big") for number in itertools.count(1))
    clients, at_clients, at_servers = [], [], []
    for _ in range(3):
        who, role, features = data.draw(PEOPLE), data.draw(st.sampled_from(Role)), data.draw(st.integers(0, 1))
        dialled = data.draw(st.sampled_from([None, ALICE.id, BOB.id]))
        client = ClientHandshake(who, role, secret=next(fresh), nonce=next(fresh), dialled=dialled, features=features)
        clients.append((who, role, features, dialled, client))
        mallory.hears(client.hello())
    for client in clients:
        who, features = data.draw(PEOPLE), data.draw(st.integers(0, 1))
        server = ServerHandshake(who, secret=next(fresh), nonce=next(fresh), features=features)
        hello = mallory.delivers(client[-1].hello())
        welcome = _take(lambda server=server, hello=hello: server.receive_hello(hello))
        if welcome is None:
            continue
        mallory.hears(welcome)
        back = mallory.delivers(welcome)
        opened = _take(lambda client=client, back=back: client[-1].receive(back))
        if opened is None:
            continue
        at_client, proof = opened
        at_clients.append((client, at_client))
        last = data.draw(st.sampled_from([proof, proof, proof]) | tampered([proof]))
        at_server = _take(lambda server=server, last=last: server.receive_proof(last))
        if at_server is not None:
            at_servers.append((who, features, at_server))
    for own, features, session in at_servers:
        matching = [(client, other) for client, other in at_clients if other.cipher._in_key == session.cipher._out_key]
        assert len(matching) == 1
        (who, role, client_features, dialled, _), other = matching[0]
        assert (session.peer, other.peer) == (who.id, own.id)
        assert dialled in (None, own.id)
        assert session.role is other.role is role
        assert (session.features, other.features) == (client_features, features)
        assert other.cipher._out_key == session.cipher._in_key
    for (_, _, _, dialled, _), session in at_clients:
        assert dialled in (None, session.peer)
        assert session.peer in (ALICE.id, BOB.id)


def _impostor() -> Identity:
    """Somebody who says to be Alice, and does everything right, but has not her key."""
    mallory = Identity(b"\x3a" * 32)
    mallory.id = ALICE.id
    return mallory


@pytest.mark.parametrize("dialled", [ALICE.id, None])
def test_who_has_not_the_key_is_nobody(dialled: PeerId | None) -> None:
    server = ServerHandshake(BOB, secret=b"e" * 32, nonce=b"f" * 32)
    client = ClientHandshake(_impostor(), Role.ME, secret=b"c" * 32, nonce=b"d" * 32)
    _, proof = client.receive(server.receive_hello(client.hello()))
    with pytest.raises(HandshakeFailed):
        server.receive_proof(proof)

    client = ClientHandshake(BOB, Role.ME, secret=b"c" * 32, nonce=b"d" * 32, dialled=dialled)
    server = ServerHandshake(_impostor(), secret=b"e" * 32, nonce=b"f" * 32)
    with pytest.raises(HandshakeFailed):
        client.receive(server.receive_hello(client.hello()))


@pytest.mark.parametrize(
    "change",
    [
        lambda parts: parts | {"role": Role.GUEST},
        lambda parts: parts | {"features": 1},
        lambda parts: parts | {"dialled": None},
        lambda parts: parts | {"nonce": b"n" * 32},
        lambda parts: parts | {"secret": b"s" * 32},
    ],
)
def test_an_answer_to_one_hello_is_none_to_another(change: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    parts: dict[str, Any] = {"role": Role.ME, "secret": b"c" * 32, "nonce": b"d" * 32, "dialled": BOB.id}
    server = ServerHandshake(BOB, secret=b"e" * 32, nonce=b"f" * 32)
    welcome = server.receive_hello(ClientHandshake(ALICE, **parts).hello())
    with pytest.raises(HandshakeFailed):
        ClientHandshake(ALICE, **change(parts)).receive(welcome)
    ClientHandshake(ALICE, **parts).receive(welcome)

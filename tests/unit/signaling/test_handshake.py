"""The handshake of a signaling socket, and the cipher after it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from golden import Vector, vectors
from hostile import tampered
from hypothesis import given, settings, strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, rule

from wherry_signaling.errors import HandshakeFailed, RemoteError, VersionMismatch
from wherry_signaling.handshake import Cipher, ClientHandshake, ServerHandshake, Session, refusal
from wherry_signaling.identity import Identity, PeerId
from wherry_signaling.wire import Role

ALICE, BOB, MALLORY = (Identity(bytes([number]) * 32) for number in (0xA1, 0xB0, 0x3A))


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


class SomebodyInBetween(RuleBasedStateMachine):
    """Alice and Bob open sockets to each other; Mallory holds the network: drops, repeats, mixes, changes, joins in."""

    hellos = Bundle("hellos")
    welcomes = Bundle("welcomes")
    proofs = Bundle("proofs")

    def __init__(self) -> None:
        super().__init__()
        self._count = 0
        self.clients: list[tuple[Identity, ClientHandshake]] = []
        self.servers: list[tuple[Identity, ServerHandshake]] = []
        self.greeted: list[tuple[Identity, ServerHandshake]] = []
        #: Who, with what is believed of the socket: (own id, session).
        self.client_sessions: list[tuple[PeerId, PeerId | None, Session]] = []
        self.server_sessions: list[tuple[PeerId, Session]] = []

    def _fresh(self) -> bytes:
        self._count += 1
        return self._count.to_bytes(32, "big")

    @rule(
        target=hellos,
        who=st.sampled_from([ALICE, BOB, MALLORY]),
        role=st.sampled_from(Role),
        dialled=st.sampled_from([None, ALICE.id, BOB.id, MALLORY.id]),
        features=st.integers(0, 3),
    )
    def begin(self, who: Identity, role: Role, dialled: PeerId | None, features: int) -> bytes:
        client = ClientHandshake(
            who, role, secret=self._fresh(), nonce=self._fresh(), dialled=dialled, features=features
        )
        self.clients.append((who, client))
        return client.hello()

    @rule(
        target=welcomes,
        who=st.sampled_from([ALICE, BOB, MALLORY]),
        hello=hellos,
        features=st.integers(0, 3),
        data=st.data(),
    )
    def answer(self, who: Identity, hello: bytes, features: int, data: st.DataObject) -> bytes:
        server = ServerHandshake(who, secret=self._fresh(), nonce=self._fresh(), features=features)
        try:
            welcome = server.receive_hello(data.draw(st.just(hello) | tampered([hello])))
        except RemoteError as error:
            return refusal(error)
        self.greeted.append((who, server))
        return welcome

    @rule(target=proofs, welcome=welcomes, data=st.data())
    def finish(self, welcome: bytes, data: st.DataObject) -> bytes:
        if not self.clients:
            return b""
        who, client = data.draw(st.sampled_from(self.clients))
        try:
            session, proof = client.receive(data.draw(st.just(welcome) | tampered([welcome])))
        except RemoteError:
            return b""
        self.clients.remove((who, client))
        self.client_sessions.append((who.id, client._dialled, session))
        return proof

    @rule(proof=proofs, data=st.data())
    def prove(self, proof: bytes, data: st.DataObject) -> None:
        if not self.greeted:
            return
        who, server = self.greeted.pop(data.draw(st.integers(0, len(self.greeted) - 1)))
        try:
            session = server.receive_proof(data.draw(st.just(proof) | tampered([proof or b"x"])))
        except RemoteError:
            return
        self.server_sessions.append((who.id, session))

    @invariant()
    def two_sessions_never_disagree(self) -> None:
        # Invariant: an open session at an endpoint has exactly one at a client: of the peer it names, who meant this
        # endpoint, as the same role, with the features each said, under keys that no other session has.
        keys = [session.cipher._out_key for _, session in self.server_sessions]
        assert len(keys) == len(set(keys))
        for own, session in self.server_sessions:
            others = [
                (client, dialled, other)
                for client, dialled, other in self.client_sessions
                if other.cipher._in_key == session.cipher._out_key
            ]
            assert len(others) == 1
            client, dialled, other = others[0]
            assert client == session.peer
            assert other.peer == own
            assert dialled in (None, own)
            assert other.role is session.role
            assert other.cipher._out_key == session.cipher._in_key
        for _, dialled, session in self.client_sessions:
            assert dialled in (None, session.peer)


TestSomebodyInBetween = SomebodyInBetween.TestCase
TestSomebodyInBetween.settings = settings(max_examples=30, stateful_step_count=25, deadline=None)


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

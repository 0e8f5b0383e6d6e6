"""handshake.json: whole handshakes with fixed secrets, and each step tampered with."""

from __future__ import annotations

from typing import Any

import crypto
from formats import NOBODY, Handshake, frame, pack

from .people import ALICE, BOB, CAROL, MALLORY, NOW, Case, bad, good

SECRETS: dict[str, Any] = {
    "client_secret": bytes([0xC1]) * 32,
    "server_secret": bytes([0x51]) * 32,
    "client_nonce": bytes([0xC2]) * 32,
    "server_nonce": bytes([0x52]) * 32,
}


def handshakes() -> list[Case]:
    found = []
    for name, role, dialled, features, host in (
        ("as me, to one who was named", 1, BOB.key, (0, 0), "192.0.2.7:4770"),
        ("as a guest, to whoever answers", 0, NOBODY, (5, 2**53 - 1), ""),
    ):
        parts = {
            "role": role, "dialled": dialled, "client_features": features[0], "server_features": features[1],
            "host": host, **SECRETS,
        }  # fmt: skip
        whole = Handshake(ALICE, BOB, **parts)
        value = {"kind": "handshake", "client_seed": ALICE.seed, "server_seed": BOB.seed, **parts}
        for step, data in (
            ("hello", whole.hello),
            ("welcome", whole.welcome),
            ("prove", frame(whole.to_server, 0, whole.prove)),
            ("transcript", whole.transcript),
            ("keys", whole.to_server + whole.to_client),
        ):
            found.append(good(f"{name}: {step}", data, step=step, **value))
        for step, key, count, plain in (
            ("first frame of the client", whole.to_server, 1, pack([25, 1])),
            ("second frame of the client", whole.to_server, 2, pack([25, 2])),
            ("first frame of the endpoint", whole.to_client, 0, pack([26, 1, NOW * 1000])),
            ("second frame of the endpoint", whole.to_client, 1, pack([26, 2, NOW * 1000])),
        ):
            found.append(good(f"{name}: {step}", frame(key, count, plain), step=step, plain=plain, **value))

    parts = {"role": 1, "dialled": BOB.key, "host": "", **SECRETS}
    whole = Handshake(ALICE, BOB, **parts)
    value = {"client_seed": ALICE.seed, "server_seed": BOB.seed, **parts}
    small = crypto.encode(crypto.torsion())
    ephemeral, nonce = crypto.x25519_public(SECRETS["server_secret"]), SECRETS["server_nonce"]

    def welcome(**changes: Any) -> bytes:
        fields = {
            "version": 1,
            "key": BOB.key,
            "ephemeral": ephemeral,
            "nonce": nonce,
            "features": 0,
            "signature": whole.server_signature,
        }
        return pack([2, *(fields | changes).values()])

    mallory = Handshake(ALICE, MALLORY, **parts)
    for name, data, code in (
        ("somebody else answers, and proves it", mallory.welcome, "WRONG_PEER"),
        ("the signature of another handshake", welcome(signature=mallory.server_signature), "HANDSHAKE_FAILED"),
        ("features were changed on the way", welcome(features=1), "HANDSHAKE_FAILED"),
        ("the ephemeral key was changed on the way", welcome(ephemeral=MALLORY.sealing_key), "HANDSHAKE_FAILED"),
        ("the nonce was changed on the way", welcome(nonce=bytes(32)), "HANDSHAKE_FAILED"),
        ("the client's own signature comes back", welcome(signature=whole.client_signature), "HANDSHAKE_FAILED"),
        ("version 2", welcome(version=2), "VERSION_MISMATCH"),
        ("refused for the version", pack([4, 426, "The versions do not fit"]), "VERSION_MISMATCH"),
        ("refused for a quota", pack([4, 201, "later"]), "QUOTA"),
        ("refused, since somebody else was dialled", pack([4, 421, "not me"]), "WRONG_PEER"),
        ("refused", pack([4, 401, "no"]), "HANDSHAKE_FAILED"),
        ("refused with a status that is unknown", pack([4, 999, "no"]), "HANDSHAKE_FAILED"),
        ("another frame", pack([25, 1]), "HANDSHAKE_FAILED"),
        ("an unknown frame", pack([99, 1]), "HANDSHAKE_FAILED"),
        ("a page", b"HTTP/1.1 400 Bad Request\r\n\r\n", "HANDSHAKE_FAILED"),
        ("nothing", b"", "HANDSHAKE_FAILED"),
        ("the hello comes back", whole.hello, "HANDSHAKE_FAILED"),
    ):
        found.append(bad(f"client: {name}", data, code, kind="client", **value))
    anybody = value | {"dialled": NOBODY}
    elsewhere = pack([4, 421, "not me"])
    found.append(
        bad(
            "client: refused for whom it dialled, though it named nobody",
            elsewhere,
            "HANDSHAKE_FAILED",
            kind="client",
            **anybody,
        )
    )
    found.append(
        bad("client: an endpoint of small order", welcome(key=small), "HANDSHAKE_FAILED", kind="client", **anybody)
    )

    def hello(**changes: Any) -> bytes:
        fields = {
            "version": 1, "role": 1, "key": ALICE.key, "ephemeral": crypto.x25519_public(SECRETS["client_secret"]),
            "nonce": SECRETS["client_nonce"], "dialled": BOB.key, "features": 0, "host": "",
        }  # fmt: skip
        return pack([1, *(fields | changes).values()])

    for name, data, code in (
        ("somebody else was dialled", hello(dialled=CAROL.key), "WRONG_PEER"),
        ("version 2", hello(version=2), "VERSION_MISMATCH"),
        ("a key of small order", hello(key=small), "HANDSHAKE_FAILED"),
        ("an ephemeral key of small order", hello(ephemeral=bytes(32)), "HANDSHAKE_FAILED"),
        ("another frame", pack([25, 1]), "HANDSHAKE_FAILED"),
        ("a refusal, which no client has the say of", pack([4, 426, "no"]), "HANDSHAKE_FAILED"),
        ("a refusal for a quota", pack([4, 201, "no"]), "HANDSHAKE_FAILED"),
        ("half a frame", whole.hello[:-20], "HANDSHAKE_FAILED"),
    ):
        found.append(bad(f"endpoint: {name}", data, code, kind="endpoint", **value))

    def proof(signature: bytes, count: int = 0, key: bytes = whole.to_server) -> bytes:
        return frame(key, count, pack([3, signature]))

    right = proof(whole.client_signature)
    for name, data in (
        ("a signature of somebody else", proof(MALLORY.sign("handshake-client", BOB.key, b""))),
        ("the endpoint's own signature comes back", proof(whole.server_signature)),
        ("a flipped bit", right[:-1] + bytes([right[-1] ^ 1])),
        ("not the first frame", proof(whole.client_signature, 1)),
        ("under the other direction's key", proof(whole.client_signature, 0, whole.to_client)),
        ("in the clear", whole.prove),
        ("another frame", frame(whole.to_server, 0, pack([25, 1]))),
        ("a refusal", frame(whole.to_server, 0, pack([4, 201, "no"]))),
        ("nothing", b""),
    ):
        found.append(bad(f"proof: {name}", data, "HANDSHAKE_FAILED", kind="proof", hello=whole.hello, **value))
    return found

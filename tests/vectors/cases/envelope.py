"""envelope.json: signed bytes and sealed ones, and every way in which they can be wrong."""

from __future__ import annotations

import crypto
import formats
from formats import NOBODY, envelope, pack, seal

from .people import ALICE, BOB, CAROL, Case, bad, good


def envelopes() -> list[Case]:
    found = []
    for name, purpose, recipient, payload in (
        ("for everybody", "peer-record", NOBODY, b"where I am"),
        ("for one peer", "ping", BOB.key, b"are you there?"),
        ("an empty payload", "pong", BOB.key, b""),
        ("a payload of 300 bytes", "offer", BOB.key, bytes(range(250)) + bytes(50)),
    ):
        found.append(
            good(
                f"signed: {name}",
                envelope(ALICE, purpose, payload, recipient),
                kind="signed",
                sender_seed=ALICE.seed,
                purpose=formats.PURPOSES[purpose],
                recipient=recipient,
                payload=payload,
                signature=ALICE.sign(f"sign-{purpose}", recipient, payload),
            )
        )
    ping = envelope(ALICE, "ping", b"are you there?", BOB.key)
    signature = ALICE.sign("sign-ping", BOB.key, b"are you there?")
    parts = [19, ALICE.key, b"are you there?", signature]
    flipped = signature[:-1] + bytes([signature[-1] ^ 1])
    for name, data, recipient, code in (
        ("empty", b"", BOB.key, "MALFORMED"),
        ("no msgpack", b"\xc1", BOB.key, "MALFORMED"),
        ("a map", pack({"purpose": 19}), BOB.key, "MALFORMED"),
        ("cut short", ping[:-1], BOB.key, "MALFORMED"),
        ("a byte too many", ping + b"\0", BOB.key, "MALFORMED"),
        ("a field too few", pack(parts[:3]), BOB.key, "MALFORMED"),
        ("a field too many: nobody signed it", pack([*parts, 0]), BOB.key, "MALFORMED"),
        ("a number that is not in its shortest form", b"\x94\xcc\x13" + ping[2:], BOB.key, "MALFORMED"),
        ("an array that is not in its shortest form", b"\xdc\x00\x04" + ping[1:], BOB.key, "MALFORMED"),
        ("a float for a number", b"\x94\xca\x41\x98\x00\x00" + ping[2:], BOB.key, "MALFORMED"),
        ("a purpose that nobody knows", pack([99, *parts[1:]]), BOB.key, "MALFORMED"),
        ("a key too short", pack([19, ALICE.key[:-1], *parts[2:]]), BOB.key, "MALFORMED"),
        ("text for bytes", pack([19, ALICE.key, "are you there?", signature]), BOB.key, "MALFORMED"),
        ("a signature too short", pack([*parts[:3], signature[:-1]]), BOB.key, "MALFORMED"),
        ("a signature with a flipped bit", pack([*parts[:3], flipped]), BOB.key, "BAD_SIGNATURE"),
        ("another payload", pack([19, ALICE.key, b"are you here?", signature]), BOB.key, "BAD_SIGNATURE"),
        ("somebody else's key", pack([19, CAROL.key, *parts[2:]]), BOB.key, "BAD_SIGNATURE"),
        ("signed for another purpose", pack([20, *parts[1:]]), BOB.key, "BAD_SIGNATURE"),
        ("made for somebody else", ping, CAROL.key, "BAD_SIGNATURE"),
        ("made for one, read as a document", ping, NOBODY, "MALFORMED"),
        ("a document, read as made for one", envelope(ALICE, "peer-record", b"x"), BOB.key, "MALFORMED"),
        ("arrays without end, behind what is needed", b"\x95" + ping[1:] + b"\x91" * 3_000, BOB.key, "MALFORMED"),
        ("arrays without end", b"\x91" * 3_000, BOB.key, "MALFORMED"),
        ("more elements than bytes", b"\xdd\xff\xff\xff\xff" + ping[1:], BOB.key, "MALFORMED"),
    ):
        found.append(bad(f"signed: {name}", data, code, kind="signed", recipient=recipient))

    ephemeral = bytes([0xE1]) * 32
    for name, inside in (
        ("nothing", b""),
        ("a little", b"a little"),
        *((f"as much as {size} bytes hold", b"\x5a" * (size - 57)) for size in formats.SIZES[:3]),
        ("one byte more than 256 hold", b"\x5a" * 200),
    ):
        data = seal(inside, BOB.key, BOB.sealing_key, ephemeral)
        found.append(
            good(
                f"sealed: {name}",
                data,
                kind="sealed",
                recipient=BOB.key,
                sealing_secret=BOB.sealing_secret,
                sealing_key=BOB.sealing_key,
                ephemeral_secret=ephemeral,
                inside=inside,
            )
        )
    exchange_key = crypto.x25519_of_public(BOB.key)
    found.append(
        good(
            "sealed: to an identity, as X25519",
            seal(b"hand this on", BOB.key, exchange_key, ephemeral),
            kind="sealed",
            recipient=BOB.key,
            sealing_secret=crypto.x25519_of_seed(BOB.seed),
            sealing_key=exchange_key,
            ephemeral_secret=ephemeral,
            inside=b"hand this on",
        )
    )
    whole = seal(b"a little", BOB.key, BOB.sealing_key, ephemeral)

    def flip(at: int) -> bytes:
        return whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :]

    for name, data, code in (
        ("empty", b"", "MALFORMED"),
        ("of no size class", whole + b"\0", "MALFORMED"),
        ("cut short", whole[:-1], "MALFORMED"),
        ("between two classes", bytes(2048), "MALFORMED"),
        ("suite 0", flip(0), "MALFORMED"),
        ("suite 2, made right", seal(b"x", BOB.key, BOB.sealing_key, ephemeral, suite=2), "MALFORMED"),
        ("the key id is another's", flip(1), "NOT_FOR_US"),
        ("sealed to Carol's key", seal(b"a little", CAROL.key, CAROL.sealing_key, ephemeral), "NOT_FOR_US"),
        (
            "sealed to Bob's key in Carol's name",
            seal(b"a little", CAROL.key, BOB.sealing_key, ephemeral),
            "CANNOT_OPEN",
        ),
        ("a flipped bit in the ephemeral key", flip(36), "CANNOT_OPEN"),
        (
            "the bit of the ephemeral key that X25519 ignores",
            whole[:36] + bytes([whole[36] ^ 0x80]) + whole[37:],
            "CANNOT_OPEN",
        ),
        ("a flipped bit inside", flip(100), "CANNOT_OPEN"),
        ("a flipped bit in the tag", flip(255), "CANNOT_OPEN"),
        ("an ephemeral key of small order", whole[:5] + bytes(32) + whole[37:], "CANNOT_OPEN"),
        ("its length is too large", seal(b"x", BOB.key, BOB.sealing_key, ephemeral, length=200), "CANNOT_OPEN"),
        (
            "its length is far too large",
            seal(b"x", BOB.key, BOB.sealing_key, ephemeral, length=2**32 - 1),
            "CANNOT_OPEN",
        ),
    ):
        found.append(
            bad(f"sealed: {name}", data, code, kind="sealed", recipient=BOB.key, sealing_secret=BOB.sealing_secret)
        )
    return found

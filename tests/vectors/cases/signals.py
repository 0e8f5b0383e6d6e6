"""signals.json: what peers tell each other before they are connected."""

from __future__ import annotations

import hashlib
from typing import Any

import crypto
from formats import Person, envelope, pack, seal

from .people import ALICE, BOB, CAROL, NOW, Case, bad, good
from .record import PEER_FIELDS, payload_of

SDP = (
    "v=0\r\no=- 3942 3942 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0\r\n"
    "m=application 50000 DTLS/SCTP 5000\r\nc=IN IP4 192.0.2.7\r\na=mid:0\r\n"
    "a=candidate:1 1 udp 2130706431 192.0.2.7 50000 typ host\r\na=end-of-candidates\r\n"
)
ATTEMPT, ANSWER_ID = bytes(range(16)), bytes(range(16, 32))


def signals() -> list[Case]:
    record = envelope(ALICE, "peer-record", payload_of(PEER_FIELDS | {"introducers": []}))
    offer_key, answer_key = (crypto.x25519_public(bytes([n]) * 32) for n in (0x0F, 0x0A))
    offer = {
        "version": 1, "attempt": ATTEMPT, "instance": bytes(8), "features": 5, "role": 0, "key": offer_key,
        "sdp": SDP, "record": record, "issued": NOW * 1000,
    }  # fmt: skip
    answer = {
        "version": 1, "attempt": ATTEMPT, "answer": ANSWER_ID, "instance": b"\xff" * 8, "features": 0, "role": 1,
        "key": answer_key, "sdp": SDP, "offer_hash": hashlib.sha256(pack(list(offer.values()))).digest(), "record": b"",
    }  # fmt: skip
    lines = ["candidate:2 1 udp 1694498815 198.51.100.9 40000 typ srflx raddr 0.0.0.0 rport 0"]
    contents: list[tuple[str, str, dict[str, Any]]] = [
        ("offer", "offer", offer),
        ("answer", "answer", answer),
        ("candidates", "candidates", {"version": 1, "attempt": ATTEMPT, "lines": lines, "end": False}),
        ("candidates: the end of them", "candidates", {"version": 1, "attempt": ATTEMPT, "lines": [], "end": True}),
        ("ping", "ping", {"version": 1, "nonce": ATTEMPT, "record": record}),
        ("ping: from somebody with no record", "ping", {"version": 1, "nonce": ATTEMPT, "record": b""}),
        ("pong", "pong", {"version": 1, "nonce": ATTEMPT, "record": record}),
        ("refusal", "refusal", {"version": 1, "attempt": ATTEMPT, "code": 3, "reason": "Grüße: not today"}),
    ]
    ephemeral = bytes([0xE2]) * 32
    found = []
    for name, purpose, fields in contents:
        payload = pack(list(fields.values()))
        inside = envelope(ALICE, purpose, payload, BOB.key)
        found.append(good(f"payload: {name}", payload, kind="payload", signal=purpose, fields=fields))
        found.append(
            good(
                f"sealed: {name}",
                seal(inside, BOB.key, BOB.sealing_key, ephemeral),
                kind="sealed",
                signal=purpose,
                fields=fields,
                sender_seed=ALICE.seed,
                recipient_seed=BOB.seed,
                sealing_key=BOB.sealing_key,
                ephemeral_secret=ephemeral,
                envelope=inside,
            )
        )
    later = pack([1, ATTEMPT, b"", "a field of a later version", {"a": 1}])

    def sealed(purpose: str, payload: bytes, to: Person = BOB) -> bytes:
        return seal(envelope(ALICE, purpose, payload, to.key), BOB.key, BOB.sealing_key, ephemeral)

    found.append(
        good(
            "sealed: ping of a later version, with two fields more",
            sealed("ping", later),
            kind="sealed",
            signal="ping",
            fields={"version": 1, "nonce": ATTEMPT, "record": b""},
            trailing=True,
            sender_seed=ALICE.seed,
            recipient_seed=BOB.seed,
            sealing_key=BOB.sealing_key,
            ephemeral_secret=ephemeral,
            envelope=envelope(ALICE, "ping", later, BOB.key),
        )
    )
    for name, data, code in (
        ("version 2", sealed("ping", pack([2, ATTEMPT, b""])), "VERSION_MISMATCH"),
        ("version 2 of another shape", sealed("ping", pack([2, "all is new"])), "VERSION_MISMATCH"),
        ("a nonce too short", sealed("ping", pack([1, ATTEMPT[:-1], b""])), "MALFORMED"),
        ("no fields", sealed("ping", pack([])), "MALFORMED"),
        ("an empty payload", sealed("ping", b""), "MALFORMED"),
        ("an offer as a ping", sealed("ping", pack(list(offer.values()))[:50]), "MALFORMED"),
        ("an empty SDP", sealed("offer", pack(list((offer | {"sdp": ""}).values()))), "MALFORMED"),
        ("an SDP too large", sealed("offer", pack(list((offer | {"sdp": "x" * 12_001}).values()))), "MALFORMED"),
        (
            "an SDP that is no UTF-8",
            sealed("offer", pack(list((offer | {"sdp": "xx"}).values())).replace(b"\xa2xx", b"\xa2\xff\xfe")),
            "MALFORMED",
        ),
        ("seventeen candidates", sealed("candidates", pack([1, ATTEMPT, ["c"] * 17, False])), "MALFORMED"),
        ("a candidate too long", sealed("candidates", pack([1, ATTEMPT, ["c" * 513], False])), "MALFORMED"),
        (
            "arrays without end, behind its fields",
            sealed("ping", b"\x94\x01\xc4\x10" + ATTEMPT + b"\xc4\x00" + b"\x91" * 3_000),
            "MALFORMED",
        ),
        ("a kind that comes with messages", sealed("message", pack([1])), "MALFORMED"),
        ("a document inside", seal(record, BOB.key, BOB.sealing_key, ephemeral), "MALFORMED"),
        ("no envelope inside", seal(b"hello", BOB.key, BOB.sealing_key, ephemeral), "MALFORMED"),
        ("signed for Carol, sealed to Bob", sealed("ping", pack([1, ATTEMPT, b""]), CAROL), "BAD_SIGNATURE"),
    ):
        found.append(bad(f"sealed: {name}", data, code, kind="sealed", recipient_seed=BOB.seed))
    return found

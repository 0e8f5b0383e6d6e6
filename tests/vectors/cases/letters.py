"""letters.json: messages of the ratchet and retries, as payloads and sealed."""

from __future__ import annotations

from typing import Any

import crypto
from formats import Person, envelope, pack, seal

from .people import ALICE, BOB, CAROL, NOW, Case, bad, good
from .x3dh import EPHEMERAL, ONE_TIME, PREKEY, signed_prekey

SESSION, HEADER, BOX = bytes(range(8)), bytes(range(80)), bytes(range(100, 200))
SEAL_SECRET = bytes([0xE2]) * 32


def letters() -> list[Case]:
    public = crypto.x25519_public
    prekey = [2**48, public(PREKEY), signed_prekey(ALICE, 2**48, public(PREKEY))]
    message = {"version": 1, "session": SESSION, "initial": None, "header": HEADER, "box": BOX}
    retry = {"version": 1, "session": SESSION, "issued": NOW * 1000, "prekey": prekey, "one_time": None}
    contents: list[tuple[str, str, dict[str, Any]]] = [
        ("message", "message", message),
        ("message: the first", "message", message | {"initial": [public(EPHEMERAL), 2**48, 0]}),
        ("message: with a one-time prekey", "message", message | {"initial": [public(EPHEMERAL), 1, 2**53 - 1]}),
        ("retry", "retry", retry),
        ("retry: with a one-time prekey", "retry", retry | {"one_time": [17, public(ONE_TIME)]}),
    ]
    found = []
    for name, purpose, fields in contents:
        payload = pack(list(fields.values()))
        inside = envelope(ALICE, purpose, payload, BOB.key)
        found.append(good(f"payload: {name}", payload, kind="payload", letter=purpose, fields=fields))
        found.append(
            good(
                f"sealed: {name}",
                seal(inside, BOB.key, BOB.sealing_key, SEAL_SECRET),
                kind="sealed",
                letter=purpose,
                fields=fields,
                sender_seed=ALICE.seed,
                recipient_seed=BOB.seed,
                sealing_key=BOB.sealing_key,
                ephemeral_secret=SEAL_SECRET,
                envelope=inside,
            )
        )
    later = pack([*message.values(), "a field of a later version"])
    found.append(good("payload: message, with a field more", later, kind="later", letter="message", fields=message))
    for purpose, name, values, code in (
        ("message", "version 2", [2, "all is new"], "VERSION_MISMATCH"),
        ("message", "no fields", [], "MALFORMED"),
        ("message", "a session id of 7 bytes", list((message | {"session": SESSION[:7]}).values()), "MALFORMED"),
        ("message", "a header of 79 bytes", list((message | {"header": HEADER[:79]}).values()), "MALFORMED"),
        ("message", "a header of 81 bytes", list((message | {"header": HEADER + b"x"}).values()), "MALFORMED"),
        ("message", "an ephemeral key of 31", list((message | {"initial": [bytes(31), 1, 0]}).values()), "MALFORMED"),
        ("message", "a prekey below zero", list((message | {"initial": [bytes(32), -1, 0]}).values()), "MALFORMED"),
        ("message", "a prekey above 2^53", list((message | {"initial": [bytes(32), 2**53, 0]}).values()), "MALFORMED"),
        ("message", "a retry", list(retry.values()), "MALFORMED"),
        ("retry", "version 0", [0, *list(retry.values())[1:]], "VERSION_MISMATCH"),
        ("retry", "a message", list(message.values()), "MALFORMED"),
        ("retry", "no prekey", list((retry | {"prekey": None}).values()), "MALFORMED"),
        ("retry", "a signature too short", list((retry | {"prekey": [*prekey[:2], bytes(63)]}).values()), "MALFORMED"),
        ("retry", "a one-time prekey too short", list((retry | {"one_time": [1, bytes(31)]}).values()), "MALFORMED"),
    ):  # fmt: skip
        found.append(bad(f"payload: {name}", pack(values), code, kind="payload", letter=purpose))

    def sealed(to: Person, sealing_key: bytes) -> bytes:
        inside = envelope(ALICE, "message", pack(list(message.values())), to.key)
        return seal(inside, BOB.key, sealing_key, SEAL_SECRET)

    for name, data, code in (
        ("signed for Carol, sealed to Bob", sealed(CAROL, BOB.sealing_key), "BAD_SIGNATURE"),
        ("sealed to Carol", sealed(BOB, CAROL.sealing_key), "NOT_FOR_US"),
    ):
        found.append(bad(f"sealed: {name}", data, code, kind="sealed", recipient_seed=BOB.seed))
    return found

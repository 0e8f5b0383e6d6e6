"""tags.json: tags of mailboxes, the work for a request, names of envelopes, and the number that two people compare."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import formats

from .people import ALICE, BOB, CAROL, MALLORY, NOW, Case, good

NOSPAM = bytes([0x0A, 0x05]) * 4
SEALED = bytes(range(256))


def tags() -> list[Case]:
    found = [
        good(f"week of {now}", b"", kind="week", now=now, week=int(now) // formats.WEEK_S)
        for now in (0, 604_799, 604_800, NOW, NOW + 0.5)
    ]
    for own, theirs in ((ALICE, BOB), (BOB, ALICE), (ALICE, CAROL), (CAROL, MALLORY)):
        found.append(
            good(
                f"friend secret: {own.id[-4:]} with {theirs.id[-4:]}",
                formats.friend_secret(own, theirs.key),
                kind="secret",
                seed=own.seed,
                theirs=theirs.key,
            )
        )
    secret = formats.friend_secret(ALICE, BOB.key)
    for word, key in (("mailbox", secret), ("request", NOSPAM)):
        for recipient, mailbox, week in (
            (ALICE, CAROL, 2976),
            (BOB, CAROL, 2976),
            (ALICE, MALLORY, 2976),
            (ALICE, CAROL, 2977),
        ):
            found.append(
                good(
                    f"tag: {word} of {recipient.id[-4:]} at {mailbox.id[-4:]} in week {week}",
                    formats.tag(word, key, recipient.key, mailbox.key, week),
                    kind="tag",
                    sort=word,
                    key=key,
                    recipient=recipient.key,
                    mailbox=mailbox.key,
                    week=week,
                )
            )
    tag = formats.tag("request", NOSPAM, ALICE.key, CAROL.key, 2976)
    enough = _nonce(tag, lambda bits: bits >= 16)
    for name, nonce in (
        ("enough", enough),
        ("far too little", bytes.fromhex("00000000000000ff")),
        ("one bit too little", _nonce(tag, lambda bits: bits == 15)),
        ("for another tag", _nonce(bytes(16), lambda bits: bits >= 16)),
        ("cut", enough[:-1]),
        ("none", b""),
    ):
        worked = len(nonce) == 8 and formats.work_bits(tag, SEALED, nonce) >= 16
        found.append(good(f"work: {name}", nonce, kind="work", tag=tag, sealed=SEALED, enough=worked))
    for size in (256, 1024):
        sealed = bytes(size)
        found.append(good(f"name of {size} zeros", hashlib.sha256(sealed).digest()[:16], kind="name", sealed=sealed))
    for one, other in ((ALICE, BOB), (BOB, ALICE), (CAROL, MALLORY)):
        text = formats.safety_number(one.key, other.key)
        name = f"safety number of {one.id[-4:]} and {other.id[-4:]}"
        found.append(good(name, text.encode(), kind="safety", one=one.key, other=other.key, text=text))
    return found


def _nonce(tag: bytes, fits: Callable[[int], bool]) -> bytes:
    tried = 0
    while not fits(formats.work_bits(tag, SEALED, tried.to_bytes(8, "big"))):
        tried += 1
    return tried.to_bytes(8, "big")

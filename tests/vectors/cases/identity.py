"""identity.json: seeds, public keys, peer ids; RFC 8032's examples; texts that are no peer id."""

from __future__ import annotations

import crypto
from formats import domain, join, peer_id

from .people import ALICE, BOB, CAROL, MALLORY, OFF_CURVE, Case, bad, good

#: RFC 8032, section 7.1: seed, message.
RFC8032 = (
    ("test 1", "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60", ""),
    ("test 2", "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb", "72"),
    ("test 3", "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7", "af82"),
)
#: Its signatures, as printed there.
RFC8032_SIGNATURES = (
    "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
    "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
)


def identity() -> list[Case]:
    found = [
        good(
            f"identity of seed {person.seed[:1].hex()}…",
            person.key,
            kind="identity",
            seed=person.seed,
            peer_id=person.id,
            sealing_secret=person.sealing_secret,
            sealing_public=person.sealing_key,
            exchange_secret=crypto.x25519_of_seed(person.seed),
            exchange_public=crypto.x25519_of_public(person.key),
        )
        for person in (ALICE, BOB, CAROL, MALLORY)
    ]
    for (name, seed, message), printed in zip(RFC8032, RFC8032_SIGNATURES, strict=True):
        signature = crypto.ed25519_sign(bytes.fromhex(seed), bytes.fromhex(message))
        assert signature.hex() == printed
        public = crypto.ed25519_public(bytes.fromhex(seed))
        found.append(good(f"RFC 8032 {name}", signature, kind="rfc8032", seed=seed, public=public, message=message))
    payload = b"a payload"
    found.append(
        good(
            "signed for a recipient: domain, recipient, payload, each with its length",
            ALICE.sign("sign-ping", BOB.key, payload),
            kind="signature",
            seed=ALICE.seed,
            domain=domain("sign-ping").decode(),
            recipient=BOB.key,
            payload=payload,
            signed=join(domain("sign-ping"), BOB.key, payload),
        )
    )
    text = ALICE.id
    for name, wrong in (
        ("empty", ""),
        ("of another beginning", "Qm" + text[2:]),
        ("a character is missing", text[:-1]),
        ("a character too many", text + "1"),
        ("a character that base58 does not have", text[:-1] + "0"),
        ("a letter that is not ASCII", text[:-1] + "é"),
        ("of a small-order key", peer_id(crypto.encode(crypto.torsion()))),
        ("of a key off the curve", peer_id(OFF_CURVE)),
        ("a multihash of another length", crypto.base58(bytes.fromhex("002408011221") + ALICE.key)),
        ("very long", text + "1" * 2_000),
    ):
        found.append(bad(f"peer id: {name}", wrong.encode(), "INVALID_PEER_ID", kind="peer id", text=wrong))
    found.append(
        good(
            "peer id: white space around it does no harm",
            ALICE.key,
            kind="peer id",
            text=f" \n{text}\t",
            canonical=text,
        )
    )
    return found

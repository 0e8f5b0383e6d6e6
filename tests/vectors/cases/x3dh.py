"""x3dh.json: the secret with which two begin, and signed prekeys."""

from __future__ import annotations

import crypto
import ratcheting
from formats import NOBODY, Person

from .people import ALICE, BOB, CAROL, Case, bad, good

EPHEMERAL, PREKEY, ONE_TIME = (bytes([number]) * 32 for number in (0xE5, 0x5E, 0x07))
#: u-coordinates of small order (RFC 7748 section 6.1): whoever names one shares the result with everybody.
SMALL_ORDER = (
    bytes(32),
    (1).to_bytes(32, "little"),
    bytes.fromhex("e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800"),
    (crypto.P - 1).to_bytes(32, "little"),
    (crypto.P + 1).to_bytes(32, "little"),
)


def signed_prekey(owner: Person, number: int, key: bytes) -> bytes:
    return owner.sign("sign-prekey", NOBODY, number.to_bytes(8, "big") + key)


def x3dh() -> list[Case]:
    found = []
    for me, them, one_time in ((ALICE, BOB, None), (ALICE, BOB, ONE_TIME), (BOB, ALICE, ONE_TIME), (CAROL, BOB, None)):
        public = crypto.x25519_public
        one_time_public = None if one_time is None else public(one_time)
        secret = ratcheting.initiate(me, them, EPHEMERAL, public(PREKEY), one_time_public)
        assert secret == ratcheting.respond(them, me, public(EPHEMERAL), PREKEY, one_time)
        found.append(
            good(
                f"{me.id[-4:]} begins with {them.id[-4:]}, {'no' if one_time is None else 'a'} one-time prekey",
                secret,
                kind="agreement",
                initiator_seed=me.seed,
                responder_seed=them.seed,
                ephemeral_secret=EPHEMERAL,
                prekey_secret=PREKEY,
                one_time_secret=one_time,
                session=ratcheting.session_id(me, them, public(EPHEMERAL)),
                associated=ratcheting.associated_data(me, them),
            )
        )
    for key in SMALL_ORDER:
        found.append(bad(f"a key of small order: {key.hex()[:8]}…", key, "BAD_SIGNATURE", kind="agreement"))
    for owner, number, key in ((ALICE, 1, PREKEY), (BOB, 2**48, EPHEMERAL), (BOB, 2**53 - 1, ONE_TIME)):
        public = crypto.x25519_public(key)
        signature = signed_prekey(owner, number, public)
        found.append(
            good(
                f"prekey {number} of {owner.id[-4:]}", signature, kind="prekey", seed=owner.seed, id=number, key=public
            )
        )
    public = crypto.x25519_public(PREKEY)
    signature = signed_prekey(ALICE, 7, public)
    elsewhere = ALICE.sign("sign-inbox", NOBODY, (7).to_bytes(8, "big") + public)
    for name, owner, number, key, signed in (
        ("of another number", ALICE, 8, public, signature),
        ("of another key", ALICE, 7, crypto.x25519_public(EPHEMERAL), signature),
        ("of somebody else", BOB, 7, public, signature),
        ("cut", ALICE, 7, public, signature[:-1]),
        ("made in another domain", ALICE, 7, public, elsewhere),
    ):
        value = {"kind": "prekey", "seed": owner.seed, "id": number, "key": key}
        found.append(bad(f"a prekey's signature, {name}", signed, "BAD_SIGNATURE", **value))
    return found

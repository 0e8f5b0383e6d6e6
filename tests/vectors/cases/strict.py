"""strict.json: keys that no honest peer has, and signatures that only a lax verifier takes."""

from __future__ import annotations

import crypto
import formats
from formats import domain, join, pack

from .people import ALICE, BOB, OFF_CURVE, Case, bad, good


def strict() -> list[Case]:
    """Keys that no honest peer has, and signatures that only a lax verifier takes."""
    torsion, honest = crypto.torsion(), crypto.decode(ALICE.key)
    small = [crypto.multiply(k, torsion) for k in range(8)]
    keys = {f"small order, {k} times a point of order 8": crypto.encode(point) for k, point in enumerate(small)}
    keys |= {
        f"mixed order, an honest key and {k} times it": crypto.encode(crypto.add(honest, small[k])) for k in (1, 2, 4)
    }
    keys |= {
        "not canonical: x is 0 with its sign set, y is 1": (1 | 1 << 255).to_bytes(32, "little"),
        "not canonical: x is 0 with its sign set, y is -1": (crypto.P - 1 | 1 << 255).to_bytes(32, "little"),
        "not canonical: y is p": crypto.P.to_bytes(32, "little"),
        "not canonical: y is p, sign set": (crypto.P | 1 << 255).to_bytes(32, "little"),
        "not canonical: y is p + 1": (crypto.P + 1).to_bytes(32, "little"),
        "not canonical: y is 2^255 - 1": (2**255 - 1).to_bytes(32, "little"),
        "off the curve": OFF_CURVE,
    }
    keys |= {
        f"not canonical: y is p + {y}, on the curve": (crypto.P + y).to_bytes(32, "little")
        for y in (3, 4, 5, 6)
        if crypto.recover_x(y, 0) is not None
    }
    found = [bad(f"key: {name}", key, "BAD_SIGNATURE", kind="key", key=key) for name, key in keys.items()]

    payload = b"signed by nobody"
    message = join(domain("sign-ping"), BOB.key, payload)
    context = {"domain": domain("sign-ping").decode(), "recipient": BOB.key, "payload": payload}
    scalar = crypto.secret_scalar(ALICE.seed)

    def signature(key: bytes, nonce: int, commitment: crypto.Point, secret: int, encoded: bytes | None = None) -> bytes:
        r = crypto.encode(commitment) if encoded is None else encoded
        return r + ((nonce + crypto.challenge(r, key, message) * secret) % crypto.L).to_bytes(32, "little")

    def refused(name: str, key: bytes, forged: bytes, lax: bool) -> None:
        if lax:
            crypto.lax_verify(key, message, forged)  # so it is a forgery worth the name
        data = pack([formats.PURPOSES["ping"], key, payload, forged])
        found.append(
            bad(f"signature: {name}", data, "BAD_SIGNATURE", kind="signature", key=key, signature=forged, **context)
        )

    base5 = crypto.multiply(5, crypto.BASE)
    neutral = crypto.encode(crypto.NEUTRAL)
    refused(
        "made by nobody under the neutral point (lax verifiers accept it)",
        neutral,
        signature(neutral, 5, base5, 0),
        True,
    )
    for k in (1, 2, 4):
        key = crypto.encode(small[k])
        nonce = _nonce_for(key, message)
        refused(
            f"made by nobody under {k} times a point of order 8 (lax verifiers accept it)",
            key,
            signature(key, nonce, crypto.multiply(nonce, crypto.BASE), 0),
            True,
        )
    mixed = crypto.encode(crypto.add(honest, torsion))
    nonce = _nonce_for(mixed, message)
    refused(
        "under a mixed-order key (lax verifiers accept it)",
        mixed,
        signature(mixed, nonce, crypto.multiply(nonce, crypto.BASE), scalar),
        True,
    )
    right = crypto.ed25519_sign(ALICE.seed, message)
    greater = (int.from_bytes(right[32:], "little") + crypto.L).to_bytes(32, "little")
    refused("S is not below the group's order", ALICE.key, right[:32] + greater, False)
    refused(
        "R has a part of order 8: cofactored verifiers accept it, noble's among them",
        ALICE.key,
        signature(ALICE.key, 5, crypto.add(base5, torsion), scalar),
        False,
    )
    refused(
        "R is of order 8: cofactored verifiers accept it", ALICE.key, signature(ALICE.key, 0, torsion, scalar), False
    )
    refused(
        "R is the neutral point (lax verifiers accept it)",
        ALICE.key,
        signature(ALICE.key, 0, crypto.NEUTRAL, scalar),
        True,
    )
    refused(
        "R is the neutral point, not canonical",
        ALICE.key,
        signature(ALICE.key, 0, crypto.NEUTRAL, scalar, (crypto.P + 1).to_bytes(32, "little")),
        False,
    )
    refused("all zeros", ALICE.key, bytes(64), False)
    found.append(
        good(
            "signature: the right one",
            pack([formats.PURPOSES["ping"], ALICE.key, payload, right]),
            kind="signature",
            key=ALICE.key,
            signature=right,
            **context,
        )
    )
    found += [
        bad(
            f"exchange: a small-order X25519 key, {name}",
            key,
            "BAD_SIGNATURE",
            kind="exchange",
            secret=BOB.sealing_secret,
        )
        for name, key in SMALL_X25519.items()
    ]
    return found


#: RFC 7748's field has these u of small order (https://cr.yp.to/ecdh.html#validate).
SMALL_X25519 = {
    "0": bytes(32),
    "1": (1).to_bytes(32, "little"),
    "of order 8": bytes.fromhex("e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800"),
    "the other of order 8": bytes.fromhex("5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157"),
    "p - 1": (crypto.P - 1).to_bytes(32, "little"),
    "p": crypto.P.to_bytes(32, "little"),
    "p + 1": (crypto.P + 1).to_bytes(32, "little"),
}


def _nonce_for(key: bytes, message: bytes) -> int:
    """One under which the challenge is a multiple of 8, so that a key's part of small order does not show."""
    nonce = 1
    while crypto.challenge(crypto.encode(crypto.multiply(nonce, crypto.BASE)), key, message) % 8:
        nonce += 1
    return nonce

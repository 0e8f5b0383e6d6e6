"""What each file of vectors holds: good values, and what must be refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import crypto
import formats
from formats import NOBODY, Handshake, Person, address, domain, envelope, frame, join, multiaddr, pack, peer_id, seal

Case = dict[str, Any]
ALICE, BOB, CAROL, MALLORY = (Person(number) for number in (0xA1, 0xB0, 0xCA, 0x3A))
NOW = 1_800_000_000


def good(name: str, data: bytes, **value: Any) -> Case:
    return {"name": name, "value": _plain(value), "bytes": data.hex()}


def bad(name: str, data: bytes, error: str, **value: Any) -> Case:
    return {"name": name, "value": _plain(value), "bytes": data.hex(), "error": error}


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    return [_plain(one) for one in value] if isinstance(value, list | tuple) else value


# -- identity.json ----------------------------------------------------------------------------------------------------

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


OFF_CURVE = next(
    y.to_bytes(32, "little") for y in range(2, 100) if crypto.recover_x(y, 0) is None
)


# -- strict.json ------------------------------------------------------------------------------------------------------


def strict() -> list[Case]:
    """Keys that no honest peer has, and signatures that only a lax verifier takes."""
    torsion, honest = crypto.torsion(), crypto.decode(ALICE.key)
    small = [crypto.multiply(k, torsion) for k in range(8)]
    keys = {f"small order, {k} times a point of order 8": crypto.encode(point) for k, point in enumerate(small)}
    keys |= {f"mixed order, an honest key and {k} times it": crypto.encode(crypto.add(honest, small[k])) for k in (1, 2, 4)}
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
    refused("made by nobody under the neutral point (lax verifiers accept it)", neutral, signature(neutral, 5, base5, 0), True)
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
    refused("R is of order 8: cofactored verifiers accept it", ALICE.key, signature(ALICE.key, 0, torsion, scalar), False)
    refused("R is the neutral point (lax verifiers accept it)", ALICE.key, signature(ALICE.key, 0, crypto.NEUTRAL, scalar), True)
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
        bad(f"exchange: a small-order X25519 key, {name}", key, "BAD_SIGNATURE", kind="exchange", secret=BOB.sealing_secret)
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


# -- address.json, links.json -----------------------------------------------------------------------------------------

NOSPAM = bytes.fromhex("0011223344556677")


def addresses() -> list[Case]:
    raw = address(ALICE.key, NOSPAM)
    text = crypto.base58(raw)
    value = {"canonical": text, "public": ALICE.key, "nospam": NOSPAM, "peer_id": ALICE.id}
    found = [
        good(f"address: {name}", raw, text=pasted, **value)
        for name, pasted in (
            ("as it is", text),
            ("with spaces", f"  {text[:20]} {text[20:]} "),
            ("broken over lines, as mail programs do", f"{text[:30]}\r\n\t{text[30:]}\n"),
            ("with percent signs", text[:10] + "%20" + "".join(f"%{ord(c):02X}" for c in text[10:14]) + text[14:]),
            ("in angle brackets", f"<{text}>"),
            ("in quotes", f'"{text}"'),
        )
    ]
    zeros = address(BOB.key, bytes(8))
    found.append(
        good(
            "address: a nospam of zeros",
            zeros,
            text=crypto.base58(zeros),
            canonical=crypto.base58(zeros),
            public=BOB.key,
            nospam=bytes(8),
            peer_id=BOB.id,
        )
    )
    swapped = text[:8] + text[9] + text[8] + text[10:]
    for name, wrong in (
        ("empty", ""),
        ("a character is wrong", text[:20] + ("x" if text[20] != "x" else "y") + text[21:]),
        ("two characters changed places", swapped),
        ("the last character is missing", text[:-1]),
        ("a few too many", text + "abc"),
        ("very long", text * 40),
        ("a character that base58 does not have", text[:-1] + "l"),
        ("a peer id", ALICE.id),
        ("version 2", crypto.base58(address(ALICE.key, NOSPAM, 2))),
        ("version 0", crypto.base58(address(ALICE.key, NOSPAM, 0))),
        ("of a small-order key", crypto.base58(address(crypto.encode(crypto.torsion()), NOSPAM))),
        ("percent signs that mean nothing", text[:-3] + "%zz"),
    ):
        found.append(bad(f"address: {name}", wrong.encode(), "INVALID_ADDRESS", text=wrong))
    return found


def links() -> list[Case]:
    text = crypto.base58(address(ALICE.key, NOSPAM))
    found = []
    for name, link, vias, canonical in (
        ("the page of the inviter's own endpoint", f"http://192.0.2.7:4770/#/add/{text}", ["/ip4/192.0.2.7/tcp/4770/ws"], "?via=192.0.2.7:4770"),
        ("on IPv6", f"http://[2001:db8::7]:4770/#/add/{text}", ["/ip6/2001:db8::7/tcp/4770/ws"], "?via=[2001:db8::7]:4770"),
        ("behind TLS", f"https://node.example.org/#/add/{text}", ["/dns/node.example.org/tcp/443/tls/ws"], "?via=node.example.org"),
        ("without a port", f"http://node.example.org/#/add/{text}", ["/dns/node.example.org/tcp/80/ws"], "?via=node.example.org:80"),
        ("in capitals", f"HTTP://Node.Example.org:4770/#/add/{text}", ["/dns/node.example.org/tcp/4770/ws"], "?via=node.example.org:4770"),
        ("broken over lines", f"http://192.0.2.7:4770/\n #/add/{text[:30]}\r\n{text[30:]}", ["/ip4/192.0.2.7/tcp/4770/ws"], "?via=192.0.2.7:4770"),
        ("with percent signs", f"http%3A%2F%2F192.0.2.7%3A4770%2F%23%2Fadd%2F{text}", ["/ip4/192.0.2.7/tcp/4770/ws"], "?via=192.0.2.7:4770"),
        ("no way in", f"wherry:{text}", [], ""),
        ("one introducer", f"wherry:{text}?via=192.0.2.7:4770", ["/ip4/192.0.2.7/tcp/4770/ws"], "?via=192.0.2.7:4770"),
        ("three of them", f"wherry:{text}?via=192.0.2.7:4770&via=[2001:db8::7]:4780&via=node.example.org", ["/ip4/192.0.2.7/tcp/4770/ws", "/ip6/2001:db8::7/tcp/4780/ws", "/dns/node.example.org/tcp/443/tls/ws"], "?via=192.0.2.7:4770&via=[2001:db8::7]:4780&via=node.example.org"),
        ("a multiaddr, for the exotic", f"wherry:{text}?via=/ip4/192.0.2.7/tcp/8443/tls/ws", ["/ip4/192.0.2.7/tcp/8443/tls/ws"], "?via=/ip4/192.0.2.7/tcp/8443/tls/ws"),
        ("an IP address behind TLS on 443", f"wherry:{text}?via=/ip4/192.0.2.7/tcp/443/tls/ws", ["/ip4/192.0.2.7/tcp/443/tls/ws"], "?via=/ip4/192.0.2.7/tcp/443/tls/ws"),
        ("the fourth way in is not used", f"wherry:{text}?via=a.example&via=b.example&via=c.example&via=d.example", ["/dns/a.example/tcp/443/tls/ws", "/dns/b.example/tcp/443/tls/ws", "/dns/c.example/tcp/443/tls/ws"], "?via=a.example&via=b.example&via=c.example"),
        ("a field that is unknown", f"wherry:{text}?color=red&via=192.0.2.7:4770", ["/ip4/192.0.2.7/tcp/4770/ws"], "?via=192.0.2.7:4770"),
        ("with slashes, as some programs make of it", f"wherry://{text}/?via=192.0.2.7:4770", ["/ip4/192.0.2.7/tcp/4770/ws"], "?via=192.0.2.7:4770"),
        ("a scheme in capitals, in angle brackets", f"<WHERRY:{text}?via=192.0.2.7:4770>", ["/ip4/192.0.2.7/tcp/4770/ws"], "?via=192.0.2.7:4770"),
    ):
        found.append(
            good(f"link: {name}", link.encode(), text=link, address=text, vias=vias, canonical=f"wherry:{text}{canonical}")
        )
    for name, link, code in (
        ("another scheme", f"ftp://192.0.2.7/#/add/{text}", "INVALID_LINK"),
        ("only an address", text, "INVALID_LINK"),
        ("a page with no address", "http://192.0.2.7:4770/", "INVALID_LINK"),
        ("another page", f"http://192.0.2.7:4770/#/chat/{text}", "INVALID_LINK"),
        ("no host", f"http:///#/add/{text}", "INVALID_LINK"),
        ("a port too large", f"http://192.0.2.7:65536/#/add/{text}", "INVALID_LINK"),
        ("port 0", f"http://192.0.2.7:0/#/add/{text}", "INVALID_LINK"),
        ("a host that is none", f"http://a|b/#/add/{text}", "INVALID_LINK"),
        ("a name and a password before the host", f"http://a:b@192.0.2.7:4770/#/add/{text}", "INVALID_LINK"),
        ("a way in without a port", f"wherry:{text}?via=192.0.2.7", "INVALID_LINK"),
        ("a way in with a port of many digits", f"wherry:{text}?via=h:{'9' * 5000}", "INVALID_LINK"),
        ("a way in of port 0", f"wherry:{text}?via=192.0.2.7:0", "INVALID_LINK"),
        ("a way in that is no host", f"wherry:{text}?via=a|b:80", "INVALID_LINK"),
        ("a way in with a zone", f"wherry:{text}?via=[fe80::1%25eth0]:4770", "INVALID_LINK"),
        ("an empty way in", f"wherry:{text}?via=", "INVALID_LINK"),
        ("a multiaddr that is no endpoint", f"wherry:{text}?via=/ip4/192.0.2.7/udp/4770", "INVALID_LINK"),
        ("a damaged address", f"wherry:{text[:-1]}?via=192.0.2.7:4770", "INVALID_ADDRESS"),
        ("a damaged address on a page", f"http://192.0.2.7:4770/#/add/{text[:-1]}", "INVALID_ADDRESS"),
        ("no address", "wherry:", "INVALID_ADDRESS"),
    ):
        found.append(bad(f"link: {name}", link.encode(), code, text=link))
    return found


# -- endpoints.json ---------------------------------------------------------------------------------------------------


def endpoints() -> list[Case]:
    found = []
    for text, host, port, tls in (
        ("/ip4/192.0.2.7/tcp/4770/ws", "192.0.2.7", 4770, False),
        ("/ip4/127.0.0.1/tcp/1/ws", "127.0.0.1", 1, False),
        ("/ip6/2001:db8::7/tcp/65535/ws", "2001:db8::7", 65535, False),
        ("/ip6/::1/tcp/4770/ws", "::1", 4770, False),
        ("/dns/node.example.org/tcp/443/tls/ws", "node.example.org", 443, True),
        ("/ip4/192.0.2.7/tcp/8443/tls/ws", "192.0.2.7", 8443, True),
        (f"/dns/{'a' * 60}.{'b' * 60}.{'c' * 60}.{'d' * 60}/tcp/80/ws", f"{'a' * 60}.{'b' * 60}.{'c' * 60}.{'d' * 60}", 80, False),
    ):
        value = {"kind": "endpoint", "host": host, "port": port, "tls": tls}
        found.append(good(f"endpoint: {text[:60]}", multiaddr(text), text=text, canonical=text, **value))
    whose = f"/ip4/192.0.2.7/tcp/4770/ws/p2p/{ALICE.id}"
    found.append(
        good(
            "endpoint: whose it is; the binary form leaves that out",
            multiaddr("/ip4/192.0.2.7/tcp/4770/ws"),
            kind="endpoint",
            text=whose,
            canonical=whose,
            host="192.0.2.7",
            port=4770,
            tls=False,
            peer_id=ALICE.id,
        )
    )
    for text, canonical, host, port, tls in (
        ("/dns4/node.example.org/tcp/443/tls/ws", "/dns/node.example.org/tcp/443/tls/ws", "node.example.org", 443, True),
        ("/dns6/node.example.org/tcp/80/ws", "/dns/node.example.org/tcp/80/ws", "node.example.org", 80, False),
        ("/dns/node.example.org/tcp/443/wss", "/dns/node.example.org/tcp/443/tls/ws", "node.example.org", 443, True),
        ("/ip6/2001:0DB8:0::7/tcp/4770/ws", "/ip6/2001:db8::7/tcp/4770/ws", "2001:db8::7", 4770, False),
    ):
        found.append(
            good(
                f"endpoint: {text}, read, and written as {canonical}",
                multiaddr(text),
                kind="endpoint alias",
                text=text,
                canonical=canonical,
                canonical_bytes=multiaddr(canonical),
                host=host,
                port=port,
                tls=tls,
            )
        )
    for text, host in (
        ("/ip4/192.0.2.7/udp/4770", "192.0.2.7"),
        ("/ip6/2001:db8::7/udp/4770", "2001:db8::7"),
        ("/dns/node.example.org/udp/4770", "node.example.org"),
    ):
        found.append(good(f"UDP: {text}", multiaddr(text), kind="udp", text=text, canonical=text, host=host, port=4770))
    for text in (
        "",
        "/",
        "192.0.2.7:4770",
        "/ip4/192.0.2.7",
        "/ip4/192.0.2.7/tcp/4770",
        "/ip4/192.0.2.7/tcp/4770/http",
        "/ip4/192.0.2.7/tcp/0/ws",
        "/ip4/192.0.2.7/tcp/65536/ws",
        "/ip4/192.0.2.7/tcp/-1/ws",
        "/ip4/192.0.2/tcp/4770/ws",
        "/ip4/192.0.2.256/tcp/4770/ws",
        "/ip6/2001:db8::7::/tcp/4770/ws",
        "/ip6/fe80::1%eth0/tcp/4770/ws",
        "/ip4/192.0.2.7/udp/4770/ws",
        "/ip4/192.0.2.7/tcp/4770/ws/p2p/12D3KooW",
        f"/ip4/192.0.2.7/tcp/4770/ws/p2p/{ALICE.id}/p2p-circuit/webrtc/p2p/{BOB.id}",
        "/ip4/192.0.2.7/tcp/4770/ws/ws",
        "/dns/a@192.0.2.7/tcp/4770/ws",
        "/dns/a b/tcp/4770/ws",
        "/dns/a?b/tcp/4770/ws",
        "/dns/a:80/tcp/4770/ws",
        "/dns/127.0.0.1/tcp/4770/ws",
        "/dns/bücher.example/tcp/4770/ws",
        "/dns//tcp/4770/ws",
        "/unix/tmp/socket",
    ):
        found.append(bad(f"endpoint: {text[:80]!a}", text.encode(), "INVALID_MULTIADDR", kind="endpoint text", text=text))
    for text in ("", "/ip4/192.0.2.7/tcp/4770", "/ip4/192.0.2.7/udp/0", "/ip4/192.0.2.7/udp/4770/quic-v1", "/dns/a b/udp/1"):
        found.append(bad(f"UDP: {text!a}", text.encode(), "INVALID_MULTIADDR", kind="udp text", text=text))
    whole = multiaddr("/ip4/192.0.2.7/tcp/4770/ws")
    name = b"node.example.org"
    for title, data in (
        ("empty", b""),
        *((f"cut after {n} bytes", whole[:n]) for n in range(1, len(whole))),
        ("a byte too many", whole + b"\0"),
        ("twice", whole * 2),
        ("a code that is not in its shortest form", b"\x84\x00" + whole[1:]),
        ("a name longer than there is", b"\x35\x7f" + name + whole[5:]),
        ("a name with a slash", b"\x35\x03a/b" + whole[5:]),
        ("a name with an at sign", b"\x35\x03a@b" + whole[5:]),
        ("a name with an escape", b"\x35\x03a\x1bb" + whole[5:]),
        ("a name that is no UTF-8", b"\x35\x02\xff\xfe" + whole[5:]),
        ("a name that is empty", b"\x35\x00" + whole[5:]),
        ("a name that is an IP address", b"\x35\x09127.0.0.1" + whole[5:]),
        ("an unknown protocol", b"\xff\x7f" + whole),
        ("a length without end", b"\x35" + b"\xff" * 20),
        ("too long", b"\x35\xac\x02" + b"a" * 300 + whole[5:]),
        ("with /p2p", whole + b"\xa5\x03\x26" + bytes.fromhex("002408011220") + ALICE.key),
        ("port 0", whole[:6] + b"\0\0" + whole[8:]),
        ("a UDP address", multiaddr("/ip4/192.0.2.7/udp/4770")),
    ):
        found.append(bad(f"endpoint bytes: {title}", data, "INVALID_MULTIADDR", kind="endpoint bytes"))
    udp = multiaddr("/ip4/192.0.2.7/udp/4770")
    for title, data in (("cut", udp[:-1]), ("a byte too many", udp + b"\0"), ("an endpoint", whole), ("port 0", udp[:-2] + b"\0\0")):
        found.append(bad(f"UDP bytes: {title}", data, "INVALID_MULTIADDR", kind="udp bytes"))
    return found


# -- domains.json -----------------------------------------------------------------------------------------------------


def domain_table() -> list[Case]:
    found = [good(f"domain: {word}", domain(word), kind="domain", text=domain(word).decode()) for word in formats.DOMAINS]
    found += [
        good(f"purpose {number}: {word}", domain(f"sign-{word.removesuffix('-record')}"), kind="purpose", purpose=number)
        for word, number in formats.PURPOSES.items()
    ]
    for parts in ((), (b"",), (b"", b""), (b"a", b"bc"), (b"ab", b"c"), (domain("seal"), bytes(32), b"x" * 300)):
        found.append(good(f"join: {[part.hex()[:8] for part in parts]}", join(*parts), kind="join", parts=list(parts)))
    return found


# -- envelope.json ----------------------------------------------------------------------------------------------------


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
        ("sealed to Bob's key in Carol's name", seal(b"a little", CAROL.key, BOB.sealing_key, ephemeral), "CANNOT_OPEN"),
        ("a flipped bit in the ephemeral key", flip(36), "CANNOT_OPEN"),
        ("the bit of the ephemeral key that X25519 ignores", whole[:36] + bytes([whole[36] ^ 0x80]) + whole[37:], "CANNOT_OPEN"),
        ("a flipped bit inside", flip(100), "CANNOT_OPEN"),
        ("a flipped bit in the tag", flip(255), "CANNOT_OPEN"),
        ("an ephemeral key of small order", whole[:5] + bytes(32) + whole[37:], "CANNOT_OPEN"),
        ("its length is too large", seal(b"x", BOB.key, BOB.sealing_key, ephemeral, length=200), "CANNOT_OPEN"),
        ("its length is far too large", seal(b"x", BOB.key, BOB.sealing_key, ephemeral, length=2**32 - 1), "CANNOT_OPEN"),
    ):
        found.append(bad(f"sealed: {name}", data, code, kind="sealed", recipient=BOB.key, sealing_secret=BOB.sealing_secret))
    return found


# -- record.json ------------------------------------------------------------------------------------------------------

PEER_FIELDS = {
    "version": 1,
    "key": ALICE.key,
    "sequence": 7,
    "instance": bytes(range(8)),
    "issued": NOW - 60,
    "expires": NOW + 3600,
    "sealing_key": ALICE.sealing_key,
    "capabilities": 3,
    "dht": ["/ip4/192.0.2.7/udp/4770", "/ip6/2001:db8::7/udp/4770"],
    "direct": ["/ip4/192.0.2.7/tcp/4770/ws"],
    "introducers": [
        [BOB.key, ["/ip4/198.51.100.1/tcp/4770/ws", "/ip6/2001:db8:1::1/tcp/4770/ws", "/dns/bob.example/tcp/443/tls/ws"]],
        [CAROL.key, ["/ip4/203.0.113.5/tcp/4780/ws"]],
    ],
}
INBOX_FIELDS = {
    "version": 1,
    "key": ALICE.key,
    "sequence": 2**53 - 1,
    "issued": NOW - 3600,
    "expires": NOW + 29 * 86400,
    "sealing_key": ALICE.sealing_key,
    "prekey": [5, CAROL.sealing_key, bytes(range(64))],
    "mailboxes": [[BOB.key, ["/ip4/198.51.100.1/tcp/4770/ws"]], [CAROL.key, []]],
}


def _payload(fields: dict[str, Any]) -> bytes:
    wire = []
    for name, value in fields.items():
        if name in ("dht", "direct"):
            value = [multiaddr(text) if isinstance(text, str) else text for text in value]
        elif name in ("introducers", "mailboxes"):
            value = [[key, [multiaddr(text) for text in texts]] for key, texts in value]
        wire.append(value)
    return pack(wire)


def documents() -> list[Case]:
    found = []
    for name, purpose, fields in (
        ("peer record", "peer-record", PEER_FIELDS),
        ("peer record with nothing in it", "peer-record", PEER_FIELDS | {"sequence": 0, "capabilities": 0, "dht": [], "direct": [], "introducers": []}),
        ("peer record, still good within the hour of grace", "peer-record", PEER_FIELDS | {"issued": NOW - 7200, "expires": NOW - 3600}),
        ("peer record, issued within the hour of grace", "peer-record", PEER_FIELDS | {"issued": NOW + 3600, "expires": NOW + 7200}),
        ("peer record that lives as long as it may", "peer-record", PEER_FIELDS | {"issued": NOW, "expires": NOW + 86400}),
        ("inbox record", "inbox-record", INBOX_FIELDS),
        ("peer record of a later version, with two fields more", "peer-record", PEER_FIELDS | {"later": "a field", "much_later": [1, b"2"]}),
    ):
        payload = _payload(fields)
        word = "peer" if purpose == "peer-record" else "inbox"
        found.append(
            good(
                name,
                envelope(ALICE, purpose, payload),
                kind=purpose,
                seed=ALICE.seed,
                now=NOW,
                fields={key: value for key, value in fields.items() if key not in ("later", "much_later")},
                trailing="later" in fields,
                payload=payload,
                dht_key=formats.dht_key(word, ALICE.key),
            )
        )
    for person in (ALICE, BOB):
        for word, purpose in (("peer", 1), ("inbox", 2)):
            key = formats.dht_key(word, person.key)
            found.append(good(f"DHT key: {word} of {person.id}", key, kind="dht key", purpose=purpose, key=person.key))

    def record(**changes: Any) -> bytes:
        return envelope(ALICE, "peer-record", _payload(PEER_FIELDS | changes))

    payload = _payload(PEER_FIELDS)
    signature = ALICE.sign("sign-peer-record", NOBODY, payload)
    huge = [f"/dns/{'x' * 63}.{'y' * 63}.{n}.example/tcp/4770/ws" for n in range(3)]
    for name, data, code in (
        ("empty", b"", "MALFORMED"),
        ("more than 1000 bytes", record(introducers=[[BOB.key, huge], [CAROL.key, huge]]), "MALFORMED"),
        ("a payload that is no array", envelope(ALICE, "peer-record", pack("record")), "MALFORMED"),
        ("an empty payload", envelope(ALICE, "peer-record", b""), "MALFORMED"),
        ("a field too few", envelope(ALICE, "peer-record", _payload({k: v for k, v in PEER_FIELDS.items() if k != "introducers"})), "MALFORMED"),
        ("bytes behind the payload's array", envelope(ALICE, "peer-record", payload + b"\0"), "MALFORMED"),
        ("version 2", record(version=2), "MALFORMED"),
        ("a negative sequence", record(sequence=-1), "MALFORMED"),
        ("a sequence of 2^53", record(sequence=2**53), "MALFORMED"),
        ("a sequence with a fraction", record(sequence=7.5), "MALFORMED"),
        ("a float for a sequence", record(sequence=7.0), "MALFORMED"),
        ("nothing for a sequence", record(sequence=None), "MALFORMED"),
        ("an instance of 7 bytes", record(instance=bytes(7)), "MALFORMED"),
        ("a sealing key of 31 bytes", record(sealing_key=bytes(31)), "MALFORMED"),
        ("five direct endpoints", record(direct=["/ip4/192.0.2.7/tcp/4770/ws"] * 5), "MALFORMED"),
        ("five introducers", record(introducers=[[BOB.key, []]] * 5), "MALFORMED"),
        ("four endpoints of an introducer", record(introducers=[[BOB.key, ["/ip4/192.0.2.7/tcp/1/ws"] * 4]]), "MALFORMED"),
        ("an endpoint that is cut", record(direct=[multiaddr("/ip4/192.0.2.7/tcp/4770/ws")[:-1]]), "MALFORMED"),
        ("a UDP address for an endpoint", record(direct=["/ip4/192.0.2.7/udp/4770"]), "MALFORMED"),
        ("an introducer of small order", record(introducers=[[crypto.encode(crypto.torsion()), []]]), "MALFORMED"),
        ("arrays without end, behind its fields", envelope(ALICE, "peer-record", bytes([payload[0] + 1]) + payload[1:] + b"\x91" * 400), "MALFORMED"),
        ("an envelope with a field too many", pack([1, ALICE.key, payload, signature, 0]), "MALFORMED"),
        ("an envelope that is no document", envelope(ALICE, "ping", payload, BOB.key), "MALFORMED"),
        ("an inbox record in a peer record's name", pack([1, ALICE.key, _payload(INBOX_FIELDS), ALICE.sign("sign-inbox-record", NOBODY, _payload(INBOX_FIELDS))]), "BAD_SIGNATURE"),
        ("a flipped bit in the signature", pack([1, ALICE.key, payload, signature[:-1] + bytes([signature[-1] ^ 1])]), "BAD_SIGNATURE"),
        ("signed by somebody else than it speaks of", envelope(MALLORY, "peer-record", payload), "BAD_SIGNATURE"),
        ("expired more than an hour ago", record(issued=NOW - 7200, expires=NOW - 3601), "EXPIRED_DOCUMENT"),
        ("issued more than an hour ahead", record(issued=NOW + 3601, expires=NOW + 7200), "EXPIRED_DOCUMENT"),
        ("made to live longer than a day", record(issued=NOW, expires=NOW + 86401), "EXPIRED_DOCUMENT"),
        ("expires before it is issued", record(issued=NOW, expires=NOW - 1), "EXPIRED_DOCUMENT"),
        ("expires as it is issued", record(issued=NOW, expires=NOW), "EXPIRED_DOCUMENT"),
        ("an inbox record made to live longer than 30 days", envelope(ALICE, "inbox-record", _payload(INBOX_FIELDS | {"issued": NOW, "expires": NOW + 30 * 86400 + 1})), "EXPIRED_DOCUMENT"),
    ):
        found.append(bad(f"document: {name}", data, code, kind="document", now=NOW))
    return found


# -- signals.json -----------------------------------------------------------------------------------------------------

SDP = (
    "v=0\r\no=- 3942 3942 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0\r\n"
    "m=application 50000 DTLS/SCTP 5000\r\nc=IN IP4 192.0.2.7\r\na=mid:0\r\n"
    "a=candidate:1 1 udp 2130706431 192.0.2.7 50000 typ host\r\na=end-of-candidates\r\n"
)
ATTEMPT, ANSWER_ID = bytes(range(16)), bytes(range(16, 32))


def signals() -> list[Case]:
    record = envelope(ALICE, "peer-record", _payload(PEER_FIELDS | {"introducers": []}))
    offer_key, answer_key = (crypto.x25519_public(bytes([n]) * 32) for n in (0x0F, 0x0A))
    offer = {
        "version": 1, "attempt": ATTEMPT, "instance": bytes(8), "features": 5, "role": 0, "key": offer_key,
        "sdp": SDP, "record": record, "issued": NOW * 1000,
    }  # fmt: skip
    answer = {
        "version": 1, "attempt": ATTEMPT, "answer": ANSWER_ID, "instance": b"\xff" * 8, "features": 0, "role": 1,
        "key": answer_key, "sdp": SDP, "offer_hash": _sha256(pack(list(offer.values()))), "record": b"",
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
        ("an SDP that is no UTF-8", sealed("offer", pack(list((offer | {"sdp": "xx"}).values())).replace(b"\xa2xx", b"\xa2\xff\xfe")), "MALFORMED"),
        ("seventeen candidates", sealed("candidates", pack([1, ATTEMPT, ["c"] * 17, False])), "MALFORMED"),
        ("a candidate too long", sealed("candidates", pack([1, ATTEMPT, ["c" * 513], False])), "MALFORMED"),
        ("arrays without end, behind its fields", sealed("ping", b"\x94\x01\xc4\x10" + ATTEMPT + b"\xc4\x00" + b"\x91" * 3_000), "MALFORMED"),
        ("a kind that comes with messages", sealed("message", pack([1])), "MALFORMED"),
        ("a document inside", seal(record, BOB.key, BOB.sealing_key, ephemeral), "MALFORMED"),
        ("no envelope inside", seal(b"hello", BOB.key, BOB.sealing_key, ephemeral), "MALFORMED"),
        ("signed for Carol, sealed to Bob", sealed("ping", pack([1, ATTEMPT, b""]), CAROL), "BAD_SIGNATURE"),
    ):
        found.append(bad(f"sealed: {name}", data, code, kind="sealed", recipient_seed=BOB.seed))
    return found


def _sha256(data: bytes) -> bytes:
    import hashlib

    return hashlib.sha256(data).digest()


# -- wire.json --------------------------------------------------------------------------------------------------------


def wire() -> list[Case]:
    key, other, nonce, sealed = ALICE.key, BOB.key, bytes([0x4E]) * 32, bytes([0x5E]) * 256
    endpoint = multiaddr("/ip4/192.0.2.7/tcp/4770/ws")
    document = envelope(ALICE, "peer-record", _payload(PEER_FIELDS))
    ice = [[["stun:192.0.2.7:4770"], "", "", 0], [["turn:192.0.2.7:4770?transport=udp"], "1800000000:a", "c2VjcmV0", 600]]
    frames: list[tuple[int, str, dict[str, Any]]] = [
        (1, "Hello", {"version": 1, "role": 1, "key": key, "ephemeral": ALICE.sealing_key, "nonce": nonce, "dialled": other, "features": 0, "host": "192.0.2.7:4770"}),
        (2, "Welcome", {"version": 1, "key": other, "ephemeral": BOB.sealing_key, "nonce": nonce, "features": 9, "signature": bytes(64)}),
        (3, "Prove", {"signature": bytes(range(64))}),
        (4, "Refused", {"status": 426, "text": "The versions do not fit"}),
        (10, "Register", {"id": 1, "seconds": 3600, "capabilities": 0}),
        (11, "Registered", {"id": 1, "seconds": 3600, "host": "198.51.100.9", "port": 50_000, "ice_servers": ice, "time_ms": NOW * 1000}),
        (12, "Renew", {"id": 2**53 - 1, "seconds": 60}),
        (13, "Send", {"id": 3, "to": other, "tag": b"", "envelope": sealed}),
        (14, "Result", {"id": 3, "status": 204, "text": ""}),
        (15, "Deliver", {"id": 128, "tag": bytes(16), "envelope": sealed, "back": 77}),
        (16, "Delivered", {"id": 128, "accepted": True}),
        (17, "PassOn", {"id": 65_536, "next": other, "endpoints": [endpoint], "sealed": sealed}),
        (18, "HandedOn", {"id": 4, "sealed": sealed}),
        (19, "Reply", {"id": 200, "back": 77, "envelope": sealed}),
        (20, "LookUp", {"id": 5, "purpose": 1, "peer": other}),
        (21, "Found", {"id": 5, "document": document}),
        (22, "Publish", {"id": 6, "document": document}),
        (23, "Neighbours", {"id": 7, "count": 8}),
        (24, "Others", {"id": 7, "endpoints": [[other, [endpoint]], [key, []]]}),
        (25, "Ping", {"id": 0}),
        (26, "Pong", {"id": 0, "time_ms": NOW * 1000 + 123}),
        (27, "Unregister", {"id": 8}),
    ]
    found = [
        good(f"{name}, kind {kind}", pack([kind, *fields.values()]), kind="frame", frame=name, number=kind, fields=fields)
        for kind, name, fields in frames
    ]
    found += [
        good("Found: nothing", pack([21, 5, b""]), kind="frame", frame="Found", number=21, fields={"id": 5, "document": b""}),
        good("Delivered: declined", pack([16, 9, False]), kind="frame", frame="Delivered", number=16, fields={"id": 9, "accepted": False}),
        good("Result: text of 200 characters that are not ASCII", pack([14, 9, 400, "ü" * 200]), kind="frame", frame="Result", number=14, fields={"id": 9, "status": 400, "text": "ü" * 200}),
        good("Result: text of 200 characters outside UTF-16's basic plane", pack([14, 9, 400, "\U0001f6f6" * 200]), kind="frame", frame="Result", number=14, fields={"id": 9, "status": 400, "text": "\U0001f6f6" * 200}),
        good("a field of a later version", pack([25, 1, [b"later", {"a": None}]]), kind="later", frame="Ping", number=25, fields={"id": 1}),
        good("an unknown kind", pack([99, 1, "x"]), kind="unknown", number=99),
        good("a kind reserved for the mailbox", pack([32, 1]), kind="unknown", number=32),
        good("handover", pack([other, b"", sealed]), kind="handover", fields={"to": other, "tag": b"", "envelope": sealed}),
        good("handover with a tag", pack([other, bytes(16), sealed]), kind="handover", fields={"to": other, "tag": bytes(16), "envelope": sealed}),
    ]
    for name, data in (
        ("empty", b""),
        ("an empty array", pack([])),
        ("no array", pack("hello")),
        ("a map", pack({"kind": 25, "id": 1})),
        ("no msgpack", b"\xc1"),
        ("a kind that is text", pack(["25", 1])),
        ("a kind that is a float", pack([25.0, 1])),
        ("a field too few", pack([25])),
        ("a byte too many", pack([25, 1]) + b"\0"),
        ("cut short", pack([26, 1, NOW])[:-1]),
        ("a negative number", pack([25, -1])),
        ("a number of 2^53", pack([25, 2**53])),
        ("a float for a number", pack([25, 1.0])),
        ("true for a number", pack([25, True])),
        ("nothing for a number", pack([25, None])),
        ("a number for true", pack([16, 1, 1])),
        ("text for bytes", pack([18, 1, "sealed"])),
        ("bytes for text", pack([14, 1, 100, b"ok"])),
        ("text that is no UTF-8", pack([14, 1, 100, "xx"])[:-2] + b"\xff\xfe"),
        ("a key of 31 bytes", pack([20, 1, 1, other[:-1]])),
        ("a key of 33 bytes", pack([20, 1, 1, other + b"\0"])),
        ("a tag of 17 bytes", pack([13, 1, other, bytes(17), sealed])),
        ("a purpose that is no document's", pack([20, 1, 16, other])),
        ("no neighbours", pack([23, 1, 0])),
        ("nine neighbours", pack([23, 1, 9])),
        ("a role of 2", pack([1, 1, 2, key, ALICE.sealing_key, nonce, other, 0, ""])),
        ("a text of 201 characters", pack([14, 1, 400, "x" * 201])),
        ("a document of 1001 bytes", pack([22, 1, bytes(1001)])),
        ("four endpoints of one introducer", pack([17, 1, other, [endpoint] * 4, sealed])),
        ("an array longer than the frame", pack([24, 1]).replace(b"\x92", b"\x93", 1) + b"\xdd\xff\xff\xff\xff"),
        ("bytes longer than the frame", b"\x93\x12\x01\xc6\xff\xff\xff\xff"),
        ("arrays without end", b"\x91" * 3_000),
        ("arrays without end, behind its fields", b"\x93\x19\x01" + b"\x91" * 3_000),
        ("arrays without end, in an unknown kind", b"\x93\x63\x01" + b"\x91" * 3_000),
        ("larger than a frame may be", pack([18, 1, bytes(67_600)])),
    ):
        found.append(bad(f"frame: {name}", data, "MALFORMED", kind="frame"))
    for name, data in (
        ("empty", b""),
        ("a field too few", pack([other, b""])),
        ("a key of 31 bytes", pack([other[:-1], b"", sealed])),
        ("a tag of 17 bytes", pack([other, bytes(17), sealed])),
        ("arrays without end, behind its fields", b"\x94" + pack([other, b"", sealed])[1:] + b"\x91" * 3_000),
    ):
        found.append(bad(f"handover: {name}", data, "MALFORMED", kind="handover"))
    return found


# -- handshake.json ---------------------------------------------------------------------------------------------------

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
        fields = {"version": 1, "key": BOB.key, "ephemeral": ephemeral, "nonce": nonce, "features": 0, "signature": whole.server_signature}
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
        ("refused", pack([4, 401, "no"]), "HANDSHAKE_FAILED"),
        ("another frame", pack([25, 1]), "HANDSHAKE_FAILED"),
        ("an unknown frame", pack([99, 1]), "HANDSHAKE_FAILED"),
        ("a page", b"HTTP/1.1 400 Bad Request\r\n\r\n", "HANDSHAKE_FAILED"),
        ("nothing", b"", "HANDSHAKE_FAILED"),
        ("the hello comes back", whole.hello, "HANDSHAKE_FAILED"),
    ):
        found.append(bad(f"client: {name}", data, code, kind="client", **value))
    anybody = value | {"dialled": NOBODY}
    found.append(bad("client: an endpoint of small order", welcome(key=small), "HANDSHAKE_FAILED", kind="client", **anybody))

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
        ("nothing", b""),
    ):
        found.append(bad(f"proof: {name}", data, "HANDSHAKE_FAILED", kind="proof", hello=whole.hello, **value))
    return found


FILES: dict[str, Callable[[], list[Case]]] = {
    "identity": identity,
    "strict": strict,
    "address": addresses,
    "links": links,
    "endpoints": endpoints,
    "domains": domain_table,
    "envelope": envelopes,
    "record": documents,
    "signals": signals,
    "wire": wire,
    "handshake": handshakes,
}

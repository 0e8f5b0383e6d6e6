"""The formats, written a second time from the docstrings that draw them: no line of this is the code under test."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
from typing import Any

import crypto
import umsgpack

NOBODY = bytes(32)
PURPOSES = {
    "peer-record": 1,
    "inbox-record": 2,
    "offer": 16,
    "answer": 17,
    "candidates": 18,
    "ping": 19,
    "pong": 20,
    "refusal": 21,
    "message": 22,
    "retry": 23,
}
#: The last word of every domain: each is ``wherry/1/<word>``.
DOMAINS = (
    *(f"sign-{name.removesuffix('-record')}" for name in PURPOSES),
    *("peer", "inbox", "seal", "key-sealing", "handshake-client", "handshake-server", "key-session", "file-identity"),
    *("tag-request", "tag-mailbox", "mailbox-work", "friend-secret", "safety-number", "sign-prekey", "x3dh"),
    *("ratchet-root", "ratchet-message", "file-export", "key-rest"),
    *("key-lane", "dht-request", "dht-reply", "dht-token"),
)
SIZES = (256, 1024, 4096, 16384, 65536)


def domain(word: str) -> bytes:
    assert word in DOMAINS
    return b"wherry/1/" + word.encode()


def join(*parts: bytes) -> bytes:
    return b"".join(len(part).to_bytes(4, "big") + part for part in parts)


def pack(value: Any) -> bytes:
    return bytes(umsgpack.packb(value))


# -- identities -------------------------------------------------------------------------------------------------------


class Person:
    """Somebody with a seed of one repeated byte."""

    def __init__(self, number: int) -> None:
        self.seed = bytes([number]) * 32
        self.key = crypto.ed25519_public(self.seed)
        self.sealing_secret = crypto.hkdf(self.seed, b"", domain("key-sealing"), 32)
        self.sealing_key = crypto.x25519_public(self.sealing_secret)
        self.id = peer_id(self.key)

    def sign(self, word: str, recipient: bytes, payload: bytes) -> bytes:
        return crypto.ed25519_sign(self.seed, join(domain(word.removesuffix("-record")), recipient, payload))


def peer_id(key: bytes) -> str:
    return crypto.base58(bytes.fromhex("002408011220") + key)


def address(key: bytes, nospam: bytes, version: int = 1) -> bytes:
    body = bytes([version]) + key + nospam
    return body + hashlib.sha256(body).digest()[:4]


# -- endpoints --------------------------------------------------------------------------------------------------------

_CODES = {
    "ip4": 4,
    "tcp": 6,
    "ip6": 41,
    "dns": 53,
    "dns4": 54,
    "dns6": 55,
    "udp": 273,
    "tls": 448,
    "ws": 477,
    "wss": 478,
}


def varint(number: int) -> bytes:
    data = b""
    while number > 127:
        data, number = data + bytes([number & 127 | 128]), number >> 7
    return data + bytes([number])


def multiaddr(text: str) -> bytes:
    data, words = b"", iter(text.split("/")[1:])
    for name in words:
        data += varint(_CODES[name])
        if name in ("ip4", "ip6"):
            data += ipaddress.ip_address(next(words)).packed
        elif name in ("tcp", "udp"):
            data += int(next(words)).to_bytes(2, "big")
        elif name.startswith("dns"):
            host = next(words).encode()
            data += varint(len(host)) + host
    return data


# -- envelopes --------------------------------------------------------------------------------------------------------


def envelope(sender: Person, purpose: str, payload: bytes, recipient: bytes = NOBODY) -> bytes:
    signature = sender.sign(f"sign-{purpose}", recipient, payload)
    return pack([PURPOSES[purpose], sender.key, payload, signature])


def seal(
    data: bytes,
    recipient: bytes,
    sealing_key: bytes,
    ephemeral: bytes,
    *,
    suite: int = 1,
    size: int | None = None,
    length: int | None = None,
) -> bytes:
    """`size` and `length` lie about the class and the length inside, for what must be refused."""
    size = size or next(size for size in SIZES if size >= len(data) + 57)
    public = crypto.x25519_public(ephemeral)
    header = bytes([suite]) + hashlib.sha256(sealing_key).digest()[:4] + public
    key = crypto.hkdf(crypto.x25519(ephemeral, sealing_key), public + sealing_key, domain("seal"), 32)
    inside = (len(data) if length is None else length).to_bytes(4, "big") + data
    padded = inside + bytes(size - 37 - 16 - len(inside))
    return header + crypto.xchacha20poly1305(key, bytes(24), padded, join(domain("seal"), recipient, header))


# -- documents --------------------------------------------------------------------------------------------------------


def dht_key(word: str, key: bytes) -> bytes:
    return hashlib.sha256(join(domain(word), key)).digest()[:20]


# -- the handshake ----------------------------------------------------------------------------------------------------


class Handshake:
    """All of one handshake, from both sides' secrets."""

    def __init__(
        self,
        client: Person,
        server: Person,
        *,
        role: int,
        dialled: bytes,
        client_secret: bytes,
        server_secret: bytes,
        client_nonce: bytes,
        server_nonce: bytes,
        client_features: int = 0,
        server_features: int = 0,
        host: str = "",
    ) -> None:
        client_ephemeral, server_ephemeral = (crypto.x25519_public(one) for one in (client_secret, server_secret))
        numbers = (1, role, client_features, server_features)
        self.transcript = join(
            *(number.to_bytes(8, "big") for number in numbers),
            client.key,
            server.key,
            client_ephemeral,
            server_ephemeral,
            client_nonce,
            server_nonce,
            dialled,
        )
        digest = hashlib.sha256(self.transcript).digest()
        keys = crypto.hkdf(crypto.x25519(client_secret, server_ephemeral), digest, domain("key-session"), 64)
        self.to_server, self.to_client = keys[:32], keys[32:]
        self.server_signature = server.sign("handshake-server", client.key, digest)
        self.client_signature = client.sign("handshake-client", server.key, digest)
        self.hello = pack([1, 1, role, client.key, client_ephemeral, client_nonce, dialled, client_features, host])
        self.welcome = pack([2, 1, server.key, server_ephemeral, server_nonce, server_features, self.server_signature])
        self.prove = pack([3, self.client_signature])


def frame(key: bytes, count: int, data: bytes) -> bytes:
    """A frame inside the session's cipher."""
    return crypto.xchacha20poly1305(key, count.to_bytes(8, "big") + bytes(16), data, b"")


# -- mailboxes --------------------------------------------------------------------------------------------------------

WEEK_S = 604_800


def friend_secret(own: Person, theirs: bytes) -> bytes:
    shared = crypto.x25519(crypto.x25519_of_seed(own.seed), crypto.x25519_of_public(theirs))
    return crypto.hkdf(shared, b"".join(sorted((own.key, theirs))), domain("friend-secret"), 32)


def tag(word: str, key: bytes, recipient: bytes, mailbox: bytes, week: int) -> bytes:
    return hmac.digest(key, join(domain(f"tag-{word}"), recipient, mailbox, week.to_bytes(8, "big")), "sha256")[:16]


def work_bits(tag: bytes, sealed: bytes, nonce: bytes) -> int:
    digest = hashlib.sha256(join(domain("mailbox-work"), tag, hashlib.sha256(sealed).digest(), nonce)).digest()
    return f"{int.from_bytes(digest, 'big'):0256b}".find("1")


def safety_number(one: bytes, other: bytes) -> str:
    digits = []
    for key in (one, other):
        hashed = join(domain("safety-number"), key)
        for _ in range(5200):
            hashed = hashlib.sha512(hashed + key).digest()
        groups = [int.from_bytes(hashed[start : start + 5], "big") % 100_000 for start in (0, 5, 10, 15, 20, 25)]
        digits.append(" ".join(f"{group:05}" for group in groups))
    return " ".join(sorted(digits))

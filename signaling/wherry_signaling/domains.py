"""The domain of every signature, seal, key and digest: one table, the same in TypeScript, none a prefix of another.

A signature made for one purpose is worth nothing for another, because what is signed begins with its domain. Parts
are joined with their lengths, so that no two different lists of parts give the same bytes::

    signed bytes = len(domain) ‖ domain ‖ len(recipient) ‖ recipient ‖ len(payload) ‖ payload      (len: u32 big-endian)
"""

from __future__ import annotations

from enum import IntEnum

#: The recipient of a public document: nobody in particular.
NOBODY = bytes(32)


class Purpose(IntEnum):
    """What an envelope is for: it chooses the domain of its signature. 1–15 public documents, 16–31 sealed signals."""

    PEER_RECORD = 1
    INBOX_RECORD = 2
    OFFER = 16
    ANSWER = 17
    CANDIDATES = 18
    PING = 19
    PONG = 20
    REFUSAL = 21
    MESSAGE = 22
    RETRY = 23

    @property
    def domain(self) -> bytes:
        """The domain string of its signature."""
        return _SIGNATURES[self]

    @property
    def public(self) -> bool:
        """Whether it is a document for everybody, as against a signal for one peer."""
        return self < Purpose.OFFER


_SIGNATURES = {
    Purpose.PEER_RECORD: b"wherry/1/sign-peer",
    Purpose.INBOX_RECORD: b"wherry/1/sign-inbox",
    Purpose.OFFER: b"wherry/1/sign-offer",
    Purpose.ANSWER: b"wherry/1/sign-answer",
    Purpose.CANDIDATES: b"wherry/1/sign-candidates",
    Purpose.PING: b"wherry/1/sign-ping",
    Purpose.PONG: b"wherry/1/sign-pong",
    Purpose.REFUSAL: b"wherry/1/sign-refusal",
    Purpose.MESSAGE: b"wherry/1/sign-message",
    Purpose.RETRY: b"wherry/1/sign-retry",
}

#: DHT key of a document = first 20 bytes of SHA-256(join(domain, peer's public key)).
DHT_KEYS = {Purpose.PEER_RECORD: b"wherry/1/peer", Purpose.INBOX_RECORD: b"wherry/1/inbox"}

SEAL = b"wherry/1/seal"
SEALING_KEY = b"wherry/1/key-sealing"
HANDSHAKE_CLIENT = b"wherry/1/handshake-client"
HANDSHAKE_SERVER = b"wherry/1/handshake-server"
SESSION_KEYS = b"wherry/1/key-session"
IDENTITY_FILE = b"wherry/1/file-identity"
REQUEST_TAG = b"wherry/1/tag-request"
MAILBOX_TAG = b"wherry/1/tag-mailbox"
MAILBOX_WORK = b"wherry/1/mailbox-work"
FRIEND_SECRET = b"wherry/1/friend-secret"
SAFETY_NUMBER = b"wherry/1/safety-number"
PREKEY = b"wherry/1/sign-prekey"
X3DH = b"wherry/1/x3dh"
RATCHET_ROOT = b"wherry/1/ratchet-root"
RATCHET_MESSAGE = b"wherry/1/ratchet-message"
EXPORT_FILE = b"wherry/1/file-export"
REST_KEY = b"wherry/1/key-rest"
LANE_KEYS = b"wherry/1/key-lane"
DHT_REQUEST = b"wherry/1/dht-request"
DHT_REPLY = b"wherry/1/dht-reply"
DHT_TOKEN = b"wherry/1/dht-token"

ALL: tuple[bytes, ...] = (
    *_SIGNATURES.values(),
    *DHT_KEYS.values(),
    SEAL,
    SEALING_KEY,
    HANDSHAKE_CLIENT,
    HANDSHAKE_SERVER,
    SESSION_KEYS,
    IDENTITY_FILE,
    REQUEST_TAG,
    MAILBOX_TAG,
    MAILBOX_WORK,
    FRIEND_SECRET,
    SAFETY_NUMBER,
    PREKEY,
    X3DH,
    RATCHET_ROOT,
    RATCHET_MESSAGE,
    EXPORT_FILE,
    REST_KEY,
    LANE_KEYS,
    DHT_REQUEST,
    DHT_REPLY,
    DHT_TOKEN,
)


def join(*parts: bytes) -> bytes:
    """All parts, each behind its length as a big-endian u32."""
    return b"".join(len(part).to_bytes(4, "big") + part for part in parts)

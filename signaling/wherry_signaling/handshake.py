"""The handshake of a signaling socket, and the cipher after it: a core without I/O.

SIGMA-like (Krawczyk, 2003): both sides bring a fresh X25519 key and a nonce, and sign everything that was said, with
both identities and the one that was dialled. Host and port are informative: a server behind a NAT cannot know them::

    client                                                     endpoint
       hello   role, key, ephemeral, nonce, dialled       →
                                                          ←    welcome  key, ephemeral, nonce, signature
       prove   signature            (first sealed frame)  →

    transcript = join(version, role, features c, features s, key c, key s, ephemeral c, ephemeral s,
                      nonce c, nonce s, dialled)               numbers as u64 big-endian
    signed     = join(domain of the side, the other side's key, SHA-256(transcript))
    keys       = HKDF-SHA-256(X25519, salt = SHA-256(transcript), info = domain), 64 bytes: c → s, then s → c

Every frame from then on is XChaCha20-Poly1305 with a counter for each direction (u64 big-endian, then 16 zeros) as its
nonce: what is injected, repeated, reordered or left out ends the socket.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Final, TypeVar

import nacl.bindings
import nacl.exceptions

from . import domains, wire
from .errors import (
    BadSignature,
    HandshakeFailed,
    InvalidPeerId,
    Malformed,
    Quota,
    RemoteError,
    VersionMismatch,
    WrongPeer,
)
from .identity import Identity, PeerId, derive_key, exchange, verify, x25519_public
from .wire import Role, Status

_TAG: Final = 16
_NOBODY: Final = bytes(32)
F = TypeVar("F", wire.Hello, wire.Welcome, wire.Prove)


class Cipher:
    """One session's two keys and two counters."""

    __slots__ = ("_broken", "_in_count", "_in_key", "_out_count", "_out_key")

    def __init__(self, *, out_key: bytes, in_key: bytes) -> None:
        self._out_key, self._in_key = out_key, in_key
        self._out_count = self._in_count = 0
        self._broken = False

    def seal(self, frame: bytes) -> bytes:
        """The next frame to send."""
        nonce = self._out_count.to_bytes(8, "big") + bytes(16)
        self._out_count += 1
        return nacl.bindings.crypto_aead_xchacha20poly1305_ietf_encrypt(frame, b"", nonce, self._out_key)

    def open(self, data: bytes) -> bytes:
        """The next frame received.

        :raises HandshakeFailed: if it is not the very next one the other side sealed; and from then on for every one.
        """
        if self._broken:
            raise HandshakeFailed("a frame before this one was injected, repeated or left out")
        nonce = self._in_count.to_bytes(8, "big") + bytes(16)
        self._in_count += 1
        try:
            return nacl.bindings.crypto_aead_xchacha20poly1305_ietf_decrypt(data, b"", nonce, self._in_key)
        except (nacl.exceptions.CryptoError, ValueError) as error:
            self._broken = True
            raise HandshakeFailed("a frame was injected, repeated or left out") from error


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A handshake that is done: whom we speak with, as what, and the cipher."""

    peer: PeerId
    role: Role
    features: int
    cipher: Cipher


@dataclass(frozen=True, slots=True, kw_only=True)
class _Transcript:
    version: int
    role: int
    client_features: int
    server_features: int
    client: bytes
    server: bytes
    client_ephemeral: bytes
    server_ephemeral: bytes
    client_nonce: bytes
    server_nonce: bytes
    dialled: bytes

    def digest(self) -> bytes:
        numbers = (self.version, self.role, self.client_features, self.server_features)
        return hashlib.sha256(
            domains.join(
                *(number.to_bytes(8, "big") for number in numbers),
                self.client,
                self.server,
                self.client_ephemeral,
                self.server_ephemeral,
                self.client_nonce,
                self.server_nonce,
                self.dialled,
            )
        ).digest()


class ClientHandshake:
    """The client's side.

    :param dialled: whom it must be, or None to learn it from the answer.
    :param secret, nonce: 32 fresh random bytes each.
    """

    def __init__(
        self,
        identity: Identity,
        role: Role,
        *,
        secret: bytes,
        nonce: bytes,
        dialled: PeerId | None = None,
        features: int = 0,
        host: str = "",
    ) -> None:
        self._identity, self._secret, self._dialled = identity, secret, dialled
        dialled_key = _NOBODY if dialled is None else dialled.key
        self._hello = wire.Hello(
            wire.VERSION, int(role), identity.id.key, x25519_public(secret), nonce, dialled_key, features, host
        )

    def hello(self) -> bytes:
        """The first frame."""
        return wire.encode(self._hello)

    def receive(self, data: bytes) -> tuple[Session, bytes]:
        """Take the endpoint's answer; returns the session, and the frame that proves who we are.

        :raises WrongPeer: if somebody else answers than was dialled.
        :raises VersionMismatch: if the endpoint speaks another major version.
        :raises Quota: if it has no room for us.
        :raises HandshakeFailed: if it refused us otherwise, or the signature does not hold.
        """
        hello = self._hello
        try:
            welcome = _expect(data, wire.Welcome)
        except WrongPeer as error:
            if self._dialled is None:
                raise HandshakeFailed("refused for whom we dialled, though we named nobody") from error
            raise WrongPeer(error.detail, peer=str(self._dialled)) from error
        if welcome.version != hello.version:
            raise VersionMismatch(f"the endpoint speaks version {welcome.version}, we speak {hello.version}")
        if self._dialled is not None and welcome.key != self._dialled.key:
            raise WrongPeer(f"{_name(welcome.key)} answered", peer=str(self._dialled))
        digest = _digest(hello, welcome)
        try:
            verify(welcome.key, domains.HANDSHAKE_SERVER, hello.key, digest, welcome.signature)
            peer = PeerId(welcome.key)
            to_server, to_client = _keys(self._secret, welcome.ephemeral, digest)
        except (BadSignature, InvalidPeerId) as error:
            raise HandshakeFailed("the endpoint could not prove who it is") from error
        session = Session(
            peer=peer,
            role=Role(hello.role),
            features=welcome.features,
            cipher=Cipher(out_key=to_server, in_key=to_client),
        )
        signature = self._identity.sign(domains.HANDSHAKE_CLIENT, peer.key, digest)
        return session, session.cipher.seal(wire.encode(wire.Prove(signature)))


class ServerHandshake:
    """The endpoint's side: `receive_hello`, then `receive_proof`."""

    def __init__(self, identity: Identity, *, secret: bytes, nonce: bytes, features: int = 0) -> None:
        self._identity, self._secret, self._nonce, self._features = identity, secret, nonce, features

    def receive_hello(self, data: bytes) -> bytes:
        """Take the client's first frame; returns the answer.

        :raises VersionMismatch, WrongPeer, HandshakeFailed: and `refusal` says it to the client.
        """
        hello = _expect(data, wire.Hello)
        if hello.version != wire.VERSION:
            raise VersionMismatch(f"the client speaks version {hello.version}, we speak {wire.VERSION}")
        if hello.dialled not in (_NOBODY, self._identity.id.key):
            raise WrongPeer(f"{_name(hello.dialled)} was dialled, this is {self._identity.id.short}")
        unsigned = wire.Welcome(
            wire.VERSION, self._identity.id.key, x25519_public(self._secret), self._nonce, self._features, bytes(64)
        )
        self._digest = _digest(hello, unsigned)
        try:
            self._client = PeerId(hello.key)
            to_server, to_client = _keys(self._secret, hello.ephemeral, self._digest)
        except (BadSignature, InvalidPeerId) as error:
            raise HandshakeFailed("the client's keys are not honest") from error
        self._session = Session(
            peer=self._client,
            role=Role(hello.role),
            features=hello.features,
            cipher=Cipher(out_key=to_client, in_key=to_server),
        )
        signature = self._identity.sign(domains.HANDSHAKE_SERVER, hello.key, self._digest)
        return wire.encode(
            wire.Welcome(
                unsigned.version, unsigned.key, unsigned.ephemeral, unsigned.nonce, unsigned.features, signature
            )
        )

    def receive_proof(self, data: bytes) -> Session:
        """Take the client's proof; the session is open.

        :raises HandshakeFailed: if it does not hold.
        """
        prove = _expect(self._session.cipher.open(data), wire.Prove)
        try:
            verify(
                self._client.key,
                domains.HANDSHAKE_CLIENT,
                self._identity.id.key,
                self._digest,
                prove.signature,
            )
        except BadSignature as error:
            raise HandshakeFailed("the client could not prove who it is") from error
        return self._session


def refusal(error: RemoteError) -> bytes:
    """The frame that tells the other side why its handshake ends here."""
    status = next((status for status, kind in _REFUSED.items() if isinstance(error, kind)), Status.HANDSHAKE)
    return wire.encode(wire.Refused(int(status), f"{error.text}: {error.detail}"[:200]))


#: What a refused handshake is on the other side; any other status is HandshakeFailed.
_REFUSED: dict[int, type[RemoteError]] = {
    Status.VERSION: VersionMismatch,
    Status.WRONG_PEER: WrongPeer,
    Status.QUOTA: Quota,
}


def _expect(data: bytes, kind: type[F]) -> F:
    try:
        frame = wire.decode(data)
    except Malformed as error:
        raise HandshakeFailed("it is no Wherry endpoint, or somebody in between tampers") from error
    if isinstance(frame, wire.Refused) and kind is wire.Welcome:  # no client refuses anything
        raise _REFUSED.get(frame.status, HandshakeFailed)(f"refused: {frame.text}")
    if not isinstance(frame, kind):
        raise HandshakeFailed(f"a {type(frame).__name__.lower()} came where a {kind.__name__.lower()} belongs")
    return frame


def _digest(hello: wire.Hello, welcome: wire.Welcome) -> bytes:
    return _Transcript(
        version=hello.version,
        role=hello.role,
        client_features=hello.features,
        server_features=welcome.features,
        client=hello.key,
        server=welcome.key,
        client_ephemeral=hello.ephemeral,
        server_ephemeral=welcome.ephemeral,
        client_nonce=hello.nonce,
        server_nonce=welcome.nonce,
        dialled=hello.dialled,
    ).digest()


def _keys(secret: bytes, public: bytes, digest: bytes) -> tuple[bytes, bytes]:
    keys = derive_key(exchange(secret, public), salt=digest, info=domains.SESSION_KEYS, length=64)
    return keys[:32], keys[32:]


def _name(key: bytes) -> str:
    try:
        return PeerId(key).short
    except InvalidPeerId:
        return "a dishonest key"

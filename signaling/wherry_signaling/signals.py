"""What peers tell each other before they are connected: the contents of sealed envelopes.

A signal is signed for its recipient, then sealed to the sealing key of the recipient's record, and goes whichever way
leads there. Its payload is a msgpack array; the kind is the envelope's purpose::

    offer       [1, attempt id 16, instance id 8, feature bits, role, X25519 key 32, SDP, record, issued]
    answer      [1, attempt id 16, answer id 16, instance id 8, feature bits, role, X25519 key 32, SDP,
                 SHA-256 of the offer's payload, record]
    candidates  [1, attempt id 16, [candidate line, ≤ 16], end]
    ping        [1, nonce 16, record]
    pong        [1, nonce 16, record]
    refusal     [1, attempt id 16 | ping's nonce, error's wire number, reason]

`issued` is milliseconds since 1970 by the offerer's own clock: of two offers under way from one peer, the later one
counts. `record` is the sender's own signed peer record, or nothing: it says where the reply can go. `role` is 0 for a
first connection, 1 for one beside an existing link (re-dial, upgrade). Message and retry have their numbers and come to
life with messages.
"""

from __future__ import annotations

from typing import Annotated, Final, TypeVar

import msgspec

from .domains import Purpose
from .envelope import Envelope, open_sealed, seal, sign
from .errors import Malformed, VersionMismatch
from .identity import Identity, PeerId
from .limits import CANDIDATE_BYTES, CANDIDATES, DOCUMENT_BYTES, REASON_BYTES, SDP_BYTES
from .packing import unpack, version_of

VERSION: Final = 1
ROLE_FIRST: Final = 0
ROLE_BESIDE: Final = 1

Id16 = Annotated[bytes, msgspec.Meta(min_length=16, max_length=16)]
Id8 = Annotated[bytes, msgspec.Meta(min_length=8, max_length=8)]
Key = Annotated[bytes, msgspec.Meta(min_length=32, max_length=32)]
Bits = Annotated[int, msgspec.Meta(ge=0, lt=2**53)]
Sdp = Annotated[str, msgspec.Meta(min_length=1, max_length=SDP_BYTES)]
Record = Annotated[bytes, msgspec.Meta(max_length=DOCUMENT_BYTES)]


class Offer(msgspec.Struct, array_like=True, frozen=True, kw_only=True):
    """One attempt to connect: a whole SDP, and where the answer may go."""

    version: int = VERSION
    attempt: Id16
    instance: Id8
    features: Bits = 0
    role: Annotated[int, msgspec.Meta(ge=0, le=255)] = ROLE_FIRST
    key: Key
    sdp: Sdp
    record: Record = b""
    issued: Bits = 0


class Answer(msgspec.Struct, array_like=True, frozen=True, kw_only=True):
    """The one answer to an attempt, bound to the very offer by its hash."""

    version: int = VERSION
    attempt: Id16
    answer: Id16
    instance: Id8
    features: Bits = 0
    role: Annotated[int, msgspec.Meta(ge=0, le=255)] = ROLE_FIRST
    key: Key
    sdp: Sdp
    offer_hash: Key
    record: Record = b""


class Candidates(msgspec.Struct, array_like=True, frozen=True, kw_only=True):
    """Candidates that came after the offer or answer; `end` when there will be no more."""

    version: int = VERSION
    attempt: Id16
    lines: Annotated[
        list[Annotated[str, msgspec.Meta(max_length=CANDIDATE_BYTES)]], msgspec.Meta(max_length=CANDIDATES)
    ]
    end: bool = False


class Ping(msgspec.Struct, array_like=True, frozen=True, kw_only=True):
    """Are you there? With no connection at all."""

    version: int = VERSION
    nonce: Id16
    record: Record = b""


class Pong(msgspec.Struct, array_like=True, frozen=True, kw_only=True):
    """I am, and this is where."""

    version: int = VERSION
    nonce: Id16
    record: Record = b""


class Refusal(msgspec.Struct, array_like=True, frozen=True, kw_only=True):
    """The peer itself says no, by a policy it does not hide."""

    version: int = VERSION
    attempt: Id16
    code: Annotated[int, msgspec.Meta(ge=0, le=65535)]
    reason: Annotated[str, msgspec.Meta(max_length=REASON_BYTES)] = ""


Signal = Offer | Answer | Candidates | Ping | Pong | Refusal
S = TypeVar("S", Offer, Answer, Candidates, Ping, Pong, Refusal)

_TYPES: dict[Purpose, type[Signal]] = {
    Purpose.OFFER: Offer,
    Purpose.ANSWER: Answer,
    Purpose.CANDIDATES: Candidates,
    Purpose.PING: Ping,
    Purpose.PONG: Pong,
    Purpose.REFUSAL: Refusal,
}
_PURPOSES = {kind: purpose for purpose, kind in _TYPES.items()}
_decoders = {purpose: msgspec.msgpack.Decoder(kind) for purpose, kind in _TYPES.items()}


def payload_of(signal: Signal) -> bytes:
    """The bytes that are signed; the answer's hash is over an offer's."""
    return msgspec.msgpack.encode(signal)


def seal_signal(
    signal: Signal, *, sender: Identity, recipient: PeerId, sealing_key: bytes, ephemeral_secret: bytes
) -> bytes:
    """Sign `signal` for `recipient` and seal it to that peer's `sealing_key`.

    :raises Malformed: if it is too large for any size class.
    """
    envelope = sign(sender, _PURPOSES[type(signal)], payload_of(signal), recipient=recipient)
    return seal(envelope, recipient=recipient, sealing_key=sealing_key, ephemeral_secret=ephemeral_secret)


def open_signal(data: bytes, *, recipient: Identity) -> tuple[Signal, Envelope]:
    """Open, verify and decode what was sealed to `recipient`.

    :raises NotForUs, CannotOpen, BadSignature: as `unseal` and `open_envelope`.
    :raises Malformed, VersionMismatch: as `decode_signal`.
    """
    envelope = open_sealed(data, recipient=recipient)
    return decode_signal(envelope), envelope


def decode_signal(envelope: Envelope) -> Signal:
    """The signal in an envelope that was opened and verified.

    :raises Malformed: if what is inside is no signal, or one that this version does not know.
    :raises VersionMismatch: if it is of another major version.
    """
    decoder = _decoders.get(envelope.purpose)
    if decoder is None:
        raise Malformed(f"a {envelope.purpose.name.lower()} is not understood here")
    damaged = f"a damaged {envelope.purpose.name.lower()}"
    version = version_of(envelope.payload, damaged)
    if version != VERSION:
        raise VersionMismatch(f"the peer speaks version {version}, we speak {VERSION}", peer=str(envelope.sender))
    return unpack(decoder, envelope.payload, damaged)

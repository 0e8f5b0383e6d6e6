"""What the DHT needs to know of a document: never what is in it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from wherry_signaling import record


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedDocument:
    """What a document says of itself, after its signature and lifetime were checked."""

    #: 20 bytes: where it is kept. It follows from purpose and publisher, so nobody else can publish there.
    key: bytes
    #: Which sort of document: peer record, inbox record.
    purpose: int
    #: 32 bytes: the public key that signed it.
    publisher: bytes
    #: The newest of a publisher's documents of one purpose has the highest; below 2^53.
    sequence: int
    #: Seconds since 1970.
    expires: float


#: Checks a document at a time in seconds since 1970. Raises `wherry_signaling.errors.Malformed`, `BadSignature` or
#: `ExpiredDocument`, and nothing else whatever the bytes are.
CheckDocument: TypeAlias = Callable[[bytes, float], CheckedDocument]


def check_document(data: bytes, now: float) -> CheckedDocument:
    """The `CheckDocument` for peer and inbox records (wherry_signaling.record).

    :raises Malformed, BadSignature, ExpiredDocument: as `wherry_signaling.record.check_document`.
    """
    document = record.check_document(data, now)
    return CheckedDocument(
        key=document.dht_key,
        purpose=document.purpose,
        publisher=document.record.peer.key,
        sequence=document.record.sequence,
        expires=float(document.record.expires),
    )

"""The two documents a peer signs about itself, and how anybody checks one.

Each is an envelope for everybody (envelope.py), ≤ 1000 bytes in all. The payload is a msgpack array; peers are named by
their public keys, endpoints by binary multiaddrs without `/p2p`. Fields that a later version adds come at the end::

    peer record  [1, key 32, sequence, instance id 8, issued, expires, sealing key 32, capability bits,
                  [DHT endpoint, ≤ 4], [direct endpoint, ≤ 4], [[introducer's key, [its endpoint, ≤ 3]], ≤ 4]]
    inbox record [1, key 32, sequence, issued, expires, sealing key 32, [prekey id, prekey 32, signature 64],
                  [[mailbox's key, [its endpoint, ≤ 3]], ≤ 4]]

The prekey's signature is over join(its domain, 32 zeros, prekey id u64 ‖ prekey), as X3DH wants it: it holds outside of
a record too. Times are seconds since 1970 by network time. The newest sequence wins, wherever it is met.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Annotated, Final

import msgspec

from . import domains
from .domains import DHT_KEYS, NOBODY, Purpose
from .endpoints import EndpointAddress, UdpAddress
from .envelope import open_envelope, sign
from .errors import BadSignature, ExpiredDocument, InvalidMultiaddr, InvalidPeerId, Malformed
from .identity import Identity, PeerId, verify
from .limits import (
    CLOCK_GRACE_S,
    DIRECT_ENDPOINTS,
    DOCUMENT_BYTES,
    INBOX_RECORD_S,
    INTRODUCER_ENDPOINTS,
    MULTIADDR_BYTES,
    PEER_RECORD_S,
    RECORD_INTRODUCERS,
)
from .packing import Decoder, unpack

VERSION: Final = 1
_LIFETIME = {Purpose.PEER_RECORD: PEER_RECORD_S, Purpose.INBOX_RECORD: INBOX_RECORD_S}

Key = Annotated[bytes, msgspec.Meta(min_length=32, max_length=32)]
Instance = Annotated[bytes, msgspec.Meta(min_length=8, max_length=8)]
Count = Annotated[int, msgspec.Meta(ge=0, lt=2**53)]
Endpoint = Annotated[bytes, msgspec.Meta(min_length=1, max_length=MULTIADDR_BYTES)]
Introducers = Annotated[
    list[tuple[Key, Annotated[list[Endpoint], msgspec.Meta(max_length=INTRODUCER_ENDPOINTS)]]],
    msgspec.Meta(max_length=RECORD_INTRODUCERS),
]
Endpoints = Annotated[list[Endpoint], msgspec.Meta(max_length=DIRECT_ENDPOINTS)]
Prekey = tuple[Count, Key, Annotated[bytes, msgspec.Meta(min_length=64, max_length=64)]]


class _PeerPayload(msgspec.Struct, array_like=True, frozen=True):
    version: int
    key: Key
    sequence: Count
    instance: Instance
    issued: Count
    expires: Count
    sealing_key: Key
    capabilities: Count
    dht: Endpoints
    direct: Endpoints
    introducers: Introducers


class _InboxPayload(msgspec.Struct, array_like=True, frozen=True):
    version: int
    key: Key
    sequence: Count
    issued: Count
    expires: Count
    sealing_key: Key
    prekey: Prekey
    mailboxes: Introducers


_decoders: dict[Purpose, Decoder[_PeerPayload | _InboxPayload]] = {
    Purpose.PEER_RECORD: msgspec.msgpack.Decoder(_PeerPayload),
    Purpose.INBOX_RECORD: msgspec.msgpack.Decoder(_InboxPayload),
}


@dataclass(frozen=True, slots=True)
class Introducer:
    """A node through whose endpoints somebody is reached: introducer or mailbox."""

    peer: PeerId
    endpoints: tuple[EndpointAddress, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PeerRecord:
    """Where a peer is now, and the key to seal to.

    :ivar sequence: rises with each record of the peer; the newest wins.
    :ivar instance: 8 random bytes of the process or tab that made it.
    :ivar issued, expires: seconds since 1970 by network time, at most a day apart.
    """

    peer: PeerId
    sequence: int
    instance: bytes
    issued: int
    expires: int
    sealing_key: bytes
    capabilities: int = 0
    dht: tuple[UdpAddress, ...] = ()
    direct: tuple[EndpointAddress, ...] = ()
    introducers: tuple[Introducer, ...] = ()

    def sign(self, identity: Identity) -> bytes:
        """The signed document; what does not fit into 1000 bytes is dropped, the last entries first."""
        record = self
        while len(document := sign(identity, Purpose.PEER_RECORD, record._payload())) > DOCUMENT_BYTES:
            record = record._smaller()
        return document

    def ways(self) -> Iterable[EndpointAddress]:
        """Every endpoint that leads to the peer: its own first, then each introducer's, with their ids."""
        yield from self.direct
        for introducer in self.introducers:
            yield from introducer.endpoints

    def _payload(self) -> bytes:
        return msgspec.msgpack.encode(
            _PeerPayload(
                VERSION,
                self.peer.key,
                self.sequence,
                self.instance,
                self.issued,
                self.expires,
                self.sealing_key,
                self.capabilities,
                [address.to_bytes() for address in self.dht[:DIRECT_ENDPOINTS]],
                [address.to_bytes() for address in self.direct[:DIRECT_ENDPOINTS]],
                _introducers_out(self.introducers),
            )
        )

    def _smaller(self) -> PeerRecord:
        if self.introducers:
            return replace(self, introducers=self.introducers[:-1])
        if self.direct:
            return replace(self, direct=self.direct[:-1])
        return replace(self, dht=self.dht[:-1])


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxRecord:
    """Where what is written to a peer is kept while it is away, and the keys to seal to."""

    peer: PeerId
    sequence: int
    issued: int
    expires: int
    sealing_key: bytes
    prekey: Prekey
    mailboxes: tuple[Introducer, ...] = ()

    def sign(self, identity: Identity) -> bytes:
        """The signed document; mailboxes that do not fit into 1000 bytes are dropped, the last first."""
        mailboxes = self.mailboxes
        while True:
            payload = msgspec.msgpack.encode(
                _InboxPayload(
                    VERSION,
                    self.peer.key,
                    self.sequence,
                    self.issued,
                    self.expires,
                    self.sealing_key,
                    self.prekey,
                    _introducers_out(mailboxes),
                )
            )
            document = sign(identity, Purpose.INBOX_RECORD, payload)
            if len(document) <= DOCUMENT_BYTES:
                return document
            mailboxes = mailboxes[:-1]


@dataclass(frozen=True, slots=True)
class Document:
    """A checked document: the record, and the very bytes that were signed."""

    record: PeerRecord | InboxRecord
    data: bytes

    @property
    def purpose(self) -> Purpose:
        """Which of the two it is."""
        return Purpose.PEER_RECORD if isinstance(self.record, PeerRecord) else Purpose.INBOX_RECORD

    @property
    def dht_key(self) -> bytes:
        """Where it is kept in the DHT."""
        return dht_key(self.purpose, self.record.peer)


def dht_key(purpose: Purpose, peer: PeerId) -> bytes:
    """The 20 bytes under which a peer's document is kept."""
    return hashlib.sha256(domains.join(DHT_KEYS[purpose], peer.key)).digest()[:20]


def check_document(data: bytes, now: float) -> Document:
    """Check a document at the door: size, signature, fields, lifetime.

    :param now: seconds since 1970 by network time.
    :raises Malformed: too large, no document, or a field out of its range.
    :raises BadSignature: signed by nobody, or by another key than the one it speaks of.
    :raises ExpiredDocument: outside its lifetime with an hour of grace, or made to live too long.
    """
    if len(data) > DOCUMENT_BYTES:
        raise Malformed(f"a document of {len(data)} bytes; {DOCUMENT_BYTES} is the law")
    envelope = open_envelope(data)
    decoder = _decoders.get(envelope.purpose)
    if decoder is None:
        raise Malformed("an envelope that is no document")
    payload = unpack(decoder, envelope.payload, f"a damaged {envelope.purpose.name.lower()}")
    try:
        if payload.version != VERSION:
            raise Malformed(f"a document of version {payload.version}; this is version {VERSION}")
        record = _peer(payload) if isinstance(payload, _PeerPayload) else _inbox(payload)
    except (InvalidMultiaddr, InvalidPeerId) as error:
        raise Malformed(f"a damaged {envelope.purpose.name.lower()}") from error
    if record.peer != envelope.sender:
        raise BadSignature("the document speaks of somebody else")
    if not 0 < record.expires - record.issued <= _LIFETIME[envelope.purpose]:
        raise ExpiredDocument("its lifetime is longer than may be")
    if record.issued > now + CLOCK_GRACE_S:
        raise ExpiredDocument(f"issued {record.issued - now:.0f} s in the future")
    if record.expires < now - CLOCK_GRACE_S:
        raise ExpiredDocument(f"expired {now - record.expires:.0f} s ago")
    return Document(record, data)


def check_peer_record(data: bytes, now: float, *, of: PeerId | None = None) -> tuple[PeerRecord, Document]:
    """`check_document` for a peer record, of a certain peer if given.

    :raises Malformed, BadSignature, ExpiredDocument: as `check_document`.
    """
    document = check_document(data, now)
    if not isinstance(document.record, PeerRecord):
        raise Malformed("an inbox record where a peer record belongs")
    if of is not None and document.record.peer != of:
        raise BadSignature("a record of somebody else than was asked for")
    return document.record, document


def sign_prekey(identity: Identity, number: int, key: bytes) -> Prekey:
    """A prekey as records and retries name it: its number, its public half, and who says so."""
    return number, key, identity.sign(domains.PREKEY, NOBODY, number.to_bytes(8, "big") + key)


def check_prekey(prekey: Prekey, peer: PeerId) -> None:
    """Check that a prekey is that peer's.

    :raises BadSignature: if it is not.
    """
    number, key, signature = prekey
    verify(peer.key, domains.PREKEY, NOBODY, number.to_bytes(8, "big") + key, signature)


def _introducers_out(introducers: Iterable[Introducer]) -> Introducers:
    return [
        (one.peer.key, [address.to_bytes() for address in one.endpoints[:INTRODUCER_ENDPOINTS]])
        for one in list(introducers)[:RECORD_INTRODUCERS]
    ]


def _introducers_in(wire: Introducers) -> tuple[Introducer, ...]:
    found = []
    for key, endpoints in wire:
        peer = PeerId(key)
        found.append(Introducer(peer, tuple(EndpointAddress.from_bytes(data, peer) for data in endpoints)))
    return tuple(found)


def _peer(payload: _PeerPayload) -> PeerRecord:
    peer = PeerId(payload.key)
    return PeerRecord(
        peer=peer,
        sequence=payload.sequence,
        instance=payload.instance,
        issued=payload.issued,
        expires=payload.expires,
        sealing_key=payload.sealing_key,
        capabilities=payload.capabilities,
        dht=tuple(UdpAddress.from_bytes(data) for data in payload.dht),
        direct=tuple(EndpointAddress.from_bytes(data, peer) for data in payload.direct),
        introducers=_introducers_in(payload.introducers),
    )


def _inbox(payload: _InboxPayload) -> InboxRecord:
    check_prekey(payload.prekey, PeerId(payload.key))
    return InboxRecord(
        peer=PeerId(payload.key),
        sequence=payload.sequence,
        issued=payload.issued,
        expires=payload.expires,
        sealing_key=payload.sealing_key,
        prekey=payload.prekey,
        mailboxes=_introducers_in(payload.mailboxes),
    )

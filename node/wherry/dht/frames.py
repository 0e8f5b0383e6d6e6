"""The frames of the DHT: what is on the wire, and how it is checked.

Every frame is one UDP datagram of at most 1232 bytes, signed by the sender's DHT key::

    0      1      2       3           15        47             67         69        69+n         -64
    +------+------+-------+-----------+---------+--------------+----------+---------+------------+-----------+
    | 0x0D | kind | flags | nonce     | key     | destination  | length n | body    | padding    | signature |
    |      | u8   | u8    | 12        | 32      | node id, 20  | u16      | msgpack | zeros      | 64        |
    +------+------+-------+-----------+---------+--------------+----------+---------+------------+-----------+
    flags        1: the sender serves the DHT under the address it sends from, and may be kept as a contact
    nonce        random in a request; a reply has its request's
    destination  node id of the receiver; zeros in a PING, FIND or KNOCK to somebody whose id is not known
    signature    over join(domain, destination, everything before it), with the domain of requests or of replies

Numbers are big-endian. A body is a msgpack array of fixed positions; unknown trailing fields are allowed::

    1 PING       [token]                                          0x81 PONG     [token, observed]
    2 FIND       [token, key, newer than]                         0x82 FOUND    [token, observed, contacts of IPv4,
                                                                                 contacts of IPv6, sequence, document]
    3 STORE      [token, document]                                0x83 STORED   [token, status, sequence]
    4 DIAL_BACK  [token, cookie]                                  0x84 DIALLED  [token, asked]
    5 DIAL       [token, cookie, endpoint]                        no reply
    6 KNOCK      [cookie]                                         no reply
                                                                  0xFF PROVE    [token]
    token     16 bytes, or none: in a reply a proof for the requester's address, good for the next request (tokens.py);
              in a request the proof that was given
    observed  the requester's endpoint as it was seen, 6 or 18 bytes (endpoint.py)
    contacts  of each: node id 20 ‖ endpoint; at most 20
    sequence  of the newest document held under the key, 0 if there is none; the document comes along only if its
              sequence is above *newer than*
    cookie    8 random bytes of who asks to be dialled back; KNOCK brings them back from a third node
    PROVE     instead of a reply that would be larger than an unproved request, or to a STORE without proof
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum, IntFlag
from typing import Annotated, Final, TypeAlias

import msgspec

from wherry_signaling import domains
from wherry_signaling.errors import BadSignature, Malformed, NotForUs
from wherry_signaling.identity import verify
from wherry_signaling.limits import DOCUMENT_BYTES
from wherry_signaling.packing import unpack

from . import endpoint as endpoints
from .endpoint import Endpoint
from .key import ID_BYTES, DhtKey, node_id, proof_bits
from .limits import DATAGRAM_BYTES, K

FIRST_BYTE: Final = 0x0D
NONCE_BYTES: Final = 12
ANYBODY: Final = bytes(ID_BYTES)
_HEADER: Final = struct.Struct(f"!BBB{NONCE_BYTES}s32s{ID_BYTES}sH")
_SIGNATURE: Final = 64
#: Bytes of a frame around its body.
OVERHEAD: Final = _HEADER.size + _SIGNATURE


class Kind(IntEnum):
    """What a frame is."""

    PING = 1
    FIND = 2
    STORE = 3
    DIAL_BACK = 4
    DIAL = 5
    KNOCK = 6
    PONG = 0x81
    FOUND = 0x82
    STORED = 0x83
    DIALLED = 0x84
    PROVE = 0xFF

    @property
    def is_reply(self) -> bool:
        """Whether it answers a request, with that one's nonce."""
        return self >= 0x80


class Flags(IntFlag):
    """What a sender says of itself."""

    NONE = 0
    SERVES = 1


class Status(IntEnum):
    """What became of a STORE."""

    STORED = 0
    HAVE_NEWER = 1
    FULL = 2
    TOO_FAR = 3
    REFUSED = 4


_Token = Annotated[bytes, msgspec.Meta(max_length=16)]
_Id = Annotated[bytes, msgspec.Meta(min_length=ID_BYTES, max_length=ID_BYTES)]
_Packed = Annotated[bytes, msgspec.Meta(min_length=6, max_length=18)]
_Cookie = Annotated[bytes, msgspec.Meta(min_length=8, max_length=8)]
_Sequence = Annotated[int, msgspec.Meta(ge=0, lt=2**53)]
_Document = Annotated[bytes, msgspec.Meta(max_length=DOCUMENT_BYTES)]


class _Body(msgspec.Struct, array_like=True, frozen=True, gc=False):
    pass


class Ping(_Body, frozen=True):
    """Are you there?"""

    token: _Token = b""


class Pong(_Body, frozen=True):
    """Here I am, and this is how I see you."""

    token: _Token
    observed: _Packed


class Find(_Body, frozen=True):
    """Who is nearest to `key`, and what do you hold under it with a sequence above `newer_than`?"""

    token: _Token
    key: _Id
    newer_than: _Sequence = 0


class Found(_Body, frozen=True):
    """The nearest contacts, the sequence held, and the document if it is newer than what was named."""

    token: _Token
    observed: _Packed
    contacts4: Annotated[bytes, msgspec.Meta(max_length=K * 26)] = b""
    contacts6: Annotated[bytes, msgspec.Meta(max_length=K * 38)] = b""
    sequence: _Sequence = 0
    document: _Document = b""


class Store(_Body, frozen=True):
    """Keep this."""

    token: _Token
    document: _Document


class Stored(_Body, frozen=True):
    """What became of it, and the sequence that is held now."""

    token: _Token
    status: Annotated[int, msgspec.Meta(ge=0, le=255)]
    sequence: _Sequence


class DialBack(_Body, frozen=True):
    """Have a third node knock at the address you see me at."""

    token: _Token
    cookie: _Cookie


class Dialled(_Body, frozen=True):
    """Whether a third node was asked."""

    token: _Token
    asked: bool


class Dial(_Body, frozen=True):
    """Knock at `endpoint`, with this cookie."""

    token: _Token
    cookie: _Cookie
    endpoint: _Packed


class Knock(_Body, frozen=True):
    """Somebody asked me to show you that you can be reached."""

    cookie: _Cookie


class Prove(_Body, frozen=True):
    """Ask again with this token, so that I know your address is yours."""

    token: _Token


Request: TypeAlias = Ping | Find | Store | DialBack | Dial | Knock
Reply: TypeAlias = Pong | Found | Stored | Dialled | Prove
Body: TypeAlias = Request | Reply

_BODIES: Final[dict[Kind, type[Body]]] = {
    Kind.PING: Ping,
    Kind.FIND: Find,
    Kind.STORE: Store,
    Kind.DIAL_BACK: DialBack,
    Kind.DIAL: Dial,
    Kind.KNOCK: Knock,
    Kind.PONG: Pong,
    Kind.FOUND: Found,
    Kind.STORED: Stored,
    Kind.DIALLED: Dialled,
    Kind.PROVE: Prove,
}
_KINDS: Final = {body: kind for kind, body in _BODIES.items()}
_DECODERS: Final = {kind: msgspec.msgpack.Decoder(body) for kind, body in _BODIES.items()}
_encode = msgspec.msgpack.Encoder().encode
#: Requests whose sender need not know the receiver's id.
_TO_ANYBODY: Final = frozenset({Kind.PING, Kind.FIND, Kind.KNOCK})


@dataclass(frozen=True, slots=True)
class Header:
    """What stands before a frame's body; nothing of it is checked but its form."""

    kind: Kind
    flags: Flags
    nonce: bytes
    key: bytes
    destination: bytes
    length: int

    @property
    def sender(self) -> bytes:
        """The node id that goes with the key."""
        return node_id(self.key)


@dataclass(frozen=True, slots=True)
class Frame:
    """A frame whose signature was checked."""

    header: Header
    sender: bytes
    body: Body
    #: Bytes of the datagram.
    size: int


def read_header(data: bytes) -> Header:
    """The first look at a datagram, before any costly check.

    :raises Malformed: if it is no frame of the DHT, or of an unknown kind.
    """
    if not OVERHEAD < len(data) <= DATAGRAM_BYTES or data[0] != FIRST_BYTE:
        raise Malformed("no DHT frame")
    _, kind, flags, nonce, key, destination, length = _HEADER.unpack_from(data)
    if OVERHEAD + length > len(data):
        raise Malformed("the body is longer than the frame")
    try:
        return Header(Kind(kind), Flags(flags & Flags.SERVES), nonce, key, destination, length)
    except ValueError as error:
        raise Malformed(f"frames of kind {kind} are unknown") from error


def open_frame(data: bytes, header: Header, *, own_id: bytes, bits: int = 0) -> Frame:
    """Check `data`, in the order of cost: destination, proof of work, signature; and decode it.

    :param own_id: 20 bytes, who we are.
    :param bits: of proof of work that a sender's key must have.
    :raises NotForUs: if it was signed for another destination.
    :raises BadSignature: if it is not signed by the key it names, or that key has too little work in it.
    :raises Malformed: if its body has another shape, or its padding is not zeros.
    """
    if header.destination != own_id and not (header.destination == ANYBODY and header.kind in _TO_ANYBODY):
        raise NotForUs("it is for another node")
    if bits and proof_bits(header.key) < bits:
        raise BadSignature("the key has too little proof of work")
    verify(header.key, _domain(header.kind), header.destination, data[:-_SIGNATURE], data[-_SIGNATURE:])
    end = _HEADER.size + header.length
    if data.count(0, end, -_SIGNATURE) != len(data) - _SIGNATURE - end:
        raise Malformed("the padding is not zeros")
    body = unpack(_DECODERS[header.kind], data[_HEADER.size : end], f"no {header.kind.name}")
    return Frame(header, header.sender, body, len(data))


def make_frame(
    key: DhtKey, body: Body, *, nonce: bytes, destination: bytes = ANYBODY, serves: bool = False, pad_to: int = 0
) -> bytes:
    """The signed datagram of `body`.

    :param pad_to: bytes that it has at least.
    :raises Malformed: if it does not fit into a datagram.
    """
    kind = _KINDS[type(body)]
    payload = _encode(body)
    flags = Flags.SERVES if serves else Flags.NONE
    header = _HEADER.pack(FIRST_BYTE, kind, flags, nonce, key.public, destination, len(payload))
    data = (header + payload).ljust(pad_to - _SIGNATURE, b"\0")
    if len(data) + _SIGNATURE > DATAGRAM_BYTES:
        raise Malformed(f"a {kind.name} of {len(data) + _SIGNATURE} bytes does not fit into a datagram")
    return data + key.sign(_domain(kind), destination, data)


def body_bytes(body: Body) -> int:
    """How many bytes a frame with `body` has, unpadded."""
    return OVERHEAD + len(_encode(body))


def _domain(kind: Kind) -> bytes:
    return domains.DHT_REPLY if kind.is_reply else domains.DHT_REQUEST


def pack_contacts(contacts: Sequence[tuple[bytes, Endpoint]]) -> bytes:
    """Ids and endpoints of one IP version, 26 or 38 bytes each."""
    return b"".join(contact_id + endpoint.pack() for contact_id, endpoint in contacts)


def unpack_contacts(data: bytes, *, version: int) -> list[tuple[bytes, Endpoint]]:
    """The ids and endpoints in a FOUND.

    :raises Malformed: if they are of another length, or one cannot be sent to.
    """
    size = ID_BYTES + (6 if version == 4 else 18)
    if len(data) % size:
        raise Malformed("the contacts are cut off")
    return [
        (data[at : at + ID_BYTES], endpoints.unpack(data[at + ID_BYTES : at + size]))
        for at in range(0, len(data), size)
    ]

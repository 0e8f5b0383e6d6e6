"""What two peers say to each other in a letter: an acknowledgement, items, documents. A core.

A packet is what one message of the double ratchet holds. As in QUIC (RFC 9000 §13) the *packet* is made anew for each
try, and the *items* in it are what is repeated until the other side has acknowledged their numbers::

    packet    [1, epoch, floor, ack | nil, [item…], [document…]]                              ≤ 60,000 bytes
    ack       [epoch, through, [number held back beyond it…], [[number, reason]…]]
    item      [number (0: not numbered), kind, id 16, expires, body]

    text      [sent ms, reply to (id | empty), text]        bytes      [sent ms, reply to, data]
    fragment  [index, count, kind of the whole, piece]      read       [[id…]]
    request   [nospam 8, name, hello]                       accept     [name]
    decline   [reason]                                      withdraw, remove   []
    profile   [name, description, avatar, avatar's type]
    invite    [name, data]                                  reply      [invitation's id, status, reason, data]
    typing    [is typing]                                   presence   [status]

`epoch` numbers the sender's own memory: it rises when that was restored from an old copy, and numbers begin anew.
`floor`: every number below it is settled, so the recipient waits for none of them. The ack is the recipient's view of
the *other* direction's items. `expires` is in seconds since 1970 by network time. Documents are the sender's own signed
records (wherry_signaling/record.py).
"""

from __future__ import annotations

from enum import IntEnum
from typing import Annotated, Final

import msgspec

from wherry_signaling.errors import Malformed, VersionMismatch
from wherry_signaling.limits import DOCUMENT_BYTES
from wherry_signaling.packing import unpack, version_of

from .limits import ACKED_BEYOND, DOCUMENTS, ITEM_BYTES, ITEMS, PACKET_BYTES, VOIDED

VERSION: Final = 1


class Kind(IntEnum):
    """What an item is."""

    VOID = 0
    TEXT = 1
    BYTES = 2
    FRAGMENT = 3
    READ = 4
    REQUEST = 10
    ACCEPT = 11
    DECLINE = 12
    WITHDRAW = 13
    REMOVE = 14
    PROFILE = 15
    INVITE = 20
    INVITE_REPLY = 21
    TYPING = 30
    PRESENCE = 31


class Reason(IntEnum):
    """Why the recipient made a number void; what the sender then reports."""

    EXPIRED = 1
    REFUSED = 2
    OLD_ADDRESS = 3
    FULL = 4
    MALFORMED = 5
    WITHDRAWN = 6
    UNSUPPORTED = 7


Count = Annotated[int, msgspec.Meta(ge=0, lt=2**53)]
Number = Annotated[int, msgspec.Meta(ge=1, lt=2**53)]
Small = Annotated[int, msgspec.Meta(ge=0, le=255)]
Id = Annotated[bytes, msgspec.Meta(min_length=16, max_length=16)]


class Item(msgspec.Struct, array_like=True, frozen=True):
    """One thing that is said; with a number it is said until it is heard."""

    number: Count
    kind: Small
    id: Id
    expires: Count
    body: Annotated[bytes, msgspec.Meta(max_length=ITEM_BYTES)]


class Ack(msgspec.Struct, array_like=True, frozen=True):
    """Which of the other side's numbers are decided: all up to `through`, and those that are void, with the reason.

    `beyond` is held behind a gap: it need not be sent again, and is not decided yet.
    """

    epoch: Count
    through: Count
    beyond: Annotated[list[Number], msgspec.Meta(max_length=ACKED_BEYOND)]
    voided: Annotated[list[tuple[Number, Small]], msgspec.Meta(max_length=VOIDED)]


class Packet(msgspec.Struct, array_like=True, frozen=True, kw_only=True):
    """Everything that goes in one letter."""

    version: int = VERSION
    epoch: Count
    floor: Number
    ack: Ack | None = None
    items: Annotated[list[Item], msgspec.Meta(max_length=ITEMS)] = []
    documents: Annotated[
        list[Annotated[bytes, msgspec.Meta(max_length=DOCUMENT_BYTES)]], msgspec.Meta(max_length=DOCUMENTS)
    ] = []


_decoder = msgspec.msgpack.Decoder(Packet)


def encode(packet: Packet) -> bytes:
    """The packet's bytes."""
    return msgspec.msgpack.encode(packet)


def decode(data: bytes) -> Packet:
    """The packet that `data` is; kinds of items that a later version has are left in it.

    :raises Malformed: if it is none, or a number is in it twice.
    :raises VersionMismatch: if it is of another major version.
    """
    if len(data) > PACKET_BYTES:
        raise Malformed(f"a packet of {len(data)} bytes; {PACKET_BYTES} is the most")
    version = version_of(data, "no packet")
    if version != VERSION:
        raise VersionMismatch(f"the peer writes packets of version {version}, we read {VERSION}")
    packet = unpack(_decoder, data, "a damaged packet")
    numbers = [item.number for item in packet.items if item.number]
    if len(set(numbers)) != len(numbers):
        raise Malformed("a packet with one number twice")
    return packet

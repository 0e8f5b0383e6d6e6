"""What may enter an ICE socket: the shape of a STUN message (RFC 8489), checked before anybody parses it.

aioice's parser raises whatever comes to hand on a malformed attribute, out of `datagram_received` into the event loop's
exception handler, and anybody who knows the port can send one. Nothing is decrypted or believed here.
"""

from __future__ import annotations

import struct
from typing import Final

_HEADER: Final = struct.Struct("!HHI12s")
_ATTRIBUTE: Final = struct.Struct("!HH")
_COOKIE: Final = 0x2112A442
#: Attributes in one message: ICE's checks have six.
_MAX_ATTRIBUTES: Final = 32
#: No attribute's value is longer (RFC 8489 section 14).
_MAX_VALUE: Final = 763

_ADDRESS: Final = frozenset({8, 20})
_FOUR: Final = frozenset({4})
_EIGHT: Final = frozenset({8})
#: Attribute type → lengths it can have.
_LENGTHS: Final[dict[int, frozenset[int]]] = {
    0x0001: _ADDRESS,  # MAPPED-ADDRESS
    0x0003: _FOUR,  # CHANGE-REQUEST
    0x0004: _ADDRESS,  # SOURCE-ADDRESS
    0x0005: _ADDRESS,  # CHANGED-ADDRESS
    0x0008: frozenset({20}),  # MESSAGE-INTEGRITY
    0x000C: _FOUR,  # CHANNEL-NUMBER
    0x000D: _FOUR,  # LIFETIME
    0x0012: _ADDRESS,  # XOR-PEER-ADDRESS
    0x0016: _ADDRESS,  # XOR-RELAYED-ADDRESS
    0x0019: _FOUR,  # REQUESTED-TRANSPORT
    0x0020: _ADDRESS,  # XOR-MAPPED-ADDRESS
    0x0024: _FOUR,  # PRIORITY
    0x0025: frozenset({0}),  # USE-CANDIDATE
    0x8028: _FOUR,  # FINGERPRINT
    0x8029: _EIGHT,  # ICE-CONTROLLED
    0x802A: _EIGHT,  # ICE-CONTROLLING
    0x802B: _ADDRESS,  # RESPONSE-ORIGIN
    0x802C: _ADDRESS,  # OTHER-ADDRESS
}
_ERROR_CODE: Final = 0x0009
_USERNAME: Final = 0x0006
_PRIORITY: Final = 0x0024
#: Attributes whose first byte is reserved and whose second is the family: 1 with 8 bytes, 2 with 20.
_FAMILIES: Final = {8: 1, 20: 2}
#: Attributes that aioice decodes as UTF-8.
_TEXTS: Final = frozenset({_USERNAME, 0x0014, 0x8022})


def is_stun(data: bytes) -> bool:
    """Whether `data` is a STUN message whose known attributes have the shape that they must have."""
    if len(data) < _HEADER.size or len(data) % 4:
        return False
    kind, length, cookie, _ = _HEADER.unpack_from(data)
    if kind & 0xC000 or cookie != _COOKIE or length != len(data) - _HEADER.size:
        return False
    position, seen = _HEADER.size, set[int]()
    while position < len(data):
        attribute, size = _ATTRIBUTE.unpack_from(data, position)
        value = data[position + _ATTRIBUTE.size : position + _ATTRIBUTE.size + size]
        position += _ATTRIBUTE.size + (size + 3) // 4 * 4
        if position > len(data) or attribute in seen or len(seen) == _MAX_ATTRIBUTES or not _fits(attribute, value):
            return False
        seen.add(attribute)
    # A check that names a user says its priority as well: it is needed to learn where it came from.
    return kind != 0x0001 or _USERNAME not in seen or _PRIORITY in seen


def _fits(attribute: int, value: bytes) -> bool:
    if attribute == _ERROR_CODE:
        return 4 <= len(value) <= _MAX_VALUE and _is_text(value[4:])
    if attribute in _TEXTS:
        return len(value) <= _MAX_VALUE and _is_text(value)
    lengths = _LENGTHS.get(attribute)
    if lengths is None:
        return len(value) <= _MAX_VALUE
    return len(value) in lengths and (lengths is not _ADDRESS or value[1] == _FAMILIES[len(value)])


def _is_text(value: bytes) -> bool:
    try:
        value.decode()
    except UnicodeDecodeError:
        return False
    return True

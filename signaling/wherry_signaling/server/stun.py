"""STUN Binding on the endpoint's UDP port (RFC 8489): tells whoever asks from which address it comes.

::

    0                   1                   2                   3
    |0 0| method and class | length of the attributes          |      request 0x0001, success 0x0101, error 0x0111
    | magic cookie 0x2112A442                                  |
    | transaction id, 96 bits                                  |
    | attribute type       | length  | value, padded to 4 …    |      …

Bytes in, bytes out: attributes are read here, at the door, since a library's decoder raises whatever it likes on a
stranger's bytes. Attributes of types below 0x8000 must be understood, or the answer is 420 and their list. A request of
20 bytes is answered with 40 (IPv4) or 52 (IPv6), never more than 2.6 times what came, and so many times a second for
each address; everything else gets silence.
"""

from __future__ import annotations

import asyncio
import binascii
import ipaddress
import struct
from typing import Any, Final

from ..limits import REMEMBERED_ADDRESSES, STUN_PER_S
from ..rates import Rates

_HEADER: Final = struct.Struct("!HHI12s")
_ATTRIBUTE: Final = struct.Struct("!HH")
_COOKIE: Final = 0x2112A442
_REQUEST, _SUCCESS, _ERROR = 0x0001, 0x0101, 0x0111
_XOR_MAPPED_ADDRESS, _ERROR_CODE, _UNKNOWN_ATTRIBUTES, _FINGERPRINT = 0x0020, 0x0009, 0x000A, 0x8028
_FINGERPRINT_XOR: Final = 0x5354554E
#: USERNAME, MESSAGE-INTEGRITY, REALM, NONCE and their SHA-256 kin: understood, and of no consequence here.
_UNDERSTOOD: Final = frozenset((0x0006, 0x0008, 0x0014, 0x0015, 0x001C, 0x001D, 0x001E))
#: Unknown attributes that are listed in a 420, so that the answer stays in proportion to the question.
_LISTED: Final = 4


def answer(data: bytes, source: tuple[str, int]) -> bytes | None:
    """The answer to one datagram from `source` (host, port), or None if it deserves none."""
    if len(data) < _HEADER.size:
        return None
    kind, length, cookie, transaction = _HEADER.unpack_from(data)
    if kind != _REQUEST or cookie != _COOKIE or length != len(data) - _HEADER.size or length % 4:
        return None
    types = _attribute_types(data)
    if types is None:
        return None
    unknown = [number for number in types if number < 0x8000 and number not in _UNDERSTOOD]
    if unknown:
        listed = unknown[:_LISTED]
        code = _attribute(_ERROR_CODE, b"\0\0\4\x14")
        names = _attribute(_UNKNOWN_ATTRIBUTES, struct.pack(f"!{len(listed)}H", *listed))
        return _message(_ERROR, transaction, code + names)
    return _message(_SUCCESS, transaction, _attribute(_XOR_MAPPED_ADDRESS, _xor_address(source, transaction)))


def _attribute_types(data: bytes) -> list[int] | None:
    """The types of the attributes, or None if they do not fit into each other or the fingerprint is wrong."""
    types: list[int] = []
    at = _HEADER.size
    while at < len(data):
        number, length = _ATTRIBUTE.unpack_from(data, at)
        if number == _FINGERPRINT:
            right = length == 4 and at + 8 == len(data) and data[at + 4 :] == _fingerprint(data[:at])
            return types if right else None
        types.append(number)
        at += _ATTRIBUTE.size + length + -length % 4
    return types if at == len(data) else None


def _message(kind: int, transaction: bytes, attributes: bytes) -> bytes:
    body = _HEADER.pack(kind, len(attributes) + 8, _COOKIE, transaction) + attributes
    return body + _attribute(_FINGERPRINT, _fingerprint(body))


def _fingerprint(before: bytes) -> bytes:
    """RFC 8489 §14.7: over all that precedes it, whose length field counts it already."""
    return struct.pack("!I", binascii.crc32(before) ^ _FINGERPRINT_XOR)


def _attribute(number: int, value: bytes) -> bytes:
    return _ATTRIBUTE.pack(number, len(value)) + value + bytes(-len(value) % 4)


def _xor_address(source: tuple[str, int], transaction: bytes) -> bytes:
    address = ipaddress.ip_address(source[0].partition("%")[0])
    pad = struct.pack("!I", _COOKIE) + transaction
    masked = bytes(a ^ b for a, b in zip(address.packed, pad, strict=False))
    return struct.pack("!BBH", 0, 1 if address.version == 4 else 2, source[1] ^ (_COOKIE >> 16)) + masked


class StunResponder(asyncio.DatagramProtocol):
    """`answer` on a socket, so often for each address."""

    def __init__(self) -> None:
        self._transport: asyncio.DatagramTransport | None = None
        self._rates = Rates(STUN_PER_S, remembered=REMEMBERED_ADDRESSES)
        #: Answers that were given, and requests that were over the rate.
        self.answered = self.refused = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        assert isinstance(transport, asyncio.DatagramTransport)
        self._transport = transport

    def datagram_received(self, data: bytes, addr: Any) -> None:
        """Answer, or not."""
        reply = answer(data, addr)
        if reply is None or self._transport is None:
            return
        if not self._rates.take(addr[0], asyncio.get_running_loop().time()):
            self.refused += 1
            return
        self.answered += 1
        self._transport.sendto(reply, addr)

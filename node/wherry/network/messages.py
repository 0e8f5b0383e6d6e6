"""Messages on a stream: frames of a length and a msgpack array.

::

    +---------------+---------------------------------------------+
    | length u32 BE | msgpack [opcode, id, reply_to | 0, body]     |
    +---------------+---------------------------------------------+

Ids are chosen by the sender, from 1, and rise. A reply names the id it answers; it travels as any other message.
A core without I/O.
"""

from __future__ import annotations

from typing import Annotated, Final

import msgspec

from wherry_signaling.packing import unpack

from ..errors import LimitExceeded
from .limits import MESSAGE_BYTES

#: The stream that messages travel on, one in each direction.
MESSAGE_STREAM: Final = "/wherry/message/1"
_Number = Annotated[int, msgspec.Meta(ge=0, lt=2**53)]


class Envelope(msgspec.Struct, array_like=True, frozen=True):
    """One message as it travels; `body` is what its opcode's serializer made."""

    opcode: _Number
    id: _Number
    reply_to: _Number
    body: bytes


_decoder = msgspec.msgpack.Decoder(Envelope)


def encode(envelope: Envelope) -> bytes:
    """The bytes on the stream.

    :raises LimitExceeded: if it is larger than `MESSAGE_BYTES`.
    """
    data = msgspec.msgpack.encode(envelope)
    if len(data) > MESSAGE_BYTES:
        raise LimitExceeded(
            f"a message of {len(data)} bytes; {MESSAGE_BYTES} is the most", hint="Open a stream for it."
        )
    return len(data).to_bytes(4, "big") + data


class Parser:
    """Messages out of a stream's bytes, however they are cut."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> list[Envelope]:
        """The messages that `data` completes.

        :raises LimitExceeded: as soon as a length says more than `MESSAGE_BYTES`.
        :raises Malformed: if one does not decode. The stream is of no more use then.
        """
        self._buffer += data
        found = []
        while len(self._buffer) >= 4:
            length = int.from_bytes(self._buffer[:4], "big")
            if length > MESSAGE_BYTES:
                raise LimitExceeded(f"a message of {length} bytes")
            if len(self._buffer) < 4 + length:
                break
            body = bytes(self._buffer[4 : 4 + length])
            del self._buffer[: 4 + length]
            found.append(unpack(_decoder, body, "a damaged message"))
        return found

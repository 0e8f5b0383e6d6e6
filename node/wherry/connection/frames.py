"""The frames of a connection.

Every message on every lane is one frame: a header of 16 bytes, big-endian, then the payload up to the message's end::

     0                   1                   2                   3
     0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
    +---------------+---------------+-------------------------------+
    |     kind      |     flags     |     reserved (0, ignored)     |
    +---------------+---------------+-------------------------------+
    |                           stream id                           |
    +---------------------------------------------------------------+
    |                            offset                             |
    |                          (below 2^53)                         |
    +---------------------------------------------------------------+
    |  payload …

    kind            lane      stream  offset                      payload
     1 OPEN         control   ≠ 0     what the opener takes       name, 2 … 128 printable ASCII, begins with "/"
     2 DATA         stream    ≠ 0     of the payload's first byte 1 … 16368 bytes
     3 FIN          stream    ≠ 0     final                       –
     4 STOP         control   ≠ 0     0                           code u32
     5 RESET        control   ≠ 0     final, of what was sent     code u32
     6 FIN_ACK      control   ≠ 0     final, as received          –
     7 LIMIT        control   any     what may be sent            received u64
     8 RESUME       control   ≠ 0     received                    limit u64, final u64, reset code u32, stop code u32
     9 DATAGRAM     datagram  ≠ 0     sequence number from 0      0 … 1200 bytes
    16 HELLO        control   0       0                           version u16, reserved u16, features u32, instance 8,
                                                                  session 8, attempt id 16, answer id 16
    17 HEARTBEAT    control   0       number                      –
    18 HEARTBEAT_REPLY control 0      number                      –
    19 CLOSE        control   0       0                           code u32, text (UTF-8, 0 … 200 bytes)

    flags           OPEN 1 datagrams · FIN 1 cut (the other side asked to stop)
                    RESET 1 forgotten (offset says nothing) · RESUME 1 final is known, 2 cut, 4 reset, 8 stop

*Control* is channel 0, reliable and ordered; *stream* any other reliable and ordered channel; *datagram* an unordered
one without retransmission. Unknown kinds are skipped, and so are bytes after a payload of fixed length: newer peers
may send both. Whatever else does not fit is a `ProtocolViolation`.

A code is a u32. Below 2^31 it is the application's; from there on it is 2^31 plus the `wire` number of the error that
both languages know.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from enum import IntEnum, IntFlag
from typing import Final

from wherry.connection.limits import MAX_DATAGRAM_BYTES, MAX_FRAME_BYTES, MAX_NAME_BYTES, MAX_REASON_BYTES
from wherry.errors import ProtocolViolation

#: Offsets stay below this, so that JavaScript's numbers hold them.
MAX_OFFSET: Final = (1 << 53) - 1
HEADER: Final = struct.Struct(">BBHIQ")
HEADER_BYTES: Final = HEADER.size
MAX_PAYLOAD_BYTES: Final = MAX_FRAME_BYTES - HEADER_BYTES
#: The protocol's major version, in HELLO and in the data channels' protocol name.
VERSION: Final = 1

_CODE: Final = struct.Struct(">I")
_RECEIVED: Final = struct.Struct(">Q")
_RESUME: Final = struct.Struct(">QQII")
_HELLO: Final = struct.Struct(">HHI8s8s16s16s")


class Kind(IntEnum):
    """What a frame is."""

    OPEN = 1
    DATA = 2
    FIN = 3
    STOP = 4
    RESET = 5
    FIN_ACK = 6
    LIMIT = 7
    RESUME = 8
    DATAGRAM = 9
    HELLO = 16
    HEARTBEAT = 17
    HEARTBEAT_REPLY = 18
    CLOSE = 19


class OpenFlag(IntFlag):
    """Flags of OPEN."""

    DATAGRAMS = 1


class FinFlag(IntFlag):
    """Flags of FIN."""

    CUT = 1


class ResetFlag(IntFlag):
    """Flags of RESET."""

    FORGOTTEN = 1


class ResumeFlag(IntFlag):
    """Flags of RESUME."""

    FINAL = 1
    CUT = 2
    RESET = 4
    STOP = 8


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame, checked against the table above.

    :param kind: a `Kind`, or the bare number of one that is not known here and is to be skipped.
    :param payload: raw bytes; `code_of`, `received_of`, `Resume.of`, `Hello.of` and `close_of` read them.
    """

    kind: int
    stream: int = 0
    offset: int = 0
    flags: int = 0
    payload: bytes = b""

    def encode(self) -> bytes:
        """The frame's bytes."""
        return HEADER.pack(self.kind, self.flags, 0, self.stream, self.offset) + self.payload


@dataclass(frozen=True, slots=True, kw_only=True)
class Hello:
    """The payload of HELLO.

    :param features: bits of what the sender can do.
    :param instance: 8 bytes, the sender's process.
    :param session: 8 bytes, the sender's end of this connection; a new one knows no stream of the old.
    :param attempt: 16 bytes, of the offer that led to this link.
    :param answer: 16 bytes, of its answer.
    """

    version: int = VERSION
    features: int
    instance: bytes
    session: bytes
    attempt: bytes
    answer: bytes

    def encode(self) -> bytes:
        """The payload's bytes."""
        return _HELLO.pack(self.version, 0, self.features, self.instance, self.session, self.attempt, self.answer)

    @classmethod
    def of(cls, frame: Frame) -> Hello:
        """Read a HELLO frame's payload."""
        version, _, features, instance, session, attempt, answer = _HELLO.unpack_from(frame.payload)
        return cls(
            version=version, features=features, instance=instance, session=session, attempt=attempt, answer=answer
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Resume:
    """What one side knows of a stream, told once per stream on a new link.

    :param received: bytes received of the other's direction; it goes on from there.
    :param limit: what the other may send.
    :param final: where this side's own direction ends, if it has ended.
    :param cut: it ended because the other asked for it.
    :param reset: the code of this side's reset.
    :param stop: the code with which this side asked the other to stop.
    """

    received: int
    limit: int
    final: int | None = None
    cut: bool = False
    reset: int | None = None
    stop: int | None = None

    def frame(self, stream: int) -> Frame:
        """The RESUME frame for `stream`."""
        flags = ResumeFlag(0)
        if self.final is not None:
            flags |= ResumeFlag.FINAL
        if self.cut:
            flags |= ResumeFlag.CUT
        if self.reset is not None:
            flags |= ResumeFlag.RESET
        if self.stop is not None:
            flags |= ResumeFlag.STOP
        payload = _RESUME.pack(self.limit, self.final or 0, self.reset or 0, self.stop or 0)
        return Frame(Kind.RESUME, stream, self.received, int(flags), payload)

    @classmethod
    def of(cls, frame: Frame) -> Resume:
        """Read a RESUME frame."""
        limit, final, reset, stop = _RESUME.unpack_from(frame.payload)
        flags = frame.flags
        return cls(
            received=frame.offset,
            limit=limit,
            final=final if flags & ResumeFlag.FINAL else None,
            cut=bool(flags & ResumeFlag.CUT),
            reset=reset if flags & ResumeFlag.RESET else None,
            stop=stop if flags & ResumeFlag.STOP else None,
        )


# -- making frames ----------------------------------------------------------------------------------------------------


def open_frame(stream: int, name: str, *, limit: int, datagrams: bool) -> Frame:
    """OPEN."""
    return Frame(Kind.OPEN, stream, limit, OpenFlag.DATAGRAMS if datagrams else 0, name.encode("ascii"))


def data_header(stream: int, offset: int) -> bytes:
    """The header of a DATA frame; the payload follows without being copied into a `Frame`."""
    return HEADER.pack(Kind.DATA, 0, 0, stream, offset)


def stop_frame(stream: int, code: int) -> Frame:
    """STOP."""
    return Frame(Kind.STOP, stream, payload=_CODE.pack(code))


def reset_frame(stream: int, code: int, *, final: int, forgotten: bool = False) -> Frame:
    """RESET."""
    return Frame(Kind.RESET, stream, final, ResetFlag.FORGOTTEN if forgotten else 0, _CODE.pack(code))


def limit_frame(stream: int, limit: int, *, received: int) -> Frame:
    """LIMIT, of a stream or, with stream 0, of the connection."""
    return Frame(Kind.LIMIT, stream, limit, payload=_RECEIVED.pack(received))


def close_frame(code: int, text: str) -> Frame:
    """CLOSE."""
    cut = text.encode()[:MAX_REASON_BYTES].decode(errors="ignore")  # never half a character
    return Frame(Kind.CLOSE, payload=_CODE.pack(code) + cut.encode())


# -- reading frames ---------------------------------------------------------------------------------------------------


def code_of(frame: Frame) -> int:
    """The code of STOP, RESET or CLOSE."""
    code: int = _CODE.unpack_from(frame.payload)[0]
    return code


def received_of(frame: Frame) -> int:
    """The received offset in a LIMIT."""
    received: int = _RECEIVED.unpack_from(frame.payload)[0]
    return received


def close_of(frame: Frame) -> tuple[int, str]:
    """Code and text of a CLOSE."""
    return code_of(frame), frame.payload[_CODE.size :].decode()


def is_name(name: str) -> bool:
    """Whether `name` can be a stream's name."""
    return 2 <= len(name) <= MAX_NAME_BYTES and name[0] == "/" and all("!" <= letter <= "~" for letter in name)


#: kind → (least payload, most payload or None where bytes may follow, of a stream: True, of the connection: False,
#: either: None).
_SHAPES: Final[dict[int, tuple[int, int | None, bool | None]]] = {
    Kind.OPEN: (2, MAX_NAME_BYTES, True),
    Kind.DATA: (1, MAX_PAYLOAD_BYTES, True),
    Kind.FIN: (0, None, True),
    Kind.STOP: (_CODE.size, None, True),
    Kind.RESET: (_CODE.size, None, True),
    Kind.FIN_ACK: (0, None, True),
    Kind.LIMIT: (_RECEIVED.size, None, None),
    Kind.RESUME: (_RESUME.size, None, True),
    Kind.DATAGRAM: (0, MAX_DATAGRAM_BYTES, True),
    Kind.HELLO: (_HELLO.size, None, False),
    Kind.HEARTBEAT: (0, None, False),
    Kind.HEARTBEAT_REPLY: (0, None, False),
    Kind.CLOSE: (_CODE.size, _CODE.size + MAX_REASON_BYTES, False),
}


def decode(data: bytes) -> Frame:
    """Read one message as a frame.

    :param data: what came on a lane.
    :raises ProtocolViolation: it is none; the detail says why.
    """
    if not HEADER_BYTES <= len(data) <= MAX_FRAME_BYTES:
        raise ProtocolViolation(f"a frame of {len(data)} bytes")
    kind, flags, _, stream, offset = HEADER.unpack_from(data)
    frame = Frame(kind, stream, offset, flags, data[HEADER_BYTES:])
    shape = _SHAPES.get(kind)
    if shape is None:
        return frame
    least, most, of_stream = shape
    if offset > MAX_OFFSET:
        raise ProtocolViolation(f"offset {offset} in {Kind(kind).name}")
    if of_stream is not None and of_stream is (stream == 0):
        raise ProtocolViolation(f"{Kind(kind).name} for stream {stream}")
    if len(frame.payload) < least or (most is not None and len(frame.payload) > most):
        raise ProtocolViolation(f"{Kind(kind).name} with {len(frame.payload)} bytes of payload")
    if kind != Kind.DATA:
        _check_payload(frame)
    return frame


def _check_payload(frame: Frame) -> None:
    match frame.kind:
        case Kind.OPEN:
            if not is_name(frame.payload.decode("latin-1")):
                raise ProtocolViolation("OPEN with an impossible name")
        case Kind.LIMIT:
            if received_of(frame) > MAX_OFFSET:
                raise ProtocolViolation("LIMIT with an impossible offset")
        case Kind.RESUME:
            resume = Resume.of(frame)
            if resume.limit > MAX_OFFSET or (resume.final or 0) > MAX_OFFSET:
                raise ProtocolViolation("RESUME with an impossible offset")
        case Kind.CLOSE:
            try:
                close_of(frame)
            except UnicodeDecodeError as error:
                raise ProtocolViolation("CLOSE with a text that is not UTF-8") from error

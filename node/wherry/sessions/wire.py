"""What two ends say to each other about a session. A core.

It is asked for and accepted by an invitation (wherry/invitations), under the session's name with a prefix::

    request    [[[name of a stream, datagrams (bool)]…] (1 … 16), data ≤ 7 KiB]
    accept     [token 16, data ≤ 7 KiB]                              the reply's data

Who asked then opens, on one connection, a stream or a flow of datagrams for each of them, and a stream that speaks for
all::

    /wherry/session-stream/1    one of them; it carries the application's bytes and nothing else
    /wherry/session/1           → length u16 BE ‖ [token, [[name, number of its stream on this connection]…]]
                                ← 0x01 once all of them are there: the session has started

After that nothing is said on it. Its FIN is the session's good end; its RESET is the session's failure, with the code
of whatever failed (connection/codes.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Final

import msgspec

from wherry_signaling.errors import Malformed
from wherry_signaling.packing import unpack

from ..errors import BadRequest
from .limits import DATA_BYTES, NAME_CHARACTERS, OPENING_BYTES, STREAM_NAME_CHARACTERS, STREAMS, TOKEN_BYTES

CONTROL_STREAM: Final = "/wherry/session/1"
SESSION_STREAM: Final = "/wherry/session-stream/1"
STARTED: Final = b"\x01"

_PREFIX: Final = "session:"

Name = Annotated[str, msgspec.Meta(min_length=1, max_length=STREAM_NAME_CHARACTERS)]
Data = Annotated[bytes, msgspec.Meta(max_length=DATA_BYTES)]
Token = Annotated[bytes, msgspec.Meta(min_length=TOKEN_BYTES, max_length=TOKEN_BYTES)]
Number = Annotated[int, msgspec.Meta(ge=0, le=2**53 - 1)]


@dataclass(frozen=True, slots=True)
class StreamSpec:
    """One stream of a session.

    :param name: 1 to 40 printable characters, once in a session.
    :param datagrams: a flow of datagrams instead of a reliable stream.
    """

    name: str
    datagrams: bool = False


class _Request(msgspec.Struct, array_like=True, frozen=True):
    streams: Annotated[list[tuple[Name, bool]], msgspec.Meta(min_length=1, max_length=STREAMS)]
    data: Data = b""


class _Accept(msgspec.Struct, array_like=True, frozen=True):
    token: Token
    data: Data = b""

    def __repr__(self) -> str:
        return f"<_Accept {len(self.data)} bytes>"


class Opening(msgspec.Struct, array_like=True, frozen=True):
    """The first words on a control stream: whose session it is, and which streams are in it."""

    token: Token
    numbers: Annotated[list[tuple[Name, Number]], msgspec.Meta(max_length=STREAMS)]

    def __repr__(self) -> str:
        return f"<Opening {self.numbers}>"


_request = msgspec.msgpack.Decoder(_Request)
_accept = msgspec.msgpack.Decoder(_Accept)
_opening = msgspec.msgpack.Decoder(Opening)


def invitation_name(name: str) -> str:
    """The name of the invitation that asks for sessions called `name`.

    :raises BadRequest: if it is empty, too long, or cannot be shown.
    """
    if not 1 <= len(name) <= NAME_CHARACTERS or not name.isprintable():
        raise BadRequest(f"{name!r} is no session's name", hint=f"Take 1 to {NAME_CHARACTERS} printable characters.")
    return _PREFIX + name


def encode_request(streams: Sequence[StreamSpec], data: bytes) -> bytes:
    """A request's bytes.

    :raises BadRequest: if there are no streams or too many, names twice or unusable, or too much data.
    """
    if not 1 <= len(streams) <= STREAMS:
        raise BadRequest(f"{len(streams)} streams", hint=f"A session has 1 to {STREAMS}.")
    if (fault := _fault(streams)) is not None:
        raise BadRequest(fault, hint=f"Take 1 to {STREAM_NAME_CHARACTERS} printable characters, once each.")
    return msgspec.msgpack.encode(_Request([(one.name, one.datagrams) for one in streams], _small(data)))


def decode_request(body: bytes) -> tuple[tuple[StreamSpec, ...], bytes]:
    """The streams that are asked for, and the data.

    :raises Malformed: if it is no request.
    """
    request = unpack(_request, body, "no request for a session")
    streams = tuple(StreamSpec(name, datagrams) for name, datagrams in request.streams)
    if (fault := _fault(streams)) is not None:
        raise Malformed(fault)
    return streams, request.data


def encode_accept(token: bytes, data: bytes) -> bytes:
    """An acceptance's bytes.

    :raises BadRequest: if there is too much data.
    """
    return msgspec.msgpack.encode(_Accept(token, _small(data)))


def decode_accept(body: bytes) -> tuple[bytes, bytes]:
    """The token, and the data.

    :raises Malformed: if it is no acceptance.
    """
    accept = unpack(_accept, body, "no acceptance of a session")
    return accept.token, accept.data


def encode_opening(token: bytes, numbers: dict[str, int]) -> bytes:
    """The first words on a control stream, their length before them."""
    body = msgspec.msgpack.encode(Opening(token, list(numbers.items())))
    return len(body).to_bytes(2, "big") + body


def opening_size(head: bytes) -> int:
    """How many bytes follow the first two.

    :raises Malformed: if those are more than may be.
    """
    size = int.from_bytes(head, "big")
    if size > OPENING_BYTES:
        raise Malformed(f"a session that opens with {size} bytes")
    return size


def decode_opening(body: bytes) -> Opening:
    """What the first words are.

    :raises Malformed: if they are none.
    """
    opening = unpack(_opening, body, "no opening of a session")
    if len({name for name, _ in opening.numbers}) < len(opening.numbers):
        raise Malformed("a session with one name twice")
    return opening


def _fault(streams: Sequence[StreamSpec]) -> str | None:
    names = [one.name for one in streams]
    if len(set(names)) < len(names):
        return "one name for two streams"
    bad = [name for name in names if not 1 <= len(name) <= STREAM_NAME_CHARACTERS or not name.isprintable()]
    return f"{bad[0]!r} is no stream's name" if bad else None


def _small(data: bytes) -> bytes:
    if len(data) > DATA_BYTES:
        raise BadRequest(f"{len(data)} bytes of data; {DATA_BYTES} is the most", hint="Put the rest into a stream.")
    return data

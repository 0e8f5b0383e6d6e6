"""What is larger than an item travels in pieces: numbered items of one id, of which the last completes it. A core.

::

    fragment  [index, count, kind of the whole, piece ≤ 48 KiB]
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Final

import msgspec

from wherry_signaling.errors import Malformed
from wherry_signaling.packing import unpack

from .limits import MESSAGE_BYTES, PIECE_BYTES
from .packets import Kind

#: Pieces of the largest message, with the head of its body.
PIECES: Final = MESSAGE_BYTES // PIECE_BYTES + 2
#: Kinds that may come in pieces.
CUT: Final = frozenset((Kind.TEXT, Kind.BYTES, Kind.PROFILE))


class Fragment(msgspec.Struct, array_like=True, frozen=True):
    """One piece."""

    index: Annotated[int, msgspec.Meta(ge=0, lt=PIECES)]
    count: Annotated[int, msgspec.Meta(ge=2, le=PIECES)]
    kind: Annotated[int, msgspec.Meta(ge=0, le=255)]
    piece: Annotated[bytes, msgspec.Meta(min_length=1, max_length=PIECE_BYTES)]


_decoder = msgspec.msgpack.Decoder(Fragment)


def cut(kind: int, body: bytes) -> Iterator[bytes]:
    """The bodies of the fragments that `body` travels in; nothing if it fits into one item."""
    if len(body) <= PIECE_BYTES:
        return
    count = -(-len(body) // PIECE_BYTES)
    for index in range(count):
        piece = body[index * PIECE_BYTES : (index + 1) * PIECE_BYTES]
        yield msgspec.msgpack.encode(Fragment(index, count, kind, piece))


def decode_fragment(body: bytes) -> Fragment:
    """The piece in an item's body.

    :raises Malformed: if it is none, or of a kind that does not come in pieces.
    """
    fragment = unpack(_decoder, body, "no piece of a message")
    if fragment.index >= fragment.count or fragment.kind not in CUT:
        raise Malformed("a piece that cannot be")
    return fragment

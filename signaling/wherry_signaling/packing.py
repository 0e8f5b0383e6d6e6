"""Decoding msgpack that came from a network: whatever the bytes, a value or `Malformed`, and nothing else."""

from __future__ import annotations

from typing import Protocol, TypeVar

import msgspec

from .errors import Malformed

T_co = TypeVar("T_co", covariant=True)


class Decoder(Protocol[T_co]):
    """A `msgspec.msgpack.Decoder` of some type."""

    def decode(self, data: bytes, /) -> T_co:
        """What `data` holds."""


class _Head(msgspec.Struct, array_like=True, frozen=True):
    version: int


_head = msgspec.msgpack.Decoder(_Head)


def version_of(data: bytes, what: str) -> int:
    """The major version at the head of an array, read before the rest: another version may have another shape.

    :raises Malformed: if there is none.
    """
    return unpack(_head, data, what).version


def unpack(decoder: Decoder[T_co], data: bytes, what: str) -> T_co:
    """What `data` holds.

    msgspec says more than `DecodeError`: text that is no UTF-8 and arrays nested a thousand deep, which fit into any
    frame, leave it as a UnicodeDecodeError and a RecursionError.

    :param what: what it would have been, for the error: "no envelope".
    :raises Malformed: if it holds nothing of the decoder's type.
    """
    try:
        return decoder.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Malformed(what) from error

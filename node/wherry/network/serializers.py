"""How a message's body becomes bytes: one small protocol, and the three that come with Wherry.

Another one needs two methods (`examples/` shows protobuf)::

    class Protobuf:
        name = "protobuf"
        def encode(self, value): return value.SerializeToString()
        def decode(self, data, kind): return kind.FromString(data)

What `decode` raises for bytes it cannot read is of its own choosing; the switchboard turns it into `Malformed`.
"""

from __future__ import annotations

from typing import Any, Protocol, TypeVar

import msgspec

T = TypeVar("T")


class Serializer(Protocol):
    """Turns values of one type into bytes, and back."""

    name: str

    def encode(self, value: Any) -> bytes:
        """The bytes of `value`."""
        ...

    def decode(self, data: bytes, kind: type[T]) -> T:
        """The value of type `kind` that `data` holds; raises any exception if there is none."""
        ...


class Msgpack:
    """msgpack by msgspec: structs, dataclasses, dicts, lists, text, numbers. The default."""

    name = "msgpack"

    def encode(self, value: Any) -> bytes:
        """The bytes of `value`."""
        return msgspec.msgpack.encode(value)

    def decode(self, data: bytes, kind: type[T]) -> T:
        """The value of type `kind`; raises `msgspec.DecodeError` otherwise."""
        return msgspec.msgpack.decode(data, type=kind)


class Json:
    """JSON by msgspec: for programs that speak nothing else."""

    name = "json"

    def encode(self, value: Any) -> bytes:
        """The bytes of `value`."""
        return msgspec.json.encode(value)

    def decode(self, data: bytes, kind: type[T]) -> T:
        """The value of type `kind`; raises `msgspec.DecodeError` otherwise."""
        return msgspec.json.decode(data, type=kind)


class Raw:
    """Bytes as they are."""

    name = "raw"

    def encode(self, value: Any) -> bytes:
        """The bytes themselves."""
        return bytes(value)

    def decode(self, data: bytes, kind: type[T]) -> T:
        """The bytes, as a `kind` (bytes, bytearray, memoryview)."""
        return kind(data)  # type: ignore[call-arg]


MSGPACK = Msgpack()
JSON = Json()
RAW = Raw()

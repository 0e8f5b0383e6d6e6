"""Which number means which type of message: one registry, the same on both ends.

The Go carrier's numbers are kept. 0–999 are Wherry's, applications begin at 1000::

     0 refused        1 bytes         2 keepalive     3 keepalive reply
     9 proxy reply   10 ping         11 pong         12 look up        13 found
    14 disconnect    15 proxy        16 metric       17 metric reply   18 acknowledge
    100–499 Wherry's own features    500–599 groups, broadcast, onion paths
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Literal

import msgspec

from ..errors import LocalError, Malformed, SerializerFailed
from .limits import FIRST_FREE_OPCODE
from .serializers import MSGPACK, RAW, Serializer

#: Who may send messages of an opcode.
Allowed = Literal["anyone", "friends"]


class Opcode(IntEnum):
    """Wherry's own numbers that are in use."""

    REFUSED = 0
    BYTES = 1
    KEEPALIVE = 2
    KEEPALIVE_REPLY = 3
    PROXY_REPLY = 9
    PING = 10
    PONG = 11
    LOOK_UP = 12
    FOUND = 13
    DISCONNECT = 14
    PROXY = 15
    METRIC = 16
    METRIC_REPLY = 17
    ACKNOWLEDGE = 18


class OpcodeTaken(LocalError):
    """The number or the type is registered already, or the number is Wherry's."""

    code, exit = "OPCODE_TAKEN", 2
    text, default_hint = (
        "The opcode cannot be registered",
        f"Applications use {FIRST_FREE_OPCODE} and above, each once.",
    )


class UnknownKind(LocalError):
    """A type that no opcode is registered for."""

    code = "UNKNOWN_KIND"
    text, default_hint = "Messages of this type have no opcode", "Register it: network.opcodes.register(1000, Kind)"


@dataclass(frozen=True, slots=True)
class Registration:
    """One opcode: its number, the type of its bodies, how they become bytes, and who may send it."""

    opcode: int
    kind: type[Any]
    serializer: Serializer
    allowed: Allowed


class Refused(msgspec.Struct, frozen=True):
    """A message was not taken; `wire` is the error's number (errors.py)."""

    wire: int
    reason: str = ""


class Bytes(bytes):
    """A message that is bytes."""


class Keepalive(msgspec.Struct, frozen=True):
    """Still there."""


class KeepaliveReply(msgspec.Struct, frozen=True):
    """So am I."""


class Ping(msgspec.Struct, frozen=True):
    """Answer this."""

    payload: bytes = b""


class Pong(msgspec.Struct, frozen=True):
    """The answer."""

    payload: bytes = b""


class LookUp(msgspec.Struct, frozen=True):
    """Where is that peer?"""

    peer: bytes


class Found(msgspec.Struct, frozen=True):
    """Its signed record, or nothing."""

    document: bytes = b""


class Disconnect(msgspec.Struct, frozen=True):
    """I am going; do not dial again because of it."""

    reason: str = ""


class Metric(msgspec.Struct, frozen=True):
    """How are you doing?"""


class MetricReply(msgspec.Struct, frozen=True):
    """Prometheus text."""

    text: str = ""


class Acknowledge(msgspec.Struct, frozen=True):
    """It has arrived."""


_OWN: tuple[tuple[int, type[Any], Serializer, Allowed], ...] = (
    (Opcode.REFUSED, Refused, MSGPACK, "anyone"),
    (Opcode.BYTES, Bytes, RAW, "friends"),
    (Opcode.KEEPALIVE, Keepalive, MSGPACK, "anyone"),
    (Opcode.KEEPALIVE_REPLY, KeepaliveReply, MSGPACK, "anyone"),
    (Opcode.PING, Ping, MSGPACK, "anyone"),
    (Opcode.PONG, Pong, MSGPACK, "anyone"),
    (Opcode.LOOK_UP, LookUp, MSGPACK, "friends"),
    (Opcode.FOUND, Found, MSGPACK, "friends"),
    (Opcode.DISCONNECT, Disconnect, MSGPACK, "anyone"),
    (Opcode.METRIC, Metric, MSGPACK, "friends"),
    (Opcode.METRIC_REPLY, MetricReply, MSGPACK, "friends"),
    (Opcode.ACKNOWLEDGE, Acknowledge, MSGPACK, "anyone"),
)


class Opcodes:
    """The registry of one node."""

    def __init__(self) -> None:
        self._by_number: dict[int, Registration] = {}
        self._by_kind: dict[type[Any], Registration] = {}
        for number, kind, serializer, allowed in _OWN:
            self._add(Registration(int(number), kind, serializer, allowed))

    def register(
        self, opcode: int, kind: type[Any], *, serializer: Serializer = MSGPACK, allowed: Allowed = "friends"
    ) -> Registration:
        """Give messages of type `kind` the number `opcode`; both ends do the same.

        :raises OpcodeTaken: if the number is below 1000, or either is registered already.
        """
        if opcode < FIRST_FREE_OPCODE:
            raise OpcodeTaken(f"{opcode} is one of Wherry's own")
        registration = Registration(opcode, kind, serializer, allowed)
        self._add(registration)
        return registration

    def add_own(self, opcode: int, kind: type[Any], *, allowed: Allowed = "anyone") -> None:
        """Register one of Wherry's own features, below 1000."""
        self._add(Registration(opcode, kind, MSGPACK, allowed))

    def by_number(self, opcode: int) -> Registration | None:
        """The registration of a number, if there is one."""
        return self._by_number.get(opcode)

    def of(self, kind: type[Any]) -> Registration:
        """The registration of a type.

        :raises UnknownKind: if there is none.
        """
        registration = self._by_kind.get(kind)
        if registration is None:
            raise UnknownKind(kind.__name__)
        return registration

    def encode(self, value: Any) -> tuple[int, bytes]:
        """A message's number and body.

        :raises UnknownKind: if its type is not registered.
        :raises SerializerFailed: if its serializer cannot take it.
        """
        registration = self.of(type(value))
        try:
            return registration.opcode, registration.serializer.encode(value)
        except Exception as error:
            raise SerializerFailed(f"{type(value).__name__} by {registration.serializer.name}: {error}") from error

    def decode(self, registration: Registration, body: bytes) -> Any:
        """The value in a body.

        :raises Malformed: if its serializer cannot read it.
        """
        try:
            return registration.serializer.decode(body, registration.kind)
        except Exception as error:
            raise Malformed(f"a message of opcode {registration.opcode} that does not decode") from error

    def _add(self, registration: Registration) -> None:
        if registration.opcode in self._by_number or registration.kind in self._by_kind:
            raise OpcodeTaken(f"{registration.opcode} or {registration.kind.__name__} is registered already")
        self._by_number[registration.opcode] = registration
        self._by_kind[registration.kind] = registration

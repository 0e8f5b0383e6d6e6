"""The golden vectors of sessions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from golden import Vector, vectors

from wherry.sessions import StreamSpec
from wherry.sessions.wire import (
    Opening,
    decode_accept,
    decode_opening,
    decode_request,
    encode_accept,
    encode_opening,
    encode_request,
    opening_size,
)


def _opening(data: bytes) -> Opening:
    opening_size(data[:2])
    return decode_opening(data[2:])


DECODERS: dict[str, Callable[[bytes], Any]] = {"request": decode_request, "accept": decode_accept, "opening": _opening}


def _value(kind: str, fields: dict[str, Any]) -> Any:
    if kind == "request":
        return tuple(StreamSpec(*one) for one in fields["streams"]), bytes.fromhex(fields["data"])
    token = bytes.fromhex(fields["token"])
    if kind == "accept":
        return token, bytes.fromhex(fields["data"])
    return Opening(token, [(name, number) for name, number in fields["numbers"]])


@vectors("sessions", "request", good=True)
def test_a_request_has_these_bytes(vector: Vector) -> None:
    value = _value("request", vector["fields"])
    assert encode_request(*value) == vector.data
    assert decode_request(vector.data) == value


@vectors("sessions", "accept", good=True)
def test_an_acceptance_has_these_bytes(vector: Vector) -> None:
    value = _value("accept", vector["fields"])
    assert encode_accept(*value) == vector.data
    assert decode_accept(vector.data) == value


@vectors("sessions", "opening", good=True)
def test_an_opening_has_these_bytes(vector: Vector) -> None:
    value = _value("opening", vector["fields"])
    assert encode_opening(value.token, dict(value.numbers)) == vector.data
    assert opening_size(vector.data[:2]) == len(vector.data) - 2
    assert _opening(vector.data) == value


@vectors("sessions", "later", good=True)
def test_what_is_missing_or_later_is_read_over(vector: Vector) -> None:
    assert DECODERS[vector["body"]](vector.data) == _value(vector["body"], vector["fields"])


@vectors("sessions", good=False)
def test_what_is_wrong_is_refused(vector: Vector) -> None:
    with vector.refused():
        DECODERS[vector["kind"]](vector.data)

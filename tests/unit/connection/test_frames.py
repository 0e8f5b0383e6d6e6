"""Frames: the golden bytes that both languages read, and whatever a hostile peer may send instead."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import golden
import pytest
from hostile import tampered
from hypothesis import given, strategies as st

from wherry.connection import frames
from wherry.connection.frames import Frame, Hello, Kind, Resume
from wherry.connection.limits import MAX_DATAGRAM_BYTES, MAX_FRAME_BYTES
from wherry.errors import ProtocolViolation

SAMPLES = [vector.data for vector in golden.load("frames") if vector.error is None]

MAKE: dict[str, Callable[[Any], Frame]] = {
    "OPEN": lambda v: frames.open_frame(v["stream"], v["name"], limit=v["limit"], datagrams=v["datagrams"]),
    "DATA": lambda v: frames.decode(frames.data_header(v["stream"], v["offset"]) + bytes.fromhex(v["payload"])),
    "FIN": lambda v: Frame(Kind.FIN, v["stream"], v["final"], int(v["cut"])),
    "STOP": lambda v: frames.stop_frame(v["stream"], v["code"]),
    "RESET": lambda v: frames.reset_frame(v["stream"], v["code"], final=v["final"], forgotten=v["forgotten"]),
    "FIN_ACK": lambda v: Frame(Kind.FIN_ACK, v["stream"], v["final"]),
    "LIMIT": lambda v: frames.limit_frame(v["stream"], v["limit"], received=v["received"]),
    "RESUME": lambda v: Resume(**{k: v[k] for k in ("received", "limit", "final", "cut", "reset", "stop")}).frame(
        v["stream"]
    ),
    "DATAGRAM": lambda v: Frame(Kind.DATAGRAM, v["stream"], v["sequence"], payload=bytes.fromhex(v["payload"])),
    "HELLO": lambda v: Frame(
        Kind.HELLO,
        payload=Hello(
            version=v["version"],
            features=v["features"],
            **{k: bytes.fromhex(v[k]) for k in ("instance", "session", "attempt", "answer")},
        ).encode(),
    ),
    "HEARTBEAT": lambda v: Frame(Kind.HEARTBEAT, 0, v["number"]),
    "HEARTBEAT_REPLY": lambda v: Frame(Kind.HEARTBEAT_REPLY, 0, v["number"]),
    "CLOSE": lambda v: frames.close_frame(v["code"], v["text"]),
}


@golden.vectors("frames", good=True)
def test_a_frame_is_its_golden_bytes(vector: golden.Vector) -> None:
    made = MAKE[vector["kind"]](vector.value)
    assert made.encode() == vector.data
    assert frames.decode(vector.data) == made


@golden.vectors("frames", good=False)
def test_what_is_no_frame_is_refused(vector: golden.Vector) -> None:
    with vector.refused():
        frames.decode(vector.data)


def test_every_kind_has_golden_bytes() -> None:
    assert {vector["kind"] for vector in golden.load("frames") if vector.error is None} == {kind.name for kind in Kind}


@given(st.binary(max_size=100) | tampered(SAMPLES))
def test_any_bytes_are_a_frame_or_a_typed_error(data: bytes) -> None:
    # Whatever comes is a frame whose own encoding says the same again, or a ProtocolViolation, and nothing else.
    try:
        frame = frames.decode(data)
    except ProtocolViolation:
        return
    again = frames.decode(frame.encode())
    assert (again.kind, again.stream, again.offset, again.payload) == (
        frame.kind,
        frame.stream,
        frame.offset,
        frame.payload,
    )
    read = {Kind.RESUME: Resume.of, Kind.HELLO: Hello.of, Kind.CLOSE: frames.close_of, Kind.LIMIT: frames.received_of}
    if frame.kind in read:
        read[Kind(frame.kind)](frame)


def test_unknown_kinds_pass_and_longer_payloads_too() -> None:
    assert frames.decode(bytes([200]) + bytes(15) + b"later").payload == b"later"
    longer = frames.decode(frames.limit_frame(3, 9, received=5).encode() + b"more")
    assert (longer.offset, frames.received_of(longer)) == (9, 5)


def test_size_is_bounded() -> None:
    frames.decode(frames.data_header(1, 0) + bytes(frames.MAX_PAYLOAD_BYTES))
    with pytest.raises(ProtocolViolation):
        frames.decode(frames.data_header(1, 0) + bytes(frames.MAX_PAYLOAD_BYTES + 1))
    with pytest.raises(ProtocolViolation):
        frames.decode(bytes([200]) + bytes(MAX_FRAME_BYTES))
    frames.decode(Frame(Kind.DATAGRAM, 1, payload=bytes(MAX_DATAGRAM_BYTES)).encode())


def test_a_long_reason_is_cut_between_characters() -> None:
    code, text = frames.close_of(frames.close_frame(1, "é" * 150))
    assert (code, text) == (1, "é" * 100)

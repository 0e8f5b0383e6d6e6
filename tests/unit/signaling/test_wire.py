"""Frames between a client and an endpoint."""

from __future__ import annotations

from typing import Any, get_args

import pytest
from golden import Vector, load, vectors
from hypothesis import given, settings, strategies as st

from wherry_signaling import wire
from wherry_signaling.errors import Malformed
from wherry_signaling.limits import FRAME_BYTES

FRAMES = {frame.__name__: frame for frame in get_args(wire.AnyFrame)}
#: Fields whose value is text although it may look like hex.
TEXTS = {"text", "host"}


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return value.hex()
    return [_plain(one) for one in value] if isinstance(value, list | tuple) else value


def _fields(frame: Any) -> dict[str, Any]:
    return {name: _plain(getattr(frame, name)) for name in frame.__struct_fields__}


@vectors("wire", "frame", good=True)
def test_a_frame_has_these_bytes(vector: Vector) -> None:
    frame = wire.decode(vector.data)
    assert type(frame) is FRAMES[vector["frame"]]
    assert frame.__struct_config__.tag == vector["number"]
    assert _fields(frame) == vector["fields"]
    assert wire.encode(frame) == vector.data


@vectors("wire", "later", good=True)
def test_fields_of_a_later_version_are_skipped(vector: Vector) -> None:
    frame = wire.decode(vector.data)
    assert (type(frame).__name__, _fields(frame)) == (vector["frame"], vector["fields"])


@vectors("wire", "unknown", good=True)
def test_kinds_of_a_later_version_are_told(vector: Vector) -> None:
    assert wire.decode(vector.data) == wire.Unknown(vector["number"])


@vectors("wire", "handover", good=True)
def test_a_handover_has_these_bytes(vector: Vector) -> None:
    assert _fields(wire.decode_handover(vector.data)) == vector["fields"]


@vectors("wire", "frame", good=False)
def test_a_damaged_frame_is_refused(vector: Vector) -> None:
    with vector.refused():
        wire.decode(vector.data)


@vectors("wire", "handover", good=False)
def test_a_damaged_handover_is_refused(vector: Vector) -> None:
    with vector.refused():
        wire.decode_handover(vector.data)


def test_every_frame_is_in_the_vectors_and_in_the_table() -> None:
    named = {vector["frame"] for vector in load("wire") if vector.value.get("kind") == "frame" and not vector.error}
    assert named == set(FRAMES)
    tags = {frame.__struct_config__.tag for frame in FRAMES.values()}
    assert tags == wire._KINDS
    for tag in tags:
        assert f"\n      {tag:>2}  " in (wire.__doc__ or ""), f"the docstring does not draw kind {tag}"


@given(st.sampled_from([vector.data for vector in load("wire") if not vector.error]), st.data())
@settings(deadline=None)
def test_half_a_frame_is_none(data: bytes, draw: st.DataObject) -> None:
    # Invariant: no proper beginning of a frame is a frame.
    with pytest.raises(Malformed):
        wire.decode(data[: draw.draw(st.integers(0, len(data) - 1))])


def test_a_frame_is_as_large_as_the_largest_envelope_and_no_larger() -> None:
    largest = wire.encode(wire.Send(2**53 - 1, bytes(32), bytes(16), bytes(65536)))
    assert wire.encode(wire.decode(largest)) == largest
    with pytest.raises(Malformed):
        wire.decode(bytes(FRAME_BYTES + 1))

"""What a network, or a person who pastes, may hand to a decoder: noise, and valid things that were tampered with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import umsgpack
from hypothesis import strategies as st

_scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False)
    | st.binary(max_size=80)
    | st.text(max_size=30)
    | st.sampled_from([bytes(n) for n in (8, 16, 32, 64, 1000)])
)
#: Anything that msgpack can say.
objects: st.SearchStrategy[Any] = st.recursive(
    _scalars,
    lambda inner: st.lists(inner, max_size=12) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=20,
)
#: A msgpack array that is no value of anything, or nearly one.
arrays = st.lists(objects, max_size=13).map(umsgpack.packb)
#: What leaves careless decoders as something other than their own error.
poison = st.sampled_from(
    [
        b"",
        b"\xc1",
        b"\x91" * 3000,
        b"\x93\x19\x01" + b"\x91" * 3000,
        b"\x93\x63\x01" + b"\x81" * 3000,
        b"\xdd\xff\xff\xff\xff",
        b"\x92\xc6\xff\xff\xff\xff",
        b"\x94\x0e\x01\x64\xa2\xff\xfe",
        b"\x92\x19\xd6\xff\x00\x00\x00\x00",
        b"\x92\xc7\x0c\xff" + b"\xff" * 12,
    ]
)


@st.composite
def tampered(draw: st.DrawFn, samples: Sequence[bytes]) -> bytes:
    """One of the samples with up to three changes: bits, bytes, cuts, repeats, elements of its array."""
    data = bytearray(draw(st.sampled_from(samples)))
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, len(data)))
        match draw(st.sampled_from(["bit", "byte", "cut", "insert", "remove", "repeat", "element"])):
            case "bit" if at < len(data):
                data[at] ^= 1 << draw(st.integers(0, 7))
            case "byte" if at < len(data):
                data[at] = draw(st.integers(0, 255))
            case "cut":
                del data[at:]
            case "insert":
                data[at:at] = draw(st.binary(max_size=8))
            case "remove":
                del data[at : at + draw(st.integers(1, 8))]
            case "repeat":
                data[at:at] = data[at : at + draw(st.integers(1, 64))]
            case "element":
                data = bytearray(_with_another_element(draw, bytes(data)))
    return bytes(data)


def _with_another_element(draw: st.DrawFn, data: bytes) -> bytes:
    try:
        value = umsgpack.unpackb(data)
    except (umsgpack.UnpackException, TypeError, RecursionError):
        return data
    if not isinstance(value, list) or not value:
        return data
    value[draw(st.integers(0, len(value) - 1))] = draw(objects)
    return bytes(umsgpack.packb(value))


@st.composite
def spliced(draw: st.DrawFn, data: bytes, others: Sequence[bytes]) -> bytes:
    """A msgpack array with one element of another array of its length: what a clever tamperer makes."""
    mine = umsgpack.unpackb(data)
    theirs = umsgpack.unpackb(draw(st.sampled_from([data, *others])))
    differing = [at for at, (one, other) in enumerate(zip(mine, theirs, strict=False)) if one != other]
    if differing and len(mine) == len(theirs):
        at = draw(st.sampled_from(differing))
        mine[at] = theirs[at]
    return bytes(umsgpack.packb(mine))


def hostile_bytes(samples: Sequence[bytes]) -> st.SearchStrategy[bytes]:
    """Noise, msgpack of the wrong shape, poison, and the samples tampered with."""
    return st.binary(max_size=300) | arrays | poison | tampered(samples)


@st.composite
def hostile_text(draw: st.DrawFn, samples: Sequence[str]) -> str:
    """Noise, or a sample with a few characters changed for those that parsers stumble over."""
    if draw(st.booleans()):
        return draw(st.text(max_size=120))
    text = draw(st.sampled_from(samples))
    for _ in range(draw(st.integers(0, 4))):
        at = draw(st.integers(0, len(text)))
        length = draw(st.integers(0, 5))
        piece = draw(st.text(alphabet="/:?&=#%@[]<>\"'. \n\t0123456789abcxX-+_|\\\0\u0663\u00b2é\ud800", max_size=4))
        text = text[:at] + piece + text[at + length :]
    return text

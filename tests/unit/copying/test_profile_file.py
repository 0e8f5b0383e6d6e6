"""The exported file: whole or refused, and nothing of it can be read, cut off, repeated or moved."""

from __future__ import annotations

import hashlib
import io
import os
from collections.abc import Callable

import msgspec
import nacl.bindings
import nacl.pwhash.argon2id as argon2id
import pytest
from golden import Vector, vectors
from hypothesis import example, given, settings, strategies as st

from wherry import profile_file
from wherry.errors import ExportCorrupt, ExportLocked, VersionMismatch
from wherry.profile_file import HEAD_BYTES, AnyEntry, ChoiceEntry, MessageEntry, Owner, read, write
from wherry_signaling.keyfile import Cost

CHEAP = Cost(passes=1, memory_kib=8)
OWNER = Owner(b"s" * 32, "Ada", 1.5)
ENTRIES: list[AnyEntry] = [
    OWNER,
    ChoiceEntry("presence", "away"),
    *(
        MessageEntry(b"k" * 32, n.to_bytes(16, "big"), bool(n & 1), "heron" * n, None, 2, None, 1, 2, None)
        for n in range(9)
    ),
]


def made(entries: list[AnyEntry] = ENTRIES, random: Callable[[int], bytes] = os.urandom) -> bytes:
    return b"".join(write(entries, "open sesame", random=random, cost=CHEAP))


def opened(data: bytes, passphrase: str = "open sesame") -> list[AnyEntry]:
    return list(read(io.BytesIO(data).read, passphrase))


def parts(data: bytes) -> list[bytes]:
    found, at = [], HEAD_BYTES
    while at < len(data):
        end = at + 4 + int.from_bytes(data[at : at + 4], "big")
        found.append(data[at:end])
        at = end
    return found


def test_what_was_written_is_read() -> None:
    data = made()
    assert opened(data) == ENTRIES
    assert opened(made([OWNER])) == [OWNER]
    for secret in (b"s" * 32, b"heron", b"Ada", b"presence"):
        assert secret not in data


def test_no_two_files_are_alike() -> None:
    assert made()[18:] != made()[18:]


def test_golden_bytes() -> None:
    data = made([OWNER], random=lambda size: b"r" * size)
    # Put together here by hand, from the drawing in the module.
    head = b"WHERRYPF" + b"\x01" + (1).to_bytes(4, "big") + (8).to_bytes(4, "big") + b"r" * 32
    about = len(b"wherry/1/file-export").to_bytes(4, "big") + b"wherry/1/file-export" + len(head).to_bytes(4, "big")
    key = argon2id.kdf(32, b"open sesame", b"r" * 16, opslimit=1, memlimit=8192)
    plain = b"\x91\x94\xa5owner\xc4\x20" + b"s" * 32 + b"\xa3Ada\xcb\x3f\xf8\0\0\0\0\0\0"
    nonce = b"r" * 16 + bytes(7) + b"\x01"
    box = nacl.bindings.crypto_aead_xchacha20poly1305_ietf_encrypt(plain, about + head, nonce, key)
    assert data == head + hashlib.sha256(about + head).digest()[:4] + len(box).to_bytes(4, "big") + box


def plain(value: object) -> object:
    """As the vectors write it: bytes in hex, records as arrays."""
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, msgspec.Struct):
        return [value.__struct_config__.tag, *map(plain, msgspec.structs.astuple(value))]
    return [plain(one) for one in value] if isinstance(value, list | tuple) else value


@vectors("export", "file", good=True)
def test_a_golden_file_is_read_and_written(vector: Vector) -> None:
    entries = opened(vector.data, vector["passphrase"])
    assert plain(entries) == vector["entries"]
    drawn = iter((vector.hex("salt"), vector.hex("prefix")))
    assert b"".join(write(entries, vector["passphrase"], random=lambda _: next(drawn), cost=CHEAP)) == vector.data


@vectors("export", "read", good=True)
def test_a_golden_file_of_another_hand_is_read(vector: Vector) -> None:
    assert plain(opened(vector.data, vector["passphrase"])) == vector["entries"]


@vectors("export", "file", good=False)
def test_what_is_no_file_is_refused(vector: Vector) -> None:
    with vector.refused():
        opened(vector.data, vector["passphrase"])


@pytest.mark.parametrize("passphrase", ["", "open sesam", "open sesame "])
def test_another_passphrase(passphrase: str) -> None:
    with pytest.raises(ExportLocked):
        opened(made(), passphrase)


def test_parts_stay_where_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(profile_file, "PART_BYTES", 60)
    data = made()
    head, boxes = data[:HEAD_BYTES], parts(data)
    assert len(boxes) > 4
    for wrong in (
        boxes[:-1],
        boxes[:1],
        [*boxes[:1], *boxes[2:]],
        [boxes[0], boxes[2], boxes[1], *boxes[3:]],
        [*boxes[:2], *boxes[1:]],
        [*boxes, boxes[-1]],
        [boxes[0], boxes[-1]],
        [*boxes[:-1], parts(made())[-1]],
    ):
        with pytest.raises(ExportCorrupt):
            opened(head + b"".join(wrong))
    with pytest.raises(ExportLocked):
        opened(head + b"".join(boxes[1:]))


def test_a_head_that_asks_for_too_much() -> None:
    for passes, memory in ((0, 8), (17, 8), (1, 7), (1, 2**21)):
        head = profile_file._HEAD.pack(b"WHERRYPF", 1, passes, memory, bytes(16), bytes(16))
        with pytest.raises(ExportCorrupt, match="passes over"):
            opened(head + profile_file._check(head))
    later = profile_file._HEAD.pack(b"WHERRYPF", 2, 1, 8, bytes(16), bytes(16))
    with pytest.raises(VersionMismatch):
        opened(later + profile_file._check(later))


def test_a_file_without_an_owner() -> None:
    with pytest.raises(ExportCorrupt, match="no owner"):
        opened(made(ENTRIES[1:]))


WHOLE = made()


@settings(max_examples=200, deadline=None)
@given(at=st.integers(0, len(WHOLE) - 1), to=st.integers(0, 255))
@example(at=0, to=0)
@example(at=HEAD_BYTES + 3, to=0)  # a part of no bytes
def test_a_byte_changed_anywhere_is_noticed(at: int, to: int) -> None:
    # Invariant: whatever byte is changed, nothing but a typed error comes out, or the same file as before.
    data = WHOLE[:at] + bytes([to]) + WHOLE[at + 1 :]
    if data == WHOLE:
        return
    with pytest.raises((ExportCorrupt, ExportLocked, VersionMismatch)):
        opened(data)


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_refused(data: bytes) -> None:
    # Invariant: any bytes that are no export are a typed error.
    for raw in (data, WHOLE[: len(data) * 2], WHOLE + data + b"x"):
        with pytest.raises((ExportCorrupt, ExportLocked)):
            opened(raw)

"""The key at rest: read as it was written; damage told from a wrong passphrase; nothing overwritten."""

from __future__ import annotations

import contextlib
import stat
from pathlib import Path

import pytest
from hypothesis import given, settings, strategies as st

from wherry_signaling import keyfile
from wherry_signaling.errors import HomeUnusable, IdentityCorrupt, IdentityLocked

SEED = bytes(range(32))
CHEAP = keyfile.Cost(passes=1, memory_kib=8)


def counting(size: int) -> bytes:
    return bytes(range(size))


def test_an_open_file_has_the_bytes_that_the_docstring_draws() -> None:
    data = keyfile.encode(SEED, passphrase=None, random=counting)
    assert data[:10] == b"WHERRYID\x01\x00"
    assert data[10:42] == SEED
    assert len(data) == 46
    assert not keyfile.is_locked(data)
    assert keyfile.decode(data, None) == SEED


def test_a_locked_file_holds_no_seed_and_opens_with_its_passphrase_alone() -> None:
    data = keyfile.encode(SEED, passphrase="päss", random=counting, cost=CHEAP)
    assert len(data) == 110
    assert keyfile.is_locked(data)
    assert SEED[:8] not in data[34 + 24 :]
    assert keyfile.decode(data, "päss") == SEED
    for wrong in ("pass", "", None):
        with pytest.raises(IdentityLocked):
            keyfile.decode(data, wrong)


@given(st.integers(min_value=0), st.integers(1, 255), st.booleans())
@settings(max_examples=200)
def test_damage_is_told_from_a_wrong_passphrase(at: int, flip: int, locked: bool) -> None:
    # Whichever byte changes, the file is refused as damaged, with or without a passphrase, before any key is derived.
    data = bytearray(keyfile.encode(SEED, passphrase="p" if locked else None, random=counting, cost=CHEAP))
    data[at % len(data)] ^= flip
    with pytest.raises(IdentityCorrupt):
        keyfile.decode(bytes(data), "p")


@given(st.binary(max_size=120))
def test_any_bytes_are_a_seed_or_a_typed_error(data: bytes) -> None:
    # No input makes the decoder raise anything but its two errors.
    with contextlib.suppress(IdentityCorrupt, IdentityLocked):
        assert len(keyfile.decode(data, "p")) == 32


def test_a_file_cannot_ask_for_all_the_memory_there_is() -> None:
    head = b"WHERRYID\x01\x01" + (1).to_bytes(4, "big") + (2**32 - 1).to_bytes(4, "big")
    crafted = keyfile._checked(head + bytes(16 + 24 + 48))
    with pytest.raises(IdentityCorrupt, match="passes over"):
        keyfile.decode(crafted, "p")


def test_a_new_file_is_its_owners_alone_and_whole(tmp_path: Path) -> None:
    path = tmp_path / "identity.key"
    keyfile.create(path, SEED)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert keyfile.load(path) == SEED
    assert [entry.name for entry in tmp_path.iterdir()] == ["identity.key"]


def test_a_file_that_is_there_wins(tmp_path: Path) -> None:
    path = tmp_path / "identity.key"
    path.write_bytes(b"precious")
    with pytest.raises(HomeUnusable, match=r"identity\.key: File exists"):
        keyfile.create(path, SEED)
    assert path.read_bytes() == b"precious"
    assert [entry.name for entry in tmp_path.iterdir()] == ["identity.key"]


def test_the_passphrase_is_asked_for_only_where_one_is_needed(tmp_path: Path) -> None:
    keyfile.create(tmp_path / "open", SEED)
    keyfile.create(tmp_path / "locked", SEED, passphrase="p", cost=CHEAP)

    def never() -> str:
        raise AssertionError("asked for nothing")

    assert keyfile.load(tmp_path / "open", ask=never) == SEED
    assert keyfile.load(tmp_path / "locked", ask=lambda: "p") == SEED
    with pytest.raises(IdentityLocked, match="none was given"):
        keyfile.load(tmp_path / "locked")


def test_a_damaged_file_is_named_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "identity.key"
    path.write_bytes(b"not a key")
    with pytest.raises(IdentityCorrupt, match=str(path)):
        keyfile.load(path)
    assert path.read_bytes() == b"not a key"


def test_a_file_that_others_could_read_is_mended_and_mentioned(tmp_path: Path) -> None:
    path = tmp_path / "identity.key"
    keyfile.create(path, SEED)
    assert keyfile.make_private(path) is None
    path.chmod(0o644)
    notice = keyfile.make_private(path)
    assert notice is not None
    assert "mode 0644" in notice
    assert stat.S_IMODE(path.stat().st_mode) == 0o600

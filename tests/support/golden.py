"""The golden vectors of `tests/vectors`, for pytest: vitest reads the same files."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from wherry_signaling.errors import WherryError

FOLDER = Path(__file__).parent.parent / "vectors"


@dataclass(frozen=True, slots=True)
class Vector:
    """One of them: `data` is what `value` makes, or must be refused with the code `error`."""

    name: str
    value: Mapping[str, Any]
    data: bytes
    error: str | None

    def __getitem__(self, key: str) -> Any:
        return self.value[key]

    def hex(self, key: str) -> bytes:
        """A byte string of the value."""
        return bytes.fromhex(self.value[key])

    @contextmanager
    def refused(self) -> Iterator[None]:
        """What is done inside must raise the error of that code."""
        with pytest.raises(WherryError) as caught:
            yield
        assert caught.value.code == self.error, f"{self.name}: {caught.value}"


@cache
def load(file: str) -> tuple[Vector, ...]:
    """All vectors of a file."""
    entries = json.loads((FOLDER / f"{file}.json").read_text())
    return tuple(
        Vector(entry["name"], entry.get("value", {}), bytes.fromhex(entry["bytes"]), entry.get("error"))
        for entry in entries
    )


def vectors(file: str, kind: str | None = None, *, good: bool) -> pytest.MarkDecorator:
    """Run the test for each vector of a file, of one kind if the file has several: the good ones or the bad ones."""
    chosen = [one for one in load(file) if kind in (None, one.value.get("kind")) and (one.error is None) is good]
    assert chosen, f"{file}.json has no such vectors"
    return pytest.mark.parametrize("vector", chosen, ids=[one.name for one in chosen])

"""Ada, Bela and Cy, each with a store of their own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from memory_post import Party

from wherry_signaling.identity import Identity


def party(folder: Path, number: int, name: str) -> Iterator[Party]:
    made = Party(Identity(bytes([number]) * 32), folder / f"{name}.db", name)
    yield made
    made.close()


@pytest.fixture
def ada(tmp_path: Path) -> Iterator[Party]:
    yield from party(tmp_path, 1, "Ada")


@pytest.fixture
def bela(tmp_path: Path) -> Iterator[Party]:
    yield from party(tmp_path, 2, "Bela")


@pytest.fixture
def cy(tmp_path: Path) -> Iterator[Party]:
    yield from party(tmp_path, 3, "Cy")

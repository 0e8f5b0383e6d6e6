"""Hosts, NATs and cut cables in network namespaces, by the laboratory beside the repository (or at $WHERRY_LAB)."""

from __future__ import annotations

import importlib.util
import os
import secrets
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

_FOLDER = Path(os.environ.get("WHERRY_LAB") or Path(__file__).parents[3] / "shared" / "lab")
MakeLab = Callable[[dict[str, Any]], AbstractContextManager[Any]]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All tests of this folder need root, Linux' namespaces and the laboratory; each says so where it is skipped."""
    why = _missing()
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.nat)
            if why:
                item.add_marker(pytest.mark.skip(reason=why))


def _missing() -> str:
    if sys.platform != "linux" or os.geteuid() != 0:
        return "needs root on Linux, for network namespaces"
    if not (_FOLDER / "natlab.py").is_file():
        return "needs the NAT laboratory: set WHERRY_LAB to its folder"
    absent = [name for name in ("ip", "nft", "sysctl") if shutil.which(name) is None]
    return f"needs {', '.join(absent)}" if absent else ""


def _natlab() -> ModuleType:
    spec = importlib.util.spec_from_file_location("natlab", _FOLDER / "natlab.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["natlab"] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def make_lab() -> MakeLab:
    """Builds a laboratory of a topology, and takes it down again; names are the test's own."""

    @contextmanager
    def make(topology: dict[str, Any]) -> Iterator[Any]:
        with _natlab().NatLab(topology, name=f"w{secrets.token_hex(2)}") as lab:
            yield lab

    return make

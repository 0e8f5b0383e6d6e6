"""Which programs of the machine were chosen, kept in `.cache/tools.json` for the Makefile and the tests."""

from __future__ import annotations

import json
from pathlib import Path

from tools.paths import CACHE

FILE = CACHE / "tools.json"


def recall(name: str) -> Path | None:
    """The program chosen earlier under `name`, if it is still there."""
    path = _read().get(name)
    return Path(path) if path and Path(path).exists() else None


def remember(name: str, path: Path) -> None:
    """Keep the choice for the next run."""
    choices = {**_read(), name: str(path)}
    FILE.parent.mkdir(parents=True, exist_ok=True)
    FILE.write_text(json.dumps(choices, indent=2, sort_keys=True) + "\n", encoding="utf-8")


def _read() -> dict[str, str]:
    try:
        found = json.loads(FILE.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return {}  # lost or half-written: choose anew
    return found if isinstance(found, dict) else {}

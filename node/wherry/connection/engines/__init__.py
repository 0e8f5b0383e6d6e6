"""Engines behind the seam of `wherry.connection.link`: aiortc, and one in memory for tests."""

from __future__ import annotations

from wherry.connection.link import Engine
from wherry.errors import EngineMissing


def engine_named(name: str) -> Engine:
    """The engine called `name`.

    :raises EngineMissing: there is none of that name, or it is not installed.
    """
    if name == "aiortc":
        from wherry.connection.engines.aiortc import AiortcEngine  # slow to import: only when it is wanted

        return AiortcEngine()
    raise EngineMissing(name)

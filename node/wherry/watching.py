"""Notices that this machine's network has changed: another Wi-Fi, a cable, a suspended laptop that wakes.

There is no portable way to be told, so we look; looking costs a millisecond.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

#: Seconds between looks: a changed network should not be noticed by its victims first.
LOOK_S: Final = 2.0


async def watch_network(
    look: Callable[[], set[str]], changed: Callable[[set[str]], None], *, period_s: float = LOOK_S
) -> None:
    """Call `changed` with this machine's addresses whenever they are others than before, until cancelled.

    :param look: the addresses now.
    """
    before = look()
    while True:
        await asyncio.sleep(period_s)
        now = look()
        if now != before:
            before = now
            changed(now)

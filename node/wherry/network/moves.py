"""Comings and goings: each of one peer begins when the one before has ended.

A *move* is a task of its own, so nobody's impatience cancels it; `ended` waits for all of them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

from wherry_signaling.identity import PeerId


class Moves:
    """The newest move of each peer; the older ones are waited for by it."""

    def __init__(self) -> None:
        self._newest: dict[PeerId, asyncio.Task[None]] = {}

    def begin(self, peer: PeerId, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Do `work` when what was begun for this peer before has ended."""
        before = self._newest.get(peer)

        async def in_turn() -> None:
            if before is not None:
                await asyncio.wait([before])
            try:
                await work
            finally:
                if self._newest.get(peer) is move:
                    del self._newest[peer]

        move = asyncio.create_task(in_turn(), name=f"network: {peer.short} comes or goes")
        self._newest[peer] = move
        return move

    async def settled(self, peer: PeerId) -> None:
        """Wait until what has been begun for this peer has ended."""
        move = self._newest.get(peer)
        if move is not None:
            await asyncio.wait([move])

    async def ended(self) -> None:
        """Wait until all have ended, those included that are begun meanwhile."""
        while self._newest:
            await asyncio.wait(list(self._newest.values()))

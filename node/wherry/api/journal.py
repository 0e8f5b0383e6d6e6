"""The node's latest events, kept for those who ask for what happened since."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Mapping
from typing import Any

from .bodies import EventView
from .limits import EVENTS_KEPT


class Journal:
    """Takes events from one source and gives them, in order, to any number of readers.

    A reader that is slower than the journal is long misses what fell out of it; it sees that by `seq`.
    """

    def __init__(self) -> None:
        self._kept: deque[EventView] = deque(maxlen=EVENTS_KEPT)
        self._news = asyncio.Event()

    async def run(self, events: AsyncIterator[Mapping[str, Any]]) -> None:
        """Take events until the source ends."""
        async for event in events:
            self.add(EventView(seq=event["seq"], type=event["type"], time=event["time"], data=dict(event["data"])))

    def add(self, event: EventView) -> None:
        """Keep one more."""
        self._kept.append(event)
        self._news.set()
        self._news = asyncio.Event()

    def since(self, seq: int) -> list[EventView]:
        """What is kept of what came after `seq`."""
        return [event for event in self._kept if event.seq > seq]

    async def follow(self, seq: int) -> AsyncIterator[EventView]:
        """What is kept after `seq`, and then all that comes."""
        while True:
            news = self._news
            for event in self.since(seq):
                seq = event.seq
                yield event
            await news.wait()

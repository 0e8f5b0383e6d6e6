"""What happens in a node, as numbered events for whoever follows: the local API, the demo, tests.

The last thousand are kept. Whoever comes later than that, or reads too slowly, is told of the gap by an event ``gap``
with the number of what is `missed`; null where they were another run's events, whose numbers mean nothing now.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final

import msgspec

#: Events that are kept for a follower who comes late.
KEPT: Final = 1000


class EventView(msgspec.Struct, frozen=True, kw_only=True):
    """One event: its number, what it is, when (RFC 3339), and about what."""

    seq: int
    type: str
    time: str
    data: Mapping[str, Any]


class Events:
    """The last events, and those who wait for more."""

    def __init__(self) -> None:
        self._kept: deque[EventView] = deque(maxlen=KEPT)
        self._seq = 0
        self._news = asyncio.Event()

    def emit(self, kind: str, data: Mapping[str, Any]) -> None:
        """Tell everybody."""
        self._seq += 1
        self._kept.append(EventView(seq=self._seq, type=kind, time=_now(), data=data))
        self._news.set()
        self._news = asyncio.Event()

    @property
    def last(self) -> int:
        """The newest event's number; 0 before the first."""
        return self._seq

    async def follow(self, since: int = 0) -> AsyncIterator[EventView]:
        """Every event after number `since`, those to come too, and a ``gap`` in place of those that are gone."""
        if since > self._seq:
            since = 0
            yield _gap(0, None)
        while True:
            gone = self._seq - len(self._kept)
            if since < gone:
                yield _gap(gone, gone - since)
                since = gone
                continue
            for event in list(self._kept)[since - gone :]:
                since = event.seq
                yield event
            if since >= self._seq:
                await self._news.wait()

    async def wait_for(self, kind: str, since: int | None = None) -> EventView:
        """The next event of a kind, after number `since` or from now on."""
        async for event in self.follow(self._seq if since is None else since):
            if event.type == kind:
                return event
        raise AssertionError("follow never ends")


def _gap(seq: int, missed: int | None) -> EventView:
    """In place of the events up to number `seq`."""
    return EventView(seq=seq, type="gap", time=_now(), data={"missed": missed})


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")

"""Streams of sessions that came, until a session claims them by their numbers."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass

from wherry_signaling.errors import Closed, WherryError

from ..errors import LimitExceeded, StreamRefused
from .limits import CLAIM_S, UNCLAIMED
from .session import Flow


@dataclass(slots=True, eq=False)
class _Arrived:
    """A stream that the peer opened, until a session claims it."""

    flow: Flow
    claimed: asyncio.Event


class Arrivals:
    """Whoever opens a session opens its streams first, in any order with the word that names them."""

    def __init__(self) -> None:
        self._arrived: dict[tuple[bytes, int], _Arrived] = {}
        self._news = asyncio.Event()

    def __len__(self) -> int:
        """How many wait."""
        return len(self._arrived)

    async def serve(self, flow: Flow) -> None:
        """Hold a stream until a session claims it, and then until it has ended, as its handler is this."""
        if sum(peer == flow.peer for peer, _ in self._arrived) >= UNCLAIMED:
            flow.fail(LimitExceeded(f"{UNCLAIMED} streams without a session"))
            return
        key, arrived = (flow.peer, flow.number), _Arrived(flow, asyncio.Event())
        self._arrived[key] = arrived
        self._tell()
        try:
            async with asyncio.timeout(CLAIM_S):
                await arrived.claimed.wait()
        except TimeoutError:
            flow.fail(StreamRefused("no session claims it"))
        finally:
            if self._arrived.get(key) is arrived:
                del self._arrived[key]
        await flow.ended()

    async def claim(self, peer: bytes, number: int) -> Flow:
        """The peer's stream of that number, once it is here."""
        while (arrived := self._arrived.pop((peer, number), None)) is None:
            await self._news.wait()
        arrived.claimed.set()
        return arrived.flow

    def _tell(self) -> None:
        self._news.set()
        self._news = asyncio.Event()


def drop(flows: Iterable[Flow], error: BaseException) -> None:
    """End what was opened in vain."""
    cause = error if isinstance(error, WherryError) else Closed("the session")
    for flow in flows:
        flow.fail(cause)

"""Streams of sessions that came, until a session claims them by their numbers."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass

from wherry_signaling.errors import Closed, WherryError

from ..connection import Flow
from ..errors import LimitExceeded, StreamRefused
from .limits import CLAIM_S, UNCLAIMED
from .session import Session


@dataclass(slots=True, eq=False)
class _Arrived:
    """A stream that the peer opened, until a session claims it."""

    flow: Flow
    claimed: asyncio.Future[Session]


class Arrivals:
    """Whoever opens a session opens its streams first, in any order with the word that names them."""

    def __init__(self) -> None:
        self._arrived: dict[tuple[bytes, int], _Arrived] = {}
        self._news = asyncio.Event()

    def __len__(self) -> int:
        """How many wait."""
        return len(self._arrived)

    async def serve(self, flow: Flow) -> None:
        """Hold a stream until a session claims it, and then until it has ended and its session is left.

        A stream ends with its handler, which is this, and what came on it may not have been read yet.
        """
        if sum(peer == flow.peer for peer, _ in self._arrived) >= UNCLAIMED:
            flow.fail(LimitExceeded(f"{UNCLAIMED} streams without a session"))
            return
        key, arrived = (flow.peer, flow.number), _Arrived(flow, asyncio.get_running_loop().create_future())
        self._arrived[key] = arrived
        self._tell()
        try:
            async with asyncio.timeout(CLAIM_S):
                session = await arrived.claimed
        except TimeoutError:
            flow.fail(StreamRefused("no session claims it"))
            return
        finally:
            if self._arrived.get(key) is arrived:
                del self._arrived[key]
        if await flow.ended() is None:
            await session.left()

    async def claim(self, session: Session, number: int) -> Flow:
        """The stream of that number which the session's peer opened, once it is here."""
        while (arrived := self._arrived.pop((session.peer.key, number), None)) is None:
            await self._news.wait()
        if not arrived.claimed.done():
            arrived.claimed.set_result(session)
        return arrived.flow

    def _tell(self) -> None:
        self._news.set()
        self._news = asyncio.Event()


def drop(flows: Iterable[Flow], error: BaseException) -> None:
    """End what was opened in vain."""
    cause = error if isinstance(error, WherryError) else Closed("the session")
    for flow in flows:
        flow.fail(cause)

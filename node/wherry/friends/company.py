"""Keeping company: a connection to every friend who is there, so that a word goes at once and presence is known."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Sequence

from wherry_signaling.errors import WherryError
from wherry_signaling.identity import PeerId

from .limits import COMPANY_AGAIN_S, COMPANY_DIALS

log = logging.getLogger(__name__)


class Company:
    """Dials friends; `run` is its one task. One that is not there is tried again, less and less often.

    :param friends: their peer ids now.
    :param dial: connects; raises WherryError where that does not work out.
    """

    def __init__(
        self,
        friends: Callable[[], Sequence[PeerId]],
        *,
        is_connected: Callable[[PeerId], bool],
        dial: Callable[[PeerId], Awaitable[object]],
    ) -> None:
        self._friends, self._is_connected, self._dial = friends, is_connected, dial
        self._next: dict[PeerId, float] = {}
        self._rest: dict[PeerId, float] = {}
        self._poked = asyncio.Event()

    def poke(self) -> None:
        """The network is another: everybody is tried soon."""
        self._next.clear()
        self._rest.clear()
        self._poked.set()

    def expect(self, peer: PeerId) -> None:
        """One has become a friend: it is tried soon."""
        self._next.pop(peer, None)
        self._rest.pop(peer, None)
        self._poked.set()

    def look(self) -> None:
        """One may have gone: whoever is due is tried, and nobody else, whatever friends do."""
        self._poked.set()

    def leave(self, peer: PeerId) -> None:
        """Our person wants it alone for a while."""
        self._next[peer] = asyncio.get_running_loop().time() + COMPANY_AGAIN_S[1]

    async def run(self) -> None:
        """Keep company until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            self._poked.clear()
            friends = self._friends()
            due = [one for one in friends if not self._is_connected(one) and self._next.get(one, 0) <= loop.time()]
            room = asyncio.Semaphore(COMPANY_DIALS)
            await asyncio.gather(*(self._try(one, room) for one in due))
            waiting = [self._next.get(one, 0.0) for one in friends if not self._is_connected(one)]
            rest_s = max(1.0, min(waiting, default=loop.time() + COMPANY_AGAIN_S[1]) - loop.time())
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(rest_s):
                    await self._poked.wait()

    async def _try(self, peer: PeerId, room: asyncio.Semaphore) -> None:
        async with room:
            try:
                await self._dial(peer)
            except WherryError as error:
                log.debug("%s is not there: %s", peer.short, error.code)
                rest_s = self._rest.get(peer, COMPANY_AGAIN_S[0])
                self._rest[peer] = min(rest_s * 2, COMPANY_AGAIN_S[1])
                self._next[peer] = asyncio.get_running_loop().time() + rest_s
            else:
                self._rest.pop(peer, None)

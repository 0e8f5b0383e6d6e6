"""Announcing introducers: changes are gathered for a moment, then told once, and told again until they are stored."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from ..endpoints import EndpointAddress
from ..errors import WherryError
from ..identity import PeerId
from ..limits import ANNOUNCE_LOSS_S, ANNOUNCE_MOST_S, ANNOUNCE_NONE_S, ANNOUNCE_S
from ..sockets import SocketAddress
from .answers import IceServer
from .session import Client

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """An introducer that has a reservation for us.

    :ivar addresses: where it is, 1–3: what the record says; each with its peer.
    :ivar rtt_ms: the round trip, in milliseconds.
    :ivar since: seconds on the loop's clock.
    :ivar observed: host and port it sees us at.
    :ivar clock_offset_s: how far its clock leads ours.
    :ivar client: the socket, for look-ups and publishing.
    """

    peer: PeerId
    addresses: tuple[EndpointAddress, ...]
    rtt_ms: float
    since: float
    observed: SocketAddress
    ice_servers: tuple[IceServer, ...]
    clock_offset_s: float
    client: Client


class Announcer:
    """Tells `on_change` of the introducers that a record should name.

    :param wanted: how many there should be: with these, a change is told soon; with fewer, the next is on its way.
    :param current: those that there are.
    :param on_change: returns once the record is stored.
    """

    def __init__(
        self,
        *,
        wanted: int,
        current: Callable[[], list[Held]],
        on_change: Callable[[list[Held]], Awaitable[None]] | None,
    ) -> None:
        self._wanted, self._current, self._on_change = wanted, current, on_change
        self._changed = asyncio.Event()
        self._told: list[tuple[PeerId, tuple[EndpointAddress, ...]]] = []

    def changed(self) -> None:
        """Something has changed, or may have."""
        self._changed.set()

    async def settled(self) -> None:
        """Wait for a change, and a moment more: others that belong to it, or a replacement, are on their way."""
        await self._changed.wait()
        loop = asyncio.get_running_loop()
        deadline, held = loop.time() + ANNOUNCE_NONE_S, 0
        while True:
            self._changed.clear()
            before, held = held, len(self._current())
            if held >= self._wanted:
                deadline = min(deadline, loop.time() + ANNOUNCE_S)
            elif held > before:
                deadline = min(deadline, loop.time() + ANNOUNCE_LOSS_S)
            try:
                async with asyncio.timeout_at(deadline):
                    await self._changed.wait()
            except TimeoutError:
                return

    async def tell(self) -> bool:
        """Tell what there is now, unless it was told before; False if it could not be stored, and is to be told again.

        What `on_change` raises as a `WherryError` is such a failure, and so is taking longer than `ANNOUNCE_MOST_S`.
        """
        current = self._current()
        now = sorted((one.peer, one.addresses) for one in current)
        if now == self._told or self._on_change is None:
            return True
        try:
            async with asyncio.timeout(ANNOUNCE_MOST_S):
                await self._on_change(current)
        except (WherryError, TimeoutError) as error:
            _log.info("a change of introducers could not be announced: %s", type(error).__name__)
            asyncio.get_running_loop().call_later(ANNOUNCE_LOSS_S, self._changed.set)
            return False
        self._told = now
        return True

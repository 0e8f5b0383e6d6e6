"""The door of the TCP port: counts connections by network before anybody speaks HTTP with them.

An aiohttp server takes whatever connects; a stranger who opens thousands of idle connections would use up this
process's file descriptors. So each connection comes to a `_Door` first, which hands the transport to the HTTP protocol
(`set_protocol`: from then on it is as if the door had never been there), or aborts it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from ..errors import Quota
from ..limits import CONNECTIONS_PER_NETWORK, CONNECTIONS_PER_PRIVATE_HOST, DESCRIPTORS_KEPT
from ..scope import Scope
from .admission import Source
from .descriptors import descriptor_limit

#: Connections that may have ended without being forgotten, beside as many again as are open.
_SLACK: Final = 64


class Doors:
    """A protocol factory for `loop.create_server`.

    :param inside: makes the protocol that a connection is handed to.
    :param exempt: whether a host (a trusted proxy) is counted in total only.
    """

    def __init__(self, inside: Callable[[], asyncio.Protocol], *, exempt: Callable[[str], bool]) -> None:
        self._inside, self._exempt = inside, exempt
        self._most = descriptor_limit() - DESCRIPTORS_KEPT
        self._by_network: dict[str, set[asyncio.Transport]] = {}
        self._count, self._sweep_at = 0, _SLACK
        #: Connections that were turned away.
        self.refused = 0

    def __call__(self) -> asyncio.Protocol:
        """One more door."""
        return _Door(self)

    def enter(self, transport: asyncio.Transport) -> None:
        """Hand a new connection to what is inside.

        :raises Quota: if there are too many of its network, or in all.
        """
        peername = transport.get_extra_info("peername") or ("", 0)
        source = Source.of((peername[0], peername[1]))
        most = CONNECTIONS_PER_NETWORK if source.scope is Scope.GLOBAL else CONNECTIONS_PER_PRIVATE_HOST
        if self._count >= self._sweep_at or self._is_full(source, most):
            self._sweep()
        if self._is_full(source, most):
            raise Quota("too many connections")
        self._by_network.setdefault(source.network, set()).add(transport)
        self._count += 1
        protocol = self._inside()
        transport.set_protocol(protocol)
        protocol.connection_made(transport)

    def __len__(self) -> int:
        return self._count

    def _sweep(self) -> None:
        """Forget connections that have ended: nobody tells a door when they do."""
        for network, transports in list(self._by_network.items()):
            transports.difference_update([transport for transport in transports if transport.is_closing()])
            if not transports:
                del self._by_network[network]
        self._count = sum(map(len, self._by_network.values()))
        self._sweep_at = 2 * self._count + _SLACK

    def _is_full(self, source: Source, most: int) -> bool:
        ours = len(self._by_network.get(source.network, ()))
        return self._count >= self._most or (ours >= most and not self._exempt(source.host))


class _Door(asyncio.Protocol):
    """What a connection meets first."""

    def __init__(self, doors: Doors) -> None:
        self._doors = doors

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        try:
            self._doors.enter(transport)
        except Quota:
            self._doors.refused += 1
            transport.abort()

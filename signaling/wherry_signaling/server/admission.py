"""Who may open a socket: counts by network, by private host, and of handshakes under way. A core."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from ..errors import Quota
from ..limits import (
    HANDSHAKES_PER_ADDRESS,
    HANDSHAKES_PER_PRIVATE_HOST,
    HANDSHAKES_PER_PRIVATE_S,
    HANDSHAKES_PER_S,
    REMEMBERED_ADDRESSES,
    SOCKETS,
    SOCKETS_PER_NETWORK,
    SOCKETS_PER_PRIVATE_HOST,
)
from ..rates import Rates
from ..scope import Scope, network_of, scope_of
from ..sockets import SocketAddress


@dataclass(frozen=True, slots=True)
class Source:
    """Where a socket comes from.

    :ivar network: /24 or /56 of a public address, else the host: what limits count.
    :ivar scope: how near it is; what is no address at all counts as public.
    """

    host: str
    port: int
    network: str
    scope: Scope

    @classmethod
    def of(cls, remote: SocketAddress) -> Source:
        """The source at a host and port."""
        host, port = remote
        scope = scope_of(host)
        return cls(host, port, network_of(host), Scope.GLOBAL if scope is None else scope)

    @property
    def sender(self) -> tuple[str, int]:
        """What the rate of envelopes counts: a public network, but each socket of a private host.

        A demo and a LAN behind one address would otherwise share one allowance.
        """
        return (self.network, 0) if self.scope is Scope.GLOBAL else (self.host, self.port)


class Admission:
    """Counts the sockets that are open.

    :param sockets: how many in all.
    """

    __slots__ = ("_by_network", "_handshakes", "_limit", "_private_rates", "_rates", "_sockets")

    def __init__(self, sockets: int = SOCKETS) -> None:
        self._limit = sockets
        self._sockets = 0
        self._by_network: Counter[str] = Counter()
        self._handshakes: Counter[str] = Counter()
        self._rates = Rates(HANDSHAKES_PER_S, remembered=REMEMBERED_ADDRESSES)
        self._private_rates = Rates(HANDSHAKES_PER_PRIVATE_S, remembered=REMEMBERED_ADDRESSES)

    def __len__(self) -> int:
        return self._sockets

    def enter(self, source: Source, now: float) -> None:
        """Let a socket in, whose handshake begins.

        :raises Quota: if there are too many of its kind.
        """
        private = source.scope is not Scope.GLOBAL
        if self._sockets >= self._limit:
            raise Quota("this endpoint holds as many sockets as it can")
        if self._by_network[source.network] >= (SOCKETS_PER_PRIVATE_HOST if private else SOCKETS_PER_NETWORK):
            raise Quota("too many sockets from your network")
        if self._handshakes[source.host] >= (HANDSHAKES_PER_PRIVATE_HOST if private else HANDSHAKES_PER_ADDRESS):
            raise Quota("too many handshakes at once")
        if not (self._private_rates if private else self._rates).take(source.network, now):
            raise Quota("too many handshakes from your network")
        self._sockets += 1
        self._by_network[source.network] += 1
        self._handshakes[source.host] += 1

    def shaken(self, source: Source) -> None:
        """Its handshake is over, well or not."""
        _decrement(self._handshakes, source.host)

    def leave(self, source: Source) -> None:
        """The socket has ended."""
        self._sockets -= 1
        _decrement(self._by_network, source.network)


def _decrement(counter: Counter[str], key: str) -> None:
    counter[key] -= 1
    if counter[key] <= 0:
        del counter[key]

"""Who is reached through this endpoint: reservations, in memory only. A core.

A reservation belongs to one socket and ends with it. Somebody who registers again from another socket (a reloaded tab)
takes the reservation over; the older socket can no longer renew it.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Generic, TypeVar

from ..errors import NoReservation, Quota
from ..limits import RESERVATION_S, RESERVATIONS, RESERVATIONS_PER_NETWORK
from ..scope import Scope
from .admission import Source

H = TypeVar("H")


@dataclass(slots=True)
class Reservation(Generic[H]):
    """One peer's.

    :ivar holder: the socket through which it is reached.
    :ivar expires: when it ends unless renewed, on the clock that `now` is of.
    """

    key: bytes
    holder: H
    source: Source
    capabilities: int
    expires: float


class Registry(Generic[H]):
    """The reservations of one endpoint.

    :param most: how many there may be.
    """

    __slots__ = ("_by_network", "_most", "_reservations")

    def __init__(self, most: int = RESERVATIONS) -> None:
        self._most = most
        self._reservations: dict[bytes, Reservation[H]] = {}
        self._by_network: Counter[str] = Counter()

    def __len__(self) -> int:
        return len(self._reservations)

    def register(
        self, key: bytes, holder: H, source: Source, *, seconds: float, capabilities: int = 0, now: float
    ) -> Reservation[H]:
        """Reserve for `key`; it lasts at most `RESERVATION_S`.

        :raises Quota: if there are too many, here or from its network.
        """
        if key not in self._reservations:
            if len(self._reservations) >= self._most:
                raise Quota("this endpoint holds as many reservations as it can")
            if source.scope is Scope.GLOBAL and self._by_network[source.network] >= RESERVATIONS_PER_NETWORK:
                raise Quota("too many reservations from your network")
        self._forget(key)
        reservation = Reservation(key, holder, source, capabilities, now + min(seconds, RESERVATION_S))
        self._reservations[key] = reservation
        self._by_network[source.network] += 1
        return reservation

    def renew(self, key: bytes, holder: H, *, seconds: float, now: float) -> Reservation[H]:
        """Let the reservation last longer.

        :raises NoReservation: if `holder` has none, or another socket has taken it over.
        """
        reservation = self._reservations.get(key)
        if reservation is None or reservation.holder is not holder or reservation.expires <= now:
            raise NoReservation("register first")
        reservation.expires = now + min(seconds, RESERVATION_S)
        return reservation

    def find(self, key: bytes, now: float) -> Reservation[H] | None:
        """The reservation of `key`, while it lasts."""
        reservation = self._reservations.get(key)
        return reservation if reservation is not None and reservation.expires > now else None

    def release(self, key: bytes, holder: H) -> None:
        """`holder` goes, or asks for it; another socket's reservation of the same key stays."""
        reservation = self._reservations.get(key)
        if reservation is not None and reservation.holder is holder:
            self._forget(key)

    def sweep(self, now: float) -> None:
        """Forget what ran out."""
        for key in [key for key, reservation in self._reservations.items() if reservation.expires <= now]:
            self._forget(key)

    def _forget(self, key: bytes) -> None:
        reservation = self._reservations.pop(key, None)
        if reservation is not None:
            network = reservation.source.network
            self._by_network[network] -= 1
            if not self._by_network[network]:
                del self._by_network[network]

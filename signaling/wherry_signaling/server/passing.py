"""Passing on: an envelope for somebody at another introducer, for clients that can open one socket only.

One hop: we are a guest there, with a throw-away key, after a handshake that proves the next introducer, at addresses
no nearer than the client that asks, names judged after their resolution. What we carry is sealed to the
next introducer, so we do not learn whom it is for.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ..client.guests import Guests
from ..endpoints import EndpointAddress
from ..errors import DeliveryFailed, InvalidMultiaddr, InvalidPeerId, Malformed
from ..identity import PeerId
from ..scope import Scope
from ..sockets import Connector


class Passing:
    """Guest sockets to other introducers, apart for each scope that clients may reach.

    :param connector: opens sockets; None if this endpoint passes nothing on.
    """

    def __init__(self, connector: Connector | None, random: Callable[[int], bytes]) -> None:
        self._connector, self._random = connector, random
        self._guests: dict[Scope, Guests] = {}

    async def pass_on(self, scope: Scope, introducer: bytes, endpoints: Sequence[bytes], sealed: bytes) -> None:
        """Hand `sealed` to the introducer of that key, at one of the binary multiaddrs.

        :param scope: how near the client is that asks.
        :raises Malformed: if key or addresses are none.
        :raises DeliveryFailed: if there is nobody else to hand it to, or no way.
        :raises NoReservation, Quota, EndpointTimeout, EndpointLost, EndpointUnreachable: from there.
        """
        if self._connector is None:
            raise DeliveryFailed("this endpoint passes nothing on")
        try:
            peer = PeerId(introducer)
            addresses = [EndpointAddress.from_bytes(data, peer) for data in endpoints]
        except (InvalidPeerId, InvalidMultiaddr) as error:
            raise Malformed(error.detail) from error
        allowed = [address for address in addresses if address.scope is None or address.scope >= scope]
        if not allowed:
            raise DeliveryFailed("none of the addresses may be asked for")
        if scope not in self._guests:
            self._guests[scope] = Guests(self._connector.reaching(scope), random=self._random)
        await self._guests[scope].hand_on_via(allowed, sealed)

    async def close(self) -> None:
        """End the guest sockets."""
        for guests in self._guests.values():
            await guests.close()

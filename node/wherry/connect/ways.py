"""The ways a signal can go to a peer, and racing along them.

A **route** begins here: an endpoint that may hand a signal to the peer (its own, or an introducer's). A **way back** is
the socket by which something of the peer's came; a reply goes along it even where the peer has no reservation
anywhere. Each copy is sealed afresh, so that two introducers cannot tell that they carry the same.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from wherry_signaling.endpoints import EndpointAddress
from wherry_signaling.errors import WherryError
from wherry_signaling.identity import PeerId
from wherry_signaling.record import PeerRecord
from wherry_signaling.scope import Scope

from .limits import STAGGER_S
from .trace import Trace

#: Makes one more sealed copy of a signal.
Copy = Callable[[], bytes]


class Carrier(Protocol):
    """Hands sealed envelopes to endpoints: guest sockets with throw-away keys."""

    async def send_via(
        self, addresses: Sequence[EndpointAddress], to: PeerId, tag: bytes, envelope: bytes
    ) -> EndpointAddress:
        """Have `envelope` delivered by the first of one endpoint's addresses that works; returns that one.

        :raises RemoteError: NoReservation, Quota, DeliveryFailed, EndpointUnreachable, …
        """
        ...


@dataclass(frozen=True, slots=True)
class Route:
    """One endpoint that may lead to the peer, under all of its addresses."""

    introducer: PeerId
    addresses: tuple[EndpointAddress, ...]

    def __str__(self) -> str:
        return self.introducer.short


@dataclass(frozen=True, slots=True, eq=False)
class Arrival:
    """How something came: through whom, over an address of which scope, and how to reply along it."""

    introducer: PeerId
    scope: Scope
    reply: Callable[[bytes], Awaitable[None]]
    #: Names the socket, so that the same one is not answered twice.
    key: tuple[PeerId, int]
    #: The other end's address as we saw it; None behind an introducer.
    host: str | None = None

    def __hash__(self) -> int:
        return hash(self.key)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Arrival) and other.key == self.key

    def __str__(self) -> str:
        return f"back by {self.introducer.short}"


def routes_to(record: PeerRecord) -> list[Route]:
    """Every endpoint a record names: the peer's own first, then its introducers, each once."""
    routes = [Route(record.peer, record.direct)] if record.direct else []
    routes += [Route(one.peer, one.endpoints) for one in record.introducers if one.endpoints]
    return routes


async def race(
    routes: Sequence[Route],
    carrier: Carrier,
    to: PeerId,
    tag: bytes,
    copy: Copy,
    trace: Trace,
    delivered: Callable[[Route, EndpointAddress], None],
) -> None:
    """Send a copy along every route, `STAGGER_S` after the one before, or at once where that one has failed.

    Ends when all have been tried; whoever has its answer earlier cancels it.
    """

    async def one(route: Route, failed: asyncio.Event) -> None:
        try:
            address = await carrier.send_via(route.addresses, to, tag, copy())
        except WherryError as error:
            trace.add("ring", "failed", way=str(route), code=error.code)
            failed.set()
            return
        trace.add("ring", "delivered", way=str(route), via=str(address.without_peer()))
        delivered(route, address)

    async with asyncio.TaskGroup() as group:
        for position, route in enumerate(routes):
            failed = asyncio.Event()
            group.create_task(one(route, failed), name=f"ring by {route}")
            if position < len(routes) - 1:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(failed.wait(), STAGGER_S)


async def send_back(arrivals: Sequence[Arrival], copy: Copy, trace: Trace) -> None:
    """Send a copy along every way back at once; one that is gone harms none of the others."""

    async def one(arrival: Arrival) -> None:
        try:
            await arrival.reply(copy())
        except WherryError as error:
            trace.add("ring", "failed", way=str(arrival), code=error.code)
            return
        trace.add("ring", "delivered", way=str(arrival))

    async with asyncio.TaskGroup() as group:
        for arrival in arrivals:
            group.create_task(one(arrival), name=f"reply {arrival}")

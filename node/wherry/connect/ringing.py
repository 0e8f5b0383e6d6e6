"""Sending one peer's signals: sealed afresh for every way, along the ways its record names, or back as one came."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable

from wherry_signaling.endpoints import EndpointAddress
from wherry_signaling.identity import PeerId
from wherry_signaling.record import PeerRecord
from wherry_signaling.signals import Answer, Offer, Signal, seal_signal

from .limits import LOOK_AGAIN_S
from .negotiation import Way
from .surroundings import Surroundings
from .trace import Trace
from .ways import Arrival, Route, race, routes_to, send_back


class Ringing:
    """Signals to one peer. Nothing is sent while no record of it is known."""

    def __init__(self, peer: PeerId, around: Surroundings) -> None:
        self._peer, self._around = peer, around

    async def ring(self, offer: Offer, trace: Trace, delivered: Callable[[Route, EndpointAddress], None]) -> None:
        """Along every way; where none led to the peer, by a newer record if there is one: it may have moved."""
        record, rung = self._around.record_of(self._peer), False

        def note(route: Route, address: EndpointAddress) -> None:
            nonlocal rung
            rung = True
            delivered(route, address)

        for pause_s in LOOK_AGAIN_S:
            if record is not None:
                await self._race(offer, record, trace, note)
            if rung:
                return
            await asyncio.sleep(pause_s)
            record = await self._around.look_again(self._peer, trace) or record

    async def back(self, signal: Offer | Answer, ways: Iterable[Way], trace: Trace) -> None:
        """Along the ways by which something of the peer's came."""
        record = self._around.record_of(self._peer)
        if record is not None:
            arrivals = [way for way in ways if isinstance(way, Arrival)]
            await send_back(arrivals, self._copy(signal, record), trace)

    async def everywhere(self, answer: Answer, trace: Trace) -> None:
        """Along every way of the record that came with the offer."""
        record = self._around.record_of(self._peer)
        if record is not None:
            await self._race(answer, record, trace, lambda *_: None)

    async def _race(
        self, signal: Signal, record: PeerRecord, trace: Trace, delivered: Callable[[Route, EndpointAddress], None]
    ) -> None:
        copy = self._copy(signal, record)
        await race(routes_to(record), self._around.carrier, self._peer, b"", copy, trace, delivered)

    def _copy(self, signal: Signal, record: PeerRecord) -> Callable[[], bytes]:
        around = self._around
        return lambda: seal_signal(
            signal,
            sender=around.identity,
            recipient=self._peer,
            sealing_key=record.sealing_key,
            ephemeral_secret=around.random(32),
        )

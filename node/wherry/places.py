"""The places where records are kept and found: the DHT, and endpoints that answer for it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from functools import partial
from typing import Final

from wherry_signaling.client.guests import Guests
from wherry_signaling.client.introducers import Held
from wherry_signaling.domains import Purpose
from wherry_signaling.endpoints import EndpointAddress
from wherry_signaling.errors import RemoteError
from wherry_signaling.identity import PeerId
from wherry_signaling.record import dht_key
from wherry_signaling.scope import Scope

from .connect.records import Source
from .dht import Dht
from .errors import PublishFailed

#: Seconds that places have to store a record; who is slower is not counted.
PUBLISH_S: Final = 2.5


class Places:
    """Where to publish, and whom to ask.

    :param dht: the one of now; after a suspension it is another.
    :param held: the introducers that hold a reservation for us now.
    :param named: endpoints to ask while there is none.
    """

    def __init__(
        self,
        dht: Callable[[], Dht],
        guests: Guests,
        held: Callable[[], Sequence[Held]],
        named: Callable[[], Sequence[EndpointAddress]],
    ) -> None:
        self._dht, self._guests, self._held, self._named = dht, guests, held, named

    def sources(self) -> list[Source]:
        """Whom to ask where somebody is: endpoints as a guest, since who looks for whom is nobody's business."""
        held = self._held()
        if held:
            asked = [
                Source(one.peer.short, partial(self._guests.look_up_via, one.addresses), _scope(one.addresses[0]))
                for one in held
            ]
        else:
            asked = [Source(str(one), partial(self._guests.look_up_via, one), _scope(one)) for one in self._named()]
        nearest = min((one.endpoint.scope for one in self._dht().contacts()), default=Scope.LOOPBACK)
        return [Source("DHT", self.ask_dht, nearest), *asked]

    async def ask_dht(self, purpose: Purpose, peer: PeerId) -> bytes | None:
        """A peer's document by the DHT's word, or None; raises RemoteError where nobody can be asked."""
        return (await self._dht().look_up(dht_key(purpose, peer))).document

    async def look_up(self, peer: PeerId) -> bytes:
        """A peer's record by the DHT's word, or nothing."""
        return await self.ask_dht(Purpose.PEER_RECORD, peer) or b""

    def stun_servers(self) -> Sequence[str]:
        """URLs of peers that answer STUN: introducers said so, nodes of the DHT do by their nature."""
        told = [url for held in self._held() for server in held.ice_servers for url in server.urls]
        return told + [f"stun:{one.endpoint.host}:{one.endpoint.port}" for one in self._dht().contacts()]

    async def publish(self, document: bytes) -> int:
        """Store it everywhere at once: a place that is silent must not keep the others waiting.

        :returns: how many hold it.
        :raises PublishFailed: if nobody took it.
        """
        places = [self._through_dht(document), *(held.client.publish(document) for held in self._held())]
        tasks = [asyncio.create_task(place, name="publish") for place in places]
        try:
            await asyncio.wait(tasks, timeout=PUBLISH_S)
        finally:
            for task in tasks:
                task.cancel()
            results = await asyncio.gather(*tasks, return_exceptions=True)
        holders = sum(result for result in results if isinstance(result, int))
        if not holders:
            raise PublishFailed("; ".join(str(result) for result in results if isinstance(result, RemoteError)))
        return holders

    async def _through_dht(self, document: bytes) -> int:
        return len((await self._dht().publish(document, deadline_s=PUBLISH_S)).stored_at)


def _scope(endpoint: EndpointAddress) -> Scope:
    """How far off an endpoint is; one under a name may be anywhere."""
    return endpoint.scope or Scope.GLOBAL

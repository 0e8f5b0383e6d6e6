"""What news of one piece of a node means to the others: introducers, the network, the DHT, names, connections."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from wherry_signaling.client.introducers import Held
from wherry_signaling.endpoints import EndpointAddress, UdpAddress
from wherry_signaling.identity import PeerId
from wherry_signaling.record import Introducer

from .connection import Closed, Event, LinkActive, StreamOpened
from .dht.events import ContactJoined, DhtEvent, StateChanged
from .home import Remembered
from .presence import Published, Whereabouts

if TYPE_CHECKING:
    from .assembly import Parts


class News:
    """Passes it on. It owns nothing but since when each peer is connected."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._since: dict[PeerId, float] = {}

    def connected_since(self, peer: PeerId) -> float:
        """When the connection opened, by the loop's clock."""
        return self._since.get(peer, asyncio.get_running_loop().time())

    def whereabouts(self, held: Sequence[Held]) -> None:
        """Our record is to say what is so now."""
        parts = self._parts
        parts.presence.update(
            Whereabouts(
                direct=parts.addresses.signaling,
                dht=parts.addresses.dht if parts.dht.state == "server" else (),
                introducers=tuple(Introducer(one.peer, tuple(one.addresses)) for one in held),
            )
        )

    async def introducers(self, held: Sequence[Held]) -> None:
        """They are others; returns once a record that names them is stored."""
        parts = self._parts
        self.whereabouts(held)
        for one in held:
            parts.store.remember_endpoint(one.addresses[0], seen=time.time())
        parts.events.emit("introducers", {"peers": [str(one.peer) for one in held]})
        parts.mail.introducers_changed()
        await parts.presence.publish_now(if_changed=True)

    async def joined(self) -> None:
        """Wait until the DHT is joined, and have everybody know."""
        parts = self._parts
        await parts.joining.joined.wait()
        parts.events.emit("joined", {"contacts": len(parts.dht.contacts())})
        parts.introducers.poke()
        parts.presence.poke()
        self.whereabouts(parts.introducers.current())

    def network(self, machine: set[str]) -> None:
        """Whatever was true of the old network is looked at anew; connections dial beside their old links."""
        parts = self._parts
        parts.moved(machine)
        self.whereabouts(parts.introducers.current())
        parts.joining.notice()
        parts.introducers.poke()
        parts.presence.poke()
        for peer in parts.network.peers:
            parts.tasks.start(parts.redial(peer.id), f"dial {peer.id.short} by the new network")
        parts.mail.network_changed()
        parts.events.emit("network", {"addresses": sorted(machine)})

    def dht(self, event: DhtEvent) -> None:
        """A contact is new, which may introduce us; or we serve the DHT now, or no more."""
        parts = self._parts
        match event:
            case ContactJoined(endpoint=endpoint) if parts.opened:
                parts.joining.notice()
                if not parts.is_own(endpoint.host, endpoint.port):
                    parts.introducers.offer([EndpointAddress(endpoint.host, endpoint.port)])
            case StateChanged() if parts.opened:
                self.whereabouts(parts.introducers.current())
            case _:
                return

    def published(self, published: Published) -> None:
        """Our record is stored."""
        self.remember_contacts()
        holders = {"sequence": published.record.sequence, "holders": published.holders}
        self._parts.events.emit("published", holders)

    def remember_contacts(self) -> None:
        """For the next start."""
        contacts = [UdpAddress(one.host, one.port) for one in self._parts.dht.remembered()]
        self._parts.store.remember_contacts(contacts, seen=time.time())

    def own_name(self, name: str) -> None:
        """Our person is called otherwise now, also after a restart."""
        parts = self._parts
        parts.name = name
        if parts.config.name is None:
            parts.home.remember(Remembered(name=name))

    def peer_name(self, peer: PeerId, name: str) -> None:
        """What a peer calls itself."""
        self._parts.names[peer] = name
        self._parts.store.remember_peer(peer, claimed=name, seen=time.time())

    def connection(self, peer: PeerId, event: Event) -> None:
        """Something happened to a connection."""
        if isinstance(event, LinkActive) and peer not in self._since:
            self._since[peer] = asyncio.get_running_loop().time()
        if isinstance(event, Closed):
            self._since.pop(peer, None)
        if not isinstance(event, StreamOpened):
            self._parts.events.emit("connection", {"peer": str(peer), "event": type(event).__name__})

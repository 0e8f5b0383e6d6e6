"""Nodes without DHT and introducers: reached at their own endpoints, over real sockets and aiortc."""

from __future__ import annotations

import secrets
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from wherry.connect.arriving import Arrivals
from wherry.connect.dialer import Around, Dialer
from wherry.connect.records import Records, Source
from wherry.connect.ways import Arrival
from wherry.connection import Policy
from wherry.connection.engines import engine_named
from wherry.network import Network
from wherry.network.basics import Basics, add_basics
from wherry_signaling.client.guests import Guests
from wherry_signaling.client.session import Client
from wherry_signaling.client.websocket import WebSocketConnector
from wherry_signaling.domains import Purpose
from wherry_signaling.identity import Identity, PeerId
from wherry_signaling.record import PeerRecord
from wherry_signaling.scope import Scope
from wherry_signaling.server.endpoint import Endpoint


@dataclass
class Party:
    """A node without DHT and introducers: it is reached at its own endpoint."""

    identity: Identity
    dialer: Dialer
    network: Network
    records: Records

    @property
    def id(self) -> PeerId:
        return self.identity.id


async def _nothing(peer: PeerId) -> bytes:
    return b""


@asynccontextmanager
async def party(
    book: dict[PeerId, bytes], *, accepts: Callable[[PeerId], bool] = lambda _: True
) -> AsyncIterator[Party]:
    """One of them; `book` stands for the DHT."""
    async with AsyncExitStack() as stack:
        identity, instance = Identity(secrets.token_bytes(32)), secrets.token_bytes(8)
        connector = WebSocketConnector()
        stack.push_async_callback(connector.close)
        endpoint = await stack.enter_async_context(
            Endpoint(identity, ("127.0.0.1", 0), deliver=lambda *came: delivered_here(*came))
        )

        def delivered_here(tag: bytes, envelope: bytes, host: str, back: int) -> bool:
            return Arrivals(dialer.identity, dialer).deliver(
                envelope,
                Arrival(identity.id, Scope.LOOPBACK, lambda data: endpoint.reply(back, data), (identity.id, back)),
            )

        def delivered_to_guest(client: Client, tag: bytes, envelope: bytes, back: int) -> bool:
            return Arrivals(dialer.identity, dialer).deliver(
                envelope,
                Arrival(client.peer, Scope.LOOPBACK, lambda data: client.reply(back, data), (client.peer, back)),
            )

        guests = await stack.enter_async_context(
            Guests(connector.reaching(Scope.LOOPBACK), on_deliver=delivered_to_guest)
        )

        async def ask(_: Purpose, peer: PeerId) -> bytes | None:
            return book.get(peer)

        async def no_servers() -> list[object]:
            return []

        records = Records(lambda: [Source("book", ask)], time.time)
        network = Network(
            identity.id,
            instance,
            Policy(),
            dial=lambda peer: dialer.dial(peer),
            redial=lambda peer: dialer.dial(peer),
        )
        await add_basics(
            network, Basics(name=lambda: "Quiet Heron", look_up=_nothing, metrics=lambda: "", named=lambda *_: None)
        )
        record = PeerRecord(
            peer=identity.id,
            sequence=1,
            instance=instance,
            issued=int(time.time()),
            expires=int(time.time()) + 3600,
            sealing_key=identity.sealing_public,
            direct=endpoint.addresses,
        ).sign(identity)
        book[identity.id] = record
        dialer = await stack.enter_async_context(
            Dialer(
                Around(
                    identity=identity,
                    instance=instance,
                    engine=engine_named("aiortc"),
                    records=records,
                    carrier=guests,
                    ice_servers=no_servers,  # type: ignore[arg-type]
                    candidate_filter=lambda host: True,
                    own_record=lambda: record,
                    own_public_hosts=set,
                    wall_clock=time.time,
                    random=secrets.token_bytes,
                    has_connection=lambda peer: network.connection(peer) is not None,
                    adopt=network.adopt,
                    may_connect=lambda peer: True,
                    accepts=accepts,
                    known=lambda peer: False,
                )
            )
        )
        stack.push_async_callback(network.close)
        await network.start()
        yield Party(identity, dialer, network, records)

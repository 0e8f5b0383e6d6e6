"""Two ends of one connection in one process, over any engine.

::

    async with connected_pair(handlers={"/greeting/1": greet}) as pair:
        async with await pair.alice.open_stream("/greeting/1") as stream:
            ...
        await pair.connect()                # a new link under the same streams
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from wherry.connection import Connection, Event, Greeting, Handler, Link, Policy, Rule
from wherry.connection.connection import DatagramHandler
from wherry.connection.engines.memory import MemoryEngine
from wherry.connection.link import Engine

ALICE, BOB = b"a" * 32, b"b" * 32
ALICE_INSTANCE, BOB_INSTANCE = b"a" * 8, b"b" * 8


@dataclass(slots=True)
class ConnectedPair:
    """Alice and Bob; Alice has the smaller key.

    :param links: the links that were made, oldest first, as (Alice's end, Bob's end).
    :param alice_events: what Alice's connection told its owner.
    """

    engine: Engine
    alice: Connection
    bob: Connection
    links: list[tuple[Link, Link]] = field(default_factory=list)
    alice_events: list[Event] = field(default_factory=list)
    bob_events: list[Event] = field(default_factory=list)
    alice_instance: bytes = ALICE_INSTANCE
    bob_instance: bytes = BOB_INSTANCE
    _ids: Callable[[], int] = field(default_factory=lambda: itertools.count(1).__next__)

    async def open_link(self) -> tuple[Link, Link]:
        """A new pair of links, open and attached to nothing."""
        ours, theirs = self.engine.create(ice_servers=[]), self.engine.create(ice_servers=[])
        self.links.append((ours, theirs))
        await ours.accept(await theirs.answer(await ours.offer()))
        await asyncio.gather(ours.opened(), theirs.opened())
        return ours, theirs

    async def connect(self, ends: tuple[Link, Link] | None = None) -> None:
        """Attach both connections to a new link, or to the one given; an older one ends.

        :raises RemoteError: one of the two could not be attached.
        """
        ours, theirs = ends or await self.open_link()
        attempt, answer = (self._ids().to_bytes(16, "big") for _ in range(2))
        ended = await asyncio.gather(
            self.alice.attach(ours, Greeting(attempt=attempt, answer=answer, instance=self.bob_instance)),
            self.bob.attach(theirs, Greeting(attempt=attempt, answer=answer, instance=self.alice_instance)),
            return_exceptions=True,
        )
        for error in ended:
            if error is not None:
                raise error


@asynccontextmanager
async def connected_pair(
    *,
    engine: Engine | None = None,
    handlers: Mapping[str, Handler] | None = None,
    datagram_handlers: Mapping[str, DatagramHandler] | None = None,
    rules: Mapping[str, Rule] | None = None,
    connect: bool = True,
) -> AsyncIterator[ConnectedPair]:
    """Two connections with each other, closed at the end.

    :param engine: by default one in memory.
    :param handlers: what both ends serve; anyone may open it unless `rules` says otherwise.
    :param rules: the policy of both ends.
    :param connect: whether there is a link from the first.
    """
    engine = engine or MemoryEngine()
    handlers, datagram_handlers = handlers or {}, datagram_handlers or {}
    if rules is None:
        rules = {name: Rule(allow="anyone", opens_per_minute=1_000_000) for name in (*handlers, *datagram_handlers)}
    alice_events: list[Event] = []
    bob_events: list[Event] = []
    alice, bob = (
        Connection(
            local=local,
            peer=peer,
            instance=instance,
            policy=Policy(rules=rules),
            handlers=handlers,
            datagram_handlers=datagram_handlers,
            on_event=events.append,
        )
        for local, peer, instance, events in (
            (ALICE, BOB, ALICE_INSTANCE, alice_events),
            (BOB, ALICE, BOB_INSTANCE, bob_events),
        )
    )
    pair = ConnectedPair(engine, alice, bob, alice_events=alice_events, bob_events=bob_events)
    try:
        if connect:
            await pair.connect()
        yield pair
    finally:
        await alice.close()
        await bob.close()
        for ends in pair.links:
            for link in ends:
                await link.close()

"""Introducers under anything: random kills, cut cables, hung processes and returns, then a calm minute.

Each seed is one life of ten minutes of virtual time among 12 endpoints, of which at least 4 work at any moment.
`WHERRY_HEAL_SEEDS` sets how many lives are lived (25 by default; 1,000 take a quarter of an hour).
"""

from __future__ import annotations

import asyncio
import os
import random
from contextlib import ExitStack

import pytest
from introducing import SEALED, World, identity, wall_clock

from wherry.testing.clock import run_virtual
from wherry_signaling.client import Client, Guests, Held, Introducers
from wherry_signaling.endpoints import EndpointAddress
from wherry_signaling.errors import RemoteError
from wherry_signaling.identity import PeerId
from wherry_signaling.server import Endpoint

SEEDS = int(os.environ.get("WHERRY_HEAL_SEEDS", "25"))
ENDPOINTS = 12
WORKING = 4
LIFE_S = 600.0
STORING_S = 0.5


class Life:
    """One node, its introducers, and what the world does to them."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.world = World(seed=seed, delay_ms=(20, 150))
        self.endpoints: dict[int, Endpoint] = {}
        self.troubled: set[int] = set()
        self.stored: list[tuple[PeerId, tuple[EndpointAddress, ...]]] = []
        self.stored_at = 0.0
        self.failures: list[float] = []

    async def run(self) -> None:
        for number in range(ENDPOINTS):
            await self.start(number)
        introducers = Introducers(
            self.world.sockets.connect_from("12.0.0.1"),
            identity(500),
            candidates=self.candidates,
            on_deliver=_take,
            on_change=self.store,
            random=self.random.randbytes,
            wall_clock=wall_clock,
        )
        async with introducers:
            await introducers.wait_for(3)
            await asyncio.sleep(5)
            async with asyncio.TaskGroup() as group:
                caller = group.create_task(self.call())
                await asyncio.gather(*(self.trouble() for _ in range(3)))
                await asyncio.sleep(90)
                caller.cancel()
            self.judge(introducers)
        for endpoint in self.endpoints.values():
            await endpoint.close()

    async def start(self, number: int) -> None:
        self.endpoints[number] = await self.world.endpoint(number).__aenter__()

    async def candidates(self) -> list[EndpointAddress]:
        await asyncio.sleep(self.random.uniform(0.1, 1.0))
        numbers = self.random.sample(range(ENDPOINTS), 6)
        return [self.world.address(number).without_peer() for number in numbers]

    async def store(self, held: list[Held]) -> None:
        await asyncio.sleep(STORING_S)
        self.stored = [(one.peer, one.addresses) for one in held]
        self.stored_at = asyncio.get_running_loop().time()

    async def trouble(self) -> None:
        """Take one endpoint away for a while, and give it back; again and again, as long as the life lasts."""
        while asyncio.get_running_loop().time() < LIFE_S:
            await asyncio.sleep(self.random.expovariate(1 / 20))
            free = [number for number in range(ENDPOINTS) if number not in self.troubled]
            if len(free) <= WORKING:
                continue
            number = self.random.choice(free)
            host = f"11.0.{number}.1"
            self.troubled.add(number)
            try:
                for_s = self.random.choice([0.5, 2.0, 10.0, 60.0])
                match self.random.choice(["kill", "cut", "hang"]):
                    case "kill":
                        self.world.sockets.kill(host)
                        await self.endpoints.pop(number).close()
                        await asyncio.sleep(for_s)
                        await self.start(number)
                    case "cut":
                        with self.world.sockets.cut(host):
                            await asyncio.sleep(for_s)
                    case "hang":
                        with ExitStack() as stack:
                            stack.enter_context(
                                self.world.sockets.tamper(lambda a, _, data, h=host: [] if a == h else [(0, data)])
                            )
                            await asyncio.sleep(for_s)
            finally:
                self.troubled.discard(number)

    async def call(self) -> None:
        """Somebody who reaches the node every 2 s, along all ways of the stored record at once."""
        async with Guests(self.world.sockets.connect_from("13.0.0.1"), random=self.random.randbytes) as guests:
            while True:
                await asyncio.sleep(2)
                fates = await asyncio.gather(
                    *(guests.send_via(ways, identity(500).id, b"", SEALED) for _, ways in self.stored),
                    return_exceptions=True,
                )
                strange = [fate for fate in fates if not isinstance(fate, (EndpointAddress, RemoteError))]
                assert not strange, strange
                if not any(isinstance(fate, EndpointAddress) for fate in fates):
                    self.failures.append(asyncio.get_running_loop().time())

    def judge(self, introducers: Introducers) -> None:
        # Invariant: after a calm, three introducers of different peers hold us and the stored record names them; and
        # somebody who called all the while was let down only when two or three were lost in one moment.
        held = introducers.current()
        assert len({one.peer for one in held}) == 3
        assert {peer for peer, _ in self.stored} == {one.peer for one in held}
        assert all(one.client.alive for one in held)
        registered = sum(
            endpoint.hub.registry.find(identity(500).id.key, endpoint.hub.now) is not None
            for endpoint in self.endpoints.values()
        )
        assert registered == 3, "who was let go has no reservation of ours"
        assert len(self.failures) <= 3, self.failures


def _take(client: Client, tag: bytes, envelope: bytes, back: int) -> bool:
    del client, tag, back
    return envelope == SEALED


@pytest.mark.parametrize("seed", range(SEEDS))
def test_a_life_of_losses(seed: int) -> None:
    run_virtual(Life(seed).run())

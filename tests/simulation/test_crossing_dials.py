"""Pairs who dial each other at once, whole parties in memory, through three introducers of which two lie.

What must hold: no dial fails while one way works, each pair ends with one connection that works both ways, everybody
was told of the other once, and no attempt and no task is left. `WHERRY_FULL=1` runs 500 pairs and 20 seeds; CI 60 pairs
and 2 seeds.
"""

from __future__ import annotations

import asyncio
import os
from contextlib import AsyncExitStack, ExitStack

import pytest
from memory_parties import Party, Town

from wherry.connect.limits import ATTEMPT_S
from wherry.network.opcodes import Ping, Pong
from wherry.testing.clock import run_virtual

FULL = bool(os.environ.get("WHERRY_FULL"))
PAIRS, SEEDS = (500, range(20)) if FULL else (60, range(2))


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.timeout(3600 if FULL else 60)
def test_crossing_dials_end_in_one_connection(seed: int) -> None:
    async def main() -> None:
        async with Town(seed) as town, AsyncExitStack() as stack:
            pairs = [
                (await stack.enter_async_context(town.party()), await stack.enter_async_context(town.party()))
                for _ in range(PAIRS)
            ]

            async def dial(one: Party, other: Party) -> None:
                await asyncio.sleep(town.random.uniform(0, 0.05))
                peer = await one.network.connect(other.id)
                assert await peer.request(Ping(b"x"), Pong) == Pong(b"x")

            with ExitStack() as lies:
                one, two, _ = town.random.sample(town.introducers, 3)
                for liar in (one, two):
                    lies.enter_context(liar.drop(0.4))
                    lies.enter_context(liar.delay(3000, 0.4))
                    lies.enter_context(liar.duplicate(0.3))
                    lies.enter_context(liar.replay(0.3))
                    lies.enter_context(liar.swap(0.2))
                async with asyncio.timeout(120), asyncio.TaskGroup() as group:
                    for pair in pairs:
                        group.create_task(dial(*pair))
                        group.create_task(dial(*pair[::-1]))
                await asyncio.sleep(ATTEMPT_S + 5)
            for small, large in pairs:
                for party, other in ((small, large), (large, small)):
                    assert [peer.id for peer in party.network.peers] == [other.id]
                    assert party.diary.of(other.id) == ["came"]
                    assert not party.dialer.under_way(other.id)
                await dial(small, large)
                await dial(large, small)
            assert len(town.engine.links) == 2 * PAIRS

    run_virtual(main())

"""A node stays reachable while its introducers are killed: real processes, kill -9, a stranger who rings all along."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from healing import POLL_S, Caller, healed, until
from processes import NodeProcess, mesh

#: One introducer killed: another one, and the new record stored. Two: three again. All: reachable again.
ONE_S, TWO_S, ALL_S = 5.0, 10.0, 15.0


@dataclass
class Cast:
    """A target, a stranger who calls it, and the target's introducers."""

    target: NodeProcess
    caller: Caller
    introducers: list[NodeProcess]
    by_id: dict[str, NodeProcess]


@asynccontextmanager
async def cast(folder: Path, count: int) -> AsyncIterator[Cast]:
    async with mesh(folder, count) as nodes:
        *others, target = nodes
        ids = {(await node.id()).id: node for node in nodes}
        await until(target, lambda status: len(status.introducers) == 3 and status.record is not None, 30)
        held = [ids[one.peer] for one in (await target.status()).introducers]
        stranger = next(node for node in others if node not in held)
        yield Cast(target, Caller(stranger, (await target.id()).id), held, ids)


@pytest.mark.slow
async def test_one_introducer_killed(tmp_path: Path) -> None:
    async with cast(tmp_path, 7) as players:
        before = (await players.target.status()).record
        assert before is not None
        victim = players.introducers[0]
        name = (await victim.id()).id
        async with players.caller.ringing():
            await players.caller.more(8)
            await victim.kill()
            took = await until(players.target, healed([name], before.sequence), ONE_S)
            await players.caller.more(8)
        print(f"healed and published after {took:.2f} s, {players.caller.answered} rings answered")
        assert players.caller.failed == []
        assert players.caller.answered > 15


@pytest.mark.slow
async def test_two_and_then_all_introducers_killed(tmp_path: Path) -> None:
    async with cast(tmp_path, 10) as players:
        before = (await players.target.status()).record
        assert before is not None
        victims = players.introducers[:2]
        names = [(await victim.id()).id for victim in victims]
        await asyncio.gather(*(victim.kill() for victim in victims))
        assert await players.caller.ring()
        took = await until(players.target, healed(names, before.sequence), TWO_S)
        print(f"three again after {took:.2f} s")
        ids = {one.peer for one in (await players.target.status()).introducers}
        gone = {*ids, *names, players.caller.peer}
        caller = Caller(next(node for one, node in players.by_id.items() if one not in gone), players.caller.peer)
        await asyncio.gather(*(players.by_id[one].kill() for one in ids))
        loop = asyncio.get_running_loop()
        start = loop.time()
        while not await caller.ring():
            assert loop.time() - start < ALL_S
            await asyncio.sleep(POLL_S)
        print(f"reachable {loop.time() - start:.2f} s after all were killed")

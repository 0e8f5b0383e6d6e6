"""Two who never met: endpoints on loopback, guest sockets, sealed offers, aiortc, one connection."""

from __future__ import annotations

import asyncio
import random
from contextlib import AsyncExitStack

import pytest
from parties import Party, party

from wherry.connect.explain import explain
from wherry.errors import RefusedByPeer
from wherry.network.basics import ECHO_STREAM
from wherry_signaling.identity import PeerId


async def test_by_peer_id_alone() -> None:
    book: dict[PeerId, bytes] = {}
    async with party(book) as ada, party(book) as bela:
        peer = await ada.network.connect(bela.id)
        async with await peer.open_stream(ECHO_STREAM) as stream:
            await stream.write(b"ahoy")
            await stream.finish()
            assert [chunk async for chunk in stream] == [b"ahoy"]
        trace = ada.dialer.trace_of(bela.id)
        assert trace is not None
        assert set(trace.phases_ms()) == {"look_up", "ring", "negotiate", "ice", "open"}


async def test_who_dial_each_other_at_once_have_one_connection() -> None:
    book: dict[PeerId, bytes] = {}
    async with party(book) as ada, party(book) as bela:
        one, two = await asyncio.gather(ada.network.connect(bela.id), bela.network.connect(ada.id))
        assert len(ada.network.peers) == len(bela.network.peers) == 1
        assert await one.connection.ping() > 0
        assert await two.connection.ping() > 0


async def test_who_is_not_accepted_is_told_so() -> None:
    book: dict[PeerId, bytes] = {}
    async with party(book) as ada, party(book, accepts=lambda _: False) as bela:
        with pytest.raises(RefusedByPeer):
            await ada.network.connect(bela.id)
        trace = ada.dialer.trace_of(bela.id)
        found = explain("Bela", path=None, online=True, dialling=False, trace=trace)
        assert found.sentence == "Bela does not accept this call."


async def test_a_sealed_ping_needs_no_connection() -> None:
    book: dict[PeerId, bytes] = {}
    async with party(book) as ada, party(book) as bela:
        assert 0 < await ada.dialer.ring(bela.id) < 5
        assert not ada.network.peers
        assert not bela.network.peers


@pytest.mark.slow
@pytest.mark.timeout(180)
async def test_fifty_pairs_dial_each_other_at_once() -> None:
    # Each pair ends with one connection, whoever was first; nothing is left when they go.
    chance, loop = random.Random(50), asyncio.get_running_loop()
    book: dict[PeerId, bytes] = {}
    async with AsyncExitStack() as stack:
        pairs = [
            (await stack.enter_async_context(party(book)), await stack.enter_async_context(party(book)))
            for _ in range(50)
        ]

        async def dial(one: Party, two: Party) -> float:
            await asyncio.sleep(chance.uniform(0, 0.05))
            return await (await one.network.connect(two.id)).connection.ping()

        start = loop.time()
        await asyncio.gather(*(dial(*pair) for pair in pairs), *(dial(two, one) for one, two in pairs))
        print(f"50 pairs, 100 dials: {loop.time() - start:.1f} s")
        for one, two in pairs:
            assert [peer.id for peer in one.network.peers] == [two.id]
            assert [peer.id for peer in two.network.peers] == [one.id]

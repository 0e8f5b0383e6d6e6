"""Introducers that heal, on memory sockets and the virtual clock: killed, cut, hung, full, lying about the time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import pytest
from introducing import SEALED, World, identity, sealed, wall_clock

from wherry.testing.clock import run_virtual
from wherry_signaling.client import Client, Held, Introducers
from wherry_signaling.endpoints import EndpointAddress
from wherry_signaling.errors import EndpointLost, NoReservation
from wherry_signaling.identity import PeerId
from wherry_signaling.limits import INTRODUCER_PING_S, INTRODUCER_PONG_S, RESERVATION_S
from wherry_signaling.record import Introducer
from wherry_signaling.scope import network_of
from wherry_signaling.server import Endpoint
from wherry_signaling.wire import Role

#: Seconds that storing a record takes in these tests.
STORING_S = 0.8


class Records:
    """Where a peer's record is stored: what `on_change` was told, once it has returned."""

    def __init__(self) -> None:
        self.stored: tuple[float, list[PeerId]] = (0.0, [])
        self.count = 0
        self.fail = 0
        self._changed = asyncio.Event()

    async def __call__(self, held: list[Held]) -> None:
        await asyncio.sleep(STORING_S)
        if self.fail:
            self.fail -= 1
            raise EndpointLost("the record could not be stored")
        self.stored = (asyncio.get_running_loop().time(), [one.peer for one in held])
        self.count += 1
        self._changed.set()

    async def wait_until(self, fits: Callable[[list[PeerId]], bool]) -> None:
        """Wait until the stored record names those that `fits` wants."""
        while not fits(self.stored[1]):
            self._changed.clear()
            await self._changed.wait()


def without(peer: PeerId) -> Callable[[list[Held]], bool]:
    """Whether a peer is not among them."""
    return lambda held: peer not in {one.peer for one in held}


class Mesh:
    """Endpoints 0 … n-1, and introducers of client 500."""

    def __init__(self, world: World, endpoints: list[Endpoint]) -> None:
        self.world, self.endpoints = world, endpoints
        self.records = Records()
        self.came: list[bytes] = []

    def introducers(self, **named: Any) -> Introducers:
        async def candidates() -> list[EndpointAddress]:
            return [self.world.address(n).without_peer() for n in range(len(self.endpoints))]

        def take(client: Client, tag: bytes, envelope: bytes, back: int) -> bool:
            del client, tag, back
            self.came.append(envelope)
            return True

        named.setdefault("candidates", candidates)
        return Introducers(
            self.world.sockets.connect_from("12.0.0.1"),
            identity(500),
            on_deliver=take,
            on_change=self.records,
            random=self.world.random.randbytes,
            wall_clock=wall_clock,
            **named,
        )

    def number(self, held: Held) -> int:
        return int(held.addresses[0].host.split(".")[2])


@asynccontextmanager
async def mesh(count: int = 8, *, seed: int = 0, **named: Any) -> AsyncIterator[Mesh]:
    world = World(seed=seed, delay_ms=(20, 80))
    async with AsyncExitStack() as stack:
        endpoints = [await stack.enter_async_context(world.endpoint(n, **named)) for n in range(count)]
        yield Mesh(world, endpoints)


def virtual(scenario: Callable[[], Awaitable[None]]) -> Callable[[], None]:
    def test() -> None:
        async def run() -> None:
            await scenario()

        run_virtual(run())

    test.__name__, test.__doc__ = scenario.__name__, scenario.__doc__
    return test


def now() -> float:
    return asyncio.get_running_loop().time()


@virtual
async def test_three_spread_introducers_and_one_record() -> None:
    async with mesh() as around, around.introducers() as introducers:
        held = await introducers.wait_for(3)
        assert now() < 1.0
        assert len({network_of(one.addresses[0].host) for one in held}) == 3
        assert all(one.addresses[0].peer == one.peer for one in held)
        assert all(40 <= one.rtt_ms <= 160 and one.observed[0] == "12.0.0.1" for one in held)
        await asyncio.sleep(5)
        assert around.records.count == 1
        assert set(around.records.stored[1]) == {one.peer for one in held}
        async with await around.world.client(9, endpoint=around.number(held[0]), role=Role.GUEST) as guest:
            await guest.send(identity(500).id, b"", SEALED)
        assert around.came == [SEALED]


@pytest.mark.parametrize("how", ["killed", "cut"])
@pytest.mark.parametrize("victims", [1, 2, 3])
def test_lost_introducers_are_replaced(how: str, victims: int) -> None:
    async def scenario() -> None:
        async with mesh(10, seed=victims) as around, around.introducers() as introducers:
            held = await introducers.wait_for(3)
            await asyncio.sleep(30)
            lost = held[:victims]
            hosts = [one.addresses[0].host for one in lost]
            begun = now()
            if how == "killed":
                for host in hosts:
                    around.world.sockets.kill(host)
                await _healed(introducers, around, {one.peer for one in lost}, begun)
            else:
                with around.world.sockets.cut(*hosts):
                    await _healed(introducers, around, {one.peer for one in lost}, begun)

    run_virtual(scenario())


async def _healed(introducers: Introducers, around: Mesh, lost: set[PeerId], begun: float) -> None:
    await around.records.wait_until(lambda stored: len(set(stored) - lost) == 3)
    assert now() - begun < 5.0, "three introducers, and the new record stored, within 5 s"
    assert {one.peer for one in introducers.current()}.isdisjoint(lost)


@virtual
async def test_where_only_two_exist() -> None:
    async with mesh(2) as around, around.introducers() as introducers:
        held = await introducers.wait_for(2)
        await asyncio.sleep(10)
        assert set(around.records.stored[1]) == {one.peer for one in held}
        begun = now()
        around.world.sockets.kill(held[0].addresses[0].host)
        await asyncio.sleep(3)
        assert around.records.stored[1] == [held[1].peer]
        assert around.records.stored[0] - begun < 3
        await asyncio.sleep(300)
        assert around.records.count == 2


@virtual
async def test_one_that_comes_back_is_taken_again() -> None:
    async with mesh(2) as around, around.introducers() as introducers:
        await introducers.wait_for(2)
        await asyncio.sleep(10)
        with around.world.sockets.cut("11.0.0.1"):
            await asyncio.sleep(300)
            assert len(introducers.current()) == 1
        introducers.poke()
        begun = now()
        await introducers.wait_for(2)
        assert now() - begun < 1


@virtual
async def test_renewed_at_half_the_lifetime_for_hours() -> None:
    async with mesh(4) as around, around.introducers() as introducers:
        held = await introducers.wait_for(3)
        await asyncio.sleep(3 * RESERVATION_S)
        assert [one.peer for one in introducers.current()] == [one.peer for one in held]
        assert sum(len(endpoint.hub.registry) for endpoint in around.endpoints) == 3
        assert around.records.count == 1, "all was well: nothing was announced"


@virtual
async def test_a_hung_endpoint_is_noticed_though_its_socket_is_open() -> None:
    async with mesh(5) as around, around.introducers() as introducers:
        held = await introducers.wait_for(3)
        await asyncio.sleep(10)
        hung = held[0].addresses[0].host
        begun = now()
        with around.world.sockets.tamper(lambda source, _, data: [] if source == hung else [(0, data)]):
            await introducers.wait_until(without(held[0].peer))
            assert now() - begun < INTRODUCER_PING_S + INTRODUCER_PONG_S + 0.5
            await introducers.wait_for(3)
            assert now() - begun < INTRODUCER_PING_S + INTRODUCER_PONG_S + 2


@virtual
async def test_poke_looks_at_once() -> None:
    async with mesh(6) as around, around.introducers() as introducers:
        held = await introducers.wait_for(3)
        await asyncio.sleep(INTRODUCER_PING_S + 0.5)
        hung = held[0].addresses[0].host
        with around.world.sockets.tamper(lambda source, _, data: [] if source == hung else [(0, data)]):
            introducers.poke()
            begun = now()
            await introducers.wait_until(without(held[0].peer))
            assert now() - begun < INTRODUCER_PONG_S + 0.2


@virtual
async def test_make_before_break() -> None:
    # The old introducer works until the record that does not name it any more is stored.
    async with mesh(8) as around:

        async def one_network() -> list[EndpointAddress]:
            return [around.world.address(n) for n in (0, 1, 2)]

        async with around.introducers(candidates=one_network) as introducers:
            await introducers.wait_for(3)
            await asyncio.sleep(5)
            [slow] = [one for one in introducers.current() if around.number(one) == 0]
            introducers._set._candidates[slow.addresses[0].without_peer()].rtt_s = 2.0
            introducers.offer([around.world.address(7)])
            introducers.poke()
            before = around.records.count
            await introducers.wait_until(without(slow.peer))
            assert slow.client.alive
            async with await around.world.client(9, endpoint=0, role=Role.GUEST) as guest:
                await guest.send(identity(500).id, b"", sealed(1))
                assert around.records.count == before
                await around.records.wait_until(lambda stored: slow.peer not in stored)
                await asyncio.sleep(1)
                assert not slow.client.alive
                with pytest.raises(NoReservation):
                    await guest.send(identity(500).id, b"", sealed(2))
            assert around.came == [sealed(1)]


@virtual
async def test_a_record_that_cannot_be_stored_is_tried_again_and_nobody_is_let_go() -> None:
    async with mesh(6) as around, around.introducers() as introducers:
        around.records.fail = 3
        held = await introducers.wait_for(3)
        await asyncio.sleep(20)
        assert around.records.count == 1
        assert set(around.records.stored[1]) == {one.peer for one in held}


@virtual
async def test_our_own_endpoint_and_excluded_ones_are_not_taken() -> None:
    async with mesh(4) as around:
        own = Endpoint(identity(500), listener=around.world.sockets.listener("12.0.0.1", 4770), wall_clock=wall_clock)
        async with own:

            async def candidates() -> list[EndpointAddress]:
                return [EndpointAddress("12.0.0.1", 4770), *(around.world.address(n) for n in range(4))]

            async with around.introducers(candidates=candidates, exclude=[identity(1002).id]) as introducers:
                held = await introducers.wait_for(3)
                await asyncio.sleep(60)
                assert {around.number(one) for one in held} == {0, 1, 3}
                assert len(introducers.current()) == 3


@virtual
async def test_pinned_ones_are_kept_whatever_comes() -> None:
    async with mesh(6) as around:
        pinned = [around.world.address(5)]
        async with around.introducers(pinned=pinned, wanted=2) as introducers:
            await introducers.wait_for(2)
            await asyncio.sleep(3)
            assert 5 in {around.number(one) for one in introducers.current()}
            with around.world.sockets.cut("11.0.5.1"):
                await asyncio.sleep(120)
                assert 5 not in {around.number(one) for one in introducers.current()}
            await asyncio.sleep(120)
            assert 5 in {around.number(one) for one in introducers.current()}
            assert len(introducers.current()) == 2


@virtual
async def test_neighbours_of_introducers_are_candidates() -> None:
    world = World(delay_ms=(20, 80))
    others = [Introducer(identity(1000 + n).id, (world.address(n),)) for n in (1, 2, 3)]
    async with (
        world.endpoint(0, neighbours=lambda count: others[:count]) as first,
        world.endpoint(1) as one,
        world.endpoint(2) as two,
        world.endpoint(3) as three,
    ):
        around = Mesh(world, [first])
        async with around.introducers() as introducers:
            await introducers.wait_for(3)
            assert now() < 2
            held = {one.peer for one in introducers.current()}
            assert held <= {one.identity.id, two.identity.id, three.identity.id, first.identity.id}


@virtual
async def test_nobody_at_all_and_then_somebody() -> None:
    world = World()
    around = Mesh(world, [])
    asked = 0

    async def candidates() -> list[EndpointAddress]:
        nonlocal asked
        asked += 1
        return [world.address(0)] if asked > 5 else []

    async with world.endpoint(0), around.introducers(candidates=candidates) as introducers:
        await introducers.wait_for(1)
        assert asked == 6
        assert now() < 60


@virtual
async def test_a_full_endpoint_is_passed_over() -> None:
    async with mesh(5) as around:
        around.endpoints[0].hub.registry._most = 0
        async with around.introducers() as introducers:
            held = await introducers.wait_for(3)
            assert 0 not in {around.number(one) for one in held}


@virtual
async def test_one_wrong_clock_does_not_move_ours() -> None:
    async with mesh(3) as around:
        for endpoint, wrong in zip(around.endpoints, (86400.0, 2.0, 3.0), strict=True):
            endpoint.hub.own_clock = lambda wrong=wrong: wall_clock() + wrong  # type: ignore[misc]
        async with around.introducers() as introducers:
            await introducers.wait_for(3)
            assert introducers.clock_offset_s == pytest.approx(3, abs=0.1)


@virtual
async def test_closing_in_the_middle_of_everything() -> None:
    async with mesh(6) as around:
        for seconds in (0.0, 0.03, 0.1, 0.2, 0.5, 1.2):
            async with around.introducers():
                await asyncio.sleep(seconds)
        await asyncio.sleep(1)
        assert sum(len(endpoint.hub.admission) for endpoint in around.endpoints) == 0

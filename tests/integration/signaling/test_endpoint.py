"""An endpoint and its clients on memory sockets and the virtual clock: what each frame does, and for whom."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

import pytest
from introducing import SEALED, Taking, World, identity, record_of, sealed, wall_clock

from wherry.testing.clock import run_virtual
from wherry_signaling.client import Client, Guests, open_client
from wherry_signaling.domains import Purpose
from wherry_signaling.endpoints import EndpointAddress
from wherry_signaling.errors import (
    Closed,
    DeliveryFailed,
    EndpointLost,
    EndpointTimeout,
    EndpointUnreachable,
    Malformed,
    NoReservation,
    Quota,
    RemoteError,
    WrongPeer,
)
from wherry_signaling.identity import PeerId
from wherry_signaling.limits import (
    DELIVER_S,
    ENVELOPES_PER_RECIPIENT_S,
    FRAMES_PER_S,
    GUEST_IDLE_S,
    HANDSHAKE_S,
    LOOK_UPS_PER_S,
    PASSES_PER_S,
    RESERVATION_S,
    SOCKET_DEAD_S,
)
from wherry_signaling.record import Introducer, PeerRecord, check_document
from wherry_signaling.server import Endpoint
from wherry_signaling.sockets import Socket, SocketAddress
from wherry_signaling.wire import Role

Scenario = Callable[[World, Endpoint], Coroutine[Any, Any, None]]


def with_endpoint(scenario: Scenario) -> Callable[[], None]:
    """A test of one endpoint, number 0, on the virtual clock."""

    async def run() -> None:
        world = World(seed=1)
        async with world.endpoint(0) as endpoint:
            await scenario(world, endpoint)

    def test() -> None:
        run_virtual(run())

    test.__name__, test.__doc__ = scenario.__name__, scenario.__doc__
    return test


@with_endpoint
async def test_a_guest_reaches_who_is_registered(world: World, endpoint: Endpoint) -> None:
    take = Taking()
    async with await world.client(1, take=take) as alice, await world.client(2, role=Role.GUEST) as guest:
        registration = await alice.register()
        assert registration.seconds == RESERVATION_S
        assert registration.observed[0] == alice.observed[0] == "12.0.1.1"
        assert alice.peer == endpoint.identity.id
        await guest.send(identity(1).id, bytes(16), SEALED)
        assert take.taken == [(bytes(16), SEALED, take.taken[0][2])]
        assert endpoint.hub.counts.delivered == 1
    assert (await alice.wait_closed()).code == "ENDPOINT_LOST"


@with_endpoint
async def test_an_answer_goes_back_along_the_way_to_a_guest(world: World, endpoint: Endpoint) -> None:
    del endpoint
    asked, answered, stranger = Taking(), Taking(), Taking()
    async with (
        await world.client(1, take=asked) as alice,
        await world.client(2, role=Role.GUEST, take=answered) as guest,
        await world.client(3, take=stranger) as mallory,
    ):
        await alice.register()
        await mallory.register()
        await guest.send(identity(1).id, b"", sealed(1))
        [(_, _, back)] = asked.taken
        assert back
        await alice.reply(back, sealed(2))
        assert answered.taken == [(b"", sealed(2), 0)]
        with pytest.raises(NoReservation):
            await mallory.reply(back, sealed(3))
        answered.accept = False
        with pytest.raises(NoReservation):
            await alice.reply(back, sealed(4))
        await guest.close()
        await asyncio.sleep(1)
        with pytest.raises(NoReservation):
            await alice.reply(back, sealed(5))


@with_endpoint
async def test_absent_declining_and_unregistered_look_alike(world: World, endpoint: Endpoint) -> None:
    del endpoint
    declining, leaving = Taking(accept=False), Taking()
    errors: list[RemoteError] = []
    async with (
        await world.client(1, take=declining) as alice,
        await world.client(2, take=leaving) as bob,
        await world.client(3, role=Role.GUEST) as guest,
    ):
        await alice.register()
        await bob.register()
        await bob.unregister()
        for number in (1, 2, 99):
            with pytest.raises(NoReservation) as raised:
                await guest.send(identity(number).id, b"", SEALED)
            errors.append(raised.value)
        assert declining.envelopes == [SEALED]
        assert leaving.envelopes == []
        assert len({str(error) for error in errors}) == 1


@with_endpoint
async def test_a_recipient_that_says_nothing_is_waited_for_one_second(world: World, endpoint: Endpoint) -> None:
    async with await world.client(1, take=Taking()) as alice, await world.client(2, role=Role.GUEST) as guest:
        await alice.register()
        with world.sockets.cut("12.0.1.1"):
            begun = asyncio.get_running_loop().time()
            with pytest.raises(DeliveryFailed):
                await guest.send(identity(1).id, b"", SEALED)
            assert DELIVER_S <= asyncio.get_running_loop().time() - begun < DELIVER_S + 0.2
            await asyncio.sleep(5)
        assert len(endpoint.hub.registry) == 0, "its socket died of the cut, and its reservation with it"


@with_endpoint
async def test_a_recipient_that_leaves_meanwhile(world: World, endpoint: Endpoint) -> None:
    del endpoint
    async with await world.client(1, take=Taking()) as alice, await world.client(2, role=Role.GUEST) as guest:
        await alice.register()
        with world.sockets.cut("12.0.1.1"):
            sending = asyncio.create_task(guest.send(identity(1).id, b"", SEALED))
            await asyncio.sleep(0.1)
        world.sockets.kill("12.0.1.1")
        with pytest.raises(DeliveryFailed):
            await sending


@with_endpoint
async def test_what_a_guest_may_not(world: World, endpoint: Endpoint) -> None:
    del endpoint
    async with await world.client(1, role=Role.GUEST) as guest:
        for request in (guest.register(), guest.renew(), guest.unregister(), guest.publish(record_of(identity(1)))):
            with pytest.raises(DeliveryFailed, match="not as guest"):
                await request
        assert (await guest.ping()).rtt_s > 0
        assert await guest.neighbours() == []


@with_endpoint
async def test_bad_envelopes_are_refused_at_the_door(world: World, endpoint: Endpoint) -> None:
    del endpoint
    async with await world.client(1, take=(take := Taking())) as alice:
        await alice.register()
        for tag, envelope in ((b"", b""), (b"", SEALED[:-1]), (b"short", SEALED), (bytes(15), SEALED)):
            with pytest.raises(Malformed):
                await alice.send(identity(1).id, tag, envelope)
        await alice.send(identity(1).id, b"", SEALED)
        assert take.envelopes == [SEALED]


@with_endpoint
async def test_publish_and_look_up(world: World, endpoint: Endpoint) -> None:
    del endpoint
    async with await world.client(1) as alice, await world.client(2, role=Role.GUEST) as guest:
        look_up = guest.look_up
        assert await look_up(Purpose.PEER_RECORD, identity(1).id) is None
        assert await alice.publish(record_of(identity(1), sequence=5)) == 1
        found = await look_up(Purpose.PEER_RECORD, identity(1).id)
        assert found is not None
        assert check_document(found, wall_clock()).record.sequence == 5
        with pytest.raises(DeliveryFailed, match="sequence 5 is known"):
            await alice.publish(record_of(identity(1), sequence=4))
        assert await alice.publish(record_of(identity(1), sequence=6)) == 1
        assert await look_up(Purpose.INBOX_RECORD, identity(1).id) is None


@with_endpoint
async def test_documents_are_checked_at_the_door(world: World, endpoint: Endpoint) -> None:
    del endpoint
    now = wall_clock()
    forged = bytearray(record_of(identity(1)))
    forged[-1] ^= 1
    async with await world.client(1) as alice:
        for document, why in (
            (b"", "no envelope"),
            (bytes(900), "no envelope"),
            (bytes(forged), "signature"),
            (record_of(identity(2)), "somebody else"),
            (record_of(identity(1), now=now - 30_000), "expired"),
            (record_of(identity(1), now=now + 30_000), "future"),
        ):
            with pytest.raises(Malformed, match=why):
                await alice.publish(document)
        assert await alice.look_up(Purpose.PEER_RECORD, identity(1).id) is None


@with_endpoint
async def test_documents_expire(world: World, endpoint: Endpoint) -> None:
    del endpoint
    async with await world.client(1) as alice:
        await alice.publish(record_of(identity(1)))
    await asyncio.sleep(3 * 3600)
    async with await world.client(2, role=Role.GUEST) as guest:
        assert await guest.look_up(Purpose.PEER_RECORD, identity(1).id) is None


@with_endpoint
async def test_a_reservation_lasts_while_it_is_renewed(world: World, endpoint: Endpoint) -> None:
    async with await world.client(1) as alice:
        assert (await alice.register(60)).seconds == 60
        for _ in range(4):
            await asyncio.sleep(40)
            assert (await alice.renew(60)).seconds == 60
        await asyncio.sleep(70)
        assert len(endpoint.hub.registry) == 0
        with pytest.raises(NoReservation):
            await alice.renew()
        assert (await alice.register(10**9)).seconds == RESERVATION_S


@with_endpoint
async def test_the_newest_socket_of_a_peer_has_the_reservation(world: World, endpoint: Endpoint) -> None:
    old, new = Taking(), Taking()
    async with await world.client(1, take=old) as before, await world.client(1, take=new) as reloaded:
        await before.register()
        await reloaded.register()
        with pytest.raises(NoReservation):
            await before.renew()
        await before.send(identity(1).id, b"", SEALED)
        assert (len(old.taken), len(new.taken)) == (0, 1)
        await before.close()
        await asyncio.sleep(1)
        assert len(endpoint.hub.registry) == 1, "the older socket's end takes nothing from the newer"


@with_endpoint
async def test_the_clock_of_the_endpoint(world: World, endpoint: Endpoint) -> None:
    endpoint.hub.own_clock = lambda: wall_clock() + 300
    async with await world.client(1) as alice:
        pinged = await alice.ping()
        assert pinged.clock_offset_s == pytest.approx(300, abs=0.03)
        assert 0.01 <= pinged.rtt_s <= 0.04


def test_what_is_addressed_to_the_endpoint_s_own_node() -> None:
    async def scenario() -> None:
        came: list[tuple[bytes, bytes, str, int]] = []

        def deliver(tag: bytes, envelope: bytes, host: str, back: int) -> bool:
            came.append((tag, envelope, host, back))
            return envelope == sealed(1)

        world = World()
        async with world.endpoint(0, deliver=deliver) as endpoint:
            async with await world.client(5, role=Role.GUEST, take=(take := Taking())) as guest:
                await guest.send(endpoint.identity.id, b"", sealed(1))
                with pytest.raises(NoReservation):
                    await guest.send(endpoint.identity.id, b"", sealed(2))
                assert [(envelope, host) for _, envelope, host, _ in came] == [
                    (sealed(1), "12.0.5.1"),
                    (sealed(2), "12.0.5.1"),
                ]
                await endpoint.reply(came[0][3], sealed(3))
                assert take.envelopes == [sealed(3)]
                with pytest.raises(Malformed):
                    await endpoint.reply(came[0][3], b"short")
            await asyncio.sleep(1)
            with pytest.raises(NoReservation):
                await endpoint.reply(came[0][3], sealed(4))

    run_virtual(scenario())


def test_neighbours_are_told_no_nearer_than_who_asks() -> None:
    async def scenario() -> None:
        near = EndpointAddress("192.168.1.7", 4770, peer=identity(50).id)
        far = EndpointAddress("11.0.7.1", 4770, peer=identity(50).id)
        only_near = Introducer(identity(51).id, (EndpointAddress("127.0.0.1", 4770, peer=identity(51).id),))
        world = World()
        others = (Introducer(identity(50).id, (near, far)), only_near)
        async with world.endpoint(0, neighbours=lambda count: others[:count]), await world.client(1) as alice:
            assert await alice.neighbours() == [Introducer(identity(50).id, (far,))]
            assert await alice.neighbours(1) == [Introducer(identity(50).id, (far,))]

    run_virtual(scenario())


# -- passing on -------------------------------------------------------------------------------------------------------


def with_two(scenario: Callable[[World, Endpoint, Endpoint], Awaitable[None]]) -> Callable[[], None]:
    """A test of two endpoints, 0 and 1."""

    async def run() -> None:
        world = World(seed=2)
        async with world.endpoint(0) as first, world.endpoint(1) as second:
            await scenario(world, first, second)

    def test() -> None:
        run_virtual(run())

    test.__name__, test.__doc__ = scenario.__name__, scenario.__doc__
    return test


@with_two
async def test_one_hop_to_another_introducer(world: World, first: Endpoint, second: Endpoint) -> None:
    take = Taking()
    async with await world.client(1, endpoint=1, take=take) as alice, await world.client(2) as page:
        await alice.register()
        await page.pass_on(world.introducer(1), identity(1).id, bytes(16), SEALED)
        assert take.taken == [(bytes(16), SEALED, 0)]
        with pytest.raises(NoReservation):
            await page.pass_on(world.introducer(1), identity(9).id, b"", SEALED)
        assert len(first.hub.admission) == 1
        assert len(second.hub.admission) == 2, "the first introducer is a guest at the second"
        await asyncio.sleep(GUEST_IDLE_S + 1)
        assert len(second.hub.admission) == 1


@with_two
async def test_what_is_not_passed_on(world: World, first: Endpoint, second: Endpoint) -> None:
    del first, second
    wrong = Introducer(identity(7).id, (EndpointAddress("11.0.1.1", 4770, peer=identity(7).id),))
    nobody = Introducer(identity(7).id, (EndpointAddress("11.0.9.1", 4770, peer=identity(7).id),))
    near = Introducer(identity(7).id, (EndpointAddress("192.168.0.1", 4770, peer=identity(7).id),))
    world.sockets.names["inside.example"] = ["127.0.0.1", "10.1.2.3"]
    named = Introducer(identity(7).id, (EndpointAddress("inside.example", 4770, peer=identity(7).id),))
    async with await world.client(1) as page:
        for introducer, why in (
            (wrong, "…"),
            (nobody, "refused"),
            (near, "none of the addresses may be asked for"),
            (named, "nearer than may be asked for"),
            (Introducer(identity(7).id, ()), "none of the addresses"),
        ):
            with pytest.raises(DeliveryFailed, match=why):
                await page.pass_on(introducer, identity(1).id, b"", SEALED)


@with_two
async def test_who_is_near_may_have_it_passed_to_near_ones(world: World, first: Endpoint, second: Endpoint) -> None:
    del first, second
    async with (
        Endpoint(
            identity(1002),
            listener=world.sockets.listener("127.0.0.1", 9),
            connector=world.sockets.connector("127.0.0.1"),
        ) as near,
        await open_client(
            world.sockets.connect_from("127.0.0.1"),
            near.addresses[0],
            identity(1),
            Role.ME,
            on_deliver=(take := Taking()),
        ) as alice,
        await open_client(world.sockets.connect_from("127.0.0.1"), near.addresses[0], identity(2), Role.GUEST) as page,
    ):
        await alice.register()
        await page.pass_on(Introducer(near.identity.id, near.addresses), identity(1).id, b"", SEALED)
        assert take.envelopes == [SEALED]


@with_two
async def test_passing_on_has_a_budget(world: World, first: Endpoint, second: Endpoint) -> None:
    del first, second
    async with await world.client(1, endpoint=1, take=Taking()) as alice, await world.client(2) as page:
        await alice.register()

        async def one() -> str:
            try:
                await page.pass_on(world.introducer(1), identity(1).id, b"", SEALED)
            except Quota:
                return "quota"
            return "passed"

        fates = await asyncio.gather(*(one() for _ in range(3 * PASSES_PER_S[1])))
        assert fates.count("passed") == PASSES_PER_S[1]


# -- limits -----------------------------------------------------------------------------------------------------------


@with_endpoint
async def test_too_many_envelopes_from_one_network_to_one_recipient(world: World, endpoint: Endpoint) -> None:
    del endpoint
    async with await world.client(1, take=(take := Taking())) as alice, await world.client(2, role=Role.GUEST) as guest:
        await alice.register()

        async def one(to: PeerId) -> str:
            try:
                await guest.send(to, b"", SEALED)
            except (Quota, NoReservation) as error:
                return error.code
            return "sent"

        burst = ENVELOPES_PER_RECIPIENT_S[1]
        fates = await asyncio.gather(*(one(identity(1).id) for _ in range(burst + 50)))
        assert fates.count("sent") == len(take.taken) == burst
        absent = await asyncio.gather(*(one(identity(9).id) for _ in range(burst + 50)))
        assert absent.count("QUOTA") == fates.count("QUOTA") == 50, "the quota does not tell who is here"
        async with await world.client(3, role=Role.GUEST) as other:
            await other.send(identity(1).id, b"", SEALED)


@with_endpoint
async def test_a_socket_that_sends_too_fast_is_read_slower(world: World, endpoint: Endpoint) -> None:
    del endpoint
    per_s, burst = FRAMES_PER_S
    async with await world.client(1) as fast, await world.client(2) as other:
        begun = asyncio.get_running_loop().time()
        pings = [asyncio.create_task(fast.ping()) for _ in range(burst + int(2 * per_s))]
        await asyncio.sleep(0.1)
        assert (await other.ping()).rtt_s < 0.05, "nobody else notices"
        await asyncio.gather(*pings)
        assert 1.8 < asyncio.get_running_loop().time() - begun < 2.5


@with_endpoint
async def test_look_ups_have_a_rate(world: World, endpoint: Endpoint) -> None:
    del endpoint
    async with await world.client(1) as alice:
        fates = await asyncio.gather(
            *(alice.look_up(Purpose.PEER_RECORD, identity(1).id) for _ in range(LOOK_UPS_PER_S[1] + 9)),
            return_exceptions=True,
        )
        assert sum(isinstance(fate, Quota) for fate in fates) == 9


@with_endpoint
async def test_a_slow_recipient_holds_up_nobody(world: World, endpoint: Endpoint) -> None:
    del endpoint
    quick, gate = Taking(), asyncio.Event()
    gate.set()
    connect = world.sockets.connect_from("12.0.1.1")

    async def slow_connect(address: EndpointAddress) -> Socket:
        return Gated(await connect(address), gate)

    async with (
        await open_client(slow_connect, world.address(0), identity(1), Role.ME, on_deliver=Taking()) as slow,
        await world.client(2, take=quick) as alice,
        await world.client(3, role=Role.GUEST) as guest,
    ):
        await slow.register()
        await alice.register()
        gate.clear()
        big = [asyncio.create_task(guest.send(identity(1).id, b"", bytes(65536))) for _ in range(60)]
        begun = asyncio.get_running_loop().time()
        await guest.send(identity(2).id, b"", SEALED)
        assert asyncio.get_running_loop().time() - begun < 0.6
        fates = {type(fate) for fate in await asyncio.gather(*big, return_exceptions=True)}
        assert fates <= {DeliveryFailed, NoReservation}
        assert quick.envelopes == [SEALED]


@with_endpoint
async def test_a_client_that_takes_no_answers_is_not_read_from_and_then_dropped(
    world: World, endpoint: Endpoint
) -> None:
    gate = asyncio.Event()
    gate.set()
    connect = world.sockets.connect_from("12.0.1.1")

    async def slow_connect(address: EndpointAddress) -> Socket:
        return Gated(await connect(address), gate)

    async with await open_client(slow_connect, world.address(0), identity(1), Role.ME) as slow:
        await slow.publish(record_of(identity(1)))
        gate.clear()
        asked = [asyncio.create_task(slow.neighbours()) for _ in range(20)]
        asked += [asyncio.create_task(slow.look_up(Purpose.PEER_RECORD, identity(1).id)) for _ in range(40)]
        fates = await asyncio.gather(*asked, return_exceptions=True)
        assert {type(fate) for fate in fates} == {EndpointTimeout}
        world.sockets.kill("12.0.1.1")
        await asyncio.sleep(1)
        assert len(endpoint.hub.admission) == 0


class Gated:
    """A socket that reads nothing while its gate is shut, so that what is sent to it piles up."""

    def __init__(self, inner: Socket, gate: asyncio.Event) -> None:
        self._inner, self._gate = inner, gate

    @property
    def remote(self) -> SocketAddress:
        return self._inner.remote

    async def send(self, data: bytes) -> None:
        await self._inner.send(data)

    async def receive(self) -> bytes:
        data = await self._inner.receive()
        await self._gate.wait()
        return data

    async def close(self) -> None:
        await self._inner.close()


# -- sockets ----------------------------------------------------------------------------------------------------------


@with_endpoint
async def test_another_peer_than_was_dialled(world: World, endpoint: Endpoint) -> None:
    with pytest.raises(WrongPeer) as raised:
        await world.client(1, address=EndpointAddress("11.0.0.1", 4770, peer=identity(7).id))
    assert raised.value.peer == str(identity(7).id)
    async with await world.client(1, address=EndpointAddress("11.0.0.1", 4770)) as alice:
        assert alice.peer == endpoint.identity.id


@with_endpoint
async def test_nobody_there(world: World, endpoint: Endpoint) -> None:
    del endpoint
    with pytest.raises(EndpointUnreachable):
        await world.client(1, address=EndpointAddress("11.0.0.1", 4771))
    with pytest.raises(EndpointUnreachable):
        await world.client(1, address=EndpointAddress("nowhere.example", 4770))
    with world.sockets.cut("11.0.0.1"), pytest.raises(EndpointUnreachable):
        await world.client(1)


@with_endpoint
async def test_a_handshake_that_never_ends(world: World, endpoint: Endpoint) -> None:
    socket = await world.sockets.connect_from("12.0.1.1")(world.address(0))
    await asyncio.sleep(HANDSHAKE_S - 1)
    assert len(endpoint.hub.admission) == 1
    with pytest.raises(EndpointLost):
        await socket.receive()
    assert len(endpoint.hub.admission) == 0


@with_endpoint
async def test_an_endpoint_that_does_not_shake_hands(world: World, endpoint: Endpoint) -> None:
    del endpoint
    with world.sockets.drop(), pytest.raises(EndpointTimeout):
        await world.client(1)


@with_endpoint
async def test_silent_sockets_are_given_up_on_both_sides(world: World, endpoint: Endpoint) -> None:
    async with await world.client(1) as alice:
        await alice.register()
        await asyncio.sleep(10 * SOCKET_DEAD_S)
        assert alive(alice, endpoint), "pings keep it alive"
        with world.sockets.drop():  # the kernel sees acknowledgements, but no frame comes through
            await asyncio.sleep(2 * SOCKET_DEAD_S)
        assert not alive(alice, endpoint)
        with pytest.raises(EndpointLost):
            await alice.ping()


def alive(client: Client, endpoint: Endpoint) -> bool:
    """Whether both sides think so; they agree when nothing is under way."""
    assert client.alive is bool(len(endpoint.hub.admission))
    return client.alive


@with_endpoint
async def test_requests_are_told_when_the_socket_ends(world: World, endpoint: Endpoint) -> None:
    del endpoint
    async with await world.client(1, take=Taking()) as alice, await world.client(2) as bob:
        await alice.register()
        with world.sockets.cut("12.0.1.1"):
            requests = [asyncio.create_task(bob.send(identity(1).id, b"", SEALED)) for _ in range(3)]
            await asyncio.sleep(0.1)
            world.sockets.kill("11.0.0.1")
            fates = await asyncio.gather(*requests, return_exceptions=True)
        assert all(isinstance(fate, EndpointLost) for fate in fates)
        assert len({id(fate) for fate in fates}) == 3


@with_endpoint
async def test_a_cancelled_request_leaves_nothing_behind(world: World, endpoint: Endpoint) -> None:
    del endpoint
    async with await world.client(1) as alice:
        with world.sockets.delay(500):
            pinging = asyncio.create_task(alice.ping())
            await asyncio.sleep(0.1)
            pinging.cancel()
            await asyncio.wait([pinging])
            assert len(alice._requests) == 0
            assert (await alice.ping()).rtt_s > 0.9, "the late answer of the first is not taken for the second's"


@with_endpoint
async def test_a_silent_endpoint_is_waited_for_so_long(world: World, endpoint: Endpoint) -> None:
    del endpoint
    async with await world.client(1) as alice:
        with world.sockets.drop(), pytest.raises(EndpointTimeout):
            await alice.ping()


def test_closing_an_endpoint_ends_everything() -> None:
    async def scenario() -> None:
        world = World()
        async with world.endpoint(0):
            alice = await world.client(1)
            await alice.register()
            shaking = await world.sockets.connect_from("12.0.2.1")(world.address(0))
        assert (await alice.wait_closed()).code == "ENDPOINT_LOST"
        with pytest.raises(EndpointLost):
            await shaking.receive()
        await alice.close()
        async with world.endpoint(0), await world.client(1) as again:
            await again.register()

    run_virtual(scenario())


# -- guests -----------------------------------------------------------------------------------------------------------


@with_endpoint
async def test_one_guest_socket_serves_many_and_goes_when_idle(world: World, endpoint: Endpoint) -> None:
    connect = world.sockets.connect_from("12.0.5.1")
    async with await world.client(1, take=(take := Taking())) as alice, Guests(connect) as guests:
        await alice.register()
        used = await asyncio.gather(
            *(guests.send_via(world.address(0), identity(1).id, b"", sealed(n)) for n in range(20))
        )
        assert set(used) == {world.address(0)}
        assert sorted(take.envelopes) == [sealed(n) for n in range(20)]
        assert len(endpoint.hub.admission) == 2
        await asyncio.sleep(GUEST_IDLE_S + 1)
        assert len(endpoint.hub.admission) == 1
        await guests.send_via(world.address(0), identity(1).id, b"", SEALED)
    with pytest.raises(Closed):
        await guests.send_via(world.address(0), identity(1).id, b"", SEALED)


@with_endpoint
async def test_replies_come_to_the_pool(world: World, endpoint: Endpoint) -> None:
    del endpoint
    came: list[tuple[PeerId, bytes]] = []

    def take(client: Client, tag: bytes, envelope: bytes, back: int) -> bool:
        del tag, back
        came.append((client.peer, envelope))
        return True

    async with (
        await world.client(1, take=(asked := Taking())) as alice,
        Guests(world.sockets.connect_from("12.0.5.1"), on_deliver=take) as guests,
    ):
        await alice.register()
        await guests.send_via(world.address(0), identity(1).id, b"", sealed(1))
        await alice.reply(asked.taken[0][2], sealed(2))
        assert came == [(identity(1000).id, sealed(2))]


@with_endpoint
async def test_dead_addresses_of_an_introducer_cost_little(world: World, endpoint: Endpoint) -> None:
    del endpoint
    dead = EndpointAddress("11.0.8.1", 4770, peer=identity(1000).id)
    async with (
        await world.client(1, take=Taking()) as alice,
        Guests(world.sockets.connect_from("12.0.5.1")) as guests,
    ):
        await alice.register()
        with world.sockets.cut("11.0.8.1"):
            begun = asyncio.get_running_loop().time()
            used = await guests.send_via([dead, world.address(0)], identity(1).id, b"", SEALED)
            assert used == world.address(0)
            assert asyncio.get_running_loop().time() - begun < 0.5
            with pytest.raises(EndpointUnreachable):
                await guests.send_via([EndpointAddress("11.0.8.1", 4770)], identity(1).id, b"", SEALED)


@with_endpoint
async def test_a_kept_socket_that_has_ended_is_opened_again(world: World, endpoint: Endpoint) -> None:
    del endpoint
    async with (
        await world.client(1, take=(take := Taking())) as alice,
        Guests(world.sockets.connect_from("12.0.5.1")) as guests,
    ):
        await alice.register()
        await guests.send_via(world.address(0), identity(1).id, b"", sealed(1))
        with world.sockets.tamper(lambda a, b, data: [] if a == "12.0.5.1" else [(0, data)]):
            sending = asyncio.create_task(guests.send_via(world.address(0), identity(1).id, b"", sealed(2)))
            await asyncio.sleep(0.05)
        world.sockets.kill("12.0.5.1")
        await sending
        assert take.envelopes == [sealed(1), sealed(2)]


@with_endpoint
async def test_a_pool_is_bounded(world: World, endpoint: Endpoint) -> None:
    del endpoint
    async with world.endpoint(1), world.endpoint(2), await world.client(1, endpoint=2, take=Taking()) as alice:
        await alice.register()
        async with Guests(world.sockets.connect_from("12.0.5.1"), most=2) as guests:
            async with guests.client(world.address(0)), guests.client(world.address(1)):
                with pytest.raises(Quota):
                    await guests.send_via(world.address(2), identity(1).id, b"", SEALED)
            await guests.send_via(world.address(2), identity(1).id, b"", SEALED)


@with_endpoint
async def test_cancelled_users_of_a_pool(world: World, endpoint: Endpoint) -> None:
    async with Guests(world.sockets.connect_from("12.0.5.1")) as guests:
        using = asyncio.create_task(guests.look_up_via(world.address(0), Purpose.PEER_RECORD, identity(1).id))
        await asyncio.sleep(0.02)
        using.cancel()
        await asyncio.wait([using])
        assert await guests.look_up_via(world.address(0), Purpose.PEER_RECORD, identity(1).id) is None
        assert len(endpoint.hub.admission) == 1


def test_a_peer_record_of_a_real_size_goes_through() -> None:
    async def scenario() -> None:
        world = World()
        async with world.endpoint(0), await world.client(1) as alice:
            record = PeerRecord(
                peer=identity(1).id,
                sequence=1,
                instance=bytes(8),
                issued=int(wall_clock()),
                expires=int(wall_clock()) + 3600,
                sealing_key=identity(1).sealing_public,
                introducers=tuple(world.introducer(n) for n in range(4)),
            )
            assert await alice.publish(record.sign(identity(1))) == 1

    run_virtual(scenario())

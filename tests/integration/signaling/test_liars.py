"""Liars in the room of signaling: endpoints that cheat, and somebody on the path. Each is noticed or does no harm."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractContextManager, asynccontextmanager
from typing import Any

import msgspec
import pytest
from introducing import SEALED, Taking, World, identity, record_of, wall_clock

from wherry.testing.clock import run_virtual
from wherry.testing.liars import HidingDirectory, LyingEndpoint
from wherry.testing.sockets import MemorySockets
from wherry_signaling import wire
from wherry_signaling.client import Client, open_client
from wherry_signaling.domains import Purpose
from wherry_signaling.envelope import seal, unseal
from wherry_signaling.errors import (
    CannotOpen,
    DeliveryFailed,
    EndpointLost,
    EndpointTimeout,
    HandshakeFailed,
    Malformed,
    NoReservation,
    NotForUs,
    RemoteError,
    VersionMismatch,
    WrongPeer,
)
from wherry_signaling.handshake import ServerHandshake, Session
from wherry_signaling.limits import DELIVERIES_PER_S
from wherry_signaling.record import check_document
from wherry_signaling.server import LocalDirectory
from wherry_signaling.sockets import Connect, Socket
from wherry_signaling.wire import Role, Status


@asynccontextmanager
async def lying(seed: int = 1, **named: Any) -> AsyncIterator[tuple[World, LyingEndpoint]]:
    world = World(seed=seed)
    async with world.endpoint(0, LyingEndpoint, seed=seed, **named) as liar:  # type: ignore[arg-type]
        assert isinstance(liar, LyingEndpoint)
        yield world, liar


# -- an endpoint that speaks the protocol, and lies --------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(5))
def test_lies_about_envelopes_are_what_the_seal_is_for(seed: int) -> None:
    # Invariant: whatever an introducer does to envelopes, each recipient opens only what was sealed to it, unchanged.
    async def scenario() -> None:
        async with lying(seed) as (world, liar):
            takes = [Taking() for _ in range(4)]
            clients = [await world.client(n, take=takes[n]) for n in range(4)]
            for client in clients:
                await client.register()
            sent: dict[int, set[bytes]] = {n: set() for n in range(4)}

            async def send(sender: int, to: int, number: int) -> None:
                who, message = identity(to), b"%d to %d, number %d" % (sender, to, number)
                sent[to].add(message)
                envelope = seal(
                    message,
                    recipient=who.id,
                    sealing_key=who.sealing_public,
                    ephemeral_secret=world.random.randbytes(32),
                )
                try:
                    await clients[sender].send(who.id, b"", envelope)
                except (EndpointTimeout, DeliveryFailed, NoReservation):
                    return  # another way is tried; that is the dialer's to do

            with (
                liar.drop(0.2),
                liar.delay(900, 0.3),
                liar.duplicate(0.3),
                liar.replay(0.3),
                liar.swap(0.3),
                liar.flood(2),
                liar.swallow(0.05),
            ):
                await asyncio.gather(
                    *(send(n, (n + k) % 4, number) for n in range(4) for k in (1, 2) for number in range(5))
                )
            await asyncio.sleep(5)
            strange = 0
            for number, take in enumerate(takes):
                who = identity(number)
                for envelope in take.envelopes:
                    try:
                        inside = unseal(envelope, recipient=who.id, sealing_secret=who.sealing_secret)
                    except (NotForUs, CannotOpen, Malformed):
                        strange += 1
                    else:
                        assert inside in sent[number]
            assert strange, "it did lie"
            for client in clients:
                assert (await client.ping()).rtt_s < 0.1
                await client.close()

    run_virtual(scenario())


def test_an_envelope_that_is_held_back_comes_late_and_whole() -> None:
    async def scenario() -> None:
        async with (
            lying() as (world, liar),
            await world.client(1, take=(take := Taking())) as alice,
            await world.client(2) as bob,
        ):
            await alice.register()
            with liar.hold_back() as release:
                await bob.send(identity(1).id, b"", SEALED)
                assert take.taken == []
            assert release() == 1
            await take.wait_for(1)
            assert take.envelopes == [SEALED]

    run_virtual(scenario())


def test_an_endpoint_that_swallows_is_waited_for_so_long() -> None:
    async def scenario() -> None:
        async with (
            lying() as (world, liar),
            await world.client(1, take=Taking()) as alice,
            await world.client(2) as bob,
        ):
            await alice.register()
            with liar.swallow(), pytest.raises(EndpointTimeout):
                await bob.send(identity(1).id, b"", SEALED)
            await bob.send(identity(1).id, b"", SEALED)

    run_virtual(scenario())


def test_an_endpoint_that_floods_waits_in_its_own_socket() -> None:
    async def scenario() -> None:
        async with lying() as (world, liar), world.endpoint(1):
            take = Taking()
            async with (
                await world.client(1, take=take) as alice,
                await world.client(1, endpoint=1) as elsewhere,
                await world.client(2) as bob,
            ):
                await alice.register()
                with liar.flood(120):
                    for _ in range(40):
                        try:
                            await bob.send(identity(1).id, b"", SEALED)
                        except (NoReservation, DeliveryFailed):
                            continue
                    assert len(take.taken) <= DELIVERIES_PER_S[1] + 120 + DELIVERIES_PER_S[0] * _now()
                    assert (await elsewhere.ping()).rtt_s < 0.1

    run_virtual(scenario())


def _now() -> float:
    return asyncio.get_running_loop().time()


def test_documents_are_certified_by_themselves() -> None:
    # A directory that hides newer records shows an old one, which its reader can tell by the sequence of another.
    async def scenario() -> None:
        async with (
            lying(directory=HidingDirectory(LocalDirectory(wall_clock))) as (world, _),
            world.endpoint(1),
            await world.client(1) as here,
            await world.client(1, endpoint=1) as there,
        ):
            for sequence in (1, 2, 3):
                document = record_of(identity(1), sequence)
                assert await here.publish(document) == 20
                assert await there.publish(document) == 1
            found = [await client.look_up(Purpose.PEER_RECORD, identity(1).id) for client in (here, there)]
            assert all(found)
            sequences = [check_document(one or b"", wall_clock()).record.sequence for one in found]
            assert sequences == [1, 3]

    run_virtual(scenario())


# -- an endpoint that does not even speak the protocol -----------------------------------------------------------------

Answer = Callable[[Socket, Session], Any]


async def _rogue(sockets: MemorySockets, answer: Answer) -> Any:
    """An endpoint that shakes hands well, then does as `answer` says."""

    async def serve(socket: Socket) -> None:
        handshake = ServerHandshake(identity(1000), secret=sockets.random.randbytes(32), nonce=bytes(32))
        try:
            await socket.send(handshake.receive_hello(await socket.receive()))
            await answer(socket, handshake.receive_proof(await socket.receive()))
        except EndpointLost:
            return

    listener = sockets.listener("11.0.0.1", 4770)
    await listener.open(serve, dict)
    return listener


async def _say(socket: Socket, session: Session, frame: wire.AnyFrame) -> None:
    await socket.send(session.cipher.seal(wire.encode(frame)))


@pytest.mark.parametrize(
    "reply",
    [
        wire.Found(1, b"not what was asked for"),
        wire.Result(1, 777, "no such status"),
        wire.Result(1, int(Status.FAILED), "\x1b[2Jescape"),
        wire.Others(1, []),
        wire.Refused(int(Status.QUOTA), "go away"),
        wire.Hello(1, 1, bytes(32), bytes(32), bytes(32), bytes(32), 0, "again"),
    ],
    ids=lambda frame: type(frame).__name__.lower(),
)
def test_wrong_answers_are_typed_errors(reply: wire.AnyFrame) -> None:
    async def scenario() -> None:
        world = World()

        async def answer(socket: Socket, session: Session) -> None:
            while True:
                await socket.receive()
                await _say(socket, session, wire.Pong(99, 0))  # to nobody's question
                await _say(socket, session, reply)

        listener = await _rogue(world.sockets, answer)
        async with await world.client(1) as client:
            with pytest.raises((Malformed, DeliveryFailed, EndpointLost, EndpointTimeout)) as raised:
                await client.ping()
            assert str(raised.value).isprintable()
        await listener.close()

    run_virtual(scenario())


@pytest.mark.parametrize("noise", [b"", b"\xc1", b"\x91" * 2000, b"\x92\x19\x01" * 30, bytes(500)])
def test_noise_inside_the_cipher_ends_the_socket(noise: bytes) -> None:
    async def scenario() -> None:
        world = World()

        async def answer(socket: Socket, session: Session) -> None:
            await socket.send(session.cipher.seal(noise))
            await socket.receive()

        listener = await _rogue(world.sockets, answer)
        async with await world.client(1) as client:
            assert isinstance(await client.wait_closed(), Malformed)
        await listener.close()

    run_virtual(scenario())


def test_kinds_of_a_later_version_are_skipped() -> None:
    async def scenario() -> None:
        world = World()

        async def answer(socket: Socket, session: Session) -> None:
            await socket.send(session.cipher.seal(b"\x93\x63\x01\xa5later"))
            frame = wire.decode(session.cipher.open(await socket.receive()))
            assert isinstance(frame, wire.Ping)
            await _say(socket, session, wire.Pong(frame.id, 0))
            await socket.receive()

        listener = await _rogue(world.sockets, answer)
        async with await world.client(1) as client:
            assert (await client.ping()).rtt_s > 0
        await listener.close()

    run_virtual(scenario())


@pytest.mark.parametrize(
    ("hello", "error"),
    [
        (b"", HandshakeFailed),
        (b"HTTP/1.1 200 OK", HandshakeFailed),
        (wire.encode(wire.Refused(426, "we speak 2")), VersionMismatch),
        (wire.encode(wire.Refused(421, "elsewhere")), WrongPeer),
        (wire.encode(wire.Refused(999, "no")), HandshakeFailed),
        (wire.encode(wire.Welcome(2, identity(1000).id.key, bytes(32), bytes(32), 0, bytes(64))), VersionMismatch),
        (wire.encode(wire.Welcome(1, identity(1000).id.key, bytes(32), bytes(32), 0, bytes(64))), HandshakeFailed),
        (wire.encode(wire.Welcome(1, identity(9).id.key, bytes(32), bytes(32), 0, bytes(64))), WrongPeer),
        (wire.encode(wire.Welcome(1, bytes(32), bytes(32), bytes(32), 0, bytes(64))), WrongPeer),
    ],
)
def test_a_welcome_that_is_none(hello: bytes, error: type[RemoteError]) -> None:
    async def scenario() -> None:
        world = World()

        async def serve(socket: Socket) -> None:
            await socket.receive()
            await socket.send(hello)

        listener = world.sockets.listener("11.0.0.1", 4770)
        await listener.open(serve, dict)
        with pytest.raises(error):
            await world.client(1)
        await listener.close()

    run_virtual(scenario())


# -- clients that lie --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("noise", [b"", b"\xc1", bytes(200), b"\x91" * 2000])
def test_noise_inside_the_cipher_ends_a_client_s_socket_with_a_reason(noise: bytes) -> None:
    async def scenario() -> None:
        world = World()
        async with world.endpoint(0) as endpoint, await world.client(2) as other:
            client = await world.client(1)
            client._link._out.append(noise)
            with pytest.raises((EndpointLost, EndpointTimeout)):
                await client.ping()
            assert "the endpoint says: " in str(await client.wait_closed())
            await client.close()
            assert (await other.ping()).rtt_s > 0
            assert endpoint.hub.counts.refused == 0

    run_virtual(scenario())


def test_a_made_up_answer_to_an_envelope_is_nobody_s() -> None:
    async def scenario() -> None:
        world = World()
        async with (
            world.endpoint(0),
            await world.client(1, take=Taking(accept=False)) as alice,
            await world.client(2) as mallory,
            await world.client(3) as bob,
        ):
            await alice.register()
            for number in range(1, 50):
                mallory._link.post(wire.Delivered(number, accepted=True))
                alice._link.post(wire.Delivered(number, accepted=True))
            await asyncio.sleep(0.5)
            with pytest.raises(NoReservation):
                await bob.send(identity(1).id, b"", SEALED)

    run_virtual(scenario())


# -- somebody on the path ----------------------------------------------------------------------------------------------

FAULTS: list[tuple[str, Callable[[MemorySockets], AbstractContextManager[None]]]] = [
    ("drops", lambda sockets: _once(sockets, lambda data: [])),
    ("repeats", lambda sockets: _once(sockets, lambda data: [(0, data), (0, data)])),
    ("injects noise", lambda sockets: _once(sockets, lambda data: [(0, bytes(60)), (0, data)])),
    ("injects a refusal", lambda sockets: _once(sockets, lambda data: [(0, wire.encode(wire.Refused(201, "no")))])),
    ("injects an answer", lambda sockets: _once(sockets, lambda data: [(0, wire.encode(wire.Result(2, 100, "")))])),
    ("changes a bit", lambda sockets: _once(sockets, lambda data: [(0, data[:-1] + bytes([data[-1] ^ 1]))])),
    ("cuts short", lambda sockets: _once(sockets, lambda data: [(0, data[:-1])])),
    ("swaps", lambda sockets: sockets.swap()),
    ("replays", lambda sockets: sockets.replay()),
]


def _once(sockets: MemorySockets, change: Callable[[bytes], list[tuple[float, bytes]]]) -> AbstractContextManager[None]:
    """A fault on the first frame towards client 1 only."""
    done = False

    def fault(source: str, to: str, data: bytes) -> list[tuple[float, bytes]]:
        nonlocal done
        if done or to != "12.0.1.1":
            return [(0, data)]
        done = True
        return change(data)

    return sockets.tamper(fault)


@pytest.mark.parametrize(("name", "fault"), FAULTS, ids=[name for name, _ in FAULTS])
def test_whoever_tampers_after_the_handshake_ends_the_socket(
    name: str, fault: Callable[[MemorySockets], AbstractContextManager[None]]
) -> None:
    # Invariant: no answer that the endpoint did not give is believed; the socket ends with a typed error.
    async def scenario() -> None:
        world = World()
        async with world.endpoint(0):
            take = Taking()
            async with await world.client(1, take=take) as alice, await world.client(2) as bob:
                await alice.register()
                await bob.ping()
                with fault(world.sockets):
                    fates = await asyncio.gather(
                        *(alice.send(identity(9).id, b"", SEALED) for _ in range(6)), return_exceptions=True
                    )
                # What was answered before the tampering is true: nobody is there. Nothing else was believed.
                assert {type(fate) for fate in fates} <= {HandshakeFailed, EndpointLost, EndpointTimeout, NoReservation}
                assert {type(fate) for fate in fates} != {NoReservation}, name
                assert isinstance(await alice.wait_closed(), (HandshakeFailed, EndpointLost))
                assert (await bob.ping()).rtt_s > 0, "nobody else notices"

    run_virtual(scenario())


@pytest.mark.parametrize("seed", range(20))
def test_tampering_with_a_handshake_gives_a_typed_error_or_none(seed: int) -> None:
    # Invariant: flip, drop, repeat or add to frames of a handshake: a typed error, or the right peer.
    async def scenario() -> None:
        world = World(seed=seed)
        choose = random.Random(seed)

        def fault(source: str, to: str, data: bytes) -> list[tuple[float, bytes]]:
            del source, to
            match choose.randrange(6):
                case 0:
                    return []
                case 1:
                    return [(0, data), (0, data)]
                case 2 if data:
                    at = choose.randrange(len(data))
                    return [(0, data[:at] + bytes([data[at] ^ 1 << choose.randrange(8)]) + data[at + 1 :])]
                case 3:
                    return [(0, choose.randbytes(40)), (0, data)]
            return [(0, data)]

        async with world.endpoint(0) as endpoint:
            with world.sockets.tamper(fault):
                client: Client | None = None
                try:
                    client = await world.client(1)
                except (HandshakeFailed, EndpointTimeout, EndpointLost, VersionMismatch, WrongPeer):
                    client = None
            if client is not None:
                assert client.peer == endpoint.identity.id
                await client.close()
            await asyncio.sleep(6)
            async with await world.client(2) as honest:
                assert (await honest.ping()).rtt_s > 0

    run_virtual(scenario())


def test_somebody_between_who_has_a_key_of_its_own() -> None:
    # A middleman can only be itself: who dials a peer id does not speak with it.
    async def scenario() -> None:
        world = World()
        async with world.endpoint(0), world.endpoint(1):
            inner = world.sockets.connect_from("12.0.9.1")
            diverted: Connect = lambda address: inner(world.address(1))  # noqa: E731
            with pytest.raises(WrongPeer):
                await open_client(diverted, world.address(0), identity(1), Role.ME)

    run_virtual(scenario())


def _random_frame(choose: random.Random, peers: list[bytes]) -> bytes:
    """A frame with a known kind and fields of any sort, mostly of those that belong there."""
    numbers = [0, 1, 2, 7, 3600, 2**32, 2**53 - 1, 2**60, -1]
    blobs = [b"", bytes(16), bytes(32), choose.randbytes(32), choose.choice(peers), bytes(256), choose.randbytes(1024)]
    others: list[Any] = [None, True, "text", "\x00", 1.5, [], [b""], [choose.randbytes(9)], {}, [[], "", "", 0]]
    fields = [
        choose.choice(choose.choices([numbers, blobs, others], weights=[4, 5, 1])[0])
        for _ in range(choose.randrange(1, 7))
    ]
    return msgspec.msgpack.encode([choose.choice([*range(28), 40, 99]), *fields])


@pytest.mark.parametrize("seed", range(12))
def test_a_client_that_says_anything_harms_nobody(seed: int) -> None:
    # Invariant: whatever frames an authenticated client sends, nothing reaches the loop's handler, its socket is served
    # or ended with a reason, and somebody else's requests are answered as before.
    async def scenario() -> None:
        choose = random.Random(seed)
        world = World(seed=seed)
        peers = [identity(n).id.key for n in (1, 2, 1000)]
        async with (
            world.endpoint(0, deliver=lambda *arguments: choose.random() < 0.5),
            world.endpoint(1),
            await world.client(1, take=Taking()) as honest,
        ):
            await honest.register()
            for _ in range(25):
                noisy = await world.client(2, role=choose.choice(list(Role)), take=Taking(accept=choose.random() < 0.5))
                for _ in range(12):
                    noisy._link._out.append(_random_frame(choose, peers))
                noisy._link.post(wire.Ping(1), always=True)
                await asyncio.sleep(choose.uniform(0, 0.3))
                await noisy.close()
            assert (await honest.ping()).rtt_s < 0.1
            await honest.send(identity(1).id, b"", SEALED)

    run_virtual(scenario())

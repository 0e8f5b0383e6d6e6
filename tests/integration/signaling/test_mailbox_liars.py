"""Mailboxes that lie, as their clients meet them: nothing is opened that was not written, nothing goes on for ever."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractContextManager, asynccontextmanager, closing

import pytest
from introducing import World, identity, sealed, wall_clock
from mailing import collect_all, letter_of, move_in, tag_between

from wherry.testing.clock import run_virtual
from wherry.testing.lying_mailboxes import LyingMailboxes
from wherry_signaling import wire
from wherry_signaling.client import Client, open_client
from wherry_signaling.envelope import open_sealed
from wherry_signaling.errors import Malformed, NoReservation, Quota, RemoteError
from wherry_signaling.handshake import ServerHandshake
from wherry_signaling.letters import decode_message
from wherry_signaling.limits import DELIVERIES_PER_S
from wherry_signaling.link import Link
from wherry_signaling.sockets import Socket
from wherry_signaling.tags import envelope_name
from wherry_signaling.wire import Role
from wherry_signaling.wire_mailbox import Collected, Prekey, Waiting

ALICE, BOB, CAROL = identity(1), identity(2), identity(3)


@asynccontextmanager
async def lying(seed: int = 1) -> AsyncIterator[tuple[World, LyingMailboxes, Client, Client, bytes]]:
    """A mailbox that lies, Alice who has a lease there, a guest who may write to her, and the tag."""
    world = World(seed=seed)
    with closing(LyingMailboxes(seed=seed)) as liar:
        async with (
            world.endpoint(0, mailboxes=liar) as endpoint,
            await world.client(1) as alice,
            await world.client(9, role=Role.GUEST) as guest,
        ):
            await move_in(alice, ALICE, [BOB], wall_clock())
            tag = tag_between(BOB, ALICE.id, ALICE.id, endpoint.identity.id, wall_clock())
            yield world, liar, alice, guest, tag


Lie = Callable[[LyingMailboxes], AbstractContextManager[None]]
LIES: dict[str, Lie] = {
    "drop": lambda liar: liar.drop(0.5),
    "deny": lambda liar: liar.deny(0.5),
    "say it is full": lambda liar: liar.deny(0.5, Quota),
    "hold back": lambda liar: liar.hold_back(0.5),
    "reorder": lambda liar: liar.reorder(),
    "replay": lambda liar: liar.replay(0.5),
    "swap": lambda liar: liar.swap(0.5),
    "poison": lambda liar: liar.poison(0.5),
    "forget nothing": lambda liar: liar.deafness(0.5),
}


@pytest.mark.parametrize("lie", LIES.values(), ids=LIES)
def test_whatever_is_shown_only_what_was_written_opens(lie: Lie) -> None:
    # Invariant: whatever a mailbox does, a recipient opens only letters that were written to it, unchanged; and once
    # it is honest again, what it had is there.
    async def scenario() -> None:
        async with lying() as (world, liar, alice, guest, tag), await world.client(3) as carol:
            await move_in(carol, CAROL, [BOB], wall_clock())
            carols = tag_between(BOB, CAROL.id, CAROL.id, alice.peer, wall_clock())
            written = [b"letter %d" % number for number in range(40)]
            with lie(liar):
                for box in written:
                    for to, right in ((ALICE, tag), (CAROL, carols)):
                        letter = letter_of(BOB, to, to.id.key + box, world.random.randbytes(32))
                        try:
                            await guest.deposit(to.id, right, letter)
                        except (NoReservation, Quota):
                            continue
                for _ in range(3):
                    shown = await collect_all(alice)
                    assert set(opened(shown)) <= {ALICE.id.key + box for box in written}
                    await alice.acknowledge([envelope_name(one) for one in shown[:5]])
            kept = await collect_all(alice)
            assert len(opened(kept)) == len(set(opened(kept))) == len(kept)
            assert alice.alive

    run_virtual(scenario())


def opened(shown: list[bytes]) -> list[bytes]:
    """What Alice can open of it."""
    found = []
    for one in shown:
        try:
            envelope = open_sealed(one, recipient=ALICE)
        except RemoteError:
            continue
        assert envelope.sender == BOB.id
        found.append(decode_message(envelope.payload).box)
    return found


def test_a_prekey_that_is_handed_out_twice() -> None:
    async def scenario() -> None:
        async with lying() as (_, liar, alice, guest, tag):
            await alice.prekeys([(number, bytes([number]) * 32) for number in range(1, 6)])
            with liar.repeated_prekeys():
                assert len({await guest.take_prekey(ALICE.id, tag) for _ in range(4)}) == 1

    run_virtual(scenario())


class Endless:
    """An endpoint that answers whatever is asked with frames of its own."""

    def __init__(self, answer: Callable[[int], list[wire.AnyFrame]]) -> None:
        self.answer = answer

    async def serve(self, socket: Socket) -> None:
        handshake = ServerHandshake(identity(1000), secret=bytes([7]) * 32, nonce=bytes(32))
        await socket.send(handshake.receive_hello(await socket.receive()))
        link = Link(socket, handshake.receive_proof(await socket.receive()).cipher)
        writing = asyncio.create_task(link.write())
        try:
            while True:
                frame, _ = await link.receive()
                for one in self.answer(getattr(frame, "id", 0)):
                    link.post(one, always=True)
        except RemoteError:
            await link.close()
        finally:
            writing.cancel()
            await asyncio.wait([writing])


@asynccontextmanager
async def client_of(answer: Callable[[int], list[wire.AnyFrame]]) -> AsyncIterator[Client]:
    world = World()
    listener = world.sockets.listener("11.0.0.1", 4770)
    await listener.open(Endless(answer).serve, dict)
    try:
        async with await open_client(
            world.sockets.connect_from("12.0.1.1"), world.address(0), ALICE, Role.ME
        ) as client:
            yield client
    finally:
        await listener.close()


@pytest.mark.parametrize(
    "page",
    [
        ([(0, sealed(1))], False),
        ([(3, sealed(1)), (3, sealed(2))], False),
        ([(3, sealed(1)), (2, sealed(2))], True),
        ([], True),
    ],
    ids=["the number asked beyond", "a number twice", "falling numbers", "nothing and more"],
)
def test_pages_that_go_in_circles_are_refused(page: tuple[list[tuple[int, bytes]], bool]) -> None:
    async def scenario() -> None:
        async with client_of(lambda number: [Collected(number, *page)]) as client:
            with pytest.raises(Malformed):
                await collect_all(client)

    run_virtual(scenario())


def test_a_key_that_is_none_is_refused() -> None:
    async def scenario() -> None:
        async with client_of(lambda number: [Prekey(number, 1, bytes(31))]) as client:
            with pytest.raises(Malformed):
                await client.take_prekey(BOB.id, bytes(16))

    run_virtual(scenario())


def test_a_flood_of_words_is_read_slowly() -> None:
    async def scenario() -> None:
        told: list[float] = []
        flood: list[wire.AnyFrame] = [Waiting(0, 1)] * 4000
        async with client_of(lambda number: [*flood, wire.Pong(number, 0)]) as client:
            client.on_waiting = lambda: told.append(asyncio.get_running_loop().time())
            with pytest.raises(RemoteError):
                await client.ping()
            await asyncio.sleep(60)
        per_s, burst = DELIVERIES_PER_S
        assert burst < len(told) <= burst + 2 + per_s * (told[-1] - told[0])

    run_virtual(scenario())

"""The switchboard under bad luck and bad components: whole parties in memory, on the virtual clock.

What must hold (parity row 26): every component is told once that a peer came and once that it went, in this order;
all that belonged to it is freed; it can be dialled again at once; quitting closes everybody. `run_virtual` sees to it
that no task is left and that nothing reaches the loop's exception handler.
"""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Awaitable, Coroutine
from typing import Any

import msgspec
import pytest
from introducing import identity
from memory_parties import Diary, Party, Town

from wherry.connect.records import Source
from wherry.errors import PeerClosed, ReceiveNested, ReceiveTimeout, WherryError
from wherry.network import Component
from wherry.network.component import Context
from wherry.network.limits import HOOK_S
from wherry.network.messages import MESSAGE_STREAM, Envelope, encode
from wherry.network.opcodes import Disconnect, Ping, Pong
from wherry.network.peer import Peer
from wherry.testing.clock import run_virtual
from wherry_signaling.domains import Purpose
from wherry_signaling.identity import PeerId


def run(scenario: Coroutine[Any, Any, None]) -> None:
    """On the virtual clock; who waits in vain fails after ten minutes of it."""

    async def bounded() -> None:
        async with asyncio.timeout(600):
            await scenario

    run_virtual(bounded())


class Word(msgspec.Struct, frozen=True):
    text: str


def told_in_order(diary: Diary) -> bool:
    """Each peer came and went by turns, beginning with coming."""
    return all(
        line == ("came", "went")[position % 2]
        for peer in {peer for _, peer in diary.lines}
        for position, line in enumerate(diary.of(peer))
    )


def speak(*parties: Party) -> None:
    for one in parties:
        one.network.opcodes.register(1000, Word, allowed="anyone")


def test_after_a_disconnect_the_peer_can_be_dialled_at_once() -> None:
    async def main() -> None:
        async with Town(1) as town, town.party() as ada, town.party() as bela:
            for _ in range(3):
                peer = await ada.network.connect(bela.id)
                assert await peer.request(Ping(b"x"), Pong) == Pong(b"x")
                await ada.network.disconnect(bela.id)
                assert ada.network.peer(bela.id) is None
                assert ada.network.connection(bela.id) is None
            assert ada.diary.of(bela.id) == ["came", "went"] * 3
            await bela.diary.until(lambda: bela.diary.of(ada.id) == ["came", "went"] * 3)
            assert not bela.network.peers

    run(main())


def test_who_leaves_in_a_hook_is_gone_for_everybody() -> None:
    class Bouncer(Component):
        async def peer_connect(self, peer: Peer) -> None:
            await self.network.disconnect(peer.id)

        async def startup(self, network: object) -> None:
            self.network = network  # type: ignore[assignment]

    async def main() -> None:
        async with Town(2) as town, town.party(components=[Bouncer()]) as ada, town.party() as bela:
            await _or_error(ada.network.connect(bela.id))
            await ada.diary.until(lambda: ada.diary.of(bela.id) == ["came", "went"])
            await asyncio.sleep(2 * HOOK_S)
            assert not ada.network.peers
            assert told_in_order(bela.diary)

    run(main())


def test_a_component_that_disconnects_while_it_receives() -> None:
    class Touchy(Component):
        async def receive(self, context: Context) -> None:
            if isinstance(context.message, Word):
                await context.network.disconnect(context.peer.id)

    async def main() -> None:
        async with Town(3) as town, town.party(components=[Touchy()]) as ada, town.party() as bela:
            speak(ada, bela)
            peer = await bela.network.connect(ada.id)
            await peer.send(Word("boo"))
            await ada.diary.until(lambda: ada.diary.of(bela.id) == ["came", "went"])
            await bela.diary.until(lambda: bela.diary.of(ada.id) == ["came", "went"])
            await bela.network.connect(ada.id)

    run(main())


@pytest.mark.parametrize("hook", ["peer_connect", "peer_disconnect", "receive", "cleanup"])
@pytest.mark.parametrize("fault", ["raises", "hangs", "is cancelled"])
def test_a_bad_component_harms_no_other(hook: str, fault: str) -> None:
    async def misbehave(*_: object) -> None:
        if fault == "raises":
            raise RuntimeError("a bug of the component's")
        if fault == "hangs":
            await asyncio.Event().wait()
        task = asyncio.create_task(asyncio.Event().wait())
        task.cancel()
        await task

    bad = type("Bad", (Component,), {hook: misbehave})()
    after = Diary()

    async def main() -> None:
        async with Town(4) as town, town.party(components=[bad, after]) as ada, town.party() as bela:
            speak(ada, bela)
            peer = await bela.network.connect(ada.id)
            await peer.send(Word("one"))
            await peer.send(Word("two"))
            await after.until(
                lambda: [one for one in after.messages if isinstance(one, Word)] == [Word("one"), Word("two")]
            )
            assert after.of(bela.id) == ["came"]
            await bela.network.disconnect(ada.id)
            await after.until(lambda: after.of(bela.id) == ["came", "went"])

    run(main())


def test_a_slow_component_does_not_lose_the_connection_when_the_peer_rings_again() -> None:
    # While a component takes its time over a newcomer, another offer of the same peer ends nothing.
    class Slow(Component):
        async def peer_connect(self, peer: Peer) -> None:
            await asyncio.sleep(HOOK_S - 1)

    async def main() -> None:
        async with Town(5) as town, town.party(components=[Slow()]) as ada, town.stranger() as eve:
            connection = await eve.connect(ada)
            await ada.meets(eve.id)
            await eve.send(eve.offer(), ada)
            await asyncio.sleep(HOOK_S + 1)
            assert not connection.closed.done()
            peer = ada.network.peer(eve.id)
            assert peer is not None
            speak(ada)
            out = await connection.open_stream(MESSAGE_STREAM)
            await out.write(encode(Envelope(1000, 1, 0, msgspec.msgpack.encode(Word("hey")))))
            await ada.diary.until(lambda: Word("hey") in ada.diary.messages)

    run(main())


def test_quitting_while_others_leave_tells_everybody_once() -> None:
    class Slow(Component):
        async def peer_disconnect(self, peer: Peer) -> None:
            await asyncio.sleep(1)

    last = Diary()

    async def main() -> None:
        async with Town(6) as town, town.party() as bela, town.party() as cy:
            async with town.party(components=[Slow(), last]) as ada:
                await ada.network.connect(bela.id)
                await ada.network.connect(cy.id)
                ada.network.leave(bela.id)
                await cy.network.disconnect(ada.id)
                await ada.diary.until(lambda: "went" in ada.diary.of(cy.id))
            assert last.of(bela.id) == last.of(cy.id) == ["came", "went"]
            await bela.diary.until(lambda: bela.diary.of(ada.id) == ["came", "went"])

    run(main())


@pytest.mark.parametrize("delay_s", [0.0, 0.01, 0.1, 0.3, 0.5, 1.0])
def test_quitting_while_dials_are_under_way(delay_s: float) -> None:
    async def main() -> None:
        async with Town(7) as town, town.party() as bela:
            async with town.party() as ada:
                dials = [asyncio.create_task(_or_error(ada.network.connect(bela.id))) for _ in range(3)]
                await asyncio.sleep(delay_s)
            ended = await asyncio.wait_for(asyncio.gather(*dials), 1)
            assert all(one is None or isinstance(one, WherryError) for one in ended), ended
            assert told_in_order(ada.diary)
            assert len(ada.diary.lines) in (0, 2)

    run(main())


@pytest.mark.parametrize("seed", range(8))
def test_quitting_at_any_moment(seed: int) -> None:
    # Dials, sealed pings and look-ups by several sources, some of them cancelled: each ends at once, typed.
    async def main() -> None:
        async with Town(seed) as town, town.party() as bela:
            async with town.party() as ada:

                async def ask(purpose: Purpose, peer: PeerId) -> bytes | None:
                    await ada.guests.look_up_via(town.address(0), purpose, peer)
                    return town.book.get(peer)

                ada.sources += [Source("guest", ask), Source("another", ask)]
                work = [
                    asyncio.create_task(_or_error(one))
                    for one in (
                        ada.network.connect(bela.id),
                        ada.dialer.ring(bela.id),
                        bela.network.connect(ada.id),
                    )
                ]
                await asyncio.sleep(town.random.uniform(0, 0.8))
                town.random.choice(work).cancel()
            ended = await asyncio.wait_for(asyncio.gather(*work, return_exceptions=True), 60)
            assert all(isinstance(one, WherryError | asyncio.CancelledError | None) for one in ended), ended
            assert told_in_order(ada.diary)
            del work, ended
            gc.collect()  # an error that nobody looked at is reported when it is forgotten

    run(main())


@pytest.mark.parametrize("delay_s", [0.0, 0.03, 0.1, 0.25, 0.3, 0.35])
def test_a_dial_that_was_cancelled_leaves_nothing(delay_s: float) -> None:
    async def main() -> None:
        async with Town(8) as town, town.party() as ada, town.party() as bela:
            dial = asyncio.create_task(ada.network.connect(bela.id))
            await asyncio.sleep(delay_s)
            dial.cancel()
            await asyncio.wait([dial])
            peer = await ada.network.connect(bela.id)
            assert await peer.request(Ping(b"x"), Pong) == Pong(b"x")
            assert ada.diary.of(bela.id) == ["came"]

    run(main())


@pytest.mark.parametrize("delay_s", [0.0, 0.03, 0.1, 0.25, 0.3, 0.32, 0.35])
def test_disconnecting_during_a_dial(delay_s: float) -> None:
    async def main() -> None:
        async with Town(9) as town, town.party() as ada, town.party() as bela:
            dial = asyncio.create_task(_or_error(ada.network.connect(bela.id)))
            await asyncio.sleep(delay_s)
            await ada.network.disconnect(bela.id)
            await dial
            peer = await ada.network.connect(bela.id)
            assert await peer.request(Ping(b"x"), Pong) == Pong(b"x")
            assert told_in_order(ada.diary)
            assert told_in_order(bela.diary)

    run(main())


@pytest.mark.parametrize("seed", range(12))
def test_leaving_and_coming_at_random(seed: int) -> None:
    # Both dial, leave and go at any moment; in the end a dial works, and everybody was told in order.
    async def main() -> None:
        async with Town(seed) as town, town.party(components=[_Sleepy(seed)]) as ada, town.party() as bela:
            chance = town.random

            async def fidget(one: Party, other: Party) -> None:
                for _ in range(8):
                    await asyncio.sleep(chance.uniform(0, 0.6))
                    match chance.randrange(4):
                        case 0 | 1:
                            await _or_error(one.network.connect(other.id))
                        case 2:
                            one.network.leave(other.id)
                        case _:
                            await one.network.disconnect(other.id)

            await asyncio.gather(fidget(ada, bela), fidget(bela, ada), fidget(ada, bela))
            await asyncio.sleep(20)
            peer = await ada.network.connect(bela.id)
            assert await peer.request(Ping(b"x"), Pong) == Pong(b"x")
            await bela.meets(ada.id)
            other = bela.network.peer(ada.id)
            assert other is not None
            assert await other.request(Ping(b"y"), Pong) == Pong(b"y")
            for one in (ada, bela):
                assert told_in_order(one.diary), one.diary.lines

    run(main())


class _Sleepy(Component):
    def __init__(self, seed: int) -> None:
        self.s = (seed % 3) * 0.2

    async def peer_connect(self, peer: Peer) -> None:
        await asyncio.sleep(self.s)

    async def peer_disconnect(self, peer: Peer) -> None:
        await asyncio.sleep(self.s)


def test_a_peer_that_starts_anew_while_messages_flow() -> None:
    async def main() -> None:
        async with Town(10) as town, town.party() as ada, town.stranger() as eve:
            speak(ada)
            old = await eve.connect(ada, instance=b"instance")
            await ada.meets(eve.id)
            peer = ada.network.peer(eve.id)
            assert peer is not None

            async def pour(peer: Peer) -> WherryError:
                while True:
                    try:
                        await peer.send(Word("x" * 1000))
                    except WherryError as error:
                        return error

            pouring = asyncio.create_task(pour(peer))
            asking = asyncio.create_task(_or_error(peer.request(Ping(), Pong)))
            await asyncio.sleep(0.5)
            new = await eve.connect(ada, instance=b"another1")
            assert isinstance(await pouring, WherryError)
            assert isinstance(await asking, WherryError)
            await ada.diary.until(lambda: ada.diary.of(eve.id) == ["came", "went", "came"])
            assert len(ada.network.peers) == 1
            assert ada.network.peer(eve.id) is not peer
            assert not new.closed.done()
            await old.close()

    run(main())


@pytest.mark.parametrize("seed", range(4))
def test_links_that_break_while_both_ask_and_dial(seed: int) -> None:
    # Links are cut, fall silent, and are dialled beside, also from both ends at once: every question is answered, and
    # no component hears of it; in the end there is one link.
    async def main() -> None:
        async with Town(seed) as town, town.party() as ada, town.party() as bela:
            await ada.network.connect(bela.id)
            await bela.meets(ada.id)
            chance = town.random

            async def ask(one: Party, other: Party) -> None:
                for _ in range(40):
                    peer = one.network.peer(other.id)
                    assert peer is not None
                    assert await peer.request(Ping(b"x"), Pong, timeout=40) == Pong(b"x")
                    await asyncio.sleep(chance.uniform(0, 0.5))

            async def trouble() -> None:
                for _ in range(10):
                    await asyncio.sleep(chance.uniform(0.2, 3))
                    match chance.randrange(3):
                        case 0:
                            links = [link for link in town.engine.links.values() if link.stats().bytes_received]
                            if links:
                                chance.choice(links).cut()
                        case 1:
                            with town.engine.silence():
                                await asyncio.sleep(chance.uniform(1, 6))
                        case _:
                            await asyncio.gather(
                                _or_error(ada.dialer.dial(bela.id)), _or_error(bela.dialer.dial(ada.id))
                            )

            await asyncio.gather(ask(ada, bela), ask(bela, ada), trouble())
            await asyncio.sleep(40)
            assert ada.diary.of(bela.id) == bela.diary.of(ada.id) == ["came"]
            assert len(town.engine.links) == 2

    run(main())


def test_receive_then_lock_between_two_nodes() -> None:
    class Step(msgspec.Struct, frozen=True):
        number: int

    async def main() -> None:
        async with Town(11) as town, town.party() as ada, town.party() as bela:
            for one in (ada, bela):
                speak(one)
                one.network.opcodes.register(1001, Step, allowed="anyone")
            theirs = await bela.network.connect(ada.id)
            await ada.meets(bela.id)
            peer = ada.network.peer(bela.id)
            assert peer is not None
            for number in range(3):
                await theirs.send(Step(number))
                await theirs.send(Word(f"after {number}"))
            seen: list[object] = []
            for _ in range(2):
                async with peer.receive(Step, timeout=5) as step:
                    seen.append(step)
                    await asyncio.sleep(1)
                    assert not [one for one in ada.diary.messages if one == Word(f"after {step.number}")]
            assert seen == [Step(0), Step(1)]
            await ada.diary.until(lambda: Word("after 2") in ada.diary.messages)
            words = [one for one in ada.diary.messages if isinstance(one, Word | Step)]
            assert words == [Word("after 0"), Word("after 1"), Step(2), Word("after 2")]
            with pytest.raises(ReceiveTimeout):
                async with peer.receive(Step, timeout=1):
                    pass
            waiting = asyncio.create_task(_receive(peer, Step))
            await asyncio.sleep(0.1)
            await bela.network.disconnect(ada.id)
            assert isinstance(await waiting, WherryError)

    run(main())


def test_a_hook_that_waits_for_the_next_message_is_told_that_it_cannot() -> None:
    told: list[WherryError | None] = []

    class Impatient(Component):
        async def receive(self, context: Context) -> None:
            if isinstance(context.message, Word):
                told.append(await _receive(context.peer, Word))

    async def main() -> None:
        async with Town(12) as town, town.party(components=[Impatient()]) as ada, town.party() as bela:
            speak(ada, bela)
            peer = await bela.network.connect(ada.id)
            await peer.send(Word("one"))
            await peer.send(Word("two"))
            await ada.diary.until(lambda: Word("two") in ada.diary.messages)

    run(main())
    assert isinstance(told[0], ReceiveNested)


def test_two_who_run_under_one_identity_do_not_chase_each_other_for_ever() -> None:
    async def main() -> None:
        twin = identity(77)
        async with Town(13) as town, town.party() as ada, town.party(twin) as one, town.party(twin) as other:
            await one.network.connect(ada.id)
            await ada.meets(twin.id)
            await other.network.connect(ada.id)
            await asyncio.sleep(60)
            told = len(ada.diary.lines)
            await asyncio.sleep(120)
            assert len(ada.diary.lines) == told < 20
            for party in (ada, one, other):
                assert told_in_order(party.diary), party.diary.lines
            await other.network.disconnect(ada.id)
            await one.network.disconnect(ada.id)
            peer = await other.network.connect(ada.id)
            assert await peer.request(Ping(b"x"), Pong) == Pong(b"x")

    run(main())


async def _receive(peer: Peer, kind: type[object]) -> WherryError | None:
    try:
        async with peer.receive(kind):
            return None
    except WherryError as error:
        return error


async def _or_error(work: Awaitable[object]) -> WherryError | None:
    try:
        await work
    except WherryError as error:
        return error
    return None


def test_streams_end_as_closed_by_the_peer_where_it_asks_to_be_left() -> None:
    async def scenario() -> None:
        async with Town(7) as town, town.party(identity(1)) as ada, town.party(identity(2)) as bela:
            await ada.network.connect(bela.id)
            await bela.diary.until(lambda: bela.diary.of(ada.id) == ["came"])
            left = bela.network.peer(ada.id)
            assert left is not None
            stream = await left.open_stream("/wherry/echo/1")
            asking = ada.network.peer(bela.id)
            assert asking is not None
            await asking.send(Disconnect())
            with pytest.raises(PeerClosed):
                await stream.read()

    run(scenario())

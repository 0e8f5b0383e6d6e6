"""Whole parties among liars: introducers, directories and peers that cheat; in memory, on the virtual clock.

`WHERRY_FULL=1` makes the one who offers without end do it 1,000 times; CI has 200.

Each lie ends in a typed error for whom it concerns; nobody else notices. `run_virtual` sees to it that nothing reaches
the loop's exception handler and that no task is left.
"""

from __future__ import annotations

import asyncio
import dataclasses
import os
import struct
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import AbstractContextManager, AsyncExitStack, ExitStack, asynccontextmanager
from typing import Any

import msgspec
import pytest
from memory_parties import Party, Stranger, Town, hash_of

from wherry.connect.limits import ATTEMPT_S, INBOUND_AT_ONCE, STRANGERS_AT_ONCE
from wherry.connect.records import Source
from wherry.connection import Connection
from wherry.connection.frames import Frame, Hello, Kind
from wherry.connection.limits import GRACE_S
from wherry.errors import DialFailed, NegotiationFailed, PeerNotFound, ReceiveTimeout, RefusedByPeer, WherryError
from wherry.network.limits import MESSAGE_BYTES, REFUSALS_AT_ONCE
from wherry.network.messages import MESSAGE_STREAM, Envelope, Parser, encode
from wherry.network.opcodes import Opcode, Ping, Pong, Refused
from wherry.network.peer import Peer
from wherry.testing.clock import run_virtual
from wherry.testing.liars import Carry, LyingEndpoint
from wherry_signaling.domains import Purpose
from wherry_signaling.identity import PeerId
from wherry_signaling.limits import SDP_BYTES
from wherry_signaling.server.deliveries import Done
from wherry_signaling.server.hub import Party as HubParty
from wherry_signaling.signals import Answer, Candidates, Offer, Ping as SealedPing, Pong as SealedPong, Refusal

OFFERS = 1000 if os.environ.get("WHERRY_FULL") else 200


def run(scenario: Coroutine[Any, Any, None]) -> None:
    """On the virtual clock; who waits in vain fails after ten minutes of it."""

    async def bounded() -> None:
        async with asyncio.timeout(600):
            await scenario

    run_virtual(bounded())


async def well(one: Party, other: Party) -> None:
    """One connection, and it works both ways."""
    peer = await one.network.connect(other.id)
    assert await peer.request(Ping(b"x"), Pong) == Pong(b"x")
    await other.meets(one.id)
    back = other.network.peer(one.id)
    assert back is not None
    assert await back.request(Ping(b"y"), Pong) == Pong(b"y")


async def failure(work: Awaitable[object]) -> WherryError | None:
    try:
        await work
    except WherryError as error:
        return error
    return None


# -- introducers ------------------------------------------------------------------------------------------------------

Lies = Callable[[LyingEndpoint], AbstractContextManager[object]]
LIES: dict[str, Lies] = {
    "swaps": lambda one: one.swap(),
    "replays": lambda one: one.replay(),
    "delays": lambda one: one.delay(4000),
    "drops and says 100": lambda one: one.drop(),
    "swallows": lambda one: one.swallow(),
    "doubles": lambda one: one.duplicate(),
    "floods": lambda one: one.flood(50),
    "holds back": lambda one: one.hold_back(),
}


@pytest.mark.parametrize("lie", LIES)
def test_two_lying_introducers_of_three(lie: str) -> None:
    # While one way works, a dial works; and so does the next one, after what was told before.
    async def main() -> None:
        async with Town(1) as town, town.party() as ada, town.party() as bela, town.party() as cy:
            with ExitStack() as stack:
                for one in town.introducers[:2]:
                    stack.enter_context(LIES[lie](one))
                await asyncio.gather(well(ada, bela), well(ada, cy))
                assert ada.diary.of(bela.id) == bela.diary.of(ada.id) == ["came"]
                await ada.network.disconnect(bela.id)
                await bela.diary.until(lambda: "went" in bela.diary.of(ada.id))
                await well(bela, ada)
                assert await ada.dialer.ring(bela.id) > 0
            await asyncio.sleep(ATTEMPT_S + 1)
            await well(ada, cy)
            for one, other in ((ada, bela), (bela, ada)):
                assert one.diary.of(other.id) == ["came", "went", "came"]
                assert not one.dialer.under_way(other.id)
            assert cy.diary.of(ada.id) == ["came"]

    run(main())


def test_three_liars_who_say_it_was_delivered() -> None:
    async def main() -> None:
        async with Town(2) as town, town.party() as ada, town.party() as bela:
            with ExitStack() as stack:
                for one in town.introducers:
                    stack.enter_context(one.drop())
                assert isinstance(await failure(ada.network.connect(bela.id)), DialFailed)
                assert isinstance(await failure(ada.dialer.ring(bela.id)), DialFailed)
            await well(ada, bela)

    run(main())


def test_an_answer_that_is_swallowed_on_the_way_it_came_by() -> None:
    # The first introducer lets the offer pass and nothing else.
    async def main() -> None:
        async with Town(3) as town, town.party() as ada, town.party() as bela:
            passed = 0

            def lie(recipient: HubParty, envelope: bytes, back: int, done: Done, carry: Carry) -> None:
                nonlocal passed
                passed += 1
                if passed == 1:
                    carry(recipient, envelope, back, done)

            with town.introducers[0].lying(lie):
                await well(ada, bela)
            assert passed > 1

    run(main())


def test_an_offer_held_back_until_after_a_reconnect_harms_nothing() -> None:
    async def main() -> None:
        async with Town(4) as town, town.party() as ada, town.party() as bela:
            with town.introducers[0].hold_back() as release, town.introducers[1].drop(), town.introducers[2].drop():
                assert isinstance(await failure(ada.network.connect(bela.id)), DialFailed)
            await well(ada, bela)
            connection = bela.network.connection(ada.id)
            assert connection is not None
            active = connection.stats()
            assert release() > 0
            await asyncio.sleep(2 * ATTEMPT_S)
            assert bela.network.connection(ada.id) is connection
            now = connection.stats()
            assert active is not None
            assert now is not None
            assert now.remote == active.remote
            assert bela.diary.of(ada.id) == ada.diary.of(bela.id) == ["came"]
            await well(ada, bela)

    run(main())


def test_everything_that_was_ever_said_is_said_again_later() -> None:
    # Offers, answers, refusals and pongs of old attempts meet new ones: nothing of them counts.
    async def main() -> None:
        async with (
            Town(5) as town,
            town.party() as ada,
            town.party() as bela,
            town.party(accepts=lambda _: False) as cy,
        ):
            past: list[tuple[HubParty, bytes, int, Carry]] = []

            def record(recipient: HubParty, envelope: bytes, back: int, done: Done, carry: Carry) -> None:
                past.append((recipient, envelope, back, carry))
                carry(recipient, envelope, back, done)

            with ExitStack() as stack:
                for one in town.introducers:
                    stack.enter_context(one.lying(record))
                await well(ada, bela)
                assert isinstance(await failure(ada.network.connect(cy.id)), RefusedByPeer)
                await ada.dialer.ring(cy.id)
                await ada.network.disconnect(bela.id)
                before = list(past)

                async def again() -> None:
                    for recipient, envelope, back, carry in before:
                        carry(recipient, envelope, back, lambda status: None)
                        await asyncio.sleep(0.03)

                replaying = asyncio.create_task(again())
                await well(ada, bela)
                await replaying
                await asyncio.sleep(ATTEMPT_S + 1)
                assert ada.diary.of(bela.id) == ["came", "went", "came"]
                await well(ada, bela)

    run(main())


# -- who says where somebody is ---------------------------------------------------------------------------------------


def test_a_directory_that_lies() -> None:
    async def main() -> None:
        async with Town(6) as town, town.party() as ada, town.party() as bela, town.party() as cy:
            old = town.record_of(bela.identity, b"long ago", sequence=0)

            def saying(document: bytes | None, after_s: float = 0.0) -> Source:
                async def ask(_: Purpose, peer: PeerId) -> bytes | None:
                    await asyncio.sleep(after_s)
                    return document

                return Source("liar", ask)

            async def silent(_: Purpose, peer: PeerId) -> bytes | None:
                await asyncio.Event().wait()
                return None

            liars = [
                saying(town.book[cy.id]),
                saying(b"garbage"),
                saying(town.book[bela.id][:-1] + b"\0"),
                saying(b"\x91" * 900),
                saying(old),
                Source("silent", silent),
            ]
            honest = ada.sources[0]
            ada.sources[:] = liars[:4] + liars[5:]
            assert isinstance(await failure(ada.network.connect(bela.id)), PeerNotFound)
            ada.sources[:] = [*liars, honest]
            await well(ada, bela)
            assert ada.records.get(cy.id) is None

    run(main())


# -- peers, before there is a connection ------------------------------------------------------------------------------


@asynccontextmanager
async def beset(seed: int) -> AsyncIterator[tuple[Town, Party, Party, Stranger]]:
    """A town with Ada and Bela, who are connected, and Eve, who is after Ada; in the end nobody has noticed her."""
    async with Town(seed) as town, town.party() as ada, town.party() as bela, town.stranger() as eve:
        await well(ada, bela)
        connection = ada.network.connection(bela.id)
        yield town, ada, bela, eve
        assert ada.network.connection(bela.id) is connection
        assert ada.diary.of(bela.id) == bela.diary.of(ada.id) == ["came"]
        await well(ada, bela)
        await ada.network.disconnect(bela.id)
        await bela.diary.until(lambda: "went" in bela.diary.of(ada.id))
        await well(bela, ada)


def test_nonsense_instead_of_signals() -> None:
    async def main() -> None:
        async with beset(7) as (town, ada, _, eve):
            for size in (0, 1, 64, 256, 1024, 4096, 65536):
                assert not await eve.send_bytes(town.random.randbytes(size), ada)
            good = bytearray(eve.seal(eve.offer(), ada))
            for at in range(0, len(good), len(good) // 8):
                broken = bytearray(good)
                broken[at] ^= 1
                assert not await eve.send_bytes(bytes(broken), ada)
            assert not await eve.send(eve.offer("x" * (SDP_BYTES + 1)), ada)
            assert not await eve.send(msgspec.structs.replace(eve.offer(), record=town.book[ada.id]), ada)
            assert not await eve.send(msgspec.structs.replace(eve.offer(), record=b"garbage"), ada)
            assert not await eve.send(msgspec.structs.replace(eve.offer(), version=2), ada)
            assert not ada.dialer.under_way(eve.id)

    run(main())


def test_offers_without_end() -> None:
    async def main() -> None:
        async with beset(8) as (town, ada, _, eve):
            offers = [eve.offer(await town.engine.create().offer()) for _ in range(OFFERS)]
            taken = await asyncio.gather(*(eve.send(offer, ada, via=at % 3) for at, offer in enumerate(offers)))
            accepted = sum(taken)
            assert 50 < accepted < OFFERS
            assert sum(not one.inbound or one.last("end") is None for one in ada.dialer.traces) <= 2
            await asyncio.sleep(ATTEMPT_S + 1)
            assert not ada.dialer.under_way(eve.id)
            for link in list(town.engine.links.values()):
                if link._other is None:
                    await link.close()

    run(main())


def test_offers_of_a_crowd_leave_room() -> None:
    async def main() -> None:
        async with Town(9) as town, town.party() as ada, town.party() as bela:
            await well(ada, bela)
            async with AsyncExitStack() as stack:
                strangers = [await stack.enter_async_context(town.stranger()) for _ in range(STRANGERS_AT_ONCE + 4)]
                links = [town.engine.create() for _ in strangers]
                taken = [
                    await eve.send(eve.offer(await link.offer()), ada)
                    for eve, link in zip(strangers, links, strict=True)
                ]
                assert taken.count(True) == STRANGERS_AT_ONCE <= INBOUND_AT_ONCE
                await ada.network.disconnect(bela.id)
                await asyncio.sleep(ATTEMPT_S + 1)
                await well(bela, ada)
                for link in links:
                    await link.close()

    run(main())


def test_signals_about_attempts_that_are_none_of_theirs() -> None:
    async def main() -> None:
        async with beset(10) as (town, ada, _, eve):
            dial = asyncio.create_task(failure(ada.network.connect(eve.id)))
            offer = await eve.hears(Offer)
            assert isinstance(offer, Offer)
            other = town.random.randbytes(16)
            # Her own offer with our attempt's id; candidates, answers and refusals of attempts that nobody made.
            await eve.send(eve.offer(attempt=offer.attempt), ada)
            for _ in range(20):
                await eve.send(Candidates(attempt=town.random.randbytes(16), lines=["candidate:1"] * 16), ada)
            answer = Answer(
                attempt=offer.attempt, answer=other, instance=b"stranger", key=bytes(32), sdp="x", offer_hash=bytes(32)
            )
            await eve.send(answer, ada)
            await eve.send(msgspec.structs.replace(answer, attempt=other), ada)
            await eve.send(Refusal(attempt=other, code=2), ada)
            await eve.send(SealedPong(nonce=other, record=eve.record), ada)
            assert not dial.done()
            assert ada.dialer.under_way(eve.id)
            # An answer of ours, bound to the offer by its hash, but no usable one.
            await eve.send(msgspec.structs.replace(answer, offer_hash=hash_of(offer)), ada)
            assert isinstance(await dial, NegotiationFailed)

    run(main())


def test_who_refuses_harms_itself_alone() -> None:
    async def main() -> None:
        async with beset(11) as (_, ada, _, eve):
            dial = asyncio.create_task(failure(ada.network.connect(eve.id)))
            offer = await eve.hears(Offer)
            assert isinstance(offer, Offer)
            await eve.send(Refusal(attempt=offer.attempt, code=2, reason="no"), ada)
            assert isinstance(await dial, RefusedByPeer)
            await eve.connect(ada)  # she may still call us
            await ada.meets(eve.id)

    run(main())


def test_a_flood_of_sealed_pings() -> None:
    async def main() -> None:
        async with beset(12) as (town, ada, _, eve):
            pings = [SealedPing(nonce=town.random.randbytes(16), record=eve.record) for _ in range(300)]
            taken = await asyncio.gather(*(eve.send(ping, ada, via=at % 3) for at, ping in enumerate(pings)))
            assert 50 < sum(taken) < 150
            await asyncio.sleep(5)
            assert sum(isinstance(signal, SealedPong) for signal, _ in eve.heard) <= sum(taken)

    run(main())


def test_what_was_said_of_attempts_that_are_over_is_not_kept() -> None:
    lines = ["candidate:1 1 udp 1 8.8.8.8 22 typ host".ljust(500)] * 16

    async def main() -> None:
        async with beset(17) as (town, ada, _, eve):
            for _ in range(40):
                await eve.send(Candidates(attempt=town.random.randbytes(16), lines=lines), ada)
            for _ in range(30):
                await eve.send(eve.offer("nonsense " * 1000), ada)
            await asyncio.sleep(ATTEMPT_S + 1)
            attempts = ada.dialer._meetings[eve.id].pair.attempts.values()
            assert sum(len(one.early) for one in attempts) <= 1
            assert sum(len(one.offer.sdp) for one in attempts if one.offer is not None) == 0

    run(main())


def test_candidates_are_no_port_scanner() -> None:
    private = [f"candidate:{n} 1 udp 1 192.168.1.{n} 22 typ host" for n in range(1, 17)]
    public = [f"candidate:{n} 1 udp 1 8.8.{n}.1 22 typ host" for n in range(1, 17)]

    async def main() -> None:
        async with beset(13) as (town, ada, _, eve):
            tried: list[str | None] = []
            make = town.engine.create

            def watched(**named: Any) -> Any:
                link = make(**named)

                async def add(candidate: str | None) -> None:
                    tried.append(candidate)

                link.add_candidate = add  # type: ignore[method-assign]
                return link

            town.engine.create = watched  # type: ignore[method-assign,assignment]
            offer = eve.offer(await town.engine.create(ice_servers=[]).offer())
            assert await eve.send(offer, ada)
            await eve.hears(Answer)
            for lines in (private, public, public, private):
                await eve.send(Candidates(attempt=offer.attempt, lines=lines), ada)
            await asyncio.sleep(1)
            assert len(tried) == 16
            assert all(line is not None and " 8.8." in line for line in tried)
            await asyncio.sleep(ATTEMPT_S + 1)
            for link in list(town.engine.links.values()):
                if link._other is None:
                    await link.close()

    run(main())


# -- peers, once there is a link --------------------------------------------------------------------------------------


def test_a_link_on_which_nobody_says_hello() -> None:
    async def main() -> None:
        async with beset(14) as (_, ada, _, eve):
            await eve.link_to(ada)
            await asyncio.sleep(GRACE_S + ATTEMPT_S)
            assert ada.network.connection(eve.id) is None
            assert not ada.diary.of(eve.id)
            connection = await eve.connect(ada)
            await ada.meets(eve.id)
            assert not connection.closed.done()

    run(main())


@pytest.mark.parametrize("wrong", ["attempt", "answer", "instance", "frame", "random", "nothing at first"])
def test_a_hello_that_does_not_fit(wrong: str) -> None:
    async def main() -> None:
        async with beset(15) as (town, ada, _, eve):
            link, offer, answer = await eve.link_to(ada)
            hello = Hello(
                features=0, instance=offer.instance, session=b"session1", attempt=offer.attempt, answer=answer.answer
            )
            match wrong:
                case "frame":
                    link.control.send(Frame(Kind.HEARTBEAT, 0, 1).encode())
                case "random":
                    link.control.send(town.random.randbytes(100))
                case "nothing at first":
                    lane = await link.open_lane(reliable=True)
                    for _ in range(100):
                        lane.send(bytes(16_000))
                case _:
                    zeros = bytes(8 if wrong == "instance" else 16)
                    changed = dataclasses.replace(hello, **{wrong: zeros})
                    link.control.send(Frame(Kind.HELLO, payload=changed.encode()).encode())
            await asyncio.sleep(GRACE_S + ATTEMPT_S)
            assert ada.network.connection(eve.id) is None
            assert not ada.diary.of(eve.id)
            await eve.connect(ada)
            await ada.meets(eve.id)

    run(main())


def test_who_reconnects_all_the_time_costs_no_memory() -> None:
    async def main() -> None:
        async with beset(16) as (_, ada, _, eve):
            for number in range(40):
                await eve.connect(ada, instance=struct.pack(">Q", number + 1))
                await asyncio.sleep(1)
            meeting = ada.dialer._meetings[eve.id]
            assert len(meeting._attempts) <= 1
            assert len(meeting.pair.attempts) <= 64
            assert sum(one.state.name == "OPEN" for one in meeting.pair.attempts.values()) == 1
            assert ada.diary.of(eve.id) == ["came", *["went", "came"] * 39]

    run(main())


# -- messages ---------------------------------------------------------------------------------------------------------


class Word(msgspec.Struct, frozen=True):
    text: str


def word(text: str, number: int = 1, reply_to: int = 0) -> bytes:
    return encode(Envelope(1000, number, reply_to, msgspec.msgpack.encode(Word(text))))


@asynccontextmanager
async def talking(seed: int) -> AsyncIterator[tuple[Party, Stranger, Connection, Peer]]:
    """Eve is connected to Ada, and writes what she likes; at the end an honest word of hers still comes through."""
    async with beset(seed) as (_, ada, bela, eve):
        for one in (ada, bela):
            one.network.opcodes.register(1000, Word, allowed="anyone")
        connection = await eve.connect(ada)
        await ada.meets(eve.id)
        peer = ada.network.peer(eve.id)
        assert peer is not None
        yield ada, eve, connection, peer
        friend = await bela.network.connect(ada.id)
        await friend.send(Word("from bela"))
        await ada.diary.until(lambda: Word("from bela") in ada.diary.messages)
        if not connection.closed.done():
            stream = await connection.open_stream(MESSAGE_STREAM)
            await stream.write(word("from eve"))
            await ada.diary.until(lambda: Word("from eve") in ada.diary.messages)


@pytest.mark.parametrize(
    "data",
    [
        word("half")[:-2],
        struct.pack(">I", MESSAGE_BYTES + 1) + bytes(100),
        struct.pack(">I", 0xFFFFFFFF),
        struct.pack(">I", 0),
        struct.pack(">I", 5) + b"\xc1" * 5,
        struct.pack(">I", 900) + b"\x91" * 900,
        encode(Envelope(1000, 1, 0, b"\xc1")),
        encode(Envelope(1000, 1, 0, b"\x91" * 5000)),
        encode(Envelope(Opcode.PING, 1, 0, b"")),
    ],
    ids=["half", "oversized", "endless", "empty", "garbage", "nested", "body", "nested body", "no body"],
)
def test_messages_that_are_none(data: bytes) -> None:
    async def main() -> None:
        async with talking(20) as (_, _, connection, _):
            stream = await connection.open_stream(MESSAGE_STREAM)
            await stream.write(data)
            await asyncio.sleep(1)
            if len(data) > 10 and data[:4] != word("half")[:4]:
                assert isinstance(await failure(stream.read()), WherryError)

    run(main())


def test_opcodes_and_replies_that_nobody_asked_for() -> None:
    async def main() -> None:
        async with talking(21) as (ada, _, connection, peer):
            stream = await connection.open_stream(MESSAGE_STREAM)
            for number in range(1, 40):
                await stream.write(encode(Envelope(77_000 + number, number, 0, b"x")))
                await stream.write(encode(Envelope(Opcode.REFUSED, number, number, msgspec.msgpack.encode(Refused(3)))))
                await stream.write(encode(Envelope(Opcode.PONG, number, number, msgspec.msgpack.encode(Pong()))))
                await stream.write(encode(Envelope(Opcode.BYTES, number, 0, b"not a friend")))
            await stream.write(word("done"))
            await ada.diary.until(lambda: Word("done") in ada.diary.messages)
            assert not [one for one in ada.diary.messages if isinstance(one, bytes)]
            # A reply of the wrong kind is an error for who asked, and nobody else.
            asking = asyncio.create_task(failure(peer.request(Ping(), Pong, timeout=5)))
            await asyncio.sleep(0.2)
            for number in range(1, 10):
                await stream.write(word("no pong", reply_to=number))
            assert isinstance(await asking, WherryError)
            assert isinstance(await failure(peer.request(Ping(), Pong, timeout=1)), ReceiveTimeout)

    run(main())


def test_a_flood_of_messages_from_somebody_who_does_not_read() -> None:
    # She asks for refusals and pongs without end, and reads none: what waits for her here is bounded.
    async def main() -> None:
        async with talking(22) as (_, _, connection, peer):
            stream = await connection.open_stream(MESSAGE_STREAM)

            async def flood() -> None:
                for number in range(1, 20_000):
                    await stream.write(encode(Envelope(77_000, number, 0, bytes(200))))

            flooding = asyncio.create_task(flood())
            await asyncio.sleep(60)
            assert len(peer._tasks) <= REFUSALS_AT_ONCE + 3
            asking = asyncio.create_task(failure(peer.request(Word("x" * 900_000), Pong, timeout=3)))
            assert isinstance(await asking, ReceiveTimeout)
            flooding.cancel()
            await asyncio.wait([flooding])
            await connection.close()

    run(main())


def test_who_stops_reading_half_a_message_is_not_told_another_half() -> None:
    # A send that is cancelled while it waits leaves no half message between others.
    async def main() -> None:
        async with Town(23) as town, town.party() as ada, town.stranger() as eve:
            ada.network.opcodes.register(1000, Word, allowed="anyone")
            read: list[Envelope] = []
            gate = asyncio.Event()

            async def reader(stream: Any) -> None:
                parser = Parser()
                await gate.wait()
                async for data in stream:
                    read.extend(parser.feed(data))
                    came.set()

            came = asyncio.Event()
            connection = await eve.connect(ada)
            connection._handlers[MESSAGE_STREAM] = reader  # type: ignore[index]
            await ada.meets(eve.id)
            peer = ada.network.peer(eve.id)
            assert peer is not None
            impatient = []
            for number in range(8):
                impatient.append(asyncio.create_task(failure(peer.send(Word(str(number) + "x" * 300_000)))))
            await asyncio.sleep(1)
            for task in impatient[1:]:
                task.cancel()
            await asyncio.wait(impatient[1:])
            gate.set()
            await peer.send(Word("last"))
            while not read or msgspec.msgpack.decode(read[-1].body, type=Word) != Word("last"):
                came.clear()
                await came.wait()
            assert len(connection._core.table.streams) == 1

    run(main())

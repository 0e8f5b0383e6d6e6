"""What every engine must do, tried on each: aiortc over real sockets, and the one in memory."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aioice import Candidate, stun
from hostile import hostile_text, tampered
from hypothesis import given, strategies as st

from wherry.connection.engines import sdp
from wherry.connection.engines.aiortc import AiortcEngine
from wherry.connection.engines.memory import MemoryEngine
from wherry.connection.engines.stun_door import is_stun
from wherry.connection.limits import MAX_FRAME_BYTES
from wherry.connection.link import Engine, Lane, Link
from wherry.errors import ConnectionLost, NegotiationFailed

ENGINES = [pytest.param(AiortcEngine, id="aiortc"), pytest.param(MemoryEngine, id="memory")]


def a_check() -> bytes:
    message = stun.Message(message_method=stun.Method.BINDING, message_class=stun.Class.REQUEST)
    message.attributes |= {"USERNAME": "abcd:efgh", "PRIORITY": 1, "ICE-CONTROLLING": 2, "USE-CANDIDATE": None}
    message.add_message_integrity(b"a" * 22)
    return bytes(message)


STUN = a_check()


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest) -> Engine:
    made: Engine = request.param()
    return made


@asynccontextmanager
async def joined(engine: Engine) -> AsyncIterator[tuple[Link, Link]]:
    ours, theirs = engine.create(ice_servers=[]), engine.create(ice_servers=[])
    try:
        await ours.accept(await theirs.answer(await ours.offer()))
        async with asyncio.timeout(10):
            await asyncio.gather(ours.opened(), theirs.opened())
        yield ours, theirs
    finally:
        await ours.close()
        await theirs.close()


class Sink:
    """What came on a lane."""

    def __init__(self, lane: Lane) -> None:
        self.messages: list[bytes] = []
        self.changed = asyncio.Event()
        lane.on_message = self.take

    def take(self, data: bytes) -> None:
        self.messages.append(data)
        self.changed.set()

    async def count(self, number: int) -> list[bytes]:
        async with asyncio.timeout(20):
            while len(self.messages) < number:
                self.changed.clear()
                await self.changed.wait()
        return self.messages


async def arrived(link: Link) -> Lane:
    future: asyncio.Future[Lane] = asyncio.get_running_loop().create_future()
    link.on_lane = future.set_result
    async with asyncio.timeout(5):
        return await future


async def test_the_control_lane_carries_messages_both_ways(engine: Engine) -> None:
    async with joined(engine) as (ours, theirs):
        ours.control.send(b"hello")
        theirs.control.send(b"and you")
        assert await Sink(theirs.control).count(1) == [b"hello"]
        assert await Sink(ours.control).count(1) == [b"and you"]
        assert ours.stats().path in ("direct_lan", "memory")
        assert ours.heard_at <= asyncio.get_running_loop().time()


async def test_a_reliable_lane_keeps_its_order_and_can_be_sent_on_at_once(engine: Engine) -> None:
    async with joined(engine) as (ours, theirs):
        messages = [bytes([number]) * (1 + number * 400 % MAX_FRAME_BYTES) for number in range(100)]
        lane = await ours.open_lane(reliable=True)
        for message in messages:
            lane.send(message)
        other = await arrived(theirs)
        assert other.reliable
        other.send(b"back")
        assert await Sink(other).count(len(messages)) == messages
        assert await Sink(lane).count(1) == [b"back"]


async def test_an_unreliable_lane_keeps_boundaries(engine: Engine) -> None:
    async with joined(engine) as (ours, theirs):
        lane = await ours.open_lane(reliable=False)
        lane.send(b"x" * 1200)
        other = await arrived(theirs)
        assert not other.reliable
        assert await Sink(other).count(1) == [b"x" * 1200]


async def test_closing_a_lane_comes_after_what_was_sent_on_it(engine: Engine) -> None:
    async with joined(engine) as (ours, theirs):
        lane = await ours.open_lane(reliable=True)
        lane.send(b"last")
        other = await arrived(theirs)
        closed = asyncio.Event()
        other.on_closed = closed.set
        lane.close()
        async with asyncio.timeout(5):
            await closed.wait()
        assert await Sink(other).count(1) == [b"last"]


async def test_buffered_is_counted_and_drains(engine: Engine) -> None:
    async with joined(engine) as (ours, theirs):
        sink = Sink(theirs.control)
        drained = asyncio.Event()
        ours.on_drained = drained.set
        for _ in range(64):
            ours.control.send(b"x" * MAX_FRAME_BYTES)
        assert ours.buffered > 512 * 1024
        async with asyncio.timeout(20):
            await drained.wait()
        await sink.count(64)
        assert ours.buffered == 0
        assert ours.control.buffered == 0


async def test_the_end_of_candidates_that_comes_at_once_harms_nothing(engine: Engine) -> None:
    ours, theirs = engine.create(ice_servers=[]), engine.create(ice_servers=[])
    try:
        answer = await theirs.answer(await ours.offer())
        early = asyncio.create_task(theirs.add_candidate(None))  # a tab may trickle its end before we have begun
        await ours.accept(answer)
        async with asyncio.timeout(10):
            await asyncio.gather(ours.opened(), theirs.opened(), early)
    finally:
        await ours.close()
        await theirs.close()


async def test_the_other_end_hears_of_a_close(engine: Engine) -> None:
    async with joined(engine) as (ours, theirs):
        closed = asyncio.Event()
        theirs.on_closed = closed.set
        await ours.close()
        async with asyncio.timeout(5):
            await closed.wait()
        with pytest.raises(ConnectionLost):
            await ours.open_lane(reliable=True)
        ours.control.send(b"into the void")


async def test_an_end_that_came_early_is_told_when_somebody_listens(engine: Engine) -> None:
    async with joined(engine) as (ours, theirs):
        gone = asyncio.Event()
        theirs.control.on_closed = gone.set
        await ours.close()
        async with asyncio.timeout(5):
            await gone.wait()
        told: list[str] = []
        theirs.on_closed = lambda: told.append("closed")
        assert told == ["closed"]


@pytest.mark.parametrize("stage", ["new", "offered", "answered", "connecting"])
async def test_close_leaves_nothing_at_any_stage(engine: Engine, stage: str) -> None:
    ours, theirs = engine.create(ice_servers=[]), engine.create(ice_servers=[])
    if stage != "new":
        offer = await ours.offer()
        if stage != "offered":
            answer = await theirs.answer(offer)
            if stage == "connecting":
                await ours.accept(answer)
    await ours.close()
    with pytest.raises(ConnectionLost):
        await ours.opened()
    await theirs.close()
    await theirs.close()


async def test_cancelled_gathering_leaves_nothing(engine: Engine) -> None:
    ours = engine.create(ice_servers=[])
    offering = asyncio.create_task(ours.offer())
    await asyncio.sleep(0)
    offering.cancel()
    await asyncio.wait([offering])
    await ours.close()


@pytest.mark.parametrize(
    "text", ["", "v=0\r\n", "m=audio 9 RTP/AVP 0\r\n", "a" * 100_000, '{"type": "offer"}', "\0\n=:"]
)
async def test_nonsense_for_an_sdp_is_a_typed_error(engine: Engine, text: str) -> None:
    link, other = engine.create(ice_servers=[]), engine.create(ice_servers=[])
    await other.offer()
    with pytest.raises(NegotiationFailed):
        await link.answer(text)
    with pytest.raises(NegotiationFailed):
        await other.accept(text)
    await link.close()
    await other.close()


@pytest.mark.parametrize("when", ["at once", "later"])
async def test_a_lane_that_is_opening_when_the_link_closes_says_so(engine: Engine, when: str) -> None:
    async with joined(engine) as (ours, theirs):
        opening = asyncio.create_task(ours.open_lane(reliable=False))
        if when == "later":
            await asyncio.sleep(0)
        await ours.close()
        async with asyncio.timeout(5):
            await asyncio.wait([opening])
        assert opening.exception() is None or isinstance(opening.exception(), ConnectionLost)
        await theirs.close()


async def test_two_links_of_one_process_do_not_mix(engine: Engine) -> None:
    async with joined(engine) as (one, two), joined(engine) as (three, four):
        one.control.send(b"first")
        three.control.send(b"second")
        assert await Sink(two.control).count(1) == [b"first"]
        assert await Sink(four.control).count(1) == [b"second"]


def a_description(**changes: Any) -> sdp.Description:
    candidate = Candidate.from_sdp("1 1 udp 2130706431 192.0.2.1 5000 typ host")
    values: dict[str, Any] = {
        "ufrag": "abcd",
        "password": "a" * 22,
        "fingerprints": (("sha-256", ":".join(["AA"] * 32)),),
        "setup": "actpass",
        "candidates": (candidate,),
        "complete": True,
    }
    return sdp.Description(**(values | changes))


def test_an_sdp_says_what_was_written() -> None:
    text = a_description().write(7)
    read = sdp.read(text, allowed=lambda _: True)
    assert read.write(7) == text
    assert not sdp.read(text, allowed=lambda address: address != "192.0.2.1").candidates
    assert sdp.read(text.replace("a=end-of-candidates\r\n", ""), allowed=lambda _: True).complete is False


@pytest.mark.parametrize(
    "change",
    [
        ("a=ice-ufrag:abcd", "a=ice-ufrag:a b"),
        ("a=ice-pwd:" + "a" * 22, "a=ice-pwd:short"),
        ("a=setup:actpass", "a=setup:both"),
        ("a=sctp-port:5000", "a=sctp-port:99999"),
        ("a=sctp-port:5000", "a=sctp-port:٥"),
        ("a=max-message-size:16384", "a=max-message-size:1200"),
        ("AA:AA", "AA-AA"),
        ("m=application", "m=video"),
        ("192.0.2.1", "example.com"),
        ("udp 2130706431", "udp -1"),
        ("udp 2130706431", "udp many"),
        ("a=candidate", "a=candidate:\r\na=candidate"),
        ("a=mid:0", "a=mid:" + "x" * 65),
    ],
)
def test_an_sdp_with_one_thing_wrong_is_refused(change: tuple[str, str]) -> None:
    text = a_description().write(7)
    assert change[0] in text
    with pytest.raises(NegotiationFailed):
        sdp.read(text.replace(*change, 1), allowed=lambda _: True)


def test_too_many_candidates_are_refused() -> None:
    candidates = tuple(Candidate.from_sdp(f"1 1 udp 1 192.0.2.{n} 5000 typ host") for n in range(1, 18))
    with pytest.raises(NegotiationFailed):
        sdp.read(a_description(candidates=candidates).write(7), allowed=lambda _: True)


@given(hostile_text([a_description().write(7)]))
def test_any_text_is_an_sdp_or_a_typed_error(text: str) -> None:
    # Whatever a peer calls its SDP, reading it gives a description or NegotiationFailed.
    with contextlib.suppress(NegotiationFailed):
        sdp.read(text, allowed=lambda _: True)


@given(
    st.binary(max_size=80).map(lambda noise: b"\x00\x01" + len(noise).to_bytes(2, "big") + STUN[4:20] + noise)
    | tampered([STUN])
)
def test_whatever_passes_the_door_aioice_can_read(data: bytes) -> None:
    # The door lets nothing in on which aioice's parser raises anything but its own ValueError.
    if is_stun(data):
        with contextlib.suppress(ValueError):
            stun.parse_message(data)


def test_the_door_lets_a_check_in() -> None:
    assert is_stun(STUN)


async def test_strangers_datagrams_at_an_ice_socket_do_no_harm() -> None:
    """Malformed STUN, empty datagrams, DTLS and noise from somebody who only knows the port."""
    async with joined(AiortcEngine()) as (ours, theirs):
        host, _, port = ours.stats().local.partition(" ")[2].rpartition(":")
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM) as stranger:
            stranger.connect((host.strip("[]"), int(port)))
            cookie = bytes.fromhex("2112a442") + bytes(12)
            for datagram in (
                b"",
                b"\x00\x01\x00\x08" + cookie + bytes.fromhex("000d000101000000"),  # LIFETIME of one byte
                b"\x00\x01\x00\x04" + cookie + bytes.fromhex("00240000"),  # PRIORITY of none
                b"\x01\x01\x00\x08" + cookie + bytes.fromhex("0020000400010000"),  # a short address
                b"\x01\x11\x00\x08" + cookie + bytes.fromhex("00090004000004ff"),
                b"\x16\xfe\xfd" + os.urandom(60),
                b"\x80\x00" + os.urandom(20),
                *(os.urandom(size) for size in range(1, 200)),
            ):
                stranger.send(datagram)
            ours.control.send(b"still here")
            assert await Sink(theirs.control).count(1) == [b"still here"]
            theirs.control.send(b"so am I")
            assert await Sink(ours.control).count(1) == [b"so am I"]

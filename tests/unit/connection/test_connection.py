"""A connection over links in memory, on the virtual clock."""

from __future__ import annotations

import asyncio
import functools
import itertools
import logging
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

import pytest

from wherry.connection import (
    Connection,
    Datagrams,
    Greeting,
    Interrupted,
    LinkActive,
    Policy,
    Rule,
    State,
    Stream,
    SuspectLink,
)
from wherry.connection.engines.memory import MemoryEngine
from wherry.connection.limits import (
    CONNECTION_WINDOW_BYTES,
    DATAGRAM_BUFFER_BYTES,
    GRACE_S,
    HEARTBEAT_MISSES,
    HEARTBEAT_S,
    IDLE_S,
    IN_FLIGHT_S,
    MAX_IDLE_LANES,
    MAX_STREAM_WINDOW_BYTES,
    SEND_BUFFER_BYTES,
    SUSPECT_S,
)
from wherry.errors import (
    ConnectionLost,
    LimitExceeded,
    NegotiationFailed,
    PeerBanned,
    PeerClosed,
    PeerRestarted,
    ProtocolViolation,
    RefusedByPeer,
    RemoteError,
    SendBufferFull,
    StreamClosed,
    StreamRefused,
    StreamReset,
    WherryError,
)
from wherry.testing.clock import run_virtual
from wherry.testing.pairs import ALICE, ALICE_INSTANCE, BOB, ConnectedPair, connected_pair
from wherry_signaling.errors import Closed

Test = Callable[..., Coroutine[Any, Any, None]]


def virtual(test: Test) -> Callable[..., None]:
    """Run an async test on the virtual clock."""

    @functools.wraps(test)
    def run(**arguments: Any) -> None:
        run_virtual(test(**arguments))

    return run


async def echo(stream: Stream) -> None:
    async for chunk in stream:
        await stream.write(chunk)


async def sleep_for_ever(_stream: Stream) -> None:
    await asyncio.Event().wait()


class Caught:
    """Streams that were opened towards us, for a test to use."""

    def __init__(self) -> None:
        self.streams: asyncio.Queue[Stream] = asyncio.Queue()
        self._done: list[asyncio.Event] = []

    async def __call__(self, stream: Stream) -> None:
        done = asyncio.Event()
        self._done.append(done)
        await self.streams.put(stream)
        await done.wait()

    def release(self) -> None:
        for done in self._done:
            done.set()


async def opened(pair: ConnectedPair, name: str, caught: Caught) -> tuple[Stream, Stream]:
    stream = await pair.alice.open_stream(name)
    return stream, await caught.streams.get()


# -- streams ----------------------------------------------------------------------------------------------------------


@virtual
async def test_bytes_come_back() -> None:
    async with connected_pair(handlers={"/echo/1": echo}) as pair:
        async with await pair.alice.open_stream("/echo/1") as stream:
            await stream.write(b"over ")
            await stream.write(b"and out")
            await stream.finish()
            assert b"".join([chunk async for chunk in stream]) == b"over and out"
            assert await stream.read() == b""
        await asyncio.sleep(1)
        assert pair.alice.stream_count == pair.bob.stream_count == 0


@virtual
async def test_either_side_may_end_first() -> None:
    caught = Caught()
    async with connected_pair(handlers={"/t/1": caught}) as pair:
        ours, theirs = await opened(pair, "/t/1", caught)
        await theirs.write(b"unasked")
        await theirs.finish()
        assert await ours.read_exactly(7) == b"unasked"
        assert await ours.read() == b""
        await ours.write(b"late answer")
        await ours.finish()
        await ours.finished()
        assert await theirs.read() == b"late answer"
        assert await theirs.read() == b""
        with pytest.raises(StreamClosed):
            await ours.write(b"more")
        caught.release()


@virtual
async def test_reading_exactly_past_the_end_says_so() -> None:
    caught = Caught()
    async with connected_pair(handlers={"/t/1": caught}) as pair:
        ours, theirs = await opened(pair, "/t/1", caught)
        await ours.write(b"abc")
        await ours.finish()
        with pytest.raises(EOFError):
            await theirs.read_exactly(4)
        caught.release()


@virtual
async def test_a_reset_ends_both_directions_with_its_reason() -> None:
    caught = Caught()
    async with connected_pair(handlers={"/t/1": caught}) as pair:
        ours, theirs = await opened(pair, "/t/1", caught)
        await ours.write(b"x" * 1000)
        reading = asyncio.create_task(theirs.read_exactly(2000))
        await asyncio.sleep(1)
        ours.reset(42)
        with pytest.raises(StreamReset) as reset:
            await reading
        assert reset.value.reason == 42
        with pytest.raises(StreamReset):
            await theirs.write(b"anything")
        with pytest.raises(StreamClosed):
            await ours.read()
        with pytest.raises(StreamClosed):
            await ours.finished()
        caught.release()
        await asyncio.sleep(1)
        assert pair.alice.stream_count == pair.bob.stream_count == 0


@virtual
async def test_a_stop_ends_one_direction() -> None:
    caught = Caught()
    async with connected_pair(handlers={"/t/1": caught}) as pair:
        ours, theirs = await opened(pair, "/t/1", caught)
        writing = asyncio.create_task(ours.write(bytes(10 * MAX_STREAM_WINDOW_BYTES)))
        assert await theirs.read(10) == bytes(10)
        theirs.stop(3)
        with pytest.raises(StreamReset) as stopped:
            await writing
        assert stopped.value.reason == 3
        with pytest.raises(StreamClosed):
            await theirs.read()
        with pytest.raises(StreamReset):
            await ours.finished()
        await theirs.write(b"but I still talk")
        assert await ours.read() == b"but I still talk"
        caught.release()


async def give_up(stream: Stream) -> None:
    async with stream:
        await stream.write(b"half")
        raise ZeroDivisionError


@virtual
async def test_an_exception_in_the_block_resets() -> None:
    caught = Caught()
    async with connected_pair(handlers={"/t/1": caught}) as pair:
        with pytest.raises(ZeroDivisionError):
            await give_up(await pair.alice.open_stream("/t/1"))
        theirs = await caught.streams.get()
        await asyncio.sleep(1)
        with pytest.raises(StreamReset):
            await theirs.read()
        caught.release()


@virtual
async def test_leaving_the_block_waits_until_everything_arrived() -> None:
    received = bytearray()

    async def slow(stream: Stream) -> None:
        async for chunk in stream:
            received.extend(chunk)
            await asyncio.sleep(0.1)

    async with connected_pair(handlers={"/slow/1": slow}) as pair:
        async with await pair.alice.open_stream("/slow/1") as stream:
            await stream.write(bytes(3 * MAX_STREAM_WINDOW_BYTES))
        assert len(received) > MAX_STREAM_WINDOW_BYTES
        await asyncio.sleep(60)
        assert len(received) == 3 * MAX_STREAM_WINDOW_BYTES


@virtual
async def test_streams_can_be_opened_before_there_is_a_link() -> None:
    async with connected_pair(handlers={"/echo/1": echo}, connect=False) as pair:
        assert pair.alice.state is State.CONNECTING
        stream = await pair.alice.open_stream("/echo/1")
        await stream.write(b"early")
        pinging = asyncio.create_task(pair.alice.ping())
        given_up = await pair.bob.open_stream("/echo/1")
        given_up.reset(1)
        await asyncio.sleep(1)
        await pair.connect()
        assert await stream.read() == b"early"
        assert await pinging < 1
        stream.reset()
        await asyncio.sleep(1)
        assert pair.alice.stream_count == pair.bob.stream_count == 0


@virtual
async def test_a_name_must_be_one() -> None:
    async with connected_pair() as pair:
        for name in ("", "/", "a", "/with space", "/ä", "/" + "x" * 128):
            with pytest.raises(ValueError, match="not a stream's name"):
                await pair.alice.open_stream(name)


@virtual
async def test_the_send_buffer_is_bounded() -> None:
    async with connected_pair(handlers={"/t/1": sleep_for_ever}) as pair:
        stream = await pair.alice.open_stream("/t/1")
        with pytest.raises(SendBufferFull):
            stream.write_nowait(bytes(SEND_BUFFER_BYTES + 1))
        stream.write_nowait(bytes(SEND_BUFFER_BYTES))
        await asyncio.sleep(1)
        with pytest.raises(SendBufferFull):
            stream.write_nowait(bytes(SEND_BUFFER_BYTES))
        stream.reset()


@virtual
async def test_a_reader_that_sleeps_blocks_nobody_else() -> None:
    async with connected_pair(
        engine=MemoryEngine(delay_ms=(1, 1), bytes_per_s=50_000_000),
        handlers={"/sleep/1": sleep_for_ever, "/echo/1": echo},
    ) as pair:
        sleepers = [await pair.alice.open_stream("/sleep/1") for _ in range(40)]
        filling = [asyncio.create_task(stream.write(bytes(4 * MAX_STREAM_WINDOW_BYTES))) for stream in sleepers]
        await asyncio.sleep(5)
        assert not any(task.done() for task in filling)
        assert pair.bob._core.table.pool.received - pair.bob._core.table.pool.consumed <= CONNECTION_WINDOW_BYTES
        async with await pair.alice.open_stream("/echo/1") as stream:
            async with asyncio.TaskGroup() as group:
                group.create_task(send(stream, bytes(4_000_000)))
                got = group.create_task(receive(stream))
            assert len(got.result()) == 4_000_000
        for task, sleeper in zip(filling, sleepers, strict=True):
            task.cancel()
            sleeper.reset()
        await asyncio.gather(*filling, return_exceptions=True)


async def send(stream: Stream, data: bytes) -> None:
    await stream.write(data)
    await stream.finish()
    await stream.finished()


async def receive(stream: Stream) -> bytes:
    return b"".join([chunk async for chunk in stream])


@virtual
async def test_lanes_are_used_again_and_few_lie_idle() -> None:
    async with connected_pair(handlers={"/echo/1": echo}) as pair:
        for _ in range(3):
            streams = [await pair.alice.open_stream("/echo/1") for _ in range(3 * MAX_IDLE_LANES)]
            await asyncio.gather(*(send(stream, b"x") for stream in streams))
            assert await asyncio.gather(*map(receive, streams)) == [b"x"] * len(streams)
            await asyncio.sleep(2 * HEARTBEAT_S)
        assert pair.alice._pools[1].idle == MAX_IDLE_LANES
        lanes = [lane for lane in pair.links[0][0]._numbers.values() if lane.number]  # type: ignore[attr-defined]
        assert len(lanes) == MAX_IDLE_LANES


# -- who may ----------------------------------------------------------------------------------------------------------


async def refusal(pair: ConnectedPair, name: str) -> WherryError:
    stream = await pair.alice.open_stream(name)
    with pytest.raises(RemoteError) as caught:
        await stream.read()
    with pytest.raises(RemoteError):
        await stream.write(b"x")
    return caught.value


@virtual
async def test_a_name_that_nobody_serves_is_refused() -> None:
    async with connected_pair(handlers={"/echo/1": echo}, rules={"/nobody/1": Rule(allow="anyone")}) as pair:
        assert isinstance(await refusal(pair, "/nobody/1"), StreamRefused)
        assert isinstance(await refusal(pair, "/echo/1"), RefusedByPeer)
        assert pair.bob.state is State.OPEN


@virtual
async def test_opens_are_limited_and_the_limit_refills() -> None:
    rules = {"/echo/1": Rule(allow="anyone", opens_per_minute=2)}
    async with connected_pair(handlers={"/echo/1": echo}, rules=rules) as pair:
        for _ in range(2):
            async with await pair.alice.open_stream("/echo/1") as stream:
                await stream.write(b"x")
                assert await stream.read() == b"x"
        assert isinstance(await refusal(pair, "/echo/1"), LimitExceeded)
        await asyncio.sleep(31)
        async with await pair.alice.open_stream("/echo/1") as stream:
            await stream.write(b"x")
            assert await stream.read() == b"x"


@virtual
async def test_bytes_are_limited_where_a_rule_says_so() -> None:
    rules = {"/echo/1": Rule(allow="anyone", bytes_per_minute=100_000)}
    async with connected_pair(handlers={"/echo/1": echo}, rules=rules) as pair:
        stream = await pair.alice.open_stream("/echo/1")
        draining = asyncio.create_task(drain(stream))
        with pytest.raises(LimitExceeded):
            await stream.write(bytes(1_000_000))
        await draining
        assert pair.bob.state is State.OPEN


async def drain(stream: Stream) -> None:
    try:
        async for _ in stream:
            pass
    except LimitExceeded:
        return


def test_bans_end() -> None:
    policy = Policy()
    policy.ban(ALICE, until=100, reason="noise")
    assert policy.admit(ALICE, "/wherry/echo/1", 99) is not None
    assert policy.admit(BOB, "/wherry/echo/1", 99) is None
    banned = policy.banned(ALICE, 99)
    assert banned is not None
    assert banned.reason == "noise"
    assert policy.admit(ALICE, "/wherry/echo/1", 100) is None
    policy.ban(ALICE, until=200, reason="noise")
    assert policy.bans(150).keys() == {ALICE}
    assert policy.unban(ALICE)
    assert not policy.unban(ALICE)


def test_policy_is_friends_unless_a_rule_says_otherwise() -> None:
    policy = Policy(rules={"/open/1": Rule(allow="anyone"), "/bob/1": Rule(allow=frozenset({BOB}))})
    assert policy.allows(ALICE, "/open/1")
    assert not policy.allows(ALICE, "/other/1")
    assert policy.allows(BOB, "/bob/1")
    assert not policy.allows(ALICE, "/bob/1")
    policy.is_friend = lambda peer: peer == ALICE
    assert policy.allows(ALICE, "/other/1")
    assert not policy.allows(BOB, "/other/1")


@virtual
async def test_a_banned_peer_opens_nothing() -> None:
    async with connected_pair(handlers={"/echo/1": echo}) as pair:
        pair.bob.policy.ban(ALICE, until=asyncio.get_running_loop().time() + 60, reason="noise")
        assert isinstance(await refusal(pair, "/echo/1"), RefusedByPeer)
        await asyncio.sleep(60)
        async with await pair.alice.open_stream("/echo/1") as stream:
            await stream.write(b"x")
            assert await stream.read() == b"x"


def test_a_handlers_bug_resets_its_stream_and_is_shown(caplog: pytest.LogCaptureFixture) -> None:
    async def broken(_stream: Stream) -> None:
        raise ZeroDivisionError("a bug")

    async def scenario() -> None:
        async with connected_pair(handlers={"/broken/1": broken, "/echo/1": echo}) as pair:
            stream = await pair.alice.open_stream("/broken/1")
            with pytest.raises(StreamReset):
                await stream.read()
            async with await pair.alice.open_stream("/echo/1") as other:
                await other.write(b"x")
                assert await other.read() == b"x"

    with caplog.at_level(logging.ERROR):
        run_virtual(scenario())
    assert "a bug" in caplog.text


# -- links ------------------------------------------------------------------------------------------------------------


@virtual
async def test_a_stream_survives_a_new_link() -> None:
    caught = Caught()
    async with connected_pair(engine=MemoryEngine(bytes_per_s=1_000_000), handlers={"/t/1": caught}) as pair:
        ours, theirs = await opened(pair, "/t/1", caught)
        data = bytes(range(256)) * 20_000
        sending = asyncio.create_task(send(ours, data))
        reading = asyncio.create_task(receive(theirs))
        for _ in range(4):
            await asyncio.sleep(0.5)
            await pair.connect()
        assert await reading == data
        await sending
        assert sum(isinstance(event, LinkActive) and event.resumed for event in pair.alice_events) == 4
        caught.release()


@virtual
async def test_a_lost_link_interrupts_and_a_new_one_goes_on() -> None:
    caught = Caught()
    async with connected_pair(handlers={"/t/1": caught}) as pair:
        ours, theirs = await opened(pair, "/t/1", caught)
        pair.links[-1][0].cut()  # type: ignore[attr-defined]
        assert pair.alice.state is State.INTERRUPTED
        assert any(isinstance(event, Interrupted) for event in pair.alice_events)
        await ours.write(b"while there is none")
        await asyncio.sleep(GRACE_S - 1)
        await pair.connect()
        assert await theirs.read() == b"while there is none"
        caught.release()


@virtual
async def test_without_a_new_link_the_connection_is_lost() -> None:
    caught = Caught()
    async with connected_pair(handlers={"/t/1": caught}) as pair:
        ours, theirs = await opened(pair, "/t/1", caught)
        pair.links[-1][0].cut()  # type: ignore[attr-defined]
        await asyncio.sleep(GRACE_S + 1)
        assert pair.alice.state is pair.bob.state is State.CLOSED
        assert pair.alice.closed.done()
        for stream in (ours, theirs):
            with pytest.raises(ConnectionLost):
                await stream.read()
        with pytest.raises(ConnectionLost):
            await pair.alice.open_stream("/t/1")
        with pytest.raises(ConnectionLost):
            await pair.alice.ping()
        caught.release()


@virtual
async def test_silence_with_bytes_in_flight_makes_a_link_suspect() -> None:
    async with connected_pair(handlers={"/t/1": sleep_for_ever}) as pair:
        engine = pair.engine
        assert isinstance(engine, MemoryEngine)
        stream = await pair.alice.open_stream("/t/1")
        await asyncio.sleep(HEARTBEAT_S / 2)
        with engine.silence():
            await stream.write(b"anybody?")
            await asyncio.sleep(SUSPECT_S * 1.1)
            assert pair.alice.state is State.SUSPECT
            assert [event for event in pair.alice_events if isinstance(event, SuspectLink)]
        await asyncio.sleep(1)
        assert pair.alice.state is State.OPEN
        with engine.silence():
            await asyncio.sleep(HEARTBEAT_S * (HEARTBEAT_MISSES + 1))
            assert pair.alice.state is pair.bob.state is State.INTERRUPTED
        stream.reset()


@virtual
async def test_a_quiet_link_is_not_suspect() -> None:
    async with connected_pair(engine=MemoryEngine(delay_ms=(300, 400))) as pair:
        await asyncio.sleep(IDLE_S - 10)
        assert pair.alice.state is State.OPEN
        assert not [event for event in pair.alice_events if isinstance(event, SuspectLink)]
        assert 0.6 <= (pair.alice.rtt_s or 0) <= 0.8


@virtual
async def test_a_link_with_other_ids_is_refused_and_the_connection_unharmed() -> None:
    async with connected_pair(handlers={"/echo/1": echo}) as pair:
        stream = await pair.alice.open_stream("/echo/1")
        right = Greeting(attempt=b"x" * 16, answer=b"y" * 16, instance=pair.bob_instance)
        for wrong in (
            Greeting(attempt=b"z" * 16, answer=b"y" * 16, instance=ALICE_INSTANCE),
            Greeting(attempt=b"x" * 16, answer=b"z" * 16, instance=ALICE_INSTANCE),
        ):
            ours, theirs = await pair.open_link()
            ended = await asyncio.gather(
                pair.alice.attach(ours, right), pair.bob.attach(theirs, wrong), return_exceptions=True
            )
            assert all(isinstance(error, (ProtocolViolation, ConnectionLost)) for error in ended)
            assert any(isinstance(error, ProtocolViolation) for error in ended)
        await stream.write(b"unharmed")
        assert await stream.read() == b"unharmed"
        stream.reset()


@virtual
async def test_another_instance_than_was_signed_is_refused() -> None:
    async with connected_pair() as pair:
        ours, theirs = await pair.open_link()
        ended = await asyncio.gather(
            pair.alice.attach(ours, Greeting(attempt=b"x" * 16, answer=b"y" * 16, instance=b"somebody")),
            pair.bob.attach(theirs, Greeting(attempt=b"x" * 16, answer=b"y" * 16, instance=ALICE_INSTANCE)),
            return_exceptions=True,
        )
        assert isinstance(ended[0], ProtocolViolation)
        assert pair.alice.state is State.OPEN


@virtual
async def test_no_hello_in_time_drops_the_link_alone() -> None:
    async with connected_pair() as pair:
        ours, _ = await pair.open_link()
        with pytest.raises(NegotiationFailed):
            await pair.alice.attach(ours, Greeting(attempt=b"x" * 16, answer=b"y" * 16, instance=pair.bob_instance))
        assert pair.alice.state is State.OPEN


@virtual
async def test_attaching_can_be_cancelled() -> None:
    async with connected_pair() as pair:
        ours, theirs = await pair.open_link()
        attaching = asyncio.create_task(
            pair.alice.attach(ours, Greeting(attempt=b"x" * 16, answer=b"y" * 16, instance=pair.bob_instance))
        )
        await asyncio.sleep(0.1)
        attaching.cancel()
        await asyncio.wait([attaching])
        await asyncio.sleep(0.1)
        with pytest.raises(ConnectionLost):
            await theirs.open_lane(reliable=True)
        assert pair.alice.state is State.OPEN


async def restart(
    pair: ConnectedPair, instance: bytes, handlers: dict[str, Callable[[Stream], Awaitable[None]]]
) -> None:
    """Bob's process ends without a word, and comes back."""
    pair.links[-1][1].cut()  # type: ignore[attr-defined]
    await pair.bob.close()
    pair.bob_instance = instance
    pair.bob = Connection(
        local=BOB,
        peer=ALICE,
        instance=instance,
        policy=Policy(rules={name: Rule(allow="anyone") for name in handlers}),
        handlers=handlers,
    )
    await pair.connect()


@pytest.mark.parametrize(("instance", "error"), [(b"restart!", PeerRestarted), (b"b" * 8, ConnectionLost)])
def test_a_new_instance_ends_the_streams_of_the_old_one(instance: bytes, error: type[WherryError]) -> None:
    async def scenario() -> None:
        seen: list[str] = []

        async def arrival(stream: Stream) -> None:
            seen.append("new stream")
            await echo(stream)

        caught = Caught()
        async with connected_pair(handlers={"/t/1": caught, "/new/1": arrival}) as pair:
            ours, _ = await opened(pair, "/t/1", caught)

            async def read() -> None:
                with pytest.raises(error):
                    await ours.read()
                seen.append("old stream ended")

            reading = asyncio.create_task(read())
            await asyncio.sleep(0)
            await restart(pair, instance, {"/echo/1": echo})
            from_bob = await pair.bob.open_stream("/new/1")
            await from_bob.write(b"x")
            await reading
            assert await from_bob.read() == b"x"
            assert seen == ["old stream ended", "new stream"]
            async with await pair.alice.open_stream("/echo/1") as again:
                assert again.number > ours.number, "a number is never used twice in an instance"
                await again.write(b"again")
                assert await again.read() == b"again"
            from_bob.reset()
            caught.release()

    run_virtual(scenario())


# -- the end ----------------------------------------------------------------------------------------------------------


@virtual
async def test_closing_tells_the_peer() -> None:
    caught = Caught()
    async with connected_pair(handlers={"/t/1": caught}) as pair:
        ours, theirs = await opened(pair, "/t/1", caught)
        await pair.alice.close("enough\x1b[31m")
        with pytest.raises(Closed):
            await ours.read()
        await asyncio.wait_for(pair.bob.closed, 5)
        with pytest.raises(PeerClosed, match=r"enough\?\[31m"):
            await theirs.read()
        with pytest.raises(Closed):
            await pair.alice.open_stream("/t/1")
        caught.release()


@virtual
async def test_closing_while_attaching() -> None:
    async with connected_pair() as pair:
        ours, _ = await pair.open_link()
        attaching = asyncio.create_task(
            pair.alice.attach(ours, Greeting(attempt=b"x" * 16, answer=b"y" * 16, instance=pair.bob_instance))
        )
        await asyncio.sleep(0.1)
        await pair.alice.close()
        with pytest.raises(Closed):
            await attaching
        late, _ = await pair.open_link()
        with pytest.raises(Closed):
            await pair.alice.attach(late, Greeting(attempt=b"x" * 16, answer=b"y" * 16, instance=pair.bob_instance))


@virtual
async def test_an_idle_connection_closes_itself_unless_it_is_pinned() -> None:
    async with connected_pair(handlers={"/t/1": sleep_for_ever}) as pair:
        stream = await pair.alice.open_stream("/t/1")
        await asyncio.sleep(2 * IDLE_S)
        assert pair.alice.state is State.OPEN
        pair.alice.pin()
        pair.bob.pin()
        stream.reset()
        await asyncio.sleep(2 * IDLE_S)
        assert pair.alice.state is State.OPEN
        pair.alice.unpin()
        await asyncio.sleep(IDLE_S + 10)
        assert pair.alice.state is State.CLOSED
        assert pair.bob.state is State.CLOSED


@virtual
async def test_pings_measure_the_round_trip_and_a_flood_is_not_answered() -> None:
    async with connected_pair(engine=MemoryEngine(delay_ms=(50, 50))) as pair:
        assert await pair.alice.ping() == pytest.approx(0.1)
        flood = [asyncio.create_task(pair.alice.ping()) for _ in range(1000)]
        await asyncio.sleep(0.9)
        assert 30 <= sum(task.done() for task in flood) <= 70
        for task in flood:
            task.cancel()
        await asyncio.gather(*flood, return_exceptions=True)
        assert await pair.alice.ping() == pytest.approx(0.1)


# -- datagrams --------------------------------------------------------------------------------------------------------


async def echo_datagrams(flow: Datagrams) -> None:
    async for datagram in flow:
        flow.send(datagram)


@virtual
async def test_datagrams_keep_their_boundaries_and_close_in_good_order() -> None:
    async with connected_pair(datagram_handlers={"/d/1": echo_datagrams}) as pair:
        async with await pair.alice.open_datagrams("/d/1") as flow:
            await asyncio.sleep(1)
            for size in (0, 1, 1200):
                assert flow.send(bytes(size))
                assert await flow.receive() == bytes(size)
            with pytest.raises(ValueError, match="1201"):
                flow.send(bytes(1201))
        await asyncio.sleep(1)
        assert pair.alice.stream_count == pair.bob.stream_count == 0
        with pytest.raises(StreamClosed):
            flow.send(b"late")


@virtual
async def test_what_is_sent_before_the_lane_of_datagrams_is_open_waits_for_it_and_is_bounded() -> None:
    async with (
        connected_pair(engine=MemoryEngine(delay_ms=(50, 50)), datagram_handlers={"/d/1": echo_datagrams}) as pair,
        await pair.alice.open_datagrams("/d/1") as flow,
    ):
        sent = [number for number in range(100) if flow.send(number.to_bytes(1200, "big"))]
        assert sent == list(range(DATAGRAM_BUFFER_BYTES // 1216))
        async with asyncio.timeout(10):
            assert int.from_bytes(await flow.receive(), "big") in sent


@virtual
async def test_datagrams_that_are_lost_or_too_many_are_counted() -> None:
    caught: list[Datagrams] = []

    async def lazy(flow: Datagrams) -> None:
        caught.append(flow)
        await asyncio.Event().wait()

    engine = MemoryEngine(seed=1, loss=0.2, bytes_per_s=1_000_000)
    async with connected_pair(engine=engine, datagram_handlers={"/d/1": lazy}) as pair:
        flow = await pair.alice.open_datagrams("/d/1")
        await asyncio.sleep(1)
        fitted = sum(itertools.takewhile(bool, (flow.send(bytes(1000)) for _ in range(1000))))
        assert 50 < fitted < 70, "64 KiB may wait"
        for _ in range(2000):
            flow.send(b"small")
            await asyncio.sleep(0.001)
        await asyncio.sleep(1)
        theirs = caught[0]
        assert flow.dropped_out >= 1
        assert theirs.received == pytest.approx(0.8 * flow.sent, rel=0.1)
        assert theirs.lost == pytest.approx(0.2 * flow.sent + flow.dropped_out, rel=0.2)
        assert theirs.dropped_in == theirs.received - 256
        flow.reset(9)
        await asyncio.sleep(1)


@virtual
async def test_datagrams_go_on_over_a_new_link() -> None:
    async with connected_pair(datagram_handlers={"/d/1": echo_datagrams}) as pair:
        flow = await pair.alice.open_datagrams("/d/1")
        await asyncio.sleep(1)
        await pair.connect()
        await asyncio.sleep(1)
        assert flow.send(b"still")
        assert await flow.receive() == b"still"
        flow.close()


@virtual
async def test_no_datagram_is_lost_for_a_new_link() -> None:
    caught: list[Datagrams] = []

    async def keep(flow: Datagrams) -> None:
        caught.append(flow)
        await flow.ended()

    engine = MemoryEngine(seed=3, delay_ms=(20, 60))
    async with connected_pair(engine=engine, datagram_handlers={"/d/1": keep}) as pair:
        flow = await pair.alice.open_datagrams("/d/1")
        await asyncio.sleep(1)
        for _ in range(5):
            switching = asyncio.create_task(pair.connect())
            while not switching.done():
                assert flow.send(b"from alice")
                assert caught[0].send(b"from bob")
                await asyncio.sleep(0.001)
            await switching
        await asyncio.sleep(IN_FLIGHT_S)
        assert flow.sent == caught[0].received > 500
        assert caught[0].sent == flow.received
        assert list(engine.links) == [link.name for link in pair.links[-1]], "what was replaced is closed"  # type: ignore[attr-defined]


@virtual
async def test_closing_does_not_wait_for_what_is_in_flight_on_an_old_link() -> None:
    async with connected_pair() as pair:
        await pair.connect()
        then = asyncio.get_running_loop().time()
        await pair.alice.close()
        assert asyncio.get_running_loop().time() < then + IN_FLIGHT_S / 2


def test_a_peer_that_is_banned_reads_like_a_refusal() -> None:
    from wherry.connection import codes

    assert isinstance(codes.error_for(codes.code_for(PeerBanned)), RefusedByPeer)
    assert isinstance(codes.error_for(codes.RESERVED + 999), StreamReset)
    assert isinstance(codes.error_for(7), StreamReset)

"""Sessions between two parties in memory, on the virtual clock: real connections, and a post that is a list."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given, strategies as st
from introducing import identity
from memory_parties import Party, Town, wall_clock
from memory_post import START, MemoryPost, deliver

from wherry.errors import (
    BadRequest,
    Closed,
    DialTimeout,
    LimitExceeded,
    Malformed,
    PeerClosed,
    ReceiveTimeout,
    RefusedByPeer,
    RequestDeclined,
    StreamRefused,
    StreamReset,
    Unsupported,
    WherryError,
)
from wherry.invitations import Invitations
from wherry.sessions import Session, SessionRequest, Sessions, StreamSpec
from wherry.sessions.limits import CLAIM_S, DATA_BYTES, OPEN_S, STREAMS
from wherry.sessions.wire import (
    CONTROL_STREAM,
    SESSION_STREAM,
    decode_accept,
    decode_opening,
    decode_request,
    encode_accept,
    encode_opening,
    encode_request,
)
from wherry.store import Store
from wherry.testing.clock import EPOCH_S, run_virtual
from wherry_signaling.identity import PeerId

CALL = [StreamSpec("audio", datagrams=True), StreamSpec("control"), StreamSpec("picture")]


@dataclass
class Side:
    """One end: a party that has sessions."""

    party: Party
    store: Store
    post: MemoryPost
    invitations: Invitations
    sessions: Sessions

    @property
    def id(self) -> PeerId:
        return self.party.id

    def streams(self, peer: Side) -> int:
        """How many streams are open with the other end, the one of messages left out."""
        connection = self.party.network.connection(peer.id)
        return 0 if connection is None else connection.stream_count - 2

    @property
    def idle(self) -> bool:
        return not (
            self.sessions._open or self.sessions._accepted or len(self.sessions._arrivals) or len(self.sessions._tasks)
        )

    def take(self, sender: PeerId, item: object) -> object:
        return self.post.take(sender, item)  # type: ignore[arg-type]

    def settle(self, peer: PeerId, item: object, reason: int | None) -> None:
        self.post.settle(peer, item, reason)  # type: ignore[arg-type]


@asynccontextmanager
async def side(town: Town, path: Path, number: int) -> AsyncIterator[Side]:
    async with AsyncExitStack() as stack:
        party = await stack.enter_async_context(town.party(identity(number)))
        store = Store(path / f"{number}.db")
        stack.callback(store.close)
        post = MemoryPost(party.id, store.database, town.random.randbytes)
        invitations = Invitations(
            party.id,
            store.database,
            post,
            is_friend=lambda key: True,
            wall_clock=lambda: wall_clock() - EPOCH_S + START,
        )
        post.handlers.admit = invitations.admit
        await stack.enter_async_context(invitations)
        sessions = Sessions(party.network, invitations, random=town.random.randbytes)
        await stack.enter_async_context(sessions)
        yield Side(party, store, post, invitations, sessions)


@asynccontextmanager
async def two(path: Path) -> AsyncIterator[tuple[Side, Side]]:
    """Ada and Bob, with a post that goes by itself."""
    async with Town(1) as town, side(town, path, 1) as ada, side(town, path, 2) as bob:

        async def carry() -> None:
            while True:
                deliver(ada, bob)  # type: ignore[arg-type]
                deliver(bob, ada)  # type: ignore[arg-type]
                await asyncio.sleep(0.02)

        task = asyncio.create_task(carry())
        try:
            yield ada, bob
        finally:
            task.cancel()
            await asyncio.wait([task])


Scenario = Callable[[Side, Side], Awaitable[None]]


def virtual(scenario: Scenario) -> Callable[[Path], None]:
    """The scenario on the virtual clock; afterwards nothing of a session is left at either end."""

    def test(tmp_path: Path) -> None:
        async def run() -> None:
            async with asyncio.timeout(3600), two(tmp_path) as (ada, bob):
                await scenario(ada, bob)
                await asyncio.sleep(120)
                assert ada.idle
                assert bob.idle
                assert ada.streams(bob) <= 0
                assert bob.streams(ada) <= 0

        run_virtual(run())

    test.__name__ = scenario.__name__
    return test


@virtual
async def test_streams_of_both_kinds_begin_and_end_as_one(ada: Side, bob: Side) -> None:
    heard: list[bytes] = []
    there: list[Session] = []

    @bob.sessions.handle("call/1")
    async def answer(request: SessionRequest) -> None:
        assert (request.peer, request.streams, request.data) == (ada.id, tuple(CALL), b"ring")
        async with await request.accept(b"hello") as session:
            there.append(session)
            async for data in session.stream("control"):
                heard.append(data)
                await session.stream("picture").write(data.upper())
            async for datagram in session.datagrams("audio"):
                heard.append(datagram)

    session = await ada.sessions.request(bob.id, "call/1", CALL, b"ring")
    assert (session.data, session.name, session.peer) == (b"hello", "call/1", bob.id)
    async with session:
        session.datagrams("audio").send(b"sound")
        await session.stream("control").write(b"mute")
        assert await session.stream("picture").read() == b"MUTE"
        assert not session.over
    assert await there[0].ended() is None
    assert (session.error, there[0].error) == (None, None)
    assert heard == [b"mute", b"sound"]
    for wrong in (lambda: session.stream("audio"), lambda: session.datagrams("control")):
        with pytest.raises(KeyError):
            wrong()


@virtual
async def test_what_was_written_before_the_end_is_read_after_it(ada: Side, bob: Side) -> None:
    got = asyncio.get_running_loop().create_future()

    @bob.sessions.handle("call/1")
    async def answer(request: SessionRequest) -> None:
        session = await request.accept()
        assert await session.ended() is None
        await asyncio.sleep(1)  # it has all arrived, and is acknowledged
        got.set_result(b"".join([chunk async for chunk in session.stream("control")]))

    async with await ada.sessions.request(bob.id, "call/1", CALL) as session:
        await session.stream("control").write(b"x" * 50_000)
    assert await got == b"x" * 50_000


@virtual
async def test_no_is_an_error_with_the_reason_and_opens_nothing(ada: Side, bob: Side) -> None:
    @bob.sessions.handle("call/1")
    async def answer(request: SessionRequest) -> None:
        request.decline("not now")
        with pytest.raises(BadRequest):
            await request.accept()

    @bob.sessions.handle("silent/1")
    async def silent(request: SessionRequest) -> None: ...

    @bob.sessions.handle("raising/1")
    async def raising(request: SessionRequest) -> None:
        raise RequestDeclined("busy")

    @bob.sessions.handle("broken/1")
    async def broken(request: SessionRequest) -> None:
        raise Malformed("secret")

    for name, error, said in (
        ("call/1", RequestDeclined, "not now"),
        ("silent/1", RequestDeclined, "status 1"),
        ("raising/1", RequestDeclined, "busy"),
        ("broken/1", RefusedByPeer, "status 3"),
        ("nobody/1", Unsupported, "nobody answers"),
    ):
        with pytest.raises(error, match=said) as raised:
            await ada.sessions.request(bob.id, name, CALL)
        assert "secret" not in str(raised.value)
    assert ada.party.network.connection(bob.id) is None


@virtual
async def test_one_stream_that_fails_ends_all_with_its_error(ada: Side, bob: Side) -> None:
    there: asyncio.Future[Session] = asyncio.get_running_loop().create_future()

    @bob.sessions.handle("call/1")
    async def answer(request: SessionRequest) -> None:
        session = await request.accept()
        there.set_result(session)
        await session.ended()

    session = await ada.sessions.request(bob.id, "call/1", CALL)
    reading = asyncio.create_task(session.stream("control").read())
    other = await there
    ada_picture = session.stream("picture")
    ada_picture.reset(7)
    error = await other.ended()
    assert isinstance(error, StreamReset)
    assert error.reason == 7
    with pytest.raises(StreamReset):
        await other.stream("control").read()
    with pytest.raises(StreamReset):
        other.datagrams("audio").send(b"x")
    with pytest.raises(StreamReset) as raised:
        await reading
    assert raised.value.reason == 7
    assert isinstance(session.error, StreamReset)


@virtual
async def test_an_exception_in_the_block_ends_it_at_both_ends(ada: Side, bob: Side) -> None:
    there: asyncio.Future[WherryError | None] = asyncio.get_running_loop().create_future()

    @bob.sessions.handle("call/1")
    async def answer(request: SessionRequest) -> None:
        session = await request.accept()
        there.set_result(await session.ended())

    with pytest.raises(LimitExceeded):
        async with await ada.sessions.request(bob.id, "call/1", CALL):
            raise LimitExceeded("enough")
    assert isinstance(await there, LimitExceeded)


@virtual
async def test_a_lost_connection_ends_it_with_why(ada: Side, bob: Side) -> None:
    there: asyncio.Future[WherryError | None] = asyncio.get_running_loop().create_future()

    @bob.sessions.handle("call/1")
    async def answer(request: SessionRequest) -> None:
        session = await request.accept()
        there.set_result(await session.ended())

    session = await ada.sessions.request(bob.id, "call/1", CALL)
    await ada.party.network.disconnect(bob.id)
    assert isinstance(await session.ended(), Closed)
    assert isinstance(await there, PeerClosed)


@virtual
async def test_who_asks_may_change_his_mind(ada: Side, bob: Side) -> None:
    asked, failed = asyncio.Event(), asyncio.Event()

    @bob.sessions.handle("call/1")
    async def answer(request: SessionRequest) -> None:
        asked.set()
        await asyncio.sleep(1)
        with pytest.raises(DialTimeout):
            await request.accept()
        failed.set()

    asking = asyncio.create_task(ada.sessions.request(bob.id, "call/1", CALL))
    await asked.wait()
    asking.cancel()
    await asyncio.wait([asking])
    await failed.wait()
    assert ada.party.network.connection(bob.id) is None


@virtual
async def test_who_does_not_answer_in_time_is_cancelled(ada: Side, bob: Side) -> None:
    cancelled = asyncio.Event()

    @bob.sessions.handle("call/1")
    async def answer(request: SessionRequest) -> None:
        try:
            await asyncio.sleep(3600)
        finally:
            cancelled.set()

    with pytest.raises(ReceiveTimeout):
        await ada.sessions.request(bob.id, "call/1", CALL, timeout_s=10)
    await cancelled.wait()


@virtual
async def test_cancelled_while_it_opens_nothing_is_left(ada: Side, bob: Side) -> None:
    """Cancelled after every so many milliseconds, from the request to the first word."""

    @bob.sessions.handle("call/1")
    async def answer(request: SessionRequest) -> None:
        async with await request.accept() as session:
            await session.ended()

    for delay_ms in range(0, 400, 13):
        asking = asyncio.create_task(ada.sessions.request(bob.id, "call/1", CALL))
        await asyncio.sleep(delay_ms / 1000)
        asking.cancel()
        await asyncio.wait([asking])
        if not asking.cancelled():
            asking.result().fail(Closed("the session"))
        await asyncio.sleep(2 * OPEN_S)
        assert ada.idle
        assert bob.idle


@virtual
async def test_a_session_that_was_not_accepted_is_refused(ada: Side, bob: Side) -> None:
    peer = await ada.party.network.connect(bob.id)
    flow = await peer.open_stream(SESSION_STREAM)
    control = await peer.open_stream(CONTROL_STREAM)
    await control.write(encode_opening(b"t" * 16, {"control": flow.number}))
    with pytest.raises(StreamRefused):
        await control.read()
    start = asyncio.get_running_loop().time()
    with pytest.raises(StreamRefused):
        await flow.read()
    assert asyncio.get_running_loop().time() - start <= CLAIM_S + 1
    nonsense = await peer.open_stream(CONTROL_STREAM)
    await nonsense.write(b"\xff\xff")
    with pytest.raises(WherryError):
        await nonsense.read()


@virtual
async def test_streams_that_no_session_claims_are_bounded(ada: Side, bob: Side) -> None:
    peer = await ada.party.network.connect(bob.id)
    flows = [await peer.open_stream(SESSION_STREAM) for _ in range(2 * STREAMS + 1)]
    with pytest.raises(LimitExceeded):
        await flows[-1].read()
    assert len(bob.sessions._arrivals) == 2 * STREAMS
    for flow in flows:
        flow.reset()


@virtual
async def test_who_opens_other_streams_than_asked_for_gets_none(ada: Side, bob: Side) -> None:
    @bob.sessions.handle("call/1")
    async def answer(request: SessionRequest) -> None:
        await request.accept()

    reply = await ada.invitations.invite(bob.id, "session:call/1", encode_request(CALL[:1], b""))
    token, _ = decode_accept(reply.data)
    peer = await ada.party.network.connect(bob.id)
    stream = await peer.open_stream(SESSION_STREAM)
    for numbers in ({"audio": stream.number, "more": 5}, {"audio": stream.number}):
        control = await peer.open_stream(CONTROL_STREAM)
        await control.write(encode_opening(token, numbers))
        with pytest.raises(StreamReset):
            await control.read()


@virtual
async def test_what_cannot_be_asked(ada: Side, bob: Side) -> None:
    for streams in ([], [StreamSpec("a"), StreamSpec("a")], [StreamSpec("")], [StreamSpec(str(n)) for n in range(17)]):
        with pytest.raises(BadRequest):
            await ada.sessions.request(bob.id, "call/1", streams)
    for name, data in (("", b""), ("x" * 65, b""), ("call/1", bytes(DATA_BYTES + 1))):
        with pytest.raises(BadRequest):
            await ada.sessions.request(bob.id, name, CALL, data)


@given(st.binary(max_size=300))
def test_whatever_comes_is_understood_or_malformed(data: bytes) -> None:
    # Invariant: bytes are what the decoder says, or Malformed, and nothing else.
    for decode in (decode_request, decode_accept, decode_opening):
        try:
            decode(data)
        except Malformed:
            continue


@given(st.lists(st.tuples(st.text("abc-/", min_size=1, max_size=40), st.booleans()), min_size=1, max_size=16))
def test_what_is_asked_is_heard(streams: list[tuple[str, bool]]) -> None:
    # Invariant: streams and data come out as they went in.
    specs = tuple({name: StreamSpec(name, datagrams) for name, datagrams in streams}.values())
    assert decode_request(encode_request(specs, b"data")) == (specs, b"data")
    assert decode_accept(encode_accept(b"t" * 16, b"data")) == (b"t" * 16, b"data")
    numbers = {spec.name: number for number, spec in enumerate(specs)}
    assert dict(decode_opening(encode_opening(b"t" * 16, numbers)[2:]).numbers) == numbers

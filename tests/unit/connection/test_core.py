"""Two cores and the lanes between them, frame by frame: every interleaving is somebody's network.

Here a test says which lane delivers its next frame, so frames overtake each other across lanes as they do in SCTP.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable

import pytest
from hostile import tampered
from hypothesis import given, settings, strategies as st

from wherry.connection import codes, frames
from wherry.connection.core import TABLE, Change, ConnectionCore, State
from wherry.connection.events import Closed, LinkActive, LinkDropped, LinkReplaced, StreamOpened
from wherry.connection.frames import Frame, Kind, Resume
from wherry.connection.limits import (
    CONNECTION_WINDOW_BYTES,
    MAX_EARLY_BYTES,
    MAX_PEER_STREAMS,
    MAX_REFUSED_STREAMS,
    RESERVE_BYTES,
    TOMBSTONE_S,
)
from wherry.connection.link import Greeting, LaneKind
from wherry.connection.receive_side import RECEIVE_TABLE, ReceiveEvent, ReceiveState
from wherry.connection.send_side import SEND_TABLE, SendEvent, SendState
from wherry.connection.stream_table import Deliver
from wherry.connection.streams import StreamMachine
from wherry.errors import FlowViolation, PeerClosed, ProtocolViolation, StreamClosed, StreamReset, WherryError

ATTEMPT, ANSWER = b"t" * 16, b"w" * 16
CONTROL, STREAM, DATAGRAM = LaneKind.CONTROL, LaneKind.STREAM, LaneKind.DATAGRAM


def core(
    name: bytes,
    peer: bytes,
    *,
    session: bytes | None = None,
    admit: int | None = None,
    deliver: Deliver = lambda _flow, _sequence, _data: None,
) -> ConnectionCore:
    return ConnectionCore(
        local=name * 32,
        peer=peer * 32,
        instance=name * 8,
        session=session or name * 8,
        admit=lambda _name, _datagrams, _now: admit,
        deliver=deliver,
        now=0.0,
    )


class Side:
    """One core, and what its application sees."""

    def __init__(self, name: bytes, peer: bytes) -> None:
        self.name = name
        self.core = core(name, peer)
        #: Streams that were opened towards this side, and by it.
        self.opened: list[StreamMachine] = []
        self.own: list[StreamMachine] = []
        self.read: dict[int, bytearray] = defaultdict(bytearray)

    def events(self) -> None:
        while (event := self.core.next_event()) is not None:
            if isinstance(event, StreamOpened):
                self.opened.append(event.stream)


class Wire:
    """Two sides, and every lane of the newest link as a queue."""

    def __init__(self) -> None:
        self.now = 0.0
        self.link = 0
        self.sides = (Side(b"a", b"b"), Side(b"b", b"a"))
        self.lanes: dict[tuple[int, int], deque[bytes]] = defaultdict(deque)  # (to, stream or 0) → frames
        self.switch()

    def switch(self) -> None:
        """A new link; what was under way on the old one is lost."""
        self.link += 1
        self.lanes.clear()
        for side, other in (self.sides, self.sides[::-1]):
            side.core.link_opened(
                self.link, Greeting(attempt=ATTEMPT, answer=ANSWER, instance=other.name * 8), self.now
            )
        self.collect()

    def collect(self) -> None:
        """Put what the cores have to send into the lanes."""
        for index, side in enumerate(self.sides):
            for link, frame in side.core.to_send(self.now):
                if link == self.link:
                    self.lanes[1 - index, 0].append(frame)
            while (item := side.core.next_data(lambda _: True, self.now)) is not None:
                if side.core.active == self.link:
                    self.lanes[1 - index, item[0]].append(item[1])
            side.events()

    def deliver(self, choose: Callable[[int], int] = lambda _: 0) -> bool:
        """One frame, of the lane that is chosen; False if none is under way."""
        waiting = [key for key, queue in sorted(self.lanes.items()) if queue]
        if not waiting:
            return False
        to, lane = waiting[choose(len(waiting))]
        kind = STREAM if lane else CONTROL
        self.sides[to].core.receive(self.link, kind, self.lanes[to, lane].popleft(), self.now)
        self.collect()
        return True

    def settle(self) -> None:
        """Deliver and read everything that comes."""
        while True:
            self.collect()
            moved = self.deliver()
            for side in self.sides:
                for machine in side.own + side.opened:
                    while data := machine.read(1 << 20):
                        side.read[machine.number] += data
                        moved = True
                side.core.table.consumed()
            if not moved:
                return


# -- tables -----------------------------------------------------------------------------------------------------------


def test_the_tables_are_whole() -> None:
    assert SEND_TABLE.keys() == {(state, event) for state in SendState for event in SendEvent} - {
        (SendState.READY, SendEvent.ACKED)
    }
    assert RECEIVE_TABLE.keys() == {(state, event) for state in ReceiveState for event in ReceiveEvent} - {
        (ReceiveState.OPEN, ReceiveEvent.COMPLETE)
    }
    assert all(TABLE[state, Change.OVER] is State.CLOSED for state in State if state is not State.CLOSED)
    assert not any(state is State.CLOSED for state, _ in TABLE)
    assert set(SEND_TABLE.values()) == set(SendState) - {SendState.READY}


# -- every interleaving -----------------------------------------------------------------------------------------------

STEPS = st.lists(
    st.tuples(
        st.sampled_from(
            ["open", "write", "write", "write", "read", "read", "finish", "reset", "stop", "switch"] + ["deliver"] * 12
        ),
        st.integers(0, 1),
        st.integers(0, 1 << 16),
    ),
    max_size=120,
)


@settings(max_examples=300, deadline=None)
@given(STEPS)
def test_bytes_arrive_once_in_order_or_the_stream_says_why_not(steps: list[tuple[str, int, int]]) -> None:
    # Whatever is done on either side, in whatever order lanes deliver and links are switched: what is read is a prefix
    # of what was written, all of it where the writer's finish was acknowledged and nobody reset or stopped; both sides
    # end with the same credit used, and neither accuses the other.
    wire = Wire()
    written: dict[tuple[int, int], bytearray] = defaultdict(bytearray)
    spoiled: set[int] = set()
    serial = 0
    for step, index, number in steps:
        side = wire.sides[index]
        if step == "open" and len(side.own) < 6:
            side.own.append(side.core.open("/t/1"))
        elif step == "switch":
            wire.switch()
        elif step == "deliver":
            wire.deliver(lambda count, number=number: number % count)
        mine = side.own + side.opened
        if mine and step in ("write", "read", "finish", "reset", "stop"):
            machine = mine[number % len(mine)]
            match step:
                case "write":
                    data = bytes([serial % 256]) * (1 + number * 37 % 50_000)
                    serial += 1
                    try:
                        machine.write(data)
                    except WherryError:
                        pass
                    else:
                        written[index, machine.number] += data
                case "read":
                    side.read[machine.number] += machine.read(1 + number)
                    side.core.table.consumed()
                case "finish":
                    machine.finish()
                case "reset":
                    machine.reset(number, StreamClosed("here"))
                    spoiled.add(machine.number)
                case "stop":
                    machine.stop(number)
                    spoiled.add(machine.number)
        wire.collect()
    wire.switch()
    wire.settle()
    for index, side in enumerate(wire.sides):
        assert side.core.state is State.OPEN, side.core.error
        for (writer, number), data in written.items():
            if writer != index:
                got = bytes(side.read[number])
                assert bytes(data).startswith(got)
                assert got == bytes(data) or number in spoiled
        for machine in side.own + side.opened:
            assert machine.number in spoiled or machine.send.state is not SendState.FINISHING, "never acknowledged"
    for one, other in (wire.sides, wire.sides[::-1]):
        assert one.core.table.credit.used == other.core.table.pool.received
        assert one.core.table.streams.keys() == other.core.table.streams.keys()
    for side in wire.sides:
        for machine in list(side.core.table.streams.values()):
            machine.reset(0, StreamClosed("the end"))
    wire.settle()
    for side in wire.sides:
        assert not side.core.table.streams
        assert side.core.table.pool.consumed == side.core.table.pool.received
        assert side.core.table.pool.outside == side.core.table.pool.grown == 0


# -- what nobody may send ---------------------------------------------------------------------------------------------


def victim() -> ConnectionCore:
    """A core (smaller key: odd streams are its own) with stream 1 of its own and stream 2 of the peer's."""
    made = core(b"a", b"b")
    made.link_opened(1, Greeting(attempt=ATTEMPT, answer=ANSWER, instance=b"b" * 8), 0.0)
    made.receive(1, CONTROL, hello(), 0.0)
    made.open("/t/1").write(b"x" * 1000)
    made.receive(1, CONTROL, frames.open_frame(2, "/t/1", limit=RESERVE_BYTES, datagrams=False).encode(), 0.0)
    while made.next_data(lambda _: True, 0.0):
        pass
    return made


def hello(
    *, attempt: bytes = ATTEMPT, instance: bytes = b"b" * 8, session: bytes = b"b" * 8, version: int = 1
) -> bytes:
    greeting = frames.Hello(
        version=version, features=0, instance=instance, session=session, attempt=attempt, answer=ANSWER
    )
    return Frame(Kind.HELLO, payload=greeting.encode()).encode()


def data(stream: int, offset: int, size: int) -> bytes:
    return frames.data_header(stream, offset) + bytes(size)


VIOLATIONS: dict[str, tuple[list[tuple[LaneKind, bytes]], type[WherryError]]] = {
    "half a frame": ([(CONTROL, b"\x02\x00")], ProtocolViolation),
    "an oversized frame": ([(STREAM, data(2, 0, 20_000))], ProtocolViolation),
    "control on a stream's lane": ([(STREAM, frames.stop_frame(1, 0).encode())], ProtocolViolation),
    "DATA on the control lane": ([(CONTROL, data(2, 0, 1))], ProtocolViolation),
    "a datagram on a stream's lane": ([(STREAM, Frame(Kind.DATAGRAM, 2).encode())], ProtocolViolation),
    "DATA on the datagram lane": ([(DATAGRAM, data(2, 0, 1))], ProtocolViolation),
    "a second HELLO": ([(CONTROL, hello())], ProtocolViolation),
    "OPEN of our own number": (
        [(CONTROL, frames.open_frame(3, "/t/1", limit=0, datagrams=False).encode())],
        ProtocolViolation,
    ),
    "DATA of a stream of ours that never was": ([(STREAM, data(99, 0, 1))], ProtocolViolation),
    "RESET of a stream of theirs that never was": (
        [(CONTROL, frames.reset_frame(98, 0, final=0).encode())],
        ProtocolViolation,
    ),
    "a gap": ([(STREAM, data(2, 1, 1))], ProtocolViolation),
    "DATA after FIN": ([(STREAM, Frame(Kind.FIN, 2, 0).encode()), (STREAM, data(2, 0, 1))], ProtocolViolation),
    "FIN with bytes missing": ([(STREAM, Frame(Kind.FIN, 2, 5).encode())], ProtocolViolation),
    "two ends": (
        [(STREAM, data(2, 0, 5)), (STREAM, Frame(Kind.FIN, 2, 5).encode()), (STREAM, Frame(Kind.FIN, 2, 4).encode())],
        ProtocolViolation,
    ),
    "a cut that nobody asked for": ([(STREAM, Frame(Kind.FIN, 2, 0, 1).encode())], ProtocolViolation),
    "FIN_ACK of what has not ended": ([(CONTROL, Frame(Kind.FIN_ACK, 1, 1000).encode())], ProtocolViolation),
    "LIMIT with more received than sent": (
        [(CONTROL, frames.limit_frame(1, 1 << 20, received=1001).encode())],
        ProtocolViolation,
    ),
    "RESUME with more received than sent": (
        [(CONTROL, Resume(received=1001, limit=0).frame(1).encode())],
        ProtocolViolation,
    ),
    "RESUME behind what was acknowledged": (
        [
            (CONTROL, frames.limit_frame(1, 1 << 20, received=900).encode()),
            (CONTROL, Resume(received=800, limit=0).frame(1).encode()),
        ],
        ProtocolViolation,
    ),
    "a RESET that takes bytes back": (
        [(STREAM, data(2, 0, 5)), (CONTROL, frames.reset_frame(2, 0, final=4).encode())],
        ProtocolViolation,
    ),
    "a RESET beyond the limit": (
        [(CONTROL, frames.reset_frame(2, 0, final=RESERVE_BYTES + 1).encode())],
        FlowViolation,
    ),
    "more than a stream's credit": (
        [(STREAM, data(2, offset, 16_000)) for offset in range(0, 80_000, 16_000)],
        FlowViolation,
    ),
    "far too many streams": (
        [
            (CONTROL, frames.open_frame(number, "/t/1", limit=0, datagrams=False).encode())
            for number in range(4, 2 * (MAX_PEER_STREAMS + MAX_REFUSED_STREAMS + 4), 2)
        ],
        ProtocolViolation,
    ),
}


@pytest.mark.parametrize("case", VIOLATIONS)
def test_a_violation_ends_the_connection_and_says_which(case: str) -> None:
    messages, error = VIOLATIONS[case]
    made = victim()
    ours = made.table.streams[1]
    for lane, message in messages:
        made.receive(1, lane, message, 1.0)
    assert made.state is State.CLOSED
    assert type(made.error) is error
    assert ours.error is made.error
    last = [frames.decode(frame) for _, frame in made.to_send(1.0)][-1]
    assert last.kind == Kind.CLOSE
    assert frames.code_of(last) == codes.code_for(error)
    events = []
    while (event := made.next_event()) is not None:
        events.append(event)
    assert isinstance(events[-1], Closed)
    made.receive(1, CONTROL, b"after the end", 2.0)
    made.link_closed(1, 2.0)
    made.tick(100.0)


def test_what_is_unknown_or_late_does_no_harm() -> None:
    made = victim()
    for lane, message in (
        (CONTROL, bytes([77]) + bytes(20)),
        (STREAM, bytes([78]) + bytes(20)),
        (DATAGRAM, Frame(Kind.DATAGRAM, 98, 5, payload=b"early").encode()),
        (CONTROL, Frame(Kind.HEARTBEAT_REPLY, 0, 12345).encode()),
        (CONTROL, frames.open_frame(2, "/t/1", limit=0, datagrams=False).encode()),
        (STREAM, data(2, 0, 100)),
        (STREAM, data(2, 50, 100)),
        (STREAM, data(2, 0, 100)),
    ):
        made.receive(1, lane, message, 1.0)
    assert made.state is State.OPEN
    assert made.table.streams[2].receive.credit.received == 150
    assert made.table.streams[2].read(1000) + made.table.streams[2].read(1000) == bytes(150)


def test_too_many_streams_are_refused_one_by_one_first() -> None:
    made = victim()
    for number in range(4, 2 * MAX_PEER_STREAMS + 6, 2):
        made.receive(1, CONTROL, frames.open_frame(number, "/t/1", limit=0, datagrams=False).encode(), 1.0)
    assert made.state is State.OPEN
    refused = [frames.decode(frame) for _, frame in made.to_send(1.0)]
    assert sum(frame.kind == Kind.RESET for frame in refused) == 2


def test_before_hello_only_the_link_suffers() -> None:
    for message in (hello(attempt=b"?" * 16), hello(version=2), hello(instance=b"?" * 8), b"x", data(2, 0, 1)):
        made = victim()
        made.link_opened(2, Greeting(attempt=ATTEMPT, answer=ANSWER, instance=b"b" * 8), 1.0)
        made.receive(2, CONTROL, message, 1.0)
        dropped = []
        while (event := made.next_event()) is not None:
            if isinstance(event, LinkDropped):
                dropped.append((event.link, type(event.error)))
        assert dropped == [(2, ProtocolViolation)]
        assert made.state is State.OPEN
        assert made.active == 1


@pytest.mark.parametrize(
    ("session", "lane", "message", "taken", "dropped"),
    [
        (b"b" * 8, DATAGRAM, Frame(Kind.DATAGRAM, 4, payload=b"in flight").encode(), [b"in flight"], None),
        (b"b" * 8, STREAM, data(2, 0, 10), [], None),
        (b"b" * 8, CONTROL, frames.close_frame(0, "late").encode(), [], None),
        (b"b" * 8, DATAGRAM, b"x", [], ProtocolViolation),
        (b"anew" * 2, DATAGRAM, Frame(Kind.DATAGRAM, 4, payload=b"of before").encode(), [], None),
    ],
)
def test_of_a_link_that_was_replaced_only_the_datagrams_in_flight_count(
    session: bytes, lane: LaneKind, message: bytes, taken: list[bytes], dropped: type[WherryError] | None
) -> None:
    came: list[bytes] = []
    made = core(b"a", b"b", deliver=lambda _flow, _sequence, payload: came.append(payload))
    made.link_opened(1, Greeting(attempt=ATTEMPT, answer=ANSWER, instance=b"b" * 8), 0.0)
    made.receive(1, CONTROL, hello(), 0.0)
    made.link_opened(2, Greeting(attempt=ATTEMPT, answer=ANSWER, instance=b"b" * 8), 1.0)
    made.receive(2, CONTROL, hello(session=session), 1.0)
    for number, datagrams in ((2, False), (4, True)):
        opening = frames.open_frame(number, "/t/1", limit=RESERVE_BYTES, datagrams=datagrams)
        made.receive(2, CONTROL, opening.encode(), 1.0)
    for _ in range(2):
        made.receive(1, lane, message, 1.0)
    assert came == 2 * taken
    assert not made.table.streams[2].read(10)
    assert made.state is State.OPEN
    told = {event.link: event for event in iter(made.next_event, None) if isinstance(event, LinkReplaced | LinkDropped)}
    assert list(told) == [1]
    assert isinstance(told[1], LinkReplaced) is (session == b"b" * 8 and dropped is None)
    assert type(getattr(told[1], "error", None)) is (dropped or type(None))


def test_frames_may_overtake_the_hello_but_not_without_end() -> None:
    made = core(b"a", b"b")
    made.link_opened(1, Greeting(attempt=ATTEMPT, answer=ANSWER, instance=b"b" * 8), 0.0)
    made.receive(1, STREAM, data(2, 0, 5), 0.0)
    made.receive(1, CONTROL, hello(), 0.0)
    made.receive(1, CONTROL, frames.open_frame(2, "/t/1", limit=0, datagrams=False).encode(), 0.0)
    assert made.table.streams[2].read(10) == bytes(5)

    flooded = core(b"a", b"b")
    flooded.link_opened(1, Greeting(attempt=ATTEMPT, answer=ANSWER, instance=b"b" * 8), 0.0)
    for _ in range(MAX_EARLY_BYTES // 16_000 + 1):
        flooded.receive(1, STREAM, data(2, 0, 16_000), 0.0)
    event = flooded.next_event()
    assert isinstance(event, LinkDropped)
    assert isinstance(event.error, ProtocolViolation)


HOSTILE = [
    frame.encode()
    for frame in (
        *(frames.open_frame(number, "/t/1", limit=RESERVE_BYTES, datagrams=number == 6) for number in (2, 4, 6)),
        *(frames.decode(data(number, offset, size)) for number in (1, 2, 4) for offset in (0, 10) for size in (1, 10)),
        *(Frame(Kind.FIN, number, final, cut) for number in (1, 2, 4) for final in (0, 10) for cut in (0, 1)),
        *(Frame(Kind.FIN_ACK, number, final) for number in (1, 2) for final in (0, 1000)),
        *(frames.stop_frame(number, 3) for number in (1, 2, 4)),
        *(frames.reset_frame(number, 3, final=0, forgotten=f) for number in (1, 2, 4) for f in (True, False)),
        *(frames.limit_frame(number, 1 << 20, received=r) for number in (0, 1, 2) for r in (0, 500)),
        *(
            Resume(received=r, limit=1 << 20, final=f, stop=s).frame(n)
            for n in (1, 2)
            for r in (0, 500)
            for f in (None, 0)
            for s in (None, 1)
        ),
        Resume(received=0, limit=0, final=0, reset=9).frame(1),
        Frame(Kind.DATAGRAM, 6, 1, payload=b"x"),
        Frame(Kind.HEARTBEAT, 0, 5),
        Frame(Kind.HEARTBEAT_REPLY, 0, 1),
        frames.close_frame(0, "bye"),
    )
]


@settings(max_examples=400, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from([*LaneKind]),
            st.sampled_from(HOSTILE) | tampered(HOSTILE) | st.binary(max_size=40),
            st.booleans(),
        ),
        max_size=40,
    )
)
def test_a_hostile_peer_gets_a_typed_error_and_bounded_memory(messages: list[tuple[LaneKind, bytes, bool]]) -> None:
    # Whatever a peer sends on whatever lane: nothing but a typed violation ends the connection, no other exception
    # leaves the core, and what it makes us hold stays within the window and the reserves.
    made = victim()
    for lane, message, right in messages:
        lane = STREAM if right and message[:1] in (b"\x02", b"\x03") else CONTROL if right else lane
        made.receive(1, lane, message, 1.0)
        while made.next_event() is not None:
            pass
        for _ in made.to_send(1.0):
            pass
        while made.next_data(lambda _: True, 1.0) is not None:
            pass
        held = made.table.pool.received - made.table.pool.consumed
        assert held <= CONNECTION_WINDOW_BYTES + RESERVE_BYTES * (len(made.table.streams) + 1)
    made.tick(2.0)
    assert made.error is None or type(made.error) in (ProtocolViolation, FlowViolation, PeerClosed)


def test_a_pause_of_our_own_is_not_the_peers_silence() -> None:
    made = victim()
    made.tick(100.0)  # the process was stopped; whatever came meanwhile still lies in the socket
    assert made.state is State.OPEN
    now = 100.0
    while made.state is not State.INTERRUPTED:
        assert now < 120
        deadline = made.next_deadline()
        assert deadline is not None
        now = max(now, deadline)
        made.tick(now)


# -- tombstones -------------------------------------------------------------------------------------------------------


def test_a_last_word_that_was_lost_is_said_again() -> None:
    wire = Wire()
    wire.settle()
    alice, bob = wire.sides
    machine = alice.core.open("/t/1")
    machine.write(b"question")
    machine.finish()
    wire.collect()
    while not bob.opened:
        wire.deliver()
    bob.opened[0].finish()
    wire.collect()
    while not bob.core.table.tombstones:
        # Bob's FIN_ACK is what gets lost: deliver all but the last frame on Alice's control lane
        if not wire.deliver(lambda _: 0):
            break
    lost = wire.lanes[0, 0]
    assert machine.number in bob.core.table.tombstones or lost is not None
    wire.switch()
    wire.settle()
    assert machine.over
    assert not alice.core.table.streams
    assert not bob.core.table.streams


def test_tombstones_go_when_a_heartbeat_shows_that_they_may_or_in_the_end() -> None:
    for answered in (True, False):
        wire = Wire()
        wire.settle()
        alice, bob = wire.sides
        machine = alice.core.open("/t/1")
        machine.finish()
        wire.collect()
        wire.settle()
        bob.opened[0].finish()
        wire.collect()
        wire.settle()
        assert alice.core.table.tombstones
        assert bob.core.table.tombstones
        if answered:
            for side in wire.sides:
                side.core.ping(1.0)
            wire.collect()
            wire.settle()
        else:
            for side in wire.sides:
                side.core.heard(1, TOMBSTONE_S)
                side.core.tick(TOMBSTONE_S)
        assert not alice.core.table.tombstones
        assert not bob.core.table.tombstones


def test_a_forgotten_stream_is_answered_as_such() -> None:
    made = victim()
    made.receive(1, CONTROL, frames.reset_frame(2, 0, final=0).encode(), 1.0)
    made.table.tombstones.clear()
    list(made.to_send(1.0))
    made.receive(1, CONTROL, Resume(received=0, limit=0).frame(2).encode(), 1.0)
    (_, answer), *_ = made.to_send(1.0)
    frame = frames.decode(answer)
    assert (frame.kind, frame.stream, frame.flags) == (Kind.RESET, 2, 1)
    machine = made.table.streams[1]
    made.receive(1, CONTROL, frames.reset_frame(1, 5, final=0, forgotten=True).encode(), 1.0)
    assert machine.over
    assert isinstance(machine.error, StreamReset)


def test_a_link_that_becomes_active_says_so() -> None:
    made = victim()
    event = made.next_event()
    assert isinstance(event, LinkActive)
    assert not event.resumed

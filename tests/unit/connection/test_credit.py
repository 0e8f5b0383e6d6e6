"""Credit: nobody is given more than there is, and a reader who reads always goes on."""

from __future__ import annotations

import pytest
from hypothesis import given, settings, strategies as st

from wherry.connection.credit import ConnectionCredit, SendCredit, StreamCredit
from wherry.connection.limits import (
    CONNECTION_LIMIT_STEP_BYTES,
    CONNECTION_WINDOW_BYTES,
    GROWN_WINDOWS_BYTES,
    MAX_STREAM_WINDOW_BYTES,
    RESERVE_BYTES,
)
from wherry.errors import FlowViolation


def fill(pool: ConnectionCredit, stream: StreamCredit) -> int:
    """Send all that is allowed; how much that was."""
    size = min(stream.limit - stream.received, pool.told - pool.received)
    stream.arrive(stream.received + size)
    pool.update()
    return size


def test_a_window_grows_by_use_to_its_most_and_no_further() -> None:
    pool = ConnectionCredit()
    stream = StreamCredit(pool)
    windows = []
    for _ in range(200):
        fill(pool, stream)
        stream.consume(stream.unread)
        stream.update()
        pool.update()
        windows.append(stream.limit - stream.consumed)
    assert windows[0] < windows[-1] == MAX_STREAM_WINDOW_BYTES
    assert stream.received > CONNECTION_WINDOW_BYTES, "the connection's limit must have risen as well"


def test_one_byte_too_many_is_a_violation() -> None:
    stream = StreamCredit(ConnectionCredit())
    stream.arrive(RESERVE_BYTES)
    with pytest.raises(FlowViolation):
        stream.arrive(RESERVE_BYTES + 1)


def test_the_connection_has_a_limit_too() -> None:
    pool = ConnectionCredit()
    for _ in range(CONNECTION_WINDOW_BYTES // RESERVE_BYTES):
        StreamCredit(pool).arrive(RESERVE_BYTES)  # and nobody looks at update(): the peer was told nothing
    with pytest.raises(FlowViolation):
        StreamCredit(pool).arrive(1)


def grown_streams(pool: ConnectionCredit, count: int) -> list[StreamCredit]:
    """Streams whose readers have been quick, so that their windows are as large as they get."""
    streams = [StreamCredit(pool) for _ in range(count)]
    for _ in range(12):
        for stream in streams:
            fill(pool, stream)
            stream.consume(stream.unread)
            stream.update()
            pool.update()
    return streams


@pytest.mark.parametrize("sleepers", [1, 12, 20, 300])
def test_sleeping_readers_do_not_block_one_who_reads(sleepers: int) -> None:
    pool = ConnectionCredit()
    streams = grown_streams(pool, sleepers)
    for stream in streams:  # all at once they stop reading, with all that they may hold
        while fill(pool, stream):
            pass
    reader = StreamCredit(pool)
    for _ in range(1000):
        assert fill(pool, reader) > 0, "the reader has no credit although it reads"
        reader.consume(reader.unread)
        reader.update()
        pool.update()
    held = sum(stream.unread for stream in streams)
    assert held <= GROWN_WINDOWS_BYTES + sleepers * RESERVE_BYTES


@settings(max_examples=200)
@given(
    st.lists(st.tuples(st.integers(0, 7), st.sampled_from(["arrive", "consume", "discard", "seal"]), st.floats(0, 1)))
)
def test_the_sums_are_the_sums(steps: list[tuple[int, str, float]]) -> None:
    # Whatever happens in whatever order, the connection's numbers are the sums of the streams', no limit ever falls,
    # and a peer that keeps to its limits never breaks one.
    pool = ConnectionCredit()
    streams = [StreamCredit(pool) for _ in range(8)]
    sealed: set[int] = set()
    told = pool.told
    for index, step, share in steps:
        stream = streams[index]
        if step == "arrive" and index not in sealed:
            room = min(stream.limit - stream.received, pool.told - pool.received)
            stream.arrive(stream.received + int(room * share))
        elif step == "consume":
            stream.consume(int(stream.unread * share))
            if index not in sealed:
                before = stream.limit
                stream.update()
                assert stream.limit >= before
        elif step == "discard":
            stream.discard()
        elif step == "seal":
            stream.seal()
            sealed.add(index)
        pool.update()
        assert pool.told >= told
        told = pool.told
        assert pool.received == sum(one.received for one in streams)
        assert pool.consumed == sum(one.consumed for one in streams)
        assert pool.outside == sum(min(one.unread, RESERVE_BYTES) for one in streams)
        assert 0 <= pool.grown <= GROWN_WINDOWS_BYTES
        assert pool.told - pool.received >= CONNECTION_WINDOW_BYTES - GROWN_WINDOWS_BYTES - CONNECTION_LIMIT_STEP_BYTES


def test_an_older_limit_changes_nothing() -> None:
    credit = SendCredit()
    credit.raise_to(CONNECTION_WINDOW_BYTES + 5)
    credit.raise_to(CONNECTION_WINDOW_BYTES + 3)
    credit.used = 10
    assert credit.available == CONNECTION_WINDOW_BYTES - 5

"""Random schedules of writes, half-closes, resets, stops, switches and losses of links, on the virtual clock.

The invariant: what a stream delivers is a prefix of what was written, and it ends either with all of it, exactly once
and in order, or with an error at both ends. Nothing hangs, no task is left, and both sides agree on the credit used.

`WHERRY_FULL=1` runs 5,000 schedules; otherwise 300. One schedule is run again with `WHERRY_SEED=<n>`.
"""

from __future__ import annotations

import asyncio
import os
import random
from dataclasses import dataclass, field

import pytest

from wherry.connection import Connection, Link, Stream
from wherry.connection.engines.memory import MemoryEngine
from wherry.errors import ConnectionLost, RemoteError, StreamClosed, StreamReset, WherryError
from wherry.testing.clock import run_virtual
from wherry.testing.pairs import ConnectedPair, connected_pair

SCHEDULES = 5000 if os.environ.get("WHERRY_FULL") else 300
SEEDS = [int(os.environ["WHERRY_SEED"])] if "WHERRY_SEED" in os.environ else list(range(SCHEDULES))
BATCH = 50


@dataclass
class Direction:
    """What one side writes and the other reads."""

    written: bytearray = field(default_factory=bytearray)
    finished: bool = False  # the writer knows that the reader has everything
    read: bytearray = field(default_factory=bytearray)
    at_end: bool = False  # the reader saw the end
    stopped: bool = False  # the reader asked to stop
    writer_error: WherryError | None = None
    reader_error: WherryError | None = None


@dataclass
class Told:
    """Everything that a schedule saw of one stream."""

    forth: Direction = field(default_factory=Direction)
    back: Direction = field(default_factory=Direction)
    accepted: bool = False


class Schedule:
    """One run, drawn from one seed."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.told: dict[tuple[str, int], Told] = {}
        self.serving = 0
        self.failed: list[RemoteError] = []

    async def run(self) -> None:
        chance = self.random
        engine = MemoryEngine(
            seed=chance.randrange(1 << 30),
            delay_ms=(0, chance.choice([0, 1, 10, 100])),
            bytes_per_s=chance.choice([None, 100_000, 5_000_000]),
        )
        async with connected_pair(engine=engine, handlers={"/t/1": self.serve}, connect=chance.random() < 0.8) as pair:
            async with asyncio.timeout(3600), asyncio.TaskGroup() as group:
                disturbing = group.create_task(self.disturb(pair))
                workers = [
                    group.create_task(self.open(side, chance.random() * 3))
                    for side in chance.choices([pair.alice, pair.bob], k=chance.randint(1, 8))
                ]
                await asyncio.wait(workers)
                disturbing.cancel()
            await self.calm(pair)
            self.check(pair)

    async def calm(self, pair: ConnectedPair) -> None:
        """Until both sides have heard the last word on everything."""
        if pair.alice.error is None and pair.bob.error is None:
            await pair.connect()
        async with asyncio.timeout(600):
            while pair.alice.stream_count or pair.bob.stream_count or self.serving:  # noqa: ASYNC110 - virtual seconds
                await asyncio.sleep(1)

    async def disturb(self, pair: ConnectedPair) -> None:
        """Switch links, cut them, pull the cable; there is always a new link soon."""
        chance, engine = self.random, pair.engine
        assert isinstance(engine, MemoryEngine)
        if not pair.links:
            await asyncio.sleep(chance.random() * 2)
            await pair.connect()
        for _ in range(chance.randint(0, 5)):
            await asyncio.sleep(chance.random() * 2)
            match chance.randrange(4):
                case 0:
                    await self.connect(pair)
                case 1:
                    pair.links[-1][chance.randrange(2)].cut()  # type: ignore[attr-defined]
                    await asyncio.sleep(chance.random() * 5)
                    await self.connect(pair)
                case 2:
                    with engine.silence():
                        await asyncio.sleep(chance.random() * 12)
                    await self.connect(pair)
                case 3:
                    # a link that dies while it takes over
                    ends = await pair.open_link()
                    cutting = asyncio.get_running_loop().call_later(chance.random() * 0.2, ends[0].cut)  # type: ignore[attr-defined]
                    await self.connect(pair, ends)
                    cutting.cancel()
                    await self.connect(pair)
        while True:  # whatever is lost now gets a new link, as the dialer would make one
            await asyncio.sleep(1)
            if "interrupted" in (pair.alice.state.value, pair.bob.state.value):
                await self.connect(pair)

    async def connect(self, pair: ConnectedPair, ends: tuple[Link, Link] | None = None) -> None:
        try:
            await pair.connect(ends)
        except RemoteError as error:
            self.failed.append(error)  # this link did not make it; the next will

    # -- the two ends of a stream -------------------------------------------------------------------------------------

    async def open(self, side: Connection, after_s: float) -> None:
        await asyncio.sleep(after_s)
        stream = await side.open_stream("/t/1")
        told = self.told.setdefault(("alice" if side.local < side.peer else "bob", stream.number), Told())
        await self.both(stream, told.forth, told.back)

    async def serve(self, stream: Stream) -> None:
        opener = "bob" if stream.peer > stream._connection.local else "alice"
        told = self.told.setdefault((opener, stream.number), Told())
        told.accepted = True
        self.serving += 1
        try:
            await self.both(stream, told.back, told.forth)
        finally:
            self.serving -= 1

    async def both(self, stream: Stream, out: Direction, into: Direction) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(self.write(stream, out))
            group.create_task(self.read(stream, into))
            if self.random.random() < 0.15:
                group.create_task(self.reset(stream))

    async def reset(self, stream: Stream) -> None:
        await asyncio.sleep(self.random.random() * 4)
        stream.reset(7)

    async def write(self, stream: Stream, direction: Direction) -> None:
        chance = self.random
        try:
            for _ in range(chance.choice([0, 1, 3, 20])):
                data = chance.randbytes(chance.choice([1, 100, 16368, 40_000, 300_000]))
                direction.written += data
                await stream.write(data)
                if chance.random() < 0.5:
                    await asyncio.sleep(chance.random())
            await stream.finish()
            await stream.finished()
            direction.finished = True
        except WherryError as error:
            direction.writer_error = error

    async def read(self, stream: Stream, direction: Direction) -> None:
        chance = self.random
        slow = chance.random() < 0.2
        stop_after = chance.randrange(200_000) if chance.random() < 0.15 else None
        try:
            while data := await stream.read(chance.choice([1000, 100_000])):
                direction.read += data
                if slow:
                    await asyncio.sleep(chance.random() * 0.1)
                if stop_after is not None and len(direction.read) > stop_after:
                    direction.stopped = True
                    stream.stop(5)
                    return
            direction.at_end = True
        except WherryError as error:
            direction.reader_error = error

    # -- what must hold -----------------------------------------------------------------------------------------------

    def check(self, pair: ConnectedPair) -> None:
        lost = pair.alice.error is not None or pair.bob.error is not None
        for key, told in self.told.items():
            for name, direction in (("forth", told.forth), ("back", told.back)):
                self.check_direction((key, name), direction, lost=lost)
        if not lost:
            for one, other in ((pair.alice._core, pair.bob._core), (pair.bob._core, pair.alice._core)):
                assert one.table.credit.used == other.table.pool.received, "the sides disagree on credit"
                assert other.table.pool.consumed == other.table.pool.received
                assert other.table.pool.outside == 0
                assert other.table.pool.grown == 0
                assert not one.table.streams

    def check_direction(self, where: object, direction: Direction, *, lost: bool) -> None:
        written, read = bytes(direction.written), bytes(direction.read)
        assert written.startswith(read), f"{where}: what was read was never written so"
        if direction.at_end:
            assert direction.reader_error is None
            assert read == written or direction.writer_error is not None, f"{where}: an early end, and nobody says why"
            # A writer that gave up mid-write may have written less than `written`, but then the reader saw no end.
            assert (
                direction.writer_error is None
                or isinstance(direction.writer_error, (StreamClosed, StreamReset))
                or lost
            )
        if direction.finished:
            assert direction.writer_error is None
            assert read == written or direction.stopped or direction.reader_error is not None, f"{where}: lost bytes"
        if direction.reader_error is not None and not lost:
            assert isinstance(direction.reader_error, (StreamReset, StreamClosed, ConnectionLost)), where
        if direction.writer_error is None and direction.reader_error is None:
            assert direction.finished or not written or not direction.at_end


@pytest.mark.parametrize("first", SEEDS[::BATCH])
def test_bytes_arrive_once_in_order_or_the_stream_says_why_not(first: int) -> None:
    for seed in SEEDS[SEEDS.index(first) :][:BATCH]:
        try:
            run_virtual(Schedule(seed).run())
        except BaseException as error:
            error.add_note(f"WHERRY_SEED={seed}")
            raise

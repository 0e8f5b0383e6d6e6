"""Streams beside raw aiortc: bulk, datagrams and round trip, in one run.

Two processes would fight for the cores of a small machine in ways of their own, so both ends are in this one, for both
competitors alike: 16 KiB messages, the same mark for what may wait to be sent, rounds interleaved, medians. Trust the
ratios, not the figures.

    python bench/streams.py [--rounds 5] [--mib 16]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack

from aiortc import RTCConfiguration, RTCDataChannel, RTCPeerConnection

from wherry.connection import Datagrams, Stream
from wherry.connection.engines.aiortc import AiortcEngine
from wherry.connection.frames import HEADER_BYTES
from wherry.connection.limits import LINK_BUFFER_BYTES, MAX_FRAME_BYTES
from wherry.testing.pairs import ConnectedPair, connected_pair

MIB = 1024 * 1024
PINGS = 200
DATAGRAMS = 3000
DATAGRAM_BYTES = 1000


class Raw:
    """Two peer connections of aiortc's as it comes, and the channels that a program would open."""

    async def __aenter__(self) -> Raw:
        self.ours, self.theirs = (RTCPeerConnection(RTCConfiguration(iceServers=[])) for _ in range(2))
        self.bulk = self._channels(0)
        self.pings = self._channels(1)
        self.datagrams = self._channels(2, ordered=False, maxRetransmits=0)
        opened = [self._opened(channel) for pair in (self.bulk, self.pings, self.datagrams) for channel in pair]
        await self.ours.setLocalDescription(await self.ours.createOffer())
        await self.theirs.setRemoteDescription(self.ours.localDescription)
        await self.theirs.setLocalDescription(await self.theirs.createAnswer())
        await self.ours.setRemoteDescription(self.theirs.localDescription)
        for event in opened:
            await event.wait()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.ours.close()
        await self.theirs.close()

    def _channels(self, number: int, **options: object) -> tuple[RTCDataChannel, RTCDataChannel]:
        one, other = (
            connection.createDataChannel("raw", negotiated=True, id=number, **options)
            for connection in (self.ours, self.theirs)
        )
        return one, other

    @staticmethod
    def _opened(channel: RTCDataChannel) -> asyncio.Event:
        event = asyncio.Event()
        channel.on("open", event.set)
        return event

    async def send_bulk(self, size: int) -> None:
        """`size` bytes one way."""
        channel, sink = self.bulk
        received, done, low = 0, asyncio.Event(), asyncio.Event()

        def take(message: bytes) -> None:
            nonlocal received
            received += len(message)
            if received >= size:
                done.set()

        sink.on("message", take)
        channel.bufferedAmountLowThreshold = LINK_BUFFER_BYTES // 2
        channel.on("bufferedamountlow", low.set)
        block = bytes(MAX_FRAME_BYTES)
        for _ in range(0, size, MAX_FRAME_BYTES):
            if channel.bufferedAmount >= LINK_BUFFER_BYTES:
                low.clear()
                await low.wait()
            channel.send(block)
        await done.wait()
        sink.remove_all_listeners("message")
        channel.remove_all_listeners("bufferedamountlow")

    async def ping(self) -> None:
        """One small message there and back."""
        channel, other = self.pings
        back = asyncio.Event()
        other.once("message", other.send)
        channel.once("message", lambda _: back.set())
        channel.send(b"ping")
        await back.wait()

    async def send_datagrams(self, number: int) -> float:
        """The share of `number` datagrams that arrive, sent no faster than the channel takes them."""
        channel, sink = self.datagrams
        received = 0

        def take(_message: bytes) -> None:
            nonlocal received
            received += 1

        sink.on("message", take)
        for _ in range(number):
            while channel.bufferedAmount > LINK_BUFFER_BYTES // 4:
                await asyncio.sleep(0)
            channel.send(bytes(DATAGRAM_BYTES))
        await _quiet(lambda: received)
        sink.remove_all_listeners("message")
        return received / number


class Ours:
    """The same over streams and flows."""

    async def __aenter__(self) -> Ours:
        self._stack = AsyncExitStack()
        self._flows: list[Datagrams] = []
        self._idle = asyncio.Event()
        self.pair: ConnectedPair = await self._stack.enter_async_context(
            connected_pair(
                engine=AiortcEngine(),
                handlers={"/sink/1": _sink, "/echo/1": _echo, "/sleep/1": self._sleep},
                datagram_handlers={"/d/1": self._keep},
            )
        )
        self._pings = await self.pair.alice.open_stream("/echo/1")
        self._flow = await self.pair.alice.open_datagrams("/d/1")
        await self.ping()
        while not self._flow.send(b""):
            await self.ping()
        return self

    async def __aexit__(self, *_: object) -> None:
        self._idle.set()
        self._pings.reset()
        await self._stack.aclose()

    async def _keep(self, flow: Datagrams) -> None:
        self._flows.append(flow)
        async for _ in flow:
            pass

    async def send_bulk(self, size: int) -> None:
        """`size` bytes one way, until the peer is known to have them."""
        block = bytes(MAX_FRAME_BYTES - HEADER_BYTES)
        async with await self.pair.alice.open_stream("/sink/1") as stream:
            for _ in range(0, size, len(block)):
                await stream.write(block)
            await stream.finish()
            await stream.finished()

    async def send_bulk_beside_a_sleeper(self, size: int) -> tuple[float, float]:
        """Seconds of clock and processor for the same, while the reader of another stream does not read."""
        sleeper = await self.pair.alice.open_stream("/sleep/1")
        filling = asyncio.create_task(sleeper.write(bytes(4 * MIB)))
        await self.send_bulk(MIB)  # by then the sleeper has been sent all that it may be
        measured = await _timed(self.send_bulk(size))
        filling.cancel()
        await asyncio.wait([filling])
        sleeper.reset()
        return measured

    async def _sleep(self, _stream: Stream) -> None:
        await self._idle.wait()

    async def ping(self) -> None:
        """One small write there and back."""
        await self._pings.write(b"ping")
        await self._pings.read_exactly(4)

    async def send_datagrams(self, number: int) -> float:
        """The share of `number` datagrams that arrive."""
        before = sum(flow.received for flow in self._flows)
        for _ in range(number):
            while not self._flow.send(bytes(DATAGRAM_BYTES)):
                await asyncio.sleep(0)
        await _quiet(lambda: sum(flow.received for flow in self._flows))
        return (sum(flow.received for flow in self._flows) - before) / number


async def _sink(stream: Stream) -> None:
    async for _ in stream:
        pass


async def _echo(stream: Stream) -> None:
    async for chunk in stream:
        await stream.write(chunk)


async def _quiet(count: Callable[[], int]) -> None:
    """Until nothing more arrives for 50 ms."""
    last = -1
    while count() != last:
        last = count()
        await asyncio.sleep(0.05)


async def _timed(work: Awaitable[object]) -> tuple[float, float]:
    """Seconds of the clock and of the processor."""
    clock, processor = time.perf_counter(), time.process_time()
    await work
    return time.perf_counter() - clock, time.process_time() - processor


async def _round(side: Raw | Ours, size: int) -> dict[str, float]:
    seconds, cpu = await _timed(side.send_bulk(size))
    pings = sorted([(await _timed(side.ping()))[0] for _ in range(PINGS)])
    clock = time.perf_counter()
    share = await side.send_datagrams(DATAGRAMS)
    datagram_seconds = time.perf_counter() - clock
    return {
        "bulk_mb_s": size / seconds / 1e6,
        "bulk_mb_cpu_s": size / cpu / 1e6,
        "ping_p50_ms": pings[PINGS // 2] * 1000,
        "ping_p95_ms": pings[PINGS * 95 // 100] * 1000,
        "datagrams_s": share * DATAGRAMS / datagram_seconds,
        "datagrams_arrived": share,
    }


async def run(*, rounds: int = 5, mib: int = 16) -> dict[str, dict[str, float]]:
    """`rounds` of each, interleaved: {"raw": …, "streams": …, "ratio": …, "sleeper": …}, medians."""
    results: dict[str, list[dict[str, float]]] = {"raw": [], "streams": []}
    for number in range(rounds + 1):
        order: list[tuple[str, type[Raw] | type[Ours]]] = [("raw", Raw), ("streams", Ours)]
        for name, kind in order if number % 2 else reversed(order):
            async with kind() as side:
                result = await _round(side, mib * MIB if number else MIB)
            if number:  # the first round only warms up
                results[name].append(result)
    medians = {
        name: {key: statistics.median(one[key] for one in found) for key in found[0]} for name, found in results.items()
    }
    medians["ratio"] = {key: medians["streams"][key] / medians["raw"][key] for key in medians["raw"]}
    medians["sleeper"] = await _sleeper(rounds, mib * MIB)
    return medians


async def _sleeper(rounds: int, size: int) -> dict[str, float]:
    """What a reader that sleeps costs the others: rounds alone and beside it, interleaved; medians."""
    alone, beside = [], []
    async with Ours() as ours:
        for _ in range(rounds):
            alone.append(size / (await _timed(ours.send_bulk(size)))[0] / 1e6)
            beside.append(size / (await ours.send_bulk_beside_a_sleeper(size))[0] / 1e6)
    return {
        "alone_mb_s": statistics.median(alone),
        "beside_mb_s": statistics.median(beside),
        "ratio": statistics.median(beside) / statistics.median(alone),
    }


def table(results: dict[str, dict[str, float]]) -> str:
    """The results as lines for people."""
    lines = [f"{'':20}{'raw aiortc':>12}{'streams':>12}{'ratio':>8}"]
    lines += [
        f"{key:20}{results['raw'][key]:12.2f}{results['streams'][key]:12.2f}{results['ratio'][key]:8.2f}"
        for key in results["raw"]
    ]
    sleeper = results["sleeper"]
    lines.append(
        f"beside a reader that sleeps: {sleeper['beside_mb_s']:.2f} MB/s, alone {sleeper['alone_mb_s']:.2f}, "
        f"ratio {sleeper['ratio']:.2f}"
    )
    return "\n".join(lines)


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--mib", type=int, default=16)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    results = asyncio.run(run(rounds=arguments.rounds, mib=arguments.mib))
    print(json.dumps(results) if arguments.json else table(results))


if __name__ == "__main__":
    main()

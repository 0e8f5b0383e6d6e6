"""How much one signaling endpoint holds: registered clients, forwarded envelopes a second, and its memory.

    python -m bench.endpoint [--clients 5000] [--seconds 5]

The endpoint runs in a process of its own, on loopback; the clients all live in this one. Envelopes go from guests to
random registered clients, each guest sending its next one when it has heard of the last (a closed loop), so the figure
is what the two processes do together: the column `busy` says how much of one core the endpoint itself used, and
`a core` what it would forward if it had one for itself.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import secrets
import statistics
import sys
import time
from contextlib import AsyncExitStack
from dataclasses import asdict, dataclass

import psutil

from wherry_signaling.client import Client, WebSocketConnector, open_client
from wherry_signaling.endpoints import EndpointAddress
from wherry_signaling.errors import DeliveryFailed, EndpointTimeout, EndpointUnreachable
from wherry_signaling.identity import Identity, PeerId
from wherry_signaling.server import Endpoint
from wherry_signaling.server.descriptors import raise_descriptor_limit
from wherry_signaling.wire import Role

#: Sockets that are opened at once.
AT_ONCE = 64
#: Times that a socket is tried.
TRIES = 5
#: Guests that send; each at most as fast as one socket may.
GUESTS = 128
#: Bytes of the envelopes: a candidate, an offer.
SIZES = (256, 4096)


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """So many clients are registered.

    :ivar rate: registrations a second, handshake included.
    :ivar rss_mb: resident memory of the endpoint's process, in MB of 10^6 bytes; `kb_each` is per client.
    """

    clients: int
    rate: float
    rss_mb: float
    kb_each: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Forwarding:
    """So many envelopes of a size went through in a second.

    :ivar late: how many were not answered in time.
    :ivar busy: share of one core that the endpoint's process used.
    :ivar per_core: envelopes for each second of processor time that the endpoint used: its bound, on one core alone.
    """

    size: int
    clients: int
    rate: float
    late: int
    p50_ms: float
    p99_ms: float
    busy: float
    per_core: float
    rss_mb: float


async def serve() -> None:
    """The endpoint's process: prints its address, ends with its standard input."""
    raise_descriptor_limit()
    async with Endpoint(Identity(secrets.token_bytes(32)), ("127.0.0.1", 0)) as endpoint:
        print(endpoint.addresses[0], flush=True)
        await asyncio.to_thread(sys.stdin.read)


class Load:
    """Clients of one endpoint, all in this process."""

    def __init__(self, address: EndpointAddress, process: psutil.Process, stack: AsyncExitStack) -> None:
        self._address, self._process, self._stack = address, process, stack
        self._peers: list[PeerId] = []
        self._begun_mb = self._rss_mb()

    async def hold(self, connector: WebSocketConnector, count: int) -> Holding:
        """Register until there are `count`."""
        before, begun = len(self._peers), time.perf_counter()
        gate = asyncio.Semaphore(AT_ONCE)

        async def one() -> None:
            identity = Identity(secrets.token_bytes(32))
            async with gate:
                client = await self._open(connector, identity, Role.ME)
                self._stack.push_async_callback(client.close)
            self._peers.append(identity.id)

        async with asyncio.TaskGroup() as group:
            for _ in range(count - before):
                group.create_task(one())
        rss = self._rss_mb()
        return Holding(
            clients=len(self._peers),
            rate=(len(self._peers) - before) / (time.perf_counter() - begun),
            rss_mb=rss,
            kb_each=(rss - self._begun_mb) * 1000 / len(self._peers),
        )

    async def forward(self, connector: WebSocketConnector, size: int, seconds: float) -> Forwarding:
        """Send envelopes of `size` bytes for so long."""
        guests = [await self._open(connector, Identity(secrets.token_bytes(32)), Role.GUEST) for _ in range(GUESTS)]
        took: list[float] = []
        late: list[float] = []
        end = time.perf_counter() + seconds

        async def send(guest: Client) -> None:
            envelope = secrets.token_bytes(size)
            while (begun := time.perf_counter()) < end:
                try:
                    await guest.send(random.choice(self._peers), b"", envelope)
                except (DeliveryFailed, EndpointTimeout):
                    late.append(time.perf_counter() - begun)  # somebody was too slow to answer within its second
                else:
                    took.append(time.perf_counter() - begun)

        busy = _cpu_s(self._process)
        async with asyncio.TaskGroup() as group:
            for guest in guests:
                group.create_task(send(guest))
        busy = _cpu_s(self._process) - busy
        for guest in guests:
            await guest.close()
        ranks = statistics.quantiles(took, n=100)
        return Forwarding(
            size=size,
            clients=len(self._peers),
            rate=len(took) / seconds,
            late=len(late),
            p50_ms=ranks[49] * 1000,
            p99_ms=ranks[98] * 1000,
            busy=busy / seconds,
            per_core=len(took) / busy,
            rss_mb=self._rss_mb(),
        )

    async def _open(self, connector: WebSocketConnector, identity: Identity, role: Role) -> Client:
        """A socket that accepts whatever comes; tried again where a busy machine is too slow for its time limits."""
        for left in reversed(range(TRIES)):
            try:
                client = await open_client(
                    connector, self._address, identity, role, on_deliver=lambda tag, envelope, back: True
                )
                await self._register(client, role)
            except (EndpointUnreachable, EndpointTimeout):
                if not left:
                    raise
            else:
                return client
        raise AssertionError("it returned or raised")

    async def _register(self, client: Client, role: Role) -> None:
        try:
            if role is Role.ME:
                await client.register()
        except EndpointTimeout:
            await client.close()
            raise

    def _rss_mb(self) -> float:
        return float(self._process.memory_info().rss / 1e6)


def _cpu_s(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


async def run(clients: int = 5000, seconds: float = 5.0) -> dict[str, object]:
    """Measure; prints a row for each figure and returns them all."""
    raise_descriptor_limit()
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bench.endpoint", "--serve", stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    assert child.stdin is not None
    assert child.stdout is not None
    holding, forwarding = [], []
    try:
        address = EndpointAddress.parse((await child.stdout.readline()).decode().strip())
        async with WebSocketConnector() as connector, AsyncExitStack() as stack:
            load = Load(address, psutil.Process(child.pid), stack)
            print(f"{'clients':>8} {'registered/s':>13} {'RSS MB':>8} {'kB each':>8}")
            for count in sorted({max(1, clients // 5), max(1, clients // 2), clients}):
                row = await load.hold(connector, count)
                holding.append(row)
                print(f"{row.clients:8d} {row.rate:13.0f} {row.rss_mb:8.0f} {row.kb_each:8.1f}", flush=True)
            print(
                f"{'bytes':>8} {'envelopes/s':>13} {'late':>6} {'p50 ms':>8} {'p99 ms':>8}"
                f" {'busy':>6} {'a core':>7} {'RSS MB':>7}"
            )
            for size in SIZES:
                line = await load.forward(connector, size, seconds)
                forwarding.append(line)
                print(
                    f"{line.size:8d} {line.rate:13.0f} {line.late:6d} {line.p50_ms:8.1f} {line.p99_ms:8.1f}"
                    f" {line.busy:6.2f} {line.per_core:7.0f} {line.rss_mb:7.0f}",
                    flush=True,
                )
    finally:
        child.stdin.close()
        await child.wait()
    return {"holding": [asdict(row) for row in holding], "forwarding": [asdict(row) for row in forwarding]}


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--clients", type=int, default=5000)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--json", action="store_true", help="print the figures as JSON at the end")
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.serve:
        asyncio.run(serve())
        return
    figures = asyncio.run(run(arguments.clients, arguments.seconds))
    if arguments.json:
        print(json.dumps(figures))


if __name__ == "__main__":
    main()

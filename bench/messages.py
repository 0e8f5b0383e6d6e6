"""Friends and messages: how many a second by each way, how long ten thousand that waited take, and what a start costs.

    python -m bench.messages [--messages 2000] [--waiting 10000] [--stored 1000000]

Everybody is a real node in this one process, on loopback: so a rate is what sender, recipient and those between them do
together on one core, and `disk` says what one durable transaction costs here, of which each letter takes two or three.
Rates are from the first `send` until the sender knows of the last that it was delivered (mailboxes: that all lie in
both).
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sqlite3
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager, closing
from pathlib import Path
from typing import Any

import psutil

from wherry import Node
from wherry.friends.states import State
from wherry.messages.fate import MessageState
from wherry.store import Store
from wherry_signaling.identity import Identity, PeerId

SETTINGS: dict[str, Any] = {"listen": "127.0.0.1:0", "mdns": False}
#: Nodes that introduce and keep mail.
CROWD = 4
#: Friends of the large store.
FRIENDS = 1000
#: Pings beside the flow of messages.
PINGS = 200
TEXT = "Shall we meet at the harbour at seven, or is that too early for you after the long day?"


async def until(holds: Callable[[], object], seconds: float = 600) -> float:
    """Poll; the seconds that it took."""
    start = time.perf_counter()
    async with asyncio.timeout(seconds):
        while not holds():
            await asyncio.sleep(0.005)
    return time.perf_counter() - start


@asynccontextmanager
async def friends(home: Path, **settings: Any) -> AsyncIterator[tuple[Node, Node, AsyncExitStack]]:
    """Two friends among a crowd; the second one's node is in a stack of its own, to be put off."""
    async with AsyncExitStack() as stack, AsyncExitStack() as second:
        first = await stack.enter_async_context(Node.at(home / "crowd-0", **SETTINGS))
        join = {**SETTINGS, "bootstrap": [first.invite()]}
        for number in range(1, CROWD):
            await stack.enter_async_context(Node.at(home / f"crowd-{number}", **join))
        other = await second.enter_async_context(Node.at(home / "bela", **join, **settings))
        await until(lambda: len(other.parts.mail.mailboxes.current()) == 2)  # before the first is there to be one
        one = await stack.enter_async_context(Node.at(home / "ada", **join, **settings))
        for node in (one, other):
            await node.wait_ready(30)
        one.friends.add(other.address, "hello")
        await until(lambda: other.friends.get(one.id).state is State.RECEIVED)
        other.friends.accept(one.id)
        await until(lambda: one.friends.get(other.id).state is State.FRIENDS)
        await asyncio.sleep(2)  # tags are listed, records told, company kept
        yield one, other, second


def _open(node: Node, below: MessageState = MessageState.DELIVERED) -> int:
    rows = node.parts.store.database.read("SELECT count(*) FROM messages WHERE ours AND state < ?", (int(below),))
    return int(rows[0][0])


async def rate(one: Node, to: PeerId, count: int, below: MessageState = MessageState.DELIVERED) -> float:
    """Messages a second until none of ours is below a state."""
    start = time.perf_counter()
    for number in range(count):
        one.messages.send(to, f"{number}: {TEXT}")
        if number % 20 == 0:
            await asyncio.sleep(0)
    await until(lambda: not _open(one, below))
    return round(count / (time.perf_counter() - start), 1)


async def latency(one: Node, to: PeerId, count: int = 50) -> float:
    """Median milliseconds from `send` to knowing that it was delivered, one at a time."""
    took = []
    for _ in range(count):
        start, since = time.perf_counter(), one.events.last
        message = one.messages.send(to, TEXT)
        while one.messages.get(to, message.id).state < MessageState.DELIVERED:
            since = (await one.events.wait_for("message_changed", since)).seq
        took.append((time.perf_counter() - start) * 1000)
    return round(statistics.median(took), 1)


async def pings(one: Node, to: PeerId, count: int = PINGS) -> float:
    """The 95th percentile of round trips over the connection, milliseconds."""
    connected = await one.connect(to)
    took = []
    for _ in range(count):
        took.append(await connected.connection.ping() * 1000)
        await asyncio.sleep(0.005)
    return round(statistics.quantiles(took, n=20)[-1], 1)


async def by_each_way(count: int, waiting: int) -> dict[str, Any]:
    """Rates of the three ways, and what collecting takes."""
    figures: dict[str, Any] = {"messages": count, "waiting": waiting}
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        figures["disk_ms"] = _disk_ms(home)
        async with friends(home / "connected") as (one, other, second):
            await one.connect(other.id)
            figures["ping_p95_ms"] = await pings(one, other.id)
            figures["latency_ms"] = await latency(one, other.id)
            flow = asyncio.create_task(rate(one, other.id, count))
            figures["ping_p95_meanwhile_ms"] = await pings(one, other.id)
            figures["connected_per_s"] = await flow
            to, sender = other.id, one.id
            await second.aclose()
            figures["mailboxes_per_s"] = await rate(one, to, waiting, MessageState.HELD)
            figures["rss_mb"] = round(psutil.Process().memory_info().rss / 1e6)
            figures["collect_s"] = await _collect(home / "connected" / "bela", one, sender, waiting + count)
        async with friends(home / "introduced", allow={"/wherry/connect/1": "nobody"}) as (one, other, _):
            figures["introduced_latency_ms"] = await latency(one, other.id, 10)
            figures["introduced_per_s"] = await rate(one, other.id, count)
    return figures


async def _collect(home: Path, one: Node, sender: PeerId, count: int) -> float:
    """Seconds from the start of the recipient's node until all are in its history."""
    start = time.perf_counter()
    async with Node.at(home, **SETTINGS, bootstrap=[one.invite()]) as other:
        read = other.parts.store.database.read
        await until(lambda: read("SELECT count(*) FROM messages WHERE NOT ours")[0][0] >= count)
        return round(time.perf_counter() - start, 2)


def _disk_ms(folder: Path) -> float:
    """One durable transaction, milliseconds."""
    folder.mkdir(exist_ok=True)
    with closing(Store(folder / "disk.db")) as store:
        took = []
        for number in range(50):
            start = time.perf_counter()
            with store.database.write() as connection:
                connection.execute("INSERT OR REPLACE INTO choices VALUES ('n', ?)", (str(number),))
            took.append((time.perf_counter() - start) * 1000)
    return round(statistics.median(took), 2)


# -- a large store ----------------------------------------------------------------------------------------------------


def fill(path: Path, messages: int, friends: int = FRIENDS) -> None:
    """Make a store with so many messages among so many friends, as years leave it."""
    dice = random.Random(4770)
    Store(path).close()
    words = [bytes(dice.randrange(97, 123) for _ in range(dice.randrange(3, 10))).decode() for _ in range(3000)]
    with closing(sqlite3.connect(path)) as connection:
        keys = [Identity(dice.randbytes(32)).id.key for _ in range(friends)]
        connection.executemany(
            "INSERT INTO friends (contact, peer, state, since) VALUES (?, ?, 'friends', 1.8e9)", enumerate(keys, 1)
        )
        connection.executemany("INSERT INTO friend_peers VALUES (?, ?)", [(key, n) for n, key in enumerate(keys, 1)])
        connection.executemany("INSERT INTO peers (peer, claimed) VALUES (?, 'somebody')", [(key,) for key in keys])
        connection.executemany("INSERT INTO chats (chat, peer) VALUES (?, ?)", enumerate(keys, 1))
        connection.executemany(
            "INSERT INTO pairs (peer, out_epoch, out_next, in_epoch, in_through, sessions) VALUES (?, 1, 9, 1, 9, x'')",
            [(key,) for key in keys],
        )
        connection.executemany(
            "INSERT INTO messages (chat, id, ours, kind, state, sent, kept, text) VALUES (?, ?, ?, 1, 3, ?, ?, ?)",
            (
                (
                    number % friends + 1,
                    dice.randbytes(16),
                    number % 2,
                    number,
                    number,
                    " ".join(dice.choices(words, k=12)),
                )
                for number in range(messages)
            ),
        )
        connection.execute("UPDATE chats SET last = (SELECT max(number) FROM messages m WHERE m.chat = chats.chat)")
        connection.commit()


async def start_up(messages: int) -> dict[str, Any]:
    """Seconds of a node's start on a large store: after a clean end, and after kill -9; and of its pieces."""
    figures: dict[str, Any] = {"stored": messages, "friends": FRIENDS}
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "large"
        async with Node.at(home, **SETTINGS):
            pass
        (home / "wherry.db").unlink()
        fill(home / "wherry.db", messages)
        figures["database_mb"] = round((home / "wherry.db").stat().st_size / 1e6)
        figures["store_s"] = round(_timed(lambda: Store(home / "wherry.db").close()), 2)
        for name in ("clean_s", "again_s"):
            figures[name] = await _start(home)
        # A write-ahead log that nobody took over, as a kill leaves it.
        left = sqlite3.connect(home / "wherry.db")
        left.execute("UPDATE choices SET value = value")
        left.execute("INSERT OR REPLACE INTO choices VALUES ('bench', 'x')")
        left.commit()
        wal = (home / "wherry.db-wal").read_bytes()
        left.close()
        (home / "wherry.db-wal").write_bytes(wal)
        figures["after_kill_s"] = await _start(home)
        async with Node.at(home, **SETTINGS) as node:
            figures["page_ms"] = round(_timed(lambda: node.messages.page(limit=50)) * 1000, 1)
            figures["chats_ms"] = round(_timed(node.messages.chats) * 1000, 1)
            figures["friends_ms"] = round(_timed(node.friends.list) * 1000, 1)
            start = time.perf_counter()
            await node.messages.search("ab")
            figures["search_ms"] = round((time.perf_counter() - start) * 1000, 1)
            figures["rss_mb"] = round(psutil.Process().memory_info().rss / 1e6)
    return figures


async def _start(home: Path) -> float:
    start = time.perf_counter()
    async with Node.at(home, **SETTINGS):
        return round(time.perf_counter() - start, 2)


def _timed(call: Callable[[], object]) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


async def run(count: int = 2000, waiting: int = 10_000, stored: int = 1_000_000) -> dict[str, Any]:
    """Measure and print."""
    parts: tuple[tuple[str, Callable[[], Awaitable[dict[str, Any]]]], ...] = (
        ("ways", lambda: by_each_way(count, waiting)),
        ("start", lambda: start_up(stored)),
    )
    figures: dict[str, Any] = {}
    for name, measure in parts:
        figures[name] = await measure()
        for key, value in figures[name].items():
            print(f"{name:>6}  {key:<28} {value:>10}", flush=True)
    return figures


def main() -> dict[str, Any]:
    """The command line."""
    return asyncio.run(run())


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--messages", type=int, default=2000)
    parser.add_argument("--waiting", type=int, default=10_000)
    parser.add_argument("--stored", type=int, default=1_000_000)
    given = parser.parse_args()
    asyncio.run(run(given.messages, given.waiting, given.stored))

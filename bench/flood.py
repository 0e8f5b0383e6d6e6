"""A thousand strangers ask at once: what a friend notices of it.

    python -m bench.flood [--strangers 1000] [--window 30]

Who asks, who is asked, and those between them are processes of their own, as they are on machines of their own: the
recipient and its friend, who pings and writes, run as always; four that introduce and keep mail, and the strangers, run
with the lowest priority, or two cores would measure how they share them. `ping_p95_ms` and `latency_ms` are of a quiet
window before, `…_meanwhile_ms` of one that begins with the flood. The strangers know nothing but what is public: the
recipient's address and its inbox record.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import secrets
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec

from wherry import Node
from wherry.api import bodies
from wherry.api.client import Client
from wherry.friends.bodies import Request, encode as encode_body
from wherry.friends.states import State
from wherry.home import Home
from wherry.messages.fate import MessageState
from wherry.messages.packets import Item, Kind, Packet, encode
from wherry.ratchet import Bundle, Sessions
from wherry_signaling.address import Address
from wherry_signaling.client import WebSocketConnector
from wherry_signaling.client.guests import Guests
from wherry_signaling.endpoints import EndpointAddress
from wherry_signaling.errors import RemoteError
from wherry_signaling.identity import Identity, PeerId
from wherry_signaling.letters import seal_letter
from wherry_signaling.record import InboxRecord
from wherry_signaling.scope import Scope
from wherry_signaling.tags import find_work, request_tag, week_of

#: Nodes that introduce and keep mail.
CROWD = 4
#: Strangers that ask at the same moment.
AT_ONCE = 32
#: Seconds between two pings, and between two messages.
PING_S, MESSAGE_S = 0.02, 0.25
LOWEST = ("nice", "-n", "19")


# -- the strangers ----------------------------------------------------------------------------------------------------


class Right(msgspec.Struct, frozen=True):
    """By which tag, and with which work, a letter may be left at one mailbox."""

    endpoints: list[str]
    tag: bytes
    work: bytes


class Flood(msgspec.Struct, frozen=True):
    """What the process of the strangers is given: for whom, at which introducers, letters and their rights."""

    to: bytes
    introducers: list[list[str]]
    letters: list[tuple[bytes, list[Right]]]


def letter(to: Address, inbox: InboxRecord, number: int) -> tuple[bytes, list[Right]]:
    """A stranger's request, sealed, and the work for each mailbox of its recipient."""
    stranger, now = Identity(secrets.token_bytes(32)), time.time()
    sessions = Sessions(stranger, to.peer)
    sessions.begin(Bundle(prekey=inbox.prekey), secrets.token_bytes)
    body = encode_body(Request(to.nospam, f"stranger {number}", "buy my things"))
    item = Item(1, Kind.REQUEST, secrets.token_bytes(16), int(now) + 86400, body)
    message = sessions.encrypt(encode(Packet(epoch=1, floor=1, items=[item])), secrets.token_bytes)
    sealed = seal_letter(
        message,
        sender=stranger,
        recipient=to.peer,
        sealing_key=inbox.sealing_key,
        ephemeral_secret=secrets.token_bytes(32),
    )
    rights = []
    for mailbox in inbox.mailboxes:
        tag = request_tag(to.nospam, to.peer, mailbox.peer, week_of(now))
        rights.append(Right([str(one) for one in mailbox.endpoints], tag, find_work(tag, sealed)))
    return sealed, rights


async def ask(path: Path) -> None:
    """The strangers' process: each as its courier does, through introducers, else into the mailboxes."""
    given = msgspec.msgpack.decode(await asyncio.to_thread(path.read_bytes), type=Flood)
    to, said, room = PeerId(given.to), Counter[str](), asyncio.Semaphore(AT_ONCE)

    async def one(guests: Guests, sealed: bytes, rights: list[Right]) -> None:
        async with room:
            for endpoints in given.introducers:
                try:
                    await guests.send_via(_parsed(endpoints), to, b"", sealed)
                except RemoteError as error:
                    said[f"introducer_{error.code}"] += 1
                else:
                    said["taken"] += 1
                    return
            for right in rights:
                try:
                    await guests.deposit_via(_parsed(right.endpoints), to, right.tag, right.work, sealed)
                except RemoteError as error:
                    said[f"mailbox_{error.code}"] += 1
                else:
                    said["left"] += 1

    async with WebSocketConnector() as connector, Guests(connector.reaching(Scope.LOOPBACK)) as guests:
        await asyncio.gather(*(one(guests, sealed, rights) for sealed, rights in given.letters))
    print(json.dumps(said))


def _parsed(endpoints: Sequence[str]) -> list[EndpointAddress]:
    return [EndpointAddress.parse(one) for one in endpoints]


# -- the others -------------------------------------------------------------------------------------------------------


class Other:
    """A node that is a process of its own, and its local API."""

    def __init__(self, home: Path) -> None:
        self._home = home

    async def ask(self, name: str, *arguments: Any) -> Any:
        """Call a method of the API's client, which blocks, in a thread."""

        def call() -> Any:
            with Client(Home(self._home).socket) as client:
                return getattr(client, name)(*arguments)

        return await asyncio.to_thread(call)

    async def pending(self) -> int:
        """How many requests wait for an answer."""
        return sum(view.state == "received" for view in (await self.ask("friends")).friends)


@asynccontextmanager
async def running(home: Path, *options: str, prefix: Sequence[str] = ()) -> AsyncIterator[Other]:
    """A `wherry up` on loopback, killed with the block."""
    command = (*prefix, sys.executable, "-m", "wherry", "up", "--home", str(home), "--listen", "127.0.0.1:0")
    process = await asyncio.create_subprocess_exec(
        *(*command, "--no-mdns", *options),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env={key: value for key, value in os.environ.items() if not key.startswith("WHERRY_")},
    )
    assert process.stdout is not None
    try:
        async with asyncio.timeout(60):
            while not (await process.stdout.readline()).startswith(b"ready"):
                pass
        yield Other(home)
    finally:
        process.kill()
        await process.wait()


@asynccontextmanager
async def friends(folder: Path) -> AsyncIterator[tuple[Node, Other]]:
    """Two friends among a crowd: one here, one in a process of its own, whose mail the crowd keeps."""
    async with AsyncExitStack() as stack:
        first = await stack.enter_async_context(running(folder / "crowd-0", prefix=LOWEST))
        link = (await first.ask("id")).invite
        join = ("--bootstrap", link)
        for number in range(1, CROWD):
            await stack.enter_async_context(running(folder / f"crowd-{number}", *join, prefix=LOWEST))
        bela = await stack.enter_async_context(running(folder / "bela", *join))
        await bela.ask("ready", 30)
        ada = Node.at(folder / "ada", listen="127.0.0.1:0", mdns=False, bootstrap=[link])
        await stack.enter_async_context(ada)
        await ada.wait_ready(30)
        asked = ada.friends.add(Address.parse((await bela.ask("id")).address), "hello").peer
        async with asyncio.timeout(30):
            while not await bela.pending():
                await asyncio.sleep(0.1)
            await bela.ask("friend", "accept", bodies.PeerRequest(peer=str(ada.id)))
            while ada.friends.get(asked).state is not State.FRIENDS:
                await asyncio.sleep(0.1)
        await ada.connect(asked)
        await asyncio.sleep(3)  # tags are listed, records told, company kept
        yield ada, bela


# -- what is measured -------------------------------------------------------------------------------------------------


async def pings(one: Node, to: PeerId, seconds: float) -> list[float]:
    """Round trips over the connection, milliseconds."""
    connection, took = (await one.connect(to)).connection, []
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        took.append(await connection.ping() * 1000)
        await asyncio.sleep(PING_S)
    return took


async def latencies(one: Node, to: PeerId, seconds: float) -> list[float]:
    """Milliseconds from `send` to knowing that it was delivered."""
    took = []
    end = time.perf_counter() + seconds
    while (start := time.perf_counter()) < end:
        since = one.events.last
        message = one.messages.send(to, "Shall we meet at the harbour at seven?")
        while one.messages.get(to, message.id).state < MessageState.DELIVERED:
            since = (await one.events.wait_for("message_changed", since)).seq
        took.append((time.perf_counter() - start) * 1000)
        await asyncio.sleep(MESSAGE_S)
    return took


async def window(one: Node, to: PeerId, seconds: float, suffix: str) -> dict[str, Any]:
    """Both at once, for so long."""
    ping, latency = await asyncio.gather(pings(one, to, seconds), latencies(one, to, seconds))
    return {
        f"pings{suffix}": len(ping),
        f"ping_p50{suffix}_ms": round(statistics.median(ping), 2),
        f"ping_p95{suffix}_ms": round(statistics.quantiles(ping, n=20)[-1], 2),
        f"ping_max{suffix}_ms": round(max(ping), 1),
        f"latency{suffix}_ms": round(statistics.median(latency), 1),
        f"latency_max{suffix}_ms": round(max(latency), 1),
    }


async def run(strangers: int = 1000, seconds: float = 30) -> dict[str, Any]:
    """Pings and messages between friends, without and with so many requests of strangers at once."""
    figures: dict[str, Any] = {"strangers": strangers}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        async with friends(folder) as (ada, bela):
            view = await bela.ask("id")
            to = Address.parse(view.address)
            inbox = await ada.parts.mail.inboxes.find(to.peer, fresh=True)
            letters = await asyncio.to_thread(lambda: [letter(to, inbox, number) for number in range(strangers)])
            introducers = [[one["multiaddr"]] for one in msgspec.to_builtins(await bela.ask("status"))["introducers"]]
            path = folder / "flood"
            path.write_bytes(msgspec.msgpack.encode(Flood(to.peer.key, introducers, letters)))
            figures |= await window(ada, to.peer, seconds, "")
            start = time.perf_counter()
            child = await asyncio.create_subprocess_exec(
                *(*LOWEST, sys.executable, "-m", "bench.flood", "--ask", str(path)), stdout=asyncio.subprocess.PIPE
            )
            figures |= await window(ada, to.peer, seconds, "_meanwhile")
            said, _ = await child.communicate()
            figures["asked_s"] = round(time.perf_counter() - start, 1)
            await asyncio.sleep(5)
            figures["pending"] = await bela.pending()
            figures |= json.loads(said)
    figures["ping_p95_ratio"] = round(figures["ping_p95_meanwhile_ms"] / figures["ping_p95_ms"], 2)
    return figures


def main(strangers: int = 1000, seconds: float = 30) -> dict[str, Any]:
    """Measure and print."""
    figures = asyncio.run(run(strangers, seconds))
    for key, value in figures.items():
        print(f"{key:<34} {value:>10}")
    return figures


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--strangers", type=int, default=1000)
    parser.add_argument("--window", type=float, default=30)
    parser.add_argument("--ask", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.ask is not None:
        asyncio.run(ask(given.ask))
    else:
        main(given.strangers, given.window)

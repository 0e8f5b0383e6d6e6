"""Real nodes on loopback who write to each other: a crowd that keeps their mail, and people who come and go."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import AsyncExitStack, asynccontextmanager, closing
from pathlib import Path
from typing import Any

from wherry import Node
from wherry.errors import PeerNotFound
from wherry.messages.limits import MAILBOXES
from wherry.messages.message_store import Message
from wherry_signaling.identity import PeerId
from wherry_signaling.tags import friend_secret, friend_tag, request_tag, week_of

SETTINGS: dict[str, Any] = {"listen": "127.0.0.1:0", "mdns": False}
#: Seconds until a story is given up: a busy machine is slow, and nothing here is a measurement.
PATIENCE_S = 40.0
#: Between two looks at what no event tells.
POLL_S = 0.02


async def until(holds: Callable[[], object], seconds: float = PATIENCE_S) -> float:
    """Wait until something holds; returns the seconds that took."""
    loop = asyncio.get_running_loop()
    start = loop.time()
    async with asyncio.timeout(seconds):
        while True:
            if holds():
                return loop.time() - start
            await asyncio.sleep(POLL_S)


class Person:
    """Somebody with a home; `node` runs between `on` and `off`."""

    def __init__(self, home: Path, settings: dict[str, Any]) -> None:
        self.home, self._settings, self.called = home, settings, home.name
        self._stack = AsyncExitStack()
        self._node: Node | None = None

    @property
    def node(self) -> Node:
        assert self._node is not None, f"{self.home.name} is off"
        return self._node

    @property
    def id(self) -> PeerId:
        return self.node.id

    async def on(self) -> Node:
        assert self._node is None
        self._node = await self._stack.enter_async_context(Node.at(self.home, name=self.called, **self._settings))
        return self._node

    async def off(self) -> None:
        self._node = None
        await self._stack.aclose()

    # -- asked and written --------------------------------------------------------------------------------------------

    def state(self, other: PeerId) -> str:
        return self.node.friends.get(other).state.value

    def fate(self, other: PeerId, message: bytes) -> str:
        return self.node.messages.get(other, message).state.word

    def got(self, other: PeerId) -> list[str | bytes]:
        """What came of somebody, in order."""
        return [one.content for one in self.history(other) if not one.ours]

    def history(self, other: PeerId) -> list[Message]:
        found: list[Message] = []
        while page := self.node.messages.page(other, after=found[-1].number if found else 0, limit=500):
            found += page
        return found


class Crowd:
    """Nodes that nobody writes to."""

    def __init__(self, folder: Path, stack: AsyncExitStack) -> None:
        self._folder, self._stack = folder, stack
        self.members: list[Person] = []

    @property
    def settings(self) -> dict[str, Any]:
        """Of whoever joins."""
        return {**SETTINGS, "bootstrap": [self.members[0].node.invite()]} if self.members else SETTINGS

    async def grow(self, count: int) -> None:
        for number in range(len(self.members), len(self.members) + count):
            member = Person(self._folder / f"crowd-{number}", self.settings)
            self._stack.push_async_callback(member.off)
            await member.on()
            self.members.append(member)
        for member in self.members:
            await member.node.wait_ready(PATIENCE_S)

    async def move_in(self, name: str, **settings: Any) -> Person:
        """Somebody new, on, whose mailboxes are of the crowd: come one after the other, the earlier ones off."""
        person = Person(self._folder / name, {**self.settings, **settings})
        self._stack.push_async_callback(person.off)
        await person.on()
        await self.settled(person)
        return person

    async def settled(self, person: Person) -> None:
        """Wait until somebody has mailboxes, and everybody can find out which."""
        own = person.node.parts.mail.mailboxes
        await until(lambda: len(own.current()) == MAILBOXES)
        named = {one.peer for one in own.current()}
        asking = self.members[0].node
        inboxes, others = asking.parts.mail.inboxes, named - {asking.id}  # nobody counts itself
        async with asyncio.timeout(PATIENCE_S):
            while True:
                try:
                    if {one.peer for one in (await inboxes.find(person.id, fresh=True)).mailboxes} == others:
                        break
                except PeerNotFound:
                    pass
                await asyncio.sleep(POLL_S)
        strangers = [request_tag(person.node.address.nospam, person.id, one, _week(person.node)) for one in named]
        await until(lambda: all(self._lists(tag) for tag in strangers))

    async def knows(self, recipient: Person, sender: PeerId) -> None:
        """Wait until the recipient's mailboxes take what the sender leaves, as of a friend."""
        node = recipient.node
        secret = friend_secret(node.parts.identity, sender)
        named = [one.peer for one in node.parts.mail.mailboxes.current()]
        tags = [friend_tag(secret, node.id, one, _week(node)) for one in named]
        await until(lambda: all(self._lists(tag) for tag in tags))

    def mailboxes(self, person: Person) -> list[Person]:
        """Who of the crowd keeps somebody's mail."""
        named = {one.peer for one in person.node.parts.mail.mailboxes.current()}
        return [one for one in self.members if one.id in named]

    def deposits(self) -> int:
        """How many envelopes were ever left in the crowd's mailboxes."""
        return sum(rows(one.home, "SELECT ifnull(sum(last), 0) FROM mailbox_lease")[0][0] for one in self.members)

    def _lists(self, tag: bytes) -> bool:
        return any(rows(one.home, "SELECT 1 FROM mailbox_tag WHERE tag = ?", (tag,)) for one in self.members)


@asynccontextmanager
async def crowd(folder: Path, count: int = 4) -> AsyncIterator[Crowd]:
    """A crowd of nodes; everybody in it, and whoever moves in, is off at the end."""
    async with AsyncExitStack() as stack:
        made = Crowd(folder, stack)
        await made.grow(count)
        yield made


@asynccontextmanager
async def two_people(folder: Path, *, count: int = 4, **settings: Any) -> AsyncIterator[tuple[Crowd, Person, Person]]:
    """Ada and Bela, on, among a crowd that keeps their mail: neither keeps the other's."""
    async with crowd(folder, count) as around:
        ada = await around.move_in("ada", **settings)
        await ada.off()
        bela = await around.move_in("bela", **settings)
        await ada.on()
        await ada.node.wait_ready(PATIENCE_S)
        yield around, ada, bela


async def befriend(around: Crowd, one: Person, other: Person) -> None:
    """Make two friends who are both there, and known as such at each other's mailboxes."""
    one.node.friends.add(other.node.address, "hello")
    await until(lambda: other.state(one.id) == "received")
    other.node.friends.accept(one.id)
    await until(lambda: one.state(other.id) == "friends")
    await around.knows(one, other.id)
    await around.knows(other, one.id)


@asynccontextmanager
async def two_friends(folder: Path, *, count: int = 4, **settings: Any) -> AsyncIterator[tuple[Crowd, Person, Person]]:
    """As `two_people`, who are friends."""
    async with two_people(folder, count=count, **settings) as (around, ada, bela):
        await befriend(around, ada, bela)
        yield around, ada, bela


def rows(home: Path, sql: str, values: Iterable[bytes] = ()) -> list[tuple[Any, ...]]:
    """What is in a node's `kept.db`, read beside it."""
    with closing(sqlite3.connect(f"file:{home / 'kept.db'}?mode=ro", uri=True, timeout=5)) as connection:
        return connection.execute(sql, tuple(values)).fetchall()


def _week(node: Node) -> int:
    return week_of(node.parts.wall_clock())

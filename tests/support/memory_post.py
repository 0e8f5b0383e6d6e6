"""Two parties whose posts are lists: items go over when a test says so, in order, each with its verdict.

What `wherry.messages.Post` promises is kept here by the simplest means: an item is kept with the sender's transaction,
its effect and its verdict are one transaction of the recipient's, and the verdict settles it in one of the sender's.
"""

from __future__ import annotations

import random as random_module
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from wherry.friends.addresses import Addresses
from wherry.friends.circle import Writers
from wherry.friends.friends import Friends
from wherry.friends.presence import Presences
from wherry.friends.profile_store import ProfileStore
from wherry.friends.profiles import Profiles
from wherry.messages.handlers import After, Handlers, Held, Settle, Take, Void
from wherry.messages.history import History
from wherry.messages.limits import LIFETIME_S
from wherry.messages.message_store import MessageStore
from wherry.messages.packets import Item, Reason
from wherry.store import Database, Store
from wherry.store.locks import BodyLock
from wherry_signaling.errors import Malformed
from wherry_signaling.identity import Identity, PeerId

START = 1_800_000_000.0


class MemoryPost:
    """One party's post."""

    def __init__(self, me: PeerId, database: Database, random: Callable[[int], bytes]) -> None:
        self.me, self._database, self._random = me, database, random
        self.handlers = Handlers()
        self.out: deque[tuple[PeerId, Item]] = deque()
        self.whispered: list[tuple[PeerId, Item]] = []
        self.withdrawn: list[bytes] = []

    def serve(self, kind: int, take: Take, *, settled: Settle | None = None, held: Held | None = None) -> None:
        self.handlers.serve(kind, take, settled=settled, held=held)

    def send(
        self, peer: PeerId, kind: int, body: bytes, *, item: bytes | None = None, lifetime_s: float = LIFETIME_S
    ) -> bytes:
        made = Item(1, kind, item or self._random(16), int(START + lifetime_s), body)
        self._database.after_commit(lambda: self.out.append((peer, made)))
        return made.id

    def whisper(self, peer: PeerId, kind: int, body: bytes) -> None:
        self.whispered.append((peer, Item(0, kind, self._random(16), int(START), body)))

    def withdraw(self, peer: PeerId, item: bytes) -> None:
        self.withdrawn.append(item)

    def take(self, sender: PeerId, item: Item) -> Reason | None:
        """Have an item in; the verdict."""
        after: After | None = None
        with self._database.write():
            try:
                with self._database.write():
                    after = self.handlers.take(sender, item)
            except Void as void:
                return void.reason
            except Malformed:
                return Reason.MALFORMED
        if after is not None:
            after()
        return None

    def settle(self, peer: PeerId, item: Item, reason: int | None) -> None:
        """Hear the verdict."""
        with self._database.write():
            after = self.handlers.settled(peer, item.kind, item.id, reason)
        if after is not None:
            after()


@dataclass
class Party:
    """Somebody with friends and messages."""

    identity: Identity
    path: Path
    name: str
    writers: Writers = "friends"
    lock: bool = False
    seen: list[Any] = field(default_factory=list)
    now: float = START

    def __post_init__(self) -> None:
        self._random = random_module.Random(self.identity.seed)
        self.open()

    def random(self, size: int) -> bytes:
        return self._random.randbytes(size)

    def open(self) -> None:
        self.store = Store(self.path)
        database, me = self.store.database, self.identity.id
        self.post = MemoryPost(me, database, self.random)
        clock: Callable[[], float] = lambda: self.now  # noqa: E731
        self.addresses = Addresses(me, database, wall_clock=clock, random=self.random, on_event=self.seen.append)
        self.profiles = Profiles(me, self.store, self.post, name=self.name, on_event=self.seen.append)
        self.friends = Friends(
            me,
            self.store,
            self.post,
            addresses=self.addresses,
            profiles=self.profiles,
            wall_clock=clock,
            random=self.random,
            on_event=self.seen.append,
            writers=self.writers,
        )
        self.presences = Presences(
            ProfileStore(database), self.post, is_friend=self.friends.is_friend, on_event=self.seen.append
        )
        body_lock = BodyLock(self.identity.seed, self.random)
        self.messages = MessageStore(database, body_lock, locking=self.lock)
        self.history = History(
            me,
            database,
            self.messages,
            self.post,
            contacts=self.friends,
            wall_clock=clock,
            random=self.random,
            on_event=self.seen.append,
        )
        self.post.handlers.admit = self.friends.admit

    def close(self) -> None:
        self.store.close()

    @property
    def id(self) -> PeerId:
        return self.identity.id

    def state(self, other: Party) -> str:
        return self.friends.get(other.id).state.value


def deliver(sender: Party, recipient: Party, *, count: int = 1000) -> list[Reason | None]:
    """Let items that wait go over, and their verdicts back; returns these."""
    verdicts: list[Reason | None] = []
    waiting = [one for one in sender.post.out if one[0] == recipient.id][:count]
    for one in waiting:
        sender.post.out.remove(one)
        verdict = recipient.post.take(sender.id, one[1])
        sender.post.settle(recipient.id, one[1], verdict)
        verdicts.append(verdict)
    return verdicts


def calm(one: Party, other: Party) -> None:
    """Let everything go over, both ways."""
    while deliver(one, other) or deliver(other, one):
        pass


def whisper(sender: Party, recipient: Party) -> None:
    """Let go over what was whispered."""
    for _, item in [one for one in sender.post.whispered if one[0] == recipient.id]:
        recipient.post.take(sender.id, item)
    sender.post.whispered = [one for one in sender.post.whispered if one[0] != recipient.id]


def befriend(one: Party, other: Party) -> None:
    """Make them friends."""
    one.friends.add(other.addresses.get(), "hello")
    calm(one, other)
    other.friends.accept(one.id)
    calm(one, other)

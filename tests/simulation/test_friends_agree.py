"""Two people ask, accept, remove, block and write, while they go on and off, crash, and mailboxes lie. In the end both
hold the same of each other, and every message is at both ends or failed.

The posts, stores, friends and histories are the real ones; the ways are made of memory. `WHERRY_FULL=1` runs 1,000
schedules.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from pathlib import Path
from typing import Any

import pytest

from tests.support.mail_world import Crash, FusedDatabase, Member, World
from wherry.errors import LocalError
from wherry.friends.addresses import Addresses
from wherry.friends.friend_store import FriendStore
from wherry.friends.friends import Friends
from wherry.friends.profiles import Profiles
from wherry.friends.states import State
from wherry.messages.fate import MessageState
from wherry.messages.history import History
from wherry.messages.message_store import MessageStore
from wherry.store import Store
from wherry.testing.clock import run_virtual
from wherry_signaling.address import Address

SCHEDULES = 1000 if os.environ.get("WHERRY_FULL") else 40
AGREED = {
    frozenset((State.FRIENDS,)),
    frozenset((State.SENT, State.RECEIVED)),
    *(
        frozenset((one, other))
        for one in (State.STRANGER, State.DECLINED)
        for other in (State.STRANGER, State.DECLINED)
    ),
    *(frozenset((State.BLOCKED, other)) for other in (State.STRANGER, State.DECLINED, State.BLOCKED)),
}


class FusedStore(Store):
    """On a database that ends the process after so many transactions."""

    def __init__(self, database: FusedDatabase) -> None:
        self._database = database


class Person(Member):
    """A member with friends and a history."""

    friends: Friends
    history: History
    addresses: Addresses

    async def on(self) -> None:
        await super().on()
        assert self.post is not None
        assert self._database is not None
        store, ignore = FusedStore(self._database), lambda event: None
        around: dict[str, Any] = {"wall_clock": self.now, "random": self.world.dice.randbytes, "on_event": ignore}
        self.addresses = Addresses(self.id, store.database, **around)
        self.profiles = Profiles(self.id, store, self.post, name=self.name, on_event=ignore)
        self.friends = Friends(self.id, store, self.post, addresses=self.addresses, profiles=self.profiles, **around)
        messages = MessageStore(store.database)
        self.history = History(self.id, store.database, messages, self.post, contacts=self.friends, **around)
        self.post.handlers.admit = self.friends.admit
        self.rows = FriendStore(store.database)

    def act(self, other: Person) -> None:
        """Do something that a person may do now, or find that it may not be done."""
        dice, friends = self.world.dice, self.friends
        known = Address(other.id, other.nospam)
        some = [
            *[lambda: friends.add(known, "hello")] * 4,
            *[lambda: friends.accept(other.id)] * 4,
            *[lambda: friends.unblock(other.id)] * 2,
            *[lambda: self.write(other)] * 12,
            lambda: friends.decline(other.id, "no"),
            lambda: friends.withdraw(other.id),
            lambda: friends.remove(other.id),
            lambda: friends.block(other.id),
            lambda: self.profiles.set(description=f"{dice.random()}"),
            lambda: self.history.mark_read(other.id),
            self.rotate,
        ]
        with contextlib.suppress(LocalError, Crash):
            dice.choice(some)()

    def write(self, other: Person) -> None:
        """To a friend, and now and then to one who is none."""
        if self.friends.is_friend(other.id.key) or self.world.chance(0.1):
            self.history.send(other.id, f"{self.world.dice.random()}")

    def rotate(self) -> None:
        """Have another address, which the other side hears of or not."""
        changed = self.addresses.rotate()
        if self.world.chance(0.7):
            self.nospam = changed.address.nospam

    nospam = bytes(8)


async def live(world: World, one: Person, other: Person, steps: int) -> None:
    dice = world.dice
    for here in (one, other):
        await here.on()
        here.nospam = here.addresses.get().nospam
    for _ in range(steps):
        here, there = (one, other) if world.chance(0.5) else (other, one)
        match dice.randrange(14):
            case 0:
                await here.off()
            case 1:
                if here.crashed:
                    await here.off()
                if here.post is None:
                    await here.on()
            case 2:
                here.light(dice.randrange(1, 6))
            case 3:
                world.apart ^= {frozenset((one.id, other.id))}
            case 4:
                box = dice.choice(world.boxes)
                box.here, box.lies = world.chance(0.7), dice.choice((0.0, 0.0, 0.3))
            case 5:
                world.loss = dice.choice((0.0, 0.3))
            case 6:
                here.collect()
            case _:
                if here.here:
                    here.act(there)
        await asyncio.sleep(dice.choice((0.05, 1, 30, 700)))


def check(one: Person, other: Person) -> None:
    rows = [here.rows.get(there.id).friendship for here, there in ((one, other), (other, one))]
    assert frozenset(row.state for row in rows) in AGREED, rows
    assert [row.said for row in rows] == [None, None]
    if State.BLOCKED not in {row.state for row in rows}:
        assert (rows[0].ours and rows[0].ours.id) == (rows[1].theirs and rows[1].theirs.id)
    if rows[0].state is State.FRIENDS:
        assert other.profiles.of(one.id).description == one.profiles.own().description
    for here, there in ((one, other), (other, one)):
        written = [message for message in here.history.page(limit=10_000) if message.ours]
        came = [message.id for message in there.history.page(limit=10_000) if not message.ours]
        assert all(message.state.settled for message in written)
        assert came == [message.id for message in written if message.state is not MessageState.FAILED]


async def one_schedule(seed: int, folder: Path) -> None:
    world = World(seed, folder, people=0)
    one, other = world.people = [Person(world, name, folder) for name in ("Ada", "Bela")]
    for here in (one, other):
        here.boxes = world.boxes[:2]
    try:
        await live(world, one, other, 60)
        await world.calm(7200)
        check(one, other)
    finally:
        for here in (one, other):
            await here.off()


@pytest.mark.parametrize("seed", range(SCHEDULES))
def test_both_sides_agree_whatever_happens(seed: int, tmp_path: Path) -> None:
    run_virtual(one_schedule(seed, tmp_path))

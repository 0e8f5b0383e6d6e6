"""Somebody who writes letters by hand, with a real ratchet and a real seal: packets that no post would make."""

from __future__ import annotations

import asyncio
import hashlib
import random
from collections.abc import Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from wherry.messages.packets import Ack, Item, Packet, encode
from wherry.messages.post import Post
from wherry.ratchet import Bundle, Sessions
from wherry.store.database import Database
from wherry.store.schema import APPLICATION, MIGRATIONS
from wherry_signaling.envelope import open_sealed
from wherry_signaling.errors import NoReservation
from wherry_signaling.identity import Identity, PeerId
from wherry_signaling.letters import seal_letter

EPOCH_S = 1_800_000_000
FAR = 2**53 - 1
_dice = random.Random(4770)


def identity(name: str) -> Identity:
    return Identity(hashlib.sha256(name.encode()).digest())


def item(number: int, kind: int, body: bytes, *, name: bytes | None = None, expires: int = FAR) -> Item:
    return Item(number, kind, name or _dice.randbytes(16), expires, body)


class Writer:
    """One hostile writer to `victim`."""

    def __init__(self, name: str, victim: Victim) -> None:
        self.identity, self._victim = identity(name), victim
        self._sessions = Sessions(self.identity, victim.id)
        self._sessions.begin(Bundle(prekey=victim.post.keys.signed()), _dice.randbytes)

    def letter(
        self,
        items: Sequence[Item] = (),
        *,
        floor: int = 1,
        epoch: int = 1,
        ack: Ack | None = None,
        documents: Sequence[bytes] = (),
    ) -> bytes:
        packet = Packet(epoch=epoch, floor=floor, ack=ack, items=list(items), documents=list(documents))
        return seal_letter(
            self._sessions.encrypt(encode(packet), _dice.randbytes),
            sender=self.identity,
            recipient=self._victim.id,
            sealing_key=self._victim.identity.sealing_public,
            ephemeral_secret=_dice.randbytes(32),
        )


class Nowhere:
    """Ways that lead to nobody."""

    def connected(self, peer: PeerId) -> bool:
        return False

    def documents(self, peer: PeerId) -> list[bytes]:
        return []

    async def _nobody(self, *_args: object, **_named: object) -> Any:
        raise NoReservation("nobody is there")

    over_connection = through_introducers = sealing_key = inbox = deposit = take_prekey = _nobody


class Victim:
    """A post, and what it hands on."""

    def __init__(self, path: Path, *, known: Callable[[PeerId], bool], ways: Any = None) -> None:
        self.identity = identity("victim")
        self.id = self.identity.id
        self.database = Database(path, application=APPLICATION, migrations=MIGRATIONS)
        self.later = 0.0
        self.post = Post(
            self.identity,
            self.database,
            ways=ways or Nowhere(),
            is_known=known,
            learn=lambda peer, document, scope: None,
            wall_clock=self.now,
            random=_dice.randbytes,
        )
        self.post.handlers.admit = lambda peer, item: None
        self.got: list[bytes] = []

    def now(self) -> float:
        return EPOCH_S + self.later + asyncio.get_running_loop().time()

    def take(self, peer: PeerId, item: Item) -> None:
        self.got.append(item.body)

    def give(self, letter: bytes, *, collected: bool = False) -> bool:
        return self.post.deliver(letter, open_sealed(letter, recipient=self.identity), collected=collected)

    async def give_slowly(self, letter: bytes) -> None:
        """As often as it takes, within the rate of strangers."""
        while not self.give(letter):  # noqa: ASYNC110
            await asyncio.sleep(0.5)

    def count(self, table: str, of: str = "count(*)") -> int:
        return int(self.database.read(f"SELECT ifnull({of}, 0) FROM {table}")[0][0])


@asynccontextmanager
async def victim(path: Path, *, known: Callable[[PeerId], bool] = lambda peer: False, ways: Any = None) -> Any:
    one = Victim(path, known=known, ways=ways)
    try:
        async with one.post:
            yield one
    finally:
        one.database.close()

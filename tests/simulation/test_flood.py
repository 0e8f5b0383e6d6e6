"""A thousand strangers ask at once: 64 wait for an answer, the others are told that it is full, and friends notice
nothing of it.

The recipient and its friend have real stores, posts, friends and histories, on the virtual clock; the strangers have
real ratchet sessions, and write each letter by hand. `WHERRY_TEST_STRANGERS` says how many there are.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import random
from contextlib import AsyncExitStack
from pathlib import Path

from wherry.errors import PeerNotFound
from wherry.friends.addresses import Addresses
from wherry.friends.bodies import Request, encode as encode_body
from wherry.friends.friends import Friends
from wherry.friends.limits import PENDING
from wherry.friends.profiles import Profiles
from wherry.friends.states import State
from wherry.messages.fate import MessageState
from wherry.messages.history import History
from wherry.messages.message_store import MessageStore
from wherry.messages.packets import Item, Kind, Packet, Reason, decode, encode
from wherry.messages.post import Post
from wherry.ratchet import Bundle, Sessions
from wherry.store import Store
from wherry.testing.clock import run_virtual
from wherry_signaling.envelope import open_sealed
from wherry_signaling.errors import NoReservation
from wherry_signaling.identity import Identity, PeerId
from wherry_signaling.letters import decode_message, seal_letter
from wherry_signaling.record import InboxRecord, Introducer

STRANGERS = int(os.environ.get("WHERRY_TEST_STRANGERS", "1000"))
EPOCH = 1_800_000_000
#: Seconds between two tries of a stranger whose letter was not taken.
AGAIN_S = 5.0


def identity(name: str) -> Identity:
    return Identity(hashlib.sha256(name.encode()).digest())


class Stranger:
    """Somebody with an address and nothing else: asks once, and hears what became of it."""

    def __init__(self, town: Town, number: int) -> None:
        self.town, self.identity = town, identity(f"stranger {number}")
        to = town.bela
        self._sessions = Sessions(self.identity, to.id)
        self._sessions.begin(Bundle(prekey=to.post.keys.signed()), town.dice.randbytes)
        body = encode_body(Request(to.addresses.get().nospam, f"stranger {number}", "buy my things"))
        item = Item(1, Kind.REQUEST, town.dice.randbytes(16), EPOCH + 14 * 86400, body)
        message = self._sessions.encrypt(encode(Packet(epoch=1, floor=1, items=[item])), town.dice.randbytes)
        self.letter = seal_letter(
            message,
            sender=self.identity,
            recipient=to.id,
            sealing_key=to.identity.sealing_public,
            ephemeral_secret=town.dice.randbytes(32),
        )
        self.tries = 0
        #: What was said to the request: 0 that it waits for an answer, else why not.
        self.heard: int | None = None

    async def ask(self) -> None:
        """By introducers, again and again until it is taken; every other one leaves it in a mailbox at once."""
        while not self.town.bela.take(self.letter, collected=self.town.dice.random() < 0.5):
            self.tries += 1
            await asyncio.sleep(AGAIN_S * self.town.dice.uniform(0.5, 1.5))

    def take(self, letter: bytes) -> None:
        envelope = open_sealed(letter, recipient=self.identity)
        plain = self._sessions.decrypt(decode_message(envelope.payload), NO_KEYS, self.town.dice.randbytes)
        ack = decode(plain).ack
        assert ack is not None
        assert ack.through == 1
        verdict = dict(ack.voided).get(1, 0)
        assert self.heard in (None, verdict)
        self.heard = verdict


class _NoKeys:
    def secret(self, number: int) -> bytes | None:
        return None

    def use(self, number: int) -> None:
        raise AssertionError("it has none")


NO_KEYS = _NoKeys()


class Citizen:
    """A store, a post, friends and messages."""

    def __init__(self, town: Town, name: str, folder: Path) -> None:
        self.town, self.identity = town, identity(name)
        self.id = self.identity.id
        self.store = Store(folder / f"{name}.db")
        database, now, dice = self.store.database, town.now, town.dice.randbytes
        self.post = Post(
            self.identity,
            database,
            ways=_Ways(town),
            is_known=lambda peer: self.friends.is_known(peer),
            learn=lambda peer, document, scope: None,
            wall_clock=now,
            random=dice,
        )
        self.addresses = Addresses(self.id, database, wall_clock=now, random=dice, on_event=lambda event: None)
        self.profiles = Profiles(self.id, self.store, self.post, name=name, on_event=lambda event: None)
        self.friends = Friends(
            self.id,
            self.store,
            self.post,
            addresses=self.addresses,
            profiles=self.profiles,
            wall_clock=now,
            random=dice,
            on_event=lambda event: None,
        )
        self.history = History(
            self.id,
            database,
            MessageStore(database),
            self.post,
            contacts=self.friends,
            wall_clock=now,
            random=dice,
            on_event=lambda event: None,
        )
        self.post.handlers.admit = self.friends.admit

    def take(self, letter: bytes, *, collected: bool = False) -> bool:
        return self.post.deliver(letter, open_sealed(letter, recipient=self.identity), collected=collected)


class Town:
    """Everybody; a letter takes a tenth of a second."""

    def __init__(self, folder: Path) -> None:
        self.dice = random.Random(64)
        self.everybody: dict[PeerId, Citizen | Stranger] = {}
        self.ada, self.bela = (Citizen(self, name, folder) for name in ("ada", "bela"))
        for one in (self.ada, self.bela):
            self.everybody[one.id] = one

    def now(self) -> float:
        return EPOCH + asyncio.get_running_loop().time()

    def crowd(self, count: int) -> list[Stranger]:
        made = [Stranger(self, number) for number in range(count)]
        self.everybody |= {one.identity.id: one for one in made}
        return made


class _Ways:
    """Everybody is reached through introducers, with no connection."""

    def __init__(self, town: Town) -> None:
        self._town = town

    def connected(self, peer: PeerId) -> bool:
        return False

    async def over_connection(self, peer: PeerId, letter: bytes) -> None:
        raise PeerNotFound("not connected")

    async def through_introducers(self, peer: PeerId, letter: bytes) -> None:
        await asyncio.sleep(0.1)
        if self._town.everybody[peer].take(letter) is False:
            raise NoReservation("declined")

    async def sealing_key(self, peer: PeerId) -> bytes:
        return self._town.everybody[peer].identity.sealing_public

    async def inbox(self, peer: PeerId, *, fresh: bool) -> InboxRecord:
        whose = self._town.everybody[peer]
        if not isinstance(whose, Citizen):
            raise PeerNotFound("a stranger has none")
        return InboxRecord(
            peer=peer,
            sequence=1,
            issued=EPOCH,
            expires=EPOCH + 86400,
            sealing_key=whose.identity.sealing_public,
            prekey=whose.post.keys.signed(),
            mailboxes=(),
        )

    async def deposit(self, mailbox: Introducer, to: PeerId, letter: bytes) -> None:
        raise NoReservation("nobody has a mailbox here")

    async def take_prekey(self, mailbox: Introducer, to: PeerId) -> tuple[int, bytes] | None:
        return None

    def documents(self, peer: PeerId) -> list[bytes]:
        return []


def test_a_thousand_strangers_and_one_friend(tmp_path: Path) -> None:
    async def story() -> None:
        town = Town(tmp_path)
        ada, bela, loop = town.ada, town.bela, asyncio.get_running_loop()
        async with AsyncExitStack() as stack:
            for one in (ada, bela):
                stack.callback(one.store.close)
                await stack.enter_async_context(one.post)
            ada.friends.add(bela.addresses.get(), "it is me")
            await asyncio.sleep(1)
            bela.friends.accept(ada.id)
            await asyncio.sleep(1)
            assert ada.friends.get(bela.id).state is State.FRIENDS
            strangers = town.crowd(STRANGERS)
            waited: list[float] = []

            async def write() -> None:
                for number in range(200):
                    start = loop.time()
                    message = ada.history.send(bela.id, f"{number}")
                    while True:
                        if ada.history.get(bela.id, message.id).state is MessageState.DELIVERED:
                            break
                        await asyncio.sleep(0.05)
                    waited.append(loop.time() - start)

            async with asyncio.TaskGroup() as group:
                group.create_task(write())
                for one in strangers:
                    group.create_task(one.ask())
            await asyncio.sleep(60)
            heard = [one.heard for one in strangers]
            pending = [one for one in bela.friends.list() if one.state is State.RECEIVED]
            assert len(pending) == min(PENDING, STRANGERS)
            assert heard.count(0) == len(pending)
            assert heard.count(Reason.FULL) == STRANGERS - len(pending)
            assert [one.content for one in bela.history.page(ada.id, limit=500)] == [str(n) for n in range(200)]
            assert max(waited) < 1.0, f"a friend waited {max(waited)} s"
            print(
                f"a friend waited {max(waited):.2f} s at most; strangers tried {max(s.tries for s in strangers)} times"
            )

    run_virtual(story())

"""A small world of posts on the virtual clock: people who go on and off, crash, are cut off; mailboxes that lie.

The posts, pairs, ratchets and stores are the real ones; only the ways are made of memory.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import random
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path

from wherry.errors import DiskFull, PeerNotFound
from wherry.messages.handlers import Void
from wherry.messages.packets import Item, Kind, Reason
from wherry.messages.post import Post
from wherry.store.database import Database
from wherry.store.schema import APPLICATION, MIGRATIONS
from wherry_signaling.envelope import open_sealed
from wherry_signaling.errors import EndpointUnreachable, NoReservation, Quota, RemoteError
from wherry_signaling.identity import Identity, PeerId
from wherry_signaling.record import InboxRecord, Introducer
from wherry_signaling.tags import envelope_name

EPOCH = 1_700_000_000


class Crash(Exception):
    """The process is gone, at this very point."""


class FusedDatabase(Database):
    """Ends the process after so many transactions."""

    fuse: int | None = None
    blown: Callable[[], None]

    def _run_afterwards(self) -> None:
        if self.fuse is not None:
            self.fuse -= 1
            if self.fuse <= 0:
                self.fuse = None
                self._afterwards.clear()
                self._if_undone.clear()
                self.blown()
                raise Crash
        super()._run_afterwards()


class Box:
    """A mailbox: what it holds for whom, and how it lies."""

    def __init__(self, world: World, number: int) -> None:
        self.world = world
        self.peer = Identity(hashlib.sha256(b"box %d" % number).digest()).id
        self.here = True
        self.letters: dict[PeerId, dict[bytes, bytes]] = {}
        self.seen: list[tuple[PeerId, bytes]] = []
        self.prekeys: dict[PeerId, list[tuple[int, bytes]]] = {}
        self.lies = 0.0

    @property
    def introducer(self) -> Introducer:
        return Introducer(self.peer, ())

    def deposit(self, to: PeerId, letter: bytes) -> None:
        if not self.here:
            raise EndpointUnreachable("the mailbox is gone")
        if self.world.chance(self.lies):
            if self.world.chance(0.5):
                raise Quota("says it is full")
            return  # dropped
        self.seen.append((to, letter))
        self.letters.setdefault(to, {})[envelope_name(letter)] = letter

    def collect(self, member: Member) -> None:
        mine = list(self.letters.get(member.id, {}).items())
        if self.lies:
            self.world.dice.shuffle(mine)
            others = [letter for to, letter in self.seen if to == member.id or self.world.chance(0.1)]
            mine += [(envelope_name(one), one) for one in self.world.dice.sample(others, min(3, len(others)))]
            if mine and self.world.chance(0.5):
                poison = bytearray(mine[0][1])
                poison[self.world.dice.randrange(len(poison))] ^= 1
                mine.append((envelope_name(bytes(poison)), bytes(poison)))
        for name, letter in mine:
            if member.take(letter, collected=True):
                self.letters.get(member.id, {}).pop(name, None)

    def take_prekey(self, to: PeerId) -> tuple[int, bytes] | None:
        batch = self.prekeys.get(to, [])
        if not batch:
            return None
        return batch[0] if self.world.chance(self.lies) else batch.pop()


class Member:
    """Somebody with a post."""

    def __init__(self, world: World, name: str, folder: Path) -> None:
        self.world, self.name, self.path = world, name, folder / f"{name}.db"
        self.identity = Identity(hashlib.sha256(name.encode()).digest())
        self.boxes: list[Box] = []
        self.sequence = 0
        self.post: Post | None = None
        self.clock_step = 0.0
        #: Whom it deals with; everybody where it is None.
        self.known: set[PeerId] | None = None
        self._stack = AsyncExitStack()
        self._database: FusedDatabase | None = None
        self.crashed = False
        self.got: list[tuple[PeerId, bytes, bytes]] = []
        self.accepted: dict[PeerId, list[bytes]] = {}
        self.told: dict[bytes, int | None] = {}

    @property
    def id(self) -> PeerId:
        return self.identity.id

    @property
    def here(self) -> bool:
        return self.post is not None and not self.crashed

    def now(self) -> float:
        return self.world.now() + self.clock_step

    async def on(self) -> None:
        """Start the process on what rests."""
        assert self.post is None
        self.crashed = False
        database = self._database = FusedDatabase(self.path, application=APPLICATION, migrations=MIGRATIONS)
        database.blown = self._blown
        with database.write() as connection:
            connection.execute(
                "CREATE TABLE IF NOT EXISTS got (place INTEGER PRIMARY KEY, peer BLOB, id BLOB, body BLOB)"
            )
            connection.execute("CREATE TABLE IF NOT EXISTS told (id BLOB PRIMARY KEY, reason INTEGER)")
        self._stack = AsyncExitStack()
        self._stack.callback(database.close)
        post = Post(
            self.identity,
            database,
            ways=_Ways(self.world, self),
            is_known=lambda peer: self.known is None or peer in self.known,
            learn=lambda peer, document, scope: None,
            wall_clock=self.now,
            random=self.world.dice.randbytes,
        )
        post.handlers.admit = self._admit
        post.handlers.remember(self._knows)
        for kind in (Kind.TEXT, Kind.BYTES):
            post.serve(kind, self._take, settled=self._settled)
        await self._stack.enter_async_context(post)
        self.post = post
        self.publish()

    async def off(self) -> None:
        """End the process, well or because it has crashed."""
        if self.post is not None:
            self.post = None
            await self._stack.aclose()

    def _blown(self) -> None:
        self.crashed = True

    def light(self, commits: int) -> None:
        """Crash after so many transactions from now."""
        if self._database is not None:
            self._database.fuse = commits

    @contextlib.contextmanager
    def full_disk(self) -> Iterator[None]:
        """Nothing can be written while the block runs."""
        assert self._database is not None
        with self._database.write() as connection:
            connection.execute("CREATE TABLE IF NOT EXISTS ballast (x)")
        [(pages,)] = self._database.read("PRAGMA page_count")
        self._database.read(f"PRAGMA max_page_count = {pages}")
        with contextlib.suppress(DiskFull):
            while True:
                with self._database.write() as connection:
                    connection.execute("INSERT INTO ballast VALUES (zeroblob(2000))")
        yield
        self._database.read("PRAGMA max_page_count = 1073741823")

    def publish(self) -> None:
        assert self.post is not None
        self.sequence += 1
        now = int(self.world.now())
        self.world.inboxes[self.id] = InboxRecord(
            peer=self.id,
            sequence=self.sequence,
            issued=now,
            expires=now + 30 * 86400,
            sealing_key=self.identity.sealing_public,
            prekey=self.post.keys.signed(),
            mailboxes=tuple(box.introducer for box in self.boxes),
        )

    def collect(self) -> None:
        for box in self.world.boxes:
            if self.here and box.here:
                try:
                    box.collect(self)
                    if box in self.boxes and len(box.prekeys.get(self.id, [])) < 5 and self.post is not None:
                        box.prekeys[self.id] = self.post.keys.batch(box.peer)[:10]
                except Crash:
                    return

    def take(self, letter: bytes, *, collected: bool = False) -> bool:
        if self.post is None or self.crashed:
            return False
        try:
            envelope = open_sealed(letter, recipient=self.identity)
        except RemoteError:
            return True
        return self.post.deliver(letter, envelope, collected=collected)

    def send(self, to: Member, body: bytes, *, lifetime_s: float = 14 * 86400) -> bytes | None:
        """The item's id, if it was accepted."""
        if self.post is None or self.crashed:
            return None
        item = self.world.dice.randbytes(16)
        with contextlib.suppress(Crash):  # committed, and then gone: it counts as accepted, since it rests
            self.post.send(to.id, Kind.TEXT, body, item=item, lifetime_s=lifetime_s)
        self.accepted.setdefault(to.id, []).append(item)
        return item

    def read(self) -> tuple[list[tuple[PeerId, bytes, bytes]], dict[bytes, int | None]]:
        """What came, in the order in which it came, and what was reported."""
        assert self._database is not None
        got = self._database.read("SELECT peer, id, body FROM got ORDER BY place")
        told = self._database.read("SELECT id, reason FROM told")
        return [(PeerId(peer), item, body) for peer, item, body in got], dict(told)

    # -- the application: everything in the transaction that keeps it ------------------------------------------------

    def _admit(self, peer: PeerId, item: Item) -> None:
        if item.body.startswith(b"refuse"):
            raise Void(Reason.REFUSED)

    def _knows(self, peer: PeerId, item: bytes) -> bool:
        assert self._database is not None
        return bool(self._database.read("SELECT 1 FROM got WHERE peer = ? AND id = ?", (peer.key, item)))

    def _take(self, peer: PeerId, item: Item) -> None:
        assert self._database is not None
        with self._database.write() as connection:
            if not connection.execute("SELECT 1 FROM got WHERE peer = ? AND id = ?", (peer.key, item.id)).fetchone():
                connection.execute("INSERT INTO got (peer, id, body) VALUES (?,?,?)", (peer.key, item.id, item.body))

    def _settled(self, peer: PeerId, item: bytes, reason: int | None) -> None:
        assert self._database is not None
        with self._database.write() as connection:
            connection.execute("INSERT INTO told VALUES (?,?)", (item, reason))  # twice would raise


class World:
    """Everybody, and what lies between them."""

    def __init__(self, seed: int, folder: Path, *, people: int = 2, boxes: int = 3) -> None:
        self.dice = random.Random(seed)
        self.boxes = [Box(self, number) for number in range(boxes)]
        self.inboxes: dict[PeerId, InboxRecord] = {}
        self.people = [Member(self, f"person {number}", folder) for number in range(people)]
        for one in self.people:
            one.boxes = self.dice.sample(self.boxes, min(2, boxes))
        self.apart: set[frozenset[PeerId]] = set()
        self.loss = 0.0

    def now(self) -> float:
        return EPOCH + asyncio.get_running_loop().time()

    def chance(self, share: float) -> bool:
        return self.dice.random() < share

    def member(self, peer: PeerId) -> Member:
        return next(one for one in self.people if one.id == peer)

    def seen_by(self, to: Member) -> list[bytes]:
        """Every letter that was ever left for somebody."""
        return [letter for box in self.boxes for peer, letter in box.seen if peer == to.id]

    def together(self, one: Member, other: Member) -> bool:
        return one.here and other.here and frozenset((one.id, other.id)) not in self.apart

    async def calm(self, seconds: float = 3600) -> None:
        """Everybody is here, nobody lies, and time passes."""
        self.loss = 0.0
        self.apart.clear()
        for box in self.boxes:
            box.here, box.lies = True, 0.0
        for one in self.people:
            if one.crashed:
                await one.off()
            if one.post is None:
                await one.on()
            one.clock_step = 0.0
            if one._database is not None:
                one._database.fuse = None
        for _ in range(int(seconds / 300)):
            for one in self.people:
                one.collect()
                if one.post is not None:
                    one.post.notice_all()
            await asyncio.sleep(300)


class _Ways:
    """One member's ways to the others."""

    def __init__(self, world: World, member: Member) -> None:
        self.world, self.member = world, member

    def connected(self, peer: PeerId) -> bool:
        return self.world.together(self.member, self.world.member(peer)) and peer.key[0] % 2 == 0

    async def over_connection(self, peer: PeerId, letter: bytes) -> None:
        await self._pass()
        if not self.world.chance(self.world.loss):
            self._give(peer, letter)

    async def through_introducers(self, peer: PeerId, letter: bytes) -> None:
        await self._pass()
        if not self.world.together(self.member, self.world.member(peer)):
            raise NoReservation("not here")
        if self.world.chance(self.world.loss):
            raise NoReservation("lost on the way")
        if not self._give(peer, letter):
            raise NoReservation("declined")
        if self.world.chance(self.world.loss):
            raise NoReservation("delivered, and the word of it lost")

    def _give(self, peer: PeerId, letter: bytes) -> bool:
        other = self.world.member(peer)
        if not self.world.together(self.member, other):
            return False
        try:
            return other.take(letter)
        except Crash:
            return False

    async def sealing_key(self, peer: PeerId) -> bytes:
        return self.world.member(peer).identity.sealing_public

    async def inbox(self, peer: PeerId, *, fresh: bool) -> InboxRecord:
        await self._pass()
        known = self.world.inboxes.get(peer)
        if known is None or self.world.chance(self.world.loss):
            raise PeerNotFound("nobody knows", peer=str(peer))
        return known

    async def deposit(self, mailbox: Introducer, to: PeerId, letter: bytes) -> None:
        await self._pass()
        next(box for box in self.world.boxes if box.peer == mailbox.peer).deposit(to, letter)

    async def take_prekey(self, mailbox: Introducer, to: PeerId) -> tuple[int, bytes] | None:
        await self._pass()
        return next(box for box in self.world.boxes if box.peer == mailbox.peer).take_prekey(to)

    def documents(self, peer: PeerId) -> list[bytes]:
        return []

    async def _pass(self) -> None:
        await asyncio.sleep(self.world.dice.uniform(0.01, 0.3))

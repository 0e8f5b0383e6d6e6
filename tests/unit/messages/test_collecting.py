"""A visit to one of our mailboxes: in which order, and that nobody waits for it."""

from __future__ import annotations

import asyncio
import secrets
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from wherry.errors import DiskFull
from wherry.messages.limits import COLLECT_S, LEASE_S, VISIT_S
from wherry.messages.mail_store import Lease, MailStore
from wherry.messages.own_mailboxes import OwnMailboxes, Tags
from wherry.store.database import Database
from wherry.store.schema import APPLICATION, MIGRATIONS
from wherry.testing.clock import run_virtual
from wherry_signaling.client.mailbox import MailboxRequests
from wherry_signaling.endpoints import EndpointAddress
from wherry_signaling.identity import Identity, PeerId
from wherry_signaling.scope import Scope
from wherry_signaling.tags import envelope_name

NOW = 1_800_000_000.0
BOX = Identity(secrets.token_bytes(32)).id
OTHER = Identity(secrets.token_bytes(32)).id
ADDRESS = EndpointAddress("127.0.0.1", 1)
LETTERS = [b"letter %d" % number for number in range(30)]


class Mailbox(MailboxRequests):
    """What stands for a socket to one: it notes what is asked."""

    def __init__(self) -> None:
        self.peer, self.scope, self.on_waiting = BOX, Scope.LOOPBACK, None
        self.asked: list[str] = []
        self.gone: list[bytes] = []
        self.done, self.again = asyncio.Event(), asyncio.Event()

    async def lease(self, seconds: int = 0) -> Any:
        self.asked.append("lease")
        return SimpleNamespace(seconds=seconds, waiting=len(LETTERS), prekeys=0)

    async def tags(self, week: int, sort: int, tags: object, *, first: bool = True) -> None:
        self.asked.append("tags")

    async def prekeys(self, prekeys: object) -> None:
        self.asked.append("prekeys")
        (self.again if self.done.is_set() else self.done).set()

    async def collect(self, after: int = 0) -> Any:
        self.asked.append("collect")
        left = [(number, one) for number, one in enumerate(LETTERS, 1) if number > after]
        left = [(number, one) for number, one in left if envelope_name(one) not in self.gone]
        return SimpleNamespace(envelopes=left[:10], more=len(left) > 10)

    async def acknowledge(self, names: Sequence[bytes]) -> None:
        self.gone += names


class FullDisk(Database):
    """One that cannot be written to for a while."""

    full = False

    def write(self, *, durable: bool = True) -> AbstractContextManager[sqlite3.Connection]:
        if self.full:
            raise DiskFull("no room")
        return super().write(durable=durable)


@contextmanager
def mailboxes_of(
    database: Database, held: list[Any], opened: list[bytes], asked: list[str] | None = None
) -> Iterator[OwnMailboxes]:
    """Ours, whose introducers are `held`."""

    def take(sealed: bytes, scope: Scope) -> bool:
        opened.append(sealed)
        return sealed != LETTERS[3]

    def new_prekeys(mailbox: PeerId) -> list[tuple[int, bytes]]:
        if asked is not None:
            asked.append("batch")
        return []

    async def changed() -> None:
        assert held[0].addresses, "nothing has changed"

    async def connect(address: EndpointAddress) -> Any:
        raise AssertionError("the introducer's socket will do")

    yield OwnMailboxes(
        Identity(secrets.token_bytes(32)),
        MailStore(database),
        connect,
        held=lambda: held,
        tags=lambda mailbox, week: Tags((), ()),
        new_prekeys=new_prekeys,
        take=take,
        avoid=lambda peer: False,
        on_change=changed,
        wall_clock=lambda: NOW,
        wanted=1,
    )
    database.close()


async def visit(path: Path, opened: list[bytes], *, twice: bool = False) -> Mailbox:
    """One look after everything, or a second one at once; returns what the mailbox has seen."""
    database, box = Database(path, application=APPLICATION, migrations=MIGRATIONS), Mailbox()
    lease = Lease(mailbox=BOX, endpoints=("/ip4/127.0.0.1/tcp/1/ws",), expires=NOW + LEASE_S, current=True)
    MailStore(database).keep_lease(lease)
    held = SimpleNamespace(peer=BOX, addresses=[], client=box)
    with mailboxes_of(database, [held], opened, box.asked) as own:
        run = asyncio.create_task(own.run())
        for event in (box.done, box.again) if twice else (box.done,):
            waiting = asyncio.create_task(event.wait())
            await asyncio.wait([run, waiting], return_when=asyncio.FIRST_COMPLETED)
            assert not run.done(), run.result()
            own.poke()
        run.cancel()
        await asyncio.gather(run, return_exceptions=True)
    return box


async def test_what_waits_is_opened_before_its_keys_are_replaced(tmp_path: Path) -> None:
    opened: list[bytes] = []
    box = await visit(tmp_path / "mail.db", opened)
    assert opened == LETTERS
    assert box.asked[-2:] == ["batch", "prekeys"]
    assert box.asked.index("collect") < box.asked.index("batch")


async def test_what_was_not_taken_stays_there(tmp_path: Path) -> None:
    box = await visit(tmp_path / "mail.db", [])
    assert box.gone == [envelope_name(one) for one in LETTERS if one != LETTERS[3]]


async def test_what_was_not_taken_is_passed_over_for_a_while(tmp_path: Path) -> None:
    opened: list[bytes] = []
    await visit(tmp_path / "mail.db", opened, twice=True)
    assert opened.count(LETTERS[3]) == 1


async def test_others_have_their_turn_between_two_letters(tmp_path: Path) -> None:
    opened: list[bytes] = []
    seen: set[int] = set()

    async def somebody_else() -> None:
        while True:
            seen.add(len(opened))
            await asyncio.sleep(0)

    other = asyncio.create_task(somebody_else())
    await visit(tmp_path / "mail.db", opened)
    other.cancel()
    await asyncio.gather(other, return_exceptions=True)
    assert seen >= set(range(len(LETTERS) + 1))


def test_a_full_disk_ends_nothing(tmp_path: Path) -> None:
    async def story() -> None:
        database = FullDisk(tmp_path / "mail.db", application=APPLICATION, migrations=MIGRATIONS)
        held: list[Any] = []
        with mailboxes_of(database, held, []) as own:
            task = asyncio.create_task(own.run())
            database.full = True
            held.append(SimpleNamespace(peer=BOX, addresses=[ADDRESS], client=Mailbox()))
            own.poke()
            await asyncio.sleep(COLLECT_S)
            assert own.current() == []
            database.full = False
            await asyncio.sleep(2 * COLLECT_S)
            assert [one.peer for one in own.current()] == [BOX]
            task.cancel()
            await asyncio.wait([task])

    run_virtual(story())


def test_a_mailbox_that_answers_slowly_without_end_keeps_nobody_from_the_others(tmp_path: Path) -> None:
    class Slow(Mailbox):
        """Page after page, each of one letter."""

        number = 0

        async def collect(self, after: int = 0) -> Any:
            await asyncio.sleep(5)
            self.number += 1
            return SimpleNamespace(envelopes=[(self.number, b"%d" % self.number)], more=True)

    async def story() -> None:
        database = Database(tmp_path / "mail.db", application=APPLICATION, migrations=MIGRATIONS)
        honest, slow, opened = Mailbox(), Slow(), list[bytes]()
        slow.peer = OTHER
        boxes = [SimpleNamespace(peer=box.peer, addresses=[ADDRESS], client=box) for box in (honest, slow)]
        for one in boxes:
            lease = Lease(mailbox=one.peer, endpoints=(str(ADDRESS),), expires=NOW + LEASE_S, current=True)
            MailStore(database).keep_lease(lease)
        with mailboxes_of(database, boxes, opened) as own:
            task = asyncio.create_task(own.run())
            await asyncio.sleep(60)
            visits = honest.asked.count("lease")
            own.poke()
            await asyncio.sleep(VISIT_S)
            assert honest.asked.count("lease") > visits
            task.cancel()
            await asyncio.wait([task])

    run_virtual(story())

"""A visit to one of our mailboxes: in which order, and that nobody waits for it."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from wherry.messages.limits import LEASE_S
from wherry.messages.mail_store import Lease, MailStore
from wherry.messages.own_mailboxes import OwnMailboxes, Tags
from wherry.store.database import Database
from wherry.store.schema import APPLICATION, MIGRATIONS
from wherry_signaling.client.mailbox import MailboxRequests
from wherry_signaling.endpoints import EndpointAddress
from wherry_signaling.identity import Identity, PeerId
from wherry_signaling.scope import Scope
from wherry_signaling.tags import envelope_name

NOW = 1_800_000_000.0
BOX = Identity(secrets.token_bytes(32)).id
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


async def visit(path: Path, opened: list[bytes], *, twice: bool = False) -> Mailbox:
    """One look after everything, or a second one at once; returns what the mailbox has seen."""
    database = Database(path, application=APPLICATION, migrations=MIGRATIONS)
    mail, box = MailStore(database), Mailbox()
    mail.keep_lease(Lease(mailbox=BOX, endpoints=("/ip4/127.0.0.1/tcp/1/ws",), expires=NOW + LEASE_S, current=True))
    held: Any = SimpleNamespace(peer=BOX, addresses=[], client=box)

    def take(sealed: bytes, scope: Scope) -> bool:
        opened.append(sealed)
        return sealed != LETTERS[3]

    def new_prekeys(mailbox: PeerId) -> list[tuple[int, bytes]]:
        box.asked.append("batch")
        return []

    async def changed() -> None:
        raise AssertionError("nothing has changed")

    async def connect(address: EndpointAddress) -> Any:
        raise AssertionError("the introducer's socket will do")

    own = OwnMailboxes(
        Identity(secrets.token_bytes(32)),
        mail,
        connect,
        held=lambda: [held],
        tags=lambda mailbox, week: Tags((), ()),
        new_prekeys=new_prekeys,
        take=take,
        avoid=lambda peer: False,
        on_change=changed,
        wall_clock=lambda: NOW,
        wanted=1,
    )
    run = asyncio.create_task(own.run())
    for event in (box.done, box.again) if twice else (box.done,):
        waiting = asyncio.create_task(event.wait())
        await asyncio.wait([run, waiting], return_when=asyncio.FIRST_COMPLETED)
        assert not run.done(), run.result()
        own.poke()
    run.cancel()
    await asyncio.gather(run, return_exceptions=True)
    database.close()
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

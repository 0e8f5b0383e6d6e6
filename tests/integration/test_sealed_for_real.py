"""What those between two people can find out, looked for in what they have: databases, logs, guest sockets.

Real nodes on loopback. Guest sockets are listened to behind their cipher, where the endpoint reads them: so everything
that an introducer or a mailbox could write down is here.
"""

from __future__ import annotations

import logging
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec
import pytest
from correspondents import Crowd, Person, befriend, crowd, two_friends, two_people, until

from wherry_signaling import wire, wire_mailbox
from wherry_signaling.identity import PeerId
from wherry_signaling.limits import SIZE_CLASSES
from wherry_signaling.link import Link
from wherry_signaling.server.session import ServerSession
from wherry_signaling.wire import Role

HELLO = "we met at the harbour, by the blue boat"
TEXT = "the key is under the third flowerpot"
#: Kinds of frames by which something reaches somebody.
CARRYING = (wire.Send, wire.PassOn, wire.HandedOn, wire_mailbox.Deposit)


class Tap:
    """Every frame of every guest socket, both ways, as its endpoint reads it."""

    def __init__(self) -> None:
        self.frames: list[wire.AnyFrame] = []

    @property
    def data(self) -> bytes:
        return b"\0".join(map(wire.encode, self.frames))

    def of(self, *kinds: type[Any]) -> list[Any]:
        return [frame for frame in self.frames if isinstance(frame, kinds)]


class TappedLink(Link):
    __slots__ = ("tap",)
    tap: Tap

    def post(self, frame: wire.AnyFrame, *, always: bool = False) -> bool:
        self.tap.frames.append(frame)
        return super().post(frame, always=always)

    async def receive(self) -> tuple[wire.AnyFrame | wire.Unknown, int]:
        frame, size = await super().receive()
        assert not isinstance(frame, wire.Unknown)
        self.tap.frames.append(frame)
        return frame, size


@pytest.fixture
def tap(monkeypatch: pytest.MonkeyPatch) -> Tap:
    made, init = Tap(), ServerSession.__init__

    def tapped(self: ServerSession, hub: Any, socket: Any, source: Any, session: Any, dialled: str) -> None:
        init(self, hub, socket, source, session, dialled)
        if session.role is Role.GUEST:
            self._link = TappedLink(socket, session.cipher)
            self._link.tap = made

    monkeypatch.setattr(ServerSession, "__init__", tapped)
    return made


@pytest.fixture
def logged(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    for name in ("wherry", "wherry_signaling"):
        caplog.set_level(logging.DEBUG, name)
    return caplog


def forms(peer: PeerId) -> list[bytes]:
    """How somebody can be named: key, hex of both cases, base58, and as logs shorten it."""
    return [peer.key, peer.key.hex().encode(), peer.key.hex().upper().encode(), str(peer).encode(), _short(peer)]


def _short(peer: PeerId) -> bytes:
    return peer.short.strip("…").encode()


def files(people: list[Person]) -> Iterator[bytes]:
    """What lies on the disks of those who keep mail: databases and their write-ahead logs."""
    for person in people:
        found = [path for path in person.home.glob("kept.db*") if not path.name.endswith("-shm")]
        assert {path.name for path in found} >= {"kept.db", "kept.db-wal"}
        yield from (path.read_bytes() for path in found)


def kept(keeper: Person, holder: PeerId) -> bytes:
    """All that is in a mailbox's tables for one holder: its own lease says who *it* is, and nobody else's name."""
    with closing(sqlite3.connect(f"file:{keeper.home / 'kept.db'}?mode=ro", uri=True)) as connection:
        [(lease,)] = connection.execute("SELECT id FROM mailbox_lease WHERE holder = ?", (holder.key,))
        tables = [row[0] for row in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
        found: list[Any] = []
        for table in tables:
            if not table.startswith("mailbox_") or table == "mailbox_total":
                continue
            column = "id" if table == "mailbox_lease" else "lease"
            found += connection.execute(f"SELECT * FROM {table} WHERE {column} = ?", (lease,)).fetchall()
    return msgspec.msgpack.encode(found)


def shapes(frames: list[Any]) -> Counter[tuple[Any, ...]]:
    """What is seen of frames but for what is random: kind, recipient, and sizes."""
    return Counter(
        (type(one).__name__, one.to, len(one.tag), len(one.work), len(one.sealed))
        for one in frames
        if isinstance(one, wire_mailbox.Deposit)
    )


async def wait_held(around: Crowd, before: int) -> None:
    await until(lambda: around.deposits() == before + 2)


async def test_a_strangers_request_in_the_mailboxes(tmp_path: Path, tap: Tap, logged: pytest.LogCaptureFixture) -> None:
    async with two_people(tmp_path, count=5) as (around, ada, bela):
        boxes, address = around.mailboxes(bela), bela.node.address
        await bela.off()
        tap.frames.clear()
        logged.clear()
        ada.node.friends.add(address, HELLO)
        await wait_held(around, 0)
        assert len(tap.of(wire_mailbox.Deposit)) == 2
        assert HELLO.encode() not in tap.data
        assert HELLO not in logged.text
        assert all(HELLO.encode() not in data for data in files(boxes))
        for form in forms(ada.id):
            assert form not in tap.data
            assert all(form not in kept(box, address.peer) for box in boxes)
        assert {len(one.sealed) for one in tap.of(wire_mailbox.Deposit)} <= set(SIZE_CLASSES)


async def test_a_friends_message_in_the_mailboxes(tmp_path: Path, tap: Tap, logged: pytest.LogCaptureFixture) -> None:
    async with two_friends(tmp_path, count=5) as (around, ada, bela):
        boxes, to, before = around.mailboxes(bela), bela.id, around.deposits()
        await bela.off()
        tap.frames.clear()
        logged.clear()
        ada.node.messages.send(to, TEXT)
        await wait_held(around, before)
        assert len(tap.of(wire_mailbox.Deposit)) == 2
        assert TEXT.encode() not in tap.data
        assert TEXT not in logged.text
        assert all(TEXT.encode() not in data for data in files(boxes))
        for form in forms(ada.id):
            assert form not in tap.data
            assert all(form not in kept(box, to) for box in boxes)
        said = [record.getMessage() for record in logged.records if record.name.startswith("wherry_signaling.server")]
        assert all(_short(ada.id).decode() not in line for line in said)


async def test_a_message_through_introducers(tmp_path: Path, tap: Tap, logged: pytest.LogCaptureFixture) -> None:
    async with two_friends(tmp_path, count=5, allow={"/wherry/connect/1": "nobody"}) as (_, ada, bela):
        tap.frames.clear()
        logged.clear()
        message = ada.node.messages.send(bela.id, TEXT)
        await until(lambda: ada.fate(bela.id, message.id) == "delivered")
        carried = b"\0".join(
            wire.encode(frame) for frame in tap.of(*CARRYING) if getattr(frame, "to", b"") != ada.id.key
        )
        assert carried
        assert TEXT.encode() not in tap.data
        assert TEXT not in logged.text
        assert all(form not in carried for form in forms(ada.id))


async def test_another_sender_of_the_same_sort_looks_the_same(tmp_path: Path, tap: Tap) -> None:
    """The same is asked and written by two people, one after the other: only what is random differs."""
    seen: list[Counter[tuple[Any, ...]]] = []
    raw: list[set[bytes]] = []
    async with crowd(tmp_path, 5) as around:
        people = [await _away(around, name) for name in ("ada", "eve")]
        bela = await around.move_in("bela")
        for person in people:
            await person.on()
            await befriend(around, person, bela)
            await person.off()
        to = bela.id
        await bela.off()
        for person in people:
            await person.on()
            before = around.deposits()
            tap.frames.clear()
            person.node.messages.send(to, TEXT)
            await wait_held(around, before)
            deposits = tap.of(wire_mailbox.Deposit)
            seen.append(shapes(deposits))
            raw.append({part for one in deposits for part in (one.tag, one.sealed)})
            await person.off()
    assert seen[0] == seen[1]
    assert sum(seen[0].values()) == 2
    assert not raw[0] & raw[1]


async def _away(around: Crowd, name: str) -> Person:
    person = await around.move_in(name)
    await person.off()
    return person

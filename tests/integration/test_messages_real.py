"""Friends and messages between real nodes on loopback: asked, written, held, blocked, restarted."""

from __future__ import annotations

import asyncio
import random
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from correspondents import POLL_S, SETTINGS, Crowd, Person, befriend, crowd, two_friends, two_people, until

from wherry import mail
from wherry.errors import OldAddress, PeerBlocked, RefusedByPeer
from wherry.messages.failures import failure_of
from wherry.messages.limits import MESSAGE_BYTES
from wherry.messages.message_store import DELETED
from wherry_signaling.identity import Identity

#: Nobody calls anybody: whatever reaches anyone does so with no connection.
UNCONNECTED = {"allow": {"/wherry/connect/1": "nobody"}}


async def delivered(sender: Person, to: Person, content: str | bytes) -> float:
    """Write, and wait until it was delivered; returns the seconds that took."""
    message = sender.node.messages.send(to.id, content)
    return await until(lambda: sender.fate(to.id, message.id) == "delivered")


async def test_asked_accepted_and_written_to_over_a_connection(tmp_path: Path) -> None:
    async with two_people(tmp_path) as (around, ada, bela):
        ada.node.friends.add(bela.node.address, "hello, it is Ada")
        await until(lambda: bela.state(ada.id) == "received")
        assert bela.node.friends.get(ada.id).hello == "hello, it is Ada"
        bela.node.friends.accept(ada.id)
        await until(lambda: ada.state(bela.id) == "friends")
        await until(lambda: ada.node.network.peer(bela.id) and bela.node.network.peer(ada.id))
        before = around.deposits()
        took = await delivered(ada, bela, "first")
        await delivered(bela, ada, "second")
        print(f"delivered over the connection after {took * 1000:.0f} ms")
        assert (bela.got(ada.id), ada.got(bela.id)) == (["first"], ["second"])
        assert around.deposits() == before


async def test_requests_that_cross_are_a_friendship(tmp_path: Path) -> None:
    async with two_people(tmp_path) as (_, ada, bela):
        ada.node.friends.add(bela.node.address, "one")
        bela.node.friends.add(ada.node.address, "other")
        await until(lambda: ada.state(bela.id) == bela.state(ada.id) == "friends")
        await delivered(ada, bela, "so we are")


async def test_another_name_at_the_start_is_told_to_friends(tmp_path: Path) -> None:
    async with two_friends(tmp_path) as (_, ada, bela):
        to = ada.id
        await until(lambda: not ada.node.parts.mail.post.waits_for(bela.id))  # such as the profile, by the old name
        await ada.off()
        ada.called = "Ada the Second"
        await ada.on()
        await until(lambda: bela.node.friends.get(to).name == "Ada the Second")


async def test_without_a_connection_it_goes_through_introducers(tmp_path: Path) -> None:
    async with two_friends(tmp_path, **UNCONNECTED) as (around, ada, bela):
        await delivered(ada, bela, "by way of others")
        await delivered(bela, ada, "likewise")
        assert (bela.got(ada.id), ada.got(bela.id)) == (["by way of others"], ["likewise"])
        assert ada.node.network.peer(bela.id) is None
        assert around.deposits() == 0


@pytest.mark.parametrize("dead", [0, 1])
async def test_written_to_somebody_who_is_off(tmp_path: Path, dead: int) -> None:
    async with two_friends(tmp_path) as (around, ada, bela):
        boxes, to, sender = around.mailboxes(bela), bela.id, ada.id
        await bela.off()
        message = ada.node.messages.send(to, "while you were away")
        await until(lambda: ada.node.messages.get(to, message.id).held == 2)
        assert ada.fate(to, message.id) == "held"
        await ada.off()
        for box in boxes[:dead]:
            await box.off()
        left = around.deposits()
        await bela.on()
        await until(lambda: bela.got(sender))
        await bela.off()  # before a word of it could leave, mostly
        await bela.on()
        await until(lambda: around.deposits() > left)
        await bela.off()
        await ada.on()  # hears of it, although the two are never there together
        await until(lambda: ada.fate(to, message.id) == "delivered")
        await bela.on()
        assert bela.got(sender) == ["while you were away"]


async def test_a_strangers_request_to_a_node_that_is_off(tmp_path: Path) -> None:
    async with two_people(tmp_path) as (around, ada, bela):
        address, asker = bela.node.address, ada.id
        await bela.off()
        ada.node.friends.add(address, "you do not know me")
        await until(lambda: around.deposits() == 2)
        await ada.off()
        await bela.on()
        await until(lambda: bela.state(asker) == "received")
        assert bela.node.friends.get(asker).hello == "you do not know me"
        bela.node.friends.accept(asker)
        before = around.deposits()
        await until(lambda: around.deposits() > before)
        await bela.off()
        await ada.on()
        await until(lambda: ada.state(address.peer) == "friends")


async def test_an_old_address_is_refused(tmp_path: Path) -> None:
    async with two_people(tmp_path) as (_, ada, bela):
        old = bela.node.address
        fresh = bela.node.addresses.rotate().address
        ada.node.friends.add(old, "by an old card of yours")
        await until(lambda: ada.state(bela.id) == "declined")
        failure = ada.node.friends.get(bela.id).failure
        assert isinstance(failure, OldAddress)
        assert failure.code == "OLD_ADDRESS"
        assert bela.state(ada.id) == "stranger"
        ada.node.friends.add(fresh, "by the new one")
        await until(lambda: bela.state(ada.id) == "received")


async def test_the_largest_message(tmp_path: Path) -> None:
    content = random.Random(5).randbytes(MESSAGE_BYTES)
    async with two_friends(tmp_path) as (_, ada, bela):
        await until(lambda: ada.node.network.peer(bela.id))
        took = await delivered(ada, bela, content)
        print(f"5 MiB delivered over the connection after {took:.2f} s")
        to, sender = bela.id, ada.id
        assert bela.got(sender) == [content]
        await bela.off()
        other = content[::-1]
        message = ada.node.messages.send(to, other)
        took = await until(lambda: ada.node.messages.get(to, message.id).held == 2)
        print(f"5 MiB in two mailboxes after {took:.2f} s")
        await ada.off()
        await bela.on()
        took = await until(lambda: len(bela.got(sender)) == 2)
        print(f"5 MiB collected after {took:.2f} s")
        assert bela.got(sender) == [content, other]


async def test_whoever_is_blocked_is_refused(tmp_path: Path) -> None:
    async with two_friends(tmp_path) as (_, ada, bela):
        await delivered(ada, bela, "before")
        bela.node.friends.block(ada.id)
        with pytest.raises(PeerBlocked):
            bela.node.messages.send(ada.id, "no more")
        message = ada.node.messages.send(bela.id, "after")
        await until(lambda: ada.fate(bela.id, message.id) == "failed")
        reason = ada.node.messages.get(bela.id, message.id).reason
        assert reason is not None
        assert isinstance(failure_of(reason, bela.id), RefusedByPeer)
        assert bela.got(ada.id) == ["before"]
        await until(lambda: ada.state(bela.id) == "stranger")
        ada.node.friends.add(bela.node.address, "please")
        await until(lambda: ada.state(bela.id) == "declined")
        assert bela.state(ada.id) == "blocked"


async def test_exactly_once_and_in_order_through_restarts(tmp_path: Path) -> None:
    async with two_friends(tmp_path) as (_, ada, bela):
        to, sender = bela.id, ada.id
        written: list[str] = []
        for turn in range(6):
            for _ in range(15):
                written.append(f"message {len(written)}")
                ada.node.messages.send(to, written[-1])
                await asyncio.sleep(0)
            victim = (ada, bela)[turn % 2]
            await victim.off()
            await victim.on()
        took = await until(lambda: len(bela.got(sender)) >= len(written))
        print(f"{len(written)} messages through six restarts; the last after {took:.2f} s")
        await until(lambda: {one.state.word for one in ada.history(to) if one.ours} == {"delivered"})
        assert bela.got(sender) == written


async def test_a_friend_who_was_away_is_written_to_by_many(tmp_path: Path) -> None:
    async with crowd(tmp_path) as around:
        writers: list[Person] = []
        for name in ("carla", "dora"):
            writers.append(await around.move_in(name))
            await writers[-1].off()
        bela = await around.move_in("bela")
        await _befriend_all(around, bela, writers)
        to, names = bela.id, [one.id for one in writers]
        await bela.off()
        for one in writers:
            for number in range(5):
                message = one.node.messages.send(to, f"{number}")
            await until(lambda one=one, message=message: one.fate(to, message.id) == "held")
            await one.off()
        await bela.on()
        await until(lambda: all(len(bela.got(name)) == 5 for name in names))
        assert all(bela.got(name) == ["0", "1", "2", "3", "4"] for name in names)


async def _befriend_all(around: Crowd, one: Person, others: list[Person]) -> None:
    for other in others:
        await other.on()
        await befriend(around, one, other)


async def test_a_running_node_has_no_word_of_what_was_deleted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    nobody = Identity(bytes(32)).id

    def marks() -> int:
        with closing(sqlite3.connect(tmp_path / "ada" / "wherry.db")) as database:
            [(count,)] = database.execute("SELECT count(*) FROM choices WHERE name = ?", (DELETED,))
        return int(count)

    ada = Person(tmp_path / "ada", SETTINGS)
    for at_start in (True, False):
        monkeypatch.setattr(mail, "TIDY_S", 600.0 if at_start else POLL_S)
        await ada.on()
        message = ada.node.messages.send(nobody, "xylophone")
        if at_start:
            await until(lambda: not marks())
        ada.node.messages.delete(nobody, message.id)
        if at_start:
            assert marks() == 1
            await ada.off()
            await ada.on()
        await until(lambda: not marks())
        await ada.off()

"""What became of an item reaches its sender, though the two are never there together, and whatever ends between."""

from __future__ import annotations

import asyncio
from pathlib import Path

from mail_world import Member, World

from wherry.messages.packets import Reason
from wherry.testing.clock import run_virtual

DAY = 86400


async def put(sender: Member, recipient: Member, body: bytes, **more: float) -> bytes:
    """Write, and wait until it lies in both mailboxes."""
    before = len(sender.world.seen_by(recipient))
    item = sender.send(recipient, body, **more)
    assert item is not None
    await asyncio.sleep(60)
    assert len(sender.world.seen_by(recipient)) == before + 2
    return item


def test_an_acknowledgement_that_never_left_is_said_after_a_restart(tmp_path: Path) -> None:
    async def story() -> None:
        world = World(1, tmp_path)
        ada, bela = world.people
        await bela.on()
        await bela.off()
        await ada.on()
        item = await put(ada, bela, b"are you there")
        await ada.off()
        await bela.on()
        bela.collect()
        await bela.off()  # before its courier has taken a step
        await bela.on()
        await asyncio.sleep(60)
        await bela.off()
        await ada.on()
        ada.collect()
        assert ada.read()[1] == {item: None}
        await ada.off()

    run_virtual(story())


def test_what_was_said_is_not_said_again_at_each_start(tmp_path: Path) -> None:
    async def story() -> None:
        world = World(2, tmp_path)
        ada, bela = world.people
        await bela.on()
        await ada.on()
        ada.send(bela, b"here")
        await asyncio.sleep(60)
        for _ in range(3):
            await bela.off()
            await ada.off()
            await bela.on()
            await asyncio.sleep(60)
            assert world.seen_by(ada) == []
            await ada.on()
        await ada.off()
        await bela.off()

    run_virtual(story())


def test_what_expires_in_a_mailbox_does_not_stand_in_the_way_of_what_comes_after_it(tmp_path: Path) -> None:
    async def story() -> None:
        world = World(3, tmp_path)
        ada, bela = world.people
        await bela.on()
        await bela.off()
        await ada.on()
        first = await put(ada, bela, b"too old", lifetime_s=14 * DAY)
        for box in world.boxes:
            box.letters.clear()  # it keeps nothing longer than that
        await asyncio.sleep(10 * DAY)
        second = await put(ada, bela, b"in time", lifetime_s=14 * DAY)
        await asyncio.sleep(5 * DAY)
        await ada.off()
        await bela.on()
        bela.collect()
        assert [body for _, _, body in bela.read()[0]] == [b"in time"]
        await asyncio.sleep(60)
        await bela.off()
        await ada.on()
        ada.collect()
        assert ada.read()[1] == {first: Reason.EXPIRED, second: None}
        await ada.off()

    run_virtual(story())


def test_what_is_withdrawn_is_asked_for_in_the_mailboxes_too(tmp_path: Path) -> None:
    async def story() -> None:
        world = World(4, tmp_path)
        ada, bela = world.people
        await bela.on()
        await bela.off()
        await ada.on()
        item = await put(ada, bela, b"not so")
        for box in world.boxes:
            box.letters.clear()  # the mailboxes lose it
        assert ada.post is not None
        ada.post.withdraw(bela.id, item)
        await asyncio.sleep(60)
        await ada.off()
        await bela.on()
        bela.collect()
        assert bela.read()[0] == []
        await asyncio.sleep(60)
        await bela.off()
        await ada.on()
        ada.collect()
        assert set(ada.read()[1]) == {item}
        await ada.off()

    run_virtual(story())


def test_as_many_messages_as_a_mailbox_keeps_wait_there_and_not_with_their_writer(tmp_path: Path) -> None:
    async def story() -> None:
        world = World(5, tmp_path)
        ada, bela = world.people
        await bela.on()
        await bela.off()
        await ada.on()
        written = [ada.send(bela, b"%d" % number) for number in range(4500)]
        await asyncio.sleep(3600)
        await ada.off()
        await bela.on()
        bela.collect()
        assert [item for _, item, _ in bela.read()[0]] == written
        await bela.off()

    run_virtual(story())

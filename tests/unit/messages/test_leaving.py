"""What is left in mailboxes, and how often: nowhere twice, but that the oldest is left again once a day."""

from __future__ import annotations

import asyncio
from pathlib import Path

from mail_world import Member, World

from wherry.messages.limits import LEFT_AGAIN_S
from wherry.testing.clock import run_virtual

DAY = 24 * 3600.0


async def parted(world: World) -> tuple[Member, Member]:
    """Two who are never there for each other; each has two of four mailboxes."""
    sender, recipient = world.people
    sender.boxes, recipient.boxes = world.boxes[:2], world.boxes[2:]
    world.apart = {frozenset((sender.id, recipient.id))}
    for one in world.people:
        await one.on()
    return sender, recipient


def left(world: World, number: int, to: Member) -> int:
    return len([letter for peer, letter in world.boxes[number].seen if peer == to.id])


def test_a_mailbox_that_is_gone_fills_the_other_with_no_copies(tmp_path: Path) -> None:
    async def story() -> None:
        world = World(1, tmp_path, boxes=4)
        sender, recipient = await parted(world)
        await recipient.off()
        world.boxes[3].here = False
        sender.send(recipient, b"kept at one place")
        await asyncio.sleep(0.9 * DAY)
        assert left(world, 2, recipient) == 1
        world.boxes[3].here = True
        await asyncio.sleep(0.05 * DAY)
        assert (left(world, 2, recipient), left(world, 3, recipient)) == (1, 1)
        await sender.off()

    run_virtual(story())


def test_an_acknowledgement_that_a_mailbox_has_lost_is_asked_for_a_day_later(tmp_path: Path) -> None:
    async def story() -> None:
        world = World(2, tmp_path, boxes=4)
        sender, recipient = await parted(world)
        items = [sender.send(recipient, b"text %d" % number) for number in range(3)]
        await asyncio.sleep(60)
        before = left(world, 2, recipient)
        recipient.collect()
        await asyncio.sleep(60)
        assert world.boxes[0].letters[sender.id]
        for box in world.boxes[:2]:
            box.letters.clear()  # the word of it
        sender.collect()
        assert sender.read()[1] == {}
        await asyncio.sleep(LEFT_AGAIN_S + 3600)
        assert left(world, 2, recipient) == before + 1
        recipient.collect()
        await asyncio.sleep(60)
        sender.collect()
        assert sender.read()[1] == dict.fromkeys(items)
        assert [body for _, _, body in recipient.read()[0]] == [b"text %d" % number for number in range(3)]
        for one in world.people:
            await one.off()

    run_virtual(story())

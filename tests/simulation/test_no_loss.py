"""Every accepted message is handed on exactly once, in order per sender, or reported failed, never both.

`SCHEDULES` random schedules of people who go on and off, crash between two transactions, are cut off from each other,
whose clocks step, with mailboxes that drop, repeat, reorder, poison and hand out prekeys twice. Each ends with a calm
hour. In every fourth they are strangers to each other, of whom less is kept. `WHERRY_FULL=1` runs 3,000 of them.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from pathlib import Path

import pytest

from tests.support.mail_world import Crash, Member, World
from wherry.messages.packets import Reason
from wherry.testing.clock import run_virtual

SCHEDULES = 3000 if os.environ.get("WHERRY_FULL") else 60
DAY = 86400


async def live(world: World, steps: int) -> None:
    """Let random things happen."""
    dice = world.dice
    for one in world.people:
        await one.on()
    for number in range(steps):
        one, other = dice.sample(world.people, 2)
        match dice.randrange(12):
            case 0 | 1 | 2 | 3:
                size = dice.choice((10, 10, 200, 60_000))
                word = b"refuse" if world.chance(0.1) else b"text"
                lifetime = dice.choice((600, 14 * DAY, 14 * DAY, 14 * DAY))
                one.send(other, word + b" %d " % number + bytes(size), lifetime_s=lifetime)
            case 4:
                await one.off()
            case 5:
                if one.crashed:
                    await one.off()
                if one.post is None:
                    await one.on()
                    one.collect()
            case 6:
                one.light(dice.randrange(1, 6))
            case 7:
                pair = frozenset((one.id, other.id))
                world.apart ^= {pair}
            case 8:
                box = dice.choice(world.boxes)
                box.here, box.lies = world.chance(0.7), dice.choice((0.0, 0.0, 0.3))
            case 9:
                world.loss = dice.choice((0.0, 0.3))
                one.clock_step = dice.choice((0.0, 0.0, 3600.0, -3600.0))
            case 10:
                if one.here:
                    one.boxes = dice.sample(world.boxes, 2)
                    with contextlib.suppress(Crash):
                        one.publish()
                    one.collect()
            case 11:
                one.collect()
        await asyncio.sleep(dice.choice((0.05, 1, 30, 700)))


def check(world: World, sender: Member, recipient: Member) -> None:
    got = [(item, body) for peer, item, body in recipient.read()[0] if peer == sender.id]
    told = sender.read()[1]
    accepted = sender.accepted.get(recipient.id, [])
    assert len({item for item, _ in got}) == len(got), "handed on twice"
    order = [accepted.index(item) for item, _ in got]
    assert order == sorted(order), "out of order"
    delivered = {item for item, _ in got}
    for item in accepted:
        assert item in told, "nobody knows what became of it"
        assert (told[item] is None) is (item in delivered), f"told {told[item]}, and delivered: {item in delivered}"


async def one_schedule(seed: int, folder: Path) -> World:
    world = World(seed, folder)
    for one in world.people:
        one.known = set() if seed % 4 == 0 else None
    try:
        await live(world, 40)
        await world.calm()
        for sender in world.people:
            for recipient in world.people:
                if sender is not recipient:
                    check(world, sender, recipient)
    finally:
        for one in world.people:
            await one.off()
    return world


@pytest.mark.parametrize("seed", range(SCHEDULES))
def test_no_schedule_loses_a_message_or_delivers_it_twice(seed: int, tmp_path: Path) -> None:
    run_virtual(one_schedule(seed, tmp_path))


def test_ten_days_off_while_all_mailboxes_are_replaced(tmp_path: Path) -> None:
    async def story() -> None:
        world = World(7, tmp_path, boxes=4)
        sender, recipient = world.people
        await sender.on()
        await recipient.on()
        recipient.boxes = world.boxes[:2]
        recipient.publish()
        await recipient.off()
        for day in range(10):
            sender.send(recipient, b"text of day %d" % day)
            await asyncio.sleep(DAY)
            if day == 5:
                for box in world.boxes[:2]:
                    box.here, box.letters = False, {}
        recipient.boxes = world.boxes[2:]
        await recipient.on()
        await asyncio.sleep(3600)
        assert [body for _, _, body in recipient.read()[0]] == [b"text of day %d" % day for day in range(10)]
        assert set(sender.read()[1].values()) == {None}
        for one in world.people:
            await one.off()

    run_virtual(story())


def test_what_is_refused_is_reported_with_the_reason(tmp_path: Path) -> None:
    async def story() -> None:
        world = World(8, tmp_path)
        sender, recipient = world.people
        await sender.on()
        await recipient.on()
        item = sender.send(recipient, b"refuse this")
        await asyncio.sleep(60)
        assert sender.read()[1] == {item: Reason.REFUSED}
        for one in world.people:
            await one.off()

    run_virtual(story())


@pytest.mark.parametrize("more", [1, 5, 9, 12])
def test_a_sender_that_was_set_back_to_an_old_copy_loses_nothing_that_it_accepts_from_then_on(
    tmp_path: Path, more: int
) -> None:
    async def story() -> None:
        world = World(9, tmp_path)
        sender, recipient = world.people
        await sender.on()
        await recipient.on()
        sender.send(recipient, b"the first")
        await asyncio.sleep(60)
        await sender.off()
        copy = sender.path.read_bytes()
        await sender.on()
        for number in range(8):
            sender.send(recipient, b"after the copy %d" % number)
        await asyncio.sleep(60)
        assert len(recipient.read()[0]) == 9
        await recipient.off()
        await sender.off()
        sender.path.write_bytes(copy)
        for rest in ("-wal", "-shm"):
            sender.path.with_name(sender.path.name + rest).unlink(missing_ok=True)
        await sender.on()
        again = [sender.send(recipient, b"after the restore %d" % number) for number in range(more)]
        await asyncio.sleep(60)
        await recipient.on()
        await world.calm()
        got = [item for peer, item, _ in recipient.read()[0]]
        assert got[9:] == again
        assert {item: sender.read()[1].get(item, "unknown") for item in again} == dict.fromkeys(again)
        for one in world.people:
            await one.off()

    run_virtual(story())


def test_a_void_that_comes_after_a_delivery_and_a_new_epoch_is_answered_as_delivered(tmp_path: Path) -> None:
    async def story() -> None:
        world = World(10, tmp_path, boxes=0)
        sender, recipient = world.people
        await sender.on()
        await recipient.on()
        world.loss = 1.0
        item = sender.send(recipient, b"text", lifetime_s=3600)
        assert sender.post is not None
        pair = sender.post._carrying.pair(recipient.id)
        world.loss = 0.0
        while not recipient.read()[0]:
            await asyncio.sleep(1)
            world.apart = {frozenset((sender.id, recipient.id))} if recipient.read()[0] else set()
        await asyncio.sleep(2 * 3600)
        pair.outgoing.renumber(pair.outgoing.epoch + 1)
        sender.post.mail.renumber(recipient.id, pair.outgoing)
        pair.keep()
        await world.calm()
        assert sender.read()[1] == {item: None}
        for one in world.people:
            await one.off()

    run_virtual(story())

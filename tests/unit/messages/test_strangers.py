"""Strangers cost us a bounded amount: of pairs that rest, of rounds that run after them."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.support.mail_world import World
from wherry.messages import post
from wherry.messages.limits import LETTERS_FROM_STRANGERS_S
from wherry.testing.clock import run_virtual


def pairs_of(world: World) -> int:
    recipient = world.people[0]
    assert recipient._database is not None
    return int(recipient._database.read("SELECT count(*) FROM pairs")[0][0])


def test_pairs_with_strangers_are_bounded_and_those_with_friends_are_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(post, "STRANGERS", 5)
    monkeypatch.setattr(post, "STRANGERS_STEP", 4)

    async def story() -> None:
        world = World(4, tmp_path, people=40)
        recipient, friend, *strangers = world.people
        recipient.known = {friend.id}
        for one in world.people:
            await one.on()
        friend.send(recipient, b"a friend's")
        await asyncio.sleep(5)
        for one in strangers:
            one.send(recipient, b"a stranger's")
            await asyncio.sleep(5)
        assert len(recipient.read()[0]) == len(strangers) + 1
        assert pairs_of(world) <= 5 + 4 + 1
        friend.send(recipient, b"once more")
        strangers[0].send(recipient, b"whom we had forgotten")
        await asyncio.sleep(600)
        assert [body for _, _, body in recipient.read()[0]][-2:] == [b"once more", b"whom we had forgotten"]
        assert set(strangers[0].read()[1].values()) == {None}
        for one in world.people:
            await one.off()

    run_virtual(story())


def test_a_stranger_that_is_gone_is_not_told_for_ever_that_its_letter_came(tmp_path: Path) -> None:
    async def story() -> None:
        world = World(5, tmp_path, boxes=0)
        recipient, stranger = world.people
        recipient.known = set()
        await recipient.on()
        await stranger.on()
        stranger.send(recipient, b"and away")
        await asyncio.sleep(1)
        assert recipient.read()[0]
        await stranger.off()
        await asyncio.sleep(3600)
        assert recipient.post is not None
        assert recipient.post.mail.unsettled() == []
        await recipient.off()

    run_virtual(story())


def test_strangers_share_one_allowance_whichever_way_their_letters_come(tmp_path: Path) -> None:
    async def story() -> None:
        per_s, burst = LETTERS_FROM_STRANGERS_S
        world = World(6, tmp_path, people=burst + 12)
        recipient, friend, *strangers = world.people
        recipient.known = {friend.id}
        for one in world.people:
            await one.on()
        await recipient.off()
        for one in (friend, *strangers):
            one.send(recipient, b"while you were away")
        await asyncio.sleep(60)
        for one in strangers:
            await one.off()
        await recipient.on()
        recipient.collect()
        assert len({peer for peer, _, _ in recipient.read()[0]} - {friend.id}) == burst
        assert friend.id in {peer for peer, _, _ in recipient.read()[0]}
        await asyncio.sleep(12 / per_s)
        recipient.collect()
        assert len(recipient.read()[0]) == len(world.people) - 1
        for one in (recipient, friend):
            await one.off()

    run_virtual(story())

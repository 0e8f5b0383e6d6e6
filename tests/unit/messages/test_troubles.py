"""The recipient's disk is full: nothing is lost, the sender learns why, and all arrives once there is room."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path

import pytest

from tests.support.mail_world import World
from wherry.errors import PeerFull
from wherry.testing.clock import run_virtual


def test_a_full_disk_is_said_and_nothing_is_lost(tmp_path: Path) -> None:
    async def story() -> None:
        world = World(3, tmp_path)
        ada, bela = world.people
        await ada.on()
        await bela.on()
        ada.send(bela, b"text that fits")
        await asyncio.sleep(5)
        assert [body for _, _, body in bela.read()[0]] == [b"text that fits"]

        with bela.full_disk():
            sent = ada.send(bela, b"text that does not" + bytes(20_000))
            await asyncio.sleep(5)
            assert len(bela.read()[0]) == 1
        assert ada.post is not None
        trouble = ada.post.troubles.of(bela.id)
        assert isinstance(trouble, PeerFull)
        assert "disk is full" in trouble.detail
        assert sent not in ada.read()[1]

        bela.collect()
        await asyncio.sleep(2000)
        assert [body for _, _, body in bela.read()[0]] == [b"text that fits", b"text that does not" + bytes(20_000)]
        assert ada.read()[1][sent] is None
        assert ada.post.troubles.of(bela.id) is None
        for one in world.people:
            await one.off()

    run_virtual(story())


def test_sqlite_says_full_as_a_full_disk_does() -> None:
    """What `full_disk` does is what a full disk does: the limit on pages is SQLite's own."""
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE TABLE t (x)")
    connection.execute("PRAGMA max_page_count = 2")
    with pytest.raises(sqlite3.Error) as caught:
        connection.execute("INSERT INTO t VALUES (zeroblob(100000))")
    assert caught.value.sqlite_errorcode == sqlite3.SQLITE_FULL
    connection.close()

"""What a peer that makes its packets by hand can cost us: a bounded amount of everything."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hostile_writer import FAR, Nowhere, Writer, identity, item, victim

from wherry.messages import post
from wherry.messages.limits import (
    LETTERS_FROM_STRANGERS_S,
    LIFETIME_S,
    OPENED_S,
    PIECE_BYTES,
    PIECES_BYTES,
    STRANGER_HELD_BYTES,
    STRANGER_WINDOW,
    WHISPERS,
)
from wherry.messages.packets import Ack, Kind, Reason
from wherry.messages.pieces import Fragment
from wherry.testing.clock import run_virtual
from wherry_signaling.identity import PeerId


def known(peer: PeerId) -> bool:
    return True


def piece(number: int, index: int, count: int, size: int = PIECE_BYTES) -> Any:
    body = msgspec.msgpack.encode(Fragment(index, count, Kind.TEXT, bytes(size)))
    return item(number, Kind.FRAGMENT, body)


def test_what_a_stranger_writes_behind_a_gap_is_next_to_nothing(tmp_path: Path) -> None:
    async def story() -> None:
        async with victim(tmp_path / "mail.db") as one:
            one.post.serve(Kind.TEXT, one.take)
            writer = Writer("stranger", one)
            for number in range(2, 60):
                await one.give_slowly(writer.letter([item(number, Kind.TEXT, bytes(50_000))]))
                await one.give_slowly(writer.letter([item(number, Kind.TEXT, bytes(100))]))
            assert one.got == []
            assert 0 < one.count("held_back") <= STRANGER_WINDOW
            assert one.count("held_back", "sum(length(body))") <= STRANGER_HELD_BYTES
            pair = one.post._carrying.pair(writer.identity.id)
            assert sum(len(held.body) for held in pair.incoming.held.values()) <= STRANGER_HELD_BYTES

    run_virtual(story())


def test_many_small_items_of_a_stranger_in_one_letter_are_all_taken(tmp_path: Path) -> None:
    async def story() -> None:
        async with victim(tmp_path / "mail.db") as one:
            one.post.serve(Kind.TEXT, one.take)
            writer = Writer("stranger", one)
            items = [item(number, Kind.TEXT, b"%d" % number) for number in range(501, 501 + 3 * STRANGER_WINDOW)]
            assert one.give(writer.letter(items, floor=501))
            assert one.got == [entry.body for entry in items]

    run_virtual(story())


def test_pieces_whose_rest_never_comes_are_bounded_and_forgotten_at_last(tmp_path: Path) -> None:
    async def story() -> None:
        async with victim(tmp_path / "mail.db", known=known) as one:
            one.post.serve(Kind.TEXT, one.take)
            writer = Writer("friend", one)
            for number in range(1, PIECES_BYTES // PIECE_BYTES + 20):
                assert one.give(writer.letter([piece(number, 0, 2)]))
                await asyncio.sleep(0.02)
            assert one.count("pieces", "sum(length(piece))") <= PIECES_BYTES
            pair = one.post._carrying.pair(writer.identity.id)
            assert set(pair.incoming.voided.values()) == {Reason.FULL}
            one.later = LIFETIME_S + OPENED_S + 60
            one.post._sweep()
            assert one.count("pieces") == 0

    run_virtual(story())


def test_a_stranger_writes_what_fits_into_one_item(tmp_path: Path) -> None:
    async def story() -> None:
        async with victim(tmp_path / "mail.db") as one:
            one.post.serve(Kind.TEXT, one.take)
            writer = Writer("stranger", one)
            assert one.give(writer.letter([piece(1, 0, 2)]))
            assert one.count("pieces") == 0
            assert one.post._carrying.pair(writer.identity.id).incoming.voided == {1: Reason.FULL}

    run_virtual(story())


def test_names_of_opened_letters_are_forgotten_while_the_node_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(post, "SWEEP_STEP", 10)
    monkeypatch.setattr(post, "OPENED", 5)

    async def story() -> None:
        async with victim(tmp_path / "mail.db", known=known) as one:
            writer = Writer("friend", one)
            for number in range(1, 41):
                assert one.give(writer.letter([item(number, Kind.TEXT, b"")]))
                await asyncio.sleep(1)
            assert one.count("opened") <= 5 + 10

    run_virtual(story())


def test_letters_that_nobody_can_open_do_not_make_a_task_each(tmp_path: Path) -> None:
    class Slow(Nowhere):
        async def sealing_key(self, peer: PeerId) -> bytes:
            await asyncio.sleep(1e6)
            return bytes(32)

    async def story() -> None:
        async with victim(tmp_path / "mail.db", ways=Slow()) as one:
            taken = 0
            for number in range(200):
                writer = Writer(f"liar {number}", one)
                writer.letter([item(1, Kind.TEXT, b"")])  # the one that begins the session is kept back
                one.post.keys._mail.drop_prekeys(made_before=FAR)
                taken += one.give(writer.letter([item(2, Kind.TEXT, b"")]), collected=True)
            assert taken <= LETTERS_FROM_STRANGERS_S[1]
            assert len(one.post._tasks) <= 2 * LETTERS_FROM_STRANGERS_S[1]

    run_virtual(story())


def test_a_thousand_whispers_in_one_letter_are_a_few(tmp_path: Path) -> None:
    async def story() -> None:
        async with victim(tmp_path / "mail.db", known=known) as one:
            one.post.serve(Kind.TYPING, one.take)
            assert one.give(Writer("friend", one).letter([item(0, Kind.TYPING, b"\x91\xc3") for _ in range(1000)]))
            assert len(one.got) == WHISPERS

    run_virtual(story())


def test_an_acknowledgement_of_an_epoch_that_never_comes_says_nothing(tmp_path: Path) -> None:
    async def story() -> None:
        async with victim(tmp_path / "mail.db", known=known) as one:
            writer = Writer("friend", one)
            one.post.send(writer.identity.id, Kind.TEXT, b"text")
            before = one.post._carrying.pair(writer.identity.id).outgoing.epoch
            assert one.give(writer.letter([item(1, Kind.TEXT, b"")], ack=Ack(FAR, 0, [], [])))
            assert one.post._carrying.pair(writer.identity.id).outgoing.epoch == before

    run_virtual(story())


def test_a_whisper_does_not_bring_back_a_pair_that_is_not_what_rests(tmp_path: Path) -> None:
    class Late(Nowhere):
        def __init__(self) -> None:
            self.go = asyncio.Event()

        def connected(self, peer: PeerId) -> bool:
            return True

        async def sealing_key(self, peer: PeerId) -> bytes:
            await self.go.wait()
            return friend.sealing_public

    friend = identity("friend")

    async def story() -> None:
        ways = Late()
        async with victim(tmp_path / "mail.db", known=known, ways=ways) as one:
            assert one.give(Writer("friend", one).letter([item(1, Kind.TEXT, b"")]))
            one.post.whisper(friend.id, Kind.TYPING, b"\x91\xc3")
            await asyncio.sleep(0)
            with contextlib.suppress(KeyError), one.database.write():
                one.post.send(friend.id, Kind.TEXT, b"undone")
                raise KeyError
            for _ in range(3):
                one.post.send(friend.id, Kind.TEXT, b"kept")
            ways.go.set()
            await asyncio.sleep(1)
            assert one.count("pairs", "out_next") == 4
            one.post._carrying.forget(friend.id)
            one.post.send(friend.id, Kind.TEXT, b"next")
            assert one.count("outbox") == 4

    run_virtual(story())

"""A large history opens at once. 30,000 messages of 100 contacts here; `WHERRY_LARGE_HISTORY=1000000` is the full size
(with 1,000 contacts, some minutes to fill), and prints how long everything took.
"""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pytest
from memory_post import Party

from wherry.friends.friend_store import FriendRow, FriendStore
from wherry.friends.states import Friendship, State, Word
from wherry.messages.fate import MessageState
from wherry_signaling.identity import Identity, PeerId

SIZE = int(os.environ.get("WHERRY_LARGE_HISTORY", "30000"))
CONTACTS = 1000 if SIZE >= 1_000_000 else 100
#: Seconds that a start may take: the aim for a million messages, and very many for thirty thousand.
START_S = 2.0
T = TypeVar("T")


def fill(party: Party) -> list[PeerId]:
    draw = random.Random(1)
    words = ["".join(draw.choices("abcdefghijklmnopqrstuvwxyz", k=draw.randint(2, 9))) for _ in range(20_000)]
    peers = [Identity(number.to_bytes(32, "big")).id for number in range(CONTACTS)]
    friends = FriendStore(party.store.database)
    with party.store.database.write():
        for peer in peers:
            friendship = Friendship(state=State.FRIENDS, ours=Word(bytes(16)), theirs=Word(bytes(16)))
            friends.put(FriendRow(peer=peer, friendship=friendship))
    for start in range(0, SIZE, 5000):
        with party.store.database.write():
            for number in range(start, min(start + 5000, SIZE)):
                ours, newest = bool(number & 1), number >= SIZE - 1000
                unsettled = MessageState.QUEUED if ours else MessageState.DELIVERED
                party.messages.add(
                    peers[draw.randrange(CONTACTS)],
                    draw.randbytes(16),
                    " ".join(draw.choices(words, k=draw.randint(3, 18))),
                    ours=ours,
                    state=unsettled if newest else MessageState.READ,
                    sent=number,
                    kept=number,
                )
    return peers


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_a_large_history_opens_at_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    party = Party(Identity(b"a" * 32), tmp_path / "wherry.db", "Ada")
    took: dict[str, float] = {}

    def timed(what: str, work: Callable[[], T]) -> T:
        start = time.perf_counter()
        done = work()
        took[what] = time.perf_counter() - start
        return done

    peers = timed("filling", lambda: fill(party))
    party.close()
    timed("starting", party.open)
    assert len(timed("the list of contacts", party.friends.list)) == CONTACTS
    assert len(timed("the list of chats", party.history.chats)) == CONTACTS
    page = timed("the newest page", party.history.page)
    assert len(timed("what is not settled", lambda: list(party.messages.open()))) == 500
    assert len(timed("a page of one", lambda: party.history.page(peers[0], limit=10))) == 10
    word = str(page[0].content).split()[0]
    assert timed("a search", lambda: party.messages.search(word))
    timed("marking as read", lambda: party.history.mark_read(peers[0]))
    timed("a message more", lambda: party.history.send(peers[0], "one more"))
    party.close()
    with capsys.disabled():
        for what, seconds in took.items() if SIZE >= 1_000_000 else ():
            print(f"{what}: {seconds * 1000:.1f} ms")
    assert took["starting"] < START_S
    assert sum(took.values()) - took["filling"] < 2 * START_S

"""Messages as people see them: written, received once, their fate, what was read, and found again."""

from __future__ import annotations

import re
import secrets
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import msgspec
import pytest
from hypothesis import given, settings, strategies as st
from memory_post import Party, befriend, calm, deliver, whisper

from wherry.api.chats import view_of
from wherry.api.handlers import Context
from wherry.errors import BadRequest, MessageTooLarge, PeerBlocked, UnknownMessage
from wherry.messages import message_store
from wherry.messages.events import MessageAdded, MessageChanged, TypingChanged
from wherry.messages.fate import NEXT, MessageState
from wherry.messages.limits import MESSAGE_BYTES, OPENED_S, STRANGER_UNREAD, STRANGERS_UNREAD
from wherry.messages.message_store import MessageStore
from wherry.messages.packets import Item, Kind, Reason
from wherry.messages.searching import fits, words
from wherry.messages.texts import LATEST_MS, Text, decode_content, decode_read, decode_typing, encode
from wherry.store import Database, Store
from wherry.store.schema import APPLICATION, LEFT_AT, MIGRATIONS
from wherry_signaling.errors import Malformed
from wherry_signaling.identity import Identity, PeerId


@pytest.fixture
def friends(ada: Party, bela: Party) -> None:
    befriend(ada, bela)


def fate(one: Party, other: Party, message: bytes) -> str:
    return one.history.get(other.id, message).state.word


@pytest.mark.usefixtures("friends")
def test_a_message_is_there_at_both_ends(ada: Party, bela: Party) -> None:
    sent = ada.history.send(bela.id, "the scans are big")
    assert (sent.ours, sent.state, sent.peer) == (True, MessageState.QUEUED, bela.id)
    assert deliver(ada, bela) == [None]
    assert fate(ada, bela, sent.id) == "delivered"
    [came] = bela.history.page(ada.id)
    assert (came.ours, came.content, came.id, came.sent) == (False, "the scans are big", sent.id, sent.sent)
    assert MessageAdded(peer=ada.id, id=sent.id, ours=False) in bela.seen
    assert MessageChanged(peer=bela.id, id=sent.id, ours=True) in ada.seen
    answer = bela.history.send(ada.id, b"\0\1", reply_to=sent.id)
    deliver(bela, ada)
    assert [one.content for one in ada.history.page(bela.id)] == ["the scans are big", b"\0\1"]
    assert ada.history.get(bela.id, answer.id).reply_to == sent.id


@pytest.mark.usefixtures("friends")
def test_what_comes_twice_is_there_once(ada: Party, bela: Party) -> None:
    sent = ada.history.send(bela.id, "once")
    item = ada.post.out[0][1]
    assert [bela.post.take(ada.id, item) for _ in range(3)] == [None] * 3
    assert len(bela.history.page()) == 1
    assert bela.seen.count(MessageAdded(peer=ada.id, id=sent.id, ours=False)) == 1
    assert bela.history.chats()[0].unread == 1


@pytest.mark.usefixtures("friends")
def test_what_is_refused_is_failed_with_the_reason_and_can_be_sent_again(ada: Party, bela: Party) -> None:
    bela.friends.remove(ada.id)
    sent = ada.history.send(bela.id, "hello?")
    assert deliver(ada, bela) == [Reason.REFUSED]
    failed = ada.history.get(bela.id, sent.id)
    assert (failed.state, failed.reason) == (MessageState.FAILED, Reason.REFUSED)
    again = ada.history.retry(bela.id, sent.id)
    assert again.id != sent.id
    assert [one.state.word for one in ada.history.page(bela.id)] == ["queued"]
    with pytest.raises(BadRequest, match="it is queued"):
        ada.history.retry(bela.id, again.id)


@pytest.mark.usefixtures("friends")
def test_no_message_is_both_failed_and_delivered(ada: Party, bela: Party) -> None:
    one = ada.history.send(bela.id, "one").id
    assert ada.messages.set_state(bela.id, one, MessageState.DELIVERED)
    assert not ada.messages.set_state(bela.id, one, MessageState.FAILED, Reason.EXPIRED)
    assert not ada.messages.set_held(bela.id, one, 2)
    assert fate(ada, bela, one) == "delivered"
    other = ada.history.send(bela.id, "other").id
    assert ada.messages.set_state(bela.id, other, MessageState.FAILED, Reason.EXPIRED)
    for state in MessageState:
        assert not ada.messages.set_state(bela.id, other, state)
    assert ada.history.get(bela.id, other).reason == Reason.EXPIRED


@pytest.mark.usefixtures("friends")
def test_held_says_by_how_many(ada: Party, bela: Party) -> None:
    sent = ada.history.send(bela.id, "later").id
    for held, word in ((1, "held"), (2, "held"), (0, "queued"), (2, "held")):
        ada.post.handlers.held(bela.id, Kind.TEXT, sent, held)
        assert (fate(ada, bela, sent), ada.history.get(bela.id, sent).held) == (word, held)


@pytest.mark.usefixtures("friends")
def test_reading_is_told(ada: Party, bela: Party) -> None:
    sent = [ada.history.send(bela.id, f"number {number}") for number in range(300)]
    calm(ada, bela)
    assert bela.history.chats()[0].unread == 300
    third = bela.history.page(ada.id, limit=298)[0]
    assert bela.history.mark_read(ada.id, third.number) == 3
    assert bela.history.chats()[0].unread == 297
    calm(ada, bela)
    assert [fate(ada, bela, one.id) for one in sent[2:4]] == ["read", "delivered"]
    assert bela.history.mark_read(ada.id) == 297
    calm(ada, bela)
    assert {fate(ada, bela, one.id) for one in sent} == {"read"}
    assert bela.history.mark_read(ada.id) == 0
    assert bela.history.chats()[0].unread == 0


@pytest.mark.usefixtures("friends")
def test_typing_is_whispered(ada: Party, bela: Party, cy: Party) -> None:
    ada.history.type(bela.id, True)
    ada.history.type(cy.id, True)
    whisper(ada, bela)
    assert TypingChanged(peer=ada.id, typing=True) in bela.seen
    assert not ada.post.whispered


@pytest.mark.usefixtures("friends")
def test_what_is_deleted_is_gone_here_and_taken_back_if_it_can_be(ada: Party, bela: Party) -> None:
    waiting = ada.history.send(bela.id, "waiting")
    ada.history.delete(bela.id, waiting.id)
    assert ada.post.withdrawn == [waiting.id]
    deliver(ada, bela)  # too late; its fate is nobody's news any more
    with pytest.raises(UnknownMessage):
        ada.history.get(bela.id, waiting.id)
    assert bela.history.chats()[0].unread == 1
    bela.history.delete(ada.id, waiting.id)
    assert bela.history.chats()[0].unread == 0
    bela.history.send(ada.id, "one")
    bela.history.delete_chat(ada.id)
    assert bela.history.page() == bela.history.chats() == []
    assert bela.messages.search("one") == []


def test_what_cannot_be_written(ada: Party, bela: Party) -> None:
    for content in ("", b""):
        with pytest.raises(BadRequest, match="empty"):
            ada.history.send(bela.id, content)
    with pytest.raises(BadRequest, match="own id"):
        ada.history.send(ada.id, "me")
    with pytest.raises(BadRequest, match="no text"):
        ada.history.send(bela.id, "\udcff")
    with pytest.raises(BadRequest, match="answers no message"):
        ada.history.send(bela.id, "x", reply_to=b"short")
    with pytest.raises(MessageTooLarge):
        ada.history.send(bela.id, bytes(MESSAGE_BYTES + 1))
    ada.friends.block(bela.id)
    with pytest.raises(PeerBlocked):
        ada.history.send(bela.id, "x")
    assert ada.history.page() == []


def test_the_largest_message_fits(ada: Party, bela: Party) -> None:
    befriend(ada, bela)
    data = ada.random(MESSAGE_BYTES)
    ada.history.send(bela.id, data)
    assert deliver(ada, bela) == [None]
    assert bela.history.page(ada.id)[0].content == data


@pytest.mark.usefixtures("friends")
def test_pages(ada: Party, bela: Party) -> None:
    for number in range(25):
        ada.history.send(bela.id, f"{number}")

    def page(**where: int) -> list[str]:
        return [str(one.content) for one in ada.history.page(bela.id, limit=10, **where)]

    assert page() == [str(number) for number in range(15, 25)]
    first = ada.history.page(bela.id, limit=10)[0]
    assert page(before=first.number) == [str(number) for number in range(5, 15)]
    assert page(after=first.number) == [str(number) for number in range(16, 25)]
    assert page(after=first.number - 1, before=first.number + 1) == ["15"]


@pytest.mark.usefixtures("friends")
def test_a_page_of_large_messages_has_fewer(ada: Party, bela: Party) -> None:
    for _ in range(4):
        ada.history.send(bela.id, bytes(3 * 1024 * 1024))
    assert len(ada.history.page(bela.id)) == 2
    assert len(ada.history.page(bela.id, limit=1)) == 1


@pytest.mark.usefixtures("friends")
@pytest.mark.parametrize("text", ["\0" + "x" * (5 * 1024 * 1024 - 1), "ж" * (5 * 512 * 1024)], ids=["NUL", "wide"])
def test_a_page_is_measured_in_bytes(ada: Party, bela: Party, text: str) -> None:
    for _ in range(2):
        ada.history.send(bela.id, text)
    assert [one.content for one in ada.history.page(bela.id)] == [text]


@pytest.mark.usefixtures("friends")
@pytest.mark.parametrize("lock", [False, True], ids=["open", "locked"])
async def test_search(ada: Party, bela: Party, cy: Party, lock: bool) -> None:
    ada.close()
    ada.lock = lock
    ada.open()
    for text in ("Überfahrt mit dem Boot", "the wherry's BOAT is here", "boats, boats", 'she said "boat"'):
        ada.history.send(bela.id, text)
    ada.history.send(cy.id, "a boat elsewhere")

    async def found(query: str, **how: object) -> list[str]:
        return [str(one.content)[:12] for one in await ada.history.search(query, **how)]  # type: ignore[arg-type]

    assert await found("boat") == ["a boat elsew", 'she said "bo', "boats, boats", "the wherry's"]
    assert await found("boat here") == ["the wherry's"]
    assert await found("uberfahrt") == ["Überfahrt mi"]
    assert await found("boat", peer=cy.id) == ["a boat elsew"]
    assert await found("boat", limit=2) == ["a boat elsew", 'she said "bo']
    before = (await ada.history.search("boats", limit=1))[0].number
    assert await found("boat", before=before) == ["the wherry's"]
    for nothing in ("", "  ", '"', "NOT", "boat AND nothing", "*", "x" * 5000):
        assert await found(nothing) == []


def test_both_searches_find_the_same(ada: Party, bela: Party) -> None:
    texts = ["Cœur brisé", "naïve Façade", "日本 語", "x1 y2", "under_score", "don't", "ΣΊΣΥΦΟΣ", "Straße", "İstanbul"]
    for text in texts:
        ada.history.send(bela.id, text)
    for query in ("brise", "naive", "façade", "日本", "x1 y", "under_score", "don t", "facade naive"):
        by_index = {one.content for one in ada.messages.search(query)}
        assert by_index == {text for text in texts if fits(text, words(query))}, query


def in_file(party: Party, word: bytes) -> bool:
    party.store.database.read("PRAGMA wal_checkpoint(TRUNCATE)")
    return word in b"".join(file.read_bytes() for file in party.path.parent.glob(f"{party.path.name}*"))


@pytest.mark.parametrize("whole_chat", [False, True], ids=["message", "chat"])
def test_no_word_of_what_was_deleted_stays_in_the_index(
    ada: Party, bela: Party, cy: Party, whole_chat: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(message_store, "MERGE_PAGES", 1)  # so that there are some steps

    def write(to: Party, first: int, count: int) -> None:
        for number in range(first, first + count):
            ada.history.send(to.id, " ".join(f"word{number * k % 997}" for k in range(1, 12)))

    write(cy, 0, 400)
    secret = ada.history.send(bela.id, "xylophone quokka")
    write(cy, 400, 400)
    ada.history.delete_chat(bela.id) if whole_chat else ada.history.delete(bela.id, secret.id)
    write(cy, 800, 3)
    assert in_file(ada, b"ylophone")  # else this test would show nothing
    steps = ada.messages.settle_words()
    next(steps)
    other = ada.history.send(bela.id, "gooseberry")
    assert in_file(ada, b"ooseberry")
    ada.history.delete(bela.id, other.id)  # while it goes on
    assert len(list(steps)) > 2
    assert not in_file(ada, b"ylophone")
    assert not in_file(ada, b"ooseberry")
    assert list(ada.messages.settle_words()) == []
    assert len(ada.messages.search("word7", limit=2000)) > 0
    with ada.store.database.write() as connection:
        connection.execute("INSERT INTO words (words, rank) VALUES ('integrity-check', 1)")


def test_a_home_from_before_gives_up_the_words_of_what_was_deleted_then(tmp_path: Path) -> None:
    path = tmp_path / "old.db"
    before = Database(path, application=APPLICATION, migrations=MIGRATIONS[: MIGRATIONS.index(LEFT_AT) + 1])
    with before.write() as connection:
        connection.execute("INSERT INTO chats (peer) VALUES (?)", (bytes(32),))
    for number, text in enumerate(("hello", "xylophone", "hello again")):
        values = (number.to_bytes(16, "big"), text)
        with before.write() as connection:
            connection.execute(
                "INSERT INTO messages (chat, id, ours, kind, state, sent, kept, text) VALUES (1, ?, 1, 1, 2, 1, 1, ?)",
                values,
            )
    with before.write() as connection:
        connection.execute("DELETE FROM messages WHERE text = 'xylophone'")
    before.close()
    assert b"ylophone" in path.read_bytes()
    with Store(path) as store:
        list(MessageStore(store.database).settle_words())
    assert b"ylophone" not in path.read_bytes()


def test_a_merge_that_was_left_is_ended_after_a_restart(
    ada: Party, bela: Party, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(600):
        ada.history.send(bela.id, " ".join(f"word{number * k % 997}" for k in range(1, 12)))
        if number == 300:
            secret = ada.history.send(bela.id, "xylophone quokka")
    ada.history.delete(bela.id, secret.id)
    assert in_file(ada, b"ylophone")
    monkeypatch.setattr(message_store, "MERGE_PAGES", 1)
    next(ada.messages.settle_words())
    ada.close()
    ada.open()
    list(ada.messages.settle_words())
    assert not in_file(ada, b"ylophone")


def test_bodies_rest_locked(ada: Party, bela: Party) -> None:
    befriend(ada, bela)
    ada.history.send(bela.id, "a gooseberry that was written openly")
    ada.history.delete(bela.id, ada.history.send(bela.id, "a gooseberry that was deleted").id)
    for lock in (True, False, True):
        ada.close()
        ada.lock = lock
        ada.open()
        assert sum(ada.messages.settle_locks()) == 1
        assert sum(ada.messages.settle_locks()) == 0
        ada.history.send(bela.id, "a gooseberry since")
        assert [one.content for one in ada.history.page()] == [
            "a gooseberry that was written openly",
            "a gooseberry since",
        ]
        assert len(ada.messages.search("gooseberry")) == (0 if lock else 2)
        ada.history.delete(bela.id, ada.history.page()[-1].id)
        ada.close()
        data = b"".join(file.read_bytes() for file in ada.path.parent.glob("Ada.db*"))
        assert bool(re.search(b"gooseberry", data)) is not lock
        ada.open()


def test_a_copy_sends_again_what_is_not_settled(ada: Party, bela: Party) -> None:
    befriend(ada, bela)
    sent = [ada.history.send(bela.id, f"{number}") for number in range(3)]
    deliver(ada, bela, count=1)
    ada.post.out.clear()
    ada.history.take_up()
    assert [item.id for _, item in ada.post.out] == [one.id for one in sent[1:]]
    deliver(ada, bela)
    assert [one.content for one in bela.history.page()] == ["0", "1", "2"]


@pytest.mark.parametrize("whole_chat", [False, True], ids=["message", "chat"])
def test_what_was_deleted_stays_deleted_when_it_is_said_again(ada: Party, bela: Party, whole_chat: bool) -> None:
    befriend(ada, bela)
    sent = ada.history.send(bela.id, "once")
    [item] = [item for _, item in ada.post.out]
    assert bela.post.take(ada.id, item) is None  # and Ada is restored from a copy that has not heard of it
    bela.history.delete_chat(ada.id) if whole_chat else bela.history.delete(ada.id, sent.id)
    bela.history.send(ada.id, "ours are not remembered")
    bela.history.delete_chat(ada.id)
    ada.history.take_up()
    assert deliver(ada, bela) == [None, None]
    assert bela.history.page(ada.id) == []
    assert bela.history.known(ada.id, sent.id)  # so a void of it is not answered as if it had never come
    assert bela.seen.count(MessageAdded(peer=ada.id, id=sent.id, ours=False)) == 1
    bela.now += OPENED_S
    bela.messages.sweep(bela.now)
    assert bela.history.known(ada.id, sent.id)
    bela.messages.sweep(bela.now + 1)
    assert not bela.history.known(ada.id, sent.id)
    assert bela.store.database.read("SELECT * FROM deleted") == []


def test_every_fate_has_its_way() -> None:
    assert set(NEXT) == set(MessageState)
    for state, after in NEXT.items():
        assert state not in after
        if state.settled:
            assert MessageState.FAILED not in after
            assert not after & {MessageState.QUEUED, MessageState.HELD}


@given(st.sampled_from([Kind.TEXT, Kind.BYTES]), st.binary(max_size=100))
def test_any_bytes_are_a_message_or_malformed(kind: Kind, data: bytes) -> None:
    # Invariant: a message, or Malformed.
    for decode in (lambda: decode_content(kind, data), lambda: decode_read(data), lambda: decode_typing(data)):
        try:
            decode()
        except Malformed as error:
            assert error.code == "MALFORMED"  # noqa: PT017


@settings(max_examples=20, deadline=None)
@given(text=st.text(min_size=1, max_size=200))
def test_any_text_arrives_as_it_was_written(text: str) -> None:
    # Invariant: decode(encode(x)) == x.
    body = Text(1, b"", text)
    assert decode_content(Kind.TEXT, encode(body)) == body


def test_a_message_that_makes_no_sense_is_malformed(ada: Party, bela: Party) -> None:
    befriend(ada, bela)
    for kind, body in ((Kind.TEXT, b"\x93\x01\xc4\x02ab\xa1x"), (Kind.BYTES, b""), (Kind.READ, b"\x91\x91\xc4\x01a")):
        assert bela.post.take(ada.id, Item(1, kind, bytes(16), 2**31, body)) is Reason.MALFORMED
    assert bela.history.page() == []


@pytest.mark.parametrize("sent", [LATEST_MS + 1, 2**53 - 1])
def test_a_message_is_written_before_the_year_10000(ada: Party, bela: Party, sent: int) -> None:
    befriend(ada, bela)
    for kind, content in ((Kind.TEXT, "hello"), (Kind.BYTES, b"hello")):
        body = msgspec.msgpack.encode([sent, b"", content])
        assert bela.post.take(ada.id, Item(1, kind, bytes(16), 2**31, body)) is Reason.MALFORMED
        body = msgspec.msgpack.encode([LATEST_MS, b"", content])
        assert bela.post.take(ada.id, Item(2, kind, bytes([kind]) * 16, 2**31, body)) is None


@pytest.mark.parametrize("sent", [-(2**62), LATEST_MS, 2**53 - 1, 2**62])
def test_any_time_that_is_kept_can_be_shown(ada: Party, bela: Party, sent: int) -> None:
    ada.messages.add(bela.id, bytes(16), "hi", ours=True, state=MessageState.QUEUED, sent=sent, kept=sent)
    node = SimpleNamespace(id=ada.id, trouble_of=lambda peer: None)
    view = view_of(cast(Context, SimpleNamespace(node=node)), ada.history.page()[0])
    year = "0001-01-01T00:00:00.000Z" if sent < 0 else "9999-12-31T23:59:59.000Z"
    assert (view.at, view.kept, view.until) == (year, year, year)


def test_nothing_is_looked_for_by_reading_everything(ada: Party, bela: Party, monkeypatch: pytest.MonkeyPatch) -> None:
    # No statement of daily use goes through all messages: with a million they take as long as with ten.
    befriend(ada, bela)
    database, plans = ada.store.database, []
    read = database.read

    def explained(sql: str, values: tuple[object, ...] = ()) -> list[tuple[object, ...]]:
        plans.extend((sql, str(row[3])) for row in read(f"EXPLAIN QUERY PLAN {sql}", values))  # type: ignore[arg-type]
        return read(sql, values)  # type: ignore[arg-type]

    sent = [ada.history.send(bela.id, f"word {number}") for number in range(3)]
    monkeypatch.setattr(database, "read", explained)
    ada.history.take_up()
    ada.history.chats()
    for where in ({}, {"before": 2}, {"after": 1}):
        ada.history.page(**where)
        ada.history.page(bela.id, **where)
    ada.messages.search("word")
    ada.messages.search("word", bela.id, before=2)
    ada.history.mark_read(bela.id)
    ada.history.delete(bela.id, sent[0].id)
    assert len(plans) > 20
    for sql, plan in plans:
        walks = "ORDER BY number" in sql and "LIMIT" in sql  # along the primary key, until it has enough
        assert not plan.startswith("SCAN messages") or "messages_open" in plan or walks, (sql, plan)


def test_messages_of_strangers_that_nobody_reads_are_bounded(tmp_path: Path, ada: Party, bela: Party) -> None:
    open_to_all = Party(Identity(bytes([9]) * 32), tmp_path / "open.db", "Open", writers="anyone")
    befriend(bela, open_to_all)

    def write(sender: PeerId) -> Reason | None:
        body = encode(Text(1, b"", "buy my things"))
        return open_to_all.post.take(sender, Item(1, Kind.TEXT, secrets.token_bytes(16), 2**40, body))

    verdicts = [write(ada.id) for _ in range(STRANGER_UNREAD + 5)]
    assert verdicts == [None] * STRANGER_UNREAD + [Reason.FULL] * 5
    others = [Identity((1000 + number).to_bytes(32, "big")).id for number in range(STRANGERS_UNREAD)]
    assert [write(one) for one in others].count(None) == STRANGERS_UNREAD - STRANGER_UNREAD
    assert write(bela.id) is None  # a friend
    open_to_all.history.mark_read(ada.id)
    assert write(ada.id) is None
    open_to_all.close()

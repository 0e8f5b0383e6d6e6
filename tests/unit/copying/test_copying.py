"""A profile out of one home into another: all of it or nothing, and nobody is overwritten."""

from __future__ import annotations

import errno
import secrets
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings, strategies as st
from memory_post import START, Party, befriend, calm, deliver

from wherry import copying
from wherry.copying import RESTORED, export_profile, import_profile, take_up
from wherry.errors import (
    BadRequest,
    CopyUnusable,
    DiskFull,
    ExportCorrupt,
    ExportLocked,
    HomeTaken,
    HomeUnusable,
    IdentityLocked,
)
from wherry.friends.presence import Chosen
from wherry.friends.profile_store import ProfileStore
from wherry.home import Home
from wherry.messages.fate import MessageState
from wherry.profile_file import write
from wherry_signaling import keyfile
from wherry_signaling.identity import Identity
from wherry_signaling.keyfile import Cost

CHEAP = Cost(passes=1, memory_kib=8)
PICTURE = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\0\x10\0\0\0\x10" + bytes(80)


@pytest.fixture
def ada(tmp_path: Path) -> Iterator[Party]:
    made = Party(Identity(b"a" * 32), tmp_path / "Ada.db", "Ada")
    yield made
    made.close()


@pytest.fixture
def bela(tmp_path: Path) -> Iterator[Party]:
    made = Party(Identity(b"b" * 32), tmp_path / "Bela.db", "Bela")
    yield made
    made.close()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "ada.wherry"


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "new home")


def export(party: Party, file: Path) -> int:
    return export_profile(party.identity, party.name, party.path, file, "sesame", wall_clock=lambda: START, cost=CHEAP)


def copy_of(party: Party, home: Home, file: Path) -> Party:
    """The party in its new home."""
    export(party, file)
    assert import_profile(home, file, "sesame") == party.id
    return Party(home.identity(), home.database, home.remembered().name or "?", lock=party.lock)


def lived(ada: Party, bela: Party) -> None:
    """Something of everything."""
    befriend(ada, bela)
    ada.addresses.new("card")
    ada.friends.label(bela.id, "B.")
    ada.profiles.set(description="I write programs", avatar=PICTURE)
    ada.presences.choose(Chosen.AWAY)
    for number in range(5):
        ada.history.send(bela.id, f"number {number}")
        bela.history.send(ada.id, b"\0" * number + b"\1")
        calm(ada, bela)
    bela.history.mark_read(ada.id)
    calm(ada, bela)


@pytest.mark.parametrize("lock", [False, True], ids=["open", "locked"])
def test_all_of_it_is_there(ada: Party, bela: Party, home: Home, file: Path, lock: bool) -> None:
    ada.close()
    ada.lock = lock
    ada.open()
    lived(ada, bela)
    copy = copy_of(ada, home, file)
    assert file.stat().st_mode & 0o777 == home.identity_file.stat().st_mode & 0o777 == 0o600
    list(copy.messages.settle_locks())
    for what in (
        lambda party: party.addresses.list(),
        lambda party: party.friends.list(),
        lambda party: (party.profiles.own(), party.profiles.of(bela.id)),
        lambda party: party.presences.chosen,
        lambda party: [(one.peer, one.id, one.ours, one.state, one.content) for one in party.history.page()],
        lambda party: [(one.peer, one.unread) for one in party.history.chats()],
        lambda party: party.store.peers(),
    ):
        assert what(copy) == what(ada)
    copy.close()


def test_what_was_not_settled_is_said_again_and_arrives_once(
    ada: Party, bela: Party, home: Home, file: Path, tmp_path: Path
) -> None:
    befriend(ada, bela)
    cy = Party(Identity(b"c" * 32), tmp_path / "Cy.db", "Cy")
    ada.friends.add(cy.addresses.get(), "hello")
    sent = [ada.history.send(bela.id, f"number {number}").id for number in range(3)]
    ada.post.handlers.held(bela.id, 1, sent[0], 2)
    copy = copy_of(ada, home, file)
    deliver(ada, bela, count=1)  # the original goes on for a while
    assert take_up(copy.store.database, copy.friends, copy.history)
    assert not take_up(copy.store.database, copy.friends, copy.history)
    calm(copy, bela)
    calm(copy, cy)
    assert [one.content for one in bela.history.page(ada.id)] == ["number 0", "number 1", "number 2"]
    assert {one.state for one in copy.history.page(bela.id)} == {MessageState.DELIVERED}
    assert cy.friends.get(ada.id).state.value == "received"
    copy.close()
    cy.close()


def test_a_copy_of_the_node_is_marked_once(ada: Party, home: Home, file: Path) -> None:
    copy = copy_of(ada, home, file)
    assert ProfileStore(copy.store.database).choice(RESTORED) == "yes"
    assert ProfileStore(ada.store.database).choice(RESTORED) == ""
    copy.close()


def test_nobody_is_overwritten(ada: Party, home: Home, file: Path) -> None:
    export(ada, file)
    before = file.read_bytes()
    with pytest.raises(CopyUnusable, match="exists"):
        export(ada, file)
    assert file.read_bytes() == before
    stranger = home.identity()
    with pytest.raises(HomeTaken):
        import_profile(home, file, "sesame")
    assert Home(home.path).identity().id == stranger.id
    home.identity_file.unlink()
    home.database.write_bytes(b"precious")
    with pytest.raises(HomeTaken):
        import_profile(home, file, "sesame")
    assert home.database.read_bytes() == b"precious"


def test_nothing_is_left_of_a_file_that_cannot_be_read(ada: Party, bela: Party, home: Home, file: Path) -> None:
    lived(ada, bela)
    export(ada, file)
    good = file.read_bytes()
    for data, error in ((good[:-1], ExportCorrupt), (good + b"x", ExportCorrupt), (b"", ExportCorrupt)):
        file.write_bytes(data)
        with pytest.raises(error):
            import_profile(home, file, "sesame")
    file.write_bytes(good)
    with pytest.raises(ExportLocked):
        import_profile(home, file, "other")
    with pytest.raises(HomeUnusable):
        import_profile(home, file.with_name("nothing"), "sesame")
    assert sorted(path.name for path in home.path.iterdir()) == ["run"]
    assert import_profile(home, file, "sesame") == ada.id


@pytest.mark.parametrize("error", [DiskFull("full"), KeyboardInterrupt(), OSError(errno.ENOSPC, "full")])
@pytest.mark.parametrize("where", ["create", "sync_folder"])
def test_nothing_is_left_where_the_key_cannot_be_written(
    ada: Party, home: Home, file: Path, where: str, error: BaseException, monkeypatch: pytest.MonkeyPatch
) -> None:
    export(ada, file)
    real = getattr(keyfile, where)

    def fail(*given: Any, **how: Any) -> None:
        real(*given, **how)
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(keyfile, where, fail)
        with pytest.raises((type(error), HomeUnusable, DiskFull)):
            import_profile(home, file, "sesame")
    assert sorted(path.name for path in home.path.iterdir()) == ["run"]
    assert import_profile(home, file, "sesame") == ada.id


def test_nothing_is_left_where_the_name_cannot_be_kept(ada: Party, home: Home, file: Path) -> None:
    export(ada, file)
    home.make()
    damaged = home.path / "remembered.json"
    damaged.write_text("no JSON")
    with pytest.raises(HomeUnusable, match="damaged"):
        import_profile(home, file, "sesame")
    assert sorted(path.name for path in home.path.iterdir()) == ["remembered.json", "run"]
    damaged.unlink()
    assert import_profile(home, file, "sesame") == ada.id


NUMBERS = st.one_of(
    st.integers(min_value=-(2**63), max_value=2**64 - 1),
    st.sampled_from([0, 1, 2, 10, 2**53 - 1, 2**53, 2**63 - 1, 2**63, 2**64 - 1, -1]),
)
TIMES = st.one_of(NUMBERS, st.floats())
KEYS = st.sampled_from([Identity(b"a" * 32).id.key, Identity(b"b" * 32).id.key, b"k" * 32, b"\1" + bytes(31)])
IDS = st.sampled_from([b"i" * 16, b"j" * 16])
OWNERS = st.tuples(st.just("owner"), st.just(b"s" * 32), st.just("Ada"), TIMES)


def perhaps(one: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.one_of(st.none(), one)


CRAFTED = st.one_of(
    OWNERS,
    st.tuples(st.just("address"), st.just("card"), st.just(b"n" * 8), TIMES),
    st.tuples(st.just("peer"), KEYS, st.just("A"), st.just("B"), perhaps(TIMES)),
    st.tuples(
        *(st.just("friend"), KEYS, st.lists(KEYS, max_size=2), st.sampled_from(["friends", "sent", "foe"]), TIMES),
        *(perhaps(st.tuples(IDS, perhaps(IDS))), perhaps(st.tuples(IDS, perhaps(IDS)))),
        *(perhaps(st.tuples(IDS, NUMBERS, perhaps(IDS))), st.just("hello"), st.just(None), perhaps(NUMBERS)),
        *(st.just(""), TIMES),
    ),
    st.tuples(
        *(st.just("message"), KEYS, IDS, st.booleans(), st.sampled_from(["text", None]), st.just(None)),
        *(NUMBERS, perhaps(NUMBERS), NUMBERS, NUMBERS, perhaps(IDS)),
    ),
)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(owner=OWNERS, entries=st.lists(CRAFTED, max_size=3))
@example(("owner", b"s" * 32, "Ada", float("nan")), [])
@example(("owner", b"s" * 32, "Ada", 1.0), [("address", "card", b"n" * 8, float("nan"))])
@example(
    ("owner", b"s" * 32, "Ada", 1.0),
    [("message", Identity(b"a" * 32).id.key, b"i" * 16, True, "t", None, 0, None, 2**63, 1, None)],
)
@example(
    ("owner", b"s" * 32, "Ada", 1.0),
    [("friend", Identity(b"a" * 32).id.key, [], "friends", float("nan"), None, None, None, "", None, None, "", 0)],
)
def test_whatever_number_stands_in_a_file_it_is_kept_whole_or_corrupt(
    tmp_path: Path, owner: Any, entries: list[Any]
) -> None:
    # Invariant: a home, or ExportCorrupt and nothing at all.
    file, home = tmp_path / "crafted", Home(tmp_path / secrets.token_hex(4))
    file.write_bytes(b"".join(write([owner, *entries], "sesame", random=secrets.token_bytes, cost=CHEAP)))
    try:
        import_profile(home, file, "sesame", cost=CHEAP)
    except ExportCorrupt:
        assert sorted(path.name for path in home.path.iterdir()) == ["run"]
    else:
        export_profile(home.identity(), "A", home.database, home.path / "f", "s", wall_clock=lambda: START, cost=CHEAP)


def test_an_export_needs_a_passphrase(ada: Party, file: Path) -> None:
    with pytest.raises(BadRequest, match="passphrase"):
        export_profile(ada.identity, "Ada", ada.path, file, "", wall_clock=lambda: START)
    assert not file.exists()


def test_the_new_key_can_rest_under_a_passphrase(ada: Party, home: Home, file: Path) -> None:
    export(ada, file)
    import_profile(home, file, "sesame", key_passphrase="another", cost=CHEAP)
    with pytest.raises(IdentityLocked):
        Home(home.path).identity()
    assert Home(home.path, ask_passphrase=lambda: "another").identity().id == ada.id


def test_an_export_sees_one_moment_while_others_write(
    ada: Party, bela: Party, home: Home, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    befriend(ada, bela)
    for number in range(10):
        ada.history.send(bela.id, f"number {number}")
    monkeypatch.setattr(copying, "PAGE", 2)
    reading, written = threading.Event(), threading.Event()
    real = copying._friend_entry

    def meanwhile(*given: object) -> object:
        reading.set()
        assert written.wait(10)
        return real(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(copying, "_friend_entry", meanwhile)
    thread = threading.Thread(target=export, args=(ada, file))
    thread.start()
    assert reading.wait(10)
    ada.history.send(bela.id, "too late for this copy")
    written.set()
    thread.join()
    import_profile(home, file, "sesame")
    copy = Party(home.identity(), home.database, "Ada")
    assert [one.content for one in copy.history.page()] == [f"number {number}" for number in range(10)]
    assert len(ada.history.page()) == 11
    copy.close()

"""Friends and messages on the command line, as people type them: real nodes, ended and killed meanwhile."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.integration.test_cli_real import LOOPBACK, WHERRY, Start, Up, environment, up
from wherry.api.chats import PageRequest

__all__ = ["up"]
PATIENCE_S = 30
POLL_S = 0.05
PAGE = PageRequest()

Type = Callable[..., str]


@pytest.fixture
def wherry(tmp_path: Path) -> Type:
    """Types a command for one home; returns what it says, or what it complains of where it ends with another `code`."""

    def run(home: str, *words: str, stdin: str = "", code: int = 0) -> str:
        done = subprocess.run(
            [*WHERRY, *words, "--home", str(tmp_path / home)],
            input=stdin,
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
            env=environment(tmp_path),
        )
        assert done.returncode == code, done.stderr
        return done.stdout if code == 0 else done.stdout + done.stderr

    return run


def typed_at_a_terminal(tmp_path: Path, home: str, *words: str) -> bytes:
    """What a command says there."""
    ours, theirs = pty.openpty()
    try:
        command = [*WHERRY, *words, "--home", str(tmp_path / home)]
        subprocess.run(command, stdout=theirs, check=True, timeout=PATIENCE_S, env=environment(tmp_path))
        return os.read(ours, 4096)
    finally:
        os.close(ours)
        os.close(theirs)


def until(what: Callable[[], Any]) -> Any:
    """Ask until there is an answer; other processes tell nobody when they are done."""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        if found := what():
            return found
        time.sleep(POLL_S)
    raise AssertionError("it never came")


def friends(one: Up) -> dict[str, str]:
    return {friend.name: friend.state for friend in one.client.friends().friends}


def test_two_homes_write_to_each_other_with_either_of_them_away(up: Start, wherry: Type) -> None:
    first = up("xin", *LOOPBACK, "--name", "Xin").wait_ready()
    link = first.client.id().invite
    others = [
        up(name, *LOOPBACK, "--name", name.title(), "--bootstrap", link) for name in ("yan", "zoe", "ada", "bela")
    ]
    for one in others:
        one.wait_ready()
        one.client.ready(PATIENCE_S)
    ada, bela = others[2:]

    wherry("ada", "friend", "add", bela.client.id().invite, "--hello", "It is me.")
    until(lambda: friends(bela).get("Ada") == "received")
    assert "It is me." in wherry("bela", "friend", "list")
    wherry("bela", "friend", "accept", "Ada")
    until(lambda: friends(ada).get("Bela") == "friends")
    assert wherry("ada", "friend", "compare", "Bela") == wherry("bela", "friend", "compare", "Ada")

    follower = subprocess.Popen(
        [*WHERRY, "messages", "Ada", "--follow", "--json", "--home", str(bela.home)], stdout=subprocess.PIPE, text=True
    )
    try:
        assert wherry("ada", "send", "Bela", "one").strip() == "delivered"
        assert follower.stdout is not None
        line = json.loads(follower.stdout.readline())
        assert {**line, "from": ada.client.id().id, "to": bela.client.id().id, "text": "one"} == line
        assert line["state"] == "delivered"
    finally:
        follower.send_signal(signal.SIGINT)
        follower.communicate(timeout=PATIENCE_S)

    until(lambda: len(bela.client.status().introducers) >= 2)
    assert bela.end()[0] == 0
    assert wherry("ada", "send", "Bela", "two").startswith("held: kept, sealed, at 2 places")
    assert ada.end()[0] == 0
    first.process.kill()  # perhaps one of her mailboxes
    bela = up("bela", *LOOPBACK, "--bootstrap", others[0].client.id().invite).wait_ready()
    texts = until(lambda: [text for text in wherry("bela", "messages", "Ada").splitlines() if text.endswith("two")])
    assert len(texts) == 1
    assert json.loads(wherry("bela", "messages", "Ada", "--search", "tw", "--json"))["text"] == "two"

    wherry("bela", "export", str(bela.home / "copy"), stdin="correct horse\n")
    assert bela.end()[0] == 0
    assert wherry("new", "import", str(bela.home / "copy"), stdin="correct horse\n").startswith("12D3KooW")
    again = up("new", *LOOPBACK, "--bootstrap", others[0].client.id().invite).wait_ready()
    assert friends(again) == {"Ada": "friends"}
    assert [one.text for one in again.client.messages(PAGE)] == ["one", "two"]


def test_an_address_is_rotated_and_what_is_looked_at_counts_as_read(up: Start, wherry: Type, tmp_path: Path) -> None:
    ada = up("ada", *LOOPBACK, "--name", "Ada").wait_ready()
    old = wherry("ada", "id", "--invite").strip()
    bela = up("bela", *LOOPBACK, "--name", "Bela", "--bootstrap", old).wait_ready()
    bela.client.ready(PATIENCE_S)
    new = wherry("ada", "address", "rotate").strip()
    wherry("bela", "friend", "add", old)
    failed = until(lambda: [one.failure for one in bela.client.friends().friends if one.failure is not None])
    assert failed[0].code == "OLD_ADDRESS"
    assert friends(ada) == {}
    wherry("bela", "friend", "add", new)
    until(lambda: friends(ada).get("Bela") == "received")
    assert "does not accept" in wherry("bela", "send", new, "not yet friends", code=6)
    assert '"REFUSED_BY_PEER"' in wherry("bela", "send", new, "still not", "--json", code=6)
    assert "no text" in wherry("bela", "send", new, "\udcff", code=2)
    wherry("ada", "friend", "accept", "Bela")
    until(lambda: friends(bela).get("Ada") == "friends")
    wherry("bela", "send", "Ada", "have you seen it?")
    until(lambda: "have you seen it?" in wherry("ada", "messages", "Bela"))
    assert [one.unread for one in ada.client.friends().friends] == [1]  # a pipe looks at nothing
    assert b"have you seen it?" in typed_at_a_terminal(tmp_path, "ada", "messages", "Bela")
    assert [one.unread for one in ada.client.friends().friends] == [0]
    until(lambda: bela.client.messages(PAGE)[-1].state == "read")

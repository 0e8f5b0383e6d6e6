"""The commands: what they print, where, and with which exit code; a played node answers at a real socket."""

from __future__ import annotations

import asyncio
import io
import json
import os
import re
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from fake_node import ADA, BELA, INVITE, ME, FakeNode

from wherry.api.server import serve
from wherry.cli.program import main
from wherry.cli.table import COMMANDS
from wherry.home import Home

HEAVY = {"aiortc", "av", "aioice", "kademlia", "rpcudp", "aiohttp", "zeroconf", "rich", "segno"}


@dataclass(frozen=True, slots=True)
class Result:
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Wherry = Callable[..., Awaitable[Result]]


@pytest.fixture
def node() -> FakeNode:
    return FakeNode()


@pytest.fixture
def wherry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Wherry:
    """Runs a command in this process, against the home in `tmp_path`."""
    for name in list(os.environ):
        if name.startswith("WHERRY_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("WHERRY_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))

    def call() -> int:
        try:
            main()
        except SystemExit as end:
            return int(end.code or 0)

    async def run(*words: str) -> Result:
        monkeypatch.setattr(sys, "argv", ["wherry", *words])
        code = await asyncio.to_thread(call)
        out, err = capsys.readouterr()
        return Result(code, out, err)

    return run


@pytest.fixture
async def up(node: FakeNode, tmp_path: Path) -> AsyncIterator[FakeNode]:
    home = Home(tmp_path / "home")
    home.make()
    async with serve(node, home.socket, version="0.1.0"):
        yield node


@pytest.fixture
async def up_on_tcp(node: FakeNode, tmp_path: Path) -> AsyncIterator[str]:
    """A node whose API listens on TCP too, and where."""
    home = Home(tmp_path / "home")
    home.make()
    async with serve(node, home.socket, version="0.1.0", port=0) as address:
        yield address


# -- what they print --------------------------------------------------------------------------------------------------


async def test_status(wherry: Wherry, up: FakeNode) -> None:
    result = await wherry("status")
    assert (result.code, result.err) == (0, "")
    lines = result.out.splitlines()
    assert re.fullmatch(rf"Quiet Heron  …{str(ME)[-6:]}   up .*   wherry 0\.1\.0", lines[0])
    assert lines[1] == "Reachable    from anywhere, through 1 introducer (Ada 18 ms)"
    assert lines[2] == "Page         http://192.168.1.20:4770/"
    assert lines[5].split() == ["PEER", "WAY", "RTT", "IN", "OUT", "SINCE"]
    assert lines[6].split()[:6] == ["Bela", f"…{str(BELA)[-6:]}", "direct", "18", "ms", "1.2"]
    assert lines[-1] == "! This computer's clock is 47 min slow. Set it."


async def test_status_as_json_is_the_view(wherry: Wherry, up: FakeNode) -> None:
    result = await wherry("status", "--json")
    assert result.json["v"] == 1
    assert result.json["reachability"] == "anywhere"
    assert result.json["introducers"][0]["peer"] == str(ADA)
    assert result.json["connections"][0]["path"] == "direct"
    assert len(result.out.splitlines()) == 1


async def test_id(wherry: Wherry, up: FakeNode) -> None:
    result = await wherry("id")
    assert result.out.splitlines()[1] == f"id       {ME}"
    assert (await wherry("id", "--invite")).out == INVITE + "\n"
    assert set((await wherry("id", "--json")).json) == {"v", "id", "name", "address", "invite", "multiaddrs"}
    qr = (await wherry("id", "--qr", "--invite")).out
    assert "█" in qr
    assert qr.endswith(INVITE + "\n")


async def test_peers(wherry: Wherry, up: FakeNode) -> None:
    assert len((await wherry("peers")).out.splitlines()) == 3
    assert [peer["name"] for peer in (await wherry("peers", "--json")).json["peers"]] == ["Bela", "Cy"]
    up.connections = []
    result = await wherry("peers")
    assert (result.out, result.err) == ("", "Nobody here yet. Hand out your link: wherry id --invite\n")


async def test_connect(wherry: Wherry, up: FakeNode) -> None:
    result = await wherry("connect", "Bela")
    assert re.fullmatch(rf"connected to Bela …{str(BELA)[-6:]}  direct  18 ms, after .* ms\n", result.out)
    assert (await wherry("connect", str(BELA), "--json")).json["peer"] == str(BELA)


async def test_ping(wherry: Wherry, up: FakeNode) -> None:
    result = await wherry("ping", "Bela", "-i", "0.1")
    lines = result.out.splitlines()
    assert lines[0] == f"reply from Bela …{str(BELA)[-6:]}  18 ms  direct  203.0.113.9:41002"
    assert lines[-1] == "4 of 4 answered, 18/19.5/21 ms min/median/max"
    assert len(lines) == 5
    result = await wherry("ping", "Bela", "-c", "2", "-i", "0.1", "--json")
    assert result.json == {"v": 1, "peer": str(BELA), "rtt_ms": [18.0, 19.0], "path": "direct"}


async def test_ping_stops_once_it_has_become_direct(wherry: Wherry, up: FakeNode) -> None:
    up.paths = ["relayed", "direct"]
    result = await wherry("ping", "Bela", "-i", "0.1", "-c", "9")
    assert re.search(r"^2 of 2 answered, .*; direct after ", result.out, re.MULTILINE)


async def test_ping_without_an_answer_is_a_timeout(wherry: Wherry, up: FakeNode) -> None:
    up.paths = [None]
    result = await wherry("ping", "Bela", "-i", "0.1", "-c", "2")
    assert result.code == 5
    assert result.out.splitlines()[-1] == "0 of 2 answered"
    assert result.err == "The peer did not answer in time: none of 2 pings came back. See why: wherry explain Bela\n"


async def test_explain(wherry: Wherry, up: FakeNode) -> None:
    lines = (await wherry("explain", "Cy")).out.splitlines()
    assert lines[:2] == ["Cy is connected through a relay, encrypted.", "What to do: Nothing needed."]
    assert lines[2].split() == ["0.0", "ms", "look-up", "found", "(introducers", "2)"]
    assert lines[3].split() == ["2.1", "s", "open", "Ada:", "open"]
    assert (await wherry("explain", "Cy", "--json")).json["trace"][1]["t_ms"] == 2100.4


async def test_config_of_the_node_that_runs(wherry: Wherry, up: FakeNode) -> None:
    result = await wherry("config", "show", "--origin")
    assert re.search(r'^name +"Quiet Heron" +flag --name$', result.out, re.MULTILINE)
    assert re.search(r"^mdns +true +default$", result.out, re.MULTILINE)
    assert (await wherry("config", "show", "--json")).json["settings"]["mdns"] == {"value": True, "origin": "default"}


async def test_config_that_a_node_would_start_with(wherry: Wherry, tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "config.toml").write_text("introducers = 2\n")
    result = await wherry("config", "show", "--origin")
    assert re.search(rf"^introducers +2 +{tmp_path}/home/config.toml$", result.out, re.MULTILINE)
    (tmp_path / "home" / "config.toml").write_text("introducers = 'two'\n")
    result = await wherry("config", "show")
    assert (result.code, result.out) == (2, "")
    assert "introducers = 'two'" in result.err


async def test_waiting_for_a_node_that_starts(wherry: Wherry, node: FakeNode, tmp_path: Path) -> None:
    waiting = asyncio.create_task(wherry("status", "--wait", "20", "--json"))
    home = Home(tmp_path / "home")
    home.make()
    async with serve(node, home.socket, version="0.1.0"):
        assert (await waiting).json["id"] == str(ME)


async def test_down_returns_when_the_node_is_gone(wherry: Wherry, node: FakeNode, tmp_path: Path) -> None:
    home = Home(tmp_path / "home")

    async def run() -> None:
        with home.locked():
            async with serve(node, home.socket, version="0.1.0"):
                running.set()
                await node.stopped.wait()

    running = asyncio.Event()
    task = asyncio.create_task(run())
    await running.wait()
    result = await wherry("down")
    assert (result.code, result.out, result.err) == (0, "", "")
    assert not home.socket.exists()
    await task


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
async def test_completion(wherry: Wherry, shell: str) -> None:
    result = await wherry("completion", shell)
    assert result.code == 0
    assert "_WHERRY_COMPLETE" in result.out


# -- the dashboard and programs ---------------------------------------------------------------------------------------


async def test_dashboard_prints_a_link_that_works_once(wherry: Wherry, up_on_tcp: str) -> None:
    first, second = await wherry("dashboard"), await wherry("dashboard", "--json")
    assert re.fullmatch(rf"http://{up_on_tcp}/#token=[\w-]{{43}}\n", first.out)
    assert (first.code, first.err) == (0, "")
    assert second.json["v"] == 1
    assert second.json["url"] != first.out.strip()
    assert second.json["expires"].endswith("Z")
    assert (await wherry("dashboard", "--sign-out")).out == "0 sessions ended\n"
    assert (await wherry("status", "--json")).json["api"] == up_on_tcp


async def test_without_tcp_there_is_no_dashboard(wherry: Wherry, up: FakeNode) -> None:
    result = await wherry("dashboard")
    assert (result.code, result.out) == (2, "")
    assert "serves no dashboard" in result.err


async def test_a_programs_token_is_told_once_listed_and_revoked(wherry: Wherry, up_on_tcp: str) -> None:
    result = await wherry("token", "new", "my-bot")
    assert re.fullmatch(r"wherry_[\w-]{43}\n", result.out)
    listed = await wherry("token", "list")
    assert listed.out.splitlines()[1].split()[0] == "my-bot"
    assert result.out.strip() not in listed.out
    assert (await wherry("token", "new", "my-bot")).code == 2
    assert (await wherry("token", "new", "two words")).code == 2
    assert (await wherry("token", "revoke", "my-bot")).code == 0
    gone = await wherry("token", "revoke", "my-bot", "--json")
    assert (gone.code, gone.json["error"]["code"]) == (2, "BAD_REQUEST")
    assert (await wherry("token", "list", "--json")).json == {"v": 1, "tokens": []}
    other = await wherry("token", "new", "other", "--json")
    assert other.json["url"] == f"http://{up_on_tcp}"


# -- exit codes and errors --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", ["status", "id", "peers", "down", "connect x", "ping x", "explain x"])
async def test_without_a_node(wherry: Wherry, command: str) -> None:
    result = await wherry(*command.split())
    assert (result.code, result.out) == (3, "")
    assert result.err == "No node is running here. Start one: wherry up\n"
    result = await wherry(*command.split(), "--json")
    assert result.code == 3
    assert result.json == {
        "v": 1,
        "error": {"code": "NO_NODE", "message": "No node is running here", "hint": "Start one: wherry up"},
    }
    assert result.err == ""


@pytest.mark.parametrize(
    ("words", "code", "error"),
    [
        ("connect nobody", 4, "UNKNOWN_PEER"),
        ("connect twin", 2, "AMBIGUOUS_PEER"),
        ("connect Ada", 4, "PEER_NOT_FOUND"),
        ("ping Ada", 4, "PEER_NOT_FOUND"),
        ("ping Cy -c 2 -i 0.1", 4, "PEER_NOT_FOUND"),
        ("ping Bela -c 0", 2, "USAGE"),
        ("ping Bela --timeout nan", 2, "USAGE"),
        ("ping Bela --timeout inf", 2, "USAGE"),
        ("ping Bela --interval nan", 2, "USAGE"),
        ("ping Bela --interval 1e300", 2, "USAGE"),
        ("status --wait nan", 2, "USAGE"),
        ("status --wait 1e300", 2, "USAGE"),
        ("connect", 2, "USAGE"),
        ("status --colour", 2, "USAGE"),
        ("sttaus", 2, "USAGE"),
        ("demo --nodes 1", 2, "USAGE"),
        ("completion tcsh", 2, "USAGE"),
        ("status --wait 0.2", 5, "NOT_READY"),
    ],
)
async def test_exit_codes(wherry: Wherry, up: FakeNode, words: str, code: int, error: str) -> None:
    up.ready = False
    result = await wherry(*words.split(), "--json")
    assert result.code == code
    assert result.err == ""
    assert json.loads(result.out)["error"]["code"] == error
    result = await wherry(*words.split())
    assert result.code == code
    assert len(result.err.splitlines()) == 1
    assert "Traceback" not in result.err


@pytest.mark.parametrize("peer", ["", " ", "x" * 100_000])
async def test_what_cannot_name_a_peer_is_refused_in_words_of_the_command(
    wherry: Wherry, up: FakeNode, peer: str
) -> None:
    for command in ("connect", "ping", "explain"):
        result = await wherry(command, "--json", "--", peer)
        assert (result.code, result.json["error"]["code"]) == (2, "USAGE")
        assert "PEER" in result.json["error"]["message"]


async def test_a_slip_gets_a_guess(wherry: Wherry) -> None:
    result = await wherry("sttaus")
    assert result.err == "Not understood: No such command 'sttaus'. Did you mean status?\n"


async def test_an_error_about_a_peer_names_it_in_json(wherry: Wherry, up: FakeNode) -> None:
    assert (await wherry("connect", "Ada", "--json")).json["error"]["peer"] == str(ADA)


async def test_wherry_alone_is_a_question(wherry: Wherry) -> None:
    result = await wherry()
    assert result.code == 0
    assert "demo" in result.out


async def test_up_refuses_before_it_imports_anything(
    wherry: Wherry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO())  # nobody to ask, and nothing in the pipe
    home = Home(tmp_path / "home")
    with home.locked():
        result = await wherry("up", "--no-mdns")
    assert result.code == 1
    assert result.err == (
        f"A node is already running here: process {os.getpid()} has {home.path}. Use it, or stop it: wherry down\n"
    )
    home.identity_file.write_bytes(b"precious")
    result = await wherry("up", "--no-mdns")
    assert result.code == 1
    assert result.err.startswith(f"The identity file is damaged: {home.identity_file}: it has 8 bytes")
    assert home.identity_file.read_bytes() == b"precious"
    result = await wherry("up", "--listen", "nowhere")
    assert result.code == 2
    assert "IP:PORT" in result.err
    result = await wherry("up", "--passphrase", "--home", str(tmp_path / "new"))
    assert result.code == 2
    assert "terminal" in result.err
    assert not (tmp_path / "new" / "identity.key").exists()


# -- how fast, and with how little ------------------------------------------------------------------------------------


def python(code: str, *words: str, **more: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", code, *words], capture_output=True, text=True, timeout=60, **more)


def test_help_is_there_at_once() -> None:
    # Processor time, which other work on the machine does not lengthen; the best of three, as caches have to warm up.
    def once() -> float:
        before = os.times()
        subprocess.run([sys.executable, "-m", "wherry", "--help"], capture_output=True, check=True, timeout=60)
        after = os.times()
        return after.children_user + after.children_system - before.children_user - before.children_system

    assert min(once() for _ in range(3)) < 0.3


def test_no_command_imports_what_it_does_not_need() -> None:
    modules = [f"wherry.cli.{entry.module}" for entry in COMMANDS]
    code = f"import sys, {', '.join(modules)}; print(*sorted(set(sys.modules) & {HEAVY!r}))"
    found = python(code)
    assert (found.returncode, found.stdout) == (0, "\n"), found.stderr


def test_the_table_has_every_command_and_its_help() -> None:
    from importlib import import_module

    for entry in COMMANDS:
        command = getattr(import_module(f"wherry.cli.{entry.module}"), entry.attribute)
        assert command.name == entry.name
        assert command.help
        assert "\n" not in entry.help


def test_interrupted_is_130() -> None:
    code = (
        "import sys, wherry.cli.status as s, wherry.cli.program as p\n"
        "def node_at(home): raise KeyboardInterrupt\n"
        "s.node_at = node_at; sys.argv = ['wherry', 'status']; p.main()\n"
    )
    done = python(code)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "\n")


def test_interrupted_while_the_program_is_imported_is_130() -> None:
    code = (
        "import builtins, sys\n"
        "from wherry.cli import main\n"
        "real = builtins.__import__\n"
        "def interrupted(name, *rest):\n"
        "    if 'click' in name: raise KeyboardInterrupt\n"
        "    return real(name, *rest)\n"
        "builtins.__import__ = interrupted; main()\n"
    )
    done = python(code)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")


def test_a_reader_that_has_had_enough_is_no_failure(tmp_path: Path) -> None:
    done = subprocess.run(
        f"{sys.executable} -m wherry --help | true; echo ${{PIPESTATUS[0]}}",
        shell=True,
        executable="/bin/bash",
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert "Traceback" not in done.stderr

"""The command line with real nodes: processes on this machine that talk over loopback, started and ended as people do.

What a newcomer meets first, and what goes wrong first: two homes and one link, the demo, a second `up`, a busy port,
damaged files, Ctrl-C, and a demo that is killed.
"""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from wherry.api.client import Client
from wherry.home import Home

WHERRY = [sys.executable, "-m", "wherry"]
LOOPBACK = ["--no-mdns", "--listen", "127.0.0.1:0"]

#: A program that runs `wherry` where nobody can import WebRTC or the DHT.
BARE = """
import sys
class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {"aiortc", "av", "kademlia", "rpcudp"}:
            raise ImportError("refused: " + name)
sys.meta_path.insert(0, Refuse())
from wherry.cli import main
main()
"""


def environment(tmp_path: Path) -> dict[str, str]:
    """This process's, without what its user has configured."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("WHERRY_")}
    return kept | {"XDG_CONFIG_HOME": str(tmp_path / "no-configuration")}


class Up:
    """A running `wherry up`."""

    def __init__(self, process: subprocess.Popen[str], home: Path) -> None:
        self.process, self.home = process, home
        self.lines: list[str] = []

    def wait_ready(self) -> Up:
        assert self.process.stdout is not None
        while not self.lines or not self.lines[-1].startswith("ready  "):
            line = self.process.stdout.readline()
            assert line, f"it ended: {self.process.communicate()}"
            self.lines.append(line.rstrip("\n"))
        return self

    @property
    def client(self) -> Client:
        return Client(Home(self.home).socket)

    def end(self, number: int = signal.SIGTERM) -> tuple[int, str]:
        self.process.send_signal(number)
        _, err = self.process.communicate(timeout=30)
        return self.process.returncode, err


Start = Callable[..., Up]


@pytest.fixture
def up(tmp_path: Path) -> Iterator[Start]:
    """Starts `wherry up` in a home of that name; whatever still runs at the end is ended."""
    started: list[Up] = []

    def start(name: str, *words: str, program: list[str] = WHERRY, command: str = "up") -> Up:
        home = tmp_path / name
        process = subprocess.Popen(
            [*program, command, "--home", str(home), *words],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment(tmp_path),
        )
        started.append(Up(process, home))
        return started[-1]

    yield start
    for one in started:
        if one.process.poll() is None:
            one.end()
        for pipe in (one.process.stdout, one.process.stderr):
            assert pipe is not None
            pipe.close()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Callable[[str], Path]]:
    """Mounts a disk of that size."""
    disk = tmp_path / "disk"
    disk.mkdir()

    def mount(size: str) -> Path:
        if subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", disk], capture_output=True
        ).returncode:
            pytest.skip("needs the right to mount a small disk")
        return disk

    yield mount
    if disk.is_mount():
        subprocess.run(["umount", disk], check=True)


@pytest.fixture
def wherry(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Runs a command to its end."""

    def run(*words: str | Path) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*WHERRY, *map(str, words)], capture_output=True, text=True, timeout=100, env=environment(tmp_path)
        )

    return run


Wherry = Callable[..., subprocess.CompletedProcess[str]]


def last_json(done: subprocess.CompletedProcess[str]) -> Any:
    return json.loads(done.stdout.splitlines()[-1])


def test_two_homes_and_one_link_connect_and_ping_by_peer_id_alone(up: Start, wherry: Wherry) -> None:
    ada = up("ada", *LOOPBACK, "--name", "Ada").wait_ready()
    assert re.fullmatch(r"ready  http://127\.0\.0\.1:\d+/", ada.lines[-1])
    invite = wherry("id", "--invite", "--home", ada.home).stdout.strip()
    bela = up("bela", *LOOPBACK, "--name", "Bela", "--bootstrap", invite).wait_ready()
    for node in (ada, bela):
        ready = wherry("status", "--wait", "30", "--json", "--home", node.home)
        assert (ready.returncode, ready.stderr) == (0, "")
        assert json.loads(ready.stdout)["reachability"] == "network"
    peer = last_json(wherry("id", "--json", "--home", bela.home))["id"]

    connected = wherry("connect", peer, "--home", ada.home)
    assert connected.returncode == 0, connected.stderr
    assert connected.stdout.startswith("connected to ")
    pinged = wherry("ping", peer, "-c", "2", "-i", "0.1", "--json", "--home", ada.home)
    assert last_json(pinged)["peer"] == peer
    assert len(last_json(pinged)["rtt_ms"]) == 2
    assert last_json(pinged)["path"] in ("direct", "direct_lan")
    assert last_json(wherry("ping", peer[-6:], "-c", "1", "--json", "--home", ada.home))["peer"] == peer

    [row] = last_json(wherry("peers", "--json", "--home", bela.home))["peers"]
    assert row["name"] == "Ada"
    assert "Bela is connected" in wherry("explain", peer, "--home", ada.home).stdout
    assert wherry("down", "--home", bela.home).returncode == 0
    assert bela.process.wait(10) == 0
    assert wherry("status", "--home", bela.home).returncode == 3


def test_a_peer_that_nobody_knows_is_not_found(up: Start, wherry: Wherry) -> None:
    ada = up("ada", *LOOPBACK).wait_ready()
    stranger = "12D3KooWSEf4wT7uaB7e93uFpDtLst7G2KvtFaJi8FWejBRyXPuB"
    done = wherry("connect", stranger, "--json", "--home", ada.home)
    assert done.returncode == 4, done
    assert last_json(done)["error"]["code"] == "PEER_NOT_FOUND"
    assert last_json(done)["error"]["peer"] == stranger
    assert wherry("ping", stranger, "--home", ada.home).returncode == 4


def test_a_second_up_on_one_home_names_the_first(up: Start) -> None:
    first = up("ada", *LOOPBACK).wait_ready()
    second = up("ada", *LOOPBACK)
    _, err = second.process.communicate(timeout=30)
    assert second.process.returncode == 1
    assert f"process {first.process.pid} has {first.home}" in err
    assert "wherry down" in err
    assert len(err.splitlines()) == 1
    assert first.client.status().pid == first.process.pid


def test_a_busy_port_is_said(up: Start) -> None:
    with socket.create_server(("127.0.0.1", 0)) as busy:
        port = busy.getsockname()[1]
        node = up("ada", "--no-mdns", "--listen", f"127.0.0.1:{port}")
        _, err = node.process.communicate(timeout=30)
    assert node.process.returncode == 1
    assert str(port) in err
    assert "--listen" in err
    assert len(err.splitlines()) == 1


@pytest.mark.parametrize("name", ["identity.key", "wherry.db", "kept.db", "remembered.json", "config.toml"])
def test_a_damaged_file_is_refused_and_stays(up: Start, tmp_path: Path, name: str) -> None:
    damage = b"this was precious once" * 100
    (tmp_path / "ada").mkdir()
    (tmp_path / "ada" / name).write_bytes(damage)
    node = up("ada", *LOOPBACK)
    out, err = node.process.communicate(timeout=30)
    assert node.process.returncode in (1, 2)
    assert out == ""
    assert str(tmp_path / "ada" / name) in err
    assert len(err.splitlines()) == 1
    assert (tmp_path / "ada" / name).read_bytes() == damage


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_a_node_in_order(up: Start, number: int) -> None:
    node = up("ada", *LOOPBACK, "--name", "Ada").wait_ready()
    assert node.end(number) == (0, "Ada has ended.\n")
    assert not Home(node.home).socket.exists()
    assert Home(node.home).read_running() is None


def test_on_a_full_disk_a_node_goes_on_and_says_so(
    small_disk: Callable[[str], Path], up: Start, wherry: Wherry
) -> None:
    disk = small_disk("2m")
    ada = up("disk/ada", *LOOPBACK, "--name", "Ada").wait_ready()
    with pytest.raises(OSError, match="No space"):
        (disk / "filler").write_bytes(bytes(2 * 1024 * 1024))
    bela = up("bela", *LOOPBACK, "--name", "Bela", "--bootstrap", ada.client.id().invite).wait_ready()
    bela.client.ready(30)
    for event in ada.client.events(timeout_s=30):  # its record is published all the same
        if event.type == "published":
            break
    assert ada.client.connect(bela.client.id().id).path in ("direct", "direct_lan")
    status = wherry("status", "--home", ada.home)
    assert status.returncode == 0
    assert "! The disk is full" in status.stdout
    (disk / "filler").unlink()
    bela.end()
    again = up("bela", *LOOPBACK, "--name", "Bela", "--bootstrap", ada.client.id().invite).wait_ready()
    again.client.ready(30)
    assert ada.client.connect(again.client.id().id).path in ("direct", "direct_lan")
    assert "disk" not in wherry("status", "--home", ada.home).stdout


def test_identity_name_and_data_outlive_a_kill(up: Start) -> None:
    first = up("ada", *LOOPBACK).wait_ready()
    before = first.client.id()
    first.process.kill()
    first.process.wait()
    after = up("ada", *LOOPBACK).wait_ready().client.id()
    assert (after.id, after.name, after.address) == (before.id, before.name, before.address)


class Terminal:
    """A command on a terminal of its own, which echoes nothing that is typed at a hidden prompt."""

    CODE = "import pty, os, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))"

    def __init__(self, tmp_path: Path, *words: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", self.CODE, *WHERRY, *words],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment(tmp_path),
        )
        self.seen = ""

    def wait_for(self, words: str) -> None:
        assert self.process.stdout is not None
        while words not in self.seen:
            data = self.process.stdout.read1(4096)  # type: ignore[attr-defined]
            assert data, f"it ended: {self.seen}"
            self.seen += data.decode()

    def type(self, text: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(text.encode())
        self.process.stdin.flush()

    def end(self) -> int:
        out, _ = self.process.communicate(timeout=30)
        self.seen += out.decode()
        return self.process.returncode


def test_a_passphrase_is_asked_for_at_a_terminal_and_never_shown(tmp_path: Path, up: Start) -> None:
    words = ["up", "--home", str(tmp_path / "ada"), "--name", "Ada", *LOOPBACK]
    first = Terminal(tmp_path, *words, "--passphrase")
    first.wait_for("Choose a passphrase")
    first.type("open sesame\n")
    first.wait_for("Once more")
    first.type("open sesame\n")
    first.wait_for("ready  ")
    first.type("\x03")  # Ctrl-C, as a terminal sends it
    assert first.end() == 0
    assert b"open sesame" not in (tmp_path / "ada" / "identity.key").read_bytes()

    again = Terminal(tmp_path, *words)
    again.wait_for("Passphrase")
    again.type("open barley\n")
    assert again.end() == 6
    assert "The passphrase does not open this identity." in again.seen

    again = Terminal(tmp_path, *words)
    again.wait_for("Passphrase")
    again.type("open sesame\n")
    again.wait_for("ready  ")
    again.type("\x03")
    assert again.end() == 0
    assert "sesame" not in first.seen + again.seen

    nobody_to_ask = up("ada", *LOOPBACK)
    _, err = nobody_to_ask.process.communicate(timeout=30)
    assert nobody_to_ask.process.returncode == 6
    assert "none was given" in err


def test_ctrl_c_during_a_ping_prints_the_summary(tmp_path: Path, up: Start, wherry: Wherry) -> None:
    ada = up("ada", *LOOPBACK).wait_ready()
    bela = up("bela", *LOOPBACK, "--bootstrap", ada.client.id().invite).wait_ready()
    bela.client.ready(30)
    ping = subprocess.Popen(
        [*WHERRY, "ping", ada.client.id().id, "-c", "1000", "--home", str(bela.home)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(tmp_path),
    )
    assert ping.stdout is not None
    assert ping.stdout.readline().startswith("reply from ")
    ping.send_signal(signal.SIGINT)
    out, err = ping.communicate(timeout=30)
    assert ping.returncode == 130
    assert " answered, " in out.splitlines()[-1]
    assert err.strip() == ""


def test_a_home_far_down_moves_its_socket(up: Start, wherry: Wherry) -> None:
    ada = up("/".join(["a" * 40] * 4), *LOOPBACK, "--name", "Ada").wait_ready()
    assert len(os.fsencode(ada.home / "run" / "api.sock")) > 108
    assert json.loads(wherry("id", "--json", "--home", ada.home).stdout)["name"] == "Ada"
    assert wherry("down", "--home", ada.home).returncode == 0


def test_an_introducer_alone_takes_reservations(up: Start) -> None:
    bare = [sys.executable, "-c", BARE]
    introducer = up("introducer", "--listen", "127.0.0.1:0", program=bare, command="introducer").wait_ready()
    [peer] = [line.split()[-1] for line in introducer.lines if line.startswith("id ")]
    authority = introducer.lines[-1].removeprefix("ready  http://").rstrip("/")
    node = up("ada", *LOOPBACK, "--bootstrap", authority).wait_ready()
    for event in node.client.events(timeout_s=30):
        if event.type == "introducers" and peer in event.data["peers"]:
            break
    assert [view.peer for view in node.client.status().introducers] == [peer]
    assert introducer.end(signal.SIGINT) == (0, "The introducer has ended.\n")


# -- the demo ---------------------------------------------------------------------------------------------------------


def test_the_demo_once_as_json(wherry: Wherry) -> None:
    done = wherry("demo", "--once", "--json")
    assert done.returncode == 0, done.stderr
    [line] = done.stdout.splitlines()
    story = json.loads(line)
    assert (story["v"], story["ok"], story["nodes"]) == (1, True, 5)
    seen = {(step["step"], step["node"]) for step in story["steps"]}
    names = {"Ada", "Bela", "Cy", "Dora", "Eve"}
    each = ["joined", "published", "introducers", "looked_up", "offered", "open", "echoed"]
    assert seen == {(step, name) for step in each for name in names} | {("page", "Ada")}
    assert all(step["ok"] and step["ms"] >= 0 and step["detail"] for step in story["steps"])


class Demo:
    """A running `wherry demo`."""

    def __init__(self, tmp_path: Path, *words: str) -> None:
        self.process = subprocess.Popen(
            [*WHERRY, "demo", "--nodes", "2", *words],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment(tmp_path) | {"TMPDIR": str(tmp_path)},
        )

    def nodes(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children()

    def wait_for(self, words: str, pipe: str = "stdout") -> None:
        stream = getattr(self.process, pipe)
        for line in stream:
            if words in line:
                return
        raise AssertionError(f"it never said {words!r}")

    def close(self) -> None:
        self.process.kill()
        self.process.communicate()


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[Callable[..., Demo]]:
    started: list[Demo] = []

    def start(*words: str) -> Demo:
        started.append(Demo(tmp_path, *words))
        return started[-1]

    yield start
    for one in started:
        one.close()


def gone(processes: list[psutil.Process]) -> bool:
    _, alive = psutil.wait_procs(processes, timeout=30)
    return not alive


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_ends_all_nodes_of_the_demo_and_says_so(demo: Callable[..., Demo], tmp_path: Path, number: int) -> None:
    mesh = demo()
    mesh.wait_for("Ctrl-C ends all 2 nodes")
    nodes = mesh.nodes()
    assert len(nodes) == 2
    mesh.process.send_signal(number)
    _, err = mesh.process.communicate(timeout=30)
    assert mesh.process.returncode == 130
    assert err.endswith("All 2 nodes have ended.\n")
    assert "Traceback" not in err
    assert gone(nodes)
    assert not list(tmp_path.glob("wherry-demo-*"))


def test_ctrl_c_in_the_middle_leaves_nothing(demo: Callable[..., Demo], tmp_path: Path) -> None:
    mesh = demo()
    mesh.wait_for("Starting", "stderr")
    deadline = time.monotonic() + 30
    while not mesh.nodes() and time.monotonic() < deadline:
        os.sched_yield()
    nodes = mesh.nodes()
    mesh.process.send_signal(signal.SIGINT)
    _, err = mesh.process.communicate(timeout=30)
    assert mesh.process.returncode == 130
    assert "Traceback" not in err
    assert gone(nodes)
    assert not list(tmp_path.glob("wherry-demo-*"))


def test_nodes_do_not_outlive_a_demo_that_is_killed(demo: Callable[..., Demo]) -> None:
    mesh = demo()
    mesh.wait_for("Ctrl-C ends all")
    nodes = mesh.nodes()
    mesh.process.kill()
    mesh.process.wait()
    assert gone(nodes)


def test_a_demo_whose_node_dies_says_which(demo: Callable[..., Demo]) -> None:
    mesh = demo()
    mesh.wait_for("Ctrl-C ends all")
    nodes = mesh.nodes()
    nodes[1].kill()
    _, err = mesh.process.communicate(timeout=30)
    assert mesh.process.returncode == 1
    assert "Bela" in err.splitlines()[-1]
    assert "Traceback" not in err
    assert gone(nodes)


def test_a_demo_that_fails_names_the_step_and_why(small_disk: Callable[[str], Path], tmp_path: Path) -> None:
    disk = small_disk("64k")
    done = subprocess.run(
        [*WHERRY, "demo", "--once", "--json", "--nodes", "2"],
        capture_output=True,
        text=True,
        timeout=100,
        env=environment(tmp_path) | {"TMPDIR": str(disk)},
    )
    assert done.returncode == 1
    story = json.loads(done.stdout)
    assert (story["v"], story["ok"], story["failed"]) == (1, False, "joined")
    assert "The disk is full" in story["error"]["message"]
    assert set(story["error"]) == {"code", "message", "hint"}
    assert "Traceback" not in done.stderr
    assert not list(disk.glob("wherry-demo-*"))

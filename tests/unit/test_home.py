"""A home: one process has it, what was chosen is kept, what is damaged is refused and stays."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from wherry.errors import AlreadyRunning
from wherry.home import Home, Remembered, Running, write_atomically
from wherry.names import ADJECTIVES, BIRDS, friendly_name
from wherry_signaling.errors import HomeUnusable, IdentityCorrupt, IdentityLocked

ROOT = os.geteuid() == 0


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home")


def running(home: Home, **changes: object) -> Running:
    values: dict[str, object] = {
        "pid": os.getpid(),
        "id": "12D3KooW",
        "name": "Quiet Heron",
        "version": "0.1.0",
        "since": "2026-01-01T00:00:00Z",
        "multiaddrs": ["/ip4/127.0.0.1/tcp/4770/ws"],
        "socket": str(home.socket),
        "page": "http://127.0.0.1:4770/",
    }
    return Running(**values | changes)  # type: ignore[arg-type]


def test_folders_are_their_owners_alone(home: Home) -> None:
    home.make()
    assert home.path.stat().st_mode & 0o777 == 0o700
    home.run.chmod(0o755)
    home.make()
    assert home.run.stat().st_mode & 0o777 == 0o700


def test_an_identity_is_made_once(home: Home) -> None:
    first = home.identity()
    assert Home(home.path).identity().id == first.id
    assert home.notices == []


def test_a_key_that_others_could_read_is_noticed(home: Home) -> None:
    home.identity()
    home.identity_file.chmod(0o640)
    again = Home(home.path)
    again.identity()
    assert "0640" in again.notices[0]


def test_a_passphrase_is_asked_for_once(home: Home) -> None:
    asked = []

    def ask() -> str:
        asked.append("?")
        return "p"

    first = home.identity(choose_passphrase=ask)
    again = Home(home.path, ask_passphrase=ask)
    assert again.identity().id == again.identity().id == first.id
    assert len(asked) == 2
    with pytest.raises(IdentityLocked):
        Home(home.path).identity()


def test_a_damaged_key_is_refused_and_stays(home: Home) -> None:
    home.make()
    home.identity_file.write_bytes(b"")
    with pytest.raises(IdentityCorrupt):
        home.identity()
    assert home.identity_file.read_bytes() == b""


def test_a_second_process_is_told_the_pid_of_the_first(home: Home) -> None:
    other = Home(home.path)
    taken = pytest.raises(AlreadyRunning, match=f"process {os.getpid()} has {home.path}")
    with home.locked(), home.locked(), taken, other.locked():
        pass
    with other.locked():
        pass


def test_a_lock_that_cannot_be_written_is_typed(home: Home) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard))  # as on a disk that is full
    try:
        with pytest.raises(HomeUnusable, match="lock"), home.locked():
            pass
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    with home.locked():
        pass


def test_the_lock_of_a_killed_process_is_free(home: Home) -> None:
    code = (
        "import sys, pathlib, wherry.home\n"
        "with wherry.home.Home(pathlib.Path(sys.argv[1])).locked():\n"
        "    print('locked', flush=True); sys.stdin.read()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(home.path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"locked\n"
        with pytest.raises(AlreadyRunning, match=f"process {other.pid}"), home.locked():
            pass
        other.kill()
        other.wait()
        with home.locked():
            assert (home.run / "lock").read_text() == str(os.getpid())


def test_what_concerns_the_running_node_goes_with_it(home: Home) -> None:
    with home.locked():
        home.write_running(running(home))
        home.socket.touch()
        assert home.read_running() == running(home)
    assert home.read_running() is None
    assert not home.socket.exists()


def test_nonsense_about_a_running_node_is_none(home: Home) -> None:
    home.make()
    (home.run / "node.json").write_text('{"pid": "x"}')
    assert home.read_running() is None


def test_names_and_ports_are_kept(home: Home) -> None:
    home.make()
    name = home.name()
    assert name.split()[0] in ADJECTIVES
    home.remember(Remembered(port=4780))
    assert Home(home.path).name() == name
    assert Home(home.path).remembered() == Remembered(name=name, port=4780)
    assert home.name("Ada") == "Ada"
    assert home.name() == "Ada"


def test_damaged_memory_is_refused_and_stays(home: Home) -> None:
    home.make()
    (home.path / "remembered.json").write_text("{")
    with pytest.raises(HomeUnusable, match=r"remembered\.json is damaged"):
        home.name()
    assert (home.path / "remembered.json").read_text() == "{"


def test_a_long_path_moves_the_socket(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "r"))
    assert Home(Path("/h")).socket == Path("/h/run/api.sock")
    far = Home(Path("/h" * 60)).socket
    assert len(os.fsencode(far)) <= 100 or str(far).startswith(str(tmp_path))
    assert far != Home(Path("/g" * 60)).socket


@pytest.mark.skipif(ROOT, reason="root may write anywhere")
def test_a_home_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(HomeUnusable, match="Permission denied"):
        Home(tmp_path / "home").make()


def test_a_home_that_is_a_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("")
    with pytest.raises(HomeUnusable, match="home: "):
        Home(tmp_path / "home").make()


def test_writing_leaves_no_draft_behind(tmp_path: Path) -> None:
    write_atomically(tmp_path / "x", b"1")
    write_atomically(tmp_path / "x", b"2")
    (tmp_path / "d").mkdir()
    with pytest.raises(HomeUnusable):
        write_atomically(tmp_path / "d", b"3")
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["d", "x"]


def test_friendly_names_are_many_and_drawn() -> None:
    assert friendly_name(lambda size: bytes(size)) == f"{ADJECTIVES[0]} {BIRDS[0]}"
    assert len(set(ADJECTIVES)) * len(set(BIRDS)) == 3072

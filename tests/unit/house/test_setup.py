"""The set-up looks before it acts, says what went wrong, and asks nobody."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tools import choices, console, nodejs
from tools.console import SetupError, run_step
from tools.stamps import Stamp, digest, digest_files


@pytest.fixture(autouse=True)
def _logs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(console, "CACHE", tmp_path)
    monkeypatch.setattr(choices, "FILE", tmp_path / "tools.json")


def test_a_stamp_holds_for_its_inputs_alone(tmp_path: Path) -> None:
    stamp = Stamp(tmp_path / "made" / "stamp")
    assert not stamp.holds(digest("a"))
    stamp.set(digest("a"))
    assert stamp.holds(digest("a"))
    assert not stamp.holds(digest("b"))
    stamp.clear()
    assert not stamp.holds(digest("a"))


def test_parts_do_not_run_into_each_other() -> None:
    assert digest("ab", "c") != digest("a", "bc")


def test_files_count_by_name_and_content_in_any_order(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    one.write_text("x")
    two.write_text("y")
    before = digest_files(tmp_path, [one, two])
    assert digest_files(tmp_path, [two, one]) == before
    two.rename(tmp_path / "three")
    assert digest_files(tmp_path, [one, tmp_path / "three"]) != before


@pytest.mark.parametrize(
    ("said", "version"),
    [("v20.19.4\n", (20, 19)), ("v22.0.0", (22, 0)), ("", (0, 0)), ("v24.1.0-nightly", (0, 0)), ("no such", (0, 0))],
)
def test_reads_nodes_version(said: str, version: tuple[int, int]) -> None:
    assert nodejs.parse_version(said) == version


def test_a_choice_is_kept_while_the_program_is_there(tmp_path: Path) -> None:
    program = tmp_path / "chromium"
    program.touch()
    choices.remember("chromium", program)
    choices.remember("node", tmp_path)
    assert choices.recall("chromium") == program
    program.unlink()
    assert choices.recall("chromium") is None
    choices.FILE.write_text("{half")
    assert choices.recall("node") is None


def test_a_failed_step_shows_why(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SetupError, match=r"the disk is full\n.*Doomed step failed with exit code 3"):
        run_step("Doomed step", [sys.executable, "-c", "print('the disk is full'); raise SystemExit(3)"])
    assert "Doomed step ..." in capfd.readouterr().err


def test_a_missing_program_is_named() -> None:
    with pytest.raises(SetupError, match="no-such-program is not on this machine"):
        run_step("Lost step", ["no-such-program"])


def test_a_step_that_asks_gets_no_answer() -> None:
    log = run_step("Shy step", [sys.executable, "-c", "import sys; print(repr(sys.stdin.read()))"])
    assert log.read_text() == "''\n"

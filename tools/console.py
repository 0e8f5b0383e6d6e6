"""What the set-up says while it works: one line a step, its output in a log, and the log's end where a step fails."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from tools.paths import CACHE, ROOT

HEARTBEAT = 10.0
"""Seconds between two lines of progress where standard error is no terminal (a CI's log)."""

TAIL_LINES = 30
"""Lines of a failed step's log that are shown: enough for pip's or npm's reason, short enough to read."""

COLOUR = re.compile(r"\x1b\[[0-9;]*m")
"""Colours that a program prints although nobody sees them: they would be cut in the middle."""


class SetupError(Exception):
    """The set-up cannot go on; the text says what is missing and what to do."""


def say(text: str) -> None:
    """One line to standard error: standard output belongs to what is run afterwards."""
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


def run_step(
    title: str, command: Sequence[str], *, cwd: Path = ROOT, environment: Mapping[str, str] | None = None
) -> Path:
    """Run `command` quietly and show that it is alive; returns the file that has its output.

    :raises SetupError: with the end of that output, if it fails.
    """
    log = CACHE / "log" / f"{title.lower().replace(' ', '-')}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    started = time.monotonic()
    with log.open("wb") as output:
        try:
            process = subprocess.Popen(
                command,
                cwd=cwd,
                env={**os.environ, **(environment or {})},
                stdin=subprocess.DEVNULL,  # nothing may ask: a CI has nobody to answer
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        except FileNotFoundError as error:
            raise SetupError(f"{title}: {command[0]} is not on this machine.") from error
        code = _watch(title, process, log, started)
    seconds = time.monotonic() - started
    if code:
        tail = "\n".join(f"    {line}" for line in _lines(log)[-TAIL_LINES:])
        raise SetupError(f"{tail}\n{title} failed with exit code {code}. All of its output: {log}")
    _clear()
    say(f"  {title:<28} {seconds:5.1f} s")
    return log


def _watch(title: str, process: subprocess.Popen[bytes], log: Path, started: float) -> int:
    live = sys.stderr.isatty()
    if not live:
        say(f"  {title} ...")
    next_sign = started + (0.5 if live else HEARTBEAT)
    try:
        while True:
            try:
                return process.wait(timeout=0.2)
            except subprocess.TimeoutExpired:
                now = time.monotonic()
            if now < next_sign:
                continue
            doing = (_lines(log) or [""])[-1].strip()
            line = f"  {title:<28} {now - started:5.0f} s  {doing}"
            if live:
                width = shutil.get_terminal_size().columns - 1
                sys.stderr.write(f"\r\x1b[K{line[:width]}")
                sys.stderr.flush()
            else:
                say(line[:118])
            next_sign = now + (0.5 if live else HEARTBEAT)
    except KeyboardInterrupt:
        process.wait()  # it got the same Ctrl-C
        raise
    except SystemExit:
        process.terminate()
        process.wait()
        raise


def _clear() -> None:
    if sys.stderr.isatty():
        sys.stderr.write("\r\x1b[K")


def _lines(log: Path) -> list[str]:
    text = COLOUR.sub("", log.read_text(encoding="utf-8", errors="replace"))
    return text.replace("\r", "\n").splitlines()

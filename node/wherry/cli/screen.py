"""Where words go: answers to standard output, everything else to standard error; colour and symbols where they can.

Colour is for a terminal alone, and for nobody who has set NO_COLOR (https://no-color.org). Symbols fall back to ASCII
where the encoding has none.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterable, Sequence
from typing import Final, Literal, TextIO

import msgspec

from wherry_signaling.errors import WherryError

from .words import at_home, printable

Style = Literal["good", "bad", "warn", "dim", "bold"]

_COLOURS: Final[dict[Style, str]] = {"good": "32", "bad": "31", "warn": "33", "dim": "2", "bold": "1"}
_ASCII: Final = {"✓": "+", "✗": "x", "…": "..", "·": "-", "—": "-", "–": "-", "▀": "#", "▄": "#", "█": "#"}


def styled(text: str, style: Style | None, stream: TextIO | None = None) -> str:
    """`text` in colour, if `stream` (standard output unless told) shows any."""
    if style is None or not colours(stream or sys.stdout):
        return text
    return f"\x1b[{_COLOURS[style]}m{text}\x1b[0m"


def colours(stream: TextIO) -> bool:
    """Whether to use colour there."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def shows(symbols: str, stream: TextIO | None = None) -> bool:
    """Whether the stream's encoding has these characters."""
    try:
        symbols.encode((stream or sys.stdout).encoding or "ascii")
    except UnicodeEncodeError:
        return False
    return True


def say(text: str = "") -> None:
    """One line of the answer."""
    _write(sys.stdout, text)


def note(text: str) -> None:
    """One line beside the answer: progress, and what a person may want to know."""
    _write(sys.stderr, text)


def say_json(value: object) -> None:
    """The answer, one line of JSON."""
    sys.stdout.write(msgspec.json.encode(value).decode() + "\n")
    sys.stdout.flush()


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Columns as wide as they need to be; foreign text in them cannot spoil the terminal."""
    lines = [list(heads), *([printable(cell) for cell in row] for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(heads))]
    for number, line in enumerate(lines):
        cells = [cell.ljust(width) for cell, width in zip(line, widths, strict=True)]
        say(styled("  ".join(cells).rstrip(), "dim" if number == 0 else None))


def fail(error: WherryError) -> None:
    """An error as a command ends with it: ``what: why. do.``"""
    from ..api.problems import failure_of

    if asked_for_json():
        say_json(failure_of(error))
    else:
        note(printable(at_home(str(error), sys.argv)))


def asked_for_json() -> bool:
    """Whether ``--json`` was typed, even with what could not be understood."""
    return "--json" in sys.argv


def _write(stream: TextIO, text: str) -> None:
    if not shows(text, stream):
        text = "".join(_ASCII.get(character, character) for character in text)
        text = text.encode(stream.encoding or "ascii", "replace").decode(stream.encoding or "ascii")
    stream.write(text + "\n")
    stream.flush()


class Progress:
    """One line that changes, on a terminal, and goes at the end; elsewhere a plain line every ten seconds."""

    EVERY_S: Final = 10.0

    def __init__(self, quiet: bool = False) -> None:
        self._live = sys.stderr.isatty() and not quiet
        self._quiet = quiet
        self._last = time.monotonic()

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, *_: object) -> None:
        self.clear()

    def show(self, text: str) -> None:
        """Say how far it is."""
        if self._live:
            sys.stderr.write(f"\r\x1b[K{printable(text)}")
            sys.stderr.flush()
        elif not self._quiet and time.monotonic() - self._last >= self.EVERY_S:
            self._last = time.monotonic()
            note(text)

    def clear(self) -> None:
        """Take the line away."""
        if self._live:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()

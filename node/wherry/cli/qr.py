"""A QR code in a terminal: two rows of modules a line, dark on light whatever the terminal's own colours are."""

from __future__ import annotations

import sys
from typing import Final

import segno

from . import screen

#: Modules of quiet zone around the code: fewer than the standard's four, as terminals have margins of their own.
BORDER: Final = 2


def show_qr(text: str) -> None:
    """Print `text` as a QR code."""
    screen.say("\n".join(lines(text, blocks=screen.shows("▀▄█"), terminal=screen.colours(sys.stdout))))


def lines(text: str, *, blocks: bool, terminal: bool) -> list[str]:
    """The code's lines.

    :param blocks: whether half blocks can be shown; else two characters a module, for ASCII.
    :param terminal: whether colours can be set; else light modules are drawn, as most terminals are dark.
    """
    rows = [list(row) for row in segno.make_qr(text, error="l").matrix_iter(border=BORDER)]
    if not blocks:
        return ["".join("  " if module else "##" for module in row) for row in rows]
    if len(rows) % 2:
        rows.append([0] * len(rows[0]))
    drawn = []
    for upper, lower in zip(rows[::2], rows[1::2], strict=True):
        # A light module is drawn, a dark one left: white on black where colours can be set.
        line = "".join(_BLOCKS[bool(top), bool(bottom)] for top, bottom in zip(upper, lower, strict=True))
        drawn.append(f"\x1b[97;40m{line}\x1b[0m" if terminal else line)
    return drawn


_BLOCKS: Final = {(False, False): "█", (False, True): "▀", (True, False): "▄", (True, True): " "}

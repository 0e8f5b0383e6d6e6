"""How things are said: states, sizes, times, names. Functions of values; nothing here prints.

The words for a connection's state are those of one table, for page, command line and API alike.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from typing import Final

from ..views import ConnectionView, IntroducerView, PathWord, Reachability

_PATHS: Final[dict[PathWord, str]] = {
    "direct_lan": "direct (lan)",
    "direct": "direct",
    "relayed": "relayed",
    "signaling": "signaling",
}
_REACHABLE: Final[dict[Reachability, str]] = {
    "anywhere": "from anywhere",
    "network": "on this network only",
    "outbound": "not by others: you can call them, nobody can call you",
    "offline": "not at all: you are offline",
}


def short(peer: str) -> str:
    """A peer id for people: its last six characters."""
    return f"…{peer[-6:]}"


def called(name: str, peer: str) -> str:
    """A peer's name and short id, as in ``Bela …Xw81nR``."""
    return f"{name} {short(peer)}" if name else short(peer)


def path(word: PathWord | None) -> str:
    """The way a connection goes."""
    return "-" if word is None else _PATHS[word]


def way(view: ConnectionView) -> str:
    """What stands in the column WAY."""
    match view.state:
        case "connecting":
            return f"connecting ({view.phase})" if view.phase else "connecting"
        case "waiting":
            return f"not here, seen {clock(view.since)}" if view.since else "not here"
        case "unreachable":
            return f"unreachable: {view.because}" if view.because else "unreachable"
        case "self_offline":
            return "offline"
        case word:
            return _PATHS[word]


def reachable(reachability: Reachability, because: str, introducers: Sequence[IntroducerView]) -> str:
    """How far others can reach this node, and through whom."""
    verdict = _REACHABLE[reachability]
    if not because:
        sentence = verdict
    elif because.startswith(("through ", "at ")):
        sentence = f"{verdict}, {because}"
    else:
        sentence = f"{verdict}, because {because}"
    through = ", ".join(introducer(view) for view in introducers)
    return f"{sentence} ({through})" if through else sentence


def introducer(view: IntroducerView) -> str:
    """An introducer in a list: its name and how far away it is."""
    name = view.name or short(view.peer)
    return f"{name} {duration(view.rtt_ms)}" if view.rtt_ms is not None else name


def duration(ms: float | None) -> str:
    """As in ``18 ms``, ``0.4 ms``, ``2.1 s``."""
    if ms is None:
        return "-"
    if ms >= 999.5:
        return f"{ms / 1000:.1f} s"
    return f"{ms:.0f} ms" if ms >= 9.95 else f"{ms:.1f} ms"


def size(count: int) -> str:
    """As in ``12 kB``, ``1.2 GB``: powers of a thousand."""
    number = float(count)
    for unit in ("B", "kB", "MB", "GB"):
        if number < 999.5:
            return f"{number:.0f} {unit}" if unit == "B" or number >= 9.95 else f"{number:.1f} {unit}"
        number /= 1000
    return f"{number:.1f} TB"


def span(seconds: float) -> str:
    """As in ``2 h 14 min``, ``3 d 2 h``, ``41 s``."""
    rest = max(0, int(seconds))
    if rest < 60:
        return f"{rest} s"
    days, rest = divmod(rest, 86_400)
    hours, minutes = rest // 3600, rest % 3600 // 60
    parts = [(days, "d"), (hours, "h"), (minutes, "min")]
    said = [f"{number} {unit}" for number, unit in parts if number]
    return " ".join(said[:2])


def clock(time: str | None, *, now: datetime | None = None) -> str:
    """A time in RFC 3339 as people say it: ``14:01`` today, else ``3 Jan 14:01``, in their own zone."""
    if not time:
        return "-"
    moment = datetime.fromisoformat(time)
    with suppress(OverflowError):  # what a peer says may lie at the calendar's end, which has no hours more for a zone
        moment = moment.astimezone()
    today = (now or datetime.now().astimezone()).date()
    return f"{moment:%H:%M}" if moment.date() == today else f"{moment.day} {moment:%b %H:%M}"


def count(number: int, what: str) -> str:
    """As in ``1 node``, ``5 nodes``."""
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def at_home(text: str, arguments: Sequence[str]) -> str:
    """The commands that a hint names ("…: wherry up"), for the same ``--home`` that was typed, if one was."""
    typed = [arguments[place : place + 2] for place, word in enumerate(arguments) if word.split("=")[0] == "--home"]
    if not typed:
        return text
    flag = " ".join(shlex.quote(word) for word in (typed[-1][:1] if "=" in typed[-1][0] else typed[-1]))
    return re.sub(r"(?<=: )wherry(?: [a-z]++)++(?! --)", lambda named: f"{named[0]} {flag}", text)


def printable(text: str) -> str:
    """`text` without what could move a terminal's cursor or recolour it: names come from anybody."""
    return "".join(character if character.isprintable() else " " for character in text)

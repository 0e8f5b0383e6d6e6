"""`wherry explain PEER`: the sentence, the advice, and what happened in the last attempt, line by line."""

from __future__ import annotations

from typing import Final

import click

from ..views import ExplainView, TraceEntryView
from . import screen, words
from .options import about_peer, advice, advising, home_option, json_option, node_at, peer_argument

#: Phases in words for people.
_PHASES: Final = {
    "look_up": "look-up",
    "ring": "ring",
    "negotiate": "offer/answer",
    "ice": "paths",
    "open": "open",
    "end": "end",
}


@click.command("explain")
@peer_argument
@home_option
@json_option
@about_peer
def command(peer: str, home: str | None, as_json: bool) -> None:
    """Why a peer is, or is not, connected."""
    with node_at(home) as node, advising(peer):
        view = node.explain(peer)
    if as_json:
        screen.say_json(view)
    else:
        show(view, peer)


def show(view: ExplainView, peer: str) -> None:
    """For people: first the sentence, second the advice, then the table."""
    screen.say(words.printable(view.sentence))
    screen.say(f"What to do: {words.printable(advice(view.advice, peer) or 'nothing needed.')}")
    for entry in view.trace:
        phase = _PHASES.get(entry.phase, entry.phase)
        screen.say(words.printable(f"{words.duration(entry.t_ms):>8}  {phase:<12}  {_what(entry)}".rstrip()))


def _what(entry: TraceEntryView) -> str:
    details = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in entry.data.items() if value != "")
    said = f"{entry.way}: {entry.event}" if entry.way else entry.event
    return f"{said} ({details})" if details else said

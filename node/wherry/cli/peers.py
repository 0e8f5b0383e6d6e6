"""`wherry peers`: everybody who is connected or was called, one a line."""

from __future__ import annotations

from collections.abc import Sequence

import click

from ..views import ConnectionView
from . import screen, words
from .options import home_option, json_option, node_at


@click.command("peers")
@home_option
@json_option
def command(home: str | None, as_json: bool) -> None:
    """Who is connected, and how."""
    with node_at(home) as node:
        view = node.peers()
    if as_json:
        screen.say_json(view)
    elif view.peers:
        show_peers(view.peers)
    else:
        screen.note("Nobody here yet. Hand out your link: wherry id --invite")


def show_peers(peers: Sequence[ConnectionView]) -> None:
    """The table; a column that nobody has anything in is left out."""
    rows = [
        {
            "PEER": words.called(view.name, view.peer),
            "WAY": words.way(view),
            "RTT": words.duration(view.rtt_ms) if view.path else "",
            "IN": words.size(view.bytes_in) if view.path else "",
            "OUT": words.size(view.bytes_out) if view.path else "",
            "SINCE": words.clock(view.since) if view.path else "",
        }
        for view in peers
    ]
    heads = [head for head in rows[0] if any(row[head] for row in rows)]
    screen.table(heads, [[row[head] for head in heads] for row in rows])

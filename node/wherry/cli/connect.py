"""`wherry connect PEER`: returns when the connection is open, and says which way it goes."""

from __future__ import annotations

import click

from . import screen, words
from .options import about_peer, advising, home_option, json_option, node_at, peer_argument


@click.command("connect")
@peer_argument
@home_option
@json_option
@about_peer
def command(peer: str, home: str | None, as_json: bool) -> None:
    """Connect to a peer, and say which way it goes."""
    with node_at(home) as node, advising(peer), screen.Progress(quiet=as_json) as progress:
        progress.show("connecting")
        view = node.connect(peer)
    if as_json:
        screen.say_json(view)
        return
    rtt = f"  {words.duration(view.rtt_ms)}" if view.rtt_ms is not None else ""
    took = f"after {words.duration(view.took_ms)}"
    screen.say(
        f"connected to {words.printable(words.called(view.name, view.peer))}  {words.path(view.path)}{rtt}, {took}"
    )

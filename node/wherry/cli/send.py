"""`wherry send PEER TEXT`: kept at once, and delivered now or when they are back."""

from __future__ import annotations

import sys
import time
from typing import Final

import click

from ..api.bodies import Failure
from ..api.chats import MessageView, SendRequest
from ..api.problems import error_of
from . import screen, words
from .options import about_peer, advising, home_option, json_option, node_at, peer_argument

#: Seconds in which a message is delivered to somebody who is there, or else kept somewhere; so long the command looks.
LOOK_S: Final = 3.0
_EVERY_S: Final = 0.05


@click.command("send")
@peer_argument
@click.argument("text", metavar="TEXT")
@home_option
@json_option
@about_peer
def command(peer: str, text: str, home: str | None, as_json: bool) -> None:
    """Write to somebody. TEXT `-` is read from standard input."""
    content = sys.stdin.read() if text == "-" else text
    with node_at(home) as node, advising(peer):
        view = node.send(SendRequest(peer=peer, text=content))
        until = time.monotonic() + LOOK_S
        while view.state == "queued" and time.monotonic() < until:
            time.sleep(_EVERY_S)
            view = node.message(view.to, view.id)
        if view.state == "failed" and view.reason is not None:
            raise error_of(Failure(error=view.reason))  # it says why, and the exit code with it
    if as_json:
        screen.say_json(view)
        return
    screen.say(fate(view))


def fate(view: MessageView) -> str:
    """What became of a message, in words."""
    match view.state:
        case "held":
            places = words.count(view.held, "place")
            return f"held: kept, sealed, at {places}; delivered when they are back, until {(view.until or '')[:10]}"
        case "queued":
            return "queued: it goes as soon as there is a way"
        case "failed":
            return f"failed: {view.reason.message if view.reason else 'no reason is known'}"
    return view.state

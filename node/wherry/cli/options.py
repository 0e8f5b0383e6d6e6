"""Options that many commands share, and the node that they ask."""

from __future__ import annotations

import math
import re
import shlex
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import click

from wherry_signaling.errors import WherryError

from ..api.client import Client
from ..api.limits import PEER_CHARACTERS, WAIT_S
from ..config import home_of
from ..home import Home

Function = TypeVar("Function", bound=Callable[..., Any])

home_option = click.option(
    "--home",
    metavar="DIR",
    type=click.Path(file_okay=False),
    help="The node's folder. [default: WHERRY_HOME, else the user's own]",
)
json_option = click.option("--json", "as_json", is_flag=True, help='One JSON object, with "v": 1; a promise.')


class Seconds(click.FloatRange):
    """Seconds, from `least` to the longest that the node waits for anything; no NaN, which no range refuses."""

    def __init__(self, least: float = 0.0, *, least_open: bool = False) -> None:
        super().__init__(min=least, max=WAIT_S, min_open=least_open)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """The number; a usage error if it is none or out of range."""
        seconds: float = super().convert(value, param, ctx)
        if math.isnan(seconds):
            self.fail(f"{value} is not in the range {self._describe_range()}.", param, ctx)
        return seconds


def _peer_text(ctx: click.Context, param: click.Parameter, value: str) -> str:
    """What may name a peer: not nothing, and not a whole book."""
    text = value.strip()
    if not text:
        raise click.BadParameter("it is empty.")
    if len(text) > PEER_CHARACTERS:
        raise click.BadParameter(f"it has {len(text)} characters; what names a peer has {PEER_CHARACTERS} at most.")
    return text


peer_argument = click.argument("peer", metavar="PEER", callback=_peer_text)

PEER_HELP = """

    PEER is a peer id, an address, an invite link, a label or a name, or at least four characters of an id (after
    12D3KooW, or at its end).
    """


def about_peer(function: Function) -> Function:
    """Adds to a command's help what PEER may be."""
    function.__doc__ = (function.__doc__ or "").rstrip() + PEER_HELP
    return function


@contextmanager
def advising(peer: str) -> Iterator[None]:
    """Advice in errors names the peer as it was typed, so that it can be typed again."""
    try:
        yield
    except WherryError as error:
        error.hint = advice(error.hint, peer)
        raise


def advice(hint: str, peer: str) -> str:
    """The hint with the peer in it, quoted for a shell where it has to be."""
    return re.sub(r"\bPEER\b", lambda _: shlex.quote(peer), hint)


@contextmanager
def node_at(flag: str | None) -> Iterator[Client]:
    """The node that runs in that home; the first question to it raises NoNode if none does."""
    home = Home(home_of(flag))
    running = home.read_running()
    # The socket of a long path lies in the runtime folder, which the environment names: the node knows which it was.
    with Client(Path(running.socket) if running is not None else home.socket) as client:
        yield client

"""`wherry down`: asks the node to end, and returns when it has."""

from __future__ import annotations

from typing import Final

import click

from . import screen
from .options import home_option, json_option, node_at
from .waiting import wait_until_gone

#: Seconds a node may take to end: it says farewell to peers and introducers, two seconds each at most.
END_S: Final = 15.0


@click.command("down")
@home_option
@json_option
def command(home: str | None, as_json: bool) -> None:
    """End the node that runs; returns when it has ended."""
    with node_at(home) as node:
        view = node.down()
    wait_until_gone(home, END_S)
    if as_json:
        screen.say_json(view)

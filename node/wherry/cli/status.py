"""`wherry status`: one look at how the node is doing."""

from __future__ import annotations

from datetime import UTC, datetime

import click

from ..views import StatusView
from . import screen, words
from .options import Seconds, home_option, json_option, node_at
from .peers import show_peers
from .waiting import wait_until_ready


@click.command("status")
@home_option
@json_option
@click.option("--wait", "wait_s", metavar="SECONDS", type=Seconds(), help="Wait until the node is ready; 5 if not.")
def command(home: str | None, as_json: bool, wait_s: float | None) -> None:
    """How the node is doing, and who is connected.

    With --wait, returns as soon as the node has joined (or nobody is there to join), has introducers, and its record
    is published; it also waits for a node that is just starting.
    """
    if wait_s is not None:
        wait_until_ready(home, wait_s, quiet=as_json)
    with node_at(home) as node:
        status = node.status()
        if as_json:
            screen.say_json(status)
        else:
            show(status)


def show(status: StatusView) -> None:
    """For people."""
    up = words.span((datetime.now(UTC) - datetime.fromisoformat(status.since)).total_seconds())
    name = screen.styled(words.printable(status.name), "bold")
    screen.say(f"{name}  {words.short(status.id)}   up {up}   wherry {status.version}")
    screen.say(f"Reachable    {words.reachable(status.reachability, status.because, status.introducers)}")
    screen.say(f"Page         {status.page}" + (f"        API  {status.api}" if status.api else ""))
    if status.dht.role != "off":
        known = words.count(status.dht.contacts, "other node")
        screen.say(f"DHT          {known} known; this one is a {status.dht.role} of it")
    if status.connections:
        screen.say()
        show_peers(status.connections)
    if status.problems:
        screen.say()
    for problem in status.problems:
        # Some nodes say the advice in the text already: say it once.
        advice = "" if problem.hint in problem.text else f" {problem.hint}"
        screen.say(screen.styled(f"! {words.printable(problem.text + advice)}", "warn"))

"""`wherry dashboard`: a link that opens the node's own page, once.

It is printed and not handed to a browser: the arguments of a program that is started can be read by everybody who
has an account on the machine, and whoever opens the link first has the node.
"""

from __future__ import annotations

import sys

import click

from ..api.limits import ONE_TIME_S
from . import screen, words
from .options import home_option, json_option, node_at


@click.command("dashboard")
@home_option
@json_option
@click.option("--sign-out", is_flag=True, help="End all sessions instead, and links that were not opened yet.")
def command(home: str | None, as_json: bool, sign_out: bool) -> None:
    """A link that opens the node's own page in a browser on this machine.

    The link works once, within two minutes. Whoever opens it can do all that you can: give it to nobody.
    """
    with node_at(home) as node:
        if sign_out:
            ended = node.close_sessions()
            if as_json:
                screen.say_json(ended)
            else:
                screen.say(f"{words.count(ended.ended, 'session')} ended")
            return
        view = node.dashboard()
    if as_json:
        screen.say_json(view)
        return
    screen.say(view.url)
    if sys.stdout.isatty():
        screen.note(f"Open it in a browser on this machine. It works once, within {ONE_TIME_S / 60:.0f} minutes.")

"""`wherry id`: who the node is, and what to hand out."""

from __future__ import annotations

import click

from . import screen, words
from .options import home_option, json_option, node_at


@click.command("id")
@home_option
@json_option
@click.option("--invite", is_flag=True, help="The invite link alone.")
@click.option("--qr", is_flag=True, help="The invite link as a QR code, for a phone's camera.")
def command(home: str | None, as_json: bool, invite: bool, qr: bool) -> None:
    """Who the node is: its id, address and invite link."""
    with node_at(home) as node:
        view = node.id()
    if as_json:
        screen.say_json(view)
        return
    if qr:
        from .qr import show_qr

        show_qr(view.invite)
    if invite:
        screen.say(view.invite)
    elif not qr:
        screen.say(screen.styled(words.printable(view.name), "bold"))
        screen.say(f"id       {view.id}")
        screen.say(f"address  {view.address}")
        screen.say(f"invite   {view.invite}")

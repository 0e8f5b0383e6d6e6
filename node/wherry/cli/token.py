"""`wherry token`: tokens of programs that may use the node's API on 127.0.0.1."""

from __future__ import annotations

import sys

import click

from . import screen
from .options import home_option, json_option, node_at


@click.group("token")
def command() -> None:
    """Tokens of programs that may use the node's API on 127.0.0.1."""


@command.command("new")
@click.argument("name", metavar="NAME")
@home_option
@json_option
def new(name: str, home: str | None, as_json: bool) -> None:
    """A token for a program. It is printed this once, and works until it is revoked.

    The program sends it with each request as `Authorization: Bearer TOKEN`. It can do all that you can.
    """
    with node_at(home) as node:
        view = node.new_token(name)
    if as_json:
        screen.say_json(view)
        return
    screen.say(view.token)
    if sys.stdout.isatty():
        screen.note(f"The API is at {view.url}/api/v1" if view.url else "The API does not listen on TCP: --api off")


@command.command("list")
@home_option
@json_option
def list_(home: str | None, as_json: bool) -> None:
    """The programs that have one."""
    with node_at(home) as node:
        view = node.tokens()
    if as_json:
        screen.say_json(view)
    elif view.tokens:
        screen.table(["NAME", "SINCE"], [[one.name, one.created] for one in view.tokens])


@command.command("revoke")
@click.argument("name", metavar="NAME")
@home_option
@json_option
def revoke(name: str, home: str | None, as_json: bool) -> None:
    """End a program's token, and what it has under way."""
    with node_at(home) as node:
        view = node.revoke_token(name)
    if as_json:
        screen.say_json(view)

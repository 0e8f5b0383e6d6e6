"""`wherry address …`: what to hand out, one for each place, and each revocable."""

from __future__ import annotations

import click

from ..api.people import AddressView
from . import screen, words
from .options import home_option, json_option, node_at


@click.group("address")
def command() -> None:
    """Addresses to hand out; an old one can be made worthless, and friends stay."""


@command.command("list")
@home_option
@json_option
def show(home: str | None, as_json: bool) -> None:
    """All addresses, with their labels."""
    with node_at(home) as node:
        view = node.addresses()
    if as_json:
        screen.say_json(view)
        return
    screen.table(["LABEL", "ADDRESS"], [[words.printable(one.label) or "-", one.address] for one in view.addresses])


@command.command("new")
@click.option("--label", required=True, metavar="TEXT", help="Where it is published, or to whom it is given.")
@home_option
@json_option
def new(label: str, home: str | None, as_json: bool) -> None:
    """One more address."""
    with node_at(home) as node:
        _show(node.address("new", label), as_json)


@command.command("rotate")
@click.argument("label", default="")
@home_option
@json_option
def rotate(label: str, home: str | None, as_json: bool) -> None:
    """Another address in place of LABEL's, or of the one in `wherry id`; the old one is refused from now on."""
    with node_at(home) as node:
        _show(node.address("rotate", label), as_json)


def _show(view: AddressView, as_json: bool) -> None:
    if as_json:
        screen.say_json(view)
    else:
        screen.say(view.address)

"""`wherry friend …`: ask, answer, list, label, block."""

from __future__ import annotations

from typing import Final

import click

from ..api.bodies import PeerRequest
from ..api.people import AddRequest, DeclineRequest, FriendView, LabelRequest
from . import screen, words
from .options import about_peer, advising, home_option, json_option, node_at, peer_argument

#: States in words for a list.
_STATES: Final = {
    "friends": "friend",
    "sent": "request sent, waiting",
    "received": "asks to be friends",
    "declined": "declined",
    "blocked": "blocked",
    "stranger": "stranger",
}


@click.group("friend")
def command() -> None:
    """Friends: ask somebody by address, answer, list, remove."""


@command.command("add")
@click.argument("address", metavar="ADDRESS")
@click.option("--hello", default="", metavar="TEXT", help="What to say with the request; 1 KiB at most.")
@home_option
@json_option
def add(address: str, hello: str, home: str | None, as_json: bool) -> None:
    """Ask somebody to be friends, by address or invite link. They need not be there now."""
    with node_at(home) as node:
        _show(node.friend("add", AddRequest(peer=address, hello=hello)), as_json)


@command.command("decline")
@peer_argument
@click.option("--reason", default="", metavar="TEXT", help="What they are told.")
@home_option
@json_option
@about_peer
def decline(peer: str, reason: str, home: str | None, as_json: bool) -> None:
    """Say no to a request."""
    with node_at(home) as node, advising(peer):
        _show(node.friend("decline", DeclineRequest(peer=peer, reason=reason)), as_json)


@command.command("label")
@peer_argument
@click.argument("text", metavar="TEXT")
@home_option
@json_option
@about_peer
def label(peer: str, text: str, home: str | None, as_json: bool) -> None:
    """Give somebody a private name; an empty one takes it away."""
    with node_at(home) as node, advising(peer):
        _show(node.friend("label", LabelRequest(peer=peer, text=text)), as_json)


@command.command("list")
@home_option
@json_option
def show(home: str | None, as_json: bool) -> None:
    """Friends, and requests of either side."""
    with node_at(home) as node:
        view = node.friends()
    if as_json:
        screen.say_json(view)
    elif not view.friends:
        screen.note("Nobody here yet. Hand out your link: wherry id --invite. Add somebody: wherry friend add ADDRESS")
    else:
        screen.table(["FRIEND", "STATE", "PRESENCE", "UNREAD"], [_row(one) for one in view.friends])


@command.command("compare")
@peer_argument
@home_option
@json_option
@about_peer
def compare(peer: str, home: str | None, as_json: bool) -> None:
    """The safety number: read it to each other; if it differs, somebody stands between you."""
    with node_at(home) as node, advising(peer):
        view = node.safety(peer)
    if as_json:
        screen.say_json(view)
        return
    groups = view.number.split()
    for at in range(0, len(groups), 4):
        screen.say("  ".join(groups[at : at + 4]))


def _simple(verb: str, doc: str) -> None:
    @peer_argument
    @home_option
    @json_option
    def run(peer: str, home: str | None, as_json: bool) -> None:
        with node_at(home) as node, advising(peer):
            _show(node.friend(verb, PeerRequest(peer=peer)), as_json)

    run.__doc__ = doc
    command.command(verb)(about_peer(run))


_simple("accept", "Be friends with one who has asked.")
_simple("withdraw", "Take a request back.")
_simple("remove", "Be friends no longer. Messages stay.")
_simple("block", "Hear nothing of somebody any more.")
_simple("unblock", "Let somebody ask again.")


def _show(view: FriendView, as_json: bool) -> None:
    if as_json:
        screen.say_json(view)
        return
    screen.say(f"{_name(view)}  {_STATES[view.state]}")
    if view.state == "sent":
        screen.note("They get the request now, or when they are back.")


def _row(one: FriendView) -> list[str]:
    state = _STATES[one.state]
    if one.state == "received" and one.hello:
        state += f": {words.printable(one.hello)}"
    if one.failure is not None:
        state += f" ({words.printable(one.failure.message)})"
    presence = one.presence if one.state == "friends" else ""
    return [_name(one), state, presence, str(one.unread) if one.unread else ""]


def _name(one: FriendView) -> str:
    return words.printable(words.called(one.label or one.name, one.peer))

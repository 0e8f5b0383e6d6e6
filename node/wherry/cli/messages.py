"""`wherry messages [PEER] [--follow]`: what was written, and what comes."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping

import click

from ..api.chats import MessageView, PageRequest, SearchRequest
from ..api.client import Client
from ..errors import UnknownMessage
from . import screen, words
from .options import about_peer, advising, home_option, json_option, node_at

_MARKS = {"queued": "…", "held": "✓", "delivered": "✓✓", "read": "✓✓", "failed": "✗"}


@click.command("messages")
@click.argument("peer", metavar="[PEER]", default="")
@click.option("--follow", is_flag=True, help="Go on with what comes, until Ctrl-C.")
@click.option("--last", default=50, show_default=True, type=click.IntRange(0, 500), help="How many of before.")
@click.option("--search", "text", default="", metavar="TEXT", help="Only those with these words.")
@home_option
@json_option
@about_peer
def command(peer: str, follow: bool, last: int, text: str, home: str | None, as_json: bool) -> None:
    """Messages with one contact, or with all; with --json one object a line.

    What is shown of one PEER on a terminal counts as read, and they are told.
    """
    with node_at(home) as node, advising(peer):
        if text:
            found = list(reversed(node.search(SearchRequest(text=text, peer=peer))))
            names = _names(node, as_json)
            for one in found:
                _show(one, names, as_json)
            return
        _list(node, peer, last, follow, as_json)


def _list(node: Client, peer: str, last: int, follow: bool, as_json: bool) -> None:
    since = _newest(node) if follow else 0
    names = _names(node, as_json)
    shown = 0
    for one in node.messages(PageRequest(peer=peer, limit=last)) if last else []:
        _show(one, names, as_json)
        shown = one.number
    looking = bool(peer) and not as_json and sys.stdout.isatty()
    if looking:
        node.mark_read(peer)
    if not follow:
        return
    if not last:
        shown = max((one.number for one in node.messages(PageRequest(peer=peer, limit=1))), default=0)
    for one in _coming(node, peer, since, shown):
        _show(one, _names(node, as_json), as_json)
        if looking and not one.ours:
            node.mark_read(peer)


def _newest(node: Client) -> int:
    """The number of the newest event: what comes after the first page is looked at is not missed."""
    return max((event.seq for event in node.events(follow=False)), default=0)


def _coming(node: Client, peer: str, since: int, shown: int) -> Iterator[MessageView]:
    """Each message as it is kept, and ours again as they get further: events say when to look, numbers what is new."""
    for event in node.events(since):
        if event.type == "message_changed" and (changed := _changed(node, event.data)) is not None:
            if changed.number <= shown and peer in ("", changed.peer):
                yield changed
            continue
        if event.type != "message":
            continue
        while page := node.messages(PageRequest(peer=peer, after=shown, limit=100)):
            yield from page
            shown = page[-1].number


def _changed(node: Client, data: Mapping[str, object]) -> MessageView | None:
    """The message of ours that an event is about, if it is still there."""
    if not data.get("ours"):
        return None
    try:
        return node.message(str(data["peer"]), str(data["id"]))
    except UnknownMessage:
        return None


def _names(node: Client, as_json: bool) -> dict[str, str]:
    """What people are called; JSON has their ids alone."""
    if as_json:
        return {}
    met = {one.peer: one.name for one in node.peers().peers}
    friends = {one.peer: one.label or one.name for one in node.friends().friends}
    return {peer: words.called(name, peer) for peer, name in (met | friends).items()}


def _show(one: MessageView, names: dict[str, str], as_json: bool) -> None:
    if as_json:
        screen.say_json(one)
        return
    other = words.printable(names.get(one.peer) or words.short(one.peer))
    who = f"you to {other}" if one.ours else other
    mark = f"  {_MARKS[one.state]}" if one.ours else ""
    text = words.printable(one.text) if one.data is None else f"[{len(one.data) * 3 // 4} bytes]"
    screen.say(f"{words.clock(one.at)}  {who}: {text}{mark}")
    if one.reason is not None:
        how = "not sent" if one.state == "failed" else "waits"
        screen.say(f"       {how}: {one.reason.message}. {one.reason.hint}")

"""`wherry ping PEER`: round trips, and for each reply which way it went."""

from __future__ import annotations

import statistics
import time
from dataclasses import dataclass, field

import click

from ..api.bodies import PingRequest
from ..api.client import Client
from ..api.limits import PING_INTERVAL_S, PINGS
from ..errors import DialTimeout
from ..views import PathWord, PingReplyView
from . import screen, words
from .options import Seconds, about_peer, advising, home_option, json_option, node_at, peer_argument

DIRECT = ("direct", "direct_lan")


@dataclass(slots=True)
class Tally:
    """What came back so far.

    :param begun: when the first was sent, in seconds.
    """

    begun: float
    sent: int = 0
    rtt_ms: list[float] = field(default_factory=list)
    paths: list[PathWord | None] = field(default_factory=list)
    #: How long it took to go directly, if it did not at first: then there is nothing more to see.
    direct_after_s: float | None = None

    def add(self, reply: PingReplyView, now: float) -> None:
        """Count one reply, or the lack of one."""
        self.sent += 1
        if reply.rtt_ms is None:
            return
        self.rtt_ms.append(reply.rtt_ms)
        self.paths.append(reply.path)
        if reply.path in DIRECT and self.paths[0] not in DIRECT:
            self.direct_after_s = now - self.begun

    def summary(self) -> str:
        """The last line."""
        answered = f"{len(self.rtt_ms)} of {self.sent} answered"
        if not self.rtt_ms:
            return answered
        low, middle, high = min(self.rtt_ms), statistics.median(self.rtt_ms), max(self.rtt_ms)
        said = f"{answered}, {low:.3g}/{middle:.3g}/{high:.3g} ms min/median/max"
        return (
            said
            if self.direct_after_s is None
            else f"{said}; direct after {words.duration(self.direct_after_s * 1000)}"
        )


@click.command("ping")
@peer_argument
@click.option("-c", "--count", default=4, show_default=True, type=click.IntRange(1, PINGS), help="How many.")
@click.option(
    "-i",
    "--interval",
    "interval_s",
    default=1.0,
    show_default=True,
    type=Seconds(PING_INTERVAL_S),
    help="Seconds between two.",
)
@click.option(
    "--timeout",
    "timeout_s",
    default=5.0,
    show_default=True,
    type=Seconds(least_open=True),
    help="Seconds to wait for each reply.",
)
@home_option
@json_option
@about_peer
def command(peer: str, count: int, interval_s: float, timeout_s: float, home: str | None, as_json: bool) -> None:
    """Measure the round trip to a peer, connecting to it first.

    Each reply says which way it went. It stops after --count, or once a connection that was not direct has become so.
    Exits with 5 if nothing is answered.
    """
    tally, name, answered_by = Tally(time.monotonic()), "", peer
    request = PingRequest(peer=peer, count=count, interval_s=interval_s, timeout_s=timeout_s)
    with node_at(home) as node, advising(peer):
        try:
            for reply in node.ping(request):
                answered_by = reply.peer
                if not tally.sent and not as_json:
                    name = _name_of(node, reply.peer)
                tally.add(reply, time.monotonic())
                if not as_json:
                    _show(reply, name)
                if tally.direct_after_s is not None:
                    break
        finally:  # after Ctrl-C too
            if tally.sent and not as_json:
                screen.say(tally.summary())
        if not tally.rtt_ms:
            raise DialTimeout(f"none of {words.count(tally.sent, 'ping')} came back", peer=answered_by)
    if as_json:
        screen.say_json({"v": 1, "peer": answered_by, "rtt_ms": tally.rtt_ms, "path": tally.paths[-1]})


def _name_of(node: Client, peer: str) -> str:
    return next((view.name for view in node.peers().peers if view.peer == peer), "")


def _show(reply: PingReplyView, name: str) -> None:
    who = words.printable(words.called(name, reply.peer))
    if reply.rtt_ms is None:
        screen.say(f"no reply from {who}")
        return
    # The candidate's kind stands before its address; the way has been said already.
    remote = f"  {reply.remote.split()[-1]}" if reply.remote and reply.path in DIRECT else ""
    screen.say(f"reply from {who}  {words.duration(reply.rtt_ms)}  {words.path(reply.path)}{remote}")

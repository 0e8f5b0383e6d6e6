"""What a node says of itself: its facts, put into the views of `views.py`. Reads everything, changes nothing."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING

from wherry_signaling.client.network_time import NetworkTime
from wherry_signaling.endpoints import EndpointAddress
from wherry_signaling.identity import PeerId
from wherry_signaling.limits import CLOCK_GRACE_S
from wherry_signaling.scope import Scope, scope_of

from .connect.explain import Verdict, explain, phase_of
from .connection import Connection
from .errors import ClockWrong, NoNetwork, WherryError
from .reachability import Facts, verdict
from .version import VERSION
from .views import (
    ConnectionView,
    DhtView,
    ExplainView,
    IntroducerView,
    PathWord,
    ProblemView,
    RecordView,
    StatusView,
    rfc3339,
)

if TYPE_CHECKING:
    from .assembly import Parts

#: Seconds by which a clock may be off before we speak of it.
CLOCK_S = 300


def clock_wrong(clock: NetworkTime) -> ClockWrong | None:
    """What is to be said of this computer's clock; None where it is right, or nobody has spoken of it."""
    lead_s = clock.apparent_s
    if abs(lead_s) <= CLOCK_S:
        return None
    detail = f"{_span(abs(lead_s))} {'slow' if lead_s > 0 else 'fast'}, by the clocks of its introducers"
    if abs(lead_s - clock.offset_s) < CLOCK_GRACE_S:
        return ClockWrong(detail)
    hint = "Set the clock; until then this node and others do not take each other's records."
    return ClockWrong(detail, hint=hint)


def _span(seconds: float) -> str:
    for unit, name in ((86_400, "days"), (3600, "hours"), (60, "min")):
        if seconds >= 1.5 * unit:
            return f"{seconds / unit:.0f} {name}"
    return f"{seconds:.0f} s"


class Showing:
    """The views of one node."""

    def __init__(self, node: Parts, started: float) -> None:
        self._node = node
        self._started = started

    def status(self) -> StatusView:
        """`wherry status`."""
        node = self._node
        reach, because = verdict(self.facts())
        return StatusView(
            id=str(node.identity.id),
            name=node.name,
            version=VERSION,
            pid=os.getpid(),
            since=rfc3339(self._started, "seconds"),
            reachability=reach,
            because=because,
            page=page_of(node.endpoint.listen),
            multiaddrs=[str(one) for one in node.addresses.signaling],
            introducers=[
                IntroducerView(
                    peer=str(held.peer),
                    name=node.name_of(held.peer),
                    multiaddr=str(held.addresses[0]),
                    rtt_ms=None if held.rtt_ms is None else round(held.rtt_ms, 1),
                    since=rfc3339(self._wall(held.since), "seconds"),
                )
                for held in node.introducers.current()
            ],
            connections=self.peers(),
            dht=DhtView(role=node.dht.state, contacts=len(node.dht.contacts()), kept=len(node.kept)),
            record=self._record(),
            problems=[
                ProblemView(code=problem.code, text=str(problem), hint=problem.hint) for problem in self.problems()
            ],
        )

    def facts(self) -> Facts:
        """What the verdict on reachability is made of."""
        node = self._node
        held = node.introducers.current()
        scopes = [max(one.scope or Scope.GLOBAL for one in introducer.addresses) for introducer in held]
        return Facts(
            introducers=scopes,
            own=node.addresses.scope,
            proved_public=node.dht.state == "server" and node.addresses.scope is Scope.GLOBAL,
            knows_anybody=bool(held or node.dht.contacts()),
        )

    def problems(self) -> list[WherryError]:
        """What is wrong now."""
        node = self._node
        found: list[WherryError] = []
        if node.presence.elsewhere is not None:
            found.append(node.presence.elsewhere)
        if not node.machine and scope_of(node.endpoint.listen[0]) is not Scope.LOOPBACK:
            found.append(NoNetwork("this machine has no address but loopback"))
        if node.joining.failed is not None and not node.introducers.current():
            found.append(node.joining.failed)
        if node.store.trouble is not None:
            found.append(node.store.trouble)
        if (wrong := clock_wrong(node.network_time)) is not None:
            found.append(wrong)
        return found

    def peers(self) -> list[ConnectionView]:
        """Everybody connected or being called, the latest trace of others too."""
        node = self._node
        shown = {peer.id for peer in node.network.peers} | {trace.peer for trace in node.dialer.traces}
        return [self.connection(peer) for peer in sorted(shown)]

    def connection(self, peer: PeerId) -> ConnectionView:
        """One peer."""
        node = self._node
        connection = node.network.connection(peer)
        trace = node.dialer.trace_of(peer)
        found = self._verdict(peer, connection)
        common = {"peer": str(peer), "name": node.name_of(peer), "state": found.state}
        if connection is None or found.state in ("connecting", "waiting", "unreachable", "self_offline"):
            phase = phase_of(trace) if trace is not None and found.state == "connecting" else ""
            return ConnectionView(**common, phase=phase, because=found.sentence)  # type: ignore[arg-type]
        stats = connection.stats()
        rtt_ms = connection.rtt_s * 1000 if connection.rtt_s is not None else stats.rtt_ms if stats else None
        return ConnectionView(
            **common,  # type: ignore[arg-type]
            path=path_of(connection),
            rtt_ms=None if rtt_ms is None else round(rtt_ms, 1),
            bytes_in=stats.bytes_received if stats else 0,
            bytes_out=stats.bytes_sent if stats else 0,
            streams=connection.stream_count,
            since=rfc3339(self._wall(node.news.connected_since(peer)), "seconds"),
            local=stats.local if stats else "",
            remote=stats.remote if stats else "",
        )

    def explain(self, peer: PeerId) -> ExplainView:
        """`wherry explain`."""
        trace = self._node.dialer.trace_of(peer)
        found = self._verdict(peer, self._node.network.connection(peer))
        return ExplainView(
            peer=str(peer),
            state=found.state,
            sentence=found.sentence,
            advice=found.advice,
            attempt=trace.attempt.hex() if trace is not None else "",
            trace=[] if trace is None else trace.view(),
        )

    def _verdict(self, peer: PeerId, connection: Connection | None) -> Verdict:
        node = self._node
        facts = self.facts()
        return explain(
            node.name_of(peer) or peer.short,
            path=None if connection is None else path_of(connection),
            online=facts.own is not None or facts.knows_anybody,
            dialling=node.dialer.under_way(peer),
            trace=node.dialer.trace_of(peer),
        )

    def _record(self) -> RecordView | None:
        published = self._node.presence.published
        if published is None:
            return None
        record = published.record
        return RecordView(
            sequence=record.sequence, expires=rfc3339(record.expires, "seconds"), holders=published.holders
        )

    def _wall(self, loop_time: float) -> float:
        return self._node.wall_clock() - (asyncio.get_running_loop().time() - loop_time)


def page_of(listen: tuple[str, int]) -> str:
    """Where this machine finds the page of an endpoint that listens there."""
    host, port = listen
    return EndpointAddress(host if scope_of(host) is not None else "127.0.0.1", port).page


def path_of(connection: Connection) -> PathWord | None:
    """The way a connection goes, in the words of the one table; None while there is no link."""
    stats = connection.stats()
    if stats is None:
        return None
    return "direct" if stats.path == "memory" else stats.path

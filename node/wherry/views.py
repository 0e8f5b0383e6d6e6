"""What a node tells about itself, as it stands in ``--json`` and in the local API: promises, additions come at the end.

Times are RFC 3339 in UTC, durations end in ``_ms``, sizes are bytes, peers are whole peer ids.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final, Literal

import msgspec

#: Seconds since 1970 between which a time has four digits of a year, as RFC 3339 wants.
TIMES_S: Final = (-62_135_596_800.0, 253_402_300_799.0)

#: The one table of words, for page, command line and API alike.
PathWord = Literal["direct_lan", "direct", "relayed", "signaling"]
StateWord = Literal[
    "direct_lan", "direct", "relayed", "signaling", "connecting", "waiting", "unreachable", "self_offline"
]
Reachability = Literal["anywhere", "network", "outbound", "offline"]


def rfc3339(seconds: float, timespec: Literal["seconds", "milliseconds"] = "milliseconds") -> str:
    """Seconds since 1970, as text; what no year of four digits has is shown as the nearest that one has."""
    first, last = TIMES_S
    moment = datetime.fromtimestamp(min(max(seconds, first), last), UTC)
    return moment.isoformat(timespec=timespec).replace("+00:00", "Z")


def rfc3339_or_none(seconds: float) -> str | None:
    """The same; None where 0 stands for no time."""
    return rfc3339(seconds) if seconds else None


class View(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=False):
    """Anything that is shown."""


class IdView(View, frozen=True, kw_only=True):
    """Who this node is, and what a person hands out."""

    v: int = 1
    id: str
    name: str
    address: str
    invite: str
    multiaddrs: list[str]

    def __repr__(self) -> str:
        return f"<IdView {self.id}>"  # without the word in the address


class IntroducerView(View, frozen=True, kw_only=True):
    """One introducer that holds a reservation for this node."""

    peer: str
    multiaddr: str
    name: str = ""
    rtt_ms: float | None = None
    since: str | None = None


class ConnectionView(View, frozen=True, kw_only=True):
    """One peer, and how it is connected."""

    peer: str
    name: str = ""
    state: StateWord
    path: PathWord | None = None
    phase: str = ""
    because: str = ""
    rtt_ms: float | None = None
    bytes_in: int = 0
    bytes_out: int = 0
    streams: int = 0
    since: str | None = None
    local: str = ""
    remote: str = ""


class ProblemView(View, frozen=True, kw_only=True):
    """Something that is wrong: what, why, and what to do."""

    code: str
    text: str
    hint: str = ""


class DhtView(View, frozen=True, kw_only=True):
    """This node's part in the DHT."""

    role: Literal["server", "client", "off"]
    contacts: int = 0
    kept: int = 0


class RecordView(View, frozen=True, kw_only=True):
    """This node's own peer record."""

    sequence: int
    expires: str
    holders: int


class StatusView(View, frozen=True, kw_only=True):
    """`wherry status`."""

    v: int = 1
    id: str
    name: str
    version: str
    pid: int
    since: str
    reachability: Reachability
    because: str
    page: str
    api: str = ""
    multiaddrs: list[str]
    introducers: list[IntroducerView]
    connections: list[ConnectionView]
    dht: DhtView
    record: RecordView | None = None
    problems: list[ProblemView]


class PingReplyView(View, frozen=True, kw_only=True):
    """One reply, or none in time."""

    peer: str
    rtt_ms: float | None
    path: PathWord | None
    remote: str = ""


class TraceEntryView(View, frozen=True, kw_only=True):
    """One line of an attempt's trace."""

    t_ms: float
    phase: str
    way: str
    event: str
    data: dict[str, str | int | float | bool] = {}


class ExplainView(View, frozen=True, kw_only=True):
    """Why a peer is, or is not, connected: a sentence, an advice, and the trace."""

    v: int = 1
    peer: str
    state: StateWord
    sentence: str
    advice: str
    attempt: str = ""
    trace: list[TraceEntryView]

"""What requests carry and answers hold, beside what stands in `wherry.views`: the same names as ``--json``."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta, Struct

from ..views import ConnectionView, PathWord, View
from . import limits

PeerText = Annotated[
    str, Meta(min_length=1, max_length=limits.PEER_CHARACTERS, description="An id, address, link, label or name.")
]


Token = Annotated[str, Meta(min_length=1, max_length=limits.TOKEN_CHARACTERS, description="As it was given.")]


class Request(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Anything that is sent to the node."""


class Nothing(Request, frozen=True, kw_only=True):
    """A request that says all by its path."""


class PeerRequest(Request, frozen=True, kw_only=True):
    """Whom it is about."""

    peer: PeerText


class PingRequest(Request, frozen=True, kw_only=True):
    """Whom to ping, and how often."""

    peer: PeerText
    count: Annotated[int, Meta(ge=1, le=limits.PINGS)] = 4
    interval_s: Annotated[float, Meta(ge=limits.PING_INTERVAL_S, le=limits.WAIT_S)] = 1.0
    timeout_s: Annotated[float, Meta(gt=0, le=limits.WAIT_S)] = 5.0


class EchoRequest(Request, frozen=True, kw_only=True):
    """Whom to send how many random bytes, which come back."""

    peer: PeerText
    bytes: Annotated[int, Meta(ge=0, le=limits.ECHO_BYTES)] = 64


class ReadyRequest(Request, frozen=True, kw_only=True):
    """How long to wait."""

    timeout_s: Annotated[float, Meta(ge=0, le=limits.WAIT_S)] = 30.0


class EventsRequest(Request, frozen=True, kw_only=True):
    """Events after which one; with `follow` those to come too, until the client hangs up."""

    since: Annotated[int, Meta(ge=0)] = 0
    follow: bool = True


class SessionRequest(Request, frozen=True, kw_only=True):
    """What opens a session: the token in the link of `wherry dashboard`."""

    token: Token

    def __repr__(self) -> str:
        return "<SessionRequest>"  # no token gets into a log


class TicketRequest(Request, frozen=True, kw_only=True):
    """What to download: the path of a GET of this API, with its query."""

    path: Annotated[str, Meta(min_length=1, max_length=limits.TICKET_PATH_CHARACTERS, pattern="^/api/v1/")]


class ProgramRequest(Request, frozen=True, kw_only=True):
    """Whose token it is about: a word for its owner, of letters, digits, dots, dashes, underscores."""

    name: Annotated[
        str, Meta(min_length=1, max_length=limits.PROGRAM_CHARACTERS, pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$(?!\n)")
    ]


class FirstMessage(Struct, frozen=True, kw_only=True):
    """What a WebSocket's client says first, and all that it says."""

    token: Token

    def __repr__(self) -> str:
        return "<FirstMessage>"


class PeersView(View, frozen=True, kw_only=True):
    """`wherry peers`."""

    v: int = 1
    peers: list[ConnectionView]


class ConnectView(View, frozen=True, kw_only=True):
    """`wherry connect`: the open connection, and how long it took."""

    v: int = 1
    peer: str
    name: str = ""
    path: PathWord | None
    rtt_ms: float | None = None
    remote: str = ""
    took_ms: float


class EchoView(View, frozen=True, kw_only=True):
    """Bytes that went there and came back the same."""

    v: int = 1
    peer: str
    bytes: int
    rtt_ms: float


class RingView(View, frozen=True, kw_only=True):
    """A peer that was looked up and answered a sealed ping, with no connection."""

    v: int = 1
    peer: str
    rtt_ms: float


class ReadyView(View, frozen=True, kw_only=True):
    """The node has joined, has its introducers, and its record is published."""

    v: int = 1
    ready: bool
    waited_ms: float


class DownView(View, frozen=True, kw_only=True):
    """The process that ends now."""

    v: int = 1
    pid: int


class SessionView(View, frozen=True, kw_only=True):
    """A session: the token to send with each request, and when it ends at the latest (RFC 3339)."""

    v: int = 1
    session: str
    expires: str


class TicketView(View, frozen=True, kw_only=True):
    """Where the download is, once, and until when."""

    v: int = 1
    path: str
    expires: str

    def __repr__(self) -> str:
        return f"<TicketView {self.expires}>"


class DashboardView(View, frozen=True, kw_only=True):
    """`wherry dashboard`: the link that opens the page, once, and until when."""

    v: int = 1
    url: str
    expires: str

    def __repr__(self) -> str:
        return f"<DashboardView {self.expires}>"


class ProgramView(View, frozen=True, kw_only=True):
    """A program that has a token, and since when."""

    name: str
    created: str


class TokensView(View, frozen=True, kw_only=True):
    """`wherry token list`."""

    v: int = 1
    tokens: list[ProgramView]


class NewTokenView(View, frozen=True, kw_only=True):
    """`wherry token new`: the token, which is told this once."""

    v: int = 1
    name: str
    token: str
    url: str

    def __repr__(self) -> str:
        return f"<NewTokenView {self.name!r}>"


class EndedView(View, frozen=True, kw_only=True):
    """How many sessions, tokens or connections have ended."""

    v: int = 1
    ended: int


class SettingView(View, frozen=True, kw_only=True):
    """One value, and where it is from."""

    value: Any
    origin: str


class ConfigView(View, frozen=True, kw_only=True):
    """`wherry config show`."""

    v: int = 1
    settings: dict[str, SettingView]


class ErrorView(View, frozen=True, kw_only=True, omit_defaults=True):
    """What went wrong: a stable code, and words for people."""

    code: str
    message: str
    hint: str
    peer: str | None = None


class Failure(View, frozen=True, kw_only=True):
    """The only thing that a failed request answers, and a failed command prints under ``--json``."""

    v: int = 1
    error: ErrorView

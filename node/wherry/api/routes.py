"""The routes of the local API: one table, from which the server, its OpenAPI document and the client are made.

Requests of GET stand in the query, those of POST are a JSON object. Answers are JSON, or a stream of JSON lines
(``application/x-ndjson``); a stream that fails ends with a line that has `error`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final, Literal

from msgspec import Struct

from ..events import EventView
from ..views import ExplainView, IdView, PingReplyView, StatusView
from . import bodies, handlers

PREFIX: Final = "/api/v1"
JSON: Final = "application/json"
LINES: Final = "application/x-ndjson"
TEXT: Final = "text/plain"

Handler = Callable[[handlers.Context, Any], Awaitable[Struct | str] | AsyncIterator[Struct]]


@dataclass(frozen=True, slots=True)
class Route:
    """One line of the table.

    :param answer: the type of the answer, or of each line where it is a stream; str for plain text.
    """

    method: Literal["GET", "POST"]
    name: str
    handler: Handler
    request: type[bodies.Request]
    answer: type[Struct] | type[str]
    stream: bool = False

    @property
    def path(self) -> str:
        """Where it is found."""
        return f"{PREFIX}/{self.name}"

    @property
    def media(self) -> str:
        """The answer's media type."""
        return LINES if self.stream else TEXT if self.answer is str else JSON

    @property
    def summary(self) -> str:
        """What it does: its handler's first line."""
        return (self.handler.__doc__ or "").splitlines()[0]


ROUTES: Final = (
    Route("GET", "id", handlers.get_id, bodies.Nothing, IdView),
    Route("GET", "status", handlers.get_status, bodies.Nothing, StatusView),
    Route("GET", "peers", handlers.get_peers, bodies.Nothing, bodies.PeersView),
    Route("GET", "explain", handlers.get_explain, bodies.PeerRequest, ExplainView),
    Route("GET", "ready", handlers.wait_ready, bodies.ReadyRequest, bodies.ReadyView),
    Route("GET", "events", handlers.get_events, bodies.EventsRequest, EventView, stream=True),
    Route("GET", "config", handlers.get_config, bodies.Nothing, bodies.ConfigView),
    Route("GET", "metrics", handlers.get_metrics, bodies.Nothing, str),
    Route("POST", "connect", handlers.connect, bodies.PeerRequest, bodies.ConnectView),
    Route("POST", "ping", handlers.ping, bodies.PingRequest, PingReplyView, stream=True),
    Route("POST", "echo", handlers.echo, bodies.EchoRequest, bodies.EchoView),
    Route("POST", "ring", handlers.ring, bodies.PeerRequest, bodies.RingView),
    Route("POST", "down", handlers.down, bodies.Nothing, bodies.DownView),
)

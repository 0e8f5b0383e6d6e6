"""The other end of the local API: blocking, on the standard library alone, so that a command starts at once.

What the node raised is raised here again, of the same type. Nobody there is `NoNode`.
"""

from __future__ import annotations

import http.client
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar
from urllib.parse import urlencode

import msgspec

from ..errors import BadRequest, NodeLost, NoNode
from ..events import EventView
from ..views import ExplainView, IdView, PingReplyView, StatusView
from . import bodies
from .client_mail import MailCalls
from .limits import ANSWER_S, GRACE_S, READ_BYTES
from .problems import error_of

T = TypeVar("T")

#: Seconds to wait for what takes as long as a dial: the attempt's own limit is in `connect.limits`.
_DIAL_S = 60.0


class _UnixConnection(http.client.HTTPConnection):
    """HTTP on a UNIX socket."""

    def __init__(self, path: Path, timeout: float) -> None:
        super().__init__("localhost", timeout=timeout)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            self.sock.settimeout(self.timeout)
            self.sock.connect(str(self._path))
        except BaseException:
            self.close()
            raise


class Client(MailCalls):
    """A running node, asked over its socket. Every call opens a connection of its own; `close` ends them all.

    Every method raises what the node raised, `NoNode` where none listens, and `NodeLost` where it ends or hangs.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._open: set[_UnixConnection] = set()

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End what is under way, from whatever thread: it raises NodeLost there."""
        for connection in list(self._open):
            if connection.sock is not None:
                with suppress(OSError):  # it has just ended by itself
                    connection.sock.shutdown(socket.SHUT_RDWR)

    def id(self) -> IdView:
        """Who it is."""
        return self._ask("GET", "id", bodies.Nothing(), IdView)

    def status(self) -> StatusView:
        """How it is doing."""
        return self._ask("GET", "status", bodies.Nothing(), StatusView)

    def peers(self) -> bodies.PeersView:
        """Its peers."""
        return self._ask("GET", "peers", bodies.Nothing(), bodies.PeersView)

    def explain(self, peer: str) -> ExplainView:
        """Why a peer is, or is not, connected."""
        return self._ask("GET", "explain", bodies.PeerRequest(peer=peer), ExplainView)

    def ready(self, timeout_s: float) -> bodies.ReadyView:
        """Wait until it is ready.

        :raises NotReady: if it is not, in that time.
        """
        request = bodies.ReadyRequest(timeout_s=timeout_s)
        return self._ask("GET", "ready", request, bodies.ReadyView, timeout_s=timeout_s + GRACE_S)

    def config(self) -> bodies.ConfigView:
        """What it runs with."""
        return self._ask("GET", "config", bodies.Nothing(), bodies.ConfigView)

    def metrics(self) -> str:
        """Its counters, in Prometheus's text format."""
        with self._asked("GET", "metrics", bodies.Nothing(), ANSWER_S) as response:
            return response.read().decode()

    def connect(self, peer: str) -> bodies.ConnectView:
        """Connect to a peer."""
        return self._ask("POST", "connect", bodies.PeerRequest(peer=peer), bodies.ConnectView, timeout_s=_DIAL_S)

    def echo(self, peer: str, size: int = 64) -> bodies.EchoView:
        """Have `size` bytes echoed."""
        request = bodies.EchoRequest(peer=peer, bytes=size)
        return self._ask("POST", "echo", request, bodies.EchoView, timeout_s=_DIAL_S)

    def ring(self, peer: str) -> bodies.RingView:
        """Look a peer up, and have it answer a sealed ping."""
        return self._ask("POST", "ring", bodies.PeerRequest(peer=peer), bodies.RingView, timeout_s=_DIAL_S)

    def down(self) -> bodies.DownView:
        """Ask it to end."""
        return self._ask("POST", "down", bodies.Nothing(), bodies.DownView)

    def dashboard(self) -> bodies.DashboardView:
        """A link that opens the dashboard, once."""
        return self._ask("POST", "dashboard", bodies.Nothing(), bodies.DashboardView)

    def close_sessions(self) -> bodies.EndedView:
        """End all sessions of the dashboard."""
        return self._ask("DELETE", "sessions", bodies.Nothing(), bodies.EndedView)

    def tokens(self) -> bodies.TokensView:
        """The programs that have a token."""
        return self._ask("GET", "tokens", bodies.Nothing(), bodies.TokensView)

    def new_token(self, name: str) -> bodies.NewTokenView:
        """A token for a program."""
        return self._ask("POST", "tokens", bodies.ProgramRequest(name=name), bodies.NewTokenView)

    def revoke_token(self, name: str) -> bodies.EndedView:
        """End a program's token."""
        return self._ask("DELETE", "tokens", bodies.ProgramRequest(name=name), bodies.EndedView)

    def ping(self, request: bodies.PingRequest) -> Iterator[PingReplyView]:
        """Ping a peer; yields as replies come."""
        patience = _DIAL_S + request.interval_s + request.timeout_s
        return self._lines("POST", "ping", request, PingReplyView, patience)

    def events(self, since: int = 0, *, follow: bool = True, timeout_s: float | None = None) -> Iterator[EventView]:
        """What happened after the event `since`; with `follow` without end, unless the node ends.

        :param timeout_s: how long to wait for the next one, at most.
        """
        request = bodies.EventsRequest(since=since, follow=follow)
        return self._lines("GET", "events", request, EventView, timeout_s)

    # -- the wire -----------------------------------------------------------------------------------------------------

    def _ask(self, method: str, name: str, request: bodies.Request, answer: type[T], timeout_s: float = ANSWER_S) -> T:
        with self._asked(method, name, request, timeout_s) as response:
            return self._decode(response.read(), answer)

    def _lines(
        self, method: str, name: str, request: bodies.Request, line: type[T], timeout_s: float | None
    ) -> Iterator[T]:
        with self._asked(method, name, request, timeout_s) as response:
            for data in _split(response):
                if data.startswith(b'{"v":1,"error":'):
                    raise error_of(self._decode(data, bodies.Failure))
                yield self._decode(data, line)

    @contextmanager
    def _asked(
        self, method: str, name: str, request: bodies.Request, timeout_s: float | None
    ) -> Iterator[http.client.HTTPResponse]:
        connection = _UnixConnection(self.path, timeout=ANSWER_S)
        self._open.add(connection)
        try:
            path, body = _written(method, name, request)
            self._connect(connection)
            connection.sock.settimeout(timeout_s)
            connection.request(method, path, body=body, headers={"Content-Type": "application/json"})
            response = connection.getresponse()
            if response.status != 200:
                raise error_of(self._decode(response.read(), bodies.Failure))
            yield response
        except TimeoutError as error:
            raise NodeLost(f"no answer to {name} in time") from error
        except (OSError, http.client.HTTPException) as error:
            raise NodeLost(f"it ended during {name}") from error
        finally:
            self._open.discard(connection)
            connection.close()

    def _connect(self, connection: _UnixConnection) -> None:
        try:
            connection.connect()
        except (FileNotFoundError, ConnectionRefusedError) as error:
            raise NoNode from error

    def _decode(self, data: bytes, kind: type[T]) -> T:
        try:
            return msgspec.json.decode(data, type=kind)
        except msgspec.MsgspecError as error:
            raise NodeLost("it answered what this command does not understand", hint="Update the older one.") from error


def _written(method: str, name: str, request: bodies.Request) -> tuple[str, bytes]:
    """The path and the body of a request.

    :raises BadRequest: if there is something in it that is no text, as of an argument that is no UTF-8.
    """
    path = f"/api/v1/{name}"
    try:
        if method == "POST":
            return path, msgspec.json.encode(request)
        said: dict[str, Any] = msgspec.to_builtins(request)
        fields = {name: value for name, value in said.items() if value is not None}
        return f"{path}?{urlencode(fields)}" if fields else path, b""
    except UnicodeEncodeError as error:
        raise BadRequest("there are bytes in it that are no text", hint="Write it in UTF-8.") from error


def _split(response: http.client.HTTPResponse) -> Iterator[bytes]:
    """Lines as they come. `readline` would take a stream that was cut off for one that ended; `read1` does not."""
    rest = b""
    while data := response.read1(READ_BYTES):
        *lines, rest = (rest + data).split(b"\n")
        yield from lines

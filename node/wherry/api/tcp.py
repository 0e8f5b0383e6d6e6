"""The local API on TCP, on loopback alone: guarded, with tokens, and with the dashboard's files beside it.

===================================== ==============================================================================
``/``                                 the dashboard, if it is not switched off: the same page that endpoints serve, with
                                      one `meta` more, by which it knows that it drives a node
``/api/openapi.json``                 what the routes take and answer
``/api/v1/…``                         the routes, with ``Authorization: Bearer TOKEN``
``/api/v1/events``, as a WebSocket    the same events; the token is the client's first message
``/api/v1/tickets/…``                 what a ticket was made for, once, as a download
===================================== ==============================================================================
"""

from __future__ import annotations

import asyncio
import errno
import logging
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from typing import Final
from urllib.parse import parse_qsl, urlsplit

from aiohttp import WSCloseCode, web

from wherry_signaling.errors import PortBusy
from wherry_signaling.server.door import Doors
from wherry_signaling.server.http import ServerLog
from wherry_signaling.server.page import Page

from ..errors import BadRequest
from . import guard, websocket
from .app import WebHandler, answer, from_query, make_app
from .handlers import Context
from .limits import HEADER_BYTES, IDLE_S, LINE_BYTES, PORT_TRIES, SHUTDOWN_S
from .routes import JSON, LINES, ROUTES, TEXT, Route
from .tokens import Caller

_log = logging.getLogger(__name__)
HOST: Final = "127.0.0.1"
BACKLOG: Final = 128
#: By this the page knows that it is served by a node, and not by an endpoint.
MARK: Final = b'<meta name="wherry-home" content="node">'
#: What a ticket can be made for, by its path.
_DOWNLOADS: Final[dict[str, Route]] = {
    route.path: route for route in ROUTES if route.method == "GET" and "tcp" in route.at
}
_SUFFIXES: Final = {JSON: "json", LINES: "ndjson", TEXT: "txt"}


@contextmanager
def bind(port: int) -> Iterator[socket.socket]:
    """A bound socket at `port`, or at the next that is free.

    :raises PortBusy: if loopback gives none.
    """
    tries = [number for number in range(port, port + PORT_TRIES) if number < 65_536]
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as bound:
        bound.setblocking(False)
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # not held up by sockets in TIME_WAIT
        for number in (*tries, 0):
            try:
                bound.bind((HOST, number))
                break
            except OSError as error:
                if error.errno not in (errno.EADDRINUSE, errno.EACCES) or number == 0:
                    raise PortBusy(f"{HOST}: {error.strerror}", hint="Start without it: --api off") from error
        yield bound


@asynccontextmanager
async def serve_tcp(bound: socket.socket, context: Context, *, version: str) -> AsyncIterator[None]:
    """Serve the API at a bound socket for the length of the block."""
    door = _Door(bound.getsockname()[1], context)
    app = make_app(context, version, "tcp", door.who_asks, [door.let_in])
    app.router.add_get(guard.TICKETS + "{ticket}", door.download, allow_head=False)
    if context.node.config.dashboard:
        app.router.add_get("/{path:(?!api/).*}", _dashboard(Page()), allow_head=False)
    app.on_response_prepare.append(door.harden)
    app.on_shutdown.append(door.close)
    runner = web.AppRunner(
        app,
        access_log=None,
        logger=ServerLog(_log),
        handler_cancellation=True,
        keepalive_timeout=IDLE_S,
        max_line_size=LINE_BYTES,
        max_field_size=HEADER_BYTES,
        shutdown_timeout=SHUTDOWN_S,
    )
    await runner.setup()
    try:
        assert runner.server is not None
        doors = Doors(runner.server, exempt=lambda _: False)
        server = await asyncio.get_running_loop().create_server(doors, sock=bound, backlog=BACKLOG)
        try:
            yield
        finally:
            server.close()
    finally:
        await runner.cleanup()


class _Door:
    """What every request goes through."""

    def __init__(self, port: int, context: Context) -> None:
        self._hosts = guard.hosts_of(port)
        self._context = context
        self._access = context.access
        self._followers: set[web.WebSocketResponse] = set()

    @web.middleware
    async def let_in(self, request: web.Request, handler: WebHandler) -> web.StreamResponse:
        """The guard, then the WebSocket or the route."""
        headers = request.headers
        refusal = guard.refusal(
            guard.Asked(
                method=request.method,
                path=request.path,
                host=headers.getall("Host", ()),
                origin=headers.getall("Origin", ()),
                site=headers.getall("Sec-Fetch-Site", ()),
                mode=headers.getall("Sec-Fetch-Mode", ()),
                destination=headers.getall("Sec-Fetch-Dest", ()),
            ),
            self._hosts,
        )
        if refusal is not None:
            raise refusal
        if request.can_read_body and request.content_type != JSON:
            raise web.HTTPUnsupportedMediaType  # a form of any page could send the others
        if request.path == websocket.PATH and request.headers.get("Upgrade", "").lower() == "websocket":
            return await websocket.follow(request, self._context, self._followers)
        return await handler(request)

    def who_asks(self, request: web.Request) -> Caller:
        """The caller whose token the request carries; raises NoSession or TooManyTries."""
        given = request.headers.getall("Authorization", ())
        scheme, _, token = given[0].partition(" ") if len(given) == 1 else ("", "", "")
        return self._access.caller(token.strip() if scheme.lower() == "bearer" else "")

    async def download(self, request: web.Request) -> web.StreamResponse:
        """What a ticket is for, as a file."""
        caller, wanted = self._access.spend_ticket(request.match_info["ticket"])
        parts = urlsplit(wanted)
        route = _DOWNLOADS.get(parts.path)
        if route is None:
            raise BadRequest(f"{parts.path} is nothing to download")
        asked = from_query(route, dict(parse_qsl(parts.query, keep_blank_values=True)))
        name = f"{route.name.replace('/', '-')}.{_SUFFIXES[route.media]}"
        headers = {"Content-Disposition": f'attachment; filename="{name}"'}
        return await answer(request, route, asked, replace(self._context, caller=caller), headers)

    async def harden(self, request: web.Request, response: web.StreamResponse) -> None:
        """Headers of every answer, the page's own among them."""
        response.headers.update(guard.headers_for(request.path, request.headers.get("Host", ""), self._hosts))

    async def close(self, app: web.Application) -> None:
        """End the WebSockets."""
        for follower in list(self._followers):
            await follower.close(code=WSCloseCode.GOING_AWAY)


def _dashboard(page: Page) -> WebHandler:
    """The page, marked as a node's own."""

    async def serve(request: web.Request) -> web.StreamResponse:
        response = await page.serve(request)
        if response.content_type == "text/html" and isinstance(response.body, bytes):
            response.body = response.body.replace(b"<head>", b"<head>" + MARK, 1)
        return response

    return serve

"""The endpoint's TCP port, with aiohttp: the WebSocket, the page, its health and who it is.

==================== ======================================================================================
``/signal``          WebSocket, subprotocol ``wherry.signal.1``
``/``                the page in a browser; hashed assets are cached for ever, the page itself never
``/health``          ``{"ok": true}``
``/.well-known/wherry`` peer id, multiaddrs, version; readable from any origin
==================== ======================================================================================
"""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import socket
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from ..errors import InvalidMultiaddr
from ..limits import HTTP_IDLE_S, HTTP_LINE_BYTES
from ..scope import IPAddress, parse_ip
from ..sockets import SUBPROTOCOL, Describe, Serve, SocketAddress
from .door import Doors
from .page import Page
from .ports import BACKLOG
from .websocket import AcceptedWebSocket, new_websocket

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_log = logging.getLogger(__name__)
#: Seconds that a connection which is being closed may still take: nobody waits for a goodbye.
_SHUTDOWN_S: Final = 0.5


class ServerLog(logging.LoggerAdapter[logging.Logger]):
    """What aiohttp has to say. It writes a traceback, an address and all that was sent for whoever speaks no HTTP."""

    def log(self, level: int, msg: object, *args: object, **kwargs: Any) -> None:
        """Write it down, unless it is about what a stranger sent."""
        if isinstance(error := kwargs.get("exc_info"), HttpProcessingError):
            self.logger.debug("refused what is no HTTP: %s", type(error).__name__)
        else:
            super().log(level, msg, *args, **kwargs)


class HttpListener:
    """A `Listener` on a bound TCP socket, which it closes at the end.

    :param trusted: networks of proxies whose X-Forwarded-For counts (CIDR).
    :param page: folder of the built page; the package's own by default.
    :param idle_s: seconds that a connection may idle, or take for its request.
    :raises InvalidMultiaddr: if a trusted network is none.
    """

    def __init__(
        self,
        tcp: socket.socket,
        *,
        trusted: Sequence[str] = (),
        page: Path | None = None,
        idle_s: float = HTTP_IDLE_S,
    ) -> None:
        self._tcp, self._idle_s = tcp, idle_s
        self._trusted = [_network(text) for text in trusted]
        self._page = Page(page)
        self._runner: web.AppRunner | None = None
        self._server: asyncio.Server | None = None
        self._doors: Doors | None = None
        self._sockets: set[AcceptedWebSocket] = set()

    async def open(self, serve: Serve, describe: Describe) -> SocketAddress:
        """Listen; every WebSocket is given to `serve`."""

        async def signal(request: web.Request) -> web.StreamResponse:
            if not _speaks(request):
                return _plain(f"This is a WebSocket of the subprotocol {SUBPROTOCOL}.\n", status=426)
            websocket = new_websocket()
            try:
                await websocket.prepare(request)
            except OSError:
                return _plain("The client left.\n", status=400)  # to nobody
            accepted = AcceptedWebSocket(request, websocket, self._remote(request))
            self._sockets.add(accepted)
            try:
                await serve(accepted)
            finally:
                self._sockets.discard(accepted)
            return websocket

        async def health(_: web.Request) -> web.Response:
            return _json({"ok": True})

        async def about(_: web.Request) -> web.Response:
            return _json(describe())

        app = web.Application(client_max_size=1024)
        app.router.add_get("/signal", signal)
        app.router.add_get("/health", health)
        app.router.add_get("/.well-known/wherry", about)
        app.router.add_get("/{path:.*}", self._page.serve)
        app.on_response_prepare.append(_harden)
        self._runner = web.AppRunner(
            app,
            access_log=None,
            logger=ServerLog(_log),
            keepalive_timeout=self._idle_s,
            lingering_time=0,
            max_line_size=HTTP_LINE_BYTES,
            max_field_size=HTTP_LINE_BYTES,
            shutdown_timeout=_SHUTDOWN_S,
        )
        await self._runner.setup()
        server = self._runner.server
        assert server is not None
        self._doors = Doors(server, exempt=self._is_trusted)
        self._server = await asyncio.get_running_loop().create_server(self._doors, sock=self._tcp, backlog=BACKLOG)
        host, port, *_ = self._tcp.getsockname()
        return host, port

    async def close(self) -> None:
        """Stop listening and end every WebSocket."""
        if self._server is not None:
            self._server.close()
        for accepted in list(self._sockets):
            await accepted.close()
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None
        self._tcp.close()

    def _remote(self, request: web.Request) -> SocketAddress:
        """Whom a request comes from: the connection's other end, or what trusted proxies say in front of it."""
        peername = request.transport.get_extra_info("peername") if request.transport is not None else None
        host, port = (peername[0], peername[1]) if peername else ("", 0)
        forwarded = ",".join(request.headers.getall("X-Forwarded-For", ())).split(",")
        while self._is_trusted(host) and forwarded and parse_ip(forwarded[-1].strip()) is not None:
            host, port = forwarded.pop().strip(), 0
        address = parse_ip(host)
        return host if address is None else str(address), port

    def _is_trusted(self, host: str) -> bool:
        address: IPAddress | None = parse_ip(host)
        return address is not None and any(address in network for network in self._trusted)


def _speaks(request: web.Request) -> bool:
    """Whether a request asks for what `/signal` is."""
    offered = [one.strip() for one in request.headers.get("Sec-WebSocket-Protocol", "").split(",")]
    return request.headers.get("Upgrade", "").lower() == "websocket" and SUBPROTOCOL in offered


async def _harden(_: web.Request, response: web.StreamResponse) -> None:
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers.setdefault("Cache-Control", "no-store")


def _plain(text: str, *, status: int) -> web.Response:
    return web.Response(text=text, status=status)


def _json(value: object) -> web.Response:
    return web.json_response(value, headers={"Access-Control-Allow-Origin": "*"})


def _network(text: str) -> Network:
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError as error:
        raise InvalidMultiaddr(f"{text!r} is no network", hint="It looks like 10.0.0.0/8.") from error

"""Sockets to endpoints over WebSocket, with aiohttp: whose exceptions stop here.

Names are resolved in a thread, every answer is tried (RFC 8305), certificates are verified. A socket may be asked to
reach no nearer than a scope, after resolution: that is how an endpoint opens sockets on behalf of strangers without
knocking on doors inside its own network.
"""

from __future__ import annotations

import asyncio
import os
import socket
import ssl
from types import TracebackType
from typing import Final

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult

from ..endpoints import EndpointAddress
from ..errors import EndpointLost, EndpointUnreachable
from ..limits import CONNECT_S
from ..scope import Scope, parse_ip, scope_of
from ..sockets import MESSAGE_BYTES, SUBPROTOCOL, Connect, Socket, SocketAddress

#: Seconds that closing waits until the last frame is written; the other side's goodbye is not waited for.
_CLOSE_S: Final = 0.2
#: The kernel asks a silent host after 1 s, and once more: a cut cable is noticed after 2 s, at no cost here.
_KEEPALIVE: Final = (("TCP_KEEPIDLE", 1), ("TCP_KEEPALIVE", 1), ("TCP_KEEPINTVL", 1), ("TCP_KEEPCNT", 1))
#: Milliseconds that bytes under way may stay unacknowledged: keepalive does not ask while there are any (RFC 5482). So
#: it is 4 s at most, where something was written just before keepalive gave up, and a new record is stored within 5 s.
_USER_TIMEOUT_MS: Final = 2000


class WebSocketConnector:
    """Opens WebSockets to endpoints; an async context manager.

    :param ssl_context: what verifies certificates; the system's authorities by default.
    """

    def __init__(self, *, ssl_context: ssl.SSLContext | None = None) -> None:
        self._ssl = True if ssl_context is None else ssl_context
        self._sessions: dict[Scope, aiohttp.ClientSession] = {}

    async def __aenter__(self) -> WebSocketConnector:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Give back connections and threads."""
        sessions, self._sessions = self._sessions, {}
        for session in sessions.values():
            await session.close()

    async def __call__(self, address: EndpointAddress) -> Socket:
        """A socket to `address`, wherever it is.

        :raises EndpointUnreachable: if none of its addresses answers as an endpoint within `CONNECT_S`.
        """
        return await self._connect(address, Scope.LOOPBACK)

    def reaching(self, scope: Scope) -> Connect:
        """A `Connect` that refuses every address nearer than `scope`."""

        async def connect(address: EndpointAddress) -> Socket:
            return await self._connect(address, scope)

        return connect

    async def _connect(self, address: EndpointAddress, scope: Scope) -> Socket:
        if parse_ip(address.host) is not None and not _reaches(address.host, scope):
            raise EndpointUnreachable(f"{address.authority} is nearer than may be asked for")
        try:
            async with asyncio.timeout(CONNECT_S):
                websocket = await self._session(scope).ws_connect(
                    address.url,
                    protocols=(SUBPROTOCOL,),
                    max_msg_size=MESSAGE_BYTES,
                    compress=0,
                    autoclose=False,
                    timeout=aiohttp.ClientWSTimeout(ws_close=_CLOSE_S),
                )
        except TimeoutError as error:
            raise EndpointUnreachable(f"{address.authority} did not answer within {CONNECT_S:.0f} s") from error
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise EndpointUnreachable(f"{address.authority}: {_reason(error)}") from error
        connected = _WebSocket(websocket, address)
        if websocket.protocol != SUBPROTOCOL:
            await connected.close()
            raise EndpointUnreachable(f"{address.authority} does not speak {SUBPROTOCOL}")
        return connected

    def _session(self, scope: Scope) -> aiohttp.ClientSession:
        if scope not in self._sessions:
            connector = aiohttp.TCPConnector(resolver=_ScopedResolver(scope), ssl=self._ssl, limit=0, force_close=True)
            self._sessions[scope] = aiohttp.ClientSession(
                connector=connector, trust_env=False, cookie_jar=aiohttp.DummyCookieJar(), auto_decompress=False
            )
        return self._sessions[scope]


class _WebSocket:
    """A client's WebSocket as a `Socket`."""

    __slots__ = ("_address", "_socket", "_websocket")

    def __init__(self, websocket: aiohttp.ClientWebSocketResponse, address: EndpointAddress) -> None:
        self._websocket = websocket
        self._address = address
        self._socket: socket.socket | None = websocket.get_extra_info("socket")
        if self._socket is not None:
            _keep_alive(self._socket)

    @property
    def remote(self) -> SocketAddress:
        peername = self._websocket.get_extra_info("peername")
        return (self._address.host, self._address.port) if peername is None else (peername[0], peername[1])

    async def send(self, data: bytes) -> None:
        try:
            await self._websocket.send_bytes(data)
        except (aiohttp.ClientError, OSError) as error:
            raise EndpointLost(_reason(error)) from error

    async def receive(self) -> bytes:
        message = await self._websocket.receive()
        if message.type is aiohttp.WSMsgType.BINARY:
            data: bytes = message.data
            return data
        raise EndpointLost(_ending(message))

    async def close(self) -> None:
        try:
            async with asyncio.timeout(_CLOSE_S):
                await self._websocket.close()
        except TimeoutError:
            if self._socket is not None:
                self._socket.shutdown(socket.SHUT_RDWR)


class _ScopedResolver(AbstractResolver):
    """Resolves names, and forgets answers that are nearer than a scope."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self._resolver = aiohttp.ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        answers = await self._resolver.resolve(host, port, family)
        allowed = [answer for answer in answers if _reaches(answer["host"], self._scope)]
        if not allowed:
            raise OSError(None, f"{host} is nearer than may be asked for")
        return allowed

    async def close(self) -> None:
        await self._resolver.close()


def _reaches(host: str, scope: Scope) -> bool:
    own = scope_of(host)
    return own is not None and own >= scope


def _keep_alive(raw: socket.socket) -> None:
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in _KEEPALIVE:
        option = getattr(socket, name, None)
        if option is not None:  # which of them there are depends on the platform
            raw.setsockopt(socket.IPPROTO_TCP, option, value)
    if (option := getattr(socket, "TCP_USER_TIMEOUT", None)) is not None:
        raw.setsockopt(socket.IPPROTO_TCP, option, _USER_TIMEOUT_MS)


def _ending(message: aiohttp.WSMessage) -> str:
    if message.type is aiohttp.WSMsgType.TEXT:
        return "it sent text"
    if message.type is aiohttp.WSMsgType.ERROR:
        return str(message.data)
    return "closed by the other side"


def _reason(error: Exception) -> str:
    if isinstance(error, aiohttp.ClientConnectorError) and not isinstance(error.os_error, ssl.SSLError):
        number = error.os_error.errno
        return os.strerror(number).lower() if number is not None and number > 0 else str(error.os_error)
    if isinstance(error, aiohttp.WSServerHandshakeError):
        return f"no signaling endpoint (HTTP {error.status})"
    return str(error) or type(error).__name__

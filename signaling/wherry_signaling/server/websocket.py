"""An accepted WebSocket as a `Socket`, with aiohttp: whose exceptions stop here."""

from __future__ import annotations

import aiohttp
from aiohttp import web

from ..errors import EndpointLost
from ..sockets import MESSAGE_BYTES, SUBPROTOCOL, SocketAddress


class AcceptedWebSocket:
    """The endpoint's side of a WebSocket.

    :param remote: whom it comes from, once a trusted proxy's word was heard.
    """

    __slots__ = ("_request", "_websocket", "remote")

    def __init__(self, request: web.Request, websocket: web.WebSocketResponse, remote: SocketAddress) -> None:
        self._request, self._websocket, self.remote = request, websocket, remote

    async def send(self, data: bytes) -> None:
        """Send one frame; waits while the client does not take what was sent before."""
        try:
            await self._websocket.send_bytes(data)
        except (aiohttp.ClientError, OSError) as error:
            raise EndpointLost(str(error)) from error

    async def receive(self) -> bytes:
        """The next frame; whatever is none ends the socket."""
        message = await self._websocket.receive()
        if message.type is aiohttp.WSMsgType.BINARY:
            data: bytes = message.data
            return data
        raise EndpointLost("closed by the client")

    async def close(self) -> None:
        """End the socket; what the client has not taken by now is thrown away."""
        transport = self._request.transport
        if transport is None:
            return
        if transport.get_write_buffer_size() if hasattr(transport, "get_write_buffer_size") else 0:
            transport.abort()
        else:
            transport.close()


def new_websocket() -> web.WebSocketResponse:
    """An answer to an upgrade, bounded as every socket is."""
    return web.WebSocketResponse(
        protocols=(SUBPROTOCOL,), compress=False, max_msg_size=MESSAGE_BYTES, autoclose=False, timeout=0.2
    )

"""Events over a WebSocket, for pages, whose WebSockets can carry no header::

    client  {"token": "…"}                                      first, within five seconds
    server  {"seq": 7, "type": "…", "time": "…", "data": {…}}   one message per event, from `?since=` on
    server  close 4401, reason NO_SESSION                       the token is wrong, or its session has ended

Other codes: 4400 for a query or a first message that cannot be read, 4429 for too many wrong tokens, 1001 where the
node ends. What a client sends later is not read.
"""

from __future__ import annotations

import asyncio
from typing import Final

import msgspec
from aiohttp import WSMsgType, web

from wherry_signaling.errors import WherryError

from ..errors import BadRequest
from ..events import Events
from .bodies import EventsRequest, FirstMessage
from .handlers import Context
from .limits import FIRST_MESSAGE_S, HEARTBEAT_S, MESSAGE_BYTES
from .problems import status_of

PATH: Final = "/api/v1/events"
#: Added to HTTP's status: close codes from 4000 on are an application's own (RFC 6455, section 7.4.2).
_CLOSE: Final = 4_000


async def follow(
    request: web.Request, context: Context, followers: set[web.WebSocketResponse]
) -> web.WebSocketResponse:
    """Tell the client what happens until it leaves, its session ends, or whoever has `followers` closes it."""
    websocket = web.WebSocketResponse(heartbeat=HEARTBEAT_S, max_msg_size=MESSAGE_BYTES, compress=False)
    await websocket.prepare(request)
    followers.add(websocket)
    try:
        asked = _asked(request)
        caller = context.access.caller(await _token(websocket))
        async with context.access.holding(caller):
            await _tell(websocket, context.node.events, asked.since)
    except WherryError as error:
        status = web.HTTPBadRequest.status_code if isinstance(error, BadRequest) else status_of(error)
        await websocket.close(code=_CLOSE + status, message=error.code.encode())
    finally:
        followers.discard(websocket)
    return websocket


def _asked(request: web.Request) -> EventsRequest:
    try:
        return msgspec.convert(dict(request.query), EventsRequest, strict=False)
    except msgspec.ValidationError as error:
        raise BadRequest(f"events: {error}") from error


async def _token(websocket: web.WebSocketResponse) -> str:
    """What the client shows; nothing if it says nothing in time."""
    try:
        async with asyncio.timeout(FIRST_MESSAGE_S):  # aiohttp's own begins anew with each ping
            message = await websocket.receive()
    except TimeoutError:
        return ""
    if message.type is not WSMsgType.TEXT:
        raise BadRequest("the first message is no text")
    try:
        return msgspec.json.decode(message.data, type=FirstMessage).token
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise BadRequest(f"the first message: {error}") from error


async def _tell(websocket: web.WebSocketResponse, events: Events, since: int) -> None:
    """Send events while the client listens: one task sends, this one notices that it has gone."""

    async def send() -> None:
        async for event in events.follow(since):
            await websocket.send_str(msgspec.json.encode(event).decode())

    sending = asyncio.create_task(send(), name="events to a WebSocket")
    leaving = asyncio.create_task(_left(websocket), name="a WebSocket's end")
    try:
        await asyncio.wait((sending, leaving), return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in (sending, leaving):
            task.cancel()
        # A client that went while something was sent to it is no failure; anything else would be a bug, and is raised.
        for result in await asyncio.gather(sending, leaving, return_exceptions=True):
            if isinstance(result, Exception) and not isinstance(result, ConnectionError):
                raise result


async def _left(websocket: web.WebSocketResponse) -> None:
    async for _ in websocket:
        pass

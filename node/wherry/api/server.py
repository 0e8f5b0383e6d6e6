"""The local API's server: aiohttp on a UNIX socket that only its owner can open, around the table of routes."""

from __future__ import annotations

import logging
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
from aiohttp import web

from wherry_signaling.errors import HomeUnusable, WherryError

from ..errors import BadRequest
from . import openapi
from .handlers import Context
from .like import NodeLike
from .limits import REQUEST_BYTES, SHUTDOWN_S
from .problems import failure_of, status_of
from .routes import JSON, ROUTES, TEXT, Route

log = logging.getLogger(__name__)

WebHandler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@asynccontextmanager
async def serve(node: NodeLike, socket: Path, *, version: str) -> AsyncIterator[None]:
    """Serve the API of `node` at `socket` for the length of the block.

    A file that is there already is replaced: whoever calls this holds the home's lock, so it is a dead node's.

    :raises HomeUnusable: if the socket cannot be made.
    """
    runner = web.AppRunner(
        make_app(Context(node=node, pid=os.getpid()), version),
        access_log=None,
        handler_cancellation=True,  # a command that was interrupted takes its dial or ping with it
        shutdown_timeout=SHUTDOWN_S,
    )
    try:
        await runner.setup()
        await _listen(runner, socket)
        yield
    finally:
        await runner.cleanup()
        _remove(socket)


async def _listen(runner: web.AppRunner, socket: Path) -> None:
    mask = os.umask(0o177)  # from its first moment the socket is its owner's alone
    try:
        _remove(socket)
        await web.UnixSite(runner, socket).start()
    except OSError as error:
        raise HomeUnusable(f"{socket}: {error.strerror or error}") from error
    finally:
        os.umask(mask)


def _remove(socket: Path) -> None:
    socket.unlink(missing_ok=True)


def make_app(context: Context, version: str) -> web.Application:
    """The application: every route of the table, and the document about them."""
    app = web.Application(client_max_size=REQUEST_BYTES, middlewares=[_typed_errors])
    about = msgspec.json.encode(openapi.document(version))

    async def describe(request: web.Request) -> web.Response:
        return web.Response(body=about, content_type=JSON)

    app.router.add_get(openapi.PATH, describe)
    for route in ROUTES:
        app.router.add_route(route.method, route.path, _web_handler(route, context))
    return app


def _web_handler(route: Route, context: Context) -> WebHandler:
    async def handle(request: web.Request) -> web.StreamResponse:
        asked = await _read(route, request)
        outcome = route.handler(context, asked)
        if isinstance(outcome, AsyncIterator):
            return await _stream(request, route, outcome)
        answer = await outcome
        if isinstance(answer, str):
            return web.Response(text=answer, content_type=TEXT)
        return web.Response(body=msgspec.json.encode(answer), content_type=JSON)

    return handle


async def _read(route: Route, request: web.Request) -> Any:
    """The request's struct, from its query or its body.

    :raises BadRequest: saying where it is misshapen.
    """
    try:
        if route.method == "GET":
            # What stands in a query is text: numbers and words such as `true` are taken for what they say.
            return msgspec.convert(dict(request.query), route.request, strict=False)
        return msgspec.json.decode(await request.read() or b"{}", type=route.request)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise BadRequest(f"{route.name}: {error}") from error


async def _stream(request: web.Request, route: Route, lines: AsyncIterator[msgspec.Struct]) -> web.StreamResponse:
    """Answer line by line. What goes wrong before the first line has its own status, later it is the last line."""
    response: web.StreamResponse | None = None
    try:
        async for line in lines:
            if response is None:
                response = await _begin(request, route)
            await response.write(msgspec.json.encode(line) + b"\n")
    except WherryError as error:
        if response is None:
            raise
        await response.write(msgspec.json.encode(failure_of(error)) + b"\n")
    response = response or await _begin(request, route)
    await response.write_eof()
    return response


async def _begin(request: web.Request, route: Route) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": route.media})
    await response.prepare(request)
    return response


@web.middleware
async def _typed_errors(request: web.Request, handler: WebHandler) -> web.StreamResponse:
    try:
        return await handler(request)
    except WherryError as error:
        return _failed(error, status_of(error))
    except web.HTTPException as error:
        if error.status < 400:
            raise
        detail = f"{request.method} {request.path}: {error.reason}"
        return _failed(BadRequest(detail), error.status)


def _failed(error: WherryError, status: int) -> web.Response:
    log.debug("answered %s with %s", status, error.code)
    return web.Response(body=msgspec.json.encode(failure_of(error)), content_type=JSON, status=status)

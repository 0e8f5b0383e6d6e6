"""The table of routes as an aiohttp application: requests in, answers and typed errors out. Both listeners use it."""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

import msgspec
from aiohttp import web
from aiohttp.typedefs import Middleware

from wherry_signaling.errors import WherryError

from ..errors import BadRequest
from . import openapi
from .handlers import Context
from .problems import failure_of, status_of
from .routes import JSON, ROUTES, TEXT, Listener, Route
from .tokens import Caller

log = logging.getLogger(__name__)

WebHandler = Callable[[web.Request], Awaitable[web.StreamResponse]]
#: Says who asks, for a route that does not answer everybody; raises NoSession or TooManyTries.
WhoAsks = Callable[[web.Request], Caller | None]

#: What a 401 has to say (RFC 9110, section 11.6.1).
_CHALLENGE: Final = {"WWW-Authenticate": "Bearer"}


def make_app(
    context: Context,
    version: str,
    listener: Listener,
    who_asks: WhoAsks = lambda _: None,
    middlewares: Sequence[Middleware] = (),
) -> web.Application:
    """The application: every route of the table that this listener has, and the document about them."""
    app = web.Application(middlewares=[_typed_errors, *middlewares])
    about = msgspec.json.encode(openapi.document(version, listener))

    async def describe(request: web.Request) -> web.Response:
        return web.Response(body=about, content_type=JSON)

    app.router.add_get(openapi.PATH, describe, allow_head=False)
    for route in ROUTES:
        if listener in route.at:
            app.router.add_route(route.method, route.path, _web_handler(route, context, who_asks))
    return app


def _web_handler(route: Route, context: Context, who_asks: WhoAsks) -> WebHandler:
    async def handle(request: web.Request) -> web.StreamResponse:
        caller = None if route.public else who_asks(request)
        try:
            asked = await _read(route, request)
        except BadRequest as error:  # it has not the shape that the document says; what a handler raises is about more
            return failed(error, web.HTTPBadRequest.status_code)
        return await answer(request, route, asked, replace(context, caller=caller))

    return handle


async def answer(
    request: web.Request, route: Route, asked: Any, context: Context, headers: Mapping[str, str] | None = None
) -> web.StreamResponse:
    """What a route answers to what it is asked; ends early where the caller does.

    :param headers: to go along with an answer that is no error.
    """
    outcome = route.handler(context, asked)
    if isinstance(outcome, AsyncIterator):
        return await _stream(request, route, outcome, context, headers)
    async with context.access.holding(context.caller):
        found = await outcome
    if isinstance(found, str):
        return web.Response(text=found, content_type=TEXT, headers=headers)
    return web.Response(body=msgspec.json.encode(found), content_type=JSON, headers=headers)


def from_query(route: Route, query: Mapping[str, str]) -> Any:
    """The request's struct: what stands in a query is text, so numbers and words such as `true` count as such.

    :raises BadRequest: saying where it is misshapen.
    """
    try:
        return msgspec.convert(dict(query), route.request, strict=False)
    except msgspec.ValidationError as error:
        raise BadRequest(f"{route.name}: {error}") from error


async def _read(route: Route, request: web.Request) -> Any:
    """The request's struct, from its query or its body.

    :raises BadRequest: saying where it is misshapen.
    :raises HTTPRequestEntityTooLarge: as soon as it is.
    """
    if route.method != "POST":
        return from_query(route, request.query)
    try:
        return msgspec.convert(_JSON.decode(await _body(request, route.most) or b"{}"), route.request)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise BadRequest(f"{route.name}: {error}") from error


def _number(text: str) -> float:
    """A number as JSON Schema counts them: 7.0 is whole."""
    number = float(text)
    return int(number) if number.is_integer() and abs(number) < 2**53 else number


_JSON: Final = msgspec.json.Decoder(float_hook=_number)


async def _body(request: web.Request, most: int) -> bytes:
    body = bytearray()
    if (request.content_length or 0) <= most:
        async for chunk in request.content.iter_any():
            body += chunk
            if len(body) > most:
                break
        else:
            return bytes(body)
    raise web.HTTPRequestEntityTooLarge(max_size=most, actual_size=request.content_length or len(body))


async def _stream(
    request: web.Request,
    route: Route,
    lines: AsyncIterator[msgspec.Struct],
    context: Context,
    headers: Mapping[str, str] | None,
) -> web.StreamResponse:
    """Answer line by line. What goes wrong before the first line has its own status, later it is the last line."""
    response: web.StreamResponse | None = None
    try:
        async with context.access.holding(context.caller):
            async for line in lines:
                if response is None:
                    response = await _begin(request, route, headers)
                await response.write(msgspec.json.encode(line) + b"\n")
    except WherryError as error:
        if response is None:
            raise
        await response.write(msgspec.json.encode(failure_of(error)) + b"\n")
    finally:
        if isinstance(lines, AsyncGenerator):
            await lines.aclose()
    response = response or await _begin(request, route, headers)
    await response.write_eof()
    return response


async def _begin(request: web.Request, route: Route, headers: Mapping[str, str] | None) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": route.media, **(headers or {})})
    await response.prepare(request)
    return response


@web.middleware
async def _typed_errors(request: web.Request, handler: WebHandler) -> web.StreamResponse:
    try:
        return await handler(request)
    except WherryError as error:
        return failed(error, status_of(error))
    except web.HTTPException as error:
        if error.status < 400:
            raise
        response = failed(BadRequest(f"{request.method} {request.path}: {error.reason}"), error.status)
        if "Allow" in error.headers:
            response.headers["Allow"] = error.headers["Allow"]
        return response


def failed(error: WherryError, status: int) -> web.Response:
    """An error as it is answered."""
    log.debug("answered %s with %s", status, error.code)
    return web.Response(
        body=msgspec.json.encode(failure_of(error)),
        content_type=JSON,
        status=status,
        headers=_CHALLENGE if status == web.HTTPUnauthorized.status_code else None,
    )

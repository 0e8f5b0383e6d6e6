"""The OpenAPI 3.1 document of the local API, made from the table of routes."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from .bodies import Failure
from .guard import TICKETS
from .routes import ROUTES, TEXT, Listener, Route

PATH: Final = "/api/openapi.json"
_REFERENCE: Final = "#/components/schemas/{name}"
_ABOUT: Final[dict[Listener, str]] = {
    "socket": "A node's private API, on a UNIX socket that only its owner can open.",
    "tcp": (
        "A node's private API, on loopback. A token stands in `Authorization: Bearer`: a session's, of the page that "
        "`wherry dashboard` opens, or a program's, of `wherry token new`. `/api/v1/events` is also a WebSocket: its "
        'client first sends `{"token": "…"}`.'
    ),
}


def document(version: str, listener: Listener) -> dict[str, Any]:
    """The document of what one of the listeners answers; `version` is Wherry's."""
    routes = [route for route in ROUTES if listener in route.at]
    types = {kind for route in routes for kind in (route.request, route.answer) if kind is not str} | {Failure}
    ordered = sorted(types, key=lambda kind: kind.__name__)
    schemas, components = msgspec.json.schema_components(ordered, ref_template=_REFERENCE)
    references = dict(zip(ordered, schemas, strict=True))
    paths: dict[str, Any] = {}
    for route in routes:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route, references, components)
    described: dict[str, Any] = {
        "openapi": "3.1.0",
        "info": {"title": "Wherry's local API", "version": version, "description": _ABOUT[listener]},
        "paths": paths,
        "components": {"schemas": components},
    }
    if listener == "tcp":
        paths[TICKETS + "{ticket}"] = {"get": _download(references)}
        components_of = described["components"]
        components_of["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
        described["security"] = [{"token": []}]
    return described


def _download(references: dict[Any, Any]) -> dict[str, Any]:
    """What a ticket leads to; it stands for whoever asked for it, so no token is sent."""
    ticket = {"name": "ticket", "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}}
    return {
        "operationId": "download",
        "summary": "What a ticket was made for, once, as a file.",
        "security": [],
        "parameters": [ticket],
        "responses": {"200": {"description": "Done.", "content": {"*/*": {}}}, "default": _failure(references)},
    }


def _failure(references: dict[Any, Any]) -> dict[str, Any]:
    return {"description": "What went wrong.", "content": {"application/json": {"schema": references[Failure]}}}


def _operation(route: Route, references: dict[Any, Any], components: dict[str, Any]) -> dict[str, Any]:
    schema = {"type": "string"} if route.media == TEXT else references[route.answer]
    operation: dict[str, Any] = {
        "operationId": route.operation,
        "summary": route.summary,
        "responses": {
            "200": {"description": "Done.", "content": {route.media: {"schema": schema}}},
            "default": _failure(references),
        },
    }
    if route.public:
        operation["security"] = []
    if route.method == "POST":
        operation["requestBody"] = {
            "content": {"application/json": {"schema": references[route.request]}},
            "required": bool(components[route.request.__name__].get("required")),
        }
    elif parameters := _parameters(components[route.request.__name__]):
        operation["parameters"] = parameters
    return operation


def _parameters(schema: dict[str, Any]) -> list[dict[str, Any]]:
    needed = schema.get("required", [])
    return [
        {"name": name, "in": "query", "required": name in needed, "schema": about}
        for name, about in schema.get("properties", {}).items()
    ]

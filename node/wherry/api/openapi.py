"""The OpenAPI 3.1 document of the local API, made from the table of routes."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from .bodies import Failure
from .routes import ROUTES, TEXT, Route

PATH: Final = "/api/openapi.json"
_REFERENCE: Final = "#/components/schemas/{name}"


def document(version: str) -> dict[str, Any]:
    """The document; `version` is Wherry's."""
    types = {kind for route in ROUTES for kind in (route.request, route.answer) if kind is not str} | {Failure}
    ordered = sorted(types, key=lambda kind: kind.__name__)
    schemas, components = msgspec.json.schema_components(ordered, ref_template=_REFERENCE)
    references = dict(zip(ordered, schemas, strict=True))
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Wherry's local API",
            "version": version,
            "description": "A node's private API, on a UNIX socket that only its owner can open.",
        },
        "paths": {route.path: {route.method.lower(): _operation(route, references, components)} for route in ROUTES},
        "components": {"schemas": components},
    }


def _operation(route: Route, references: dict[Any, Any], components: dict[str, Any]) -> dict[str, Any]:
    schema = {"type": "string"} if route.media == TEXT else references[route.answer]
    operation: dict[str, Any] = {
        "operationId": route.name,
        "summary": route.summary,
        "responses": {
            "200": {"description": "Done.", "content": {route.media: {"schema": schema}}},
            "default": {
                "description": "What went wrong.",
                "content": {"application/json": {"schema": references[Failure]}},
            },
        },
    }
    if route.method == "POST":
        operation["requestBody"] = {"content": {"application/json": {"schema": references[route.request]}}}
    elif parameters := _parameters(components[route.request.__name__]):
        operation["parameters"] = parameters
    return operation


def _parameters(schema: dict[str, Any]) -> list[dict[str, Any]]:
    needed = schema.get("required", [])
    return [
        {"name": name, "in": "query", "required": name in needed, "schema": about}
        for name, about in schema.get("properties", {}).items()
    ]

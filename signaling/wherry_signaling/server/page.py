"""The browser peer's page, served from a folder of built files; where none was built, one that says how to.

Files whose names carry a hash never change, so browsers may keep them for ever; the page itself is asked for each time.
Scripts come from here alone, and nothing becomes markup but by the one Trusted Types policy `wherry`. Connections
go anywhere: a tab opens sockets to other people's endpoints.
"""

from __future__ import annotations

import asyncio
import mimetypes
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from aiohttp import web

_BUILT: Final = Path(__file__).resolve().parent.parent / "page"
_POLICY: Final = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "worker-src 'self'",
        "style-src 'self'",
        "img-src 'self' data: blob:",
        "font-src 'self'",
        "media-src 'self' blob:",
        "manifest-src 'self'",
        "connect-src * ws: wss:",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
        "trusted-types wherry",
    )
)
#: What Vite puts behind the name of a file whose content never changes: ``-`` and eight characters.
_HASHED: Final = re.compile(r"-[A-Za-z0-9_-]{8}\.\w+$")
_FOR_EVER: Final = "public, max-age=31536000, immutable"

_UNBUILT: Final = b"""<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Wherry</title>
<h1>A Wherry endpoint</h1>
<p>Nodes reach each other through it. The page for browsers is not built in this checkout: run <code>make run</code>
or <code>python -m tools need page</code>, then load this page again.</p></html>
"""


@dataclass(frozen=True, slots=True)
class _File:
    body: bytes
    kind: str
    cache: str


class Page:
    """A folder of built files, read once.

    :param folder: the package's own by default.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = _BUILT if folder is None else folder
        self._files: dict[str, _File] | None = None

    async def serve(self, request: web.Request) -> web.Response:
        """The file of the request's path, or 404."""
        if self._files is None:
            self._files = await asyncio.to_thread(_read, self._folder)
        file = self._files.get(request.match_info["path"] or "index.html")
        if file is None:
            return web.Response(status=404, text="There is nothing here.\n")
        return web.Response(
            body=file.body,
            headers={
                "Content-Type": file.kind,
                "Cache-Control": file.cache,
                "Content-Security-Policy": _POLICY,
            },
        )


def _read(folder: Path) -> dict[str, _File]:
    files = {
        path.relative_to(folder).as_posix(): _File(
            path.read_bytes(), _kind(path), _FOR_EVER if _HASHED.search(path.name) else "no-cache"
        )
        for path in folder.rglob("*")
        if path.is_file()
    }
    files.setdefault("index.html", _File(_UNBUILT, "text/html; charset=utf-8", "no-cache"))
    return files


def _kind(path: Path) -> str:
    kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    return f"{kind}; charset=utf-8" if kind.startswith("text/") or kind.endswith("javascript") else kind

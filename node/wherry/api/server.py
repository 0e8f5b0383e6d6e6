"""The local API's listeners: a UNIX socket that only its owner can open, and TCP on loopback for pages and programs."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from aiohttp import web

from wherry_signaling.errors import HomeUnusable

from .access import Access
from .app import make_app
from .handlers import Context
from .like import NodeLike
from .limits import LINE_BYTES, SHUTDOWN_S
from .tcp import bind, serve_tcp


@asynccontextmanager
async def serve(
    node: NodeLike, socket: Path, *, version: str, port: int | None = None, tokens: Path | None = None
) -> AsyncIterator[str]:
    """Serve the API of `node` for the length of the block, which is told where on TCP it is (``127.0.0.1:PORT``).

    :param socket: a file that is there already is replaced: whoever calls this holds the home's lock, so it is a dead
        node's.
    :param port: the first to try on TCP; None: no TCP, and the block is told nothing.
    :param tokens: where programs' tokens rest; None: nowhere, they end with the block.
    :raises HomeUnusable: if the socket cannot be made, or the file of tokens is damaged.
    :raises PortBusy: if there is no port to be had at all.
    """
    access = Access(tokens)
    async with AsyncExitStack() as stack:
        address = ""
        bound = None
        if port is not None:
            bound = stack.enter_context(bind(port))
            address = f"127.0.0.1:{bound.getsockname()[1]}"
        context = Context(node=node, pid=os.getpid(), access=access, address=address)
        if bound is not None:
            await stack.enter_async_context(serve_tcp(bound, context, version=version))
        await stack.enter_async_context(_serve_socket(socket, context, version=version))
        yield address


@asynccontextmanager
async def _serve_socket(socket: Path, context: Context, *, version: str) -> AsyncIterator[None]:
    runner = web.AppRunner(
        make_app(context, version, "socket"),
        access_log=None,
        max_line_size=LINE_BYTES,
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

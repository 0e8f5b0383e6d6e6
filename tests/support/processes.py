"""Nodes as processes of their own: started by `wherry up`, asked over their UNIX sockets, ended by their ids."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import IO, Any

from wherry.api.client import Client
from wherry.home import Home
from wherry.views import IdView, StatusView

START_S = 60.0


class NodeProcess:
    """One `wherry up`."""

    def __init__(self, home: Path, process: asyncio.subprocess.Process) -> None:
        self.home, self.process = home, process

    async def ask(self, name: str, *arguments: Any) -> Any:
        """Call a method of the API's client in a thread: it blocks."""

        def call() -> Any:
            with Client(Home(self.home).socket) as client:
                return getattr(client, name)(*arguments)

        return await asyncio.to_thread(call)

    async def id(self) -> IdView:
        """Who it is."""
        found: IdView = await self.ask("id")
        return found

    async def status(self) -> StatusView:
        """How it does."""
        found: StatusView = await self.ask("status")
        return found

    async def kill(self) -> None:
        """kill -9, and wait until it is gone."""
        if self.process.returncode is None:
            self.process.send_signal(signal.SIGKILL)
        await self.process.wait()

    async def end(self) -> None:
        """SIGTERM, as a service manager does."""
        if self.process.returncode is None:
            self.process.terminate()
        await self.process.wait()


def open_log(home: Path) -> IO[bytes]:
    """Where a node's standard error goes."""
    home.mkdir(parents=True, exist_ok=True)
    return (home / "stderr").open("wb")


@asynccontextmanager
async def node_process(home: Path, *options: str, prefix: Sequence[str] = ()) -> AsyncIterator[NodeProcess]:
    """Start a node and wait for its last line, `ready`; it is ended with the block, whatever happens.

    :param prefix: what to run it with, such as `ip netns exec …`.
    """
    log = open_log(home)
    environment = {key: value for key, value in os.environ.items() if not key.startswith("WHERRY_")}
    with log:
        process = await asyncio.create_subprocess_exec(
            *prefix,
            sys.executable,
            "-m",
            "wherry",
            "up",
            "--home",
            str(home),
            *options,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=log,
            env=environment,
        )
    node = NodeProcess(home, process)
    try:
        assert process.stdout is not None
        async with asyncio.timeout(START_S):
            while line := await process.stdout.readline():
                if line.startswith(b"ready"):
                    break
            else:
                raise AssertionError(f"it never got ready: {(home / 'stderr').read_text()}")
        yield node
    finally:
        await node.kill()


@asynccontextmanager
async def mesh(folder: Path, count: int) -> AsyncIterator[list[NodeProcess]]:
    """`count` nodes on loopback; all but the first know only the first one's invite link."""
    options = ("--listen", "127.0.0.1:0", "--no-mdns")
    async with AsyncExitStack() as stack:
        first = await stack.enter_async_context(node_process(folder / "0", *options))
        link = (await first.id()).invite
        rest = await asyncio.gather(
            *(
                stack.enter_async_context(node_process(folder / str(number), *options, "--bootstrap", link))
                for number in range(1, count)
            )
        )
        nodes = [first, *rest]
        await asyncio.gather(*(node.ask("ready", 60) for node in nodes))
        yield nodes

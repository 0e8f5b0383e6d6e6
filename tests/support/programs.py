"""Programs of ours as people run them: subprocesses that print lines and are typed into, with a deadline."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

DEADLINE_S = 60.0


class Program:
    """One example that runs: what it prints, line by line, and what is typed into it."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    @property
    def _stdin(self) -> asyncio.StreamWriter:
        assert self._process.stdin is not None
        return self._process.stdin

    @property
    def _stdout(self) -> asyncio.StreamReader:
        assert self._process.stdout is not None
        return self._process.stdout

    async def line(self) -> str:
        """The next line it prints."""
        line = await self._stdout.readline()
        assert line, f"it ended: {(await self._process.communicate())[1].decode()}"
        return line.decode().removesuffix("\n")

    async def type(self, text: str) -> None:
        """A line into its standard input."""
        self._stdin.write(text.encode() + b"\n")
        await self._stdin.drain()

    async def end(self) -> int:
        """Its exit code, once its input has ended."""
        self._stdin.close()
        return await self._process.wait()

    async def rest(self) -> str:
        """Everything else it prints, until it ends by itself in good order and without a complaint."""
        printed, complained = await self._process.communicate()
        assert (self._process.returncode, complained.decode()) == (0, "")
        return printed.decode()


@asynccontextmanager
async def running(file: Path, *arguments: str, cwd: Path | None = None) -> AsyncIterator[Program]:
    """`python FILE ARGUMENTS` in its own folder or in `cwd`, ended with the block whatever happens."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, str(file), *arguments),
        cwd=cwd or file.parent,
        env={key: value for key, value in os.environ.items() if not key.startswith("WHERRY_")},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(DEADLINE_S):
            yield Program(process)
    finally:
        async with AsyncExitStack() as stack:
            stack.push_async_callback(process.communicate)
            if process.returncode is None:
                process.kill()

"""The examples as they stand: run by people as they are, so run here as programs of their own."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest

from wherry import Node

EXAMPLES = Path(__file__).parents[2] / "examples"
LINES = 30
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
async def running(name: str, *arguments: str) -> AsyncIterator[Program]:
    """`python examples/NAME`, ended with the block whatever happens."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, str(EXAMPLES / name), *arguments),
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


async def test_echo() -> None:
    async with running("echo.py") as served, running("echo.py", await served.line()) as asked:
        assert await asked.rest() == "ahoy\n"


async def test_chat() -> None:
    async with running("chat.py") as ada, running("chat.py", await ada.line()) as bela:
        assert (await bela.line()).startswith("<Peer …")
        await bela.type("is anybody there?")
        assert (await ada.line()).endswith("  is anybody there?")
        await ada.type("yes")
        assert (await bela.line()).endswith("  yes")
        assert (await bela.end(), await ada.end()) == (0, 0)


async def test_page_meets_whoever_comes(tmp_path: Path) -> None:
    # The tab of `tests/browser` is a peer like this one: both serve the echo stream.
    async with running("page.py") as page:
        link = await page.line()
        async with Node.at(tmp_path, listen="127.0.0.1:0", mdns=False, bootstrap=[link]) as visitor:
            await visitor.connect(link)
            name = visitor.id.short
            came = [await page.line() for _ in range(4)]
            assert came == [f"{name}  is here", *(f"{name}  b'ahoy', echo {count}" for count in (1, 2, 3))]
        assert await page.line() == f"{name}  is gone"


@pytest.mark.parametrize("program", sorted(EXAMPLES.glob("*.py")), ids=lambda path: path.name)
def test_each_is_read_at_a_glance(program: Path) -> None:
    assert len(program.read_text(encoding="utf-8").splitlines()) <= LINES

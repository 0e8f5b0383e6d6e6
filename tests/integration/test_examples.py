"""The examples as they stand: run by people as they are, so run here as programs of their own."""

from __future__ import annotations

from pathlib import Path

import pytest
from programs import running

from wherry import Node

EXAMPLES = Path(__file__).parents[2] / "examples"
LINES = 30


async def test_echo() -> None:
    async with running(EXAMPLES / "echo.py") as served, running(EXAMPLES / "echo.py", await served.line()) as asked:
        assert await asked.rest() == "ahoy\n"


async def test_chat() -> None:
    async with running(EXAMPLES / "chat.py") as ada, running(EXAMPLES / "chat.py", await ada.line()) as bela:
        assert (await bela.line()).startswith("<Peer …")
        await bela.type("is anybody there?")
        assert (await ada.line()).endswith("  is anybody there?")
        await ada.type("yes")
        assert (await bela.line()).endswith("  yes")
        assert (await bela.end(), await ada.end()) == (0, 0)


async def test_page_meets_whoever_comes(tmp_path: Path) -> None:
    # The tab of `tests/browser` is a peer like this one: both serve the echo stream.
    async with running(EXAMPLES / "page.py") as page:
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

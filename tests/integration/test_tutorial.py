"""The tutorial's programs run as they are printed there, and print what it says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from processes import mesh
from programs import running

TUTORIAL = (Path(__file__).parents[2] / "docs" / "tutorial.md").read_text(encoding="utf-8")
NAMES = ("shout.py", "ask.py", "votes.py")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the programs in it."""
    programs = re.findall(r"^```python\n(.*?)^```$", TUTORIAL, re.DOTALL | re.MULTILINE)
    for name, program in zip(NAMES, programs, strict=True):
        (tmp_path / name).write_text(program, encoding="utf-8")
    return tmp_path


async def test_a_stream(folder: Path) -> None:
    async with mesh(folder / "homes", 2) as nodes:
        link = (await nodes[0].id()).invite
        async with (
            running(folder / "shout.py", link) as shout,
            running(folder / "ask.py", link, await shout.line()) as ask,
        ):
            assert await ask.rest() == "ANYBODY THERE?\n"


async def test_messages(folder: Path) -> None:
    async with running(folder / "votes.py", "ballot") as ballot:
        link = await ballot.line()
        for home, choice, counts in (("voter", "tea", "{'tea': 1}"), ("voter", "coffee", "{'tea': 1, 'coffee': 1}")):
            async with running(folder / "votes.py", home, link, choice) as voter:
                assert await voter.rest() == counts + "\n"
            assert (await ballot.line()).endswith(" may vote")

"""What README shows works as it stands there."""

from __future__ import annotations

import asyncio
import os
import re
import sys
from pathlib import Path

from wherry.cli.table import COMMANDS

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")


async def test_the_python_program_runs(tmp_path: Path) -> None:
    [program] = re.findall(r"^```python\n(.*?)^```$", README, re.DOTALL | re.MULTILINE)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", program),
        cwd=tmp_path,
        env={**os.environ, "WHERRY_MDNS": "false", "WHERRY_LISTEN": "127.0.0.1:0"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(60):
        printed, complained = await process.communicate()
    assert (printed, complained) == (b"ANYBODY THERE?\n", b"")


def test_every_command_that_it_names_is_there() -> None:
    named = re.findall(r"^(?:\w+\$ +)?wherry ([a-z]+)", README, re.MULTILINE)
    assert len(named) > 5
    assert set(named) <= {command.name for command in COMMANDS}

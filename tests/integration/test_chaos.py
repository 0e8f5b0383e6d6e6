"""Two friends, kill -9: a minute of what `python -m tests.support.chaos` does for ten."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from chaos import run

#: Seconds of killing; CI's are few.
SECONDS = float(os.environ.get("WHERRY_TEST_CHAOS_S", "60"))


@pytest.mark.slow
@pytest.mark.timeout(SECONDS + 420)
async def test_nothing_is_lost_and_nothing_comes_twice(tmp_path: Path) -> None:
    outcome = await run(tmp_path, seconds=SECONDS, messages=int(SECONDS * 8), seed=4770)
    print(outcome.check())
    assert outcome.kills > SECONDS / 6

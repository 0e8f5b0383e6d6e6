"""A real Chromium for a test: fresh, alone, closed at the end, and never waited for without a deadline.

`make test-browser` brings the browser. Without one these tests are skipped, except in CI, where that is an error.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from playwright.async_api import BrowserContext, Error, Page, Playwright, async_playwright

HERE = Path(__file__).parent
CHOICES = HERE.parent.parent / ".cache" / "tools.json"

TEST_DEADLINE_S = 90
"""Longer than a 64 MiB stream takes on two busy cores; a browser that hangs must not hang the run."""

ACTION_DEADLINE_MS = 10_000
"""For one click, one navigation, one wait inside the page."""

OPTIONS = [
    "--no-sandbox",  # containers and CI run as root
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-dev-shm-usage",  # /dev/shm is 64 MiB in a container
    "--disable-sync",
    "--no-first-run",
    "--disable-features=WebRtcHideLocalIpsWithMdns",  # else host candidates are names that only mDNS resolves
]

Launch = Callable[..., Awaitable[BrowserContext]]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Every test in this folder is a browser test, with a deadline of its own."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.browser)
            if item.get_closest_marker("timeout") is None:
                item.add_marker(pytest.mark.timeout(TEST_DEADLINE_S))


def _choice(name: str) -> str | None:
    try:
        found = json.loads(CHOICES.read_text(encoding="utf-8")).get(name)
    except FileNotFoundError:
        return None
    return found if found and Path(found).exists() else None


@pytest.fixture(scope="session")
def chromium_program() -> Path:
    """The Chromium that `make` chose, or one on the PATH."""
    found = os.environ.get("WHERRY_CHROMIUM") or _choice("chromium") or shutil.which("chromium")
    if found is None:
        reason = "there is no Chromium here: `make test-browser` brings one"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    return Path(found)


@pytest.fixture
async def playwright(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Playwright]:
    """Playwright's driver, on the machine's node or ours: its own wants libatomic, which a bare Debian has not."""
    if node := _choice("node") or shutil.which("node"):
        monkeypatch.setenv("PLAYWRIGHT_NODEJS_PATH", node)
    async with async_playwright() as driver:
        yield driver


@pytest.fixture
async def launch_chromium(playwright: Playwright, chromium_program: Path) -> AsyncIterator[Launch]:
    """`await launch_chromium()` starts a browser with an empty profile; `profile=PATH` one that had been closed."""
    async with AsyncExitStack() as opened:

        async def launch(profile: Path | None = None) -> BrowserContext:
            if profile is None:
                folder = tempfile.TemporaryDirectory(prefix="wherry-chromium-", ignore_cleanup_errors=True)
                profile = Path(opened.enter_context(folder))
            context = await playwright.chromium.launch_persistent_context(
                profile, executable_path=chromium_program, args=OPTIONS, headless=True
            )
            opened.push_async_callback(_close, context)
            context.set_default_timeout(ACTION_DEADLINE_MS)
            return context

        yield launch


@pytest.fixture
async def chromium(launch_chromium: Launch) -> BrowserContext:
    """One browser with an empty profile."""
    return await launch_chromium()


@pytest.fixture
async def page(chromium: BrowserContext) -> AsyncIterator[Page]:
    """One tab; the test fails if its page threw something that nobody caught."""
    tab = await chromium.new_page()
    thrown: list[Error] = []
    tab.on("pageerror", lambda error: thrown.append(error))
    yield tab
    assert not thrown, f"the page threw: {thrown}"


async def _close(context: BrowserContext) -> None:
    try:
        await context.close()
    except Error as error:
        if "closed" not in str(error):  # the test may have closed or killed it, which is what it is about
            raise

"""The browser itself, before anything of ours is tried in it: tests with a page stand on what is seen here."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

from playwright.async_api import BrowserContext, Page

GATHER = """async () => {
    const connection = new RTCPeerConnection();
    connection.createDataChannel("probe");
    await connection.setLocalDescription();
    const candidates = [];
    await new Promise((resolve) => {
        connection.onicecandidate = (event) => event.candidate ? candidates.push(event.candidate.address) : resolve();
    });
    connection.close();
    return candidates;
}"""


async def test_gathers_addresses_not_mdns_names(page: Page) -> None:
    addresses = await page.evaluate(GATHER)
    assert addresses
    assert not any(address.endswith(".local") for address in addresses)


async def test_a_profile_outlives_its_browser_and_is_nobody_elses(
    launch_chromium: Callable[..., Awaitable[BrowserContext]], tmp_path: Path
) -> None:
    async def visits(context: BrowserContext) -> int:
        await context.route("http://page.test/", lambda route: route.fulfill(body="<title>page</title>"))
        tab = await context.new_page()
        await tab.goto("http://page.test/")
        return int(await tab.evaluate("localStorage.visits = 1 + Number(localStorage.visits ?? 0)"))

    first = await launch_chromium(tmp_path)
    assert await visits(first) == 1
    await first.close()
    assert await visits(await launch_chromium(tmp_path)) == 2
    assert await visits(await launch_chromium()) == 1

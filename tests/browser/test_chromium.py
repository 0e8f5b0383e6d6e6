"""The browser itself, before anything of ours is tried in it: tests with a page stand on what is seen here."""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import Awaitable, Callable
from pathlib import Path

from playwright.async_api import BrowserContext, Page

from wherry_signaling.server.stun import StunResponder
from wherry_signaling.server.udp import Kind, UdpPort

GATHER = """async (server) => {
    const connection = new RTCPeerConnection({ iceServers: [{ urls: server }] });
    connection.createDataChannel("probe");
    await connection.setLocalDescription();
    const address = await new Promise((resolve) => {
        connection.onicecandidate = (event) => event.candidate && resolve(event.candidate.address);
    });
    connection.close();
    return address;
}"""


async def test_gathers_an_address_and_no_mdns_name(page: Page) -> None:
    # With a route out, that of the interface. Without one Chromium looks at none: it has what a peer's STUN tells it.
    loop = asyncio.get_running_loop()
    port = await UdpPort.bind(
        lambda factory, local: loop.create_datagram_endpoint(factory, local_addr=local), ("127.0.0.1", 0)
    )
    await port.open(Kind.STUN, StunResponder)
    try:
        address = await page.evaluate(GATHER, f"stun:127.0.0.1:{port.address[1]}")
    finally:
        await port.close()
    assert ipaddress.ip_address(address)


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

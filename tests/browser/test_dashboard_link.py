"""The link of `wherry dashboard` in a real browser: it opens the node's own page, signed in, once."""

from __future__ import annotations

import asyncio
from pathlib import Path

from playwright.async_api import ConsoleMessage, Page, expect

from wherry import Node
from wherry.api.client import Client
from wherry.api.server import serve


async def test_the_link_opens_the_page_signed_in_once(page: Page, tmp_path: Path) -> None:
    said: list[ConsoleMessage] = []
    page.on("console", lambda message: said.append(message))
    path = tmp_path / "api.sock"
    async with (
        Node.at(tmp_path / "home", name="Quiet Heron", listen="127.0.0.1:0", mdns=False) as node,
        serve(node, path, version="0.1.0", port=0) as address,
    ):
        with Client(path) as client:
            link = (await asyncio.to_thread(client.dashboard)).url
            await page.goto(link)
            await expect(page.get_by_text("Quiet Heron").first).to_be_visible()
            assert "token" not in page.url
            await page.reload()  # the session lives as long as the tab
            await expect(page.get_by_text("Quiet Heron").first).to_be_visible()
            assert not [message.text for message in said if message.type in ("error", "warning")]
            other = await page.context.new_page()
            await other.goto(link)
            await expect(other.get_by_text("Quiet Heron")).to_have_count(0)
        assert address in page.url

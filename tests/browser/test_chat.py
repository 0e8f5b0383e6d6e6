"""The page as people use it: two browsers that never met, and a node's own dashboard; by clicks and words alone."""

from __future__ import annotations

from pathlib import Path

from playwright.async_api import Page, expect

from tests.browser.test_page import Launch, mesh, opened
from tests.support.processes import node_process
from wherry import Node

__all__ = ["mesh"]

PATIENCE_MS = 20_000
"""Longest that something from the other side may take to be seen, on two busy cores."""


async def invite_of(page: Page) -> str:
    """The link of the first page, as a person copies it."""
    return await page.locator(".link-text code").first.inner_text()


async def ask(page: Page, link: str, hello: str) -> None:
    """Paste a link, say who one is, and send the request."""
    await page.get_by_label("Link, address or id").fill(link)
    await page.get_by_role("button", name="Add", exact=True).click()
    await expect(page.get_by_text("Nothing has been sent yet")).to_be_visible()
    await page.get_by_label("Say who you are").fill(hello)
    await page.get_by_role("button", name="Send request").click()
    await expect(page.get_by_role("heading", name="Request sent")).to_be_visible()


async def accept(page: Page, hello: str) -> None:
    """Open the request in the list, read it, and say yes."""
    row = page.get_by_role("link", name="Wants to be your friend")
    await expect(row).to_be_visible(timeout=PATIENCE_MS)
    await row.click()
    await expect(page.get_by_text(hello)).to_be_visible()
    await page.get_by_role("button", name="Accept").click()


async def write(page: Page, text: str) -> None:
    """Type into the box and press Enter, when there is a box."""
    box = page.get_by_label("Message to")
    await expect(box).to_be_visible(timeout=PATIENCE_MS)
    await box.fill(text)
    await box.press("Enter")


async def shown(page: Page, text: str, mark: str = "") -> None:
    """A message is there, with a mark that says so."""
    said = page.locator(".said", has_text=text)
    await expect(said).to_have_count(1, timeout=PATIENCE_MS)
    if mark:
        await expect(said.locator(f'.state-mark[title="{mark}"]')).to_have_count(1, timeout=PATIENCE_MS)


async def test_two_browsers_that_never_met(
    mesh: tuple[Node, Node, Node], launch_chromium: Launch, tmp_path: Path
) -> None:
    ada, bela, _ = mesh
    first = await launch_chromium(tmp_path / "first")
    one = await opened(first, ada.page)
    two = await opened(await launch_chromium(), bela.page)

    await ask(two, await invite_of(one), "It's me, from the boat yard")
    await accept(one, "It's me, from the boat yard")
    await write(one, "Did you find the way?")
    await shown(two, "Did you find the way?")
    await two.bring_to_front()
    await write(two, "By your link")
    await shown(one, "By your link")
    await expect(two.locator(".chat-way")).to_contain_text("Direct", timeout=PATIENCE_MS)
    await shown(two, "By your link", "Read")

    await first.close()
    await write(two, "Are you still there?")
    await shown(two, "Are you still there?", "Held")  # before the broken connection is given up

    again = await opened(await launch_chromium(tmp_path / "first"), ada.page)
    await again.locator(".peer-row").first.click()
    await shown(again, "Are you still there?")
    await shown(again, "Did you find the way?")
    await shown(two, "Are you still there?", "Read")


async def test_a_nodes_own_page(mesh: tuple[Node, Node, Node], launch_chromium: Launch, tmp_path: Path) -> None:
    ada, _, _ = mesh
    options = ("--listen", "127.0.0.1:0", "--no-mdns", "--bootstrap", ada.invite())
    async with node_process(tmp_path / "node", *options) as node:
        context = await launch_chromium()
        page = await context.new_page()
        link = await node.ask("dashboard")
        await page.goto(link.url)
        await expect(page.get_by_role("heading", name="Reachable")).to_be_visible(timeout=PATIENCE_MS)
        assert "token" not in page.url
        tab = await opened(await launch_chromium(), ada.page)

        await ask(tab, await invite_of(page), "A tab that you do not know")
        await accept(page, "A tab that you do not know")
        await write(tab, "to the node")
        await shown(page, "to the node")
        await write(page, "to the tab")
        await shown(tab, "to the tab")
        await shown(page, "to the tab", "Read")

        await page.reload()
        await shown(page, "to the node")
        stranger = await context.new_page()
        await stranger.goto(link.url)
        await expect(stranger.get_by_role("alert")).to_contain_text("wherry dashboard")

        await node.end()
        await expect(page.get_by_text("The node stopped.")).to_be_visible(timeout=PATIENCE_MS)
        await shown(page, "to the node")

"""The settings as people use them: an address that is taken back, and a device on which nothing is left."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import BrowserContext, Page, expect

from tests.browser.test_chat import PATIENCE_MS, accept, ask, invite_of, shown, write
from tests.browser.test_page import Launch, mesh, opened
from tests.support.processes import node_process
from wherry import Node

__all__ = ["mesh"]

KEPT = """async () => ({
  databases: (await indexedDB.databases()).map(({ name }) => name).sort(),
  stored: Object.keys(localStorage).sort(),
  id: wherry.state.id,
  friends: (await wherry.friends.list()).length,
})"""


async def place(page: Page, name: str) -> None:
    """Go to one of the page's places."""
    await page.get_by_role("navigation", name="Places", exact=True).get_by_role("link", name=name).click()


async def link_of(page: Page, number: int) -> str:
    """What *Copy link* of an address gives; the clipboard of a headless browser is asked as the page would be."""
    await page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    await page.bring_to_front()
    item = page.locator(".address").nth(number)
    await item.get_by_role("button", name="Copy link").click()
    await expect(item.get_by_role("button", name="Copied")).to_be_visible()
    return str(await page.evaluate("navigator.clipboard.readText()"))


async def test_an_address_is_taken_back(mesh: tuple[Node, Node, Node], launch_chromium: Launch) -> None:
    ada, bela, cy = mesh
    one = await opened(await launch_chromium(), ada.page)
    await place(one, "Settings")
    await one.get_by_text("New address…").click()
    await one.get_by_label("Where will it stand?").fill("Web site")
    await one.get_by_role("button", name="Make it").click()
    await expect(one.get_by_role("heading", name="Web site")).to_be_visible()
    old = await link_of(one, 1)
    assert old.startswith("wherry:")
    assert old != await link_of(one, 0)

    friend = await opened(await launch_chromium(), bela.page)
    await ask(friend, old, "I found it on your web site")
    await accept(one, "I found it on your web site")
    await write(friend, "before")

    await place(one, "Settings")
    item = one.locator(".address").nth(1)
    await item.get_by_text("Rotate…").click()
    await expect(item.get_by_text("The old one stops working for new people. Friends stay.")).to_be_visible()
    await item.get_by_role("button", name="Rotate").click()
    await expect(item.get_by_text("This is the new one")).to_be_visible()
    new = await link_of(one, 1)
    assert new != old

    stranger = await opened(await launch_chromium(), cy.page)
    await ask(stranger, old, "I have it from an old page")
    await expect(stranger.get_by_role("heading", name="This link is old")).to_be_visible(timeout=PATIENCE_MS)
    await expect(one.get_by_role("link", name="Wants to be your friend")).to_have_count(0)
    await place(stranger, "You")
    await ask(stranger, new, "And this is the new one")
    await accept(one, "And this is the new one")

    await write(friend, "still friends")
    await one.locator(".peer-row", has_text="unread").click(timeout=PATIENCE_MS)
    await shown(one, "still friends")


async def befriended(one: Page, two: Page) -> None:
    """Friends, with something written, so that there is something to lose."""
    await ask(two, await invite_of(one), "It is me")
    await accept(one, "It is me")
    await write(two, "a secret")
    await shown(one, "a secret")


async def forget(page: Page, name: str) -> None:
    """Open it, read what is lost, type the name."""
    await place(page, "Settings")
    await page.get_by_text("Forget everything on this device…").click()
    button = page.get_by_role("button", name="Forget everything")
    await page.get_by_label("Type your name").fill(name[:-1])
    await expect(button).to_be_disabled()
    await page.get_by_label("Type your name").fill(name)
    async with page.expect_navigation():
        await button.click()


async def kept(page: Page) -> dict[str, object]:
    """What is in the browser, once the page has a peer."""
    await page.wait_for_load_state()
    await expect(page.get_by_text("Hello, you are")).to_be_visible()
    found = await page.evaluate(KEPT)
    assert isinstance(found, dict)
    return found


async def another_tab(browser: BrowserContext, url: str) -> Page:
    """A second tab of the same page: it follows the first."""
    page = await browser.new_page()
    await page.goto(url)
    await expect(page.get_by_text("Hello, you are")).to_be_visible()
    assert await page.evaluate("wherry.state.tab") == "follower"
    return page


@pytest.mark.parametrize("asked", ["leader", "follower"])
async def test_everything_is_forgotten(mesh: tuple[Node, Node, Node], launch_chromium: Launch, asked: str) -> None:
    ada, bela, _ = mesh
    browser = await launch_chromium()
    one = await opened(browser, ada.page)
    two = await opened(await launch_chromium(), bela.page)
    await befriended(one, two)
    await place(one, "You")
    await one.evaluate("localStorage.setItem('wherry.notify', '{}')")
    before = await kept(one)
    assert before["databases"] == ["wherry", f"wherry mail of {before['id']}"]
    assert before["friends"] == 1

    follower = await another_tab(browser, ada.page)
    asks, other = (one, follower) if asked == "leader" else (follower, one)
    await asks.bring_to_front()
    await forget(asks, str(await one.evaluate("wherry.state.name")))
    after = await kept(asks)
    assert after["id"] != before["id"]
    assert after["databases"] == ["wherry", f"wherry mail of {after['id']}"]
    assert after["friends"] == 0
    assert "wherry.notify" not in str(after["stored"])
    await expect(other.get_by_role("heading", name=str(await asks.evaluate("wherry.state.name")))).to_be_visible()
    assert (await kept(other))["id"] == after["id"]  # it has loaded anew as well
    assert {await page.evaluate("wherry.state.tab") for page in (one, follower)} == {"leader", "follower"}


async def test_a_nodes_addresses_by_its_own_page(
    mesh: tuple[Node, Node, Node], launch_chromium: Launch, tmp_path: Path
) -> None:
    ada, _, _ = mesh
    options = ("--listen", "127.0.0.1:0", "--no-mdns", "--bootstrap", ada.invite())
    async with node_process(tmp_path / "node", *options) as node:
        page = await (await launch_chromium()).new_page()
        await page.goto((await node.ask("dashboard")).url)
        await expect(page.get_by_role("heading", name="Reachable")).to_be_visible(timeout=PATIENCE_MS)
        await place(page, "Settings")
        await expect(page.get_by_text("Forget everything")).to_have_count(0)
        await page.get_by_text("New address…").click()
        await page.get_by_label("Where will it stand?").fill("Web site")
        await page.get_by_role("button", name="Make it").click()
        await expect(page.get_by_role("heading", name="Web site")).to_be_visible()
        old = await link_of(page, 1)
        item = page.locator(".address").nth(1)
        await item.get_by_text("Rotate…").click()
        await item.get_by_role("button", name="Rotate").click()
        await expect(item.get_by_text("This is the new one")).to_be_visible()
        new = await link_of(page, 1)

        tab = await opened(await launch_chromium(), ada.page)
        await ask(tab, old, "I have it from an old page")
        await expect(tab.get_by_role("heading", name="This link is old")).to_be_visible(timeout=PATIENCE_MS)
        await place(tab, "You")
        await ask(tab, new, "And this is the new one")
        await accept(page, "And this is the new one")

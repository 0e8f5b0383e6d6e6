"""Friends across languages: a tab and a Python node ask, accept, write, go away and come back."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

from playwright.async_api import Page

from tests.browser.test_page import Launch, mesh, opened
from wherry import Node
from wherry_signaling.address import InviteLink

__all__ = ["mesh"]
POLL_MS = 20


async def in_page(page: Page, what: str, argument: object = None) -> object:
    """Wait until an expression of `argument` and the peer holds in the page."""
    text = f"async ([argument]) => {{ for (;;) {{ const found = await ({what}); if (found) return found;"
    async with asyncio.timeout(30):
        return await page.evaluate(f"{text} await new Promise((go) => setTimeout(go, {POLL_MS})); }} }}", [argument])


async def in_node(node: Node, what: Callable[[], bool]) -> None:
    """Wait until something holds in a node; its events say when to look."""
    async with asyncio.timeout(30):
        if what():
            return
        async for _ in node.events.follow(node.events.last):
            if what():
                return


STATE = "(await wherry.friends.list()).find((one) => one.peer === argument)?.state"
TEXTS = "(await wherry.messages.history(argument)).messages.map((one) => one.text)"


async def test_a_tab_and_a_node_become_friends_and_write(
    mesh: tuple[Node, Node, Node], launch_chromium: Launch, tmp_path: Path
) -> None:
    ada, bela, _ = mesh
    browser = await launch_chromium(tmp_path / "profile")
    page = await opened(browser, ada.page)
    tab = str(await page.evaluate("wherry.state.id"))

    await page.evaluate("(address) => wherry.friends.add(address, 'hello from a tab')", str(bela.address))
    await in_node(bela, lambda: [one.hello for one in bela.friends.list()] == ["hello from a tab"])
    (asked,) = bela.friends.list()
    assert str(asked.peer) == tab
    bela.friends.accept(asked.peer)
    await in_page(page, f'{STATE} === "friends"', str(bela.id))

    await page.evaluate("(peer) => wherry.messages.send(peer, 'from the tab')", str(bela.id))
    await in_node(bela, lambda: [one.content for one in bela.messages.page(asked.peer)] == ["from the tab"])
    sent = bela.messages.send(asked.peer, "from Python")
    await in_page(page, f'{TEXTS}.includes("from Python")', str(bela.id))
    await in_node(bela, lambda: bela.messages.get(asked.peer, sent.id).state.word in ("delivered", "read"))
    await page.evaluate("(peer) => wherry.messages.markRead(peer)", str(bela.id))
    await in_node(bela, lambda: bela.messages.get(asked.peer, sent.id).state.word == "read")

    large = "x" * 300_000
    await page.evaluate("([peer, size]) => wherry.messages.send(peer, 'x'.repeat(size))", [str(bela.id), len(large)])
    await in_node(bela, lambda: bela.messages.page(asked.peer)[-1].content == large)

    await browser.close()
    away = bela.messages.send(asked.peer, "while the tab was closed")
    await in_node(bela, lambda: bela.messages.get(asked.peer, away.id).state.word == "held")
    page = await opened(await launch_chromium(tmp_path / "profile"), ada.page)
    assert await page.evaluate("wherry.state.id") == tab
    await in_page(page, f'{TEXTS}.includes("while the tab was closed")', str(bela.id))
    texts = await page.evaluate(f"async (argument) => {TEXTS}", str(bela.id))
    assert texts == ["from the tab", "from Python", large, "while the tab was closed"]
    await in_node(bela, lambda: bela.messages.get(asked.peer, away.id).state.settled)


async def test_a_node_asks_a_tab(mesh: tuple[Node, Node, Node], launch_chromium: Launch) -> None:
    ada, bela, _ = mesh
    page = await opened(await launch_chromium(), ada.page)
    link = await page.evaluate("wherry.state.link")
    bela.resolve(link)  # its way in is remembered
    bela.friends.add(InviteLink.parse(link), "it is Bela")
    await in_page(page, f'{STATE} === "received"', str(bela.id))
    await page.evaluate("(peer) => wherry.friends.accept(peer)", str(bela.id))
    tab = bela.friends.list()[0].peer
    await in_node(bela, lambda: bela.friends.get(tab).state == "friends")
    bela.messages.send(tab, "now we are friends")
    await in_page(page, f'{TEXTS}.includes("now we are friends")', str(bela.id))

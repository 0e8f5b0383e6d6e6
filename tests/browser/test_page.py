"""A tab as a full peer: by the page of one node to a Python peer that never met it, and to a tab in another browser."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from playwright.async_api import BrowserContext, Page

from wherry import Node, Stream, errors

Launch = Callable[..., Awaitable[BrowserContext]]
SETTINGS = {"listen": "127.0.0.1:0", "mdns": False}
KIB = 1024
MIB = 1024 * KIB

#: In the page: bytes from a small generator, and their digest by WebCrypto (127.0.0.1 is a secure context).
HELPERS = """() => {
globalThis.pattern = (size) => {
  const bytes = new Uint8Array(size);
  let word = 0x12345678;
  for (let at = 0; at < size; at += 1) {
    word = (Math.imul(word, 1664525) + 1013904223) >>> 0;
    bytes[at] = word >>> 24;
  }
  return bytes;
};
globalThis.digest = async (bytes) =>
  Array.from(new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)))
    .map((byte) => byte.toString(16).padStart(2, "0"))
    .join("");
globalThis.readAll = async (stream) => {
  const parts = [];
  for (let part = await stream.read(); part !== null; part = await stream.read()) parts.push(part);
  return new Uint8Array(await new Blob(parts).arrayBuffer());
};
}"""

#: In the page: wait until an introducer has taken us. The page's policy forbids Playwright's own way to poll.
REACHABLE = """async () => {
  const held = () => globalThis.wherry?.state.introducers.some((one) => one.state === "reserved");
  const ready = () => held() && wherry.state.published !== null;
  while (!ready()) await new Promise((resolve) => setTimeout(resolve, 20));
}"""


@pytest.fixture
async def mesh(tmp_path: Path) -> AsyncIterator[tuple[Node, Node, Node]]:
    """Ada, whose page is opened; Bela, who is called; Cy, whom both know of."""
    async with AsyncExitStack() as stack:
        ada = await stack.enter_async_context(Node.at(tmp_path / "ada", name="Ada", **SETTINGS))
        rest = [
            await stack.enter_async_context(Node.at(tmp_path / name, name=name, bootstrap=[ada.invite()], **SETTINGS))
            for name in ("Bela", "Cy")
        ]
        for node in (ada, *rest):
            await node.wait_ready(30)
        yield ada, rest[0], rest[1]


async def opened(context: BrowserContext, url: str) -> Page:
    """The page at `url`, when its peer has an introducer."""
    page = await context.new_page()
    await page.goto(url)
    await reachable(page)
    await page.evaluate(HELPERS)
    return page


async def reachable(page: Page) -> None:
    async with asyncio.timeout(20):
        await page.evaluate(REACHABLE)


async def test_a_tab_meets_a_python_peer_that_never_met_its_host(
    mesh: tuple[Node, Node, Node], launch_chromium: Launch
) -> None:
    ada, bela, _ = mesh
    page = await opened(await launch_chromium(), f"{ada.page}#/add/{bela.address}")
    await page.get_by_role("button", name="Connect").click()
    await page.get_by_text("Direct · same network").first.wait_for()
    assert ada.network.peers == []
    (tab,) = bela.network.peers
    assert await tab.connection.ping() > 0
    await page.get_by_role("button", name="Ping", exact=True).click()
    await page.get_by_text("4 of 4").first.wait_for()


async def test_python_calls_the_tab_by_its_id_alone(mesh: tuple[Node, Node, Node], launch_chromium: Launch) -> None:
    ada, bela, _ = mesh
    page = await opened(await launch_chromium(), ada.page)
    await page.evaluate(
        "() => wherry.handle('/shout/1', async (stream) => {"
        "for await (const part of stream) await stream.write(part); await stream.finish(); }, 'anyone')"
    )
    peer = await bela.connect(await page.evaluate("wherry.state.id"))
    async with await peer.open_stream("/shout/1") as stream:
        await stream.write(b"ahoy")
        await stream.finish()
        assert b"".join([part async for part in stream]) == b"ahoy"


@pytest.mark.parametrize("size", [64 * KIB, 4 * MIB, 64 * MIB])
async def test_bytes_arrive_intact_both_ways(mesh: tuple[Node, Node, Node], launch_chromium: Launch, size: int) -> None:
    ada, bela, _ = mesh
    received: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    @bela.handle("/swap/1", allow="anyone")
    async def swap(stream: Stream) -> None:
        hashed, total = hashlib.sha256(), 0
        block = bytes(range(256)) * 256
        async for part in stream:
            hashed.update(part)
            total += len(part)
        received.set_result(hashed.hexdigest())
        for _ in range(total // len(block)):
            await stream.write(block)
        await stream.finish()

    page = await opened(await launch_chromium(), ada.page)
    sent, got = await page.evaluate(
        """async ([peer, size]) => {
          const stream = await wherry.openStream(peer, "/swap/1");
          const bytes = pattern(size);
          for (let at = 0; at < size; at += 65536) await stream.write(bytes.subarray(at, at + 65536));
          await stream.finish();
          return [await digest(bytes), await digest(await readAll(stream))];
        }""",
        [str(bela.id), size],
    )
    assert await received == sent
    assert got == hashlib.sha256(bytes(range(256)) * (size // 256)).hexdigest()


async def test_two_tabs_in_two_browsers(mesh: tuple[Node, Node, Node], launch_chromium: Launch) -> None:
    ada, bela, _ = mesh
    one = await opened(await launch_chromium(), ada.page)
    two = await opened(await launch_chromium(), bela.page)
    tab = await one.evaluate("wherry.state.id")
    assert (await two.evaluate("(peer) => wherry.connect(peer)", tab))["path"].startswith("direct")
    assert (await two.evaluate("(peer) => wherry.ping(peer)", tab))["path"].startswith("direct")
    assert ada.network.peers == bela.network.peers == []


async def reload(page: Page, url: str) -> Page:
    """The tab is loaded anew: it says goodbye."""
    await page.reload()
    return page


async def close(page: Page, url: str) -> Page:
    """The tab is closed, without a word, and another one opened."""
    context = page.context
    await page.close(run_before_unload=False)
    return await _another(context, url)


async def kill(page: Page, url: str) -> Page:
    """The renderer dies in the middle of it."""
    context = page.context
    session = await context.new_cdp_session(page)
    async with page.expect_event("crash"):
        crashed = asyncio.create_task(session.send("Page.crash"))  # nobody is left to answer it
    crashed.cancel()
    await asyncio.gather(crashed, return_exceptions=True)
    return await _another(context, url)


async def _another(context: BrowserContext, url: str) -> Page:
    page = await context.new_page()
    await page.goto(url)
    return page


@pytest.mark.parametrize("leave", [reload, close, kill])
async def test_a_tab_that_went_is_back_at_once_and_its_old_streams_say_why(
    mesh: tuple[Node, Node, Node], launch_chromium: Launch, leave: Callable[[Page, str], Awaitable[Page]]
) -> None:
    ada, bela, _ = mesh
    loop = asyncio.get_running_loop()
    held: asyncio.Future[None] = loop.create_future()
    ended: asyncio.Future[str] = loop.create_future()

    @bela.handle("/hold/1", allow="anyone")
    async def hold(stream: Stream) -> None:
        held.set_result(None)
        try:
            while await stream.read():
                continue
        except errors.WherryError as error:
            ended.set_result(error.code)
            raise
        ended.set_result("END")

    page = await opened(await launch_chromium(), ada.page)
    tab = await page.evaluate("wherry.state.id")
    await page.evaluate(
        """async (peer) => {
          const stream = await wherry.openStream(peer, "/hold/1");
          await stream.write(new Uint8Array(10));
        }""",
        str(bela.id),
    )
    await held
    page = await leave(page, ada.page)
    await page.evaluate(REACHABLE)
    assert await page.evaluate("wherry.state.id") == tab
    path, took = await page.evaluate(
        """async (peer) => {
          const start = performance.now();
          const { path } = await wherry.connect(peer);
          return [path, performance.now() - start];
        }""",
        str(bela.id),
    )
    print(f"{leave.__name__}: back {took:.0f} ms after the page was there, {await asyncio.wait_for(ended, 5)}")
    assert path.startswith("direct")
    assert took < 1000
    assert ended.result() in ("PEER_RESTARTED", "PEER_CLOSED")
    assert len(bela.network.peers) == 1

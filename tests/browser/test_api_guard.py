"""The local API's guard in a real browser: its own page may, a page on another port or under another name may not."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web
from fake_node import ME, FakeNode
from playwright.async_api import BrowserContext, Page

from wherry.api.client import Client
from wherry.api.server import serve

SIGN_IN = """async (token) => {
    const json = { "Content-Type": "application/json" };
    const began = await fetch("/api/v1/session", { method: "POST", headers: json, body: JSON.stringify({ token }) });
    const { session } = await began.json();
    const id = await (await fetch("/api/v1/id", { headers: { Authorization: `Bearer ${session}` } })).json();
    const event = await new Promise((resolve, reject) => {
        const socket = new WebSocket(`ws://${location.host}/api/v1/events?since=2`);
        socket.onopen = () => socket.send(JSON.stringify({ token: session }));
        socket.onmessage = (message) => { resolve(JSON.parse(message.data)); socket.close(); };
        socket.onclose = (event) => reject(new Error(`closed: ${event.code}`));
    });
    const ticket = await fetch("/api/v1/tickets", {
        method: "POST",
        headers: { ...json, Authorization: `Bearer ${session}` },
        body: JSON.stringify({ path: "/api/v1/id" }),
    });
    return { session, id: id.id, seq: event.seq, ticket: (await ticket.json()).path };
}"""

#: Each says what it got, or how it failed. `session` is a good one: so it is the guard that refuses, not the token.
FOREIGN = """async ({ api, session }) => {
    const outcome = async (work) => { try { return await work(); } catch (error) { return error.name; } };
    const headers = { Authorization: `Bearer ${session}` };
    const body = JSON.stringify({ peer: "Bela" });
    return {
        read: await outcome(async () => (await fetch(`${api}/api/v1/id`, { headers })).status),
        simple: await outcome(async () => (await fetch(`${api}/api/v1/id`, { mode: "no-cors" })).type),
        post: await outcome(async () => {
            return (await fetch(`${api}/api/v1/connect`, { method: "POST", headers, body })).status;
        }),
        form: await outcome(async () => {
            await fetch(`${api}/api/v1/connect`, { method: "POST", mode: "no-cors", body });
            return "sent, not read";
        }),
        socket: await outcome(() => new Promise((resolve) => {
            const socket = new WebSocket(`${api.replace("http", "ws")}/api/v1/events`);
            socket.onopen = () => socket.send(JSON.stringify({ token: session }));
            socket.onmessage = () => resolve("told");
            socket.onclose = () => resolve("refused");
        })),
        frame: await outcome(() => new Promise((resolve) => {
            const frame = document.createElement("iframe");
            frame.src = `${api}/`;
            frame.onload = () => resolve(frame.contentDocument === null ? "opaque" : "open");
            document.body.append(frame);
        })),
        script: await outcome(() => new Promise((resolve) => {
            const script = document.createElement("script");
            script.src = `${api}/api/openapi.json`;
            script.onload = () => resolve("loaded");
            script.onerror = () => resolve("refused");
            document.head.append(script);
        })),
    };
}"""


@pytest.fixture
def node() -> FakeNode:
    return FakeNode()


@pytest.fixture
async def api(node: FakeNode, tmp_path: Path) -> AsyncIterator[tuple[str, Client]]:
    path = tmp_path / "api.sock"
    async with serve(node, path, version="0.1.0", port=0) as address:
        with Client(path) as client:
            yield f"http://{address}", client


@pytest.fixture
async def foreign() -> AsyncIterator[str]:
    """A page on another port of this machine, as a peer's behind a forwarded one is."""

    async def page(request: web.Request) -> web.Response:
        return web.Response(text="<!doctype html><title>foreign</title><body>", content_type="text/html")

    app = web.Application()
    app.router.add_get("/", page)
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


async def test_its_own_page_may_and_a_page_on_another_port_may_not(
    chromium: BrowserContext, api: tuple[str, Client], foreign: str, node: FakeNode
) -> None:
    origin, client = api
    own = await chromium.new_page()
    assert (await own.goto(origin)).status == 200  # type: ignore[union-attr]
    token = (await asyncio.to_thread(client.dashboard)).url.partition("#token=")[2]
    found = await own.evaluate(SIGN_IN, token)
    assert (found["id"], found["seq"]) == (str(ME), 3)
    async with own.expect_download() as download:
        await own.evaluate("(path) => { location.href = path; }", found["ticket"])
    assert (await download.value).suggested_filename == "id.json"

    other = await chromium.new_page()
    await other.goto(foreign)
    got = await other.evaluate(FOREIGN, {"api": origin, "session": found["session"]})
    assert got == {
        "read": "TypeError",
        "simple": "TypeError",
        "post": "TypeError",
        "form": "TypeError",
        "socket": "refused",
        "frame": "opaque",
        "script": "refused",
    }
    assert not any(asked == "connect" for asked, _ in node.asked)
    assert await chromium.cookies() == []


async def test_another_name_that_leads_here_is_not_ours(page: Page, api: tuple[str, Client]) -> None:
    origin, _ = api
    response = await page.goto(origin.replace("127.0.0.1", "rebound.localhost"))  # browsers send it to loopback
    assert response is not None
    assert response.status == 421
    assert "WRONG_HOST" in await page.content()

"""Invitations and sessions across languages: a tab and a Python node ask each other, and talk over several streams."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page

from tests.browser.test_friends import STATE, in_node, in_page
from tests.browser.test_page import Launch, mesh, opened
from wherry import Node
from wherry.errors import RequestDeclined
from wherry.invitations import Invitation, Reply
from wherry.sessions import Session, SessionRequest, StreamSpec
from wherry_signaling.identity import PeerId

__all__ = ["mesh"]
CALL = [StreamSpec("audio", datagrams=True), StreamSpec("control")]

#: In the page: small words for bytes, and the streams of a call.
WORDS = """() => {
globalThis.bytes = (text) => new TextEncoder().encode(text);
globalThis.word = (data) => data === null ? null : new TextDecoder().decode(data);
globalThis.CALL = [{ name: "audio", datagrams: true }, { name: "control" }];
globalThis.refused = async (work) => {
  try {
    await work;
    return null;
  } catch (error) {
    return { code: error.code, detail: error.detail };
  }
};
}"""

#: In the page: serve calls that say each word backwards, and send a datagram at the end; `asleep/1` says no.
SERVE = """() => {
globalThis.ended = [];
wherry.serveSessions("call/1", async (request) => {
  const session = await request.accept(bytes(`hello, ${word(request.data)}`));
  for await (const part of session.stream("control")) {
    await session.stream("control").write(part.toReversed());
  }
  session.datagrams("audio").send(bytes("bye"));
  ended.push((await session.ended)?.code ?? null);
});
wherry.serveSessions("idle/1", async (request) => ended.push((await (await request.accept()).ended)?.code));
wherry.serveSessions("asleep/1", async (request) => request.decline("asleep"));
wherry.answer("upper/1", async ({ data }) => ({ data: bytes(word(data).toUpperCase()) }));
}"""

#: In the page: a call of the node with the id `peer`; what was heard, and how it ended.
CALL_NODE = """async (peer) => {
const session = await wherry.sessions.request(peer, "call/1", CALL, bytes("ring"));
await session.stream("control").write(bytes("abc"));
const heard = [word(session.data), word(await session.stream("control").read())];
void session.stream("control").finish();
for await (const datagram of session.datagrams("audio")) {
  heard.push(word(datagram));
  break;
}
await session.close();
return { heard, error: session.error, over: session.over };
}"""


async def friends(node: Node, page: Page) -> PeerId:
    """Make the tab and a node friends; the tab's id."""
    tab = PeerId.parse(str(await page.evaluate("wherry.state.id")))
    await page.evaluate("(address) => wherry.friends.add(address, 'hello')", str(node.address))
    await in_node(node, lambda: [str(one.peer) for one in node.friends.list()] == [str(tab)])
    node.friends.accept(tab)
    await in_page(page, f'{STATE} === "friends"', str(node.id))
    await page.evaluate(WORDS)
    return tab


async def test_a_tab_asks_a_node_and_opens_a_session(mesh: tuple[Node, Node, Node], launch_chromium: Launch) -> None:
    ada, bela, _ = mesh
    page = await opened(await launch_chromium(), ada.page)
    tab = await friends(bela, page)
    there: asyncio.Future[Session] = asyncio.get_running_loop().create_future()

    @bela.invitations.handle("upper/1")
    async def upper(invitation: Invitation) -> Reply:
        return Reply(data=invitation.data.upper())

    @bela.sessions.handle("call/1")
    async def answer(request: SessionRequest) -> None:
        assert (request.peer, list(request.streams)) == (tab, CALL)
        async with await request.accept(b"hello, " + request.data) as session:
            there.set_result(session)
            async for part in session.stream("control"):
                await session.stream("control").write(part[::-1])
            session.datagrams("audio").send(b"bye")
            await session.ended()

    @bela.sessions.handle("asleep/1")
    async def asleep(request: SessionRequest) -> None:
        request.decline("asleep")

    asked = "async (peer) => word((await wherry.invitations.invite(peer, 'upper/1', bytes('quiet'))).data)"
    assert await page.evaluate(asked, str(bela.id)) == "QUIET"
    called = await page.evaluate(CALL_NODE, str(bela.id))
    assert called == {"heard": ["hello, ring", "cba", "bye"], "error": None, "over": True}
    session = await there
    assert await session.ended() is None
    declined = "(peer) => refused(wherry.sessions.request(peer, 'asleep/1', CALL))"
    assert await page.evaluate(declined, str(bela.id)) == {"code": "REQUEST_DECLINED", "detail": "asleep"}
    nobody = "async (peer) => (await refused(wherry.sessions.request(peer, 'nobody/1', CALL))).code"
    assert await page.evaluate(nobody, str(bela.id)) == "UNSUPPORTED"


async def test_a_node_asks_a_tab_and_opens_a_session(mesh: tuple[Node, Node, Node], launch_chromium: Launch) -> None:
    ada, bela, _ = mesh
    page = await opened(await launch_chromium(), ada.page)
    tab = await friends(bela, page)
    await page.evaluate(SERVE)

    assert await bela.invitations.invite(tab, "upper/1", b"quiet") == Reply(data=b"QUIET")
    async with await bela.sessions.request(tab, "call/1", CALL, b"ring") as session:
        assert session.data == b"hello, ring"
        await session.stream("control").write(b"abc")
        assert await session.stream("control").read_exactly(3) == b"cba"
        await session.stream("control").finish()
        assert await session.datagrams("audio").receive() == b"bye"
    assert session.error is None
    await in_page(page, "JSON.stringify(ended) === '[null]'")
    with pytest.raises(RequestDeclined, match="asleep"):
        await bela.sessions.request(tab, "asleep/1", CALL)
    assert not bela.sessions.open


async def test_what_ends_a_session_is_heard_on_the_other_side(
    mesh: tuple[Node, Node, Node], launch_chromium: Launch
) -> None:
    ada, bela, _ = mesh
    page = await opened(await launch_chromium(), ada.page)
    tab = await friends(bela, page)
    await page.evaluate(SERVE)
    session = await bela.sessions.request(tab, "idle/1", CALL)
    session.stream("control").reset(7)
    await in_page(page, "ended[0] === 'STREAM_RESET'")
    error: Any = await session.ended()
    assert (error.code, error.reason) == ("STREAM_RESET", 7)
    session = await bela.sessions.request(tab, "idle/1", CALL)
    await page.evaluate("(peer) => wherry.disconnect(peer)", str(bela.id))
    await in_page(page, "ended[1] === 'CLOSED'")
    error = await session.ended()
    assert error.code == "PEER_CLOSED"


async def test_a_tab_that_follows_has_no_sessions_until_it_leads(
    mesh: tuple[Node, Node, Node], launch_chromium: Launch, tmp_path: Path
) -> None:
    ada, bela, _ = mesh
    browser = await launch_chromium(tmp_path / "profile")
    first = await opened(browser, ada.page)
    tab = await friends(bela, first)
    second = await opened(browser, ada.page)
    await second.evaluate(WORDS)
    assert await second.evaluate("wherry.state.tab") == "follower"
    refused = "(peer) => refused(wherry.sessions.request(peer, 'call/1', CALL))"
    assert (await second.evaluate(refused, str(bela.id)))["code"] == "UNSUPPORTED"
    await second.evaluate(SERVE)
    await first.close()
    await in_page(second, "wherry.state.tab === 'leader'")
    async with await bela.sessions.request(tab, "call/1", CALL, b"again") as session:
        assert session.data == b"hello, again"
        await session.stream("control").finish()
        assert await session.datagrams("audio").receive() == b"bye"

"""The local API on TCP over real sockets: the guard, sessions, tickets, events over a WebSocket, the dashboard."""

from __future__ import annotations

import asyncio
import json
import socket
import stat
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from fake_node import BELA, ME, FakeNode

from wherry.api import websocket as websocket_room
from wherry.api.access import Access
from wherry.api.client import Client
from wherry.api.limits import ONE_TIME_S, SESSION_IDLE_S, SESSION_S, TICKET_S, WRONG_TOKENS
from wherry.api.routes import ROUTES
from wherry.api.server import serve
from wherry.api.tcp import MARK
from wherry.config import Config
from wherry.errors import BadRequest, NoSession, TooManyTries
from wherry.events import KEPT
from wherry.testing.clock import run_virtual

ROUTES_ON_TCP = [route for route in ROUTES if "tcp" in route.at]


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def code(self) -> str:
        return str(self.json["error"]["code"])


@dataclass(slots=True)
class Browser:
    """Speaks with the listener as a program or page would, with the session's token if it has one."""

    http: aiohttp.ClientSession
    address: str
    client: Client
    node: FakeNode
    token: str = ""

    async def ask(self, method: str, path: str, body: object = None, **headers: str) -> Answer:
        given = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        given |= {name.replace("_", "-"): value for name, value in headers.items()}
        data = None if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
        if data is not None:
            given.setdefault("Content-Type", "application/json")
        path = path if path.startswith("/") else f"/api/v1/{path}"
        async with self.http.request(method, f"http://{self.address}{path}", data=data, headers=given) as response:
            return Answer(response.status, dict(response.headers), await response.read())

    async def link(self) -> str:
        """The one-time token in a link of `wherry dashboard`."""
        view = await asyncio.to_thread(self.client.dashboard)
        start = f"http://{self.address}/#token="
        assert view.url.startswith(start)
        return view.url.removeprefix(start)

    async def sign_in(self) -> str:
        answer = await self.ask("POST", "session", {"token": await self.link()})
        assert answer.status == 200
        self.token = answer.json["session"]
        return self.token

    def events(self, query: str = "") -> Any:
        return self.http.ws_connect(f"http://{self.address}/api/v1/events{query}")


@pytest.fixture
def node() -> FakeNode:
    return FakeNode()


@pytest.fixture
async def browser(node: FakeNode, tmp_path: Path) -> AsyncIterator[Browser]:
    path = tmp_path / "api.sock"
    async with (
        serve(node, path, version="0.1.0", port=0, tokens=tmp_path / "tokens.json") as address,
        aiohttp.ClientSession() as http,
    ):
        with Client(path) as client:
            yield Browser(http, address, client, node)


# -- the guard --------------------------------------------------------------------------------------------------------

FOREIGN = [
    ({"Host": "evil.example"}, 421, "WRONG_HOST"),
    ({"Host": "127.0.0.1:1"}, 421, "WRONG_HOST"),
    ({"Origin": "http://evil.example"}, 403, "FOREIGN_PAGE"),
    ({"Origin": "http://127.0.0.1:1"}, 403, "FOREIGN_PAGE"),
    ({"Origin": "null"}, 403, "FOREIGN_PAGE"),
    ({"Sec_Fetch_Site": "cross-site"}, 403, "FOREIGN_PAGE"),
    ({"Sec_Fetch_Site": "same-site"}, 403, "FOREIGN_PAGE"),
    ({"Sec_Fetch_Site": "none"}, 403, "FOREIGN_PAGE"),
]


@pytest.mark.parametrize(("headers", "status", "code"), FOREIGN)
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/"),
        ("GET", "/api/openapi.json"),
        ("GET", "/api/v1/status"),
        ("POST", "/api/v1/connect"),
        ("POST", "/api/v1/session"),
        ("GET", "/api/v1/tickets/x"),
        ("GET", "/api/v1/nothing"),
        ("PATCH", "/api/v1/status"),
    ],
)
async def test_foreign_pages_and_names_are_refused_with_a_good_session_too(
    browser: Browser, headers: dict[str, str], status: int, code: str, method: str, path: str
) -> None:
    await browser.sign_in()
    body = {"peer": "Bela"} if method == "POST" else None
    answer = await browser.ask(method, path, body, **headers)
    assert (answer.status, answer.code) == (status, code)
    assert not any(asked == "connect" for asked, _ in browser.node.asked)


@pytest.mark.parametrize("headers", [{"Host": "evil.example"}, {"Origin": "http://evil.example"}])
async def test_a_websocket_of_a_foreign_page_is_refused(browser: Browser, headers: dict[str, str]) -> None:
    with pytest.raises(aiohttp.WSServerHandshakeError):
        await browser.http.ws_connect(f"http://{browser.address}/api/v1/events", headers=headers)


async def test_a_request_of_http_1_0_without_a_name_is_refused(browser: Browser) -> None:
    host, _, port = browser.address.partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(b"GET / HTTP/1.0\r\n\r\n")
    assert b" 421 " in (await reader.read()).splitlines()[0]
    writer.close()
    await writer.wait_closed()


async def test_what_is_no_http_is_closed_without_a_word_in_the_log(
    browser: Browser, caplog: pytest.LogCaptureFixture
) -> None:
    host, _, port = browser.address.partition(":")
    for data in (b"\x16\x03\x01\x00\xff secret\r\n\r\n", b"GET / HTTP/1.1\r\nX: " + b"a" * 100_000 + b"\r\n\r\n"):
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(data)
        assert b" 400 " in (await reader.read()).splitlines()[0]
        writer.close()
        await writer.wait_closed()
    assert not caplog.records


async def test_every_answer_is_hardened_and_none_sets_a_cookie(browser: Browser) -> None:
    await browser.sign_in()
    asked = [("GET", "/"), ("GET", "status"), ("GET", "nothing"), ("POST", "session"), ("OPTIONS", "status")]
    for method, path in asked:
        answer = await browser.ask(method, path, Cookie="session=stolen")
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        assert not any(name.lower().startswith(("access-control", "set-cookie")) for name in answer.headers)


# -- sessions ---------------------------------------------------------------------------------------------------------


async def test_a_link_opens_one_session(browser: Browser) -> None:
    one_time = await browser.link()
    answer = await browser.ask("POST", "session", {"token": one_time})
    assert answer.json["expires"].endswith("Z")
    assert (await browser.ask("GET", "status")).code == "NO_SESSION"
    browser.token = answer.json["session"]
    status = await browser.ask("GET", "status")
    assert (status.json["id"], status.json["api"]) == (str(ME), browser.address)
    assert (await browser.ask("POST", "connect", {"peer": "Bela"})).json["peer"] == str(BELA)
    again = await browser.ask("POST", "session", {"token": one_time})
    assert (again.status, again.code) == (401, "NO_SESSION")


@pytest.mark.parametrize("route", ROUTES_ON_TCP, ids=lambda route: route.operation)
async def test_no_route_but_one_answers_without_a_token(browser: Browser, route: Any) -> None:
    body = {"token": "wrong"} if route.method == "POST" else None
    answer = await browser.ask(route.method, route.path, body)
    assert (answer.status, answer.code) == (401, "NO_SESSION")
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert browser.node.asked == []


@pytest.mark.parametrize("header", ["{}", "Basic {}", "Bearer {}x", "Bearer", "Bearer  ", "bearer {} {}"])
async def test_the_token_is_a_bearers(browser: Browser, header: str) -> None:
    token = await browser.sign_in()
    browser.token = ""
    assert (await browser.ask("GET", "id", Authorization=header.format(token, token))).status == 401
    assert (await browser.ask("GET", "id", Authorization=f"bearer {token}")).status == 200
    assert (await browser.ask("GET", f"id?token={token}")).status == 401
    assert (await browser.ask("GET", "id", Cookie=f"session={token}")).status == 401


async def test_what_makes_and_ends_tokens_is_the_owners_alone(browser: Browser) -> None:
    await browser.sign_in()
    for method, name in (("POST", "dashboard"), ("POST", "tokens"), ("GET", "tokens"), ("DELETE", "sessions")):
        answer = await browser.ask(method, name, {"name": "mine"} if method == "POST" else None)
        assert answer.status == 404
    assert (await asyncio.to_thread(browser.client.tokens)).tokens == []


async def test_signing_out_ends_the_session_and_what_it_has_under_way(browser: Browser) -> None:
    await browser.sign_in()
    headers = {"Authorization": f"Bearer {browser.token}"}
    async with browser.http.get(f"http://{browser.address}/api/v1/events?since=2", headers=headers) as stream:
        assert json.loads(await stream.content.readline())["seq"] == 3
        assert (await browser.ask("DELETE", "session")).json == {"v": 1, "ended": 1}
        assert json.loads(await stream.content.readline())["error"]["code"] == "NO_SESSION"
        assert await stream.content.read() == b""
    assert (await browser.ask("GET", "id")).code == "NO_SESSION"


async def test_the_owner_ends_all_sessions_and_links(browser: Browser) -> None:
    link = await browser.link()
    tokens = [await browser.sign_in() for _ in range(3)]
    assert (await asyncio.to_thread(browser.client.close_sessions)).ended == 3
    for token in tokens:
        browser.token = token
        assert (await browser.ask("GET", "id")).status == 401
    assert (await browser.ask("POST", "session", {"token": link})).status == 401


async def test_a_request_under_way_ends_with_its_session(browser: Browser) -> None:
    headers = {"Authorization": f"Bearer {await browser.sign_in()}"}
    body = {"peer": "Bela", "count": 2, "interval_s": 3600}
    async with browser.http.post(f"http://{browser.address}/api/v1/ping", json=body, headers=headers) as stream:
        assert json.loads(await stream.content.readline())["rtt_ms"] == 18.0
        await asyncio.to_thread(browser.client.close_sessions)
        async with asyncio.timeout(5):
            assert json.loads(await stream.content.readline())["error"]["code"] == "NO_SESSION"
            await browser.node.cancelled.wait()


async def test_wrong_tokens_are_slowed_down_and_right_ones_are_not(browser: Browser) -> None:
    token = await browser.sign_in()
    statuses = []
    for number in range(WRONG_TOKENS[1] + 5):
        browser.token = f"wrong{number}"
        statuses.append((await browser.ask("GET", "id")).status)
    assert statuses[: WRONG_TOKENS[1]] == [401] * WRONG_TOKENS[1]
    assert 429 in statuses
    browser.token = token
    assert (await browser.ask("GET", "id")).status == 200


async def test_a_programs_token_works_until_it_is_revoked(browser: Browser, tmp_path: Path) -> None:
    view = await asyncio.to_thread(browser.client.new_token, "bot")
    assert view.url == f"http://{browser.address}"
    assert stat.S_IMODE((tmp_path / "tokens.json").stat().st_mode) == 0o600
    assert [one.name for one in (await asyncio.to_thread(browser.client.tokens)).tokens] == ["bot"]
    browser.token = view.token
    assert (await browser.ask("GET", "id")).json["id"] == str(ME)
    assert (await browser.ask("DELETE", "session")).status == 422
    async with browser.events() as websocket:
        await websocket.send_json({"token": view.token})
        assert (await websocket.receive_json())["seq"] == 1
        await asyncio.to_thread(browser.client.revoke_token, "bot")
        while (message := await websocket.receive(timeout=5)).type is aiohttp.WSMsgType.TEXT:
            pass
        assert (websocket.close_code, message.extra) == (4401, "NO_SESSION")
    assert (await browser.ask("GET", "id")).status == 401


@pytest.mark.parametrize("name", ["", "two words", "-x", "ü", "a" * 41, "a\n"])
async def test_a_programs_name_is_a_word(browser: Browser, name: str) -> None:
    with pytest.raises(BadRequest):
        await asyncio.to_thread(browser.client.new_token, name)


# -- time: the same, on the virtual clock, without sockets ------------------------------------------------------------


async def _lets_in(access: Access, token: str) -> bool:
    try:
        access.caller(token)
    except NoSession:
        return False
    return True


def test_links_sessions_and_tickets_grow_old() -> None:
    async def scenario() -> None:
        access = Access()
        late, early = access.new_one_time(), access.new_one_time()
        await asyncio.sleep(ONE_TIME_S - 1)
        token, session = access.open_session(early)
        ticket, late_ticket = (access.new_ticket(session, "/api/v1/id") for _ in range(2))
        await asyncio.sleep(2)
        with pytest.raises(NoSession):
            access.open_session(late)
        assert access.spend_ticket(ticket) == (session, "/api/v1/id")
        await asyncio.sleep(TICKET_S)
        with pytest.raises(NoSession):
            access.spend_ticket(late_ticket)
        await asyncio.sleep(SESSION_IDLE_S - TICKET_S - 3)
        assert await _lets_in(access, token)
        await asyncio.sleep(SESSION_IDLE_S)
        assert not await _lets_in(access, token)

    run_virtual(scenario())


def test_who_follows_events_is_not_idle_and_ends_with_the_week() -> None:
    async def scenario() -> None:
        access = Access()
        token, session = access.open_session(access.new_one_time())

        async def follow() -> None:
            async with access.holding(session):
                await asyncio.sleep(2 * SESSION_IDLE_S)
                assert await _lets_in(access, token)
                await asyncio.sleep(SESSION_S)

        with pytest.raises(NoSession):
            await follow()
        assert asyncio.get_running_loop().time() == pytest.approx(SESSION_S)
        assert not await _lets_in(access, token)

    run_virtual(scenario())


def test_a_timeout_inside_is_not_the_sessions_end() -> None:
    async def scenario() -> None:
        access = Access()
        _, session = access.open_session(access.new_one_time())
        with pytest.raises(TimeoutError):
            async with access.holding(session), asyncio.timeout(5):
                await asyncio.sleep(10)
        assert not session.on_end

    run_virtual(scenario())


def test_wrong_tokens_are_forgiven_after_a_while() -> None:
    async def scenario() -> None:
        access = Access()
        per_s, burst = WRONG_TOKENS
        for _ in range(burst):
            with pytest.raises(NoSession):
                access.caller("wrong")
        with pytest.raises(TooManyTries):
            access.caller("wrong")
        await asyncio.sleep(burst / per_s)
        with pytest.raises(NoSession):
            access.caller("wrong")

    run_virtual(scenario())


# -- requests ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"])
async def test_what_a_form_could_send_is_not_read(browser: Browser, kind: str) -> None:
    await browser.sign_in()
    answer = await browser.ask("POST", "connect", b'{"peer": "Bela"}', Content_Type=kind)
    assert (answer.status, answer.code) == (415, "BAD_REQUEST")


async def test_a_body_that_is_too_large_is_not_read_to_its_end(browser: Browser) -> None:
    await browser.sign_in()
    assert (await browser.ask("POST", "connect", b"[" + b" " * 70_000)).status == 413
    headers = {"Authorization": f"Bearer {browser.token}", "Content-Type": "application/json"}
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while True:
            sent += 16_384
            yield b" " * 16_384

    try:
        async with browser.http.post(
            f"http://{browser.address}/api/v1/connect", data=endless(), headers=headers
        ) as response:
            assert response.status == 413
    except aiohttp.ClientConnectionError:
        pass  # it was closed while we were still sending
    assert sent < 64 * 1024 * 1024


async def test_a_method_that_a_path_has_not_names_those_that_it_has(browser: Browser) -> None:
    await browser.sign_in()
    answer = await browser.ask("PATCH", "session")
    assert (answer.status, set(answer.headers["Allow"].split(","))) == (405, {"POST", "DELETE"})
    assert (await browser.ask("TRACE", "/")).status == 405


async def test_the_document_is_of_what_is_answered_here(browser: Browser) -> None:
    document = (await browser.ask("GET", "/api/openapi.json")).json
    assert set(document["paths"]) == {route.path for route in ROUTES_ON_TCP} | {"/api/v1/tickets/{ticket}"}
    assert document["security"] == [{"token": []}]
    assert document["paths"]["/api/v1/session"]["post"]["security"] == []
    assert "security" not in document["paths"]["/api/v1/session"]["delete"]
    operations = [one["operationId"] for path in document["paths"].values() for one in path.values()]
    assert len(operations) == len(set(operations))


# -- downloads --------------------------------------------------------------------------------------------------------


async def test_a_ticket_is_a_download_without_a_token_once(browser: Browser) -> None:
    await browser.sign_in()
    path = (await browser.ask("POST", "tickets", {"path": "/api/v1/explain?peer=Cy"})).json["path"]
    browser.token = ""
    opened = {"Sec_Fetch_Site": "same-origin", "Sec_Fetch_Mode": "navigate", "Sec_Fetch_Dest": "document"}
    answer = await browser.ask("GET", path, **opened)
    assert answer.json["attempt"] == "7f3a"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="explain.json"'
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    again = await browser.ask("GET", path, **opened)
    assert (again.status, again.code) == (401, "NO_SESSION")


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/api/v1/down", 422),
        ("/api/v1/connect?peer=Bela", 422),
        ("/api/v1/tokens", 422),
        ("/api/v1/tickets/x", 422),
        ("/api/v1/../../etc/passwd", 422),
        ("/api/v1/explain?colour=red", 422),
        ("/api/v1/explain?peer=nobody", 404),
    ],
)
async def test_a_ticket_only_reads(browser: Browser, path: str, status: int) -> None:
    await browser.sign_in()
    ticket = (await browser.ask("POST", "tickets", {"path": path})).json["path"]
    assert (await browser.ask("GET", ticket)).status == status
    assert not browser.node.stopped.is_set()


async def test_a_ticket_ends_with_its_session(browser: Browser) -> None:
    await browser.sign_in()
    ticket = (await browser.ask("POST", "tickets", {"path": "/api/v1/id"})).json["path"]
    await browser.ask("DELETE", "session")
    assert (await browser.ask("GET", ticket)).status == 401


# -- events -----------------------------------------------------------------------------------------------------------


async def test_events_over_a_websocket(browser: Browser) -> None:
    await browser.sign_in()
    async with browser.events("?since=1") as websocket:
        await websocket.send_json({"token": browser.token})
        assert [(await websocket.receive_json())["seq"] for _ in range(2)] == [2, 3]
        browser.node.events.emit("published", {"holders": 4})
        event = await websocket.receive_json()
        assert (event["seq"], event["type"], event["data"]) == (4, "published", {"holders": 4})
        assert event["time"].endswith("Z")
        await browser.ask("DELETE", "session")
        assert (await websocket.receive(timeout=5)).type is aiohttp.WSMsgType.CLOSE
        assert websocket.close_code == 4401


@pytest.mark.parametrize(
    ("first", "code"),
    [
        ('{"token": "wrong"}', 4401),
        ('{"token": ""}', 4400),
        ("{}", 4400),
        ("nonsense", 4400),
        ("[" * 900, 4400),
        (b"\x00", 4400),
        ('{"token": "' + "x" * 5_000 + '"}', 1009),
    ],
)
async def test_a_websocket_without_a_token_is_closed(browser: Browser, first: str | bytes, code: int) -> None:
    async with browser.events() as websocket:
        await (websocket.send_bytes(first) if isinstance(first, bytes) else websocket.send_str(first))
        message = await websocket.receive(timeout=5)
        assert message.type is aiohttp.WSMsgType.CLOSE
        assert websocket.close_code == code


async def test_pings_give_a_websocket_no_more_time_for_its_token(
    browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(websocket_room, "FIRST_MESSAGE_S", 0.3)
    async with browser.events() as websocket, asyncio.timeout(5):
        closing = asyncio.create_task(websocket.receive())
        while not closing.done():
            await websocket.ping()
            await asyncio.wait([closing], timeout=0.03)
        assert (await closing).type is aiohttp.WSMsgType.CLOSE
        assert websocket.close_code == 4401


async def test_a_websocket_whose_query_is_misshapen_is_closed(browser: Browser) -> None:
    await browser.sign_in()
    async with browser.events("?since=yesterday") as websocket:
        await websocket.receive(timeout=5)
        assert websocket.close_code == 4400


async def test_what_is_no_longer_kept_is_told(browser: Browser) -> None:
    await browser.sign_in()
    for number in range(KEPT + 7):
        browser.node.events.emit("joined", {"contacts": number})
    async with browser.events("?since=5") as websocket:
        await websocket.send_json({"token": browser.token})
        gap, first = await websocket.receive_json(), await websocket.receive_json()
    assert (gap["type"], gap["seq"], gap["data"]) == ("gap", 10, {"missed": 5})
    assert first["seq"] == 11
    other_run = (await browser.ask("GET", "events?since=99999&follow=false")).body.splitlines()
    assert [json.loads(line)["data"] for line in other_run[:2]] == [{"missed": None}, {"missed": 10}]
    assert len(other_run) == 2 + KEPT


async def test_a_client_that_leaves_leaves_nothing(browser: Browser) -> None:
    await browser.sign_in()
    before = asyncio.all_tasks()
    async with browser.events("?since=3") as websocket:
        await websocket.send_json({"token": browser.token})
    if left := asyncio.all_tasks() - before:
        _, pending = await asyncio.wait(left, timeout=5)
        assert not pending


async def test_websockets_do_not_hold_up_the_end(node: FakeNode, tmp_path: Path) -> None:
    async with AsyncExitStack() as stack, aiohttp.ClientSession() as http:
        address = await stack.enter_async_context(serve(node, tmp_path / "api.sock", version="0.1.0", port=0))
        with Client(tmp_path / "api.sock") as client:
            browser = Browser(http, address, client, node)
            await browser.sign_in()
        async with browser.events("?since=3") as websocket, browser.events() as silent:
            await websocket.send_json({"token": browser.token})
            ended = asyncio.create_task(stack.aclose())
            assert (await websocket.receive(timeout=5)).data == aiohttp.WSCloseCode.GOING_AWAY
            await silent.receive(timeout=5)
            async with asyncio.timeout(5):
                await ended


# -- the dashboard ----------------------------------------------------------------------------------------------------


async def test_the_page_is_marked_as_a_nodes_and_needs_no_token(browser: Browser) -> None:
    opened = {"Sec_Fetch_Site": "none", "Sec_Fetch_Mode": "navigate", "Sec_Fetch_Dest": "document"}
    answer = await browser.ask("GET", "/", **opened)
    assert answer.status == 200
    assert answer.headers["Content-Type"].startswith("text/html")
    assert b"<head>" not in answer.body or answer.body.count(MARK) == 1
    policy = answer.headers["Content-Security-Policy"]
    assert f"connect-src 'self' ws://{browser.address}" in policy
    assert "require-trusted-types-for 'script'" in policy
    assert (await browser.ask("GET", "/nothing.js")).status == 404


async def test_without_a_dashboard_there_is_the_api_alone(node: FakeNode, tmp_path: Path) -> None:
    node.config = Config(dashboard=False)
    path = tmp_path / "api.sock"
    async with serve(node, path, version="0.1.0", port=0) as address, aiohttp.ClientSession() as http:
        with Client(path) as client:
            browser = Browser(http, address, client, node)
            assert (await browser.ask("GET", "/")).status == 404
            with pytest.raises(BadRequest, match="no dashboard"):
                await asyncio.to_thread(client.dashboard)
            browser.token = (await asyncio.to_thread(client.new_token, "bot")).token
            assert (await browser.ask("GET", "id")).status == 200


async def test_without_tcp_there_is_the_socket_alone(node: FakeNode, tmp_path: Path) -> None:
    path = tmp_path / "api.sock"
    async with serve(node, path, version="0.1.0") as address:
        assert address == ""
        with Client(path) as client:
            assert (await asyncio.to_thread(client.status)).api == ""
            with pytest.raises(BadRequest, match="no dashboard"):
                await asyncio.to_thread(client.dashboard)


async def test_a_busy_port_is_passed_over(node: FakeNode, tmp_path: Path) -> None:
    with socket.socket() as busy:
        busy.bind(("127.0.0.1", 0))
        busy.listen()
        port = busy.getsockname()[1]
        async with serve(node, tmp_path / "api.sock", version="0.1.0", port=port) as address:
            assert address.startswith("127.0.0.1:")
            assert int(address.rpartition(":")[2]) not in (0, port)
    async with serve(node, tmp_path / "api.sock", version="0.1.0", port=65_536) as address:
        assert 0 < int(address.rpartition(":")[2]) < 65_536

"""The local API over a real UNIX socket: every route by its client, errors of the same type on both sides, OpenAPI."""

from __future__ import annotations

import asyncio
import json
import socket
import stat
from collections.abc import AsyncIterator
from itertools import islice
from pathlib import Path

import aiohttp
import msgspec
import pytest
from fake_node import ADA, BELA, CY, INVITE, ME, FakeNode
from hypothesis import given, strategies as st

from wherry.api import openapi
from wherry.api.bodies import ErrorView, Failure, PingRequest
from wherry.api.client import Client
from wherry.api.problems import KINDS, error_of, failure_of, status_of
from wherry.api.routes import ROUTES
from wherry.api.server import serve
from wherry.errors import AmbiguousPeer, BadRequest, NodeLost, NoNode, NotReady, PeerNotFound, UnknownPeer
from wherry_signaling.errors import WherryError


@pytest.fixture
def node() -> FakeNode:
    return FakeNode()


@pytest.fixture
async def client(node: FakeNode, tmp_path: Path) -> AsyncIterator[Client]:
    async with serve(node, tmp_path / "api.sock", version="0.1.0"):
        with Client(tmp_path / "api.sock") as client:
            yield client


@pytest.fixture
async def http(client: Client) -> AsyncIterator[aiohttp.ClientSession]:
    """The API without our client."""
    connector = aiohttp.UnixConnector(str(client.path))
    async with aiohttp.ClientSession("http://localhost", connector=connector) as session:
        yield session


async def test_the_socket_is_its_owners_alone_and_goes_at_the_end(node: FakeNode, tmp_path: Path) -> None:
    path = tmp_path / "api.sock"
    path.write_text("left by a killed node")
    async with serve(node, path, version="0.1.0"):
        assert stat.S_ISSOCK(path.stat().st_mode)
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert not path.exists()


async def test_what_can_be_read(client: Client) -> None:
    assert (await asyncio.to_thread(client.id)).invite == INVITE
    status = await asyncio.to_thread(client.status)
    assert (status.id, status.introducers[0].name) == (str(ME), "Ada")
    assert [view.name for view in (await asyncio.to_thread(client.peers)).peers] == ["Bela", "Cy"]
    assert (await asyncio.to_thread(client.explain, "Cy")).trace[1].t_ms == 2100.4
    assert "wherry_connections 2" in await asyncio.to_thread(client.metrics)
    config = await asyncio.to_thread(client.config)
    assert config.settings["name"].origin == "flag --name"
    assert config.settings["dht.proof_of_work_bits"].value == 0


async def test_what_can_be_done(client: Client, node: FakeNode) -> None:
    view = await asyncio.to_thread(client.connect, "Bela")
    assert (view.peer, view.path, view.name) == (str(BELA), "direct", "Bela")
    assert (await asyncio.to_thread(client.echo, "Bela", 1000)).rtt_ms == 1.25
    assert ("echo", 1000) in node.asked
    assert (await asyncio.to_thread(client.ring, "Bela")).rtt_ms == 2.5
    assert (await asyncio.to_thread(client.ready, 1.0)).ready
    await asyncio.to_thread(client.down)
    assert node.stopped.is_set()


async def test_pings_come_line_by_line(client: Client) -> None:
    request = PingRequest(peer="Bela", count=3, interval_s=0.1)
    replies = await asyncio.to_thread(lambda: list(client.ping(request)))
    assert [reply.rtt_ms for reply in replies] == [18.0, 19.0, 20.0]


async def test_a_stream_that_fails_raises_after_its_lines(client: Client) -> None:
    seen: list[float | None] = []

    def ping() -> None:
        for reply in client.ping(PingRequest(peer="Cy", count=2, interval_s=0.1)):
            seen.append(reply.rtt_ms)

    with pytest.raises(PeerNotFound, match="it went") as caught:
        await asyncio.to_thread(ping)
    assert seen == [18.0, 19.0]
    assert caught.value.peer == str(CY)


async def test_a_client_that_hangs_up_ends_what_it_asked_for(client: Client, node: FakeNode) -> None:
    def first() -> None:
        lines = client.ping(PingRequest(peer="Bela", count=4, interval_s=3600))
        next(lines)
        lines.close()  # type: ignore[attr-defined]

    await asyncio.to_thread(first)
    async with asyncio.timeout(5):
        await node.cancelled.wait()


async def test_events_since_and_to_come(client: Client) -> None:
    assert [event.seq for event in await asyncio.to_thread(lambda: list(islice(client.events(1), 2)))] == [2, 3]
    kept = await asyncio.to_thread(lambda: list(client.events(0, follow=False)))
    assert [event.data for event in kept] == [{"contacts": 1}, {"contacts": 2}, {"contacts": 3}]


async def test_a_stream_without_end_does_not_hold_up_the_end(node: FakeNode, tmp_path: Path) -> None:
    path = tmp_path / "api.sock"
    async with serve(node, path, version="0.1.0"):
        with Client(path) as client:
            events = client.events(2)
            await asyncio.to_thread(next, events)
    with pytest.raises(NodeLost):
        await asyncio.to_thread(list, events)


@pytest.mark.parametrize(("peer", "kind"), [("nobody", UnknownPeer), ("twin", AmbiguousPeer), ("Ada", PeerNotFound)])
async def test_errors_are_of_the_same_type_on_both_sides(client: Client, peer: str, kind: type[WherryError]) -> None:
    with pytest.raises(kind) as caught:
        await asyncio.to_thread(client.connect, peer)
    assert caught.value.exit == kind.exit
    if kind is PeerNotFound:
        assert str(caught.value) == str(PeerNotFound("no record of Ada is to be had"))
        assert caught.value.peer == str(ADA)


async def test_not_ready_is_a_timeout(client: Client, node: FakeNode) -> None:
    node.ready = False
    with pytest.raises(NotReady, match=r"no introducer after 0\.5 s"):
        await asyncio.to_thread(client.ready, 0.5)


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "words"),
    [
        ("GET", "explain", "", 400, "missing required field `peer`"),
        ("GET", "explain?peer=Cy&colour=red", "", 400, "colour"),
        ("GET", "ready?timeout_s=-1", "", 400, "timeout_s"),
        ("GET", "explain?peer=nobody", "", 404, "nobody"),
        ("POST", "connect", "{", 400, "truncated"),
        ("POST", "connect", '{"peer": 7}', 400, "Expected `str`"),
        ("POST", "connect", '{"peer": ""}', 400, "length"),
        ("POST", "ping", '{"peer": "Bela", "count": 0}', 400, "count"),
        ("POST", "ping", '{"peer": "Ada"}', 404, "no record of Ada"),
        ("POST", "echo", '{"peer": "Bela", "bytes": 99999999}', 400, "bytes"),
        ("POST", "connect", '{"peer": "' + "x" * 70_000 + '"}', 413, "POST"),
        ("GET", "connect", "", 405, "Method Not Allowed"),
        ("GET", "nothing", "", 404, "Not Found"),
    ],
)
async def test_refusals_are_json_with_a_fitting_status(
    http: aiohttp.ClientSession, method: str, path: str, body: str, status: int, words: str
) -> None:
    async with http.request(method, f"/api/v1/{path}", data=body) as response:
        assert response.status == status
        failure = msgspec.json.decode(await response.read(), type=Failure)
    assert words in failure.error.message
    assert failure.error.code


async def test_the_document_names_every_route_and_resolves(http: aiohttp.ClientSession) -> None:
    async with http.get(openapi.PATH) as response:
        document = json.loads(await response.read())
    assert set(document["paths"]) == {route.path for route in ROUTES if "socket" in route.at}
    schemas = document["components"]["schemas"]
    text = json.dumps(document)
    references = {part.split('"')[0] for part in text.split("#/components/schemas/")[1:]}
    assert references <= set(schemas)
    assert document["paths"]["/api/v1/explain"]["get"]["parameters"][0]["name"] == "peer"
    assert all(operation["summary"] for path in document["paths"].values() for operation in path.values())


def test_nobody_there_is_no_node(tmp_path: Path) -> None:
    with pytest.raises(NoNode):
        Client(tmp_path / "api.sock").status()
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(tmp_path / "api.sock"))
    with pytest.raises(NoNode):
        Client(tmp_path / "api.sock").status()


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", b"nonsense\r\n\r\n"])
async def test_somebody_else_at_the_socket_is_a_typed_error(tmp_path: Path, answer: bytes) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_unix_server(talk, tmp_path / "api.sock")
    async with server:
        with pytest.raises(NodeLost):
            await asyncio.to_thread(Client(tmp_path / "api.sock").status)


def test_every_error_goes_through_json_and_comes_back() -> None:
    # For each class: code, words, hint and exit survive the way.
    for kind in KINDS.values():
        before = kind("why: because", peer="12D3KooW")
        after = error_of(msgspec.json.decode(msgspec.json.encode(failure_of(before)), type=Failure))
        assert (type(after), str(after), after.peer) == (type(before), str(before), before.peer)
        assert 400 <= status_of(before) < 600
        assert type(error_of(failure_of(kind()))) is kind


@given(st.text(max_size=20), st.text(max_size=20), st.text(max_size=20))
def test_an_error_of_a_newer_node_still_says_what_it_says(code: str, message: str, hint: str) -> None:
    # Whatever code and words a node sends, the client raises an error that says the same.
    error = error_of(Failure(error=ErrorView(code="X_" + code, message=message, hint=hint)))
    assert error.code == "X_" + code
    assert failure_of(error).error.message.rstrip(": ") == message.rstrip(": ")


def test_a_bad_request_is_usage() -> None:
    assert BadRequest.exit == 2

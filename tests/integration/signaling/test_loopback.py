"""The endpoint on real sockets, loopback only: HTTP, WebSocket, UDP, and what comes to a port anybody can reach."""

from __future__ import annotations

import asyncio
import logging
import os
import secrets
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from introducing import SEALED, Taking, identity

from wherry_signaling.client import Guests, WebSocketConnector, open_client, websocket as client_websocket
from wherry_signaling.endpoints import EndpointAddress
from wherry_signaling.errors import EndpointLost, EndpointUnreachable, InvalidMultiaddr, NoNetwork, PortBusy
from wherry_signaling.limits import FRAME_BYTES
from wherry_signaling.scope import Scope
from wherry_signaling.server import Endpoint, Kind
from wherry_signaling.server.http import HttpListener
from wherry_signaling.server.ports import bind_pair
from wherry_signaling.sockets import MESSAGE_BYTES, SUBPROTOCOL, Socket, SocketAddress
from wherry_signaling.wire import Role

STUN_REQUEST = bytes.fromhex("000100002112a442b7e7a701bc34d686fa87dfae")


@pytest.fixture(autouse=True)
def _nothing_is_logged(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Strangers write no lines into anybody's log, and nobody's address stands there."""
    yield
    assert [record.getMessage() for record in caplog.records if record.levelno > logging.DEBUG] == []


@asynccontextmanager
async def listening(host: str = "127.0.0.1", page: Path | None = None) -> AsyncIterator[tuple[Endpoint, str]]:
    """An endpoint on a free port, and the URL of its page."""
    async with Endpoint(identity(1000), (host, 0), page=page) as endpoint:
        yield endpoint, f"http://127.0.0.1:{endpoint.port}"


def address_of(endpoint: Endpoint, host: str = "127.0.0.1") -> EndpointAddress:
    return EndpointAddress(host, endpoint.port, peer=endpoint.identity.id)


# -- signaling --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost"])
async def test_dual_stack(host: str) -> None:
    async with listening("::") as (endpoint, _), WebSocketConnector() as connect:
        take = Taking()
        async with await open_client(connect, address_of(endpoint, host), identity(1), Role.ME, on_deliver=take) as me:
            registration = await me.register()
            assert registration.observed[0] in ("127.0.0.1", "::1"), "IPv4 looks like IPv4"
            [stun] = registration.ice_servers
            shown = "[::1]" if host == "::1" else host
            assert stun.urls == (f"stun:{shown}:{endpoint.port}",)
            async with Guests(connect) as guests:
                await guests.send_via(address_of(endpoint, host), identity(1).id, b"", SEALED)
            assert take.envelopes == [SEALED]


async def test_the_largest_frames_go_through_and_larger_ones_end_the_socket() -> None:
    async with listening() as (endpoint, _), WebSocketConnector() as connect:
        take = Taking()
        async with await open_client(connect, address_of(endpoint), identity(1), Role.ME, on_deliver=take) as me:
            await me.register()
            await me.send(identity(1).id, bytes(16), bytes(65536))
            assert len(take.envelopes[0]) == 65536
            with pytest.raises(EndpointLost):
                await me.send(identity(1).id, bytes(16), bytes(FRAME_BYTES))


async def test_many_at_once() -> None:
    async with listening() as (endpoint, _), WebSocketConnector() as connect:
        takes = [Taking() for _ in range(50)]
        clients = await asyncio.gather(
            *(open_client(connect, address_of(endpoint), identity(n), Role.ME, on_deliver=takes[n]) for n in range(50))
        )
        await asyncio.gather(*(client.register() for client in clients))
        await asyncio.gather(
            *(client.send(identity((n + k) % 50).id, b"", SEALED) for n, client in enumerate(clients) for k in range(5))
        )
        assert [len(take.taken) for take in takes] == [5] * 50
        await asyncio.gather(*(client.close() for client in clients))


async def test_an_endpoint_goes_away() -> None:
    async with WebSocketConnector() as connect:
        async with listening() as (endpoint, _):
            address = address_of(endpoint)
            client = await open_client(connect, address, identity(1), Role.ME)
        assert isinstance(await client.wait_closed(), EndpointLost)
        await client.close()
        with pytest.raises(EndpointUnreachable, match="refused"):
            await open_client(connect, address, identity(1), Role.ME)


async def test_no_nearer_than_may_be_asked_for() -> None:
    async with listening() as (endpoint, _), WebSocketConnector() as connector:
        for host in ("127.0.0.1", "localhost", "::ffff:127.0.0.1", "0.0.0.0"):
            with pytest.raises(EndpointUnreachable, match="nearer"):
                await connector.reaching(Scope.PRIVATE)(address_of(endpoint, host))
        opened = await connector.reaching(Scope.LOOPBACK)(address_of(endpoint))
        await opened.close()


async def test_what_is_no_endpoint(monkeypatch: pytest.MonkeyPatch) -> None:
    async def plain(_: web.Request) -> web.StreamResponse:
        return web.Response(text="a web server")

    async def other_socket(request: web.Request) -> web.StreamResponse:
        other = web.WebSocketResponse()
        await other.prepare(request)
        await other.receive()
        return other

    for handler, why in ((plain, "HTTP 200"), (other_socket, f"does not speak {SUBPROTOCOL}")):
        app = web.Application()
        app.router.add_get("/signal", handler)
        runner = web.AppRunner(app)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        port = runner.addresses[0][1]
        async with WebSocketConnector() as connect:
            with pytest.raises(EndpointUnreachable, match=why):
                await connect(EndpointAddress("127.0.0.1", port))
        await runner.cleanup()
    silent = socket.create_server(("127.0.0.1", 0))
    monkeypatch.setattr(client_websocket, "CONNECT_S", 0.2)
    async with WebSocketConnector() as connect:
        with pytest.raises(EndpointUnreachable, match="within"):
            await connect(EndpointAddress("127.0.0.1", silent.getsockname()[1]))
    silent.close()


async def test_certificates_are_verified(tmp_path: Path) -> None:
    certificate, server_side = _certificate(tmp_path)

    async def signal(request: web.Request) -> web.StreamResponse:
        accepted = web.WebSocketResponse(protocols=(SUBPROTOCOL,))
        await accepted.prepare(request)
        await accepted.receive()
        return accepted

    app = web.Application()
    app.router.add_get("/signal", signal)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=server_side).start()
    address = EndpointAddress("localhost", runner.addresses[0][1], tls=True)
    async with WebSocketConnector() as connect:
        with pytest.raises(EndpointUnreachable, match="certificate"):
            await connect(address)
    trusting = ssl.create_default_context(cafile=str(certificate))
    async with WebSocketConnector(ssl_context=trusting) as connect:
        opened = await connect(address)
        await opened.close()
        with pytest.raises(EndpointUnreachable, match="certificate"):
            await connect(EndpointAddress("127.0.0.1", address.port, tls=True))  # it is localhost's
    await runner.cleanup()


def _certificate(folder: Path) -> tuple[Path, ssl.SSLContext]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path, private = folder / "certificate.pem", folder / "key.pem"
    path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path, private)
    return path, context


# -- HTTP -------------------------------------------------------------------------------------------------------------


async def test_health_and_who_it_is() -> None:
    async with listening() as (endpoint, url), aiohttp.ClientSession() as http:
        async with http.get(f"{url}/health") as answer:
            assert (answer.status, await answer.json()) == (200, {"ok": True})
        async with http.get(f"{url}/.well-known/wherry") as answer:
            about = await answer.json()
            assert answer.headers["Access-Control-Allow-Origin"] == "*"
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert about["peer"] == str(endpoint.identity.id)
        assert about["multiaddrs"] == [str(address_of(endpoint))]
        assert about["version"]


async def test_announced_addresses() -> None:
    announced = EndpointAddress("node.example", 443, tls=True)
    async with Endpoint(identity(1), ("127.0.0.1", 0), announce=[announced]) as endpoint:
        assert [str(one) for one in endpoint.addresses] == [
            f"/dns/node.example/tcp/443/tls/ws/p2p/{endpoint.identity.id}"
        ]


async def test_the_page_that_is_not_built(tmp_path: Path) -> None:
    async with listening(page=tmp_path) as (_, url), aiohttp.ClientSession() as http, http.get(url) as answer:
        assert answer.status == 200
        assert "make run" in await answer.text()
        assert answer.headers["Cache-Control"] == "no-cache"


async def test_the_built_page(tmp_path: Path) -> None:
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_text("<!doctype html><title>page</title>")
    (tmp_path / "assets" / "main-B7x_4kQz.js").write_text("export {};")
    (tmp_path / "icon.svg").write_text("<svg/>")
    async with listening(page=tmp_path) as (_, url), aiohttp.ClientSession() as http:
        async with http.get(url) as answer:
            assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
            assert answer.headers["Cache-Control"] == "no-cache"
            policy = dict(part.split(" ", 1) for part in answer.headers["Content-Security-Policy"].split("; "))
        assert policy["script-src"] == "'self'"
        assert policy["connect-src"] == "* ws: wss:"
        assert policy["default-src"] == "'none'"
        assert policy["require-trusted-types-for"] == "'script'"
        assert "unsafe" not in str(policy)
        async with http.get(f"{url}/assets/main-B7x_4kQz.js") as answer:
            assert answer.headers["Content-Type"].startswith("text/javascript")
            assert "immutable" in answer.headers["Cache-Control"]
        async with http.get(f"{url}/icon.svg") as answer:
            assert answer.headers["Content-Type"] == "image/svg+xml"
            assert answer.headers["Cache-Control"] == "no-cache"


async def test_what_there_is_not(tmp_path: Path) -> None:
    (tmp_path / "page").mkdir()
    (tmp_path / "secret").write_text("secret")
    async with listening(page=tmp_path / "page") as (_, url), aiohttp.ClientSession() as http:
        for path in ("/nothing", "/../secret", "/%2e%2e/secret", "/..%2fsecret", "//etc/passwd"):
            async with http.get(aiohttp.client.URL(url + path, encoded=True)) as answer:
                assert answer.status == 404, path
                assert "secret" not in await answer.text()
        async with http.get(f"{url}/signal") as answer:
            assert answer.status == 426
        async with http.post(url, data=b"x" * 100_000) as answer:
            assert answer.status == 405


async def test_a_proxy_s_word_counts_if_it_is_trusted() -> None:
    seen: list[SocketAddress] = []
    done = asyncio.Event()

    async def serve(accepted: Socket) -> None:
        seen.append(accepted.remote)
        done.set()

    for trusted, forwarded, expected in (
        ([], "8.8.8.8", "127.0.0.1"),
        (["127.0.0.0/8"], "8.8.8.8", "8.8.8.8"),
        (["127.0.0.0/8"], "6.6.6.6, 8.8.8.8", "8.8.8.8"),
        (["127.0.0.0/8", "8.8.8.0/24"], "6.6.6.6, 8.8.8.8", "6.6.6.6"),
        (["127.0.0.0/8"], "6.6.6.6, nonsense", "127.0.0.1"),
        (["::1/128"], "8.8.8.8", "127.0.0.1"),
    ):
        pair = bind_pair("127.0.0.1", 0)
        pair.udp.close()
        listener = HttpListener(pair.tcp, trusted=trusted)
        host, port = await listener.open(serve, dict)
        done.clear()
        async with aiohttp.ClientSession() as http:
            await http.ws_connect(
                f"http://{host}:{port}/signal", protocols=[SUBPROTOCOL], headers={"X-Forwarded-For": forwarded}
            )
            await done.wait()
        await listener.close()
        assert seen.pop()[0] == expected
    with pytest.raises(InvalidMultiaddr, match="no network"):
        HttpListener(pair.tcp, trusted=["everybody"])


# -- what comes to a port that anybody can reach ----------------------------------------------------------------------


async def _upgrade(endpoint: Endpoint) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A WebSocket by hand, right after its upgrade."""
    reader, writer = await asyncio.open_connection("127.0.0.1", endpoint.port)
    writer.write(
        b"GET /signal HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: wherry.signal.1\r\n\r\n"
    )
    assert b"101" in await reader.readuntil(b"\r\n\r\n")
    return reader, writer


async def _drain(reader: asyncio.StreamReader) -> None:
    """Read to the end; a server that did not want to hear all of it resets the connection."""
    async with asyncio.timeout(4):
        try:
            while await reader.read(65536):
                pass
        except ConnectionResetError:
            return


def _masked(opcode: int, payload: bytes, *, final: bool = True, length: int | None = None) -> bytes:
    """A client's WebSocket frame; `length` lies about the payload's."""
    size = len(payload) if length is None else length
    head = struct.pack("!BBQ", (0x80 if final else 0) | opcode, 0x80 | 127, size)
    return head + bytes(4) + payload


@pytest.mark.parametrize(
    "sent",
    [
        _masked(1, b"text"),
        _masked(2, b"garbage"),
        _masked(2, b""),
        _masked(2, secrets.token_bytes(1000)),
        _masked(2, b"\x98" + b"\x01" * 8),
        _masked(2, b"", length=MESSAGE_BYTES + 1),
        _masked(2, b"", length=2**62),
        _masked(2, bytes(60_000), final=False) + _masked(0, bytes(60_000)),
        _masked(3, b"reserved"),
        b"\xff" * 100,
        b"\x82\x05hello",
        _masked(9, b"x" * 200),
    ],
    ids=[
        "text",
        "garbage",
        "empty",
        "noise",
        "a hello of other fields",
        "oversized",
        "endless",
        "fragments that become too large",
        "reserved opcode",
        "no frame at all",
        "unmasked",
        "a long ping",
    ],
)
async def test_garbage_instead_of_a_handshake_ends_the_socket(sent: bytes) -> None:
    async with listening() as (endpoint, _):
        reader, writer = await _upgrade(endpoint)
        writer.write(sent)
        await _drain(reader)
        writer.close()
        assert len(endpoint.hub.admission) == 0


async def test_half_a_frame_and_gone() -> None:
    async with listening() as (endpoint, _), WebSocketConnector() as connect:
        for _ in range(20):
            _, writer = await _upgrade(endpoint)
            writer.write(_masked(2, b"half", length=1000))
            writer.transport.abort()
        async with await open_client(connect, address_of(endpoint), identity(1), Role.ME) as me:
            await me.ping()
            assert len(endpoint.hub.admission) == 1


async def test_headers_that_trickle() -> None:
    pair = bind_pair("127.0.0.1", 0)
    pair.udp.close()
    listener = HttpListener(pair.tcp, idle_s=0.3)

    async def serve(accepted: Socket) -> None:
        raise AssertionError("nobody opens a WebSocket here")

    host, port = await listener.open(serve, dict)
    reader, writer = await asyncio.open_connection(host, port)
    writer.write(b"GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ")
    async with asyncio.timeout(4):
        assert await reader.read() == b""
    writer.close()
    await writer.wait_closed()
    await listener.close()


@pytest.mark.parametrize(
    "sent",
    [
        b"\x16\x03\x01\x02\x00\x01\x00",
        b"\x00" * 100,
        b"GET / HTTP/9.9\r\n\r\n",
        b"A" * 100_000,
        b"\r\n" * 1000,
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\nGET /" + b"a" * 100_000,
    ],
    ids=["a TLS hello", "zeros", "another version", "a line without end", "empty lines", "no host", "a second request"],
)
async def test_what_is_no_http(sent: bytes) -> None:
    async with listening() as (endpoint, url), aiohttp.ClientSession() as http:
        reader, writer = await asyncio.open_connection("127.0.0.1", endpoint.port)
        writer.write(sent)
        writer.write_eof()
        await _drain(reader)
        writer.close()
        async with http.get(f"{url}/health") as answer:
            assert answer.status == 200


async def test_connections_of_one_network_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    from wherry_signaling.server import door

    monkeypatch.setattr(door, "CONNECTIONS_PER_PRIVATE_HOST", 5)
    async with listening() as (endpoint, url), aiohttp.ClientSession() as http:
        connections = [await asyncio.open_connection("127.0.0.1", endpoint.port) for _ in range(5)]
        with pytest.raises(aiohttp.ClientError):
            await http.get(f"{url}/health")
        for _, writer in connections:
            writer.close()
            await writer.wait_closed()
        async with asyncio.timeout(4):
            while True:
                try:
                    async with http.get(f"{url}/health") as answer:
                        assert answer.status == 200
                        break
                except aiohttp.ClientError:  # the server has not noticed yet that they are gone
                    continue


async def test_connections_that_have_ended_are_forgotten() -> None:
    pair = bind_pair("127.0.0.1", 0)
    pair.udp.close()
    listener = HttpListener(pair.tcp)

    async def serve(accepted: Socket) -> None:
        await accepted.close()

    host, port = await listener.open(serve, dict)
    for _ in range(300):
        _, writer = await asyncio.open_connection(host, port)
        writer.close()
        await writer.wait_closed()
    assert listener._doors is not None
    assert len(listener._doors) < 150
    await listener.close()


# -- ports ------------------------------------------------------------------------------------------------------------


@pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="only /proc tells who has a port")
async def test_a_busy_port_names_its_process() -> None:
    async with listening() as (endpoint, _):
        with pytest.raises(PortBusy, match=rf"TCP port {endpoint.port} is in use by process {os.getpid()} \("):
            bind_pair("127.0.0.1", endpoint.port)
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    udp.bind(("127.0.0.1", 0))
    with pytest.raises(PortBusy, match=f"UDP port .* by process {os.getpid()}"):
        bind_pair("127.0.0.1", udp.getsockname()[1])
    udp.close()


async def test_an_endpoint_that_cannot_listen_leaves_nothing_behind() -> None:
    async with listening() as (endpoint, _):
        second = Endpoint(identity(2), ("127.0.0.1", endpoint.port))
        with pytest.raises(PortBusy):
            async with second:
                pass
    async with Endpoint(identity(2), ("127.0.0.1", endpoint.port)):
        pass


def test_an_address_that_this_machine_does_not_have() -> None:
    for host in ("192.0.2.1", "no.such.name.invalid"):
        with pytest.raises(NoNetwork):
            bind_pair(host, 0)


@pytest.mark.parametrize("host", ["127.0.0.1", "::"])
async def test_stun_on_the_same_number(host: str) -> None:
    class Ear(asyncio.DatagramProtocol):
        def __init__(self) -> None:
            self.came: asyncio.Queue[bytes] = asyncio.Queue()

        def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
            self.came.put_nowait(data)

    async with listening(host) as (endpoint, _):
        assert endpoint.udp is not None
        _, dht = await endpoint.udp.open(Kind.DHT, Ear)
        transport, ear = await asyncio.get_running_loop().create_datagram_endpoint(
            Ear, remote_addr=("127.0.0.1", endpoint.port)
        )
        for datagram in (
            b"",
            b"\xff" * 1200,
            STUN_REQUEST[:19],
            STUN_REQUEST[:2] + b"\0\4" + STUN_REQUEST[4:] + b"\0\x0d\0\1",
        ):
            transport.sendto(datagram)
        transport.sendto(b"\x0dfor the DHT")
        transport.sendto(STUN_REQUEST)
        async with asyncio.timeout(4):
            reply = await ear.came.get()
            assert await dht.came.get() == b"\x0dfor the DHT"
        own = transport.get_extra_info("sockname")
        assert len(reply) == 40
        assert struct.unpack("!H", reply[26:28])[0] ^ 0x2112 == own[1]
        assert bytes(a ^ b for a, b in zip(reply[28:32], bytes.fromhex("2112a442"), strict=True)) == b"\x7f\0\0\1"
        transport.close()

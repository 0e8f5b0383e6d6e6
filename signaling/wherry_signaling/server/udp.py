"""One UDP port for several protocols, told apart by the first byte of a datagram (RFC 7983).

=========== ================================ ==========================================
first byte  what                             goes to
=========== ================================ ==========================================
0–3         STUN and TURN, by magic cookie   `Kind.STUN`
13 (0x0D)   a signed DHT frame               `Kind.DHT` (a range nobody else uses)
64–79       ChannelData of an allocation     dropped, until there is a relay
else                                         dropped
=========== ================================ ==========================================

Each protocol sees asyncio's `DatagramProtocol` calls and a transport of its own, which shares the socket. On a dual
stack socket IPv4 addresses are shown as IPv4.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Awaitable, Callable
from enum import Enum
from typing import Any, Final, TypeVar

from ..errors import PortBusy
from ..scope import parse_ip
from ..sockets import SocketAddress

P = TypeVar("P", bound=asyncio.DatagramProtocol)
#: Binds the port: gets a protocol factory and an address, as `create_datagram_endpoint` does.
BindUdp = Callable[
    [Callable[[], asyncio.DatagramProtocol], SocketAddress],
    Awaitable[tuple[asyncio.DatagramTransport, asyncio.DatagramProtocol]],
]

_MAGIC_COOKIE: Final = b"\x21\x12\xa4\x42"
_log = logging.getLogger(__name__)


class Kind(Enum):
    """What may be opened on the port."""

    STUN = "stun"
    DHT = "dht"


def kind_of(data: bytes) -> Kind | None:
    """Whose datagram it is; None if nobody's."""
    if not data:
        return None
    if data[0] <= 3 and data[4:8] == _MAGIC_COOKIE:
        return Kind.STUN
    return Kind.DHT if data[0] == 0x0D else None


class UdpPort:
    """A bound UDP port. Made by `bind`; whoever made it closes it."""

    def __init__(self) -> None:
        self._protocols: dict[Kind, asyncio.DatagramProtocol] = {}
        self._transport: asyncio.DatagramTransport | None = None
        self._dual = False
        self._lost = asyncio.Event()
        #: Datagrams that were nobody's.
        self.dropped = 0

    @classmethod
    async def bind(cls, bind: BindUdp, address: SocketAddress) -> UdpPort:
        """Bind `address`.

        :raises PortBusy: if it is taken.
        """
        port = cls()
        try:
            transport, _ = await bind(lambda: _Demultiplexer(port), address)
        except OSError as error:
            raise PortBusy(f"UDP port {address[1]} is in use") from error
        raw = transport.get_extra_info("socket")
        port._transport, port._dual = transport, raw is not None and raw.family == socket.AF_INET6
        return port

    async def open(self, kind: Kind, factory: Callable[[], P]) -> tuple[asyncio.DatagramTransport, P]:
        """A protocol for one kind of datagram, and its transport: what `create_datagram_endpoint` returns.

        :raises PortBusy: if that kind is taken on this port.
        """
        if kind in self._protocols:
            raise PortBusy(f"{kind.value} is served on this port already")
        protocol = factory()
        transport = _SharedTransport(self, kind)
        self._protocols[kind] = protocol
        protocol.connection_made(transport)
        return transport, protocol

    async def close(self) -> None:
        """Close every protocol's transport, and the port; returns once its number is free."""
        for kind in list(self._protocols):
            self._leave(kind)
        if self._transport is not None:
            self._transport.close()
            await self._lost.wait()

    @property
    def address(self) -> SocketAddress:
        """Host and port in use."""
        assert self._transport is not None
        host, port, *_ = self._transport.get_extra_info("sockname")
        return host, port

    def _received(self, data: bytes, address: Any) -> None:
        kind = kind_of(data)
        protocol = None if kind is None else self._protocols.get(kind)
        if protocol is None:
            self.dropped += 1
            return
        ip = parse_ip(address[0]) if self._dual else None
        protocol.datagram_received(data, (address[0] if ip is None else str(ip), *address[1:2]))

    def _send(self, data: bytes, address: SocketAddress) -> None:
        if self._transport is None or self._transport.is_closing():
            return
        host, port = address[:2]
        if ":" not in host:
            if not host[-1:].isdigit():
                return  # a name: resolving it would stop the whole process
            if self._dual:
                host = f"::ffff:{host}"
        self._transport.sendto(data, (host, port))

    def _failed(self, error: Exception) -> None:
        for protocol in list(self._protocols.values()):
            protocol.error_received(error)

    def _leave(self, kind: Kind) -> None:
        protocol = self._protocols.pop(kind, None)
        if protocol is not None:
            asyncio.get_running_loop().call_soon(protocol.connection_lost, None)


class _Demultiplexer(asyncio.DatagramProtocol):
    """What asyncio calls: the port's own ear."""

    def __init__(self, port: UdpPort) -> None:
        self._port = port

    def datagram_received(self, data: bytes, addr: Any) -> None:
        self._port._received(data, addr)

    def error_received(self, exc: Exception) -> None:
        self._port._failed(exc)

    def connection_lost(self, exc: Exception | None) -> None:
        self._port._lost.set()


class _SharedTransport(asyncio.DatagramTransport):
    """One protocol's share of the port; closing it leaves the port open for the others."""

    def __init__(self, port: UdpPort, kind: Kind) -> None:
        super().__init__()
        self._port, self._kind, self._closed = port, kind, False

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        assert self._port._transport is not None
        return self._port._transport.get_extra_info(name, default)

    def sendto(self, data: Any, addr: Any = None) -> None:
        if not self._closed:
            self._port._send(bytes(data), addr)

    def is_closing(self) -> bool:
        return self._closed

    def close(self) -> None:
        if not self._closed:
            self._closed = True
            self._port._leave(self._kind)

    def abort(self) -> None:
        self.close()


def bind_udp(raw: socket.socket) -> BindUdp:
    """A `BindUdp` that takes a socket which is bound already."""

    async def bind(
        factory: Callable[[], asyncio.DatagramProtocol], address: SocketAddress
    ) -> tuple[asyncio.DatagramTransport, asyncio.DatagramProtocol]:
        del address
        return await asyncio.get_running_loop().create_datagram_endpoint(factory, sock=raw)

    return bind

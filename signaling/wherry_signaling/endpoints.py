"""Where something listens, as multiaddrs (https://github.com/multiformats/multiaddr).

=========================================  =========================================================
``/ip4/A/tcp/P/ws[/p2p/R]``                a signaling endpoint on plain WebSocket
``/dns/N/tcp/443/tls/ws[/p2p/R]``          one behind TLS
``/ip4/A/udp/P``                           a node's UDP port: DHT and STUN
=========================================  =========================================================

`ip6`, `dns4` and `dns6` go wherever `ip4` does, and `wss` means `tls/ws`; they are written as `dns` and `tls/ws`. An
IPv4 address is never written as IPv6. Names are ASCII, and none that some resolver takes for an IP address (``127.1``,
``0x7f000001``). Documents and frames hold the binary form, each code in its shortest form, without `/p2p`::

    host  04 IPv4 4  |  29 IPv6 16  |  35 (dns), 36 (dns4) or 37 (dns6)  length varint  name
    port  06 u16 (tcp)  |  91 02 u16 (udp)                                                       big-endian, not 0
    rest  of tcp: dd 03 (ws)  |  c0 03 dd 03 (tls, ws)  |  de 03 (wss)

This grammar is read here by itself: a document names twenty of them, and checking it must stay cheap.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass, replace
from typing import Final, Literal

from .errors import InvalidMultiaddr, InvalidPeerId
from .identity import PeerId
from .limits import MULTIADDR_BYTES
from .scope import Scope, parse_ip, scope_of

_TEXT: Final = re.compile(
    r"/(?P<protocol>ip4|ip6|dns|dns4|dns6)/(?P<host>[^/]+)/(?P<transport>tcp|udp)/(?P<port>[1-9][0-9]{0,4})(?P<rest>/.*)?"
)
_BYTES: Final = re.compile(
    rb"(?:\x04(?P<ip4>.{4})|\x29(?P<ip6>.{16})"
    rb"|[\x35-\x37](?P<length>[\x01-\x7f]|[\x80-\xff]\x01)(?P<name>[0-9A-Za-z_.-]+))"
    rb"(?P<transport>\x06|\x91\x02)(?P<port>..)(?P<rest>.*)",
    re.DOTALL,
)
_CODES: Final = {"tcp": b"\x06", "udp": b"\x91\x02"}
_WS: Final = b"\xdd\x03"
_TLS_WS: Final = b"\xc0\x03\xdd\x03"
#: Whether TLS is around it.
_SECURE: Final = {"/ws": False, "/tls/ws": True, "/wss": True}
_SECURE_BYTES: Final = {_WS: False, _TLS_WS: True, b"\xde\x03": True}
_LABEL: Final = re.compile(r"[0-9A-Za-z_-]{1,63}")
#: A name that ends in one of these is an IPv4 address to resolvers and browsers (WHATWG URL, "ends in a number").
_NUMBER: Final = re.compile(r"[0-9]+|0[xX][0-9A-Fa-f]*")
_PORT: Final = re.compile(r"[0-9]{0,5}")


@dataclass(frozen=True, slots=True)
class EndpointAddress:
    """A signaling endpoint: host (an IP address or a name), TCP port, whether behind TLS, and whose it is, if known."""

    host: str
    port: int
    tls: bool = False
    peer: PeerId | None = None

    def __str__(self) -> str:
        text = f"{_host_text(self.host)}/tcp/{self.port}{'/tls' if self.tls else ''}/ws"
        return text if self.peer is None else f"{text}/p2p/{self.peer}"

    @property
    def url(self) -> str:
        """Where the WebSocket is."""
        return f"{'wss' if self.tls else 'ws'}://{self.authority}/signal"

    @property
    def page(self) -> str:
        """Where the page is."""
        return f"{'https' if self.tls else 'http'}://{self.authority}/"

    @property
    def authority(self) -> str:
        """``host:port``, brackets around IPv6."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"

    @property
    def scope(self) -> Scope | None:
        """How far the address reaches; None for a name, which may resolve to anything."""
        return scope_of(self.host)

    def without_peer(self) -> EndpointAddress:
        """The same endpoint, whoever answers."""
        return replace(self, peer=None)

    def to_bytes(self) -> bytes:
        """The binary multiaddr without `/p2p`, as records hold it.

        :raises InvalidMultiaddr: if the host is neither an IP address nor a name in ASCII.
        """
        return _host_bytes(self.host) + _CODES["tcp"] + self.port.to_bytes(2, "big") + (_TLS_WS if self.tls else _WS)

    @classmethod
    def parse(cls, text: str) -> EndpointAddress:
        """:raises InvalidMultiaddr: if the text is none of the forms above, naming it."""
        host, port, rest = _read_text(text, "tcp")
        way, _, peer = rest.partition("/p2p/")
        if way not in _SECURE or (not peer and way != rest):
            raise InvalidMultiaddr(f"{text!r} is no signaling endpoint")
        try:
            return cls(host, port, _SECURE[way], PeerId.parse(peer) if peer else None)
        except InvalidPeerId as error:
            raise InvalidMultiaddr(f"{text!r}: {error.detail}") from error

    @classmethod
    def from_bytes(cls, data: bytes, peer: PeerId | None = None) -> EndpointAddress:
        """:raises InvalidMultiaddr: if the bytes are none of the forms above."""
        host, port, rest = _read_bytes(data, "tcp")
        if rest not in _SECURE_BYTES:
            raise InvalidMultiaddr("the bytes are no signaling endpoint")
        return cls(host, port, _SECURE_BYTES[rest], peer)


@dataclass(frozen=True, slots=True, order=True)
class UdpAddress:
    """A node's UDP port: an IP address or a name, and the port."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"{_host_text(self.host)}/udp/{self.port}"

    @property
    def scope(self) -> Scope | None:
        """How far the address reaches; None for a name."""
        return scope_of(self.host)

    def to_bytes(self) -> bytes:
        """The binary multiaddr.

        :raises InvalidMultiaddr: if the host is neither an IP address nor a name in ASCII.
        """
        return _host_bytes(self.host) + _CODES["udp"] + self.port.to_bytes(2, "big")

    @classmethod
    def parse(cls, text: str) -> UdpAddress:
        """:raises InvalidMultiaddr: if the text is no ``/ip4/A/udp/P``."""
        host, port, rest = _read_text(text, "udp")
        if rest:
            raise InvalidMultiaddr(f"{text!r} is no UDP address", hint="It looks like /ip4/192.0.2.7/udp/4770")
        return cls(host, port)

    @classmethod
    def from_bytes(cls, data: bytes) -> UdpAddress:
        """:raises InvalidMultiaddr: if the bytes are no UDP address."""
        host, port, rest = _read_bytes(data, "udp")
        if rest:
            raise InvalidMultiaddr("the bytes are no UDP address")
        return cls(host, port)


def parse_any(text: str) -> EndpointAddress | UdpAddress:
    """What `--bootstrap` takes: either of the two, or ``host:port``, which means a plain endpoint.

    :raises InvalidMultiaddr: if it is neither.
    """
    if not text.startswith("/"):
        return endpoint_of_authority(text)
    return UdpAddress.parse(text) if "/udp/" in text else EndpointAddress.parse(text)


def endpoint_of_authority(text: str) -> EndpointAddress:
    """The endpoint at ``host:port``: plain WebSocket there, or at a bare DNS name, which means TLS on 443.

    :raises InvalidMultiaddr: if it is neither.
    """
    host, colon, port = text.rpartition(":")
    if not colon or (text.startswith("[") and text.endswith("]")):
        host, port = text, ""
    host = host.removeprefix("[").removesuffix("]")
    if not _is_host(host) or not _PORT.fullmatch(port):
        raise InvalidMultiaddr(f"{text[:80]!r} is no host:port")
    address = parse_ip(host)
    if not port:
        if address is not None:
            raise InvalidMultiaddr(f"{text!r} lacks a port")
        return EndpointAddress(host, 443, tls=True)
    if not 0 < int(port) < 65536:
        raise InvalidMultiaddr(f"{port} is no port")
    return EndpointAddress(host if address is None else str(address), int(port))


def _is_host(host: str) -> bool:
    """Whether it is an IP address (with no zone: that means nothing elsewhere) or a DNS name in ASCII."""
    return _is_name(host) or ("%" not in host and parse_ip(host) is not None)


def _is_name(host: str) -> bool:
    *_, last = labels = host.split(".")
    return len(host) <= 253 and all(map(_LABEL.fullmatch, labels)) and not _NUMBER.fullmatch(last)


Transport = Literal["tcp", "udp"]


def _read_text(text: str, transport: Transport) -> tuple[str, int, str]:
    """Host, port, and what stands behind them."""
    match = _TEXT.fullmatch(text) if len(text) <= 2 * MULTIADDR_BYTES else None
    if match is None or match["transport"] != transport or int(match["port"]) > 65535:
        raise InvalidMultiaddr(repr(text[:80]))
    return _read_host(match["protocol"], match["host"]), int(match["port"]), match["rest"] or ""


def _read_host(protocol: str, host: str) -> str:
    if protocol.startswith("dns"):
        if not _is_name(host):
            raise InvalidMultiaddr(f"{host[:80]!r} is no name")
        return host
    try:
        address = ipaddress.IPv4Address(host) if protocol == "ip4" else ipaddress.IPv6Address(host)
    except ValueError as error:
        raise InvalidMultiaddr(f"{host[:80]!r} is no IP address") from error
    return _plain(address)


def _read_bytes(data: bytes, transport: Transport) -> tuple[str, int, bytes]:
    """Host, port, and what stands behind them."""
    match = _BYTES.fullmatch(data) if len(data) <= MULTIADDR_BYTES else None
    if match is None or match["transport"] != _CODES[transport] or match["port"] == b"\0\0":
        raise InvalidMultiaddr("the bytes do not decode")
    if match["name"] is None:
        packed = match["ip4"]
        host = _plain(ipaddress.IPv6Address(match["ip6"]) if packed is None else ipaddress.IPv4Address(packed))
    else:
        host = match["name"].decode("ascii")
        if match["length"] != _varint(len(host)) or not _is_name(host):
            raise InvalidMultiaddr("the bytes hold no name")
    return host, int.from_bytes(match["port"], "big"), match["rest"]


def _plain(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> str:
    if isinstance(address, ipaddress.IPv6Address) and (address.ipv4_mapped is not None or address.scope_id is not None):
        raise InvalidMultiaddr(f"{address} is IPv4 written as IPv6, or has a zone")
    return str(address)


def _host_text(host: str) -> str:
    address = parse_ip(host)
    return f"/dns/{host}" if address is None else f"/ip{address.version}/{address}"


def _host_bytes(host: str) -> bytes:
    address = parse_ip(host)
    if address is not None:
        return (b"\x04" if address.version == 4 else b"\x29") + address.packed
    if not _is_name(host):
        raise InvalidMultiaddr(f"{host[:80]!r} is neither an IP address nor a name in ASCII")
    return b"\x35" + _varint(len(host)) + host.encode("ascii")


def _varint(length: int) -> bytes:
    return bytes([length]) if length < 128 else bytes([length & 127 | 128, length >> 7])

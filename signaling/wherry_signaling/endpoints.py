"""Where something listens, as multiaddrs (https://github.com/multiformats/multiaddr).

=========================================  =========================================================
``/ip4/A/tcp/P/ws[/p2p/R]``                a signaling endpoint on plain WebSocket
``/dns4/N/tcp/443/tls/ws[/p2p/R]``         one behind TLS
``/ip4/A/udp/P``                           a node's UDP port: DHT and STUN
=========================================  =========================================================

`dns`, `dns4`, `dns6` and `ip6` go wherever `ip4` does; `wss` means `tls/ws`. They are written as `dns` and `tls/ws`.
Names are ASCII, and none that some resolver takes for an IP address (``127.1``, ``0x7f000001``). Whatever comes from
the network is parsed here, whole: no other module touches the `multiaddr` package.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass, replace
from typing import Literal

from multiaddr.exceptions import Error as MultiaddrError
from multiaddr.multiaddr import Multiaddr

from .errors import InvalidMultiaddr, InvalidPeerId
from .identity import PeerId
from .limits import MULTIADDR_BYTES
from .scope import Scope, parse_ip, scope_of

_LABEL = re.compile(r"[0-9A-Za-z_-]{1,63}")
#: A name that ends in one of these is an IPv4 address to resolvers and browsers (WHATWG URL, "ends in a number").
_NUMBER = re.compile(r"[0-9]+|0[xX][0-9A-Fa-f]*")
_PORT = re.compile(r"[0-9]{0,5}")


@dataclass(frozen=True, slots=True)
class EndpointAddress:
    """A signaling endpoint: host (an IP address or a name), TCP port, whether behind TLS, and whose it is, if known."""

    host: str
    port: int
    tls: bool = False
    peer: PeerId | None = None

    def __str__(self) -> str:
        text = f"/{_protocol(self.host)}/{self.host}/tcp/{self.port}{'/tls' if self.tls else ''}/ws"
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

        :raises InvalidMultiaddr: if the host has no such form: an IPv6 address with a zone.
        """
        return _binary(str(self.without_peer()))

    @classmethod
    def parse(cls, text: str) -> EndpointAddress:
        """:raises InvalidMultiaddr: if the text is none of the forms above, naming it."""
        return _endpoint(_parts(text), text)

    @classmethod
    def from_bytes(cls, data: bytes, peer: PeerId | None = None) -> EndpointAddress:
        """:raises InvalidMultiaddr: if the bytes are none of the forms above."""
        text = _decode(data)
        endpoint = _endpoint(_parts(text), text)
        if endpoint.peer is not None:
            raise InvalidMultiaddr(f"{text!r}: whose it is stands elsewhere")
        return replace(endpoint, peer=peer)


@dataclass(frozen=True, slots=True, order=True)
class UdpAddress:
    """A node's UDP port: an IP address or a name, and the port."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"/{_protocol(self.host)}/{self.host}/udp/{self.port}"

    @property
    def scope(self) -> Scope | None:
        """How far the address reaches; None for a name."""
        return scope_of(self.host)

    def to_bytes(self) -> bytes:
        """The binary multiaddr."""
        return _binary(str(self))

    @classmethod
    def parse(cls, text: str) -> UdpAddress:
        """:raises InvalidMultiaddr: if the text is no ``/ip4/A/udp/P``."""
        match _parts(text):
            case [(protocol, host), ("udp", port)] if _is_place(protocol, host, port):
                return cls(host or "", int(port or 0))
        raise InvalidMultiaddr(f"{text!r} is no UDP address", hint="It looks like /ip4/192.0.2.7/udp/4770")

    @classmethod
    def from_bytes(cls, data: bytes) -> UdpAddress:
        """:raises InvalidMultiaddr: if the bytes are no UDP address."""
        return cls.parse(_decode(data))


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
    if not is_host(host) or not _PORT.fullmatch(port):
        raise InvalidMultiaddr(f"{text[:80]!r} is no host:port")
    address = parse_ip(host)
    if not port:
        if address is not None:
            raise InvalidMultiaddr(f"{text!r} lacks a port")
        return EndpointAddress(host, 443, tls=True)
    if not 0 < int(port) < 65536:
        raise InvalidMultiaddr(f"{port} is no port")
    return EndpointAddress(host if address is None else str(ipaddress.ip_address(host)), int(port))


def is_host(host: str) -> bool:
    """Whether it is an IP address (with no zone: that means nothing elsewhere) or a DNS name in ASCII."""
    return _is_name(host) or ("%" not in host and parse_ip(host) is not None)


def _is_name(host: str) -> bool:
    *_, last = labels = host.removesuffix(".").split(".")
    return len(host) <= 253 and all(map(_LABEL.fullmatch, labels)) and not _NUMBER.fullmatch(last)


def _is_place(protocol: str, host: str | None, port: str | None) -> bool:
    if not host or not port or not int(port):
        return False
    return _is_name(host) if protocol.startswith("dns") else protocol in ("ip4", "ip6")


def _protocol(host: str) -> Literal["ip4", "ip6", "dns"]:
    address = parse_ip(host)
    if address is None:
        return "dns"
    return "ip6" if ":" in host else "ip4"


Parts = list[tuple[str, str | None]]


def _parts(text: str) -> Parts:
    if not text.startswith("/") or len(text) > 2 * MULTIADDR_BYTES:
        raise InvalidMultiaddr(f"{text[:80]!r} is no multiaddr")
    try:
        return [(protocol.name, value) for protocol, value in Multiaddr(text).items()]
    except (MultiaddrError, ValueError) as error:
        raise InvalidMultiaddr(f"{text[:80]!r}") from error


def _endpoint(parts: Parts, text: str) -> EndpointAddress:
    peer: PeerId | None = None
    if parts and parts[-1][0] == "p2p":
        try:
            peer = PeerId.parse(parts.pop()[1] or "")
        except InvalidPeerId as error:
            raise InvalidMultiaddr(f"{text!r}: {error.detail}") from error
    match parts:
        case [(protocol, host), ("tcp", port), *rest] if _is_place(protocol, host, port):
            if [name for name, _ in rest] in (["ws"], ["tls", "ws"], ["wss"]):
                return EndpointAddress(host or "", int(port or 0), tls=rest[0][0] != "ws", peer=peer)
    raise InvalidMultiaddr(f"{text!r} is no signaling endpoint")


def _decode(data: bytes) -> str:
    """The text of a binary multiaddr that is whole: the package itself takes a truncated address for a short one."""
    if not 0 < len(data) <= MULTIADDR_BYTES:
        raise InvalidMultiaddr(f"{len(data)} bytes are no multiaddr")
    try:
        text = str(Multiaddr(data))
        whole = Multiaddr(text).to_bytes() == data
    except (MultiaddrError, ValueError) as error:
        raise InvalidMultiaddr("the bytes do not decode") from error
    if not whole:
        raise InvalidMultiaddr("the bytes are not in their shortest form")
    return text


def _binary(text: str) -> bytes:
    try:
        data: bytes = Multiaddr(text).to_bytes()
    except (MultiaddrError, ValueError) as error:
        raise InvalidMultiaddr(f"{text[:80]!r}") from error
    return data

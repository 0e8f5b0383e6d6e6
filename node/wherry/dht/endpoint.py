"""Where a node of the DHT listens: an IP address and a UDP port, in text here and in 6 or 18 bytes on the wire.

::

    IPv4:  address 4  ‖ port u16 big-endian        IPv6:  address 16 ‖ port u16 big-endian
"""

from __future__ import annotations

import socket
from functools import lru_cache
from typing import NamedTuple

from wherry_signaling.errors import Malformed
from wherry_signaling.scope import Scope, network_of, parse_ip, scope_of


class Endpoint(NamedTuple):
    """A host (an IP address in text; a name only where one may be resolved) and a UDP port."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def version(self) -> int:
        """4 or 6: which of the two tables it belongs to."""
        return 6 if ":" in self.host else 4

    @property
    def scope(self) -> Scope:
        """How far its address reaches.

        :raises Malformed: if it is no address of a host.
        """
        return _scope(self.host)

    @property
    def network(self) -> str:
        """What limits count: /24 or /56 of a public address, a private host, a port on loopback."""
        return f"{self.host}:{self.port}" if self.scope is Scope.LOOPBACK else _network(self.host)

    def pack(self) -> bytes:
        """Its 6 or 18 bytes."""
        return _packed(self.host) + self.port.to_bytes(2, "big")


def unpack(data: bytes) -> Endpoint:
    """The endpoint in 6 or 18 bytes.

    :raises Malformed: if it is none that a datagram can be sent to.
    """
    if len(data) not in (6, 18):
        raise Malformed("an endpoint has 6 or 18 bytes")
    endpoint = Endpoint(_unpacked(data[:-2]), int.from_bytes(data[-2:], "big"))
    if endpoint.port == 0 or (endpoint.version == 4 and len(data) == 18):
        raise Malformed("nobody can listen there")
    _ = endpoint.scope
    return endpoint


def from_socket(address: tuple[str, int] | tuple[str, int, int, int]) -> Endpoint:
    """What asyncio calls an address; IPv4 that came in by an IPv6 socket is IPv4.

    :raises Malformed: if it is no IP address.
    """
    return Endpoint(_plain(address[0]), address[1])


@lru_cache(maxsize=8192)
def _plain(host: str) -> str:
    address = parse_ip(host)
    if address is None:
        raise Malformed("no IP address")
    return str(address)


@lru_cache(maxsize=8192)
def _scope(host: str) -> Scope:
    scope = scope_of(host)
    if scope is None:
        raise Malformed("no address of a host")
    return scope


_network = lru_cache(maxsize=8192)(network_of)


@lru_cache(maxsize=8192)
def _packed(host: str) -> bytes:
    return socket.inet_pton(socket.AF_INET6 if ":" in host else socket.AF_INET, host)


@lru_cache(maxsize=8192)
def _unpacked(data: bytes) -> str:
    return _plain(socket.inet_ntop(socket.AF_INET if len(data) == 4 else socket.AF_INET6, data))

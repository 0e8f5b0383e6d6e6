"""How far an IP address reaches: loopback < private < global.

A contact, multiaddr or candidate is accepted only if its scope is at least that of where it was learnt from: so a
public stranger cannot make us knock on doors inside our own network, while a demo, a LAN and a compose mesh need no
switch.
"""

from __future__ import annotations

import ipaddress
from enum import IntEnum


class Scope(IntEnum):
    """How far an address reaches; larger reaches further."""

    LOOPBACK = 1
    PRIVATE = 2
    GLOBAL = 3


#: No host's addresses (RFC 6890), nor those with an IPv4 address inside, which may lead back into our own network.
_NOBODYS = tuple(ipaddress.ip_network(text) for text in ("0.0.0.0/8", "240.0.0.0/4", "::/8"))

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address


def parse_ip(host: str) -> IPAddress | None:
    """The IP address `host` is, IPv4-mapped IPv6 as IPv4, or None where it is a name."""
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address


def scope_of(host: str) -> Scope | None:
    """The scope of an IP address in text; None for a name, and for what is no host's address (multicast, 0.0.0.0/8)."""
    address = parse_ip(host)
    if address is None or address.is_multicast:
        return None
    if address.is_loopback:
        return Scope.LOOPBACK
    if any(address in network for network in _NOBODYS):
        return None
    if isinstance(address, ipaddress.IPv6Address) and address.is_site_local:
        return Scope.PRIVATE
    return Scope.GLOBAL if address.is_global else Scope.PRIVATE


def network_of(host: str) -> str:
    """What a limit by network counts: /24 and /56 of public addresses, else the host itself."""
    address = parse_ip(host)
    if address is None or scope_of(host) is not Scope.GLOBAL:
        return str(address or host)
    length = 24 if address.version == 4 else 56
    return str(ipaddress.ip_network((address, length), strict=False))

"""Which ICE candidates are offered, and which of the peer's are tried.

What we offer is chosen before the engine gathers, by address (docker's bridges stay at home). Of what a peer offers,
at most 16 are tried, and private ones only where they make sense: an SDP is otherwise a port scanner inside our own
network. Candidates are `a=candidate` lines of RFC 8839 §5.1.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

import ifaddr

from wherry_signaling.limits import CANDIDATES
from wherry_signaling.scope import Scope, parse_ip, scope_of

_LINE = re.compile(r"^(?:a=)?candidate:\S+ \d+ (udp|tcp) \d+ (\S+) (\d+) typ (\w+)", re.IGNORECASE)
_BRIDGES: Final = ("docker", "br-", "veth", "virbr", "lxc", "cni", "flannel", "podman")


def scope_of_line(line: str) -> Scope | None:
    """How far a candidate line's address reaches; None if it is no candidate that anybody should try."""
    match = _LINE.match(line.strip())
    if match is None:
        return None
    host = match.group(2)
    if parse_ip(host) is None:  # a browser hides its address behind mDNS: it is on the local network, or nowhere
        return Scope.PRIVATE if host.endswith(".local") else None
    return scope_of(host)


def address_of_line(line: str) -> tuple[str, str] | None:
    """(address, type) of a candidate line, or None."""
    match = _LINE.match(line.strip())
    return None if match is None else (match.group(2), match.group(4).lower())


def admit(sdp: str, floor: Scope) -> tuple[str, list[str], list[str]]:
    """An SDP of the peer's with only those candidates that may be tried.

    :param floor: the least scope that may be tried.
    :returns: the SDP, the lines kept, the lines refused.
    """
    kept: list[str] = []
    refused: list[str] = []
    lines: list[str] = []
    for line in sdp.splitlines():
        if line.startswith("a=candidate:"):
            if not may_try(line, floor) or len(kept) >= CANDIDATES:
                refused.append(line)
                continue
            kept.append(line)
        lines.append(line)
    return "\r\n".join(lines) + "\r\n", kept, refused


def may_try(line: str, floor: Scope) -> bool:
    """Whether a candidate line may be tried."""
    scope = scope_of_line(line)
    return scope is not None and scope >= floor


def addresses_in(sdp: str, kind: str) -> set[str]:
    """The addresses of an SDP's candidates of one type (host, srflx, relay)."""
    found = (address_of_line(line) for line in sdp.splitlines() if line.startswith("a=candidate:"))
    return {one[0] for one in found if one is not None and one[1] == kind}


def own_addresses() -> set[str]:
    """This machine's addresses that are worth offering: no bridges of container engines, no link-local ones."""
    return set(_usable(ifaddr.get_adapters()))


def _usable(adapters: Iterable[ifaddr.Adapter]) -> Iterable[str]:
    for adapter in adapters:
        if adapter.name.startswith(_BRIDGES):
            continue
        for ip in adapter.ips:
            host = ip.ip if isinstance(ip.ip, str) else ip.ip[0]
            address = parse_ip(host)
            if address is not None and not address.is_link_local and not address.is_loopback:
                yield host

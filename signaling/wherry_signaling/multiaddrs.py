"""Multiaddrs as people and other programs write them, through the `multiaddr` package.

=====================================================  ======================================================
``/ip4/A/tcp/P/ws/p2p/ME``                             me, at my own endpoint
``/ip4/A/tcp/P/ws/p2p/R/p2p-circuit/webrtc/p2p/ME``    me, introduced by R (libp2p's webrtc transport writes it so)
=====================================================  ======================================================

The second form is derived, never stored: records hold introducers and endpoints (record.py), in the strict binary forms
of endpoints.py.
"""

from __future__ import annotations

from multiaddr.exceptions import Error as MultiaddrError
from multiaddr.multiaddr import Multiaddr

from .endpoints import EndpointAddress
from .errors import InvalidMultiaddr
from .identity import PeerId

_CIRCUIT = "/p2p-circuit/webrtc"


def introduced_by(endpoint: EndpointAddress, me: PeerId) -> Multiaddr:
    """`me`, as the introducer at `endpoint` introduces it; the endpoint names its peer."""
    return Multiaddr(f"{endpoint}{_CIRCUIT}/p2p/{me}")


def parse_peer(text: str) -> tuple[PeerId, EndpointAddress]:
    """Whom a multiaddr names, and the endpoint that leads there.

    :raises InvalidMultiaddr: if it is neither of the two forms.
    """
    try:
        address = str(Multiaddr(text))
    except (MultiaddrError, ValueError) as error:
        raise InvalidMultiaddr(f"{text[:80]!r}") from error
    way, circuit, rest = address.partition(_CIRCUIT)
    endpoint = EndpointAddress.parse(way)
    peer = PeerId.parse(rest.removeprefix("/p2p/")) if circuit else endpoint.peer
    if peer is None:
        raise InvalidMultiaddr(f"{text[:80]!r} names no peer", hint="It ends in /p2p/12D3KooW…")
    return peer, endpoint

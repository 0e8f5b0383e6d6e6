"""Where this node can be reached, as multiaddrs: what its record says of direct endpoints and of the DHT."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from wherry_signaling.endpoints import EndpointAddress, UdpAddress
from wherry_signaling.identity import PeerId
from wherry_signaling.limits import DIRECT_ENDPOINTS
from wherry_signaling.scope import Scope, parse_ip, scope_of


@dataclass(frozen=True, slots=True)
class OwnAddresses:
    """Own endpoints, the furthest-reaching first."""

    signaling: tuple[EndpointAddress, ...]
    dht: tuple[UdpAddress, ...]

    @property
    def scope(self) -> Scope | None:
        """The furthest that any of them reaches; None if there is none. A name is taken for global."""
        return max((one.scope or Scope.GLOBAL for one in self.signaling), default=None)


def own_addresses(
    listen: tuple[str, int], machine: Iterable[str], announce: Sequence[EndpointAddress | UdpAddress], peer: PeerId
) -> OwnAddresses:
    """What this node may say of itself.

    :param listen: host and port that the endpoint listens on.
    :param machine: this machine's addresses, loopback and container bridges left out.
    :param announce: what its owner says; it comes first.
    """
    host, port = listen
    address = parse_ip(host)
    if address is not None and address.is_unspecified:
        hosts = [one for one in machine if ":" not in one or address.version == 6]
        hosts = hosts or ["127.0.0.1"]
    else:
        hosts = [host]
    hosts.sort(key=lambda one: (-(scope_of(one) or 0), ":" in one))
    found = [EndpointAddress(one, port, peer=peer) for one in hosts if scope_of(one) is not None]
    said = [replace(one, peer=peer) for one in announce if isinstance(one, EndpointAddress)]
    said_dht = [one for one in announce if isinstance(one, UdpAddress)]
    found_dht = [UdpAddress(one, port) for one in hosts if scope_of(one) is not None]
    return OwnAddresses(
        signaling=tuple(dict.fromkeys([*said, *found]))[:DIRECT_ENDPOINTS],
        dht=tuple(dict.fromkeys([*said_dht, *found_dht]))[:DIRECT_ENDPOINTS],
    )

"""What an operator or a test may set of the DHT."""

from __future__ import annotations

from dataclasses import dataclass

from . import limits
from .reachability import Mode


@dataclass(frozen=True, slots=True, kw_only=True)
class DhtConfig:
    """The settings of one node; the defaults are those of the network."""

    #: Kademlia's k: contacts in a bucket and holders of a document.
    k: int = limits.K
    #: Disjoint paths of look-ups and publishes.
    paths: int = limits.PATHS
    #: Requests under way on each path.
    parallel: int = limits.PARALLEL
    #: Leading zero bits of work that a node's key must have; of our own and of others'.
    proof_bits: int = 0
    #: Whether to serve the DHT to the world: as it turns out, always, or never.
    serve: Mode = "auto"
    #: Seconds a look-up or publish may take.
    look_up_s: float = limits.LOOK_UP_S
    #: Seconds until a request has failed.
    request_s: float = limits.REQUEST_S
    #: Seconds between rounds of maintenance; 0 for none.
    maintenance_s: float = limits.MAINTENANCE_S

"""A node of the DHT as we know it: kademlia's `Node`, and how it behaved."""

from __future__ import annotations

from kademlia.node import Node

from .endpoint import Endpoint


class Contact(Node):
    """A node id at an endpoint.

    :param node_id: 20 bytes.
    """

    id: bytes
    long_id: int

    def __init__(self, node_id: bytes, endpoint: Endpoint) -> None:
        super().__init__(node_id, endpoint.host, endpoint.port)  # type: ignore[no-untyped-call]
        self.endpoint = endpoint
        #: How far its address reaches.
        self.scope = endpoint.scope
        #: The address proof it gave us last; empty before the first.
        self.token = b""
        #: Requests in a row that it did not answer.
        self.failures = 0
        #: Seconds of the last round trip, once there was one.
        self.rtt_s: float | None = None
        #: When it answered last, on the event loop's clock.
        self.seen_at = float("-inf")

    def __repr__(self) -> str:
        return f"<Contact {self.id.hex()[:8]} {self.endpoint}>"

    def distance(self, key: int) -> int:
        """Kademlia's distance to a key, as a number."""
        return self.long_id ^ key

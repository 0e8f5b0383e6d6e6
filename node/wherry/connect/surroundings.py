"""What connecting needs of the node around it: the seam between one meeting and everything else."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

from wherry_signaling.identity import Identity, PeerId
from wherry_signaling.record import PeerRecord

from ..connection import Greeting, IceServer, Link
from .trace import Trace
from .ways import Carrier


class Surroundings(Protocol):
    """What a meeting needs of the node around it; the dialer provides it."""

    identity: Identity
    instance: bytes
    carrier: Carrier
    random: Callable[[int], bytes]

    def make_link(self, servers: Sequence[IceServer]) -> Link:
        """A fresh link of the node's engine."""
        ...

    async def ice_servers(self) -> Sequence[IceServer]:
        """Live servers, ready to use."""
        ...

    def record_of(self, peer: PeerId) -> PeerRecord | None:
        """The newest record known."""
        ...

    async def look_again(self, peer: PeerId, trace: Trace) -> PeerRecord | None:
        """The newest record, asked for afresh; None where none is to be had."""
        ...

    def own_record(self) -> bytes:
        """Our own signed record, or nothing while there is none."""
        ...

    def wall_clock(self) -> float:
        """Seconds since 1970."""
        ...

    def own_public_hosts(self) -> set[str]:
        """Addresses we are seen from."""
        ...

    def has_connection(self, peer: PeerId) -> bool:
        """Whether a connection to the peer is up, so that a new link goes beside another."""
        ...

    def adopt(self, peer: PeerId, link: Link, greeting: Greeting, /) -> Awaitable[None]:
        """Greet over an open link, and make it the connection's.

        :raises RemoteError: if the other end does not greet back; the link is closed then.
        """
        ...

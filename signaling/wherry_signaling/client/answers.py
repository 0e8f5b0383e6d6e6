"""What an endpoint's answers mean to a client."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from .. import wire, wire_mailbox
from ..endpoints import EndpointAddress
from ..errors import InvalidMultiaddr, InvalidPeerId, Malformed
from ..identity import PeerId
from ..record import Introducer
from ..scope import Scope
from ..sockets import SocketAddress


@dataclass(frozen=True, slots=True)
class IceServer:
    """A STUN or TURN server an endpoint told us of; where it points to is the endpoint's word alone."""

    urls: tuple[str, ...]
    user: str = ""
    credential: str = ""
    seconds: int = 0


@dataclass(frozen=True, slots=True)
class Registration:
    """What an endpoint grants: how long, as whom it sees us, and what helps with ICE."""

    seconds: int
    observed: SocketAddress
    ice_servers: tuple[IceServer, ...]

    @classmethod
    def of(cls, frame: wire.Registered) -> Registration:
        """What the frame says."""
        servers = (
            IceServer(tuple(urls), user, credential, seconds) for urls, user, credential, seconds in frame.ice_servers
        )
        return cls(frame.seconds, (frame.host, frame.port), tuple(servers))


@dataclass(frozen=True, slots=True)
class Pinged:
    """How far an endpoint is, and its clock's lead over ours; both in seconds."""

    rtt_s: float
    clock_offset_s: float


@dataclass(frozen=True, slots=True)
class Leased:
    """What a mailbox keeps for us.

    :ivar seconds: for how long, unless renewed.
    :ivar bytes: how many bytes of envelopes it keeps at most.
    :ivar waiting: envelopes that wait.
    :ivar prekeys: one-time prekeys that it can still hand out.
    """

    seconds: int
    bytes: int
    waiting: int
    prekeys: int


@dataclass(frozen=True, slots=True)
class Page:
    """A page of what was left for us.

    :ivar envelopes: (number, sealed envelope), the numbers rising.
    :ivar more: whether there is another page after them.
    """

    envelopes: tuple[tuple[int, bytes], ...]
    more: bool


def page_of(frame: wire_mailbox.Collected, after: int) -> Page:
    """What the frame says.

    :param after: beyond which number was asked.
    :raises Malformed: if its numbers do not rise beyond that, so that asking on would never end.
    """
    numbers = [after, *(number for number, _ in frame.letters)]
    if any(one >= next_one for one, next_one in pairwise(numbers)) or (frame.more and not frame.letters):
        raise Malformed("a mailbox whose pages go in circles")
    return Page(tuple(frame.letters), frame.more)


def others_of(frame: wire.Others, scope: Scope) -> list[Introducer]:
    """The endpoints that another one, at `scope` from us, tells us of; nearer ones are left out."""
    found = (_other(key, endpoints, scope) for key, endpoints in frame.endpoints)
    return [other for other in found if other is not None]


def _other(key: bytes, endpoints: Sequence[bytes], scope: Scope) -> Introducer | None:
    try:
        peer = PeerId(key)
        addresses = [EndpointAddress.from_bytes(data, peer) for data in endpoints]
    except (InvalidPeerId, InvalidMultiaddr):
        return None
    far = tuple(address for address in addresses if address.scope is None or address.scope >= scope)
    return Introducer(peer, far) if far else None

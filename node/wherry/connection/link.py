"""The engine seam: what a connection needs of a WebRTC stack, and nothing more.

An `Engine` makes `Link`s, a link is one peer connection, and its `Lane`s are its data channels. Foreign exceptions
end here: an engine raises what `wherry.errors` has, `NegotiationFailed` and `IceFailed` above all, and nothing of it
reaches the event loop's exception handler. Every engine passes `tests/integration/test_engines.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Literal, Protocol

#: How two peers reach each other: within one network, over the internet, or through a relay.
Path = Literal["direct_lan", "direct", "relayed", "memory"]

#: The label and the protocol of every lane but channel 0.
LANE_LABEL = "w"
LANE_PROTOCOL = "wherry/1"


class LaneKind(Enum):
    """What a lane carries."""

    CONTROL = "control"
    STREAM = "stream"
    DATAGRAM = "datagram"


@dataclass(frozen=True, slots=True, kw_only=True)
class IceServer:
    """A STUN server, always a peer's own.

    :param url: `stun:HOST:PORT`, HOST an IP address.
    """

    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Greeting:
    """What offer and answer have agreed on, and HELLO must confirm.

    :param attempt: 16 bytes, the id of the attempt, of the offer.
    :param answer: 16 bytes, the id of the answer.
    :param instance: 8 bytes, the *peer's* instance id, from its signed offer or answer.
    :param features: bits that both sides have.
    """

    attempt: bytes
    answer: bytes
    instance: bytes
    features: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkStats:
    """What is known of a link's path.

    :param rtt_ms: the engine's own estimate.
    :param local: `type address:port` of the local candidate in use.
    :param remote: the same of the remote one.
    """

    path: Path
    rtt_ms: float | None
    local: str
    remote: str
    bytes_sent: int
    bytes_received: int


class Lane(Protocol):
    """One data channel. A message arrives whole; on a reliable lane all do, once and in order, until it closes.

    What comes before `on_message` is set waits for it.
    """

    reliable: bool
    #: Called with each message.
    on_message: Callable[[bytes], None]
    #: Called once when the lane is closed, by either side or with its link.
    on_closed: Callable[[], None]

    @property
    def buffered(self) -> int:
        """Bytes given to `send` that wait in the engine."""
        ...

    def send(self, data: bytes) -> None:
        """Send one message; on a closed lane it goes nowhere, and `on_closed` has said so or will."""
        ...

    def close(self) -> None:
        """Close the lane; what was sent still goes out."""
        ...


class Link(Protocol):
    """One peer connection.

    The owner sets `on_lane`, `on_drained` and `on_closed` when it takes the link over; what was to be told before, is
    told then.
    """

    #: Called with each lane that the peer opened.
    on_lane: Callable[[Lane], None]
    #: Called when what waits in the engine, over all lanes, has fallen below half of `LINK_BUFFER_BYTES`.
    on_drained: Callable[[], None]
    #: Called once when the link is no more, unless `close` was called.
    on_closed: Callable[[], None]
    #: Channel 0, negotiated, reliable; there before the link is open.
    control: Lane

    @property
    def buffered(self) -> int:
        """Bytes that wait in the engine, over all lanes."""
        ...

    @property
    def heard_at(self) -> float:
        """When anything authentic came from the peer last, acknowledgements included; seconds of the loop's clock."""
        ...

    async def offer(self) -> str:
        """Gather candidates and make a complete offer; this side then waits for `accept`."""
        ...

    async def answer(self, offer_sdp: str) -> str:
        """Take an offer, gather, make a complete answer, and begin to connect.

        :raises NegotiationFailed: the offer is no usable SDP.
        """
        ...

    async def accept(self, answer_sdp: str) -> None:
        """Take the answer and begin to connect.

        :raises NegotiationFailed: the answer is no usable SDP.
        """
        ...

    async def add_candidate(self, candidate: str | None) -> None:
        """Take a candidate that came later (`candidate:…`), or None for the end of them.

        :raises NegotiationFailed: it is no candidate.
        """
        ...

    async def opened(self) -> None:
        """Return when channel 0 is open.

        :raises IceFailed: no path works.
        :raises NegotiationFailed: there is a path, but the two do not fit: a wrong fingerprint, no SCTP.
        """
        ...

    async def open_lane(self, *, reliable: bool) -> Lane:
        """Open a lane; it can be sent on at once.

        :raises ConnectionLost: the link is no more.
        """
        ...

    def stats(self) -> LinkStats:
        """What is known of the path now."""
        ...

    async def close(self) -> None:
        """End the link promptly; nothing of it is left when this returns."""
        ...


def any_address(_address: str) -> bool:
    """A filter that lets every address pass."""
    return True


class Engine(Protocol):
    """A WebRTC stack."""

    name: str

    def create(
        self,
        *,
        ice_servers: Sequence[IceServer],
        candidate_filter: Callable[[str], bool] = any_address,
        remote_filter: Callable[[str], bool] = any_address,
    ) -> Link:
        """A new link, idle until `offer` or `answer`.

        :param ice_servers: live ones; none means host candidates only.
        :param candidate_filter: whether an own address may be offered.
        :param remote_filter: whether an address of the peer's may be tried (an SDP is otherwise a port scanner).
        """
        ...

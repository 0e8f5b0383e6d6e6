"""The seam between signaling and whatever carries its frames: a WebSocket, or memory in tests.

A **socket** moves whole frames in order and says when it has ended. Nothing else of aiohttp is known on this side of
the seam; its exceptions stop in `client/websocket.py` and `server/websocket.py`. `wherry.testing.sockets` has the
implementation in memory.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Final, Protocol

from .endpoints import EndpointAddress
from .limits import FRAME_BYTES
from .scope import Scope

#: The WebSocket subprotocol of this version.
SUBPROTOCOL: Final = "wherry.signal.1"
#: Bytes of one message on the socket: a frame, and the 16 of its cipher's tag.
MESSAGE_BYTES: Final = FRAME_BYTES + 16

SocketAddress = tuple[str, int]


class Socket(Protocol):
    """Whole frames, in order, both ways."""

    @property
    def remote(self) -> SocketAddress:
        """The other side's host and port, as far as they are known; port 0 behind a proxy."""

    async def send(self, data: bytes) -> None:
        """Send one frame; waits while the other side does not take what was sent before.

        The frame is handed over before the first wait, so that calls keep their order.

        :raises EndpointLost: if the socket has ended.
        """

    async def receive(self) -> bytes:
        """The next frame.

        :raises EndpointLost: at the end.
        """

    async def close(self) -> None:
        """End the socket; never waits for the other side. A second call does nothing."""


#: Opens a socket to an endpoint; raises EndpointUnreachable. It tries every address a name resolves to.
Connect = Callable[[EndpointAddress], Awaitable[Socket]]


class Connector(Protocol):
    """Opens sockets, to as near an address as whoever asks may reach."""

    def reaching(self, scope: Scope) -> Connect:
        """A `Connect` that refuses every address nearer than `scope`, names after their resolution."""

    async def close(self) -> None:
        """Give back what the connector holds; sockets that it opened must be closed by then."""


#: Speaks with one client until its socket ends; never raises but for cancellation.
Serve = Callable[[Socket], Awaitable[None]]
#: What `/.well-known/wherry` says.
Describe = Callable[[], Mapping[str, object]]


class Listener(Protocol):
    """Takes sockets in."""

    async def open(self, serve: Serve, describe: Describe) -> SocketAddress:
        """Listen; every socket is given to `serve`. Returns the host and port in use.

        :raises PortBusy: if they are taken.
        """

    async def close(self) -> None:
        """Stop listening, and end every socket that came in."""

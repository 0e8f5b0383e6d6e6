"""A component: something that lives on the network, told when peers come and go, and handed their messages.

All of Wherry's own features are components; so is what you add. The five hooks are the Go carrier's. Each may be left
out: `Component` does nothing in all of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .network import Network
    from .peer import Peer


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """A message that has come.

    :ivar message: the decoded value; its type says what it is.
    :ivar id: the sender's number for it.
    """

    network: Network
    peer: Peer
    opcode: int
    id: int
    message: Any

    async def reply(self, message: Any) -> None:
        """Answer this very message.

        :raises UnknownKind, SerializerFailed: if it cannot be sent at all.
        :raises RemoteError: if the connection is gone.
        """
        await self.peer.send(message, reply_to=self.id)


class Component:
    """Inherit, and override what you need. Hooks of one peer are never run at the same time."""

    async def startup(self, network: Network) -> None:
        """The network is up; nobody is connected yet."""

    async def receive(self, context: Context) -> None:
        """A message has come that nobody waited for; every component sees it."""

    async def cleanup(self, network: Network) -> None:
        """The network goes down; everybody has been disconnected."""

    async def peer_connect(self, peer: Peer) -> None:
        """A connection to `peer` is open; before any message of it is handed on."""

    async def peer_disconnect(self, peer: Peer) -> None:
        """The connection to `peer` is gone; once for each `peer_connect`."""

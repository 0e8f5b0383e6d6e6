"""Letters over open connections, and what connected peers ask of each other for them; a component of the network."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from wherry_signaling.errors import RemoteError
from wherry_signaling.identity import PeerId
from wherry_signaling.scope import Scope, scope_of

from ..network import Network
from ..network.component import Component, Context
from ..network.peer import Peer
from .limits import INBOX_REPLY_S

#: Opcodes of Wherry's own features (network/opcodes.py).
LETTER_OPCODE = 102
INBOX_OPCODE = 103
INBOX_REPLY_OPCODE = 104


class LetterMessage(msgspec.Struct, frozen=True):
    """A sealed envelope."""

    sealed: bytes


class AskInbox(msgspec.Struct, frozen=True):
    """What is your inbox record?"""


class InboxReply(msgspec.Struct, frozen=True):
    """This, or nothing."""

    document: bytes = b""


class Letterbox(Component):
    """See the module.

    :param take: takes a sealed envelope that came from so near.
    :param own_inbox: our signed inbox record.
    :param connected: told that a way to a peer has opened.
    """

    def __init__(
        self,
        *,
        take: Callable[[bytes, Scope], bool],
        own_inbox: Callable[[], bytes],
        connected: Callable[[PeerId], None],
    ) -> None:
        self._take, self._own_inbox, self._connected = take, own_inbox, connected

    async def peer_connect(self, peer: Peer) -> None:
        """What waits for the peer can go now."""
        self._connected(peer.id)

    async def receive(self, context: Context) -> None:
        """Letters, and questions for the inbox record."""
        match context.message:
            case LetterMessage(sealed=sealed):
                self._take(sealed, _scope(context.peer))
            case AskInbox():
                await context.reply(InboxReply(self._own_inbox()))


async def add_letterbox(network: Network, letterbox: Letterbox) -> None:
    """Put it on a network, before it starts."""
    network.opcodes.add_own(LETTER_OPCODE, LetterMessage)
    network.opcodes.add_own(INBOX_OPCODE, AskInbox)
    network.opcodes.add_own(INBOX_REPLY_OPCODE, InboxReply)
    await network.add(letterbox)


async def ask_inbox(network: Network, peer: PeerId) -> tuple[bytes, Scope] | None:
    """A connected peer's own word on its inbox record, and how near it is; None if it says nothing."""
    connected = network.peer(peer)
    if connected is None:
        return None
    try:
        reply = await connected.request(AskInbox(), InboxReply, timeout=INBOX_REPLY_S)
    except RemoteError:
        return None
    return (reply.document, _scope(connected)) if reply.document else None


def _scope(peer: Peer) -> Scope:
    stats = peer.connection.stats()
    host = stats.remote.rpartition(":")[0].strip("[]") if stats else ""
    return scope_of(host) or Scope.GLOBAL

"""The switchboard: connections, the handlers of streams, components, typed messages.

It owns every `Connection` and `Peer`; the dialer brings links, `adopt` makes them a connection's. Nobody else closes
one. Components hear of a peer exactly once when it comes and once when it goes: see `moves.py`.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from wherry_signaling.identity import PeerId
from wherry_signaling.tasks import Tasks

from ..connection import (
    Closed,
    Connection,
    DatagramHandler,
    Event,
    Greeting,
    Handler,
    Interrupted,
    Link,
    LinkActive,
    Policy,
    State,
    Stream,
    SuspectLink,
)
from ..errors import PeerBanned, PeerClosed, PeerRestarted, RemoteError, WherryError
from .component import Component, Context
from .hooks import Hooks
from .inbox import Received
from .limits import REDIAL_S
from .messages import MESSAGE_STREAM
from .moves import Moves
from .opcodes import Opcodes
from .peer import Peer

log = logging.getLogger(__name__)


class Network:
    """All connections of a node.

    :param local: who we are.
    :param instance: 8 random bytes of this process.
    :param policy: who may open which stream, and who is banned.
    :param dial: makes a connection to a peer; used by `connect`.
    :param redial: tries once for a new link beside a silent one, or in place of a lost one.
    """

    def __init__(
        self,
        local: PeerId,
        instance: bytes,
        policy: Policy,
        *,
        dial: Callable[[PeerId], Awaitable[object]],
        redial: Callable[[PeerId], Awaitable[object]],
        on_event: Callable[[PeerId, Event], None] = lambda *_: None,
    ) -> None:
        self.local, self.policy, self.opcodes = local, policy, Opcodes()
        self._instance, self._dial, self._redial, self._on_event = instance, dial, redial, on_event
        self._handlers: dict[str, Handler] = {MESSAGE_STREAM: self._read_messages}
        self._datagram_handlers: dict[str, DatagramHandler] = {}
        self._components: list[Component] = []
        self._connections: dict[PeerId, Connection] = {}
        #: Whom components have been told of.
        self._peers: dict[PeerId, Peer] = {}
        #: The newest self of each connected peer, which components may not have been told of yet.
        self._newest: dict[PeerId, Peer] = {}
        self._moves = Moves()
        self._hooks = Hooks()
        self._healing: set[Connection] = set()
        self._tasks = Tasks("network")
        self._started = self._closing = False

    # -- for programs ---------------------------------------------------------------------------------------------

    @property
    def peers(self) -> list[Peer]:
        """Everybody who is connected."""
        return list(self._peers.values())

    def peer(self, peer: PeerId) -> Peer | None:
        """The connected peer of that id, if it is."""
        return self._peers.get(peer)

    def connection(self, peer: PeerId) -> Connection | None:
        """The connection to a peer, whatever its state."""
        return self._connections.get(peer)

    async def connect(self, peer: PeerId) -> Peer:
        """The peer, connected: at once if it is already, else dialled, and when every component has been told.

        :raises PeerNotFound, DialFailed, RefusedByPeer: if it cannot be had.
        :raises PeerBanned: if it is banned here.
        :raises PeerClosed: if it went as soon as it had come.
        """
        if self._banned(peer):
            raise PeerBanned(peer=str(peer))
        known = self._peers.get(peer)
        if known is not None and known is self._newest.get(peer):
            return known
        if peer not in self._newest:
            await self._dial(peer)
        await self._moves.settled(peer)
        known = self._peers.get(peer)
        if known is None:
            raise PeerClosed("it went as soon as it had come", peer=str(peer))
        return known

    def handle(self, name: str) -> Callable[[Handler], Handler]:
        """Serve streams of a name: ``@network.handle("/chat/1")``. The policy says who may open them."""

        def register(handler: Handler) -> Handler:
            if name in self._handlers:
                raise ValueError(f"{name} is served already")
            self._handlers[name] = handler
            return handler

        return register

    def handle_datagrams(self, name: str) -> Callable[[DatagramHandler], DatagramHandler]:
        """Serve flows of datagrams of a name, as `handle` does streams."""

        def register(handler: DatagramHandler) -> DatagramHandler:
            if name in self._datagram_handlers:
                raise ValueError(f"{name} is served already")
            self._datagram_handlers[name] = handler
            return handler

        return register

    async def add(self, component: Component) -> None:
        """Add a component: it is started, and told of everybody who is connected already."""
        if self._started:
            await component.startup(self)
        self._components.append(component)
        moves = [self._moves.begin(peer.id, self._introduce(component, peer)) for peer in self.peers]
        for move in moves:
            await asyncio.wait([move])

    # -- life -----------------------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Start every component."""
        self._started = True
        for component in self._components:
            await component.startup(self)

    async def suspend(self) -> None:
        """Disconnect everybody, and adopt nobody until `resume`; handlers and components stay. For no hook to call."""
        self._closing = True
        for peer in list(self._connections):
            self.leave(peer)
        await self._moves.ended()

    def resume(self) -> None:
        """Let connections come again."""
        self._closing = False

    async def close(self) -> None:
        """Disconnect everybody, then clean up every component, the last one first."""
        await self.suspend()
        await self._tasks.close()
        for component in reversed(self._components):
            await self._hooks.run(component.cleanup(self), "cleanup")

    async def disconnect(self, peer: PeerId) -> None:
        """Close the connection to a peer; every component has been told when this returns.

        In a hook that runs for this very peer it does not wait, as nobody can wait for his own end.
        """
        self.leave(peer)
        if not self._hooks.running_for(peer):
            await self._moves.settled(peer)

    def leave(self, peer: PeerId, *, as_asked: bool = False) -> None:
        """Disconnect a peer without waiting for it.

        :param as_asked: the peer wants it: its streams end as where it closes the connection itself, which it does.
        """
        connection = self._connections.get(peer)
        if connection is not None:
            asked = PeerClosed("it said goodbye", peer=str(peer)) if as_asked else None
            self._go(peer, connection, asked or PeerClosed("closed here", peer=str(peer)), closing=asked)

    def adopt(self, peer: PeerId, link: Link, greeting: Greeting) -> Awaitable[None]:
        """Greet over an open link; it becomes the connection's, a new one or the one there is.

        Returns when the peer has greeted back. Components are told afterwards, and take as long as they like.

        :raises RemoteError: if the other end does not greet back, or is banned; the link is closed then.
        """
        return self._adopt(peer, link, greeting)

    async def _adopt(self, peer: PeerId, link: Link, greeting: Greeting) -> None:
        if self._closing or self._banned(peer):
            await link.close()
            raise PeerClosed("the node stops") if self._closing else PeerBanned(peer=str(peer))
        connection = self._connections.get(peer) or self._connection_with(peer)
        await connection.attach(link, greeting)

    def _connection_with(self, peer: PeerId) -> Connection:
        connection = Connection(
            local=self.local.key,
            peer=peer.key,
            instance=self._instance,
            policy=self.policy,
            handlers=self._handlers,
            datagram_handlers=self._datagram_handlers,
            on_event=lambda event: self._event(peer, connection, event),
        )
        self._connections[peer] = connection
        return connection

    # -- coming and going -----------------------------------------------------------------------------------------

    def _event(self, peer: PeerId, connection: Connection, event: Event) -> None:
        self._on_event(peer, event)
        if self._connections.get(peer) is not connection:
            return  # it has been let go
        match event:
            case SuspectLink() | Interrupted() if connection not in self._healing and not self._closing:
                self._healing.add(connection)
                self._tasks.start(self._heal(peer, connection), f"dial {peer.short} again")
            case LinkActive(resumed=False):
                self._come(peer, connection)
            case Closed(error=error):
                self._go(peer, connection, error)
            case _:
                return

    def _come(self, peer_id: PeerId, connection: Connection) -> None:
        """A peer is there, or a new instance of one: for everybody above, one went and another came."""
        peer = Peer(peer_id, connection, self.opcodes, may_send=self._may_send, dispatch=self._dispatch)
        before = self._newest.get(peer_id)
        if before is not None:
            before.end(PeerRestarted(peer=str(peer_id)))
        self._newest[peer_id] = peer
        self._moves.begin(peer_id, self._welcome(peer))

    def _go(
        self, peer_id: PeerId, connection: Connection, error: WherryError, *, closing: WherryError | None = None
    ) -> None:
        del self._connections[peer_id]
        peer = self._newest.pop(peer_id, None)
        if peer is not None:
            peer.end(error)
        task = self._tasks.start(connection.close(error=closing), f"close {peer_id.short}")
        self._moves.begin(peer_id, self._farewell(peer_id, task))

    async def _welcome(self, peer: Peer) -> None:
        await self._part(peer.id)
        if self._newest.get(peer.id) is not peer:
            await peer.close()
            return
        self._peers[peer.id] = peer
        for component in list(self._components):
            await self._hooks.run(component.peer_connect(peer), "peer_connect", peer.id)
        peer.start()

    async def _farewell(self, peer_id: PeerId, closing: asyncio.Task[None] | None) -> None:
        if closing is not None:
            await asyncio.wait([closing])
        await self._part(peer_id)

    async def _part(self, peer_id: PeerId) -> None:
        peer = self._peers.pop(peer_id, None)
        if peer is not None:
            await peer.close()
            for component in list(self._components):
                await self._hooks.run(component.peer_disconnect(peer), "peer_disconnect", peer_id)

    async def _introduce(self, component: Component, peer: Peer) -> None:
        if self._peers.get(peer.id) is peer:
            await self._hooks.run(component.peer_connect(peer), "peer_connect", peer.id)

    async def _heal(self, peer: PeerId, connection: Connection) -> None:
        """Try for a new link until there is one, the old one is heard again, or the connection is over."""
        try:
            while connection.state in (State.SUSPECT, State.INTERRUPTED):
                try:
                    await self._redial(peer)
                except RemoteError as error:
                    log.debug("%s was dialled again in vain: %s", peer.short, error.code)
                if connection.state in (State.SUSPECT, State.INTERRUPTED):
                    await asyncio.sleep(REDIAL_S)
        finally:
            self._healing.discard(connection)

    # -- inside ---------------------------------------------------------------------------------------------------

    async def _dispatch(self, peer: Peer, received: Received) -> None:
        context = Context(network=self, peer=peer, opcode=received.opcode, id=received.id, message=received.message)
        for component in list(self._components):
            await self._hooks.run(component.receive(context), "receive", peer.id)

    def _banned(self, peer: PeerId) -> bool:
        return self.policy.banned(peer.key, asyncio.get_running_loop().time()) is not None

    def _may_send(self, peer: PeerId, opcode: int, allowed: str) -> bool:
        return allowed == "anyone" or self.policy.is_friend(peer.key) or self.policy.allows(peer.key, str(opcode))

    async def _read_messages(self, stream: Stream) -> None:
        """The peer may speak before everybody here has been told that it is there: what it says waits till then."""
        peer = self._newest.get(PeerId(stream.peer))
        if peer is not None:
            await peer.read(stream)

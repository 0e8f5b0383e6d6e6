"""The switchboard: connections, the handlers of streams, components, typed messages.

It owns every `Connection` and `Peer`; the dialer brings links, `adopt` makes them a connection's. Nobody else closes
one. Components hear of a peer exactly once when it comes and once when it goes.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

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
    Stream,
    SuspectLink,
)
from ..errors import PeerBanned, PeerClosed, PeerRestarted, WherryError
from .component import Component, Context
from .inbox import Received
from .limits import HOOK_S
from .messages import MESSAGE_STREAM
from .opcodes import Opcodes
from .peer import Peer

log = logging.getLogger(__name__)


class Network:
    """All connections of a node.

    :param local: who we are.
    :param instance: 8 random bytes of this process.
    :param policy: who may open which stream, and who is banned.
    :param dial: makes a connection to a peer; used by `connect`.
    :param redial: tries for a new link beside a silent one, without waiting.
    """

    def __init__(
        self,
        local: PeerId,
        instance: bytes,
        policy: Policy,
        *,
        dial: Callable[[PeerId], Awaitable[object]],
        redial: Callable[[PeerId], None],
        on_event: Callable[[PeerId, Event], None] = lambda *_: None,
    ) -> None:
        self.local, self.policy, self.opcodes = local, policy, Opcodes()
        self._instance, self._dial, self._redial, self._on_event = instance, dial, redial, on_event
        self._handlers: dict[str, Handler] = {MESSAGE_STREAM: self._read_messages}
        self._datagram_handlers: dict[str, DatagramHandler] = {}
        self._components: list[Component] = []
        self._connections: dict[PeerId, Connection] = {}
        self._peers: dict[PeerId, Peer] = {}
        self._arriving: dict[PeerId, asyncio.Lock] = {}
        self._coming: dict[PeerId, asyncio.Future[Peer]] = {}
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
        """The peer, connected: at once if it is already, else dialled.

        :raises PeerNotFound, DialFailed, RefusedByPeer: if it cannot be had.
        :raises PeerBanned: if it is banned here.
        """
        if self._banned(peer):
            raise PeerBanned(peer=str(peer))
        known = self._peers.get(peer)
        if known is not None:
            return known
        await self._dial(peer)
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
        self._components.append(component)
        if self._started:
            await component.startup(self)
            for peer in self.peers:
                await self._hook(component.peer_connect(peer), "peer_connect")

    # -- life -----------------------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Start every component."""
        self._started = True
        for component in self._components:
            await component.startup(self)

    async def close(self) -> None:
        """Disconnect everybody, then clean up every component, the last one first."""
        self._closing = True
        await asyncio.gather(*(self.disconnect(peer) for peer in list(self._connections)))
        await self._tasks.close()
        for component in reversed(self._components):
            await self._hook(component.cleanup(self), "cleanup")

    async def disconnect(self, peer: PeerId) -> None:
        """Close the connection to a peer; every component has been told when this returns."""
        connection = self._connections.pop(peer, None)
        if connection is not None:
            await connection.close()
            await self._gone(peer, PeerClosed("closed here", peer=str(peer)))

    def leave(self, peer: PeerId) -> None:
        """Disconnect a peer without waiting for it: for components, which must not wait for their own end."""
        self._tasks.start(self.disconnect(peer), f"leave {peer.short}")

    def adopt(self, peer: PeerId, link: Link, greeting: Greeting) -> Awaitable[None]:
        """Greet over an open link; it becomes the connection's, a new one or the one there is.

        :raises RemoteError: if the other end does not greet back, or is banned; the link is closed then.
        """
        return self._adopt(peer, link, greeting)

    async def _adopt(self, peer: PeerId, link: Link, greeting: Greeting) -> None:
        if self._closing or self._banned(peer):
            await link.close()
            raise PeerBanned(peer=str(peer))
        connection = self._connections.get(peer)
        if connection is None:
            self._coming[peer] = asyncio.get_running_loop().create_future()
            connection = self._connections[peer] = Connection(
                local=self.local.key,
                peer=peer.key,
                instance=self._instance,
                policy=self.policy,
                handlers=self._handlers,
                datagram_handlers=self._datagram_handlers,
                on_event=lambda event: self._event(peer, event),
            )
        await connection.attach(link, greeting)
        async with self._arriving.setdefault(peer, asyncio.Lock()):
            if self._connections.get(peer) is connection and peer not in self._peers:
                await self._come(peer, connection)

    # -- inside ---------------------------------------------------------------------------------------------------

    def _event(self, peer: PeerId, event: Event) -> None:
        self._on_event(peer, event)
        match event:
            case SuspectLink() | Interrupted():
                if not self._closing:
                    self._redial(peer)
            case LinkActive(resumed=False) if peer in self._peers:
                self._coming[peer] = asyncio.get_running_loop().create_future()
                self._tasks.start(self._restarted(peer), f"{peer.short} restarted")
            case Closed(error=error):
                connection = self._connections.pop(peer, None)
                if connection is not None:
                    self._tasks.start(self._let_go(peer, connection, error), f"{peer.short} goes")
            case _:
                return

    async def _come(self, peer_id: PeerId, connection: Connection) -> None:
        peer = Peer(peer_id, connection, self.opcodes, may_send=self._may_send, dispatch=self._dispatch)
        self._peers[peer_id] = peer
        coming = self._coming.get(peer_id)
        if coming is not None and not coming.done():
            coming.set_result(peer)
        for component in self._components:
            await self._hook(component.peer_connect(peer), "peer_connect")
        peer.start()

    async def _let_go(self, peer: PeerId, connection: Connection, error: WherryError) -> None:
        await connection.close()
        await self._gone(peer, error)

    async def _restarted(self, peer_id: PeerId) -> None:
        """The peer is a new instance on the connection there was: for everybody above, one went and another came."""
        async with self._arriving.setdefault(peer_id, asyncio.Lock()):
            await self._part(peer_id, PeerRestarted(peer=str(peer_id)))
            connection = self._connections.get(peer_id)
            if connection is not None:
                await self._come(peer_id, connection)

    async def _gone(self, peer_id: PeerId, error: WherryError) -> None:
        async with self._arriving.setdefault(peer_id, asyncio.Lock()):
            await self._part(peer_id, error)
        if peer_id not in self._connections:
            self._arriving.pop(peer_id, None)
            coming = self._coming.pop(peer_id, None)
            if coming is not None:
                coming.cancel()

    async def _part(self, peer_id: PeerId, error: WherryError) -> None:
        peer = self._peers.pop(peer_id, None)
        if peer is not None:
            await peer.close(error)
            for component in self._components:
                await self._hook(component.peer_disconnect(peer), "peer_disconnect")

    async def _dispatch(self, peer: Peer, received: Received) -> None:
        context = Context(network=self, peer=peer, opcode=received.opcode, id=received.id, message=received.message)
        for component in self._components:
            await self._hook(component.receive(context), "receive")

    async def _hook(self, work: Coroutine[Any, Any, None], name: str) -> None:
        """Run one hook; whatever a component does wrong stays its own."""
        try:
            async with asyncio.timeout(HOOK_S):
                await work
        except TimeoutError:
            log.warning("a component's %s took longer than %s s and was left behind", name, HOOK_S)
        except WherryError as error:
            log.debug("a component's %s ended: %s", name, error.code)
        except Exception:  # a component is somebody else's code: its bug must not end the node
            log.exception("a component's %s failed", name)

    def _banned(self, peer: PeerId) -> bool:
        return self.policy.banned(peer.key, asyncio.get_running_loop().time()) is not None

    def _may_send(self, peer: PeerId, opcode: int, allowed: str) -> bool:
        return allowed == "anyone" or self.policy.is_friend(peer.key) or self.policy.allows(peer.key, str(opcode))

    async def _read_messages(self, stream: Stream) -> None:
        """The peer may speak before everybody here has been told that it is there: wait until they have."""
        coming = self._coming.get(PeerId(stream.peer))
        if coming is not None:
            peer = await asyncio.shield(coming)
            await peer.read(stream)

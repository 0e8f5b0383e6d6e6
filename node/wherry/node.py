"""A node: everything put together, and what programs and the local API ask of it.

::

    async with Node.at("~/.my-program", bootstrap=[link]) as node:
        peer = await node.connect(node.resolve(link))
        stream = await peer.open_stream("/chat/1")

What is started here is ended here, in the opposite order. The pieces know each other only through what is passed to
them below: that is the whole wiring of a node.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from types import TracebackType
from typing import Any

from multiaddr.multiaddr import Multiaddr

from wherry_signaling.address import Address, InviteLink
from wherry_signaling.identity import PeerId
from wherry_signaling.multiaddrs import introduced_by
from wherry_signaling.scope import Scope

from .assembly import Parts
from .config import Config, home_of, load_config
from .connection import Connection, DatagramHandler, Handler, Rule
from .connection.policy import Allow
from .errors import BadRequest, DialTimeout, NotReady, PeerFull
from .events import Events
from .friends.addresses import Addresses
from .friends.friends import Friends
from .friends.presence import Presences
from .friends.profiles import Profiles
from .home import Home
from .invitations import Invitations
from .messages.history import History
from .metrics import metrics_text
from .network import Network, Peer
from .network.basics import ECHO_STREAM
from .resolving import Acquaintance, resolve
from .sessions import Sessions
from .showing import Showing, page_of, path_of
from .views import ConnectionView, ExplainView, IdView, PingReplyView, StatusView


class Node:
    """One node; an async context manager.

    :param config: what can be set; what the files and the environment say, by default.
    :param home: its folder, the user's own by default; a second node in the same home is refused.
    :raises AlreadyRunning, PortBusy, IdentityCorrupt, IdentityLocked, DatabaseCorrupt: when it is entered.
    """

    def __init__(self, config: Config | None = None, home: Home | None = None) -> None:
        self.home = home or Home(home_of(None))
        self.config = config or load_config(self.home.path)
        self.events = Events()
        self.parts = Parts(self.config, self.home, self.events, self.metrics)
        self._showing = Showing(self.parts, time.time())
        self._stop = asyncio.Event()
        self._stack = AsyncExitStack()

    @classmethod
    def at(cls, path: str | Path, **settings: Any) -> Node:
        """The node that lives in the folder `path`, made if it is not there.

        :param settings: as `wherry up`'s options and the configuration have them: `listen="127.0.0.1:0"`,
            `bootstrap=[link]`, `mdns=False`, …
        :raises ConfigInvalid: naming the setting and what is allowed.
        """
        home = Path(path).expanduser().absolute()
        return cls(load_config(home, settings), Home(home))

    async def __aenter__(self) -> Node:
        async with AsyncExitStack() as stack:
            await self.parts.open(stack)
            self._stack = stack.pop_all()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stack.aclose()

    @property
    def id(self) -> PeerId:
        """Who this node is."""
        return self.parts.identity.id

    @property
    def name(self) -> str:
        """What it calls itself."""
        return self.parts.name

    @property
    def address(self) -> Address:
        """What its owner hands out."""
        return self.parts.address

    @property
    def friends(self) -> Friends:
        """Contacts: asked, answered, labelled, blocked."""
        return self.parts.mail.friends

    @property
    def messages(self) -> History:
        """Written, received, their fate, found again."""
        return self.parts.mail.history

    @property
    def addresses(self) -> Addresses:
        """What the owner hands out, each with a label; one that is rotated is refused from then on."""
        return self.parts.mail.addresses

    @property
    def profile(self) -> Profiles:
        """What is said of oneself, and what others say."""
        return self.parts.mail.profiles

    @property
    def presence(self) -> Presences:
        """Online, away, busy, invisible; and how friends are."""
        return self.parts.mail.presences

    @property
    def invitations(self) -> Invitations:
        """A request and its reply, with data and a status, under a name; neither needs a connection."""
        return self.parts.mail.invitations

    @property
    def sessions(self) -> Sessions:
        """Several streams with one peer, asked for, answered, opened and closed as one."""
        return self.parts.mail.sessions

    @property
    def network(self) -> Network:
        """Connections, components, handlers of streams, opcodes."""
        return self.parts.network

    @property
    def multiaddrs(self) -> list[Multiaddr]:
        """Where this node is reached: its own endpoints, then itself as each introducer introduces it."""
        held = self.parts.held()
        own = [Multiaddr(str(one)) for one in self.parts.addresses.signaling]
        return own + [introduced_by(introducer.endpoints[0], self.id) for introducer in held]

    def connection(self, peer: PeerId) -> Connection | None:
        """The connection to a peer, if there is one."""
        return self.network.connection(peer)

    async def disconnect(self, peer: PeerId) -> None:
        """Close the connection with a peer. A friend is not dialled again for a quarter of an hour."""
        self.parts.mail.company.leave(peer)
        await self.network.disconnect(peer)

    def seen(self, peer: PeerId) -> float:
        """When a peer was last here, seconds since 1970; 0: nobody knows."""
        if self.connection(peer) is not None:
            return time.time()
        known = self.parts.store.peer(peer)
        return (known.seen if known is not None else None) or 0.0

    def waiting_for(self, peer: PeerId) -> int:
        """How many items (messages, receipts, requests) a peer has not taken yet."""
        return self.parts.mail.post.waits_for(peer)

    def trouble_of(self, peer: PeerId) -> PeerFull | None:
        """Why a peer that is there takes no messages now, if it said so."""
        return self.parts.mail.post.troubles.of(peer)

    # -- asked of the node ----------------------------------------------------------------------------------------

    def handle(self, name: str, *, allow: Allow | None = None) -> Callable[[Handler], Handler]:
        """Serve streams of a name: ``@node.handle("/shout/1", allow="anyone")``.

        :param allow: who may open them where the configuration says nothing; friends, if this says nothing either.
        """
        self._let(name, allow)
        return self.network.handle(name)

    def handle_datagrams(
        self, name: str, *, allow: Allow | None = None
    ) -> Callable[[DatagramHandler], DatagramHandler]:
        """Serve flows of datagrams of a name; as `handle`."""
        self._let(name, allow)
        return self.network.handle_datagrams(name)

    def _let(self, name: str, allow: Allow | None) -> None:
        if allow is not None and self.config.policy(name) is None:
            self.parts.policy.rules = {**self.parts.policy.rules, name: Rule(allow=allow)}

    async def connect(self, peer: PeerId | str) -> Peer:
        """The peer, connected. Text is resolved: an id, an address, a link, a name.

        :raises UnknownPeer, AmbiguousPeer, InvalidAddress, InvalidLink, InvalidPeerId: as `resolve`.
        :raises PeerNotFound, DialFailed, RefusedByPeer, PeerBanned: if it cannot be had.
        :raises BadRequest: if it is this node itself.
        """
        peer = self.resolve(peer) if isinstance(peer, str) else peer
        self._other(peer)
        return await self.network.connect(peer)

    def _other(self, peer: PeerId) -> None:
        if peer == self.id:
            raise BadRequest("that is this node's own id", hint="Give another peer's.", peer=str(peer))

    async def ping(
        self, peer: PeerId, *, count: int = 4, interval_s: float = 1.0, timeout_s: float = 5.0
    ) -> AsyncIterator[PingReplyView]:
        """Round trips over the connection, dialled if there is none; one reply after the other."""
        connected = await self.connect(peer)
        for number in range(count):
            if number:
                await asyncio.sleep(interval_s)
            try:
                async with asyncio.timeout(timeout_s):
                    rtt_s = await connected.connection.ping()
            except TimeoutError:
                yield PingReplyView(peer=str(peer), rtt_ms=None, path=None)
                continue
            stats = connected.connection.stats()
            yield PingReplyView(
                peer=str(peer),
                rtt_ms=round(rtt_s * 1000, 2),
                path=path_of(connected.connection),
                remote=stats.remote if stats else "",
            )

    async def echo(self, peer: PeerId, data: bytes) -> float:
        """One echo over a stream; returns milliseconds.

        :raises DialTimeout: if what comes back is not what was sent.
        """
        connected = await self.connect(peer)
        start = asyncio.get_running_loop().time()
        async with await connected.open_stream(ECHO_STREAM) as stream:
            await stream.write(data)
            await stream.finish()
            back = b"".join([chunk async for chunk in stream])
        if back != data:
            raise DialTimeout("the echo differs from what was sent", peer=str(peer))
        return (asyncio.get_running_loop().time() - start) * 1000

    async def ring(self, peer: PeerId) -> float:
        """A sealed ping with no connection; returns milliseconds.

        :raises PeerNotFound, DialTimeout: if it does not answer.
        """
        self._other(peer)
        return await self.parts.dialer.ring(peer) * 1000

    def resolve(self, text: str) -> PeerId:
        """Whom a person means; a link's ways in are remembered for joining.

        :raises UnknownPeer, AmbiguousPeer, InvalidAddress, InvalidLink, InvalidPeerId: if nobody can be meant.
        """
        known = {one.peer: Acquaintance(one.peer, one.label, one.claimed) for one in self.parts.store.peers()}
        for peer in [*self.parts.names, *(held.peer for held in self.parts.introducers.current())]:
            known.setdefault(peer, Acquaintance(peer, "", self.parts.name_of(peer)))
        return resolve(text, known.values(), self.parts.joining.add)

    def id_view(self) -> IdView:
        """`wherry id`."""
        multiaddrs = [str(one) for one in self.multiaddrs]
        return IdView(
            id=str(self.id), name=self.name, address=str(self.address), invite=self.invite(), multiaddrs=multiaddrs
        )

    def invite(self) -> str:
        """The link to hand out: of our own page, if it can be reached; else one that names an introducer."""
        own = self.parts.addresses.signaling
        held = self.parts.held()
        public = [one for one in own if one.scope is not Scope.GLOBAL or self._showing.facts().proved_public]
        link = InviteLink(self.address, tuple(one.endpoints[0] for one in held[:1]))
        best = next((one for one in own if one in public), None) or (own[0] if own and not held else None)
        return link.http(best) if best is not None else str(link)

    def status(self) -> StatusView:
        """`wherry status`."""
        return self._showing.status()

    def peers(self) -> list[ConnectionView]:
        """`wherry peers`."""
        return self._showing.peers()

    def explain(self, peer: PeerId) -> ExplainView:
        """`wherry explain`."""
        return self._showing.explain(peer)

    def metrics(self) -> str:
        """Prometheus text."""
        return metrics_text(self.parts)

    async def wait_ready(self, timeout_s: float) -> None:
        """Wait until the own record is published, or nobody is known to whom it could be.

        :raises NotReady: if that takes longer.
        """
        try:
            async with asyncio.timeout(timeout_s):
                while self.parts.presence.published is None and not self.parts.joining.alone:
                    await self.events.wait_for("published")
        except TimeoutError as error:
            raise NotReady(f"its record is not published after {timeout_s:.3g} s") from error

    async def suspend(self) -> None:
        """Go off, and stay ready: every connection is closed with a word, every socket and listener too.

        Mailboxes go on collecting; messages and invitations may be written, and go when the node is back. Harmless when
        it is suspended. Not for a handler of a stream to call: it ends with its connection.
        """
        if not self.parts.running.suspended:
            await self.parts.running.suspend()
            self.events.emit("suspended", {})

    async def resume(self) -> None:
        """Come back: listen where it did before, join, collect the mail, dial friends.

        :raises PortBusy: if another program listens there now; the node is still suspended then.
        :raises Closed: if the node was closed.
        """
        if self.parts.running.suspended:
            await self.parts.running.resume()
            self.events.emit("resumed", {})

    @property
    def suspended(self) -> bool:
        """Whether it is off for now."""
        return self.parts.running.suspended

    def ask_to_stop(self) -> None:
        """Let `closed` return: whoever runs the node then leaves its block."""
        self._stop.set()

    async def closed(self) -> None:
        """Wait until somebody asked the node to stop."""
        await self._stop.wait()

    @property
    def page(self) -> str:
        """Where this machine finds the page."""
        return page_of(self.parts.endpoint.listen)

"""Invitations: the remote procedure call that later features are made of.

::

    reply = await node.invitations.invite(peer, "chess/1", b"white?", timeout_s=3600)

    @node.invitations.handle("chess/1")
    async def play(invitation: Invitation) -> Reply:
        return Reply(data=b"black, then")

Both go by the post, so neither needs a connection; between friends they wait in mailboxes, until they expire.

What a restart does: an invitation outlives it at the recipient, who keeps it until it is answered, and hands it to the
handler again if its process ended meanwhile (so a handler may see the same id twice, and goes by it where that
matters). The caller's wait is a coroutine and ends with its process: the reply is then for nothing and is dropped.
"""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from types import TracebackType

from wherry_signaling.errors import Closed, WherryError
from wherry_signaling.identity import PeerId
from wherry_signaling.tasks import Tasks

from ..connection.policy import Allow
from ..errors import BadRequest, MessageExpired, OutboxFull, ReceiveTimeout, RequestDeclined
from ..messages.failures import failure_of
from ..messages.handlers import After, Void
from ..messages.limits import LIFETIME_S
from ..messages.packets import Item, Kind, Reason
from ..messages.seam import PostSeam
from ..store.database import Database
from ..store.locks import BodyLock
from .invitation_store import InvitationRow, InvitationStore
from .limits import IN_ALL, LATE_S, PENDING, PER_PEER, REPLY_S, SETTLING_S
from .replies import Reply, Status, check_name, decode_invite, decode_reply, encode_invite, encode_reply

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Invitation:
    """What a handler is given.

    :param peer: who asks.
    :param id: 16 bytes; the same again after a restart.
    :param expires: when the caller no longer waits, seconds since 1970.
    """

    peer: PeerId
    id: bytes
    name: str
    data: bytes
    expires: float


#: Answers an invitation. What it raises is an answer too: `RequestDeclined` says no, any other error that it failed.
Handler = Callable[[Invitation], Awaitable[Reply]]


@dataclass(slots=True)
class _Pending:
    """One of ours."""

    peer: PeerId
    reply: asyncio.Future[Reply]
    delivered: bool = False


@dataclass(frozen=True, slots=True)
class _Serving:
    handler: Handler
    allow: Allow


class Invitations:
    """See the module; an async context manager, whose handlers run while it is open.

    :param me: our own id.
    :param lock: under which invitations rest until they are answered, if they do.
    :param is_friend: whether a 32-byte key is a friend's.
    :param wall_clock: seconds since 1970 by network time.
    """

    def __init__(
        self,
        me: PeerId,
        database: Database,
        post: PostSeam,
        *,
        lock: BodyLock | None = None,
        is_friend: Callable[[bytes], bool],
        wall_clock: Callable[[], float],
    ) -> None:
        self._me, self._database, self._post = me, database, post
        self._is_friend, self._wall_clock = is_friend, wall_clock
        self._rows = InvitationStore(database, lock)
        self._handlers: dict[str, _Serving] = {}
        self._registered = asyncio.Event()
        self._pending: dict[bytes, _Pending] = {}
        self._tasks = Tasks("invitations")
        self._settled_at = 0.0
        self._open = False
        post.serve(Kind.INVITE, self._take, settled=self._settled)
        post.serve(Kind.INVITE_REPLY, self._take_reply)

    async def __aenter__(self) -> Invitations:
        self._open = True
        self._settled_at = asyncio.get_running_loop().time() + SETTLING_S
        self._rows.sweep(self._wall_clock())
        for row in self._rows.waiting():
            self._begin(row)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open = False
        pending, self._pending = self._pending, {}
        for invitation, one in pending.items():
            if not one.delivered:
                self._post.withdraw(one.peer, invitation)
            if not one.reply.done():
                one.reply.set_exception(Closed("the node"))
        await self._tasks.close()

    # -- asked by programs --------------------------------------------------------------------------------------------

    async def invite(self, peer: PeerId, name: str, data: bytes = b"", *, timeout_s: float = REPLY_S) -> Reply:
        """Ask a peer, and wait for its answer. Cancelled, it is taken back where it has not arrived yet.

        :param name: what it is called at the other end, by custom ``purpose/version``.
        :param data: 8 KiB at most.
        :param timeout_s: seconds that the answer is waited for; the invitation expires with them.
        :returns: whatever was answered, a no as well: see `Reply.ok`.
        :raises MessageExpired: if it did not reach the peer in time.
        :raises ReceiveTimeout: if it did, and no answer came.
        :raises RefusedByPeer: if the peer does not let us ask that.
        :raises Unsupported, PeerFull: if the peer knows no invitations, or can take no more.
        :raises BadRequest: if the name or the data cannot be sent, or the peer is this node itself.
        :raises OutboxFull, DiskFull: if it cannot be kept.
        """
        if peer == self._me:
            raise BadRequest("that is this node's own id", hint="Give another peer's.", peer=str(peer))
        if not self._open:
            raise Closed("the node")
        if len(self._pending) >= PENDING:
            raise OutboxFull(f"{PENDING} invitations wait for their reply", hint="Wait for some.", peer=str(peer))
        body = encode_invite(name, data)
        pending = _Pending(peer, asyncio.get_running_loop().create_future())
        invitation = self._post.send(peer, Kind.INVITE, body, lifetime_s=math.ceil(timeout_s) + LATE_S)
        self._pending[invitation] = pending
        try:
            async with asyncio.timeout(timeout_s):
                return await pending.reply
        except TimeoutError as error:
            if pending.delivered:
                raise ReceiveTimeout(f"{name} was not answered within {timeout_s:.3g} s", peer=str(peer)) from error
            raise MessageExpired(f"{name} did not arrive within {timeout_s:.3g} s", peer=str(peer)) from error
        finally:
            if self._pending.pop(invitation, None) is not None and not pending.delivered:
                self._post.withdraw(peer, invitation)

    def handle(self, name: str, *, allow: Allow = "friends") -> Callable[[Handler], Handler]:
        """Answer invitations of a name: ``@node.invitations.handle("chess/1")``.

        :param allow: who may ask: friends, anyone, or the 32-byte keys of those who may.
        :raises ValueError: if the name is taken.
        :raises BadRequest: if it is no name.
        """
        check_name(name)

        def register(handler: Handler) -> Handler:
            if name in self._handlers:
                raise ValueError(f"{name} is served already")
            self._handlers[name] = _Serving(handler, allow)
            self._registered.set()
            self._registered = asyncio.Event()
            return handler

        return register

    # -- the gate -----------------------------------------------------------------------------------------------------

    def admit(self, peer: PeerId, item: Item) -> None:
        """Who may ask what: that is the handler's to say. Answers come from whoever was asked, and from friends.

        :raises Void: REFUSED.
        """
        if item.kind == Kind.INVITE:
            serving = self._handlers.get(decode_invite(item.body).name)
            allowed = self._allows(peer, "friends" if serving is None else serving.allow)
        else:
            pending = self._pending.get(decode_reply(item.body)[0])
            allowed = (pending is not None and pending.peer == peer) or self._is_friend(peer.key)
        if not allowed:
            raise Void(Reason.REFUSED)

    def _allows(self, peer: PeerId, allow: Allow) -> bool:
        match allow:
            case "anyone":
                return True
            case "friends":
                return self._is_friend(peer.key)
            case listed:
                return peer.key in listed

    # -- theirs -------------------------------------------------------------------------------------------------------

    def _take(self, peer: PeerId, item: Item) -> After | None:
        decode_invite(item.body)
        own, all_ = self._rows.count(peer)
        if own >= PER_PEER or all_ >= IN_ALL:
            raise Void(Reason.FULL)
        expires = min(item.expires, self._wall_clock() + LIFETIME_S)  # theirs is whatever they say
        row = InvitationRow(peer=peer, id=item.id, body=item.body, expires=expires)
        return partial(self._begin, row) if self._rows.put(row) else None

    def _begin(self, row: InvitationRow) -> None:
        if self._open:
            self._tasks.start(self._answer(row), f"answer {row.peer.short}")

    async def _answer(self, row: InvitationRow) -> None:
        """Have one answered; nobody waits for it once it has expired."""
        invite = decode_invite(row.body)
        invitation = Invitation(peer=row.peer, id=row.id, name=invite.name, data=invite.data, expires=row.expires)
        reply: Reply | None = None
        try:
            async with asyncio.timeout(max(0.0, row.expires - self._wall_clock())):
                reply = await self._reply_to(invitation)
        except TimeoutError:
            log.debug("%s of %s expired unanswered", invite.name, row.peer.short)
        with self._database.write():
            self._rows.answer(row.peer, row.id)
            self._rows.sweep(self._wall_clock())
            if reply is not None:
                lifetime_s = max(0.0, row.expires - self._wall_clock()) + LATE_S
                self._post.send(row.peer, Kind.INVITE_REPLY, _encoded(invitation, reply), lifetime_s=lifetime_s)

    async def _reply_to(self, invitation: Invitation) -> Reply:
        peer, name = invitation.peer, invitation.name
        serving = await self._serving(name)
        if serving is None:
            return Reply(status=Status.UNSUPPORTED, reason=f"nobody answers to {name} here")
        if not self._allows(peer, serving.allow):
            return Reply(status=Status.DECLINED)
        try:
            return await serving.handler(invitation)
        except RequestDeclined as error:
            return Reply(status=Status.DECLINED, reason=error.detail)
        except WherryError as error:
            log.debug("%s of %s failed: %s", name, peer.short, error.code)
            return Reply(status=Status.FAILED, reason=error.text)
        except Exception:  # the application's handler: its bug is shown here, and the caller need not wait for it
            log.exception("the handler of %s failed", name)
            return Reply(status=Status.FAILED)

    async def _serving(self, name: str) -> _Serving | None:
        """Who answers to a name; shortly after the start it is waited for."""
        try:
            async with asyncio.timeout_at(self._settled_at):
                while name not in self._handlers:
                    await self._registered.wait()
        except TimeoutError:
            return self._handlers.get(name)
        return self._handlers[name]

    # -- ours ---------------------------------------------------------------------------------------------------------

    def _settled(self, peer: PeerId, invitation: bytes, reason: int | None) -> After | None:
        """It has arrived, or never will."""
        pending = self._pending.get(invitation)
        return None if pending is None else partial(self._hear, pending, reason)

    def _hear(self, pending: _Pending, reason: int | None) -> None:
        if reason is None:
            pending.delivered = True
        elif not pending.reply.done():
            pending.delivered = True  # decided: there is nothing left to take back
            pending.reply.set_exception(failure_of(reason, pending.peer))

    def _take_reply(self, peer: PeerId, item: Item) -> After | None:
        """The answer; a second one, and one for nothing, are dropped."""
        invitation, reply = decode_reply(item.body)
        pending = self._pending.get(invitation)
        return None if pending is None or pending.peer != peer else partial(self._answered, pending, reply)

    def _answered(self, pending: _Pending, reply: Reply) -> None:
        pending.delivered = True
        if not pending.reply.done():
            pending.reply.set_result(reply)


def _encoded(invitation: Invitation, reply: Reply) -> bytes:
    try:
        return encode_reply(invitation.id, reply)
    except BadRequest as error:
        log.error("the handler of %s gave a reply that cannot be sent: %s", invitation.name, error)
        return encode_reply(invitation.id, Reply(status=Status.FAILED))

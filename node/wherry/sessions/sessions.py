"""Sessions: asked for by an invitation, opened over the one connection, ended as one.

::

    session = await node.sessions.request(peer, "call/1", [StreamSpec("audio", datagrams=True), StreamSpec("control")])

    @node.sessions.handle("call/1")
    async def answer(request: SessionRequest) -> None:
        async with await request.accept() as session:
            ...

    who asks                            who is asked
    invitation, names of streams ─────>  handler: accept or decline
                                <───── reply with a token
    dials, opens the streams and
    a control stream with the token ──>  claims them by their numbers
                                <───── started

The token is made by whoever is asked and sent in a sealed reply, so that nobody opens a session that was not accepted
for him. Nothing is left behind where it ends halfway: a declined, cancelled or late request opens nothing, and streams
that no session claims are reset.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import TracebackType

from wherry_signaling.errors import Closed, Malformed, RemoteError, WherryError
from wherry_signaling.identity import PeerId
from wherry_signaling.tasks import Tasks

from ..connection import Connection, Flow, Rule, Stream
from ..connection.policy import Allow
from ..errors import (
    DialTimeout,
    LimitExceeded,
    PeerClosed,
    ProtocolViolation,
    RequestDeclined,
    StreamRefused,
)
from ..invitations import Invitation, Invitations, Reply, Status
from ..network import Network
from .arrivals import Arrivals, drop
from .limits import CLAIM_S, OPEN_S, OPENS_PER_MINUTE, PER_PEER, REQUEST_S, TOKEN_BYTES
from .request import Handler, SessionRequest
from .session import Session
from .wire import (
    CONTROL_STREAM,
    SESSION_STREAM,
    STARTED,
    Opening,
    StreamSpec,
    decode_accept,
    decode_opening,
    decode_request,
    encode_accept,
    encode_opening,
    encode_request,
    invitation_name,
    opening_size,
)

log = logging.getLogger(__name__)


@dataclass(slots=True, eq=False)
class _Accepted:
    """A session that we said yes to, until it is open."""

    peer: PeerId
    name: str
    data: bytes
    streams: tuple[StreamSpec, ...]
    session: asyncio.Future[Session]


class Sessions:
    """See the module; an async context manager. Leaving it ends every session.

    :param random: so many random bytes.
    """

    def __init__(self, network: Network, invitations: Invitations, *, random: Callable[[int], bytes]) -> None:
        self._network, self._invitations, self._random = network, invitations, random
        self._accepted: dict[bytes, _Accepted] = {}
        self._arrivals = Arrivals()
        self._open: set[Session] = set()
        self._tasks = Tasks("sessions")
        rule = Rule(allow="anyone", opens_per_minute=OPENS_PER_MINUTE)  # who may ask was settled by the invitation
        network.policy.rules = {CONTROL_STREAM: rule, SESSION_STREAM: rule, **network.policy.rules}
        network.handle(CONTROL_STREAM)(self._serve_control)
        network.handle(SESSION_STREAM)(self._arrivals.serve)
        network.handle_datagrams(SESSION_STREAM)(self._arrivals.serve)

    async def __aenter__(self) -> Sessions:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for session in list(self._open):
            session.fail(Closed("the node"))
        await self._tasks.close()

    @property
    def open(self) -> list[Session]:
        """Those that are open."""
        return [session for session in self._open if not session.over]

    # -- who asks -----------------------------------------------------------------------------------------------------

    async def request(
        self,
        peer: PeerId,
        name: str,
        streams: Sequence[StreamSpec],
        data: bytes = b"",
        *,
        timeout_s: float = REQUEST_S,
    ) -> Session:
        """Ask for a session; returns once it is accepted and every stream is open. Cancelled, it leaves nothing.

        :param streams: 1 to 16.
        :param data: for the other side, 7 KiB at most.
        :param timeout_s: seconds that the answer is waited for.
        :raises RequestDeclined: if the peer says no.
        :raises Unsupported: if it serves no sessions of that name.
        :raises MessageExpired, ReceiveTimeout: if the request did not arrive, or was not answered, in time.
        :raises DialTimeout, WherryError: if the streams could not be opened then; see `Network.connect`.
        :raises BadRequest: if it cannot be asked.
        """
        asked = encode_request(streams, data)
        if len(self._with(peer)) >= PER_PEER:
            raise LimitExceeded(f"{PER_PEER} sessions with one peer", hint="Close one.", peer=str(peer))
        reply = await self._invitations.invite(peer, invitation_name(name), asked, timeout_s=timeout_s)
        if not reply.ok:
            raise reply.failure(peer)
        token, said = decode_accept(reply.data)
        try:
            async with asyncio.timeout(OPEN_S):
                connected = await self._network.connect(peer)
                flows, control = await _open_all(connected.connection, streams, token)
        except TimeoutError as error:
            raise DialTimeout(f"the session was not open after {OPEN_S:.0f} s", peer=str(peer)) from error
        return self._begin(Session(peer, name, said, streams=flows, control=control))

    def _with(self, peer: PeerId) -> list[Session]:
        return [session for session in self._open if session.peer == peer]

    def _begin(self, session: Session) -> Session:
        self._open.add(session)
        if self._tasks.start(self._watch(session), session.name) is None:
            session.fail(Closed("the node"))
            self._open.discard(session)
        return session

    async def _watch(self, session: Session) -> None:
        try:
            await session.watch()
        finally:
            self._open.discard(session)

    # -- who is asked -------------------------------------------------------------------------------------------------

    def handle(self, name: str, *, allow: Allow = "friends") -> Callable[[Handler], Handler]:
        """Answer requests for sessions of a name: ``@node.sessions.handle("call/1")``.

        :param allow: who may ask: friends, anyone, or the 32-byte keys of those who may.
        :raises ValueError: if the name is taken.
        :raises BadRequest: if it is no name.
        """
        register = self._invitations.handle(invitation_name(name), allow=allow)

        def with_sessions(handler: Handler) -> Handler:
            async def asked(invitation: Invitation) -> Reply:
                return await self._asked(name, handler, invitation)

            register(asked)
            return handler

        return with_sessions

    async def _asked(self, name: str, handler: Handler, invitation: Invitation) -> Reply:
        """Have the handler answer; what it does with the session afterwards is its own time."""
        streams, data = decode_request(invitation.data)
        if len(self._with(invitation.peer)) >= PER_PEER:
            return Reply(status=Status.FAILED, reason="too many sessions")
        request = SessionRequest(self._accept, invitation, name, streams, data)
        task = self._tasks.start(self._run(handler, request), f"{name} of {request.peer.short}")
        try:
            return await request.answer
        except asyncio.CancelledError:
            if task is not None:
                task.cancel()
            raise

    async def _run(self, handler: Handler, request: SessionRequest) -> None:
        failed: WherryError | None = Closed("the session")
        unanswered = Reply(status=Status.FAILED)
        try:
            await handler(request)
            failed, unanswered = None, Reply(status=Status.DECLINED)
        except RequestDeclined as error:
            failed, unanswered = error, Reply(status=Status.DECLINED, reason=error.detail)
        except WherryError as error:
            log.debug("%r: %s", request, error.code)
            failed = error
        finally:
            if not request.answer.done():
                request.say(unanswered)
            if request.session is not None and failed is not None:
                request.session.fail(failed)
        if request.session is not None:
            await request.session.close()

    async def _accept(self, request: SessionRequest, data: bytes) -> Session:
        token = self._random(TOKEN_BYTES)
        reply = Reply(data=encode_accept(token, data))
        waiting: asyncio.Future[Session] = asyncio.get_running_loop().create_future()
        request.say(reply)
        self._accepted[token] = _Accepted(request.peer, request.name, request.data, request.streams, waiting)
        try:
            async with asyncio.timeout(OPEN_S):
                return await waiting
        except TimeoutError as error:
            raise DialTimeout("the peer did not open the session", peer=str(request.peer)) from error
        except asyncio.CancelledError:
            if waiting.done() and not waiting.cancelled():
                waiting.result().fail(Closed("the session"))
            raise
        finally:
            self._accepted.pop(token, None)

    # -- streams that come --------------------------------------------------------------------------------------------

    async def _serve_control(self, control: Stream) -> None:
        try:
            async with asyncio.timeout(CLAIM_S):
                opening = decode_opening(await control.read_exactly(opening_size(await control.read_exactly(2))))
                session = await self._open_accepted(control, opening)
        except (TimeoutError, EOFError):
            control.fail(ProtocolViolation("a session that does not open"))
            return
        except RemoteError as error:
            log.debug("a session of %s: %s", PeerId(control.peer).short, error.code)
            control.fail(error)
            return
        self._begin(session)
        await control.ended()

    async def _open_accepted(self, control: Stream, opening: Opening) -> Session:
        """The session that was accepted for this peer under this token, with all its streams."""
        accepted = self._accepted.get(opening.token)
        if accepted is None or accepted.peer.key != control.peer or accepted.session.done():
            raise StreamRefused("no session was accepted under this token")
        numbers = dict(opening.numbers)
        if set(numbers) != {one.name for one in accepted.streams} or len(set(numbers.values())) < len(numbers):
            raise Malformed("other streams than were asked for")
        flows: dict[str, Flow] = {}
        session = Session(accepted.peer, accepted.name, accepted.data, streams=flows, control=control)
        try:
            for spec in accepted.streams:
                flow = flows[spec.name] = await self._arrivals.claim(session, numbers[spec.name])
                if isinstance(flow, Stream) is spec.datagrams:
                    raise Malformed(f"{spec.name} is of the other kind")
            if accepted.session.done():
                raise StreamRefused("it came too late")
            await control.write(STARTED)
        except BaseException as error:
            drop(flows.values(), error)
            raise
        if accepted.session.done():
            session.fail(Closed("the session"))
        else:
            accepted.session.set_result(session)
        return session


async def _open_all(
    connection: Connection, streams: Sequence[StreamSpec], token: bytes
) -> tuple[dict[str, Flow], Stream]:
    """Open every stream, then the one that speaks for all; returns once the other end has them."""
    flows: dict[str, Flow] = {}
    opened: list[Flow] = []
    try:
        for spec in streams:
            opening = connection.open_datagrams if spec.datagrams else connection.open_stream
            flows[spec.name] = await opening(SESSION_STREAM)
            opened.append(flows[spec.name])
        control = await connection.open_stream(CONTROL_STREAM)
        opened.append(control)
        await control.write(encode_opening(token, {name: flow.number for name, flow in flows.items()}))
        if await control.read_exactly(len(STARTED)) != STARTED:
            raise ProtocolViolation("a session that starts with something else")
    except EOFError as error:
        drop(opened, error)
        raise PeerClosed("the peer ended the session before it began") from error
    except BaseException as error:
        drop(opened, error)
        raise
    return flows, control

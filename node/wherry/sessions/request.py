"""A request for a session, as whoever is asked sees it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from ..errors import BadRequest
from ..invitations import Invitation, Reply, Status
from .session import Session
from .wire import StreamSpec


class SessionRequest:
    """What a handler is given; it is answered once.

    :ivar peer: who asks.
    :ivar name: for what.
    :ivar streams: what is to be opened.
    :ivar data: what was said with it.
    """

    def __init__(
        self,
        accept: Callable[[SessionRequest, bytes], Awaitable[Session]],
        invitation: Invitation,
        name: str,
        streams: tuple[StreamSpec, ...],
        data: bytes,
    ) -> None:
        self.peer, self.name, self.streams, self.data = invitation.peer, name, streams, data
        self._accept = accept
        #: The answer, once there is one.
        self.answer: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        self.session: Session | None = None

    def __repr__(self) -> str:
        return f"<SessionRequest {self.name} of {self.peer.short}>"

    async def accept(self, data: bytes = b"") -> Session:
        """Say yes; returns once every stream is open. The session ends with the handler, as it were a stream's.

        :param data: for the other side, 7 KiB at most.
        :raises DialTimeout: if the peer does not open it.
        :raises BadRequest: if the request is answered already, or there is too much data.
        """
        self.session = await self._accept(self, data)
        return self.session

    def decline(self, reason: str = "") -> None:
        """Say no.

        :param reason: one line for the person who asks.
        :raises BadRequest: if the request is answered already.
        """
        self.say(Reply(status=Status.DECLINED, reason=reason))

    def say(self, reply: Reply) -> None:
        """Answer."""
        if self.answer.done():
            raise BadRequest("the request is answered already", hint="Answer once.", peer=str(self.peer))
        self.answer.set_result(reply)


#: Answers a request for a session. One that is neither accepted nor declined when it returns is declined.
Handler = Callable[[SessionRequest], Awaitable[None]]

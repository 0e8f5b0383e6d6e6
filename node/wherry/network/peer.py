"""One connected peer, as programs see it: streams, datagrams, typed messages."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from wherry_signaling.identity import PeerId
from wherry_signaling.rates import Bucket
from wherry_signaling.tasks import Tasks

from ..connection import Connection, Datagrams, Stream
from ..errors import Malformed, PeerClosed, PolicyRefused, ReceiveTimeout, RemoteError, Unsupported, WherryError
from .inbox import Inbox, Received
from .limits import MESSAGES_PER_S, REFUSALS_AT_ONCE, REPLY_S
from .messages import MESSAGE_STREAM, Envelope, Parser, encode
from .opcodes import Opcode, Opcodes, Refused

T = TypeVar("T")

#: Whether a peer may send an opcode.
MaySend = Callable[[PeerId, int, str], bool]


class Peer:
    """A peer with a connection. Made by the network; gone when the connection is.

    :ivar id: who it is.
    :ivar connection: how it is connected.
    """

    def __init__(
        self,
        peer_id: PeerId,
        connection: Connection,
        opcodes: Opcodes,
        *,
        may_send: MaySend,
        dispatch: Callable[[Peer, Received], Awaitable[None]],
    ) -> None:
        self.id = peer_id
        self.connection = connection
        self._opcodes, self._may_send = opcodes, may_send
        self._inbox = Inbox(lambda received: dispatch(self, received))
        self._ids = itertools.count(1)
        self._replies: dict[int, asyncio.Future[Any]] = {}
        self._out: Stream | None = None
        self._out_lock = asyncio.Lock()
        self._allowance = Bucket.full(MESSAGES_PER_S, asyncio.get_running_loop().time())
        self._tasks = Tasks(f"peer {peer_id.short}")
        self._refusing = 0

    def __repr__(self) -> str:
        return f"<Peer {self.id.short} {self.connection.state.value}>"

    # -- streams --------------------------------------------------------------------------------------------------

    async def open_stream(self, name: str) -> Stream:
        """A reliable, ordered, full-duplex stream; raises what `Connection.open_stream` raises."""
        return await self.connection.open_stream(name)

    async def open_datagrams(self, name: str) -> Datagrams:
        """An unordered flow of datagrams without retransmission."""
        return await self.connection.open_datagrams(name)

    # -- messages -------------------------------------------------------------------------------------------------

    async def send(self, message: Any, *, reply_to: int = 0) -> int:
        """Send a message of a registered type; returns its number.

        Returns when it has been taken by the stream, which waits while the peer does not read.

        :raises UnknownKind, SerializerFailed, LimitExceeded: if it cannot be sent at all.
        :raises RemoteError: ConnectionLost, PeerRestarted, …
        """
        opcode, body = self._opcodes.encode(message)
        number = next(self._ids)
        await self._write(encode(Envelope(opcode, number, reply_to, body)))
        return number

    async def request(self, message: Any, kind: type[T], *, timeout: float | None = REPLY_S) -> T:
        """Send a message and wait for the reply to it.

        :raises ReceiveTimeout: if none came within `timeout` seconds.
        :raises Unsupported, PolicyRefused: if the peer refused it.
        :raises Malformed: if the reply is of another type.
        """
        opcode, body = self._opcodes.encode(message)
        number = next(self._ids)
        reply: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._replies[number] = reply
        try:
            async with asyncio.timeout(timeout):
                await self._write(encode(Envelope(opcode, number, 0, body)))
                answer = await reply
        except TimeoutError as error:
            raise ReceiveTimeout(f"no reply to opcode {opcode} within {timeout} s", peer=str(self.id)) from error
        finally:
            del self._replies[number]
        if isinstance(answer, Refused):
            wire = PolicyRefused if answer.wire == PolicyRefused.wire else Unsupported
            raise wire(answer.reason, peer=str(self.id))
        if not isinstance(answer, kind):
            raise Malformed(f"{type(answer).__name__} came where {kind.__name__} belongs", peer=str(self.id))
        return answer

    @asynccontextmanager
    async def receive(self, kind: type[T], *, timeout: float | None = None) -> AsyncIterator[T]:
        """The next message of a type; all others of this peer wait until the block is left.

        :raises ReceiveTimeout: if none came within `timeout` seconds.
        :raises ReceiveNested: if this task is inside another such block of this peer.
        """
        async with self._inbox.receive(self._opcodes.of(kind).opcode, timeout) as received:
            yield received.message

    # -- from the network -----------------------------------------------------------------------------------------

    def start(self) -> None:
        """Begin to hand on messages: after `peer_connect` has run everywhere."""
        self._tasks.start(self._inbox.run(), "messages")

    async def read(self, stream: Stream) -> None:
        """Read the peer's message stream until it ends."""
        parser = Parser()
        async for data in stream:
            try:
                envelopes = parser.feed(data)
            except RemoteError:
                stream.reset(Malformed.wire or 0)
                raise
            for envelope in envelopes:
                wait_s = self._allowance.spend(asyncio.get_running_loop().time())
                if wait_s > 0:
                    await asyncio.sleep(wait_s)
                await self._take(envelope)

    def end(self, error: WherryError) -> None:
        """The connection is gone: whoever waits for something of the peer's hears why."""
        self._inbox.close(error)
        for reply in self._replies.values():
            if not reply.done():
                reply.set_exception(error)
                reply.exception()  # whoever asked may still be writing, and hears it there

    async def close(self) -> None:
        """After `end`: leave no task behind."""
        await self._tasks.close()

    # -- inside ---------------------------------------------------------------------------------------------------

    async def _take(self, envelope: Envelope) -> None:
        registration = self._opcodes.by_number(envelope.opcode)
        if registration is None:
            await self._refuse(envelope, Unsupported.wire, f"opcode {envelope.opcode} is unknown here")
            return
        if not self._may_send(self.id, envelope.opcode, registration.allowed):
            await self._refuse(envelope, PolicyRefused.wire, f"opcode {envelope.opcode} is not for everybody")
            return
        message = self._opcodes.decode(registration, envelope.body)
        waiting = self._replies.get(envelope.reply_to) if envelope.reply_to else None
        if waiting is not None:
            if not waiting.done():
                waiting.set_result(message)
            return
        await self._inbox.put(Received(envelope.opcode, envelope.id, message))

    async def _refuse(self, envelope: Envelope, wire: int | None, reason: str) -> None:
        if envelope.opcode != Opcode.REFUSED and not envelope.reply_to and self._refusing < REFUSALS_AT_ONCE:
            self._refusing += 1
            self._tasks.start(self._send_refusal(envelope.id, Refused(wire or 0, reason)), "refuse")

    async def _send_refusal(self, to: int, refused: Refused) -> None:
        try:
            await self.send(refused, reply_to=to)
        finally:
            self._refusing -= 1

    async def _write(self, data: bytes) -> None:
        """Write a whole message: who is cancelled meanwhile leaves no half of one in the stream."""
        await self._out_lock.acquire()
        writing = self._tasks.start(self._write_whole(data), "write")
        if writing is None:
            self._out_lock.release()
            raise PeerClosed("it has gone", peer=str(self.id))
        await asyncio.wait([writing])
        if writing.cancelled():
            raise PeerClosed("it has gone", peer=str(self.id))
        writing.result()

    async def _write_whole(self, data: bytes) -> None:
        try:
            out = self._out or await self.connection.open_stream(MESSAGE_STREAM)
            self._out = None
            await out.write(data)
            self._out = out
        finally:
            self._out_lock.release()

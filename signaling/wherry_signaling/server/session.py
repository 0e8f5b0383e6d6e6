"""One client's socket at the endpoint, after its handshake: each frame to its handler.

Which frame goes where, and from which kind of socket, is one table at the end. Most handlers answer at once; what takes
a walk through the DHT, or a socket to somebody else, runs in a task of this session, a bounded number at a time. A
client that sends faster than it may is read slower; one that does not take its answers is not read from.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from .. import wire, wire_mailbox
from ..domains import Purpose
from ..errors import (
    BadSignature,
    EndpointLost,
    ExpiredDocument,
    HandshakeFailed,
    InvalidPeerId,
    Malformed,
    NoReservation,
    Quota,
    WherryError,
)
from ..handshake import Session
from ..identity import PeerId
from ..limits import (
    BYTES_PER_S,
    FRAMES_PER_S,
    INTRODUCER_ENDPOINTS,
    LOOK_UPS_PER_S,
    PASSES_PER_S,
    REASON_BYTES,
    REQUESTS_WAITING,
)
from ..link import Link
from ..rates import Bucket
from ..record import check_document
from ..sockets import Socket
from ..wire import Role, Status
from .admission import Source
from .deliveries import Done
from .hub import Hub
from .mailboxes.desk import ROLES

Work = Coroutine[Any, Any, None]


class ServerSession:
    """A socket whose handshake is done; it is also what a reservation leads to. Made by `shaking.shake`.

    :ivar heard: when the last frame came, on the loop's clock.
    """

    __slots__ = (
        "_bytes",
        "_dialled",
        "_frames",
        "_hub",
        "_link",
        "_look_ups",
        "_passes",
        "_peer",
        "_role",
        "_socket",
        "_under_way",
        "_work",
        "heard",
        "source",
    )

    def __init__(self, hub: Hub, socket: Socket, source: Source, session: Session, dialled: str) -> None:
        self._hub, self._socket, self._dialled = hub, socket, dialled
        self._peer, self._role = session.peer, session.role
        self._link = Link(socket, session.cipher)
        self.source = source
        self.heard = now = hub.now
        self._frames, self._bytes = Bucket.full(FRAMES_PER_S, now), Bucket.full(BYTES_PER_S, now)
        self._look_ups, self._passes = Bucket.full(LOOK_UPS_PER_S, now), Bucket.full(PASSES_PER_S, now)
        self._under_way = 0
        self._work: set[asyncio.Task[None]] = set()

    @property
    def key(self) -> bytes:
        """The client's public key, proven."""
        return self._peer.key

    def tell_waiting(self, count: int) -> bool:
        """Tell the client that something was left for it; False if it is too slow for one more word."""
        return self._link.post(wire_mailbox.Waiting(0, count))

    async def run(self) -> None:
        """Serve the client until its socket ends."""
        try:
            async with asyncio.TaskGroup() as group:
                writer = group.create_task(self._link.write())
                try:
                    await self._read(group)
                except (EndpointLost, HandshakeFailed):
                    pass  # it left, or somebody on the way tampers: nothing more can be said to it
                except Malformed as error:
                    self._link.post(wire.Refused(int(Status.MALFORMED), error.detail[:REASON_BYTES]), always=True)
                    await self._link.flush()
                finally:
                    for task in (writer, *self._work):
                        task.cancel()
        finally:
            self._hub.gone(self._peer.key, self)
            self._hub.desk.gone(self)

    async def close(self) -> None:
        """End the socket; `run` returns soon after."""
        await self._socket.close()

    def hand_over(self, number: int, source: Source, tag: bytes, envelope: bytes, back: int) -> bool:
        """Post a deliver frame to this client; False if it is too slow for one more."""
        del source  # the client is not told where others are
        return self._link.post(wire.Deliver(number, tag, envelope, back))

    # -- reading -------------------------------------------------------------------------------------------------------

    async def _read(self, group: asyncio.TaskGroup) -> None:
        while True:
            await self._link.room()
            frame, size = await self._link.receive()
            self.heard = now = self._hub.now
            wait = self._bytes.spend(now, size)
            if not self._answers(frame):
                wait = max(wait, self._frames.spend(now))
            if wait:
                await asyncio.sleep(wait)
            work = self._dispatch(frame)
            if work is not None:
                task = group.create_task(work)
                self._work.add(task)
                task.add_done_callback(self._work.discard)

    def _answers(self, frame: wire.AnyFrame | wire.Unknown) -> bool:
        """Take the word on an envelope we delivered: it costs its sender no allowance, since it was asked for."""
        return isinstance(frame, wire.Delivered) and self._hub.answered(self, frame.id, frame.accepted)

    def _dispatch(self, frame: wire.AnyFrame | wire.Unknown) -> Work | None:
        entry = _HANDLERS.get(type(frame))
        if entry is None:
            return None  # of a later version, or nothing that a client says
        handler, roles = entry
        if self._role not in roles:
            self._reply(frame.id, Status.WRONG_ROLE, f"not as {self._role.name.lower()}")  # type: ignore[union-attr]
        elif self._under_way >= REQUESTS_WAITING:
            self._reply(frame.id, Status.QUOTA, "too many requests at once")  # type: ignore[union-attr]
        else:
            return handler(self, frame)
        return None

    def _reply(self, number: int, status: Status, text: str = "") -> None:
        self._link.post(wire.Result(number, int(status), text[:REASON_BYTES]), always=True)

    def _done(self, number: int) -> Done:
        """What tells the client what became of its envelope, once."""
        self._under_way += 1

        def done(status: Status) -> None:
            self._under_way -= 1
            self._reply(number, status)

        return done

    async def _slow(self, number: int, work: Callable[[], Work]) -> None:
        """A request that takes its time: whatever goes wrong in it is its answer."""
        self._under_way += 1
        try:
            await work()
        except WherryError as error:
            status = Status(error.wire) if error.wire in _STATUSES else Status.FAILED
            self._reply(number, status, error.detail or error.text)
        finally:
            self._under_way -= 1

    # -- handlers ------------------------------------------------------------------------------------------------------

    def _register(self, frame: wire.Register) -> None:
        try:
            reservation = self._hub.registry.register(
                self._peer.key,
                self,
                self.source,
                seconds=frame.seconds,
                capabilities=frame.capabilities,
                now=self._hub.now,
            )
        except Quota as error:
            self._reply(frame.id, Status.QUOTA, error.detail)
        else:
            self._registered(frame.id, reservation.expires)

    def _renew(self, frame: wire.Renew) -> None:
        try:
            reservation = self._hub.registry.renew(self._peer.key, self, seconds=frame.seconds, now=self._hub.now)
        except NoReservation as error:
            self._reply(frame.id, Status.NO_RESERVATION, error.detail)
        else:
            self._registered(frame.id, reservation.expires)

    def _registered(self, number: int, expires: float) -> None:
        hub, source = self._hub, self.source
        servers = list(hub.ice.servers(self._peer, source, self._dialled))
        seconds, time_ms = round(expires - hub.now), int(hub.own_clock() * 1000)
        self._link.post(wire.Registered(number, seconds, source.host, source.port, servers, time_ms), always=True)

    def _unregister(self, frame: wire.Unregister) -> None:
        self._hub.registry.release(self._peer.key, self)
        self._reply(frame.id, Status.OK)

    def _send(self, frame: wire.Send) -> None:
        self._hub.forward(self, frame.to, frame.tag, frame.envelope, self._done(frame.id))

    def _handed_on(self, frame: wire.HandedOn) -> None:
        self._hub.forward_handed_on(self, frame.sealed, self._done(frame.id))

    def _send_back(self, frame: wire.Reply) -> None:
        self._hub.forward_back(self, frame.back, frame.envelope, self._done(frame.id))

    def _pass_on(self, frame: wire.PassOn) -> Work | None:
        if not self._passes.take(self._hub.now):
            self._reply(frame.id, Status.QUOTA, "too much to pass on")
            return None

        async def work() -> None:
            await self._hub.passing.pass_on(self.source.scope, frame.next, frame.endpoints, frame.sealed)
            self._reply(frame.id, Status.OK)

        return self._slow(frame.id, work)

    def _look_up(self, frame: wire.LookUp) -> Work | None:
        if not self._look_ups.take(self._hub.now):
            self._reply(frame.id, Status.QUOTA, "too many look-ups")
            return None

        async def work() -> None:
            try:
                document = await self._hub.directory.look_up(Purpose(frame.purpose), PeerId(frame.peer))
            except (ValueError, InvalidPeerId) as error:
                raise Malformed("no such peer or purpose") from error
            self._link.post(wire.Found(frame.id, document or b""), always=True)

        return self._slow(frame.id, work)

    def _publish(self, frame: wire.Publish) -> Work | None:
        if not self._look_ups.take(self._hub.now):
            self._reply(frame.id, Status.QUOTA, "published too often")
            return None

        async def work() -> None:
            try:
                document = check_document(frame.document, self._hub.wall_clock())
            except (BadSignature, ExpiredDocument) as error:
                raise Malformed(f"{error.text}: {error.detail}") from error
            if document.record.peer != self._peer:
                raise Malformed("the document speaks of somebody else")
            if document.purpose is Purpose.INBOX_RECORD:
                self._hub.desk.published(self._peer.key, document.data)
            self._reply(frame.id, Status.OK, str(await self._hub.directory.publish(document)))

        return self._slow(frame.id, work)

    def _neighbours(self, frame: wire.Neighbours) -> None:
        others = []
        for introducer in self._hub.neighbours(frame.count):
            endpoints = [
                address.to_bytes()
                for address in introducer.endpoints
                if address.scope is None or address.scope >= self.source.scope
            ]
            if endpoints and introducer.peer != self._peer:
                others.append((introducer.peer.key, endpoints[:INTRODUCER_ENDPOINTS]))
        self._link.post(wire.Others(frame.id, others[: frame.count]), always=True)

    def _mailbox(self, frame: Any) -> None:
        self._link.post(self._hub.desk.answer(self, frame), always=True)

    def _ping(self, frame: wire.Ping) -> None:
        self._link.post(wire.Pong(frame.id, int(self._hub.own_clock() * 1000)), always=True)


_STATUSES = frozenset(Status)
_ME = frozenset((Role.ME,))
_ANY = frozenset(Role)
#: Frame type → what answers it, and from which kinds of socket it is taken.
_HANDLERS: dict[type[Any], tuple[Callable[[ServerSession, Any], Work | None], frozenset[Role]]] = {
    wire.Register: (ServerSession._register, _ME),
    wire.Renew: (ServerSession._renew, _ME),
    wire.Unregister: (ServerSession._unregister, _ME),
    wire.Publish: (ServerSession._publish, _ME),
    wire.Send: (ServerSession._send, _ANY),
    wire.Reply: (ServerSession._send_back, _ANY),
    wire.PassOn: (ServerSession._pass_on, _ANY),
    wire.HandedOn: (ServerSession._handed_on, _ANY),
    wire.LookUp: (ServerSession._look_up, _ANY),
    wire.Neighbours: (ServerSession._neighbours, _ANY),
    wire.Ping: (ServerSession._ping, _ANY),
    **{kind: (ServerSession._mailbox, roles) for kind, roles in ROLES.items()},
}

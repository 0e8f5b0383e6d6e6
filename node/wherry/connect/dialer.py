"""From a peer id to an open connection, and from a sealed envelope to whoever it is for.

The dialer owns the meetings (one per peer) and everything that runs for them. It is handed what the node has: an
identity, an engine, records, guest sockets, STUN servers, and the switchboard that adopts open links.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final

from wherry_signaling.envelope import Envelope
from wherry_signaling.errors import RemoteError
from wherry_signaling.identity import Identity, PeerId
from wherry_signaling.rates import Rates
from wherry_signaling.record import PeerRecord
from wherry_signaling.signals import Answer, Offer, Ping, Pong, Refusal, Signal, decode_signal, seal_signal
from wherry_signaling.tasks import Tasks

from ..connection import Engine, Greeting, IceServer, Link
from ..errors import DialFailed, DialTimeout, PeerNotFound, RefusedByPeer
from .limits import (
    DIAL_S,
    INBOUND_AT_ONCE,
    PAIRS_REMEMBERED,
    PING_S,
    PONGS_AT_ONCE,
    SIGNALS_PER_S,
    STRANGERS_AT_ONCE,
    TRACES,
)
from .meeting import Meeting
from .records import Records
from .trace import Trace
from .ways import Arrival, Carrier, race, routes_to, send_back

#: What a stranger is told where policy takes calls of friends alone.
REFUSED: Final = "strangers are not accepted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """What the node lends the dialer.

    :ivar own_record: our signed record, or nothing yet.
    :ivar may_connect: whether a peer may connect at all (bans, policy).
    :ivar accepts: whether policy takes calls of a peer; who is refused by it is told so.
    :ivar known: whether a peer is no stranger (a friend, or connected before).
    """

    identity: Identity
    instance: bytes
    engine: Engine
    records: Records
    carrier: Carrier
    ice_servers: Callable[[], Awaitable[Sequence[IceServer]]]
    candidate_filter: Callable[[str], bool]
    own_record: Callable[[], bytes]
    own_public_hosts: Callable[[], set[str]]
    wall_clock: Callable[[], float]
    random: Callable[[int], bytes]
    has_connection: Callable[[PeerId], bool]
    adopt: Callable[[PeerId, Link, Greeting], Awaitable[None]]
    may_connect: Callable[[PeerId], bool]
    accepts: Callable[[PeerId], bool]
    known: Callable[[PeerId], bool]


class Dialer:
    """All that happens between knowing a peer id and having a connection; an async context manager."""

    def __init__(self, around: Around) -> None:
        self._around = around
        self.identity = around.identity
        self.instance = around.instance
        self.carrier = around.carrier
        self.random = around.random
        self.own_record = around.own_record
        self.own_public_hosts = around.own_public_hosts
        self.wall_clock = around.wall_clock
        self.has_connection = around.has_connection
        self.adopt = around.adopt
        self.traces: deque[Trace] = deque(maxlen=TRACES)
        self._meetings: OrderedDict[PeerId, Meeting] = OrderedDict()
        self._pings: dict[bytes, tuple[PeerId, asyncio.Future[None]]] = {}
        self._rates = Rates(SIGNALS_PER_S, remembered=PAIRS_REMEMBERED)
        self._tasks = Tasks("dialer")
        self._closed = False

    async def __aenter__(self) -> Dialer:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """End every attempt; whoever waits for one hears it. What comes afterwards is declined."""
        self._closed = True
        await self._tasks.close()
        for meeting in list(self._meetings.values()):
            await meeting.close()
        self._meetings.clear()

    # -- towards a peer -------------------------------------------------------------------------------------------

    async def dial(self, peer: PeerId) -> Trace:
        """Look `peer` up, ring, and wait until a connection is open; returns the trace.

        A record that led nowhere is looked up once more: the peer may have moved meanwhile.

        :raises PeerNotFound: if no record is to be had.
        :raises DialFailed, RefusedByPeer: if it did not come to a connection.
        """
        trace = Trace(peer, asyncio.get_running_loop().time)
        try:
            async with asyncio.timeout(DIAL_S):
                await self._around.records.find(peer, trace)
                if self._closed:
                    raise DialFailed("the node stops", peer=str(peer))
                await self._meeting(peer).dial(trace)
        except TimeoutError as error:
            raise DialTimeout(f"{DIAL_S:.0f} s have passed", peer=str(peer)) from error
        finally:
            if not trace.attempt:
                self.traces.append(trace)
            if trace.last("open") is None and not self.has_connection(peer):
                self._around.records.forget(peer)
        return trace

    async def ring(self, peer: PeerId) -> float:
        """A fresh look-up, then a sealed ping with no connection at all; returns the ping's round trip in seconds.

        :raises PeerNotFound: if no record is to be had.
        :raises DialTimeout: if no pong came in time.
        """
        trace = Trace(peer, asyncio.get_running_loop().time)
        record = await self._around.records.find(peer, trace, fresh=True)
        nonce, loop = self.random(16), asyncio.get_running_loop()
        answered: asyncio.Future[None] = loop.create_future()
        self._pings[nonce] = peer, answered
        start = loop.time()
        try:
            async with asyncio.timeout(PING_S), asyncio.TaskGroup() as group:
                ringing = group.create_task(
                    race(
                        routes_to(record),
                        self.carrier,
                        peer,
                        b"",
                        lambda: self._seal(Ping(nonce=nonce, record=self.own_record()), peer, record),
                        trace,
                        lambda *_: None,
                    )
                )
                await answered
                ringing.cancel()
        except TimeoutError as error:
            self._around.records.forget(peer)
            raise DialTimeout(f"{peer.short} did not answer", peer=str(peer)) from error
        finally:
            del self._pings[nonce]
        return loop.time() - start

    # -- from a peer ----------------------------------------------------------------------------------------------

    def deliver(self, envelope: Envelope, arrival: Arrival) -> bool:
        """Take a signal that an endpoint delivers, opened and verified; whether it was accepted.

        Declined and absent look alike to the sender, so overload, bans and nonsense are all just declined.
        """
        if self._closed:
            return False
        try:
            signal = decode_signal(envelope)
        except RemoteError:
            return False
        peer = envelope.sender
        now = asyncio.get_running_loop().time()
        if peer == self.identity.id or not self._rates.take(peer.key, now) or not self._around.may_connect(peer):
            return False
        if not self._learn(signal, peer, arrival):
            return False
        match signal:
            case Ping() if len(self._tasks) < PONGS_AT_ONCE:
                pong = Pong(nonce=signal.nonce, record=self.own_record())
                self._tasks.start(self._reply(pong, peer, arrival), "pong")
            case Ping():
                return False
            case Pong():
                waiting = self._pings.get(signal.nonce)
                if waiting is not None and waiting[0] == peer and not waiting[1].done():
                    waiting[1].set_result(None)
            case Refusal():
                meeting = self._meetings.get(peer)
                if meeting is not None:
                    meeting.refuse(signal.attempt, RefusedByPeer(signal.reason, peer=str(peer)))
            case Offer() if not self._room_for(peer):
                return False
            case Offer() if not self._around.accepts(peer):
                if len(self._tasks) >= PONGS_AT_ONCE:
                    return False
                refusal = Refusal(attempt=signal.attempt, code=RefusedByPeer.wire or 0, reason=REFUSED)
                self._tasks.start(self._reply(refusal, peer, arrival), "refuse")
            case _:
                self._meeting(peer).receive(signal, envelope.payload, arrival)
        return True

    def trace_of(self, peer: PeerId) -> Trace | None:
        """The newest trace of an attempt with `peer`."""
        return next((trace for trace in reversed(self.traces) if trace.peer == peer), None)

    def under_way(self, peer: PeerId) -> bool:
        """Whether an attempt with `peer` is under way."""
        meeting = self._meetings.get(peer)
        return meeting is not None and meeting.busy

    # -- what meetings need (Surroundings) ------------------------------------------------------------------------

    def make_link(self, servers: Sequence[IceServer]) -> Link:
        """A fresh link of the node's engine, with the node's choice of candidates."""
        return self._around.engine.create(ice_servers=servers, candidate_filter=self._around.candidate_filter)

    async def ice_servers(self) -> Sequence[IceServer]:
        """Live servers, ready to use."""
        return await self._around.ice_servers()

    async def look_again(self, peer: PeerId, trace: Trace) -> PeerRecord | None:
        """The newest record, asked for afresh; None where none is to be had."""
        try:
            return await self._around.records.find(peer, trace, fresh=True)
        except PeerNotFound:
            return None

    def record_of(self, peer: PeerId) -> PeerRecord | None:
        """The newest record known."""
        return self._around.records.get(peer)

    # -- inside ---------------------------------------------------------------------------------------------------

    def _learn(self, signal: Signal, peer: PeerId, arrival: Arrival) -> bool:
        """Remember the record that came with a signal; whether there is now one to reply by."""
        document = signal.record if isinstance(signal, Offer | Answer | Ping | Pong) else b""
        if document:
            try:
                self._around.records.learn(document, of=peer, scope=arrival.scope)
            except RemoteError:
                return False
        return not isinstance(signal, Offer | Ping) or self._around.records.get(peer) is not None

    async def _reply(self, signal: Signal, peer: PeerId, arrival: Arrival) -> None:
        record = self._around.records.get(peer)
        if record is not None:
            trace = Trace(peer, asyncio.get_running_loop().time, inbound=True)
            await send_back([arrival], lambda: self._seal(signal, peer, record), trace)

    def _seal(self, signal: Signal, peer: PeerId, record: PeerRecord) -> bytes:
        return seal_signal(
            signal,
            sender=self.identity,
            recipient=peer,
            sealing_key=record.sealing_key,
            ephemeral_secret=self.random(32),
        )

    def _room_for(self, peer: PeerId) -> bool:
        busy = [other for other, meeting in self._meetings.items() if meeting.busy and other != peer]
        strangers = sum(not self._around.known(other) for other in busy)
        return len(busy) < INBOUND_AT_ONCE and (self._around.known(peer) or strangers < STRANGERS_AT_ONCE)

    def _meeting(self, peer: PeerId) -> Meeting:
        meeting = self._meetings.get(peer)
        if meeting is None:
            meeting = self._meetings[peer] = Meeting(peer, self, self.traces.append)
            self._forget_idle()
        self._meetings.move_to_end(peer)
        return meeting

    def _forget_idle(self) -> None:
        if len(self._meetings) <= PAIRS_REMEMBERED:
            return
        for peer, meeting in self._meetings.items():
            if not meeting.busy and not self.has_connection(peer):
                self._tasks.start(self._meetings.pop(peer).close(), "forget a meeting")
                return

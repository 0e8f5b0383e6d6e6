"""The connection of a pair, without I/O, clock or randomness.

One *active* link carries it; a *candidate* beside it becomes active when the peer's HELLO on it echoes the ids of the
offer and the answer that led to it. Of the link that it *replaced* the datagrams in flight are still taken; any other
frame of another link is dropped.

::

    CONNECTING ──active──▶ OPEN ◀──heard── SUSPECT
        │                  │ ▲ ───silence───▶ │
        │                lost active         lost
        │                  ▼ │                │
        │              INTERRUPTED ◀──────────┘
        └──────over──────▶ CLOSED ◀── over, from any

What a link that died took with it is told again on the next: OPEN, where the peer is not known to have seen it, then
one RESUME per stream. So control frames need no store of their own: without an active link they are simply not made.

Both sides keep a *session* number, drawn per object: a peer whose session is new knows no stream of ours, and ours end
before anything else is delivered, with `PeerRestarted` if its process is new as well.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Iterator
from enum import Enum
from typing import Final

from wherry.connection import codes
from wherry.connection.events import (
    Closed,
    Event,
    Interrupted,
    LinkActive,
    LinkDropped,
    LinkReplaced,
    Pong,
    SuspectLink,
)
from wherry.connection.frames import Frame, Hello, Kind, close_frame, close_of, decode
from wherry.connection.greetings import Greetings
from wherry.connection.heartbeats import Heartbeats
from wherry.connection.limits import GRACE_S, HEARTBEAT_S, IDLE_S, STALL_S
from wherry.connection.link import Greeting, LaneKind
from wherry.connection.liveness import Liveness
from wherry.connection.stream_table import Admit, Deliver, StreamTable
from wherry.connection.streams import StreamMachine
from wherry.errors import (
    ConnectionLost,
    FlowViolation,
    NegotiationFailed,
    PeerClosed,
    PeerRestarted,
    ProtocolViolation,
    WherryError,
)


class State(Enum):
    """The connection as a whole."""

    CONNECTING = "connecting"
    OPEN = "open"
    SUSPECT = "suspect"
    INTERRUPTED = "interrupted"
    CLOSED = "closed"


class Change(Enum):
    """What moves `State`."""

    ACTIVE = "active"
    SILENCE = "silence"
    HEARD = "heard"
    LOST = "lost"
    OVER = "over"


TABLE: Final[dict[tuple[State, Change], State]] = {
    (State.CONNECTING, Change.ACTIVE): State.OPEN,
    (State.CONNECTING, Change.OVER): State.CLOSED,
    (State.OPEN, Change.ACTIVE): State.OPEN,
    (State.OPEN, Change.SILENCE): State.SUSPECT,
    (State.OPEN, Change.HEARD): State.OPEN,
    (State.OPEN, Change.LOST): State.INTERRUPTED,
    (State.OPEN, Change.OVER): State.CLOSED,
    (State.SUSPECT, Change.ACTIVE): State.OPEN,
    (State.SUSPECT, Change.SILENCE): State.SUSPECT,
    (State.SUSPECT, Change.HEARD): State.OPEN,
    (State.SUSPECT, Change.LOST): State.INTERRUPTED,
    (State.SUSPECT, Change.OVER): State.CLOSED,
    (State.INTERRUPTED, Change.ACTIVE): State.OPEN,
    (State.INTERRUPTED, Change.OVER): State.CLOSED,
}


class ConnectionCore:
    """See the module's text. Links are numbered by the shell, never the same number twice.

    :param local: 32 bytes, this node's public key; the smaller key opens the odd streams.
    :param peer: 32 bytes, the peer's.
    :param instance: 8 bytes, random per process.
    :param session: 8 bytes, random per object.
    :param admit: policy for streams that the peer opens.
    :param deliver: takes the datagrams that come: an event for each would cost more than they do.
    """

    def __init__(
        self,
        *,
        local: bytes,
        peer: bytes,
        instance: bytes,
        session: bytes,
        admit: Admit,
        deliver: Deliver,
        now: float,
        features: int = 0,
    ) -> None:
        if local == peer:
            raise ValueError("a connection has two ends")
        self.state = State.CONNECTING
        self.error: WherryError | None = None
        self.active: int | None = None
        self.liveness: Liveness | None = None
        self.table = StreamTable(
            odd=local < peer,
            admit=admit,
            emit=self._emit,
            tell=self._tell,
            deliver=deliver,
            next_heartbeat=lambda: self.next_heartbeat,
        )
        self._peer_instance: bytes | None = None
        self._peer_session: bytes | None = None
        self._greetings = Greetings(instance=instance, session=session, features=features)
        self._heartbeats = Heartbeats(now)
        #: The link before the active one, while datagrams may be in flight on it.
        self._replaced: int | None = None
        self._control: deque[tuple[int, bytes]] = deque()
        self._events: deque[Event] = deque()
        self._grace_until: float | None = now + GRACE_S
        self._idle_since: float | None = now
        self._pins = 0

    # -- links --------------------------------------------------------------------------------------------------------

    def link_opened(self, link: int, greeting: Greeting, now: float) -> None:
        """`link` is open: say HELLO on it and wait for the peer's."""
        for other in self._greetings:
            self._drop(other, None)
        self._control.append((link, self._greetings.begin(link, greeting, now)))

    def link_closed(self, link: int, now: float) -> None:
        """`link` is gone."""
        if self.state is State.CLOSED:
            return
        if self._greetings.drop(link):
            self._events.append(LinkDropped(link=link, error=ConnectionLost("the link closed before its HELLO")))
        elif link == self.active:
            self._lose(now)

    def heard(self, link: int, at: float) -> None:
        """The engine heard the peer on `link` at `at`, if only an acknowledgement."""
        if link == self.active and self.liveness is not None and self.state is not State.CLOSED:
            self.liveness.heard(at)
            if self.state is State.SUSPECT and self.liveness.waiting_since is None:
                self._move(Change.HEARD)

    def receive(self, link: int, lane: LaneKind, data: bytes, now: float) -> None:
        """A message came on a lane of `link`. Whatever is wrong with it ends the link or the connection, as events."""
        try:
            if link == self.active:
                self.heard(link, now)
                self._receive(lane, data, now)
            elif link in self._greetings:
                self._receive_early(link, lane, data, now)
            elif link == self._replaced and lane is LaneKind.DATAGRAM:
                self._receive(lane, data, now)
        except (ProtocolViolation, FlowViolation) as error:
            if link == self.active:
                self.close(codes.code_for(type(error)), error.detail, error=error)
            else:
                self._drop(link, error)

    def _receive_early(self, link: int, lane: LaneKind, data: bytes, now: float) -> None:
        greeted = self._greetings.take(link, lane, data)
        if greeted is not None:
            hello, early = greeted
            self._activate(link, hello, now)
            for early_lane, early_data in early:
                self._receive(early_lane, early_data, now)

    def _activate(self, link: int, hello: Hello, now: float) -> None:
        old, fresh = self.active, self._peer_session is None
        resumed = hello.session == self._peer_session
        if not fresh and not resumed:
            restarted = hello.instance != self._peer_instance
            self.table.abandon(PeerRestarted() if restarted else ConnectionLost("the peer had given it up"))
        self._peer_instance, self._peer_session = hello.instance, hello.session
        self.active, self.liveness = link, Liveness(now)
        self._heartbeats.forget()
        self._grace_until = None
        self._control = deque(item for item in self._control if item[0] == link)
        self._move(Change.ACTIVE)
        self._events.append(LinkActive(link=link, resumed=resumed, features=hello.features))
        self._replaced = old if resumed else None  # a peer that begins anew counts its streams anew, too
        if old is not None:
            self._events.append(LinkReplaced(link=old) if resumed else LinkDropped(link=old, error=None))
        self.table.tell_all(resumed=resumed)

    def _drop(self, link: int, error: WherryError | None) -> None:
        self._greetings.drop(link)
        if link == self._replaced:
            self._replaced = None
        self._control = deque(item for item in self._control if item[0] != link)
        self._events.append(LinkDropped(link=link, error=error))

    def _lose(self, now: float) -> None:
        if self.active is None:
            return
        self._drop(self.active, ConnectionLost())
        self.active = self.liveness = None
        self._grace_until = now + GRACE_S
        self._move(Change.LOST)
        self._events.append(Interrupted())

    # -- the application ----------------------------------------------------------------------------------------------

    def open(self, name: str, *, datagrams: bool = False) -> StreamMachine:
        """Open a stream; it may be written to at once.

        :raises LimitExceeded: too many are open.
        :raises WherryError: the connection is closed; this is why.
        """
        if self.error is not None:
            raise self.error
        self._idle_since = None
        return self.table.open(name, datagrams=datagrams)

    @property
    def next_heartbeat(self) -> int:
        """The number of the next heartbeat: its answer shows that all control frames until now have arrived."""
        return self._heartbeats.next_number

    def ping(self, now: float) -> int:
        """Send a heartbeat now; `Pong` tells when its answer came. Returns its number."""
        number = self._heartbeats.send(now)
        self._emit(Frame(Kind.HEARTBEAT, 0, number))
        return number

    def pin(self, change: int) -> None:
        """Count (+1, -1) who wants the connection kept although no stream is open."""
        self._pins += change

    def close(self, code: int, text: str, *, error: WherryError) -> None:
        """Tell the peer, and end everything with `error`."""
        if self.state is State.CLOSED:
            return
        self._emit(close_frame(code, text))
        self._end(error)

    def _end(self, error: WherryError) -> None:
        self.error = error
        self.table.abandon(error)
        self._move(Change.OVER)
        for link in self._greetings:
            self._drop(link, error)
        self._events.append(Closed(error=error))

    @property
    def busy(self) -> bool:
        """Whether there is something to send or to tell."""
        return bool(self._control or self._events or self.table.busy)

    # -- what is to be done -------------------------------------------------------------------------------------------

    def to_send(self, now: float) -> Iterator[tuple[int, bytes]]:
        """Control frames to send, with the link each is for."""
        if self._control and self.liveness is not None:
            self.liveness.sent(now)
        while self._control:
            yield self._control.popleft()

    def next_data(self, ready: Callable[[int], bool], now: float) -> tuple[int, bytes] | None:
        """The next frame for a stream's lane on the active link: the streams take turns.

        :param ready: whether the lane of that stream number can take a frame.
        """
        if self.active is None or self.liveness is None:
            return None
        item = self.table.next_data(ready)
        if item is not None:
            self.liveness.sent(now)
        return item

    def next_event(self) -> Event | None:
        """What happened, oldest first."""
        return self._events.popleft() if self._events else None

    def next_deadline(self) -> float | None:
        """When `tick` is due."""
        if self.state is State.CLOSED:
            return None
        liveness = self.liveness
        soonest = liveness.next_deadline(suspect=self.state is State.OPEN) if liveness is not None else math.inf
        soonest = min(soonest, self._greetings.deadline)
        for stone in self.table.tombstones.values():
            soonest = min(soonest, stone.expires)
            break  # the oldest is the first
        if self._grace_until is not None:
            soonest = min(soonest, self._grace_until)
        if self._idle_since is not None:
            soonest = min(soonest, self._idle_since + IDLE_S)
        return soonest

    def tick(self, now: float) -> None:
        """Do what is due at `now`."""
        due = self.next_deadline()
        if due is None:
            return
        late = now - due
        for link in self._greetings.late(now):
            self._drop(link, NegotiationFailed("no HELLO in time"))
        self.table.expire(now)
        if self.liveness is not None:
            if late > STALL_S:  # judge at the next tick, when what came meanwhile has been read
                self.liveness.forgive(late, now)
            else:
                self._tick_link(self.liveness, now)
        if self._grace_until is not None and now >= self._grace_until:
            self._end(ConnectionLost("no new link in time"))
            return
        if self.table.streams or self._pins:
            self._idle_since = None
        elif self._idle_since is None:
            self._idle_since = now
        elif now >= self._idle_since + IDLE_S:
            self.close(codes.DONE, "idle", error=PeerClosed("it was idle"))

    def _tick_link(self, liveness: Liveness, now: float) -> None:
        if now >= liveness.lost_at:
            self._lose(now)
            return
        if now >= liveness.heartbeat_due:
            liveness.heartbeat_due = now + HEARTBEAT_S
            self.ping(now)
        suspect_at = liveness.suspect_at
        if self.state is State.OPEN and suspect_at is not None and now >= suspect_at:
            self._move(Change.SILENCE)
            self._events.append(SuspectLink(silence_s=now - liveness.heard_at))

    # -- frames of the active link ------------------------------------------------------------------------------------

    def _receive(self, lane: LaneKind, data: bytes, now: float) -> None:
        if self.state is State.CLOSED:
            return
        frame = decode(data)
        if frame.kind not in _LANES:
            return
        if _LANES[frame.kind] is not lane:
            raise ProtocolViolation(f"{Kind(frame.kind).name} on a {lane.value} lane")
        if frame.stream == 0:
            self._on_connection(frame, now)
        elif frame.kind == Kind.OPEN:
            self.table.on_open(frame, now)
        else:
            self.table.on_frame(frame, now)

    def _on_connection(self, frame: Frame, now: float) -> None:
        match frame.kind:
            case Kind.LIMIT:
                self.table.on_limit(frame.offset)
            case Kind.HEARTBEAT:
                if self._heartbeats.may_answer(now):
                    self._emit(Frame(Kind.HEARTBEAT_REPLY, 0, frame.offset))
            case Kind.HEARTBEAT_REPLY:
                self._on_reply(frame.offset, now)
            case Kind.CLOSE:
                _, text = close_of(frame)
                self._end(PeerClosed("".join(letter if letter.isprintable() else "?" for letter in text)))
            case Kind.HELLO:
                raise ProtocolViolation("HELLO on a link that is open")

    def _on_reply(self, number: int, now: float) -> None:
        rtt_s = self._heartbeats.answered(number, now)
        if rtt_s is None or self.liveness is None:
            return
        self.liveness.measured(rtt_s)
        self._events.append(Pong(number=number, rtt_s=rtt_s))
        self.table.answered(number)

    def _tell(self, event: Event) -> None:
        self._events.append(event)

    def _emit(self, frame: Frame) -> None:
        if self.active is not None:
            self._control.append((self.active, frame.encode()))

    def _move(self, change: Change) -> None:
        self.state = TABLE[self.state, change]


_LANES: Final[dict[int, LaneKind]] = {
    **dict.fromkeys((int(kind) for kind in Kind), LaneKind.CONTROL),
    Kind.DATA: LaneKind.STREAM,
    Kind.FIN: LaneKind.STREAM,
    Kind.DATAGRAM: LaneKind.DATAGRAM,
}

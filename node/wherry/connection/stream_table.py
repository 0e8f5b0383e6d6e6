"""All streams of a connection, without I/O: their numbers, whose turn it is, and what is remembered of those over.

The smaller public key opens the odd numbers, the other the even ones, each in rising order; none is used twice. A
stream that is over leaves a *tombstone*: the peer may not have heard the last word, and ask again on a new link. It
goes when an answered heartbeat shows that all control frames before it have arrived, or after a minute.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from wherry.connection import codes
from wherry.connection.credit import ConnectionCredit, SendCredit
from wherry.connection.events import Event, StreamOpened
from wherry.connection.frames import (
    FinFlag,
    Frame,
    Kind,
    OpenFlag,
    ResetFlag,
    Resume,
    code_of,
    limit_frame,
    open_frame,
    received_of,
    reset_frame,
)
from wherry.connection.limits import (
    MAX_OWN_STREAMS,
    MAX_PEER_STREAMS,
    MAX_REFUSED_STREAMS,
    RESERVE_BYTES,
    TOMBSTONE_S,
)
from wherry.connection.streams import StreamMachine, nowhere
from wherry.errors import LimitExceeded, ProtocolViolation, WherryError

#: Whether a stream of this name (as a flow of datagrams or not) may be opened now: None, or the code to refuse it with.
Admit = Callable[[str, bool, float], int | None]
#: Takes a datagram: its flow, its number as the sender counts them from 0, and what it carries.
Deliver = Callable[[StreamMachine, int, bytes], None]


@dataclass(slots=True)
class Tombstone:
    """A stream that is over, kept while its last frame may have to be said again."""

    machine: StreamMachine
    expires: float
    #: The heartbeat whose answer shows that the last frame has arrived.
    heartbeat: int


class StreamTable:
    """See the module's text.

    :param odd: whether our own numbers are the odd ones.
    :param admit: policy for what the peer opens.
    :param emit: takes a control frame for the active link, if there is one.
    :param tell: takes an event.
    :param deliver: takes a datagram of a flow, with its number as the sender counts them.
    :param next_heartbeat: the number of the next heartbeat.
    """

    def __init__(
        self,
        *,
        odd: bool,
        admit: Admit,
        emit: Callable[[Frame], None],
        tell: Callable[[Event], None],
        deliver: Deliver,
        next_heartbeat: Callable[[], int],
    ) -> None:
        self._odd, self._admit, self._emit, self._tell, self._deliver = odd, admit, emit, tell, deliver
        self._next_heartbeat = next_heartbeat
        self._next_number = 1 if odd else 2
        self.streams: dict[int, StreamMachine] = {}
        self.tombstones: dict[int, Tombstone] = {}
        #: Streams in which something happened that somebody may wait for.
        self.touched: set[StreamMachine] = set()
        #: What we may send, and what the peer may.
        self.credit, self.pool = SendCredit(), ConnectionCredit()
        self._counts = {True: 0, False: 0}  # open streams, by whether they are ours
        self._highest_opened = 0
        self._turns: deque[StreamMachine] = deque()
        self._waiting: set[StreamMachine] = set()

    # -- the application ----------------------------------------------------------------------------------------------

    def open(self, name: str, *, datagrams: bool) -> StreamMachine:
        """Open a stream of our own.

        :raises LimitExceeded: too many are open.
        """
        if self._counts[True] >= MAX_OWN_STREAMS:
            raise LimitExceeded(f"{MAX_OWN_STREAMS} streams are open")
        machine = self._add(self._next_number, name, datagrams=datagrams)
        self._next_number += 2
        self._emit_open(machine)
        return machine

    def consumed(self) -> None:
        """Bytes were taken, or have come: the connection's limit may have risen."""
        limit = self.pool.update()
        if limit is not None:
            self._emit(limit_frame(0, limit, received=self.pool.received))

    def abandon(self, error: WherryError) -> None:
        """End every stream: the other side knows none of them any more. Our own numbers go on."""
        for machine in self.streams.values():
            machine.abandon(error)
        self.streams.clear()
        self.tombstones.clear()
        self._turns.clear()
        self._waiting.clear()
        self._counts = {True: 0, False: 0}
        self._highest_opened = 0
        self.credit, self.pool = SendCredit(), ConnectionCredit()

    def next_data(self, ready: Callable[[int], bool]) -> tuple[int, bytes] | None:
        """The next DATA or FIN, with its stream's number: the streams take turns, a frame each."""
        for _ in range(len(self._turns)):
            machine = self._turns.popleft()
            if not ready(machine.number):
                self._turns.append(machine)
                continue
            frame = machine.next_frame()
            if frame is None:
                self._waiting.discard(machine)
                continue
            self._turns.append(machine)
            self.touched.add(machine)
            return machine.number, frame
        return None

    @property
    def busy(self) -> bool:
        """Whether there is something to send, or somebody to wake."""
        return bool(self._turns or self.touched)

    # -- a new link ---------------------------------------------------------------------------------------------------

    def tell_all(self, *, resumed: bool) -> None:
        """Tell the peer on a new link what it may not know: the openings, and where streams go on."""
        if resumed:
            self._emit(limit_frame(0, self.pool.tell(), received=self.pool.received))
        for machine in self.streams.values():
            machine.resumed, machine.told = not resumed, False
            if machine.name is None:
                continue
            if not machine.confirmed:
                self._emit_open(machine)
            if resumed or machine.reset_code is not None or machine.stop_code is not None:
                self._tell_one(machine)
            self._changed(machine)

    # -- frames -------------------------------------------------------------------------------------------------------

    def on_limit(self, limit: int) -> None:
        """LIMIT of the connection."""
        self.credit.raise_to(limit)
        for machine in self.streams.values():
            self._changed(machine)

    def on_open(self, frame: Frame, now: float) -> None:
        """OPEN."""
        number, known = frame.stream, self._find(frame.stream)
        if self._is_ours(number):
            raise ProtocolViolation(f"OPEN of stream {number}, which is ours")
        if number <= self._highest_opened:
            if known is None:
                self._emit(reset_frame(number, codes.DONE, final=0, forgotten=True))
            return
        self._highest_opened = number
        name, datagrams = frame.payload.decode("ascii"), bool(frame.flags & OpenFlag.DATAGRAMS)
        machine = known or self._add(number, None)
        machine.on_open(name, limit=frame.offset, datagrams=datagrams, emit=self._emit)
        refused = self._admit(name, datagrams, now)
        if refused is None and self._counts[False] > MAX_PEER_STREAMS:
            refused = codes.code_for(LimitExceeded)
        if refused is None:
            self._tell(StreamOpened(stream=machine))
        else:
            machine.reset(refused, codes.error_for(refused, what=name))

    def on_frame(self, frame: Frame, now: float) -> None:
        """Any other frame of a stream."""
        machine = self.streams.get(frame.stream)
        if machine is None:
            stone = self.tombstones.get(frame.stream)
            if stone is not None:
                self._on_buried(stone, frame)
                return
            machine = self._unknown(frame)
            if machine is None:
                return
        machine.confirmed = True
        self._apply(machine, frame)
        if machine.over:
            self._bury(machine, now)
        self.consumed()

    def _apply(self, machine: StreamMachine, frame: Frame) -> None:
        match frame.kind:
            case Kind.DATA:
                machine.on_data(frame.offset, frame.payload)
            case Kind.FIN:
                machine.on_fin(frame.offset, cut=bool(frame.flags & FinFlag.CUT))
            case Kind.FIN_ACK:
                machine.on_fin_ack(frame.offset)
            case Kind.LIMIT:
                machine.on_limit(frame.offset, received_of(frame))
            case Kind.STOP:
                machine.on_stop(code_of(frame))
            case Kind.RESET:
                machine.on_reset(code_of(frame), frame.offset, forgotten=bool(frame.flags & ResetFlag.FORGOTTEN))
            case Kind.RESUME:
                machine.on_resume(Resume.of(frame))
                if not machine.told:
                    self._tell_one(machine)
            case Kind.DATAGRAM if machine.datagrams and not machine.over:
                self._deliver(machine, frame.offset, frame.payload)

    def _unknown(self, frame: Frame) -> StreamMachine | None:
        """A frame of a stream that is neither open nor lately over."""
        number = frame.stream
        if self._is_ours(number):
            if number >= self._next_number:
                raise ProtocolViolation(f"a frame of stream {number}, which was never opened")
        elif number > self._highest_opened:
            if frame.kind in (Kind.DATA, Kind.FIN):  # its lane was faster than the control lane
                return self._add(number, None)
            if frame.kind != Kind.DATAGRAM:
                raise ProtocolViolation(f"a frame of stream {number}, which was never opened")
            return None
        if frame.kind == Kind.RESUME:
            self._emit(reset_frame(number, codes.DONE, final=0, forgotten=True))
        return None

    def _on_buried(self, stone: Tombstone, frame: Frame) -> None:
        """The peer does not know yet that a stream is over: say the last word again."""
        machine = stone.machine
        if frame.kind not in (Kind.RESET, Kind.RESUME, Kind.FIN):
            return
        stone.heartbeat = self._next_heartbeat()
        if machine.reset_code is None:
            self._apply(machine, frame)
        elif frame.kind == Kind.RESUME:
            self._emit(reset_frame(machine.number, machine.reset_code, final=machine.send.highest))

    # -- tombstones ---------------------------------------------------------------------------------------------------

    def answered(self, heartbeat: int) -> None:
        """The peer answered a heartbeat: what was sent before it has arrived."""
        for number in [number for number, stone in self.tombstones.items() if stone.heartbeat <= heartbeat]:
            del self.tombstones[number]

    def expire(self, now: float) -> None:
        """Forget tombstones whose time is over; the oldest is the first."""
        while self.tombstones and (first := next(iter(self.tombstones.values()))).expires <= now:
            del self.tombstones[first.machine.number]

    def _bury(self, machine: StreamMachine, now: float) -> None:
        del self.streams[machine.number]
        self._counts[machine.ours] -= 1
        self.tombstones[machine.number] = Tombstone(machine, now + TOMBSTONE_S, self._next_heartbeat())

    # -- one stream ---------------------------------------------------------------------------------------------------

    def _is_ours(self, number: int) -> bool:
        return (number % 2 == 1) is self._odd

    def _find(self, number: int) -> StreamMachine | None:
        machine = self.streams.get(number)
        if machine is None and number in self.tombstones:
            machine = self.tombstones[number].machine
        return machine

    def _add(self, number: int, name: str | None, *, datagrams: bool = False) -> StreamMachine:
        ours = name is not None
        if not ours and self._counts[False] >= MAX_PEER_STREAMS + MAX_REFUSED_STREAMS:
            raise ProtocolViolation("far more streams than are allowed")
        machine = self.streams[number] = StreamMachine(
            number,
            name,
            ours=ours,
            datagrams=datagrams,
            pool=self.pool,
            credit=self.credit,
            emit=self._emit if ours else nowhere,
            changed=self._changed,
        )
        self._counts[ours] += 1
        return machine

    def _changed(self, machine: StreamMachine) -> None:
        self.touched.add(machine)
        if machine not in self._waiting and machine.may_send:
            self._waiting.add(machine)
            self._turns.append(machine)

    def _emit_open(self, machine: StreamMachine) -> None:
        assert machine.name is not None
        self._emit(open_frame(machine.number, machine.name, limit=RESERVE_BYTES, datagrams=machine.datagrams))

    def _tell_one(self, machine: StreamMachine) -> None:
        machine.told = True
        self._emit(machine.resume())

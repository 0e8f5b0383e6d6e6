"""One stream, without I/O: two directions, each with a table of transitions.

::

    sending     READY ──finish──▶ FINISHING ──acked──▶ FINISHED
                  └───stopped──────▲     (the rest of the buffer is thrown away, FIN says "cut")
    receiving   OPEN ──final──▶ ENDING ──complete──▶ COMPLETE
                  └─────stop──────┴────▶ STOPPED ──complete──▶ COMPLETE
    both        any ──reset──▶ RESET

A **reset** ends both directions at once and wins over all: each side sends RESET once, with the final offset of what
it had sent, so that both agree on the credit that was used. A **stop** asks the other side to stop sending; it answers
with a FIN that is cut. A stream is *over* when both directions are FINISHED and COMPLETE, or when RESET has gone both
ways.

Sent bytes are kept until the peer says that it has received them: on a new link the stream goes on from there.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from enum import Enum
from typing import Final

from wherry.connection import codes
from wherry.connection.credit import ConnectionCredit, SendCredit, StreamCredit
from wherry.connection.frames import (
    MAX_OFFSET,
    MAX_PAYLOAD_BYTES,
    FinFlag,
    Frame,
    Kind,
    Resume,
    data_header,
    limit_frame,
    reset_frame,
    stop_frame,
)
from wherry.connection.limits import RESERVE_BYTES
from wherry.errors import FlowViolation, ProtocolViolation, StreamClosed, WherryError


class SendState(Enum):
    """The direction away from us."""

    READY = "ready"
    FINISHING = "finishing"
    FINISHED = "finished"
    RESET = "reset"


class SendEvent(Enum):
    """What moves `SendState`."""

    FINISH = "finish"
    STOPPED = "stopped"
    ACKED = "acked"
    RESET = "reset"


SEND_TABLE: Final[dict[tuple[SendState, SendEvent], SendState]] = {
    (SendState.READY, SendEvent.FINISH): SendState.FINISHING,
    (SendState.READY, SendEvent.STOPPED): SendState.FINISHING,
    (SendState.READY, SendEvent.RESET): SendState.RESET,
    (SendState.FINISHING, SendEvent.FINISH): SendState.FINISHING,
    (SendState.FINISHING, SendEvent.STOPPED): SendState.FINISHING,
    (SendState.FINISHING, SendEvent.ACKED): SendState.FINISHED,
    (SendState.FINISHING, SendEvent.RESET): SendState.RESET,
    (SendState.FINISHED, SendEvent.FINISH): SendState.FINISHED,
    (SendState.FINISHED, SendEvent.STOPPED): SendState.FINISHED,
    (SendState.FINISHED, SendEvent.ACKED): SendState.FINISHED,
    (SendState.FINISHED, SendEvent.RESET): SendState.RESET,
    (SendState.RESET, SendEvent.FINISH): SendState.RESET,
    (SendState.RESET, SendEvent.STOPPED): SendState.RESET,
    (SendState.RESET, SendEvent.ACKED): SendState.RESET,
    (SendState.RESET, SendEvent.RESET): SendState.RESET,
}


class ReceiveState(Enum):
    """The direction towards us."""

    OPEN = "open"
    ENDING = "ending"
    STOPPED = "stopped"
    COMPLETE = "complete"
    RESET = "reset"


class ReceiveEvent(Enum):
    """What moves `ReceiveState`."""

    FINAL = "final"
    STOP = "stop"
    COMPLETE = "complete"
    RESET = "reset"


RECEIVE_TABLE: Final[dict[tuple[ReceiveState, ReceiveEvent], ReceiveState]] = {
    (ReceiveState.OPEN, ReceiveEvent.FINAL): ReceiveState.ENDING,
    (ReceiveState.OPEN, ReceiveEvent.STOP): ReceiveState.STOPPED,
    (ReceiveState.OPEN, ReceiveEvent.RESET): ReceiveState.RESET,
    (ReceiveState.ENDING, ReceiveEvent.FINAL): ReceiveState.ENDING,
    (ReceiveState.ENDING, ReceiveEvent.STOP): ReceiveState.STOPPED,
    (ReceiveState.ENDING, ReceiveEvent.COMPLETE): ReceiveState.COMPLETE,
    (ReceiveState.ENDING, ReceiveEvent.RESET): ReceiveState.RESET,
    (ReceiveState.STOPPED, ReceiveEvent.FINAL): ReceiveState.STOPPED,
    (ReceiveState.STOPPED, ReceiveEvent.STOP): ReceiveState.STOPPED,
    (ReceiveState.STOPPED, ReceiveEvent.COMPLETE): ReceiveState.COMPLETE,
    (ReceiveState.STOPPED, ReceiveEvent.RESET): ReceiveState.RESET,
    (ReceiveState.COMPLETE, ReceiveEvent.FINAL): ReceiveState.COMPLETE,
    (ReceiveState.COMPLETE, ReceiveEvent.STOP): ReceiveState.COMPLETE,
    (ReceiveState.COMPLETE, ReceiveEvent.COMPLETE): ReceiveState.COMPLETE,
    (ReceiveState.COMPLETE, ReceiveEvent.RESET): ReceiveState.RESET,
    (ReceiveState.RESET, ReceiveEvent.FINAL): ReceiveState.RESET,
    (ReceiveState.RESET, ReceiveEvent.STOP): ReceiveState.RESET,
    (ReceiveState.RESET, ReceiveEvent.COMPLETE): ReceiveState.RESET,
    (ReceiveState.RESET, ReceiveEvent.RESET): ReceiveState.RESET,
}


class SendSide:
    """Bytes on their way out.

    They lie in blocks of one frame's payload, so that a frame is one slice and a re-send finds its place by division.
    """

    __slots__ = (
        "_base",
        "_blocks",
        "_credit",
        "acked",
        "cut",
        "fin_sent",
        "highest",
        "limit",
        "sent",
        "state",
        "written",
    )

    def __init__(self, credit: SendCredit) -> None:
        self._credit = credit
        self._blocks: deque[bytearray] = deque()
        self._base = 0  # offset of the first block; all but the last are full
        self.state = SendState.READY
        #: Bytes that the application has written.
        self.written = 0
        #: Where the next frame begins; falls back to what the peer has when the link changes.
        self.sent = 0
        #: The most that was ever sent.
        self.highest = 0
        #: What the peer said it has received.
        self.acked = 0
        #: What the peer allows.
        self.limit = RESERVE_BYTES
        self.cut = False
        self.fin_sent = False

    @property
    def unsent(self) -> int:
        """Bytes that wait here."""
        return self.written - self.sent

    @property
    def final(self) -> int | None:
        """Where the direction ends, once everything up to there was sent."""
        return self.written if self.state is not SendState.READY and self.highest == self.written else None

    def move(self, event: SendEvent) -> None:
        """Follow the table."""
        self.state = SEND_TABLE[self.state, event]

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Append `data`."""
        if self.written + len(data) > MAX_OFFSET:
            raise StreamClosed("a stream carries 2^53 bytes")
        view = memoryview(data).cast("B")
        while view:
            if not self._blocks or len(self._blocks[-1]) == MAX_PAYLOAD_BYTES:
                self._blocks.append(bytearray())
            part = view[: MAX_PAYLOAD_BYTES - len(self._blocks[-1])]
            self._blocks[-1] += part
            self.written += len(part)
            view = view[len(part) :]

    def next_size(self) -> int:
        """Bytes of the next DATA frame, 0 if there is nothing to send or no credit."""
        sent = self.sent
        end = min(self.written, self.limit, sent - (sent - self._base) % MAX_PAYLOAD_BYTES + MAX_PAYLOAD_BYTES)
        if end > self.highest:
            end = min(end, self.highest + self._credit.available)
        return max(0, end - sent)

    @property
    def has_more(self) -> bool:
        """Whether bytes wait to be sent, with credit or without."""
        return self.sent < self.written and self.state in (SendState.READY, SendState.FINISHING)

    def wants_fin(self) -> bool:
        """Whether FIN is to be sent next."""
        return self.state is SendState.FINISHING and not self.fin_sent and self.sent == self.written

    def take(self, stream: int, size: int) -> bytes:
        """The next DATA frame, with `size` bytes from `next_size`."""
        index, start = divmod(self.sent - self._base, MAX_PAYLOAD_BYTES)
        block = self._blocks[index]
        header = data_header(stream, self.sent)
        with memoryview(block) as view:
            frame = b"".join((header, view[start : start + size]))
        self.sent += size
        self._count()
        return frame

    def _count(self) -> None:
        if self.sent > self.highest:
            self._credit.used += self.sent - self.highest
            self.highest = self.sent

    def ack(self, received: int) -> None:
        """The peer has everything below `received`: it need not be kept."""
        self.acked = received
        if received == self.written:
            self._blocks.clear()
            self._base = received
        while self._blocks and self._base + MAX_PAYLOAD_BYTES <= received:
            self._blocks.popleft()
            self._base += MAX_PAYLOAD_BYTES

    def rewind(self, received: int) -> None:
        """Go on from `received` on a new link."""
        self.ack(received)
        self.sent = received
        if self.state is SendState.FINISHING:
            self.fin_sent = False

    def drop(self) -> None:
        """Forget the bytes: nobody wants them."""
        self._blocks.clear()
        self._base = self.sent = self.written = self.highest

    def cut_off(self) -> None:
        """The peer stopped us: the direction ends with what was sent."""
        self.drop()
        self.cut = True


class ReceiveSide:
    """Bytes on their way in, in order: a lane keeps it, and a new link goes on where the old one ended."""

    __slots__ = ("_chunks", "credit", "final", "state")

    def __init__(self, pool: ConnectionCredit) -> None:
        self._chunks: deque[bytes] = deque()
        self.credit = StreamCredit(pool)
        self.state = ReceiveState.OPEN
        self.final: int | None = None

    @property
    def at_end(self) -> bool:
        """Whether everything was read that will ever come."""
        return self.state is ReceiveState.COMPLETE and not self._chunks

    @property
    def readable(self) -> bool:
        """Whether bytes wait for the reader."""
        return bool(self._chunks)

    def move(self, event: ReceiveEvent) -> None:
        """Follow the table."""
        self.state = RECEIVE_TABLE[self.state, event]

    def data(self, offset: int, payload: bytes) -> bool:
        """Take a DATA frame; whether the reader has something new.

        :raises ProtocolViolation: it leaves a gap, or goes on after the end.
        :raises FlowViolation: there was no credit for it.
        """
        end = offset + len(payload)
        known = self.credit.received
        if self.final is not None and end > self.final:
            raise ProtocolViolation("DATA after a stream's end")
        if self.state is ReceiveState.RESET or end <= known:
            return False
        if offset > known:
            raise ProtocolViolation(f"DATA at {offset} where {known} was to come")
        self.credit.arrive(end)
        if self.state is ReceiveState.STOPPED:
            self.credit.discard()
            return False
        self._chunks.append(payload[known - offset :] if offset < known else payload)
        return True

    def read(self, size: int) -> bytes:
        """Up to `size` bytes of what waits."""
        chunk = self._chunks.popleft()
        if len(chunk) > size:
            self._chunks.appendleft(chunk[size:])
            chunk = chunk[:size]
        self.credit.consume(len(chunk))
        return chunk

    def end_at(self, final: int) -> None:
        """The direction ends at `final`.

        :raises ProtocolViolation: less than what has come already, or not what was said before.
        :raises FlowViolation: more than was allowed.
        """
        if final < self.credit.received or self.final not in (None, final):
            raise ProtocolViolation(f"a stream's end at {final} after {self.credit.received} bytes")
        if final > self.credit.limit:
            raise FlowViolation("a stream's end beyond its limit")
        self.final = final

    def settle(self, final: int) -> None:
        """Count the direction as received up to `final`, whatever has come of it."""
        self.credit.arrive(final)
        self.drop()

    def drop(self) -> None:
        """Nobody reads here any more."""
        self._chunks.clear()
        self.credit.discard()


def nowhere(_frame: Frame) -> None:
    """Where frames of a stream go that has no other side any more."""


class StreamMachine:
    """Both directions of one stream, and the frames that it makes.

    :param emit: takes a control frame for the active link; without one it may drop it, `resume` tells it all again.
    :param changed: is called when something changed that the application may wait for.
    """

    def __init__(
        self,
        number: int,
        name: str | None,
        *,
        ours: bool,
        datagrams: bool,
        pool: ConnectionCredit,
        credit: SendCredit,
        emit: Callable[[Frame], None],
        changed: Callable[[StreamMachine], None],
    ) -> None:
        self.number = number
        #: None while DATA has come and OPEN, on another lane, has not.
        self.name = name
        self.ours = ours
        self.datagrams = datagrams
        self.send = SendSide(credit)
        self.receive = ReceiveSide(pool)
        #: Why reading and writing fail, once they do.
        self.error: WherryError | None = None
        #: Why writing fails although reading goes on: the peer asked us to stop.
        self.send_error: WherryError | None = None
        #: Whether the peer is known to know the stream.
        self.confirmed = not ours
        #: Whether DATA may go out on the active link: the peer has told where to go on.
        self.resumed = True
        #: Whether this side's RESUME has gone out on the active link, or none is wanted. The peer may be opening the
        #: stream a second time, and then wants one.
        self.told = ours
        self.reset_code: int | None = None
        self.reset_received = False
        self.stop_code: int | None = None
        self._emit = emit
        self._changed = changed

    def __repr__(self) -> str:
        return f"<stream {self.number} {self.name} {self.send.state.value}/{self.receive.state.value}>"

    @property
    def over(self) -> bool:
        """Whether both sides are through with it."""
        if self.reset_code is not None:
            return self.reset_received
        return self.send.state is SendState.FINISHED and self.receive.state is ReceiveState.COMPLETE

    @property
    def may_send(self) -> bool:
        """Whether `next_frame` may have something."""
        return self.resumed and (self.send.has_more or self.send.wants_fin())

    # -- the application ----------------------------------------------------------------------------------------------

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Append to what is sent.

        :raises StreamClosed: `finish` or `reset` was called here.
        :raises WherryError: whatever ended the stream.
        """
        self.check_writable()
        self.send.write(data)
        self._changed(self)

    def check_writable(self) -> None:
        """Raise what `write` would."""
        error = self.error or self.send_error
        if error is not None:
            raise error
        if self.send.state is not SendState.READY:
            raise StreamClosed("it was finished")

    def read(self, size: int) -> bytes:
        """Up to `size` bytes; none if none wait."""
        receive = self.receive
        if not receive.readable:
            return b""
        data = receive.read(size)
        if receive.state is ReceiveState.OPEN:
            limit = receive.credit.update()
            if limit is not None:
                self._emit(limit_frame(self.number, limit, received=receive.credit.received))
        self._changed(self)
        return data

    def finish(self) -> None:
        """Nothing more will be written; what was, is sent, then FIN."""
        self.send.move(SendEvent.FINISH)
        self._changed(self)

    def stop(self, code: int) -> None:
        """Nothing more will be read; the peer is asked to stop."""
        if self.receive.state in (ReceiveState.OPEN, ReceiveState.ENDING):
            self.stop_code = code
            self._emit(stop_frame(self.number, code))
        self.receive.move(ReceiveEvent.STOP)
        self.receive.drop()
        self._changed(self)

    def reset(self, code: int, error: WherryError) -> None:
        """End both directions now; `error` is what reading and writing raise from here on."""
        if self.error is None:
            self.error = error
        if not self.over and self.reset_code is None:
            self._send_reset(code)
        self.receive.drop()
        self._changed(self)

    def abandon(self, error: WherryError) -> None:
        """End both directions without a frame: the other side of this stream is no more."""
        if self.over:
            return
        if self.error is None:
            self.error = error
        self._emit = nowhere
        self.reset_code, self.reset_received = codes.DONE, True
        self.send.move(SendEvent.RESET)
        self.receive.move(ReceiveEvent.RESET)
        self.send.drop()
        self.receive.drop()
        self._changed(self)

    def _send_reset(self, code: int) -> None:
        self.reset_code = code
        self.send.move(SendEvent.RESET)
        self.receive.move(ReceiveEvent.RESET)
        self.send.drop()
        self._emit(reset_frame(self.number, code, final=self.send.highest))

    # -- the peer -----------------------------------------------------------------------------------------------------

    def on_open(self, name: str, *, limit: int, datagrams: bool, emit: Callable[[Frame], None]) -> None:
        """OPEN. Until it comes nothing may be said, or the peer would take the stream for known."""
        self.name, self.datagrams = name, datagrams
        self.send.limit = max(self.send.limit, limit)
        self._emit = emit
        self._maybe_complete(again=True)

    def on_data(self, offset: int, payload: bytes) -> None:
        """DATA."""
        if self.receive.data(offset, payload):
            self._changed(self)
        self._maybe_complete()

    def on_fin(self, final: int, *, cut: bool) -> None:
        """FIN: on its lane it comes after the last DATA."""
        if not cut and self.receive.state is not ReceiveState.RESET and final != self.receive.credit.received:
            raise ProtocolViolation(f"FIN at {final} after {self.receive.credit.received} bytes")
        self._on_final(final, cut=cut)

    def _on_final(self, final: int, *, cut: bool) -> None:
        receive = self.receive
        if receive.state is ReceiveState.RESET:
            return
        if cut and self.stop_code is None:
            raise ProtocolViolation("a stream was cut that nobody stopped")
        receive.end_at(final)
        receive.move(ReceiveEvent.FINAL)
        if cut and receive.state is ReceiveState.STOPPED:
            receive.settle(final)
        self._maybe_complete(again=True)

    def _maybe_complete(self, *, again: bool = False) -> None:
        """Acknowledge the end once everything is there, and again when the peer repeats it."""
        receive = self.receive
        if receive.final is None or receive.credit.received < receive.final or receive.state is ReceiveState.RESET:
            return
        if again or receive.state is not ReceiveState.COMPLETE:
            receive.move(ReceiveEvent.COMPLETE)
            receive.credit.seal()
            self._emit(Frame(Kind.FIN_ACK, self.number, receive.final))
            self._changed(self)

    def on_stop(self, code: int) -> None:
        """STOP."""
        send = self.send
        if send.state is SendState.READY or (send.state is SendState.FINISHING and not send.cut and send.unsent):
            self.send_error = codes.error_for(code, what="it stopped reading")
            send.move(SendEvent.STOPPED)
            send.cut_off()
            self._changed(self)

    def on_reset(self, code: int, final: int, *, forgotten: bool) -> None:
        """RESET."""
        receive = self.receive
        if not forgotten:
            receive.end_at(final)
            receive.settle(final)
        self.reset_received = True
        if self.error is None:
            self.error = codes.error_for(code)
        if self.reset_code is None:
            self._send_reset(code)
        receive.drop()
        receive.credit.seal()
        self._changed(self)

    def on_fin_ack(self, final: int) -> None:
        """FIN_ACK."""
        send = self.send
        if send.state is SendState.READY or (
            send.state is not SendState.RESET and (final != send.written or final > send.highest)
        ):
            raise ProtocolViolation(f"FIN_ACK at {final} of a stream that did not end there")
        send.move(SendEvent.ACKED)
        if send.state is SendState.FINISHED:
            send.sent = send.written  # on a new link it may have been about to send again
            send.ack(send.written)
        self._changed(self)

    def on_limit(self, limit: int, received: int) -> None:
        """LIMIT."""
        self._check_received(received)
        self.send.limit = max(self.send.limit, limit)
        if self.send.state in (SendState.READY, SendState.FINISHING) and received <= self.send.sent:
            self.send.ack(received)
        self._changed(self)

    def on_resume(self, resume: Resume) -> None:
        """RESUME: where the peer is, on a new link."""
        self.confirmed = True
        self._check_received(resume.received)
        send = self.send
        send.limit = max(send.limit, resume.limit)
        if send.state in (SendState.READY, SendState.FINISHING) and not send.cut:
            send.rewind(resume.received)
        elif send.cut:
            send.fin_sent = False
        self.resumed = True
        if resume.reset is not None:
            self.on_reset(resume.reset, resume.final or 0, forgotten=False)
        elif resume.final is not None:
            self._on_final(resume.final, cut=resume.cut)
        if resume.stop is not None:
            self.on_stop(resume.stop)
        self._changed(self)

    def _check_received(self, received: int) -> None:
        send = self.send
        if received > send.highest:
            raise ProtocolViolation(f"{received} bytes of a stream received of which {send.highest} were sent")
        if received < send.acked and send.state in (SendState.READY, SendState.FINISHING):
            raise ProtocolViolation(f"{received} bytes of a stream received after {send.acked}")

    def resume(self) -> Frame:
        """The RESUME to send on a new link."""
        send, receive = self.send, self.receive
        return Resume(
            received=receive.credit.received,
            limit=receive.credit.limit,
            final=send.highest if send.state is SendState.RESET else send.final,
            cut=send.cut,
            reset=self.reset_code,
            stop=self.stop_code,
        ).frame(self.number)

    def next_frame(self) -> bytes | None:
        """The next DATA or FIN, if there is any and it may go."""
        send = self.send
        if not self.may_send:
            return None
        size = send.next_size()
        if size:
            return send.take(self.number, size)
        if send.wants_fin():
            send.fin_sent = True
            flags = FinFlag.CUT if send.cut else 0
            return Frame(Kind.FIN, self.number, send.written, flags).encode()
        return None

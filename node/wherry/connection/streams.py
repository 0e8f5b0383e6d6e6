"""One stream, without I/O: two directions, and the frames about them.

A **reset** ends both directions at once and wins over all: each side sends RESET once, with the final offset of what
it had sent, so that both agree on the credit that was used. A **stop** asks the other side to stop sending; it answers
with a FIN that is cut. A stream is *over* when both directions are FINISHED and COMPLETE, or when RESET has gone both
ways.

Sent bytes are kept until the peer says that it has received them: on a new link the stream goes on from there.
"""

from __future__ import annotations

from collections.abc import Callable

from wherry.connection import codes
from wherry.connection.credit import ConnectionCredit, SendCredit
from wherry.connection.frames import FinFlag, Frame, Kind, Resume, limit_frame, reset_frame, stop_frame
from wherry.connection.receive_side import ReceiveEvent, ReceiveSide, ReceiveState
from wherry.connection.send_side import SendEvent, SendSide, SendState
from wherry.errors import ProtocolViolation, StreamClosed, WherryError


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

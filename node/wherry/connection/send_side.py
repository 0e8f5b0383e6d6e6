"""One direction of a stream, away from us.

::

    READY ──finish──▶ FINISHING ──acked──▶ FINISHED
      └───stopped──────▲     (the rest of the buffer is thrown away, FIN says "cut")
    any ──reset──▶ RESET
"""

from __future__ import annotations

from collections import deque
from enum import Enum
from typing import Final

from wherry.connection.credit import SendCredit
from wherry.connection.frames import MAX_OFFSET, MAX_PAYLOAD_BYTES, data_header
from wherry.connection.limits import RESERVE_BYTES
from wherry.errors import StreamClosed


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

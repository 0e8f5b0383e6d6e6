"""One direction of a stream, towards us.

::

    OPEN ──final──▶ ENDING ──complete──▶ COMPLETE
      └─────stop──────┴────▶ STOPPED ──complete──▶ COMPLETE
    any ──reset──▶ RESET

It ENDS when the final offset is known, and is COMPLETE when everything up to there has come.
"""

from __future__ import annotations

from collections import deque
from enum import Enum
from typing import Final

from wherry.connection.credit import ConnectionCredit, StreamCredit
from wherry.errors import FlowViolation, ProtocolViolation


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

"""Heartbeats that were sent, and how many of the peer's are answered. A core.

A heartbeat has a number, and goes over the control lane: its answer tells the round trip, and that every control frame
before it has arrived.
"""

from __future__ import annotations

from wherry.connection.limits import HEARTBEATS_PER_S
from wherry_signaling.rates import Bucket


class Heartbeats:
    """Those of one connection, over one link after another: numbers never come again."""

    def __init__(self, now: float) -> None:
        self._last = 0
        self._sent: dict[int, float] = {}
        self._answers = Bucket.full(HEARTBEATS_PER_S, now)

    @property
    def next_number(self) -> int:
        """The number of the next one."""
        return self._last + 1

    def send(self, now: float) -> int:
        """One goes out; returns its number."""
        self._last += 1
        self._sent[self._last] = now
        return self._last

    def may_answer(self, now: float) -> bool:
        """Whether one of the peer's is answered: a flood of them costs us nothing."""
        return self._answers.take(now)

    def answered(self, number: int, now: float) -> float | None:
        """An answer came: the seconds it took, or None where nothing waits for it."""
        sent_at = self._sent.pop(number, None)
        return None if sent_at is None else now - sent_at

    def forget(self) -> None:
        """The link is another one: answers of the old one say nothing of it."""
        self._sent.clear()

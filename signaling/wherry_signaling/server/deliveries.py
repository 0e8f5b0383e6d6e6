"""Envelopes that wait for their recipients' word. A core.

Each ends exactly once: accepted (100), declined (204), not answered within `DELIVER_S` or the recipient's socket ended
meanwhile (203). Who has too many waiting is overloaded, which looks as if it were not there (204).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVar

from ..limits import DELIVER_S, ENVELOPES_WAITING
from ..wire import Status

H = TypeVar("H")
Done = Callable[[Status], None]


class Deliveries(Generic[H]):
    """What waits, of all recipients; `H` is whatever stands for a recipient's socket."""

    __slots__ = ("_by_recipient", "_deadlines", "_next")

    def __init__(self) -> None:
        self._by_recipient: dict[H, dict[int, Done]] = {}
        self._deadlines: deque[tuple[float, H, int]] = deque()
        self._next = 1

    def __len__(self) -> int:
        return sum(map(len, self._by_recipient.values()))

    def open(self, recipient: H, done: Done, now: float) -> int | None:
        """A number for one more envelope to `recipient`, or None if too many wait already (`done` is not called)."""
        waiting = self._by_recipient.setdefault(recipient, {})
        if len(waiting) >= ENVELOPES_WAITING:
            return None
        number, self._next = self._next, self._next + 1
        waiting[number] = done
        self._deadlines.append((now + DELIVER_S, recipient, number))
        return number

    def answer(self, recipient: H, number: int, accepted: bool) -> bool:
        """The recipient's word; False if nothing of that number waits for it."""
        return self._end(recipient, number, Status.OK if accepted else Status.NO_RESERVATION)

    def abandon(self, recipient: H) -> None:
        """The recipient's socket has ended."""
        for done in self._by_recipient.pop(recipient, {}).values():
            done(Status.FAILED)

    def expire(self, now: float) -> None:
        """Give up what has waited too long."""
        while self._deadlines and self._deadlines[0][0] <= now:
            _, recipient, number = self._deadlines.popleft()
            self._end(recipient, number, Status.FAILED)

    def deadline(self) -> float | None:
        """When `expire` has something to do, at the earliest."""
        while self._deadlines:
            at, recipient, number = self._deadlines[0]
            if number in self._by_recipient.get(recipient, ()):
                return at
            self._deadlines.popleft()
        return None

    def _end(self, recipient: H, number: int, status: Status) -> bool:
        waiting = self._by_recipient.get(recipient)
        done = None if waiting is None else waiting.pop(number, None)
        if waiting is not None and not waiting:
            del self._by_recipient[recipient]
        if done is None:
            return False
        done(status)
        return True

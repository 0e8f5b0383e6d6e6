"""What every engine's lanes and links share: nothing that comes before its receiver is set gets lost."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

from wherry.connection.limits import MAX_EARLY_BYTES

T = TypeVar("T")


def ignore(*_: object) -> None:
    """A callback that nobody set."""


class Inbox(Generic[T]):
    """Hands items to a receiver, and keeps those that come before there is one.

    :param size: of an item; what waits is bounded by `MAX_EARLY_BYTES`.
    :param overflow: is called when more would have to wait.
    """

    def __init__(self, size: Callable[[T], int], overflow: Callable[[], None]) -> None:
        self._size, self._overflow = size, overflow
        self._receiver: Callable[[T], None] | None = None
        self._waiting: list[T] = []
        self._bytes = 0

    @property
    def receiver(self) -> Callable[[T], None]:
        """Who gets the items."""
        return self._receiver or ignore

    @receiver.setter
    def receiver(self, receiver: Callable[[T], None]) -> None:
        self._receiver = receiver
        waiting, self._waiting = self._waiting, []
        for item in waiting:
            receiver(item)

    def put(self, item: T) -> None:
        """Deliver `item`, now or when there is a receiver."""
        if self._receiver is not None:
            self._receiver(item)
            return
        self._bytes += self._size(item)
        if self._bytes > MAX_EARLY_BYTES:
            self._overflow()
        else:
            self._waiting.append(item)

"""Ways back: an envelope's recipient may answer to the very socket it came in by, a guest's too. A core.

A number names a sender's socket while it is open. It is good only for who was told it, and each remembers the latest
`WAYS_BACK` it was told.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Generic, TypeVar

from ..limits import WAYS_BACK

H = TypeVar("H")


class WaysBack(Generic[H]):
    """Which socket a way back leads to; `H` stands for a socket."""

    __slots__ = ("_next", "_numbers", "_senders", "_told")

    def __init__(self) -> None:
        self._next = 1
        self._numbers: dict[H, int] = {}
        self._senders: dict[int, H] = {}
        self._told: dict[H, OrderedDict[int, None]] = {}

    def tell(self, recipient: H, sender: H) -> int:
        """The number by which `recipient` may answer `sender`."""
        number = self._numbers.get(sender)
        if number is None:
            number, self._next = self._next, self._next + 1
            self._numbers[sender], self._senders[number] = number, sender
        told = self._told.setdefault(recipient, OrderedDict())
        told[number] = None
        told.move_to_end(number)
        if len(told) > WAYS_BACK:
            told.popitem(last=False)
        return number

    def find(self, recipient: H, number: int) -> H | None:
        """The sender, if `recipient` was told of it and its socket is open."""
        return self._senders.get(number) if number in self._told.get(recipient, ()) else None

    def forget(self, socket: H) -> None:
        """It has ended."""
        self._told.pop(socket, None)
        number = self._numbers.pop(socket, None)
        if number is not None:
            del self._senders[number]

"""Who is told that something was left: the sockets of leaseholders that are there. A core.

Each is told once, and again only after it has collected: thousands of envelopes that come while it is slow are one
word.
"""

from __future__ import annotations

from typing import Generic, Protocol, TypeVar


class Watcher(Protocol):
    """A leaseholder's socket."""

    def tell_waiting(self, count: int) -> bool:
        """Tell it that so many envelopes wait; False if it is too slow for that word."""


W = TypeVar("W", bound=Watcher)


class Watchers(Generic[W]):
    """The sockets that asked for their lease, by holder, and whether each has been told."""

    __slots__ = ("_by_holder",)

    def __init__(self) -> None:
        self._by_holder: dict[bytes, dict[W, bool]] = {}

    def __len__(self) -> int:
        return sum(map(len, self._by_holder.values()))

    def watch(self, holder: bytes, watcher: W) -> None:
        """Tell this socket when something comes for `holder`; also: it has collected, and may be told again."""
        self._by_holder.setdefault(holder, {})[watcher] = False

    def forget(self, holder: bytes, watcher: W) -> None:
        """The socket has ended, or its lease."""
        watching = self._by_holder.get(holder, {})
        watching.pop(watcher, None)
        if not watching:
            self._by_holder.pop(holder, None)

    def came(self, holder: bytes, waiting: int) -> None:
        """Something was left for `holder`; so many wait now."""
        watching = self._by_holder.get(holder, {})
        for watcher, told in watching.items():
            if not told:
                watching[watcher] = watcher.tell_waiting(waiting)

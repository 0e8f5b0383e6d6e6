"""Token buckets: how much one source may cost us, in a memory that does not grow."""

from __future__ import annotations

from collections import OrderedDict

from .limits import SOURCES


class Rates:
    """One bucket per source; the least recently seen sources are forgotten first.

    :param limit: (units per second, burst).
    """

    def __init__(self, limit: tuple[float, float], *, sources: int = SOURCES) -> None:
        self._per_s, self._burst = limit
        self._sources = sources
        #: source → (units left, when that was)
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._left)

    def allow(self, source: str, now: float, cost: float = 1.0) -> bool:
        """Take `cost` from the bucket of `source`; False, and nothing is taken, if it has not that much."""
        left, then = self._left.pop(source, (self._burst, now))
        left = min(self._burst, left + (now - then) * self._per_s)
        allowed = left >= cost
        self._left[source] = (left - cost if allowed else left, now)
        if len(self._left) > self._sources:
            self._left.popitem(last=False)
        return allowed

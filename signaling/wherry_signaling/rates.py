"""Token buckets: how often somebody may do something. A core: time comes as an argument, memory is bounded."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass


@dataclass(slots=True)
class Bucket:
    """One bucket (a GCRA in its other dress): fills with `per_s` tokens a second up to `burst`.

    :ivar tokens: what is there as of `at`; may be below zero when somebody is made to wait (`debt`).
    """

    per_s: float
    burst: float
    tokens: float
    at: float

    @classmethod
    def full(cls, rate: tuple[float, int], now: float) -> Bucket:
        """A full one, of a rate as `limits.py` writes it: (per second, burst)."""
        return cls(rate[0], rate[1], rate[1], now)

    def fill(self, now: float) -> None:
        """Let time pass; a clock that goes backwards adds nothing."""
        if now > self.at:
            self.tokens = min(self.burst, self.tokens + (now - self.at) * self.per_s)
            self.at = now

    def take(self, now: float, tokens: float = 1.0) -> bool:
        """Take them, if they are there."""
        self.fill(now)
        if self.tokens < tokens:
            return False
        self.tokens -= tokens
        return True

    def spend(self, now: float, tokens: float = 1.0) -> float:
        """Take them even if they are not there; returns the seconds to wait until they would have been."""
        self.fill(now)
        self.tokens -= tokens
        return max(0.0, -self.tokens / self.per_s)

    def is_full(self, now: float) -> bool:
        """Whether it holds as much as it can: then it need not be remembered."""
        self.fill(now)
        return self.tokens >= self.burst


class Rates:
    """A bucket for each of many keys, the least recently used forgotten first.

    :param rate: (per second, burst) of each key.
    :param remembered: how many keys are remembered. Who makes us forget one by bringing so many others has been
        refused that many times over by the limits on sockets.
    """

    __slots__ = ("_buckets", "_rate", "_remembered")

    def __init__(self, rate: tuple[float, int], *, remembered: int) -> None:
        self._rate, self._remembered = rate, remembered
        self._buckets: OrderedDict[Hashable, Bucket] = OrderedDict()

    def __len__(self) -> int:
        return len(self._buckets)

    def take(self, key: Hashable, now: float, tokens: float = 1.0) -> bool:
        """Whether `key` may do it once more."""
        bucket = self._buckets.get(key)
        if bucket is None:
            bucket = self._buckets[key] = Bucket.full(self._rate, now)
            if len(self._buckets) > self._remembered:
                self._buckets.popitem(last=False)
        else:
            self._buckets.move_to_end(key)
        return bucket.take(now, tokens)

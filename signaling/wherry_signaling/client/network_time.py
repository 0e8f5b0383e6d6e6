"""Network time: our clock, corrected by what several endpoints say. A core.

Documents carry absolute times, and people's clocks are wrong. So each is judged by our own clock plus the median of at
least `CLOCK_SAMPLES` endpoints' leads over it: one that lies does not move a median of three, and whoever owns most of
our endpoints moves it by `CLOCK_OFFSET_S` at most. Nothing's safety hangs on it.
"""

from __future__ import annotations

from collections import OrderedDict
from statistics import median

from ..identity import PeerId
from ..limits import CLOCK_OFFSET_S, CLOCK_REMEMBERED, CLOCK_SAMPLES


class NetworkTime:
    """What endpoints say about our clock."""

    def __init__(self) -> None:
        self._offsets: OrderedDict[PeerId, float] = OrderedDict()

    def __len__(self) -> int:
        return len(self._offsets)

    def tell(self, peer: PeerId, offset_s: float) -> None:
        """An endpoint's clock leads ours by so many seconds; its latest word counts."""
        self._offsets[peer] = offset_s
        self._offsets.move_to_end(peer)
        if len(self._offsets) > CLOCK_REMEMBERED:
            self._offsets.popitem(last=False)

    @property
    def offset_s(self) -> float:
        """Seconds to add to our own clock; 0 until enough endpoints have spoken."""
        if len(self._offsets) < CLOCK_SAMPLES:
            return 0.0
        return max(-CLOCK_OFFSET_S, min(CLOCK_OFFSET_S, self.apparent_s))

    @property
    def apparent_s(self) -> float:
        """Seconds by which others lead our own clock, as far as is known: to be shown, never to be reckoned with.

        Unlike `offset_s` it has no bound, and is there from the first word on; of two, it is the smaller.
        """
        if len(self._offsets) >= CLOCK_SAMPLES:
            return median(self._offsets.values())
        return min(self._offsets.values(), key=abs, default=0.0)

    def now(self, own: float) -> float:
        """Network time when our own clock says `own`, both in seconds since 1970."""
        return own + self.offset_s

"""Whether the other side of a link is still there: heartbeats, and silence while bytes are in flight.

aiortc notices a cut cable after about 30 s and says nothing before that, so the connection judges for itself.
"""

from __future__ import annotations

from wherry.connection.limits import HEARTBEAT_MISSES, HEARTBEAT_S, SUSPECT_ROUND_TRIPS, SUSPECT_S


class Liveness:
    """What is known of the active link; times are seconds of one clock.

    :param now: when the link became active; its HELLO was just heard.
    """

    def __init__(self, now: float) -> None:
        self.heard_at = now
        #: When the first frame went out that nothing was heard after.
        self.waiting_since: float | None = None
        self.heartbeat_due = now + HEARTBEAT_S
        #: Smoothed round trip in seconds, as TCP's (RFC 6298).
        self.rtt_s: float | None = None

    def heard(self, at: float) -> None:
        """Something came from the peer, if only an acknowledgement."""
        if at > self.heard_at:
            self.heard_at = at
        if self.waiting_since is not None and at >= self.waiting_since:
            self.waiting_since = None

    def sent(self, now: float) -> None:
        """Something went out."""
        if self.waiting_since is None:
            self.waiting_since = now

    def forgive(self, seconds: float, now: float) -> None:
        """We were not running for so long: that nothing was heard then says nothing."""
        self.heartbeat_due = max(now, self.heartbeat_due)
        self.heard_at = min(now, self.heard_at + seconds)
        if self.waiting_since is not None:
            self.waiting_since = min(now, self.waiting_since + seconds)

    def measured(self, rtt_s: float) -> None:
        """A heartbeat came back after `rtt_s` seconds."""
        self.rtt_s = rtt_s if self.rtt_s is None else self.rtt_s * 7 / 8 + rtt_s / 8

    @property
    def suspect_at(self) -> float | None:
        """When the link is suspect if nothing is heard until then."""
        if self.waiting_since is None:
            return None
        return self.waiting_since + max(SUSPECT_S, SUSPECT_ROUND_TRIPS * (self.rtt_s or 0.0))

    def next_deadline(self, *, suspect: bool) -> float:
        """When something is due.

        :param suspect: whether the link can become suspect, and is not yet.
        """
        soonest = min(self.heartbeat_due, self.lost_at)
        suspect_at = self.suspect_at if suspect else None
        return soonest if suspect_at is None else min(soonest, suspect_at)

    @property
    def lost_at(self) -> float:
        """When the link is given up if nothing is heard until then."""
        return self.heard_at + HEARTBEAT_S * HEARTBEAT_MISSES

"""Credit: how much a peer may send, per stream and per connection.

All limits are absolute offsets, so that a lost update cannot deadlock and a repeated one cannot over-grant (as QUIC's,
RFC 9000 section 4). *Received* and *consumed* are two numbers: where a stream goes on after a switch of links, and
what its reader has taken. The connection counts the sum of the streams' highest offsets; a re-send adds nothing.

The first 64 KiB that a stream holds unread are its **reserve**, outside the connection's credit::

    connection's limit  =  consumed, all streams  +  16 MiB  +  Σ min(unread, reserve)

What windows have grown beyond their reserves may sum up to ¾ of the 16 MiB. So at least a quarter is left for bytes
under way whatever readers sleep, and a reader who reads always goes on.
"""

from __future__ import annotations

from wherry.connection.limits import (
    CONNECTION_LIMIT_STEP_BYTES,
    CONNECTION_WINDOW_BYTES,
    GROWN_WINDOWS_BYTES,
    MAX_STREAM_WINDOW_BYTES,
    RESERVE_BYTES,
)
from wherry.errors import FlowViolation


class ConnectionCredit:
    """What the peer may send on all streams together."""

    def __init__(self) -> None:
        #: Sum of the streams' received offsets.
        self.received = 0
        #: Sum of the streams' consumed offsets.
        self.consumed = 0
        #: Σ min(unread, reserve).
        self.outside = 0
        #: Σ of what windows may still hold beyond their reserves.
        self.grown = 0
        #: The limit that the peer was told last.
        self.told = CONNECTION_WINDOW_BYTES

    @property
    def limit(self) -> int:
        """The limit as it stands; it never falls."""
        return self.consumed + CONNECTION_WINDOW_BYTES + self.outside

    def update(self) -> int | None:
        """The limit to tell the peer now, if it has risen enough to be worth a frame."""
        limit = self.limit
        if limit - self.told < CONNECTION_LIMIT_STEP_BYTES:
            return None
        self.told = limit
        return limit

    def tell(self) -> int:
        """The limit to tell the peer on a new link."""
        self.told = max(self.told, self.limit)
        return self.told


class StreamCredit:
    """What the peer may send on one stream."""

    __slots__ = ("_pool", "consumed", "limit", "received", "window")

    def __init__(self, pool: ConnectionCredit) -> None:
        self._pool = pool
        self.received = 0
        self.consumed = 0
        self.limit = RESERVE_BYTES
        self.window = RESERVE_BYTES

    @property
    def unread(self) -> int:
        """Bytes received and not consumed."""
        return self.received - self.consumed

    @property
    def _grown(self) -> int:
        return max(0, self.limit - self.consumed - RESERVE_BYTES)

    def arrive(self, end: int) -> None:
        """The stream's bytes up to `end` have arrived.

        :raises FlowViolation: there was no credit for them.
        """
        if end <= self.received:
            return
        if end > self.limit:
            raise FlowViolation(f"{end - self.limit} bytes beyond a stream's limit")
        self._set(received=end, consumed=self.consumed, limit=self.limit)
        if self._pool.received > self._pool.told:
            raise FlowViolation(f"{self._pool.received - self._pool.told} bytes beyond the connection's limit")

    def consume(self, size: int) -> None:
        """The reader has taken `size` bytes."""
        self._set(received=self.received, consumed=self.consumed + size, limit=self.limit)

    def discard(self) -> None:
        """Nobody will read this stream any more: what has come is as good as read, and nothing more is granted."""
        self._set(received=self.received, consumed=self.received, limit=self.limit)

    def seal(self) -> None:
        """Nothing more comes: the rest of the window is free for others."""
        self._set(received=self.received, consumed=self.consumed, limit=self.received)

    def update(self) -> int | None:
        """The limit to tell the peer now, if half a window has been consumed since; the window grows by use."""
        room = GROWN_WINDOWS_BYTES - (self._pool.grown - self._grown)
        window = min(self.window, RESERVE_BYTES + max(0, room))
        limit = self.consumed + window
        if limit - self.limit < window // 2:
            return None
        self._set(received=self.received, consumed=self.consumed, limit=limit)
        self.window = min(2 * self.window, MAX_STREAM_WINDOW_BYTES)
        return limit

    def _set(self, *, received: int, consumed: int, limit: int) -> None:
        """Change the three numbers, and what the connection sums up of them."""
        pool = self._pool
        pool.outside -= min(self.unread, RESERVE_BYTES)
        pool.grown -= self._grown
        pool.received += received - self.received
        pool.consumed += consumed - self.consumed
        self.received, self.consumed, self.limit = received, consumed, limit
        pool.outside += min(self.unread, RESERVE_BYTES)
        pool.grown += self._grown


class SendCredit:
    """What we may send on all streams together: the same numbers, seen from the other side."""

    def __init__(self) -> None:
        #: What the peer said; at first, what every connection begins with.
        self.limit = CONNECTION_WINDOW_BYTES
        #: Sum of the highest offsets sent on each stream.
        self.used = 0

    @property
    def available(self) -> int:
        """Bytes that may be sent now, beyond what was sent before."""
        return self.limit - self.used

    def raise_to(self, limit: int) -> None:
        """The peer told `limit`; an older, lower one changes nothing."""
        self.limit = max(self.limit, limit)

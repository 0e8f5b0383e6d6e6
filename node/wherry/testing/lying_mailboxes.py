"""Mailboxes that lie: they drop, deny, replay, reorder, swap, poison and hold back, and hand out a prekey twice.

::

    mailboxes = LyingMailboxes(seed=3)
    async with Endpoint(identity, mailboxes=mailboxes, listener=sockets.listener("11.0.0.1")):
        with mailboxes.drop(0.5), mailboxes.replay(0.3):
            ...

They keep to the protocol: what they say can be said by an honest mailbox too. Everything is drawn from the seed.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TypeVar

from wherry_signaling.errors import NoReservation, Quota, RemoteError
from wherry_signaling.server.mailboxes import Mailboxes, Quotas

#: What a holder is shown in place of the envelopes of a page.
Show = Callable[[bytes, list[bytes]], list[bytes]]
#: What becomes of a deposit: True if it is dropped and called kept; it may raise what an honest mailbox raises.
Refuse = Callable[[], bool]
L = TypeVar("L")


class LyingMailboxes(Mailboxes):
    """`Mailboxes` with lies as context managers; each applies to a share of what is asked."""

    def __init__(self, path: Path | None = None, *, quotas: Quotas | None = None, seed: int = 0) -> None:
        super().__init__(path, quotas=quotas)
        self.random = random.Random(seed)
        #: Every envelope that was ever left here, with its recipient's key.
        self.seen: list[tuple[bytes, bytes]] = []
        self._deposits: list[Refuse] = []
        self._shows: list[Show] = []
        self._deaf, self._repeats = 0.0, 0.0
        self._handed_out: dict[bytes, list[tuple[int, bytes]]] = {}

    # -- the lies -----------------------------------------------------------------------------------------------------

    def drop(self, share: float = 1.0) -> AbstractContextManager[None]:
        """Meanwhile envelopes are called kept, and are not."""
        return _added(self._deposits, lambda: self._now(share))

    def deny(self, share: float = 1.0, error: type[RemoteError] = NoReservation) -> AbstractContextManager[None]:
        """Meanwhile envelopes are refused: as if there were no lease, or no room (`Quota`)."""

        def refuse() -> bool:
            if self._now(share):
                raise error("the mailbox is full" if error is Quota else "")
            return False

        return _added(self._deposits, refuse)

    def hold_back(self, share: float = 1.0) -> AbstractContextManager[None]:
        """Meanwhile a page shows nothing of what waits."""
        return _added(self._shows, lambda holder, page: [] if self._now(share) else page)

    def reorder(self, share: float = 1.0) -> AbstractContextManager[None]:
        """Meanwhile a page is shuffled."""
        return _added(
            self._shows, lambda holder, page: self.random.sample(page, len(page)) if self._now(share) else page
        )

    def replay(self, share: float = 1.0) -> AbstractContextManager[None]:
        """Meanwhile an envelope of a page is one that was left for the same holder before, acknowledged or not."""
        return _added(self._shows, lambda holder, page: [self._other(one, share, of=holder) for one in page])

    def swap(self, share: float = 1.0) -> AbstractContextManager[None]:
        """Meanwhile an envelope of a page is one that was left for anybody."""
        return _added(self._shows, lambda holder, page: [self._other(one, share) for one in page])

    def poison(self, share: float = 1.0) -> AbstractContextManager[None]:
        """Meanwhile an envelope of a page has a flipped bit."""
        return _added(self._shows, lambda holder, page: [self._flipped(one, share) for one in page])

    @contextmanager
    def deafness(self, share: float = 1.0) -> Iterator[None]:
        """Meanwhile what is acknowledged is kept, and shown again."""
        before, self._deaf = self._deaf, share
        try:
            yield
        finally:
            self._deaf = before

    @contextmanager
    def repeated_prekeys(self, share: float = 1.0) -> Iterator[None]:
        """Meanwhile a one-time prekey is one that somebody has got already."""
        before, self._repeats = self._repeats, share
        try:
            yield
        finally:
            self._repeats = before

    # -- what is asked of mailboxes -----------------------------------------------------------------------------------

    def deposit(self, to: bytes, tag: bytes, work: bytes, sealed: bytes, now: float) -> int | None:
        """Keep it, or lie."""
        self.seen.append((to, sealed))
        if any(lie() for lie in self._deposits):
            return None
        return super().deposit(to, tag, work, sealed, now)

    def collect(self, holder: bytes, after: int, now: float) -> tuple[list[tuple[int, bytes]], bool]:
        """Show what waits, or something else under its numbers."""
        page, more = super().collect(holder, after, now)
        shown = [sealed for _, sealed in page]
        for show in self._shows:
            shown = show(holder, shown)
        return [(number, sealed) for (number, _), sealed in zip(page, shown, strict=False)], more and bool(shown)

    def acknowledge(self, holder: bytes, names: Sequence[bytes], now: float) -> None:
        """Forget them, or say so."""
        super().acknowledge(holder, [name for name in names if not self._now(self._deaf)], now)

    def take_prekey(self, to: bytes, tag: bytes, now: float) -> tuple[int, bytes] | None:
        """Hand one out, perhaps not for the first time."""
        before = self._handed_out.setdefault(to, [])
        if before and self._now(self._repeats):
            return self.random.choice(before)
        taken = super().take_prekey(to, tag, now)
        if taken is not None:
            before.append(taken)
        return taken

    # -- inside -------------------------------------------------------------------------------------------------------

    def _now(self, share: float) -> bool:
        return self.random.random() < share

    def _other(self, sealed: bytes, share: float, *, of: bytes | None = None) -> bytes:
        if not self._now(share):
            return sealed
        return self.random.choice([one for to, one in self.seen if of is None or to == of] or [sealed])

    def _flipped(self, sealed: bytes, share: float) -> bytes:
        if not self._now(share):
            return sealed
        bit = self.random.randrange(len(sealed) * 8)
        number = int.from_bytes(sealed, "big") ^ (1 << bit)
        return number.to_bytes(len(sealed), "big")


@contextmanager
def _added(lies: list[L], lie: L) -> Iterator[None]:
    lies.append(lie)
    try:
        yield
    finally:
        lies.remove(lie)

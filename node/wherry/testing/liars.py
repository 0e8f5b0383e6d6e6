"""An endpoint that lies: it drops, delays, repeats, replays, swaps and holds back what passes through it.

::

    async with LyingEndpoint(identity, listener=sockets.listener("11.0.0.1"), seed=3) as liar:
        with liar.delay(800), liar.replay(0.3):
            ...

It speaks the protocol correctly, so no handshake or cipher stops it: only what is sealed inside the envelopes can.
Everything is drawn from its seed.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from wherry_signaling.domains import Purpose
from wherry_signaling.identity import PeerId
from wherry_signaling.limits import SIZE_CLASSES
from wherry_signaling.record import Document
from wherry_signaling.server import Directory, Endpoint
from wherry_signaling.server.admission import Source
from wherry_signaling.server.deliveries import Done
from wherry_signaling.server.hub import Hub, Party
from wherry_signaling.wire import Status

#: Carries an envelope on, with another tag, bytes and way back if the lie wants that.
Carry = Callable[[Party, bytes, int, Done], None]
#: Does what it likes with an envelope: (recipient, envelope, way back, done, carry).
Lie = Callable[[Party, bytes, int, Done, Carry], None]


class LyingHub(Hub):
    """A hub whose `carry` asks the lies first, the latest told first."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.lies: list[Lie] = []

    def carry(
        self, recipient: Party, source: Source, tag: bytes, envelope: bytes, back: int, done: Done, now: float
    ) -> None:
        """Carry it on, or lie."""

        def honestly(to: Party, what: bytes, way_back: int, told: Done) -> None:
            Hub.carry(self, to, source, tag, what, way_back, told, self.now)

        carry: Carry = honestly
        for lie in self.lies:
            carry = _around(lie, carry)
        carry(recipient, envelope, back, done)


def _around(lie: Lie, carry: Carry) -> Carry:
    return lambda recipient, envelope, back, done: lie(recipient, envelope, back, done, carry)


class LyingEndpoint(Endpoint):
    """An `Endpoint` with lies as context managers; each applies to a share of what passes through."""

    hub_type = LyingHub

    def __init__(self, *arguments: Any, seed: int = 0, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.random = random.Random(seed)

    @contextmanager
    def lying(self, lie: Lie) -> Iterator[None]:
        """Meanwhile `lie` decides what becomes of each envelope."""
        assert isinstance(self.hub, LyingHub)
        self.hub.lies.append(lie)
        try:
            yield
        finally:
            self.hub.lies.remove(lie)

    def drop(self, share: float = 1.0, *, status: Status = Status.OK) -> AbstractContextManager[None]:
        """Meanwhile envelopes vanish, and the sender is told `status`: that it was delivered, by default."""

        def lie(recipient: Party, envelope: bytes, back: int, done: Done, carry: Carry) -> None:
            if self._now(share):
                done(status)
            else:
                carry(recipient, envelope, back, done)

        return self.lying(lie)

    def swallow(self, share: float = 1.0) -> AbstractContextManager[None]:
        """Meanwhile envelopes vanish, and the sender is told nothing at all."""
        return self.lying(
            lambda recipient, envelope, back, done, carry: (
                None if self._now(share) else carry(recipient, envelope, back, done)
            )
        )

    def delay(self, milliseconds: float, share: float = 1.0) -> AbstractContextManager[None]:
        """Meanwhile envelopes come later by up to so much, and so out of order."""

        def lie(recipient: Party, envelope: bytes, back: int, done: Done, carry: Carry) -> None:
            if self._now(share):
                later = self.random.uniform(0, milliseconds) / 1000
                asyncio.get_running_loop().call_later(later, carry, recipient, envelope, back, done)
            else:
                carry(recipient, envelope, back, done)

        return self.lying(lie)

    def duplicate(self, share: float = 1.0) -> AbstractContextManager[None]:
        """Meanwhile envelopes come twice."""

        def lie(recipient: Party, envelope: bytes, back: int, done: Done, carry: Carry) -> None:
            carry(recipient, envelope, back, done)
            if self._now(share):
                carry(recipient, envelope, back, _nobody)

        return self.lying(lie)

    def replay(self, share: float = 1.0) -> AbstractContextManager[None]:
        """Meanwhile envelopes are followed by one that the same recipient was given before."""
        past: dict[Party, list[bytes]] = {}

        def lie(recipient: Party, envelope: bytes, back: int, done: Done, carry: Carry) -> None:
            carry(recipient, envelope, back, done)
            seen = past.setdefault(recipient, [])
            if seen and self._now(share):
                carry(recipient, self.random.choice(seen), back, _nobody)
            seen.append(envelope)

        return self.lying(lie)

    def swap(self, share: float = 1.0) -> AbstractContextManager[None]:
        """Meanwhile an envelope waits for the next one to somebody else, and the two change places."""
        waiting: list[tuple[Party, bytes, int, Done]] = []

        def lie(recipient: Party, envelope: bytes, back: int, done: Done, carry: Carry) -> None:
            if waiting and waiting[0][0] is not recipient:
                other, theirs, their_back, their_done = waiting.pop()
                carry(recipient, theirs, back, done)
                carry(other, envelope, their_back, their_done)
            elif not waiting and self._now(share):
                waiting.append((recipient, envelope, back, done))
            else:
                carry(recipient, envelope, back, done)

        return self.lying(lie)

    def flood(self, count: int) -> AbstractContextManager[None]:
        """Meanwhile each envelope brings `count` more of random bytes to the same recipient."""

        def lie(recipient: Party, envelope: bytes, back: int, done: Done, carry: Carry) -> None:
            carry(recipient, envelope, back, done)
            for _ in range(count):
                carry(recipient, self.random.randbytes(SIZE_CLASSES[0]), back, _nobody)

        return self.lying(lie)

    @contextmanager
    def hold_back(self) -> Iterator[Callable[[], int]]:
        """Meanwhile envelopes are held, and claimed to be delivered; call what it gives to let them all go late.

        That returns how many there were; it works after the block, too.
        """
        held: list[tuple[Carry, Party, bytes, int]] = []

        def lie(recipient: Party, envelope: bytes, back: int, done: Done, carry: Carry) -> None:
            held.append((carry, recipient, envelope, back))
            done(Status.OK)

        def release() -> int:
            for carry, recipient, envelope, back in held:
                carry(recipient, envelope, back, _nobody)
            count = len(held)
            held.clear()
            return count

        with self.lying(lie):
            yield release

    def _now(self, share: float) -> bool:
        return self.random.random() < share


class HidingDirectory:
    """A directory that lies: it keeps the first document it was given of each peer, and never shows a newer one.

    :param honest: where everything is really kept; None to claim that nothing is known.
    """

    def __init__(self, honest: Directory | None) -> None:
        self._honest = honest
        self._first: dict[tuple[Purpose, PeerId], bytes] = {}

    async def look_up(self, purpose: Purpose, peer: PeerId) -> bytes | None:
        """The oldest document that was ever published here."""
        return self._first.get((purpose, peer)) if self._honest is not None else None

    async def publish(self, document: Document) -> int:
        """Take it, and claim that twenty hold it."""
        self._first.setdefault((document.purpose, document.record.peer), document.data)
        if self._honest is not None:
            await self._honest.publish(document)
        return 20


def _nobody(status: Status) -> None:
    """Nobody hears what became of it."""

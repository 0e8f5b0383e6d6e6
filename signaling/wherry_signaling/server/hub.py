"""What the sockets of one endpoint share: who is registered, what waits, how often who may do what.

An envelope goes: the sender's socket → `forward` → the recipient's socket → its answer, or `DELIVER_S` → the sender's
socket. Nothing on this way waits in a task of its own.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from ..errors import CannotOpen, DeliveryFailed, Malformed, NoReservation, NotForUs, Quota, RemoteError
from ..handover import open_handover
from ..identity import Identity
from ..limits import (
    ENVELOPES_FOR_RECIPIENT_S,
    ENVELOPES_PER_RECIPIENT_S,
    REMEMBERED_ADDRESSES,
    SIZE_CLASSES,
)
from ..rates import Rates
from ..record import Introducer
from ..wire import Status
from .admission import Admission, Source
from .deliveries import Deliveries, Done
from .directory import Directory
from .ice import IceService
from .mailboxes.desk import Desk
from .passing import Passing
from .registry import Registry
from .ways_back import WaysBack

#: Takes what is addressed to the endpoint's own identity: tag, sealed envelope, host it came from, way back (0: none);
#: False declines it. Quick, and never raises.
DeliverOwn = Callable[[bytes, bytes, str, int], bool]
#: Other endpoints, so many at most.
Neighbours = Callable[[int], Sequence[Introducer]]


class Party(Protocol):
    """Whoever sends and is sent to: a client's socket, or the endpoint's own node."""

    @property
    def source(self) -> Source:
        """Where it comes from."""

    def hand_over(self, number: int, source: Source, tag: bytes, envelope: bytes, back: int) -> bool:
        """Give it an envelope that came from `source`; False if it is too slow for one more.

        It tells `Hub.answered` whether it takes it.
        """


@dataclass(slots=True)
class Counts:
    """How often what happened since the endpoint began; no names, no addresses."""

    sockets: int = 0
    refused: int = 0
    envelopes: int = 0
    delivered: int = 0


class Hub:
    """The endpoint behind its sockets. Its owner calls `sweep` now and then, and `close` at the end.

    :ivar desk: the mailboxes' own; set by the owner before the first socket.
    """

    desk: Desk

    def __init__(
        self,
        identity: Identity,
        *,
        directory: Directory,
        ice: IceService,
        passing: Passing,
        deliver: DeliverOwn | None,
        neighbours: Neighbours,
        wall_clock: Callable[[], float],
        own_clock: Callable[[], float],
        random: Callable[[int], bytes],
    ) -> None:
        self.identity = identity
        self.directory, self.ice, self.passing = directory, ice, passing
        self.neighbours, self.random = neighbours, random
        self.wall_clock, self.own_clock = wall_clock, own_clock
        self.admission = Admission()
        self.registry: Registry[Party] = Registry()
        self.counts = Counts()
        self._self = _Own(self, deliver)
        self._deliveries: Deliveries[Party] = Deliveries()
        self._ways_back: WaysBack[Party] = WaysBack()
        self._per_sender = Rates(ENVELOPES_PER_RECIPIENT_S, remembered=REMEMBERED_ADDRESSES)
        self._per_recipient = Rates(ENVELOPES_FOR_RECIPIENT_S, remembered=REMEMBERED_ADDRESSES)
        self._timer: asyncio.TimerHandle | None = None

    @property
    def now(self) -> float:
        """Seconds on the loop's clock."""
        return asyncio.get_running_loop().time()

    def forward(
        self, sender: Party, to: bytes, tag: bytes, envelope: bytes, done: Done, *, answerable: bool = True
    ) -> None:
        """Give a sealed envelope to whom it is for; `done` hears once what became of it.

        :param answerable: whether the recipient is told the way back to the sender's socket.
        """
        now = self.now
        if not self._may_send(sender, to, tag, envelope, done, now):
            return
        recipient = self._recipient(to, now)
        if recipient is None:
            done(Status.NO_RESERVATION)  # absent, declining and overloaded look alike
            return
        back = self._ways_back.tell(recipient, sender) if answerable else 0
        self.carry(recipient, sender.source, tag, envelope, back, done, now)

    def forward_handed_on(self, sender: Party, sealed: bytes, done: Done) -> None:
        """Open what was handed on to us, and forward what is inside. No way leads back: the next socket is not its."""
        try:
            handover = open_handover(sealed, self.identity)
        except (Malformed, NotForUs, CannotOpen):
            done(Status.MALFORMED)
            return
        self.forward(sender, handover.to, handover.tag, handover.envelope, done, answerable=False)

    def forward_back(self, sender: Party, back: int, envelope: bytes, done: Done) -> None:
        """Give a sealed envelope to the socket by which something came to `sender`."""
        now = self.now
        if not self._may_send(sender, back, b"", envelope, done, now):
            return
        recipient = self._ways_back.find(sender, back)
        if recipient is None:
            done(Status.NO_RESERVATION)
        else:
            self.carry(recipient, sender.source, b"", envelope, 0, done, now)

    async def reply(self, back: int, envelope: bytes) -> None:
        """As `forward_back`, for the endpoint's own node.

        :raises NoReservation, Quota, DeliveryFailed, Malformed: as `Client.reply`.
        """
        future: asyncio.Future[Status] = asyncio.get_running_loop().create_future()

        def done(status: Status) -> None:
            if not future.done():
                future.set_result(status)

        self.forward_back(self._self, back, envelope, done)
        status = await future
        if status is not Status.OK:
            raise _ERRORS.get(status, DeliveryFailed)()

    def answered(self, recipient: Party, number: int, accepted: bool) -> bool:
        """A recipient's word on an envelope; False if nothing of that number waits for it."""
        return self._deliveries.answer(recipient, number, accepted)

    def gone(self, key: bytes, recipient: Party) -> None:
        """A socket has ended: nobody is reached through it any more."""
        self.registry.release(key, recipient)
        self._deliveries.abandon(recipient)
        self._ways_back.forget(recipient)

    def sweep(self) -> None:
        """Forget reservations that ran out, and what was kept long enough."""
        self.registry.sweep(self.now)
        self.desk.sweep()

    def close(self) -> None:
        """Stop the clock."""
        if self._timer is not None:
            self._timer.cancel()

    def _may_send(self, sender: Party, to: bytes | int, tag: bytes, envelope: bytes, done: Done, now: float) -> bool:
        """Check an envelope at the door, before anybody is looked for: so a refusal tells nothing about who is here."""
        self.counts.envelopes += 1
        if len(envelope) not in SIZE_CLASSES or len(tag) not in (0, 16):
            done(Status.MALFORMED)
            return False
        if not self._per_sender.take((sender.source.sender, to), now):
            done(Status.QUOTA)
            return False
        return True

    def _recipient(self, to: bytes, now: float) -> Party | None:
        if to == self.identity.id.key:
            return self._self
        reservation = self.registry.find(to, now)
        return None if reservation is None or not self._per_recipient.take(to, now) else reservation.holder

    def carry(
        self, recipient: Party, source: Source, tag: bytes, envelope: bytes, back: int, done: Done, now: float
    ) -> None:
        """Hand an envelope over and wait for the recipient's word; `done` hears it."""

        def finish(status: Status) -> None:
            self.counts.delivered += status is Status.OK
            done(status)

        number = self._deliveries.open(recipient, finish, now)
        if number is None:
            done(Status.NO_RESERVATION)
        elif not recipient.hand_over(number, source, tag, envelope, back):
            self._deliveries.answer(recipient, number, accepted=False)
        elif self._timer is None:
            self._arm()

    def _arm(self) -> None:
        deadline = self._deliveries.deadline()
        self._timer = None if deadline is None else asyncio.get_running_loop().call_at(deadline, self._expire)

    def _expire(self) -> None:
        self._deliveries.expire(self.now)
        self._arm()


class _Own:
    """The endpoint's own node, as a party: it answers at once."""

    def __init__(self, hub: Hub, deliver: DeliverOwn | None) -> None:
        self._hub, self._deliver = hub, deliver
        self.source = Source.of(("::1", 0))

    def hand_over(self, number: int, source: Source, tag: bytes, envelope: bytes, back: int) -> bool:
        """Let the node take it, or not."""
        taken = self._deliver is not None and self._deliver(tag, envelope, source.host, back)
        return self._hub.answered(self, number, taken)


_ERRORS: dict[Status, type[RemoteError]] = {
    Status.QUOTA: Quota,
    Status.NO_RESERVATION: NoReservation,
    Status.MALFORMED: Malformed,
}

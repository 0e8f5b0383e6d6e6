"""The states of a candidate introducer, and what leads from one to the next.

::

                 dial                opened             renew
        known ─────────→ connecting ────────→ reserved ───────→ renewing
          ↑                │ failed              │ ↑     renewed    │
          │ cooled         ↓           lost      │ └────────────────┤
          └───────────── cooling ←───────────────┼──────────────────┘
          ↑                ↑ lost                │ replaced
          │ left           └───────── leaving ←──┘
          └──────────────────────────────┘            connecting ─ unfit → unfit ─ freed → known

`unfit` is who turned out to be ourselves, or an introducer that we have under another address. Whoever is `leaving`
still works, until the record that does not name it any more is stored: make before break.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from ..endpoints import EndpointAddress
from ..identity import PeerId
from ..scope import network_of


class State(Enum):
    """Where a candidate is."""

    KNOWN = "known"
    CONNECTING = "connecting"
    RESERVED = "reserved"
    RENEWING = "renewing"
    LEAVING = "leaving"
    COOLING = "cooling"
    UNFIT = "unfit"


class Event(Enum):
    """What may happen to it."""

    DIAL = "dial"
    OPENED = "opened"
    FAILED = "failed"
    UNFIT = "unfit"
    RENEW = "renew"
    RENEWED = "renewed"
    REPLACED = "replaced"
    LOST = "lost"
    LEFT = "left"
    COOLED = "cooled"
    FREED = "freed"


TRANSITIONS: dict[tuple[State, Event], State] = {
    (State.KNOWN, Event.DIAL): State.CONNECTING,
    (State.CONNECTING, Event.OPENED): State.RESERVED,
    (State.CONNECTING, Event.FAILED): State.COOLING,
    (State.CONNECTING, Event.UNFIT): State.UNFIT,
    (State.CONNECTING, Event.LEFT): State.KNOWN,
    (State.RESERVED, Event.RENEW): State.RENEWING,
    (State.RESERVED, Event.REPLACED): State.LEAVING,
    (State.RESERVED, Event.LOST): State.COOLING,
    (State.RENEWING, Event.RENEWED): State.RESERVED,
    (State.RENEWING, Event.REPLACED): State.LEAVING,
    (State.RENEWING, Event.LOST): State.COOLING,
    (State.LEAVING, Event.RENEWED): State.LEAVING,
    (State.LEAVING, Event.LEFT): State.KNOWN,
    (State.LEAVING, Event.LOST): State.COOLING,
    (State.COOLING, Event.COOLED): State.KNOWN,
    (State.UNFIT, Event.FREED): State.KNOWN,
}
#: Those that introduce us, and are named in the record.
HELD = frozenset((State.RESERVED, State.RENEWING))
#: Those that nothing is under way with.
FREE = frozenset((State.KNOWN, State.COOLING, State.UNFIT))


@dataclass(slots=True, eq=False)
class Candidate:
    """An endpoint that may introduce us.

    :ivar peer: whose it is: claimed before it is opened, proven after.
    :ivar at: when it came to its state; for `COOLING`, when it ends.
    :ivar rtt_s: the round trip measured last.
    """

    address: EndpointAddress
    pinned: bool
    luck: float
    peer: PeerId | None
    state: State = State.KNOWN
    at: float = 0.0
    failures: int = 0
    rtt_s: float | None = None
    network: str = field(init=False)

    def __post_init__(self) -> None:
        self.network = network_of(self.address.host)

    @property
    def held(self) -> bool:
        """Whether it introduces us, and is named in the record."""
        return self.state in HELD

    @property
    def slowness(self) -> float:
        """Seconds of its round trip; a tenth of one for who was never measured."""
        return 0.1 if self.rtt_s is None else self.rtt_s

    def move(self, event: Event, at: float) -> None:
        """Let `event` happen to it, at that time; one that cannot happen in its state is a KeyError, and a bug."""
        self.state, self.at = TRANSITIONS[self.state, event], at

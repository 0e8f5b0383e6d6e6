"""What was sealed to us and came by any endpoint: opened once, then given to whom it is for, by its purpose."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from wherry_signaling.domains import Purpose
from wherry_signaling.envelope import Envelope, open_sealed
from wherry_signaling.errors import RemoteError
from wherry_signaling.identity import Identity
from wherry_signaling.scope import Scope

from .dialer import Dialer
from .ways import Arrival

LETTERS: Final = frozenset((Purpose.MESSAGE, Purpose.RETRY))
#: Takes a letter: the sealed bytes, what was in them, and from how near they came.
TakeLetter = Callable[[bytes, Envelope, Scope], bool]


class Arrivals:
    """Opens what comes; whether it was accepted. Declined and absent look alike to the sender.

    :param dialer: takes signals.
    :param letter: takes letters; without it they are declined.
    :param refused: takes the refusal of a letter of ours; False for whatever else.
    """

    def __init__(
        self,
        identity: Identity,
        dialer: Dialer,
        letter: TakeLetter | None = None,
        refused: Callable[[Envelope], bool] | None = None,
    ) -> None:
        self._identity, self._dialer, self._letter, self._refused = identity, dialer, letter, refused

    def deliver(self, sealed: bytes, arrival: Arrival) -> bool:
        """Take a sealed envelope that an endpoint delivers."""
        try:
            envelope = open_sealed(sealed, recipient=self._identity)
        except RemoteError:
            return False
        if envelope.purpose in LETTERS:
            return self._letter is not None and self._letter(sealed, envelope, arrival.scope)
        if self._refused is not None and self._refused(envelope):
            return True
        return self._dialer.deliver(envelope, arrival)

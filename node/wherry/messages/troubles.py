"""Why a peer that is there takes no letters now: it says so itself, sealed and signed, and without touching its disk.

A letter that cannot be kept is declined, so that its sender keeps it and tries other ways; and answered by a *refusal*
(wherry_signaling/signals.py) that names the letter in place of an attempt. It is believed only for a letter that went
to that peer, and only for a while.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable

from wherry_signaling.domains import Purpose
from wherry_signaling.envelope import Envelope
from wherry_signaling.errors import RemoteError
from wherry_signaling.identity import PeerId
from wherry_signaling.signals import Refusal, decode_signal

from ..errors import LimitExceeded, PeerFull
from .limits import LETTERS_REMEMBERED, TROUBLE_S

#: What is said where the disk is full.
FULL = "its disk is full"


def refusal(name: bytes) -> Refusal:
    """The word that the letter of that name cannot be kept."""
    return Refusal(attempt=name, code=LimitExceeded.wire or 0, reason=FULL)


class Troubles:
    """What peers said lately.

    :param clock: seconds on any clock that runs on.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._letters: OrderedDict[bytes, PeerId] = OrderedDict()
        self._said: dict[PeerId, tuple[float, PeerFull]] = {}

    def sent(self, name: bytes, peer: PeerId) -> None:
        """A letter of that name is on its way."""
        self._letters[name] = peer
        if len(self._letters) > LETTERS_REMEMBERED:
            self._letters.popitem(last=False)

    def heard(self, peer: PeerId) -> None:
        """It takes letters again."""
        self._said.pop(peer, None)

    def take(self, envelope: Envelope) -> bool:
        """Take a refusal; whether it was about one of our letters."""
        if envelope.purpose is not Purpose.REFUSAL:
            return False
        try:
            said = decode_signal(envelope)
        except RemoteError:
            return False
        peer = envelope.sender
        if not isinstance(said, Refusal) or self._letters.get(said.attempt) != peer:
            return False
        self._said[peer] = self._clock() + TROUBLE_S, PeerFull(said.reason, peer=str(peer))
        return True

    def of(self, peer: PeerId) -> PeerFull | None:
        """Why a peer takes nothing now, if it said so."""
        until, error = self._said.get(peer, (0.0, None))
        if error is not None and until < self._clock():
            del self._said[peer]
            return None
        return error

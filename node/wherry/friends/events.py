"""What happens among friends, for whoever follows: the local API, programs, tests."""

from __future__ import annotations

from dataclasses import dataclass

from wherry_signaling.identity import PeerId

from .bodies import Presence
from .states import State


@dataclass(frozen=True, slots=True, kw_only=True)
class FriendChanged:
    """A friendship has another state, or a request another hello.

    :param by_them: whether the other side did it.
    """

    peer: PeerId
    state: State
    before: State
    by_them: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileChanged:
    """Somebody says something else of himself; our own peer id where it was our person."""

    peer: PeerId


@dataclass(frozen=True, slots=True, kw_only=True)
class PresenceChanged:
    """A friend came, went, or says otherwise."""

    peer: PeerId
    presence: Presence


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressesChanged:
    """Another word counts in our addresses: mailboxes are to be told (request tags)."""


FriendEvent = FriendChanged | ProfileChanged | PresenceChanged | AddressesChanged

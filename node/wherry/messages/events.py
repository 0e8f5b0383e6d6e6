"""What happens to messages, for whoever follows: the local API, programs, tests."""

from __future__ import annotations

from dataclasses import dataclass

from wherry_signaling.identity import PeerId


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageAdded:
    """A message is in the history: one of ours, or one that has come.

    :param peer: the contact.
    """

    peer: PeerId
    id: bytes
    ours: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageChanged:
    """One of ours has another state, or one of either side is gone."""

    peer: PeerId
    id: bytes
    ours: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatRead:
    """Our person has read what there was of a contact's."""

    peer: PeerId


@dataclass(frozen=True, slots=True, kw_only=True)
class TypingChanged:
    """Somebody is writing to us, or has stopped."""

    peer: PeerId
    typing: bool


MessageEvent = MessageAdded | MessageChanged | ChatRead | TypingChanged

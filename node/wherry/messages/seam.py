"""What a feature needs of the post; `Post` has it, and so has whatever takes its place in a test."""

from __future__ import annotations

from typing import Protocol

from wherry_signaling.identity import PeerId

from .handlers import Held, Settle, Take
from .limits import LIFETIME_S


class PostSeam(Protocol):
    """See `Post`, whose methods these are."""

    def serve(self, kind: int, take: Take, *, settled: Settle | None = None, held: Held | None = None) -> None:
        """Let `take` have the items of a kind; `settled` and `held` hear of our own ones."""
        ...

    def send(
        self, peer: PeerId, kind: int, body: bytes, *, item: bytes | None = None, lifetime_s: float = LIFETIME_S
    ) -> bytes:
        """Keep an item for a peer, in the transaction that is open; returns its id."""
        ...

    def whisper(self, peer: PeerId, kind: int, body: bytes) -> None:
        """Say something that is worth nothing later: over the open connection, or not at all."""
        ...

    def withdraw(self, peer: PeerId, item: bytes) -> None:
        """Ask the recipient to take an item for void, if it is not settled."""
        ...

"""What features have to say to the post: who takes an item of which kind, and who hears what became of one."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from wherry_signaling.identity import PeerId

from .packets import Item, Reason

#: Runs once the transaction is committed: events, tasks.
After = Callable[[], None]
#: Takes an item inside the transaction that keeps it: its effect and the acknowledgement are one. May raise `Void`.
Take = Callable[[PeerId, Item], After | None]
#: Hears, inside the transaction, what became of an item of ours: delivered (None), or void with the recipient's reason.
Settle = Callable[[PeerId, bytes, int | None], After | None]
#: Hears in how many mailboxes an item of ours lies now.
Held = Callable[[PeerId, bytes, int], After | None]
#: Whether an item of that id has been handed on before.
Known = Callable[[PeerId, bytes], bool]
#: The gate: raises `Void` for an item that the peer may not send.
Admit = Callable[[PeerId, Item], None]

H = TypeVar("H")


class Void(Exception):
    """An item is not taken; the sender is told the reason."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason.name.lower())
        self.reason = reason


class Handlers:
    """The registry of one post: one handler for each kind."""

    def __init__(self) -> None:
        self.admit: Admit = _nobody
        self._take: dict[int, Take] = {}
        self._settled: dict[int, Settle] = {}
        self._held: dict[int, Held] = {}
        self._known: list[Known] = []

    def serve(self, kind: int, take: Take, *, settled: Settle | None = None, held: Held | None = None) -> None:
        """Let `take` have the items of a kind, and the others hear of our own ones."""
        self._take[kind] = take
        if settled is not None:
            self._settled[kind] = settled
        if held is not None:
            self._held[kind] = held

    def remember(self, known: Known) -> None:
        """Ask `known` as well whether an item was handed on before."""
        self._known.append(known)

    def known(self, peer: PeerId, item: bytes) -> bool:
        """Whether an item of that id was handed on before, in whatever epoch."""
        return any(known(peer, item) for known in self._known)

    def take(self, peer: PeerId, item: Item) -> After | None:
        """Hand an item on; raises `Void` where it is not taken."""
        self.admit(peer, item)
        handler = self._take.get(item.kind)
        if handler is None:
            raise Void(Reason.UNSUPPORTED)
        return handler(peer, item)

    def settled(self, peer: PeerId, kind: int, item: bytes, reason: int | None) -> After | None:
        """Say what became of an item of ours."""
        handler = self._settled.get(kind)
        return None if handler is None else handler(peer, item, reason)

    def held(self, peer: PeerId, kind: int, item: bytes, mailboxes: int) -> After | None:
        """Say where an item of ours waits."""
        handler = self._held.get(kind)
        return None if handler is None else handler(peer, item, mailboxes)


def _nobody(peer: PeerId, item: Item) -> None:
    """The gate while nobody has said who may send what: closed."""
    raise Void(Reason.REFUSED)

"""What becomes of a message: five words, and the ways from one to the next. A core.

The recipient decides once what became of a number, and the sender reports what it decided; so there is a way from
"queued" to each end, and none back, and none between the ends::

    queued ──> held ──> delivered ──> read
        └────────┴────> failed

News comes late and twice: what the table does not have changes nothing.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Final


class MessageState(IntEnum):
    """As ``messages --json`` says it, in lower case. A message of somebody else's is delivered, then read."""

    QUEUED = 0
    HELD = 1
    DELIVERED = 2
    READ = 3
    FAILED = 4

    @property
    def word(self) -> str:
        """What it is called."""
        return self.name.lower()

    @property
    def settled(self) -> bool:
        """Whether the other side has decided."""
        return self >= MessageState.DELIVERED


_S = MessageState
NEXT: Final[dict[MessageState, frozenset[MessageState]]] = {
    _S.QUEUED: frozenset((_S.HELD, _S.DELIVERED, _S.READ, _S.FAILED)),
    _S.HELD: frozenset((_S.DELIVERED, _S.READ, _S.FAILED)),
    _S.DELIVERED: frozenset((_S.READ,)),
    _S.READ: frozenset(),
    _S.FAILED: frozenset(),
}

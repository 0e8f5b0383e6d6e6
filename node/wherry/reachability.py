"""Can others reach this node? The verdict, and its because: one function of facts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from wherry_signaling.scope import Scope

from .views import Reachability


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What the verdict is made of.

    :ivar introducers: the furthest scope of each introducer that holds a reservation.
    :ivar own: the furthest scope of the own addresses; None without any.
    :ivar proved_public: whether somebody outside reached the own public address.
    :ivar knows_anybody: whether the DHT has a contact or any introducer answered.
    """

    introducers: Sequence[Scope]
    own: Scope | None
    proved_public: bool
    knows_anybody: bool


def verdict(facts: Facts) -> tuple[Reachability, str]:
    """How far this node can be reached, and why it is so."""
    count = len(facts.introducers)
    through = f"through {count} introducer{'' if count == 1 else 's'}"
    if any(scope is Scope.GLOBAL for scope in facts.introducers):
        return "anywhere", through
    if facts.own is Scope.GLOBAL and facts.proved_public:
        return "anywhere", "at its own public address"
    if count:
        return "network", f"{through}, all of them on this {_where(max(facts.introducers))}"
    if facts.own is not None and facts.own is not Scope.GLOBAL and facts.knows_anybody:
        return "network", f"at its own endpoint on this {_where(facts.own)}"
    if facts.knows_anybody:
        return "outbound", "no introducer has taken a reservation yet"
    if facts.own is not None:
        return "network", "nobody else is known yet"
    return "offline", "no network, and nobody else is known"


def _where(scope: Scope) -> str:
    return "machine" if scope is Scope.LOOPBACK else "network"

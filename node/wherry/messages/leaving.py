"""Which items are to be left in which mailboxes. A core."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from wherry_signaling.record import Introducer

from .limits import LEFT_AGAIN_S
from .outgoing import Entry

Mailboxes = tuple[Introducer, ...]
#: By an item's number: the keys of the mailboxes that hold it, and when each took it, seconds since 1970.
Holders = Mapping[int, Mapping[bytes, float]]


def to_leave(
    due: Sequence[Entry], mailboxes: Mailboxes, holders: Holders, *, ack_due: bool, now: float
) -> dict[Mailboxes, list[Entry]]:
    """Each item goes to those mailboxes that do not hold it, and nowhere twice; an acknowledgement that is due, to all.

    Now and then the oldest is left again all the same: if it was collected, that asks for the word that was lost.

    :param due: in the order of their numbers.
    :param now: seconds since 1970 by network time.
    """
    if not mailboxes:
        return {}
    leaving: dict[Mailboxes, list[Entry]] = {mailboxes: []} if ack_due else {}
    for entry in due:
        held = holders.get(entry.number, {})
        lacking = tuple(mailbox for mailbox in mailboxes if mailbox.peer.key not in held)
        if lacking:
            leaving.setdefault(lacking, []).append(entry)
    if due and not leaving and max(holders.get(due[0].number, {}).values(), default=0) + LEFT_AGAIN_S <= now:
        leaving[mailboxes] = [due[0]]
    return leaving

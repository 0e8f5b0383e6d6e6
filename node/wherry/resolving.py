"""Whom a person means: an id, an address, a link, a multiaddr, a label, a claimed name, or part of an id."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from wherry_signaling.address import Address, InviteLink, parse_who, peer_of
from wherry_signaling.endpoints import EndpointAddress
from wherry_signaling.errors import WherryError
from wherry_signaling.identity import PeerId
from wherry_signaling.multiaddrs import parse_peer

from .errors import AmbiguousPeer, UnknownPeer

#: All ids begin so; what is typed counts after it.
COMMON: Final = "12D3KooW"
#: Characters of an id that are enough to mean somebody, at the end or after the common beginning.
FEWEST: Final = 4


@dataclass(frozen=True, slots=True)
class Acquaintance:
    """Somebody this node has heard of."""

    peer: PeerId
    label: str = ""
    name: str = ""

    @property
    def shown(self) -> str:
        """How to call it among others."""
        called = self.label or self.name
        return f"{called} {self.peer.short}" if called else self.peer.short


def resolve(
    text: str,
    known: Iterable[Acquaintance],
    on_way: Callable[[InviteLink | EndpointAddress], None] = lambda _: None,
) -> PeerId:
    """The peer that `text` means.

    :param known: everybody this node has heard of.
    :param on_way: told of an invite link or endpoint that came with it: it is worth asking.
    :raises AmbiguousPeer: naming all that fit.
    :raises UnknownPeer: if nobody does.
    :raises InvalidAddress, InvalidLink, InvalidMultiaddr, InvalidPeerId: if it looks like one and is damaged.
    """
    text = text.strip()
    if text.startswith("/"):
        peer, endpoint = parse_peer(text)
        on_way(endpoint)
        return peer
    known = list(known)
    for fits in (_by_label, _by_name, _by_id):
        found = sorted({one.peer: one for one in known if fits(one, text)}.values(), key=lambda one: one.peer)
        if len(found) > 1:
            raise AmbiguousPeer(f"{text!r} fits {', '.join(one.shown for one in found)}")
        if found:
            return found[0].peer
    try:
        who: PeerId | Address | InviteLink = parse_who(text)
    except WherryError:
        if ":" in text or len(text) > 40:
            raise
        raise UnknownPeer(repr(text)) from None
    if isinstance(who, InviteLink):
        on_way(who)
    return peer_of(who)


def _by_label(one: Acquaintance, text: str) -> bool:
    return bool(text) and one.label == text


def _by_name(one: Acquaintance, text: str) -> bool:
    return bool(text) and one.name.casefold() == text.casefold()


def _by_id(one: Acquaintance, text: str) -> bool:
    part = text.removeprefix("…").removeprefix(COMMON)
    whole = str(one.peer)
    return len(part) >= FEWEST and (whole.removeprefix(COMMON).startswith(part) or whole.endswith(part))

"""Whether somebody is there to talk: said to friends who are connected, when they connect and when it changes.

Nothing is said that is not known: of a friend who is not connected, or has said nothing, it is "offline". Whoever is
invisible says nothing to those who connect, and "offline" to those who are connected.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import TYPE_CHECKING

from wherry_signaling.identity import PeerId

from ..messages.handlers import After
from ..messages.packets import Item, Kind
from ..messages.seam import PostSeam
from ..network.component import Component
from .bodies import Presence, Status, decode_presence, encode
from .events import PresenceChanged
from .profile_store import ProfileStore

if TYPE_CHECKING:
    from ..network.peer import Peer


class Chosen(StrEnum):
    """What a person wants friends to see."""

    ONLINE = "online"
    AWAY = "away"
    BUSY = "busy"
    INVISIBLE = "invisible"

    @property
    def shown(self) -> Presence:
        """What friends are told."""
        return Presence.OFFLINE if self is Chosen.INVISIBLE else Presence[self.name]


class Presences(Component):
    """See the module.

    :param is_friend: whether a 32-byte key is a friend's.
    :param on_event: told when a friend's presence changes.
    """

    def __init__(
        self,
        profiles: ProfileStore,
        post: PostSeam,
        *,
        is_friend: Callable[[bytes], bool],
        on_event: Callable[[PresenceChanged], None],
    ) -> None:
        self._profiles, self._post, self._is_friend, self._on_event = profiles, post, is_friend, on_event
        self._connected: set[PeerId] = set()
        self._said: dict[PeerId, Presence] = {}
        post.serve(Kind.PRESENCE, self._take)

    @property
    def chosen(self) -> Chosen:
        """What was chosen; kept through restarts. A word that is none, as from another's export, is the usual one."""
        word = self._profiles.choice("presence", Chosen.ONLINE)
        return Chosen(word) if word in list(Chosen) else Chosen.ONLINE

    def choose(self, chosen: Chosen) -> None:
        """Be seen otherwise from now on.

        :raises DiskFull: if it cannot be kept.
        """
        before = self.chosen
        self._profiles.choose("presence", chosen.value)
        if chosen.shown is not before.shown:
            for peer in self._connected:
                self._tell(peer, chosen.shown)

    def of(self, peer: PeerId) -> Presence:
        """What a friend says."""
        return self._said.get(peer, Presence.OFFLINE)

    def tell(self, peer: PeerId) -> None:
        """Say it to one who has just become a friend."""
        if peer in self._connected and self.chosen is not Chosen.INVISIBLE:
            self._tell(peer, self.chosen.shown)

    def forget(self, peer: PeerId) -> None:
        """One is no friend any more."""
        self._set(peer, Presence.OFFLINE)

    async def peer_connect(self, peer: Peer) -> None:
        """A connection is open."""
        self._connected.add(peer.id)
        self.tell(peer.id)

    async def peer_disconnect(self, peer: Peer) -> None:
        """It is gone."""
        self._connected.discard(peer.id)
        self._set(peer.id, Presence.OFFLINE)

    def _tell(self, peer: PeerId, presence: Presence) -> None:
        if self._is_friend(peer.key):
            self._post.whisper(peer, Kind.PRESENCE, encode(Status(presence)))

    def _take(self, peer: PeerId, item: Item) -> After | None:
        presence = decode_presence(item.body)
        return lambda: self._set(peer, presence)

    def _set(self, peer: PeerId, presence: Presence) -> None:
        before = self.of(peer)
        if presence is Presence.OFFLINE or peer not in self._connected:
            self._said.pop(peer, None)
        else:
            self._said[peer] = presence
        if self.of(peer) is not before:
            self._on_event(PresenceChanged(peer=peer, presence=self.of(peer)))

"""What people say of themselves: a name, a few lines, a small picture. It goes to friends, and to nobody else.

Each friend has at most one of ours under way; whatever was changed meanwhile follows once that one is settled. So a
friend who is away for a week gets the last profile, not every one in between.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from wherry_signaling.identity import PeerId

from ..errors import BadRequest
from ..messages.handlers import After
from ..messages.packets import Item, Kind, Reason
from ..messages.seam import PostSeam
from ..store.store import Store
from .bodies import Profile, decode_profile, encode, one_line, paragraph
from .events import ProfileChanged
from .friend_store import FriendRow, FriendStore
from .images import image_type
from .limits import DESCRIPTION_CHARACTERS, NAME_CHARACTERS
from .profile_store import ProfileStore
from .states import State


class Profiles:
    """See the module.

    :param name: what this node calls itself; where that is another than before, friends are told.
    :param on_event: told of each change, once it is kept.
    """

    def __init__(
        self, me: PeerId, store: Store, post: PostSeam, *, name: str, on_event: Callable[[ProfileChanged], None]
    ) -> None:
        self._me, self._store, self._post, self._on_event = me, store, post, on_event
        self._profiles, self._friends = ProfileStore(store.database), FriendStore(store.database)
        post.serve(Kind.PROFILE, self._take, settled=self._settled)
        if name != self._profiles.name(me):
            self.set(name=name)

    def own(self) -> Profile:
        """Ours."""
        return self._profiles.profile(self._me)

    def of(self, peer: PeerId) -> Profile:
        """What a peer said of itself last; all empty where it said nothing."""
        return self._profiles.profile(peer)

    def set(self, *, name: str | None = None, description: str | None = None, avatar: bytes | None = None) -> Profile:
        """Change what is given, and tell every friend. An empty avatar is none.

        :raises AvatarRefused: if it is no picture that others take.
        :raises BadRequest: if the name or the description is too long, or the name is empty.
        :raises DiskFull: if it cannot be kept.
        """
        before = self.own()
        name = before.name if name is None else one_line(name)
        description = before.description if description is None else paragraph(description)
        if not 0 < len(name) <= NAME_CHARACTERS:
            raise BadRequest(f"a name has 1 to {NAME_CHARACTERS} characters", hint="Choose another.")
        if len(description) > DESCRIPTION_CHARACTERS:
            raise BadRequest(f"a description has {DESCRIPTION_CHARACTERS} characters at most", hint="Say less.")
        avatar = before.avatar if avatar is None else avatar
        avatar_type = image_type(avatar) if avatar else ""
        profile = Profile(name=name, description=description, avatar=avatar, avatar_type=avatar_type)
        if profile == before:
            return before
        with self._store.database.write():
            self._profiles.keep(self._me, profile)
            for row in self._friends.all():
                self.tell(row)
            self._say(self._me)
        return profile

    def tell(self, row: FriendRow) -> FriendRow:
        """Send ours to a friend that does not have it, if none is under way; returns what is kept of the friend now."""
        version = self._profiles.version(self._me)
        if row.friendship.state is not State.FRIENDS or row.profile_item is not None or row.profile_told >= version:
            return row
        item = self._post.send(row.peer, Kind.PROFILE, encode(self.own()))
        row = replace(row, profile_item=item, profile_sent=version)
        self._friends.put(row)
        return row

    def learn_name(self, peer: PeerId, name: str) -> None:
        """A name came with a request or an answer."""
        if name:
            self._profiles.keep_name(peer, name)
            self._store.remember_peer(peer, claimed=name)

    def forget(self, peer: PeerId) -> None:
        """Somebody is a stranger again."""
        self._profiles.forget(peer)

    def _take(self, peer: PeerId, item: Item) -> After:
        profile = decode_profile(item.body)
        self._profiles.keep(peer, profile)
        self._store.remember_peer(peer, claimed=profile.name)
        return lambda: self._on_event(ProfileChanged(peer=peer))

    def _settled(self, peer: PeerId, item: bytes, reason: int | None) -> None:
        row = self._friends.get(peer)
        if row.profile_item != item:
            return
        told = row.profile_told if reason == Reason.EXPIRED else row.profile_sent
        row = replace(row, profile_item=None, profile_told=told)
        self._friends.put(row)
        self.tell(row)

    def _say(self, peer: PeerId) -> None:
        self._store.database.after_commit(lambda: self._on_event(ProfileChanged(peer=peer)))

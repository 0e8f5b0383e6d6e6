"""Friends, addresses, profile and presence in the local API: what is asked, what is answered, and by whom."""

from __future__ import annotations

import base64
from typing import Annotated, Literal

from msgspec import Meta

from wherry_signaling.address import Address, InviteLink, parse_who
from wherry_signaling.errors import WherryError
from wherry_signaling.identity import PeerId
from wherry_signaling.tags import safety_number

from ..errors import BadRequest
from ..friends import friends as rooms
from ..friends.addresses import LabelledAddress
from ..friends.presence import Chosen
from ..views import View, rfc3339_or_none
from . import limits
from .bodies import ErrorView, Nothing, PeerRequest, Request
from .handlers import Context
from .problems import failure_of

FriendWord = Literal["stranger", "sent", "received", "friends", "declined", "blocked"]
PresenceWord = Literal["offline", "online", "away", "busy"]
ChosenWord = Literal["online", "away", "busy", "invisible"]
Label = Annotated[str, Meta(max_length=limits.LABEL_CHARACTERS)]


class AddRequest(PeerRequest, frozen=True, kw_only=True):
    """Whom to ask, by address or invite link; and what to say to them."""

    hello: Annotated[str, Meta(max_length=limits.HELLO_CHARACTERS)] = ""


class DeclineRequest(PeerRequest, frozen=True, kw_only=True):
    """Whose request, and what they are told."""

    reason: Annotated[str, Meta(max_length=limits.HELLO_CHARACTERS)] = ""


class LabelRequest(PeerRequest, frozen=True, kw_only=True):
    """Whom, and the private name; empty: none."""

    text: Label


class ComparedRequest(PeerRequest, frozen=True, kw_only=True):
    """With whom the safety numbers were compared, and whether they are the same."""

    same: bool


class AddressRequest(Request, frozen=True, kw_only=True):
    """The label of an address; empty is the one in `wherry id`."""

    label: Label = ""


class ProfileRequest(Request, frozen=True, kw_only=True):
    """What to say of oneself; what is left out stays. The avatar is base64, empty for none."""

    name: Annotated[str, Meta(max_length=limits.PROFILE_CHARACTERS)] | None = None
    description: Annotated[str, Meta(max_length=limits.PROFILE_CHARACTERS)] | None = None
    avatar: Annotated[str, Meta(max_length=limits.AVATAR_CHARACTERS)] | None = None


class PresenceRequest(Request, frozen=True, kw_only=True):
    """How friends see this person."""

    presence: ChosenWord


class FriendView(View, frozen=True, kw_only=True):
    """One contact.

    :param peer: the peer id that the friendship was made with; `peers` are all of the contact's.
    :param name: what it calls itself; `label` is the private name, which wins.
    :param seen: when it was last connected; `compared` when the safety numbers were, and were equal.
    :param failure: why a request of ours came to nothing.
    """

    v: int = 1
    peer: str
    peers: list[str]
    state: FriendWord
    name: str = ""
    label: str = ""
    description: str = ""
    avatar: str = ""
    hello: str = ""
    since: str | None = None
    seen: str | None = None
    compared: str | None = None
    presence: PresenceWord = "offline"
    connected: bool = False
    unread: int = 0
    waiting: int = 0
    failure: ErrorView | None = None


class FriendsView(View, frozen=True, kw_only=True):
    """All contacts, the latest change first."""

    v: int = 1
    friends: list[FriendView]


class AddressView(View, frozen=True, kw_only=True):
    """One address of ours."""

    v: int = 1
    label: str
    address: str
    since: str | None = None

    def __repr__(self) -> str:
        return f"<AddressView {self.label!r}>"


class AddressesView(View, frozen=True, kw_only=True):
    """All of them."""

    v: int = 1
    addresses: list[AddressView]


class ProfileView(View, frozen=True, kw_only=True):
    """What is said of oneself, and how friends see it."""

    v: int = 1
    name: str
    description: str
    avatar: str
    avatar_type: str
    presence: ChosenWord


class SafetyView(View, frozen=True, kw_only=True):
    """The number that two people compare."""

    v: int = 1
    peer: str
    number: str


# -- friends ----------------------------------------------------------------------------------------------------------


async def get_friends(context: Context, request: Nothing) -> FriendsView:
    """Contacts: friends, requests of either side, who is blocked."""
    unread = {chat.peer: chat.unread for chat in context.node.messages.chats()}
    return FriendsView(friends=[_view(context, one, unread) for one in context.node.friends.list()])


async def friend_add(context: Context, request: AddRequest) -> FriendView:
    """Ask somebody to be friends, by address or invite link; it need not be there."""
    return _view(context, context.node.friends.add(_whom(context, request.peer), request.hello))


async def friend_accept(context: Context, request: PeerRequest) -> FriendView:
    """Be friends with one who has asked."""
    return _view(context, context.node.friends.accept(context.node.resolve(request.peer)))


async def friend_decline(context: Context, request: DeclineRequest) -> FriendView:
    """Say no to one who has asked."""
    return _view(context, context.node.friends.decline(context.node.resolve(request.peer), request.reason))


async def friend_withdraw(context: Context, request: PeerRequest) -> FriendView:
    """Take a request back."""
    return _view(context, context.node.friends.withdraw(context.node.resolve(request.peer)))


async def friend_remove(context: Context, request: PeerRequest) -> FriendView:
    """Be friends no longer; messages stay."""
    return _view(context, context.node.friends.remove(context.node.resolve(request.peer)))


async def friend_block(context: Context, request: PeerRequest) -> FriendView:
    """Hear nothing of a peer any more."""
    return _view(context, context.node.friends.block(context.node.resolve(request.peer)))


async def friend_unblock(context: Context, request: PeerRequest) -> FriendView:
    """Let a peer ask again."""
    return _view(context, context.node.friends.unblock(context.node.resolve(request.peer)))


async def friend_label(context: Context, request: LabelRequest) -> FriendView:
    """Give a contact a private name."""
    peer = context.node.resolve(request.peer)
    context.node.friends.label(peer, request.text)
    return _view(context, context.node.friends.get(peer))


async def friend_compared(context: Context, request: ComparedRequest) -> FriendView:
    """Note that the safety numbers were compared, and whether they are the same."""
    return _view(context, context.node.friends.compared(context.node.resolve(request.peer), request.same))


async def get_safety(context: Context, request: PeerRequest) -> SafetyView:
    """The number that both sides see alike, if nobody stands between them."""
    peer = context.node.resolve(request.peer)
    return SafetyView(peer=str(peer), number=safety_number(context.node.id, peer))


# -- addresses, profile, presence -------------------------------------------------------------------------------------


async def get_addresses(context: Context, request: Nothing) -> AddressesView:
    """What the owner hands out, each with its label."""
    return AddressesView(addresses=[_address(one) for one in context.node.addresses.list()])


async def address_new(context: Context, request: AddressRequest) -> AddressView:
    """One more address, under a new label."""
    return _address(context.node.addresses.new(request.label))


async def address_rotate(context: Context, request: AddressRequest) -> AddressView:
    """Another address under that label: who has the old one cannot ask any more; friends stay."""
    return _address(context.node.addresses.rotate(request.label))


async def get_profile(context: Context, request: Nothing) -> ProfileView:
    """What friends see of this person."""
    return _profile(context)


async def profile_set(context: Context, request: ProfileRequest) -> ProfileView:
    """Say something else of oneself; every friend is told."""
    avatar = None if request.avatar is None else from_base64(request.avatar)
    context.node.profile.set(name=request.name, description=request.description, avatar=avatar)
    return _profile(context)


async def presence_set(context: Context, request: PresenceRequest) -> ProfileView:
    """Be seen as online, away, busy, or not at all."""
    context.node.presence.choose(Chosen(request.presence))
    return _profile(context)


# -- shapes -----------------------------------------------------------------------------------------------------------


def _whom(context: Context, text: str) -> Address | InviteLink | PeerId:
    """An address or link, whose ways in are remembered; else somebody who is known, who may have asked."""
    peer = context.node.resolve(text)
    try:
        return parse_who(text)
    except WherryError:
        return peer  # a label, a name, a part of an id


def from_base64(text: str) -> bytes:
    """The bytes that stand in a request.

    :raises BadRequest: if it is no base64.
    """
    try:
        return base64.b64decode(text, validate=True)
    except ValueError as error:
        raise BadRequest("the bytes are no base64", hint="Encode them (RFC 4648).") from error


def _view(context: Context, one: rooms.FriendView, unread: dict[PeerId, int] | None = None) -> FriendView:
    node = context.node
    profile = node.profile.of(one.peer)
    if unread is None:
        unread = {chat.peer: chat.unread for chat in node.messages.chats()}
    return FriendView(
        peer=str(one.peer),
        peers=[str(peer) for peer in one.peers],
        state=one.state.value,
        name=one.name,
        label=one.label,
        description=profile.description,
        avatar=_data_url(profile.avatar, profile.avatar_type),
        hello=one.hello,
        since=rfc3339_or_none(one.since),
        seen=rfc3339_or_none(node.seen(one.peer)),
        compared=rfc3339_or_none(one.compared),
        presence=node.presence.of(one.peer).name.lower(),  # type: ignore[arg-type]
        connected=node.connection(one.peer) is not None,
        unread=unread.get(one.peer, 0),
        waiting=node.waiting_for(one.peer),
        failure=None if one.failure is None else failure_of(one.failure).error,
    )


def _address(one: LabelledAddress) -> AddressView:
    return AddressView(label=one.label, address=str(one.address), since=rfc3339_or_none(one.since))


def _profile(context: Context) -> ProfileView:
    own = context.node.profile.own()
    return ProfileView(
        name=own.name,
        description=own.description,
        avatar=_data_url(own.avatar, own.avatar_type),
        avatar_type=own.avatar_type,
        presence=context.node.presence.chosen.value,
    )


def _data_url(data: bytes, kind: str) -> str:
    return f"data:{kind};base64,{base64.b64encode(data).decode()}" if data else ""

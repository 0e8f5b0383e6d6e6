"""The other end of the local API for friends and messages: part of `client.Client`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from . import bodies, chats, people


class MailCalls:
    """What commands ask about friends and messages. Every method raises what the node raised."""

    _ask: Callable[..., Any]

    def friends(self) -> people.FriendsView:
        """Contacts."""
        return self._ask("GET", "friends", bodies.Nothing(), people.FriendsView)  # type: ignore[no-any-return]

    def friend(self, verb: str, request: bodies.PeerRequest) -> people.FriendView:
        """`add`, `accept`, `decline`, `withdraw`, `remove`, `block`, `unblock` or `label`."""
        return self._ask("POST", f"friends/{verb}", request, people.FriendView)  # type: ignore[no-any-return]

    def safety(self, peer: str) -> people.SafetyView:
        """The number to compare."""
        request = bodies.PeerRequest(peer=peer)
        return self._ask("GET", "friends/safety", request, people.SafetyView)  # type: ignore[no-any-return]

    def addresses(self) -> people.AddressesView:
        """What the owner hands out."""
        return self._ask("GET", "addresses", bodies.Nothing(), people.AddressesView)  # type: ignore[no-any-return]

    def address(self, verb: str, label: str) -> people.AddressView:
        """`new` or `rotate`."""
        request = people.AddressRequest(label=label)
        return self._ask("POST", f"addresses/{verb}", request, people.AddressView)  # type: ignore[no-any-return]

    def profile(self, request: people.ProfileRequest | None = None) -> people.ProfileView:
        """What friends see; changed first, if there is something to change."""
        if request is None:
            return self._ask("GET", "profile", bodies.Nothing(), people.ProfileView)  # type: ignore[no-any-return]
        return self._ask("POST", "profile", request, people.ProfileView)  # type: ignore[no-any-return]

    def presence(self, presence: people.ChosenWord) -> people.ProfileView:
        """Be seen otherwise."""
        request = people.PresenceRequest(presence=presence)
        return self._ask("POST", "presence", request, people.ProfileView)  # type: ignore[no-any-return]

    def messages(self, request: chats.PageRequest) -> list[chats.MessageView]:
        """A page, in order."""
        view: chats.MessagesView = self._ask("GET", "messages", request, chats.MessagesView)
        return view.messages

    def message(self, peer: str, message: str) -> chats.MessageView:
        """One message."""
        request = chats.MessageRequest(peer=peer, id=message)
        return self._ask("GET", "messages/one", request, chats.MessageView)  # type: ignore[no-any-return]

    def send(self, request: chats.SendRequest) -> chats.MessageView:
        """Write to a peer."""
        return self._ask("POST", "messages/send", request, chats.MessageView)  # type: ignore[no-any-return]

    def mark_read(self, peer: str) -> chats.CountView:
        """Everything of a contact's was read."""
        return self._ask("POST", "messages/read", chats.ReadRequest(peer=peer), chats.CountView)  # type: ignore[no-any-return]

    def search(self, request: chats.SearchRequest) -> list[chats.MessageView]:
        """Messages with these words."""
        view: chats.MessagesView = self._ask("GET", "messages/search", request, chats.MessagesView)
        return view.messages

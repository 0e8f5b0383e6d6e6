"""The routes of the local API: one table, from which both listeners, the OpenAPI document and the client are made.

Requests of GET and DELETE stand in the query, those of POST are a JSON object. Answers are JSON, or a stream of JSON
lines (``application/x-ndjson``); a stream that fails ends with a line that has `error`.

To add one: its request and answer in `bodies` (or in a module like it), a handler in `handlers` (or in a module like
it), a row here, and a method in `client.Client` where a command wants it. The document follows by itself.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final, Literal

from msgspec import Struct

from ..events import EventView
from ..views import ExplainView, IdView, PingReplyView, StatusView
from . import bodies, chats, entering, handlers, people
from .limits import LARGE_REQUEST_BYTES, REQUEST_BYTES

PREFIX: Final = "/api/v1"
JSON: Final = "application/json"
LINES: Final = "application/x-ndjson"
TEXT: Final = "text/plain"

#: The listeners: the owner's UNIX socket, and TCP on loopback, where a token is asked for.
Listener = Literal["socket", "tcp"]
BOTH: Final[tuple[Listener, ...]] = ("socket", "tcp")

Handler = Callable[[handlers.Context, Any], Awaitable[Struct | str] | AsyncIterator[Struct]]


@dataclass(frozen=True, slots=True)
class Route:
    """One line of the table.

    :param answer: the type of the answer, or of each line where it is a stream; str for plain text.
    :param at: which listeners have it.
    :param public: whether it is answered on TCP without a token.
    :param most: bytes of a request's body.
    """

    method: Literal["GET", "POST", "DELETE"]
    name: str
    handler: Handler
    request: type[bodies.Request]
    answer: type[Struct] | type[str]
    stream: bool = False
    at: tuple[Listener, ...] = BOTH
    public: bool = False
    most: int = REQUEST_BYTES

    @property
    def path(self) -> str:
        """Where it is found."""
        return f"{PREFIX}/{self.name}"

    @property
    def media(self) -> str:
        """The answer's media type."""
        return LINES if self.stream else TEXT if self.answer is str else JSON

    @property
    def summary(self) -> str:
        """What it does: its handler's first line."""
        return (self.handler.__doc__ or "").splitlines()[0]

    @property
    def operation(self) -> str:
        """What generated clients call it: its handler's name."""
        return self.handler.__name__


ROUTES: Final = (
    Route("GET", "id", handlers.get_id, bodies.Nothing, IdView),
    Route("GET", "status", handlers.get_status, bodies.Nothing, StatusView),
    Route("GET", "peers", handlers.get_peers, bodies.Nothing, bodies.PeersView),
    Route("GET", "explain", handlers.get_explain, bodies.PeerRequest, ExplainView),
    Route("GET", "ready", handlers.wait_ready, bodies.ReadyRequest, bodies.ReadyView),
    Route("GET", "events", handlers.get_events, bodies.EventsRequest, EventView, stream=True),
    Route("GET", "config", handlers.get_config, bodies.Nothing, bodies.ConfigView),
    Route("GET", "metrics", handlers.get_metrics, bodies.Nothing, str),
    Route("POST", "connect", handlers.connect, bodies.PeerRequest, bodies.ConnectView),
    Route("POST", "disconnect", handlers.disconnect, bodies.PeerRequest, bodies.EndedView),
    Route("POST", "ping", handlers.ping, bodies.PingRequest, PingReplyView, stream=True),
    Route("POST", "echo", handlers.echo, bodies.EchoRequest, bodies.EchoView),
    Route("POST", "ring", handlers.ring, bodies.PeerRequest, bodies.RingView),
    Route("POST", "down", handlers.down, bodies.Nothing, bodies.DownView),
    Route("GET", "friends", people.get_friends, bodies.Nothing, people.FriendsView),
    Route("POST", "friends/add", people.friend_add, people.AddRequest, people.FriendView),
    Route("POST", "friends/accept", people.friend_accept, bodies.PeerRequest, people.FriendView),
    Route("POST", "friends/decline", people.friend_decline, people.DeclineRequest, people.FriendView),
    Route("POST", "friends/withdraw", people.friend_withdraw, bodies.PeerRequest, people.FriendView),
    Route("POST", "friends/remove", people.friend_remove, bodies.PeerRequest, people.FriendView),
    Route("POST", "friends/block", people.friend_block, bodies.PeerRequest, people.FriendView),
    Route("POST", "friends/unblock", people.friend_unblock, bodies.PeerRequest, people.FriendView),
    Route("POST", "friends/label", people.friend_label, people.LabelRequest, people.FriendView),
    Route("POST", "friends/compared", people.friend_compared, people.ComparedRequest, people.FriendView),
    Route("GET", "friends/safety", people.get_safety, bodies.PeerRequest, people.SafetyView),
    Route("GET", "addresses", people.get_addresses, bodies.Nothing, people.AddressesView),
    Route("POST", "addresses/new", people.address_new, people.AddressRequest, people.AddressView),
    Route("POST", "addresses/rotate", people.address_rotate, people.AddressRequest, people.AddressView),
    Route("GET", "profile", people.get_profile, bodies.Nothing, people.ProfileView),
    Route("POST", "profile", people.profile_set, people.ProfileRequest, people.ProfileView, most=LARGE_REQUEST_BYTES),
    Route("POST", "presence", people.presence_set, people.PresenceRequest, people.ProfileView),
    Route("GET", "messages", chats.get_messages, chats.PageRequest, chats.MessagesView),
    Route("GET", "messages/one", chats.get_message, chats.MessageRequest, chats.MessageView),
    Route("POST", "messages/send", chats.message_send, chats.SendRequest, chats.MessageView, most=LARGE_REQUEST_BYTES),
    Route("POST", "messages/retry", chats.message_retry, chats.MessageRequest, chats.MessageView),
    Route("POST", "messages/delete", chats.message_delete, chats.MessageRequest, chats.CountView),
    Route("POST", "messages/read", chats.messages_read, chats.ReadRequest, chats.CountView),
    Route("POST", "messages/typing", chats.typing_tell, chats.TypingRequest, chats.CountView),
    Route("GET", "messages/search", chats.messages_search, chats.SearchRequest, chats.MessagesView),
    # Who may come in. What makes or ends long-lived tokens is the owner's alone: a session cannot outlive itself.
    Route(
        "POST", "session", entering.open_session, bodies.SessionRequest, bodies.SessionView, at=("tcp",), public=True
    ),
    Route("DELETE", "session", entering.close_session, bodies.Nothing, bodies.EndedView, at=("tcp",)),
    Route("POST", "tickets", entering.new_ticket, bodies.TicketRequest, bodies.TicketView, at=("tcp",)),
    Route("POST", "dashboard", entering.new_link, bodies.Nothing, bodies.DashboardView, at=("socket",)),
    Route("DELETE", "sessions", entering.close_sessions, bodies.Nothing, bodies.EndedView, at=("socket",)),
    Route("GET", "tokens", entering.get_tokens, bodies.Nothing, bodies.TokensView, at=("socket",)),
    Route("POST", "tokens", entering.new_token, bodies.ProgramRequest, bodies.NewTokenView, at=("socket",)),
    Route("DELETE", "tokens", entering.revoke_token, bodies.ProgramRequest, bodies.EndedView, at=("socket",)),
)

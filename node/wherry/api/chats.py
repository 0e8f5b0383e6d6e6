"""Messages in the local API: what is asked, what is answered, and by whom."""

from __future__ import annotations

import base64
from typing import Annotated, Literal

from msgspec import Meta

from ..errors import BadRequest
from ..messages.failures import failure_of as error_of_reason
from ..messages.limits import LIFETIME_S
from ..messages.message_store import Message
from ..views import View, rfc3339
from . import limits
from .bodies import ErrorView, PeerRequest, Request
from .handlers import Context
from .people import from_base64
from .problems import failure_of

StateWord = Literal["queued", "held", "delivered", "read", "failed"]
Id = Annotated[str, Meta(pattern="^[0-9a-f]{32}$", description="A message's id, in hexadecimal digits.")]
Number = Annotated[int, Meta(ge=1, lt=2**53)]


class PageRequest(Request, frozen=True, kw_only=True):
    """Whose messages (everybody's, if nobody's), before or after which number, and how many."""

    peer: Annotated[str, Meta(max_length=limits.PEER_CHARACTERS)] = ""
    before: Number | None = None
    after: Annotated[int, Meta(ge=0, lt=2**53)] | None = None
    limit: Annotated[int, Meta(ge=1, le=limits.PAGE_MESSAGES)] = 50


class SendRequest(PeerRequest, frozen=True, kw_only=True):
    """Whom to write what: text, or bytes in base64; and which message it answers."""

    text: Annotated[str, Meta(max_length=limits.TEXT_CHARACTERS)] = ""
    data: Annotated[str, Meta(max_length=limits.TEXT_CHARACTERS * 2)] = ""
    reply_to: Id | None = None


class MessageRequest(PeerRequest, frozen=True, kw_only=True):
    """Which message, of which contact's."""

    id: Id


class ReadRequest(PeerRequest, frozen=True, kw_only=True):
    """Whose messages were read: all, or up to a number."""

    through: Number | None = None


class TypingRequest(PeerRequest, frozen=True, kw_only=True):
    """To whom our person is writing, or has stopped."""

    typing: bool = True


class SearchRequest(Request, frozen=True, kw_only=True):
    """What to look for, and with whom, if not everybody."""

    text: Annotated[str, Meta(min_length=1, max_length=limits.PEER_CHARACTERS)]
    peer: Annotated[str, Meta(max_length=limits.PEER_CHARACTERS)] = ""
    before: Number | None = None
    limit: Annotated[int, Meta(ge=1, le=limits.PAGE_MESSAGES)] = 50


class MessageView(View, frozen=True, kw_only=True, rename={"from_": "from"}):
    """One message, as `messages --json` says it.

    :param number: its place in this node's history.
    :param at: when it was written, as its writer says; `kept` when it came here.
    :param held: in how many mailboxes it waits; `until` when it waits at most.
    :param reason: why it failed, or why it still waits.
    """

    v: int = 1
    id: str
    from_: str
    to: str
    text: str
    state: StateWord
    number: int
    peer: str
    ours: bool
    at: str
    kept: str
    data: str | None = None
    reply_to: str | None = None
    held: int = 0
    until: str | None = None
    reason: ErrorView | None = None


class MessagesView(View, frozen=True, kw_only=True):
    """A page, in order."""

    v: int = 1
    messages: list[MessageView]


class CountView(View, frozen=True, kw_only=True):
    """How many."""

    v: int = 1
    count: int


async def get_messages(context: Context, request: PageRequest) -> MessagesView:
    """Messages in their order: with one contact, or with all."""
    node = context.node
    peer = node.resolve(request.peer) if request.peer else None
    page = node.messages.page(peer, before=request.before, after=request.after, limit=request.limit)
    return MessagesView(messages=[view_of(context, one) for one in page])


async def get_message(context: Context, request: MessageRequest) -> MessageView:
    """One message."""
    return view_of(context, context.node.messages.get(context.node.resolve(request.peer), bytes.fromhex(request.id)))


async def message_send(context: Context, request: SendRequest) -> MessageView:
    """Write to a peer, whether it is there or not; answers as soon as the message is kept."""
    if request.text and request.data:
        raise BadRequest("either text or data is sent", hint="Give one of the two.")
    content = request.text or from_base64(request.data)
    reply_to = None if request.reply_to is None else bytes.fromhex(request.reply_to)
    peer = context.node.resolve(request.peer)
    return view_of(context, context.node.messages.send(peer, content, reply_to=reply_to))


async def message_retry(context: Context, request: MessageRequest) -> MessageView:
    """Write a failed message once more."""
    peer = context.node.resolve(request.peer)
    return view_of(context, context.node.messages.retry(peer, bytes.fromhex(request.id)))


async def message_delete(context: Context, request: MessageRequest) -> CountView:
    """Keep a message no longer; one that is under way is taken back as far as that goes."""
    context.node.messages.delete(context.node.resolve(request.peer), bytes.fromhex(request.id))
    return CountView(count=1)


async def messages_read(context: Context, request: ReadRequest) -> CountView:
    """Our person has read a contact's messages."""
    peer = context.node.resolve(request.peer)
    return CountView(count=context.node.messages.mark_read(peer, request.through))


async def typing_tell(context: Context, request: TypingRequest) -> CountView:
    """Tell a friend who is connected that our person is writing."""
    context.node.messages.type(context.node.resolve(request.peer), request.typing)
    return CountView(count=1)


async def messages_search(context: Context, request: SearchRequest) -> MessagesView:
    """Messages with all these words, the newest first."""
    peer = context.node.resolve(request.peer) if request.peer else None
    found = await context.node.messages.search(request.text, peer, before=request.before, limit=request.limit)
    return MessagesView(messages=[view_of(context, one) for one in found])


def view_of(context: Context, one: Message) -> MessageView:
    """A message as it is shown."""
    me, peer = str(context.node.id), str(one.peer)
    waits = one.ours and not one.state.settled
    return MessageView(
        id=one.id.hex(),
        from_=me if one.ours else peer,
        to=peer if one.ours else me,
        text=one.content if isinstance(one.content, str) else "",
        state=one.state.word,  # type: ignore[arg-type]
        number=one.number,
        peer=peer,
        ours=one.ours,
        at=rfc3339(one.sent / 1000),
        kept=rfc3339(one.kept / 1000),
        data=None if isinstance(one.content, str) else base64.b64encode(one.content).decode(),
        reply_to=None if one.reply_to is None else one.reply_to.hex(),
        held=one.held,
        until=rfc3339(one.sent / 1000 + LIFETIME_S) if waits else None,
        reason=_reason(context, one, waits=waits),
    )


def _reason(context: Context, one: Message, *, waits: bool) -> ErrorView | None:
    """Why it failed; of one that waits, why a peer that is there does not take it."""
    error = context.node.trouble_of(one.peer) if waits else None
    if one.reason is not None:
        return failure_of(error_of_reason(one.reason, one.peer)).error
    return None if error is None else failure_of(error).error

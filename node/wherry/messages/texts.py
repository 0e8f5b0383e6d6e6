"""The bodies of messages and of what is said about them. A core.

::

    text    [sent ms, reply to (id 16 │ empty), text]          read    [[id 16, ≤ 256]]
    bytes   [sent ms, reply to (id 16 │ empty), data]          typing  [is typing]

`sent` lies before the year 10000. A text is kept as it was written; whoever shows it sees to what a terminal or a page
makes of it.
"""

from __future__ import annotations

from typing import Annotated, Final

import msgspec

from wherry_signaling.errors import Malformed
from wherry_signaling.packing import unpack

from .limits import MESSAGE_BYTES
from .packets import Id, Kind

#: Ids of one read receipt: more are told in several.
READ_IDS: Final = 256
ID_BYTES: Final = 16
#: Milliseconds since 1970 at which a message was written at the latest: the last of the year 9999. What is later has no
#: form in RFC 3339, which is how the local API says it, and a computer's calendar ends soon after.
LATEST_MS: Final = 253_402_300_799_999

Sent = Annotated[int, msgspec.Meta(ge=0, le=LATEST_MS)]


class Text(msgspec.Struct, array_like=True, frozen=True):
    """Something written."""

    sent: Sent
    reply_to: bytes
    content: str


class Data(msgspec.Struct, array_like=True, frozen=True):
    """Bytes of an application's."""

    sent: Sent
    reply_to: bytes
    content: bytes


class Read(msgspec.Struct, array_like=True, frozen=True):
    """These were seen."""

    ids: Annotated[list[Id], msgspec.Meta(max_length=READ_IDS)]


class Typing(msgspec.Struct, array_like=True, frozen=True):
    """Somebody is writing, or has stopped."""

    typing: bool


_text = msgspec.msgpack.Decoder(Text)
_data = msgspec.msgpack.Decoder(Data)
_read = msgspec.msgpack.Decoder(Read)
_typing = msgspec.msgpack.Decoder(Typing)


def encode(body: Text | Data | Read | Typing) -> bytes:
    """The body's bytes."""
    return msgspec.msgpack.encode(body)


def decode_content(kind: int, body: bytes) -> Text | Data:
    """A message.

    :raises Malformed: if it is none.
    """
    content = unpack(_text, body, "no text") if kind == Kind.TEXT else unpack(_data, body, "no bytes")
    if len(content.reply_to) not in (0, ID_BYTES):
        raise Malformed("a message that answers no id")
    if size_of(content.content) > MESSAGE_BYTES:
        raise Malformed("a message that is too large")
    return content


def decode_read(body: bytes) -> list[bytes]:
    """The ids of messages that were seen.

    :raises Malformed: if it is no receipt.
    """
    return unpack(_read, body, "no read receipt").ids


def decode_typing(body: bytes) -> bool:
    """Whether somebody is writing.

    :raises Malformed: if it does not say.
    """
    return unpack(_typing, body, "no typing notice").typing


def size_of(content: str | bytes) -> int:
    """Bytes of a message's content."""
    return len(content.encode("utf-8") if isinstance(content, str) else content)

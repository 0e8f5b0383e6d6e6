"""What is said about a friendship, and what people say of themselves: the bodies of those items. A core.

::

    request   [nospam 8, name, hello ≤ 1 KiB]
    accept    [name, id of the request that it accepts]
    decline   [reason, id of the request]
    withdraw  []
    remove    [id of the request or acceptance that it ends]
    profile   [name ≤ 80 characters, description ≤ 400, avatar ≤ 64 KiB, its media type]
    presence  [0 offline │ 1 online │ 2 away │ 3 busy]

Where an id is missing, the word that stands is meant. Names and reasons are cleaned to one line that can be shown; what
is too long is refused, for then the other side is no Wherry. An avatar that is no picture is dropped: the rest of the
profile is as good without it.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Annotated, TypeVar

import msgspec

from wherry_signaling.address import NOSPAM_BYTES
from wherry_signaling.errors import Malformed
from wherry_signaling.packing import Decoder, unpack

from ..errors import AvatarRefused
from ..messages.packets import Id, Kind
from .images import image_type
from .limits import DESCRIPTION_CHARACTERS, HELLO_BYTES, NAME_CHARACTERS, REASON_CHARACTERS

Name = Annotated[str, msgspec.Meta(max_length=NAME_CHARACTERS)]


class Presence(IntEnum):
    """Whether somebody is there to talk."""

    OFFLINE = 0
    ONLINE = 1
    AWAY = 2
    BUSY = 3


class Body(msgspec.Struct, array_like=True, frozen=True):
    """Any of them."""


class Request(Body, frozen=True):
    """May we be friends?"""

    nospam: Annotated[bytes, msgspec.Meta(min_length=NOSPAM_BYTES, max_length=NOSPAM_BYTES)]
    name: Name
    hello: Annotated[str, msgspec.Meta(max_length=HELLO_BYTES)]

    def __repr__(self) -> str:
        return f"<Request of {self.name!r}>"  # without the word in an address of ours


class Accept(Body, frozen=True):
    """Yes."""

    name: Name
    about: Id | None = None


class Decline(Body, frozen=True):
    """No. The reason is what the person typed, if anything."""

    reason: Annotated[str, msgspec.Meta(max_length=REASON_CHARACTERS)] | int = ""
    about: Id | None = None


class Withdraw(Body, frozen=True):
    """Never mind."""


class Remove(Body, frozen=True):
    """No longer."""

    about: Id | None = None


class Profile(Body, frozen=True):
    """What somebody says of himself. `avatar` is empty, or a picture of the type `avatar_type`."""

    name: Name = ""
    description: Annotated[str, msgspec.Meta(max_length=DESCRIPTION_CHARACTERS)] = ""
    avatar: bytes = b""
    avatar_type: Annotated[str, msgspec.Meta(max_length=40)] = ""


class Status(Body, frozen=True):
    """Presence, whispered."""

    status: Annotated[int, msgspec.Meta(ge=0, le=255)]


Word = Request | Accept | Decline | Withdraw | Remove
_WORDS: dict[int, Decoder[Word]] = {
    Kind.REQUEST: msgspec.msgpack.Decoder(Request),
    Kind.ACCEPT: msgspec.msgpack.Decoder(Accept),
    Kind.DECLINE: msgspec.msgpack.Decoder(Decline),
    Kind.WITHDRAW: msgspec.msgpack.Decoder(Withdraw),
    Kind.REMOVE: msgspec.msgpack.Decoder(Remove),
}
_profile = msgspec.msgpack.Decoder(Profile)
_status = msgspec.msgpack.Decoder(Status)
B = TypeVar("B", bound=Body)


def encode(body: Body) -> bytes:
    """The body's bytes."""
    return msgspec.msgpack.encode(body)


def decode_word(kind: int, data: bytes) -> Word:
    """What is said about a friendship; text in it can be shown.

    :raises Malformed: if it is not what an item of that kind holds.
    """
    word = unpack(_WORDS[kind], data, "no word about a friendship")
    match word:
        case Request():
            if len(word.hello.encode()) > HELLO_BYTES:
                raise Malformed("a hello that is too long")
            return msgspec.structs.replace(word, name=one_line(word.name), hello=paragraph(word.hello))
        case Accept():
            return msgspec.structs.replace(word, name=one_line(word.name))
        case Decline():
            return msgspec.structs.replace(word, reason=one_line(word.reason) if isinstance(word.reason, str) else "")
        case _:
            return word


def decode_profile(data: bytes) -> Profile:
    """A profile that can be shown.

    :raises Malformed: if it is none.
    """
    profile = unpack(_profile, data, "no profile")
    try:
        avatar_type = image_type(profile.avatar) if profile.avatar else ""
    except AvatarRefused:
        avatar_type = ""
    return Profile(
        name=one_line(profile.name),
        description=paragraph(profile.description),
        avatar=profile.avatar if avatar_type else b"",
        avatar_type=avatar_type,
    )


def decode_presence(data: bytes) -> Presence:
    """A presence; one that a later version has is taken for `ONLINE`.

    :raises Malformed: if it is none.
    """
    status = unpack(_status, data, "no presence").status
    return Presence(status) if status in set(Presence) else Presence.ONLINE


def one_line(text: str) -> str:
    """`text` as one line that can be shown."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def paragraph(text: str) -> str:
    """`text` with its line breaks and what joins an emoji's parts, and nothing else that cannot be shown."""
    return "".join(c if c.isprintable() or c in _JOINERS else " " for c in text).strip()


#: Line break; zero-width non-joiner (Persian needs it) and joiner (families of emoji).
_JOINERS = "\n\u200c\u200d"

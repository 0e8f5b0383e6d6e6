"""What an invitation and its reply say. A core.

::

    invite   [name ≤ 80 characters, data ≤ 8 KiB]                                  the item's id is the invitation's
    reply    [invitation's id 16, status, reason ≤ 200 characters, data ≤ 8 KiB]

Statuses 0 to 63 are Wherry's, from 64 on they are the application's own. A reason is cleaned to one line that can be
shown.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Annotated, Final

import msgspec

from wherry_signaling.errors import Malformed, RemoteError
from wherry_signaling.identity import PeerId
from wherry_signaling.packing import unpack

from ..errors import BadRequest, RefusedByPeer, RequestDeclined, Unsupported
from ..friends.bodies import one_line
from ..messages.packets import Id, Small
from .limits import DATA_BYTES, NAME_CHARACTERS, REASON_CHARACTERS

Data = Annotated[bytes, msgspec.Meta(max_length=DATA_BYTES)]


class Status(IntEnum):
    """What was answered."""

    OK = 0
    #: The person, or the program, said no.
    DECLINED = 1
    #: Nobody there answers to that name.
    UNSUPPORTED = 2
    #: It was tried, and something went wrong.
    FAILED = 3
    #: The first one that is an application's own.
    APPLICATION = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An answer.

    :param status: a `Status`, or an application's number from 64 to 255.
    :param reason: one line for a person, 200 characters at most.
    :param data: 8 KiB at most.
    """

    status: int = Status.OK
    reason: str = ""
    data: bytes = b""

    @property
    def ok(self) -> bool:
        """Whether it is a yes."""
        return self.status == Status.OK

    def failure(self, peer: PeerId) -> RemoteError:
        """The error that says to people and programs why it is no yes; not raised."""
        error = _ERRORS.get(self.status, RefusedByPeer)
        return error(self.reason or f"status {self.status}", peer=str(peer))


_ERRORS: Final[dict[int, type[RemoteError]]] = {
    Status.DECLINED: RequestDeclined,
    Status.UNSUPPORTED: Unsupported,
    Status.FAILED: RefusedByPeer,
}


class Invite(msgspec.Struct, array_like=True, frozen=True):
    """Will you?"""

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=NAME_CHARACTERS)]
    data: Data = b""


class InviteReply(msgspec.Struct, array_like=True, frozen=True):
    """What became of it."""

    invitation: Id
    status: Small
    reason: Annotated[str, msgspec.Meta(max_length=REASON_CHARACTERS)] = ""
    data: Data = b""


_invite = msgspec.msgpack.Decoder(Invite)
_reply = msgspec.msgpack.Decoder(InviteReply)


def check_name(name: str) -> str:
    """The name, if it is one.

    :raises BadRequest: if it is empty, too long, or cannot be shown.
    """
    if not 1 <= len(name) <= NAME_CHARACTERS or not name.isprintable():
        raise BadRequest(f"{name!r} is no invitation's name", hint=f"Take 1 to {NAME_CHARACTERS} printable characters.")
    return name


def encode_invite(name: str, data: bytes) -> bytes:
    """An invitation's bytes.

    :raises BadRequest: if the name is none, or the data too large.
    """
    return msgspec.msgpack.encode(Invite(check_name(name), _small(data)))


def decode_invite(body: bytes) -> Invite:
    """The invitation that `body` is.

    :raises Malformed: if it is none.
    """
    invite = unpack(_invite, body, "no invitation")
    if not invite.name.isprintable():
        raise Malformed("an invitation under a name that cannot be shown")
    return invite


def encode_reply(invitation: bytes, reply: Reply) -> bytes:
    """A reply's bytes; a reason that is too long is cut.

    :raises BadRequest: if its status is none, or its data too large.
    """
    if not 0 <= reply.status <= 255:
        raise BadRequest(f"{reply.status} is no status", hint="Take 0 to 255.")
    reason = one_line(reply.reason)[:REASON_CHARACTERS]
    return msgspec.msgpack.encode(InviteReply(invitation, int(reply.status), reason, _small(reply.data)))


def decode_reply(body: bytes) -> tuple[bytes, Reply]:
    """The id of the invitation that `body` answers, and the answer.

    :raises Malformed: if it is none.
    """
    reply = unpack(_reply, body, "no reply to an invitation")
    return reply.invitation, Reply(status=reply.status, reason=one_line(reply.reason), data=reply.data)


def _small(data: bytes) -> bytes:
    if len(data) > DATA_BYTES:
        hint = "Put the rest into a stream or a file."
        raise BadRequest(f"{len(data)} bytes of data; {DATA_BYTES} is the most", hint=hint)
    return data

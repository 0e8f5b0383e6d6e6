"""Why something that we sent was not taken, as the error that says so to people and programs."""

from __future__ import annotations

from typing import Final

from wherry_signaling.errors import RemoteError
from wherry_signaling.identity import PeerId

from ..errors import (
    MessageExpired,
    MessageWithdrawn,
    OldAddress,
    PeerFull,
    RefusedByPeer,
    RequestDeclined,
    Unsupported,
    VersionMismatch,
)
from .packets import Reason

#: Not the word of a void: the person behind the peer said no.
DECLINED: Final = 0

_ERRORS: Final[dict[int, type[RemoteError]]] = {
    DECLINED: RequestDeclined,
    Reason.EXPIRED: MessageExpired,
    Reason.REFUSED: RefusedByPeer,
    Reason.OLD_ADDRESS: OldAddress,
    Reason.FULL: PeerFull,
    Reason.MALFORMED: VersionMismatch,
    Reason.WITHDRAWN: MessageWithdrawn,
    Reason.UNSUPPORTED: Unsupported,
}


def failure_of(reason: int, peer: PeerId, detail: str = "") -> RemoteError:
    """The error that a void's reason stands for; not raised. A reason of a later version is a refusal.

    :param detail: what the other side said to it.
    """
    return _ERRORS.get(reason, RefusedByPeer)(detail, peer=str(peer))

"""Codes in RESET, STOP and CLOSE frames, and the errors they stand for.

Below 2^31 a code is the application's own and comes out as `StreamReset.reason`. From 2^31 on it is an error of
`wherry.errors` by its `wire` number, the same in every language.
"""

from __future__ import annotations

from typing import Final

from wherry.errors import (
    ConnectionLost,
    FlowViolation,
    LimitExceeded,
    PeerBanned,
    PeerClosed,
    PeerRestarted,
    PolicyRefused,
    ProtocolViolation,
    RefusedByPeer,
    RemoteError,
    StreamRefused,
    StreamReset,
    Unsupported,
    WherryError,
)

#: The first code that is not the application's.
RESERVED: Final = 1 << 31
#: No error: closed in good order.
DONE: Final = 0

_ERRORS: Final[dict[int, type[RemoteError]]] = {
    error.wire: error
    for error in (
        ConnectionLost,
        FlowViolation,
        LimitExceeded,
        PeerClosed,
        PeerRestarted,
        ProtocolViolation,
        StreamRefused,
        StreamReset,
        Unsupported,
    )
    if error.wire is not None
}
#: What a peer says of its own policy reads here as its refusal.
_REFUSALS: Final = {PolicyRefused.wire, PeerBanned.wire, RefusedByPeer.wire}


def code_for(error: type[RemoteError]) -> int:
    """The code that stands for `error`."""
    if error.wire is None:
        raise ValueError(f"{error.code} has no number on the wire")
    return RESERVED + error.wire


def code_of(error: WherryError) -> int:
    """The code by which the other side learns of `error`: `DONE` where it is nothing that it could be told."""
    if isinstance(error, StreamReset):
        return error.reason
    return DONE if error.wire is None else RESERVED + error.wire


def error_for(code: int, *, what: str = "") -> RemoteError:
    """The error that a stream ends with when `code` came in a RESET or STOP."""
    if code < RESERVED:
        return StreamReset(what or f"code {code}", reason=code)
    wire = code - RESERVED
    if wire in _REFUSALS:
        return RefusedByPeer(what)
    found = _ERRORS.get(wire)
    if found is None or found is StreamReset:
        return StreamReset(what or f"code {code}", reason=code)
    return found(what)

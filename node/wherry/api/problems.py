"""Errors on their way through JSON and back: by their code, so that a client raises what the node raised."""

from __future__ import annotations

from typing import Final

from wherry_signaling import errors as signaling_errors
from wherry_signaling.errors import WherryError

from .. import errors as node_errors
from .bodies import ErrorView, Failure

#: HTTP's status for errors that HTTP has a word for.
_OWN_STATUS: Final[dict[type[WherryError], int]] = {
    node_errors.NoSession: 401,
    node_errors.WrongHost: 421,
    node_errors.TooManyTries: 429,
}
#: For all others, by the exit code of the command line: 422 is what has the right shape and means nothing here.
_STATUS: Final = {2: 422, 3: 503, 4: 404, 5: 504, 6: 403}


def status_of(error: WherryError) -> int:
    """The fitting HTTP status; 502 where the other side failed, 500 where we did."""
    own = _OWN_STATUS.get(type(error))
    return own or _STATUS.get(error.exit, 502 if error.side == "remote" else 500)


def failure_of(error: WherryError) -> Failure:
    """The error as JSON has it."""
    message = f"{error.text}: {error.detail}" if error.detail else error.text
    return Failure(error=ErrorView(code=error.code, message=message, hint=error.hint, peer=error.peer))


def error_of(failure: Failure) -> WherryError:
    """The error that `failure` is about; of a code that a newer node brought, one that says the same."""
    view = failure.error
    kind = KINDS.get(view.code)
    if kind is None:
        kind = type("UnknownError", (WherryError,), {"code": view.code, "text": view.message})
    detail = view.message.removeprefix(kind.text).removeprefix(": ")
    return kind(detail, hint=view.hint, peer=view.peer)


#: Every error that has a code, by it.
KINDS: Final[dict[str, type[WherryError]]] = {
    kind.code: kind
    for module in (signaling_errors, node_errors)
    for kind in vars(module).values()
    if isinstance(kind, type) and issubclass(kind, WherryError)
}

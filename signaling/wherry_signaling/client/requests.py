"""Requests that are under way on one socket, by number, each until its answer, its time limit or the socket's end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

from .. import wire, wire_mailbox
from ..errors import DeliveryFailed, EndpointTimeout, Malformed, NoReservation, Quota, RemoteError
from ..limits import REQUEST_S
from ..link import Link
from ..wire import Status
from ..wire_fields import Frame

R = TypeVar("R", bound=Frame)

#: A frame that answers a request.
Reply = (
    wire.Result
    | wire.Registered
    | wire.Found
    | wire.Others
    | wire.Pong
    | wire_mailbox.Leased
    | wire_mailbox.Collected
    | wire_mailbox.Prekey
)

_ERRORS: dict[int, type[RemoteError]] = {
    Status.QUOTA: Quota,
    Status.FAILED: DeliveryFailed,
    Status.NO_RESERVATION: NoReservation,
    Status.MALFORMED: Malformed,
}


class Requests:
    """The requests of one link.

    :ivar lost: why the link has ended; None while it is open.
    """

    def __init__(self, link: Link) -> None:
        self._link = link
        self._pending: dict[int, asyncio.Future[Reply]] = {}
        self._number = 0
        self.lost: RemoteError | None = None

    def __len__(self) -> int:
        return len(self._pending)

    def number(self) -> int:
        """The next number, for a frame whose answer nobody waits for."""
        self._number += 1
        return self._number

    async def ask(self, make: Callable[[int], wire.AnyFrame], reply: type[R], seconds: float = REQUEST_S) -> R:
        """Send the frame that `make` makes of a number, and wait for its answer, a `reply`.

        :raises RemoteError: what a result says that is not 100, as the error of its status.
        :raises Malformed: if the answer is of another kind.
        :raises EndpointTimeout: if none comes within `seconds`.
        :raises EndpointLost: if the socket ends, or has ended.
        """
        if self.lost is not None:
            raise _copy(self.lost)
        number = self.number()
        future = self._pending[number] = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.timeout(seconds):
                await self._link.room()
                self._link.post(make(number), always=True)
                frame = await future
        except TimeoutError as error:
            raise EndpointTimeout(f"no answer within {seconds:.0f} s") from error
        finally:
            del self._pending[number]
        if isinstance(frame, wire.Result) and frame.status != Status.OK:
            raise _ERRORS.get(frame.status, DeliveryFailed)(frame.text)
        if not isinstance(frame, reply):
            raise Malformed(f"a {type(frame).__name__.lower()} as answer")
        return frame

    def answered(self, frame: Reply) -> None:
        """An answer has come; one that nobody waits for any more is dropped."""
        future = self._pending.get(frame.id)
        if future is not None and not future.done():
            future.set_result(frame)

    def end(self, why: RemoteError) -> None:
        """The socket has ended: whoever waits hears why, and whoever asks from now on."""
        self.lost = self.lost or why
        for future in self._pending.values():
            if not future.done():
                future.set_exception(_copy(self.lost))


def _copy(error: RemoteError) -> RemoteError:
    """Each waiter gets an exception of its own: one object raised in many tasks would collect their tracebacks."""
    return type(error)(error.detail, hint=error.hint, peer=error.peer)

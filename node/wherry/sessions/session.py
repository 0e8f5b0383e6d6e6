"""One session: its streams, and their common end."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from types import TracebackType

from wherry_signaling.errors import Closed, WherryError
from wherry_signaling.identity import PeerId

from ..connection import Datagrams, Flow, Stream, codes
from ..errors import ConnectionLost, ProtocolViolation, StreamClosed, StreamReset
from .limits import CLOSE_S

log = logging.getLogger(__name__)


class Session:
    """Several streams of either kind with one peer; an async context manager.

    ::

        async with session:
            await session.stream("control").write(b"mute")
            session.datagrams("audio").send(frame)

    Leaving the block in good order finishes every stream, waits until the peer has everything, and ends the session
    there too: reading comes to the end of what was sent. Leaving it with an exception, and one stream that fails, ends
    all streams at both ends at once, with that error.

    :ivar peer: with whom.
    :ivar name: what was asked for.
    :ivar data: what the other side said with its request, or its acceptance.
    :ivar streams: by name.
    :ivar error: why it ended before its time, if it did.
    """

    def __init__(self, peer: PeerId, name: str, data: bytes, *, streams: Mapping[str, Flow], control: Stream) -> None:
        self.peer, self.name, self.data, self.streams = peer, name, data, streams
        self.error: WherryError | None = None
        self._control = control
        self._closing = False
        self._over = asyncio.Event()
        self._left = asyncio.Event()

    def __repr__(self) -> str:
        state = "over" if self._over.is_set() else "open"
        return f"<Session {self.name} with {self.peer.short}, {len(self.streams)} streams, {state}>"

    def stream(self, name: str) -> Stream:
        """The reliable stream of that name.

        :raises KeyError: if there is none.
        """
        flow = self.streams[name]
        if not isinstance(flow, Stream):
            raise KeyError(f"{name} is a flow of datagrams")
        return flow

    def datagrams(self, name: str) -> Datagrams:
        """The flow of datagrams of that name.

        :raises KeyError: if there is none.
        """
        flow = self.streams[name]
        if not isinstance(flow, Datagrams):
            raise KeyError(f"{name} is a reliable stream")
        return flow

    @property
    def over(self) -> bool:
        """Whether it has ended, well or not, at either end."""
        return self._over.is_set()

    async def ended(self) -> WherryError | None:
        """Wait until it has ended at either end; returns the error, if it ended before its time."""
        await self._over.wait()
        return self.error

    async def close(self) -> None:
        """End it in good order: what was written arrives, nothing more is read. Harmless when it has ended."""
        if self._closing or self.error is not None:
            return
        self._closing = True
        try:
            async with asyncio.timeout(CLOSE_S):
                await asyncio.gather(*(_leave(flow) for flow in self.streams.values()))
                await _leave(self._control)
        except TimeoutError:
            self.fail(ConnectionLost("the peer does not take the end of the session", peer=str(self.peer)))
        except asyncio.CancelledError:
            self.fail(Closed("the session"))
            raise
        self._over.set()
        self._left.set()

    def fail(self, error: WherryError) -> None:
        """End all streams now, at both ends; whoever reads or writes here hears `error`."""
        if self.error is not None:
            return
        self.error = error
        for flow in (*self.streams.values(), self._control):
            flow.fail(error)
        self._over.set()
        self._left.set()

    async def __aenter__(self) -> Session:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        if kind is None:
            await self.close()
        else:
            self.fail(error if isinstance(error, WherryError) else Closed("the session"))

    # -- from the sessions' owner -------------------------------------------------------------------------------------

    async def left(self) -> None:
        """Wait until it was closed or failed at this end: until then what came can be read."""
        await self._left.wait()

    async def watch(self) -> None:
        """See to it that the end of one is the end of all; returns when every stream has ended."""
        async with asyncio.TaskGroup() as group:
            for flow in self.streams.values():
                group.create_task(self._watch(flow))
            group.create_task(self._watch_control())

    async def _watch(self, flow: Flow) -> None:
        error = await flow.ended()
        if error is not None and not isinstance(error, StreamClosed) and not _in_order(error):
            self.fail(error)

    async def _watch_control(self) -> None:
        try:
            said = await self._control.read()
        except WherryError as error:
            if not self._closing:
                self.fail(error)
            return
        if said:
            self.fail(ProtocolViolation("something was said after a session's start", peer=str(self.peer)))
            return
        # The peer has ended it in good order. What it sent can still be read; there is nobody to write to.
        for flow in self.streams.values():
            if isinstance(flow, Stream):
                await _finish(flow)
            elif isinstance(flow, Datagrams):
                flow.close()
        await _finish(self._control)
        self._over.set()


def _in_order(error: WherryError) -> bool:
    """Whether a stream was reset as a flow of datagrams is closed."""
    return isinstance(error, StreamReset) and error.reason == codes.DONE


async def _leave(flow: Flow) -> None:
    """Finish a stream and wait until the peer has it all; close a flow."""
    try:
        async with flow:
            pass
    except WherryError as error:
        log.debug("%r ended before its end: %s", flow, error.code)


async def _finish(stream: Stream) -> None:
    try:
        await stream.finish()
    except WherryError as error:
        log.debug("%r ended before its end: %s", stream, error.code)

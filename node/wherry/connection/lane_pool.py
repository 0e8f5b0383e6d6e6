"""Which lane of a link carries which stream."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from functools import partial

from wherry.connection.frames import Frame, Kind
from wherry.connection.limits import DATAGRAM_BUFFER_BYTES, MAX_IDLE_LANES
from wherry.connection.link import Lane, LaneKind, Link
from wherry.errors import ConnectionLost
from wherry_signaling.tasks import Tasks

_STREAM = slice(4, 8)  # where a frame's stream id stands


class LanePool:
    """The lanes of one link, but channel 0.

    A stream goes out on the lane on which its frames come in, else on one that this side opened: an idle one, or a new
    one. Only its opener uses an idle lane again, so two streams never meet on one.

    :param received: takes each message with the kind of its lane.
    :param ready: is called when a lane that was asked for is open.
    :param broken: is called when a lane closes under a stream: the link is of no use.
    :param is_open: whether a stream of that number is open.
    """

    def __init__(
        self,
        link: Link,
        tasks: Tasks,
        *,
        received: Callable[[LaneKind, bytes], None],
        ready: Callable[[], None],
        broken: Callable[[], None],
        is_open: Callable[[int], bool],
    ) -> None:
        self._link, self._tasks = link, tasks
        self._received, self._ready, self._broken, self._is_open = received, ready, broken, is_open
        self._lanes: dict[int, Lane] = {}
        self._own: set[Lane] = set()
        self._idle: list[Lane] = []
        self._surplus: deque[tuple[int, Lane]] = deque()
        self._opening: set[int] = set()
        self._datagrams: Lane | None = None
        #: Datagrams that wait for their lane to open, which is a matter of one round trip.
        self._early: list[bytes] = []

    @property
    def idle(self) -> int:
        """Lanes that wait for a stream."""
        return len(self._idle)

    def take_over(self) -> None:
        """Begin to take what comes."""
        self._link.control.on_message = partial(self._received, LaneKind.CONTROL)
        self._link.on_lane = self._arrived

    # -- streams ------------------------------------------------------------------------------------------------------

    def is_ready(self, stream: int) -> bool:
        """Whether `stream` has a lane that is open; if not, one is on its way."""
        if stream in self._lanes:
            return True
        if self._idle:
            self._lanes[stream] = self._idle.pop()
            return True
        if stream not in self._opening:
            self._opening.add(stream)
            self._tasks.start(self._open(stream), "open a lane")
        return False

    def send(self, stream: int, frame: bytes) -> None:
        """Send on the lane of a stream that is ready."""
        self._lanes[stream].send(frame)

    def release(self, stream: int, heartbeat: int) -> None:
        """`stream` is over: its lane is free.

        :param heartbeat: the number whose answer shows that the peer knows the stream to be over, too. Until then it
            may count on the lane, so one too many is not closed before.
        """
        lane = self._lanes.pop(stream, None)
        if lane is None or lane not in self._own:
            return
        if len(self._idle) < MAX_IDLE_LANES:
            self._idle.append(lane)
        else:
            self._surplus.append((heartbeat, lane))

    def _close(self, lane: Lane) -> None:
        self._own.discard(lane)
        lane.on_closed = _nothing
        lane.close()

    def answered(self, heartbeat: int) -> None:
        """The peer answered `heartbeat`: close the lanes that waited for it."""
        while self._surplus and self._surplus[0][0] <= heartbeat:
            self._close(self._surplus.popleft()[1])

    async def _open(self, stream: int) -> None:
        try:
            lane = await self._link.open_lane(reliable=True)
        except ConnectionLost:
            return  # the link tells its owner itself
        finally:
            self._opening.discard(stream)
        self._own.add(lane)
        self._watch(lane)
        if stream not in self._lanes and self._is_open(stream):
            self._lanes[stream] = lane
        elif len(self._idle) < MAX_IDLE_LANES:
            self._idle.append(lane)
        else:
            self._close(lane)  # nothing ever went over it
        self._ready()

    def _arrived(self, lane: Lane) -> None:
        self._watch(lane)
        if not lane.reliable:
            self._take_datagrams(lane)

    def _watch(self, lane: Lane) -> None:
        lane.on_closed = partial(self._closed, lane)
        lane.on_message = partial(self._message, lane) if lane.reliable else partial(self._received, LaneKind.DATAGRAM)

    def _message(self, lane: Lane, data: bytes) -> None:
        stream = int.from_bytes(data[_STREAM])
        self._lanes.setdefault(stream, lane)
        self._received(LaneKind.STREAM, data)
        if not self._is_open(stream):
            self._lanes.pop(stream, None)

    def _closed(self, lane: Lane) -> None:
        self._own.discard(lane)
        if lane is self._datagrams:
            self._datagrams = None
        elif lane in self._idle:
            self._idle.remove(lane)
        elif lane in self._lanes.values():
            self._broken()

    # -- datagrams ----------------------------------------------------------------------------------------------------

    def send_datagram(self, stream: int, sequence: int, data: bytes) -> bool:
        """Send a datagram; False if it was dropped."""
        frame, lane = Frame(Kind.DATAGRAM, stream, sequence, payload=data).encode(), self._datagrams
        waiting = sum(map(len, self._early)) if lane is None else lane.buffered
        if waiting + len(frame) > DATAGRAM_BUFFER_BYTES:
            return False
        if lane is None:
            self.prepare_datagrams()
            self._early.append(frame)
        else:
            lane.send(frame)
        return True

    def _take_datagrams(self, lane: Lane) -> None:
        """A lane for them is open; what was early goes first."""
        self._datagrams = self._datagrams or lane
        early, self._early = self._early, []
        for frame in early:
            self._datagrams.send(frame)

    def prepare_datagrams(self) -> None:
        """A flow was opened: have its lane open before the first datagram."""
        if self._datagrams is None and 0 not in self._opening:
            self._opening.add(0)
            self._tasks.start(self._open_datagrams(), "open the lane of datagrams")

    async def _open_datagrams(self) -> None:
        try:
            lane = await self._link.open_lane(reliable=False)
        except ConnectionLost:
            return
        finally:
            self._opening.discard(0)
        self._watch(lane)
        self._take_datagrams(lane)
        self._ready()


def _nothing() -> None:
    """A lane that we closed ourselves."""

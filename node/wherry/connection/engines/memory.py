"""An engine without a network: links in memory, with delays, rates, cuts and losses of whole links, from one seed.

::

    air = MemoryEngine(seed=7, delay_ms=(5, 40))
    alice, bob = air.create(), air.create()
    sdp = await alice.offer()
    await alice.accept(await bob.answer(sdp))
    await alice.opened()
    with air.silence():                     # nothing arrives, and nobody is told
        ...
    alice.cut()                             # the link is gone for both, at once

What a reliable lane was given arrives once and in order until the link is cut; then all that was under way is lost, as
it is with SCTP. All times are the loop's: on a virtual clock an hour takes no time.
"""

from __future__ import annotations

import asyncio
import json
import random
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from wherry.connection.engines.lanes import Inbox, ignore
from wherry.connection.limits import LINK_BUFFER_BYTES, MAX_PEER_LANES, MAX_SDP_BYTES
from wherry.connection.link import IceServer, Lane, LinkStats, any_address
from wherry.errors import ConnectionLost, IceFailed, NegotiationFailed, WherryError

#: Seconds between tries to deliver what a silent network holds back.
RETRY_S: Final = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Weather:
    """What a memory link does to what it carries.

    :param delay_ms: one way, uniform between the two; reliable lanes keep their order, and lanes overtake each other.
    :param loss: share of messages on unreliable lanes that never arrive.
    :param bytes_per_s: what goes out in a second; None is as fast as it is given.
    """

    delay_ms: tuple[float, float] = (1, 1)
    loss: float = 0.0
    bytes_per_s: float | None = None


class MemoryEngine:
    """Makes links that reach each other through this object alone."""

    name = "memory"

    def __init__(
        self,
        *,
        seed: int = 0,
        delay_ms: tuple[float, float] = (1, 1),
        loss: float = 0.0,
        bytes_per_s: float | None = None,
    ) -> None:
        self.random = random.Random(seed)
        self.weather = Weather(delay_ms=delay_ms, loss=loss, bytes_per_s=bytes_per_s)
        self.silent = False
        #: Whether two links can be joined at all; False is two peers without a path.
        self.path = True
        self.links: dict[str, MemoryLink] = {}

    def create(
        self,
        *,
        ice_servers: Sequence[IceServer] = (),
        candidate_filter: Callable[[str], bool] = any_address,
        remote_filter: Callable[[str], bool] = any_address,
    ) -> MemoryLink:
        """See `wherry.connection.link.Engine`; servers and filters change nothing here."""
        return MemoryLink(self)

    @contextmanager
    def silence(self) -> Iterator[None]:
        """Meanwhile nothing arrives, and no end is told: a cable that was pulled."""
        self.silent = True
        try:
            yield
        finally:
            self.silent = False

    def delay_s(self) -> float:
        """One way, drawn from the weather."""
        return self.random.uniform(*self.weather.delay_ms) / 1000


class MemoryLane:
    """One end of a lane."""

    def __init__(self, link: MemoryLink, number: int, *, reliable: bool) -> None:
        self.reliable = reliable
        self.number = number
        self.on_closed: Callable[[], None] = ignore
        self.buffered = 0
        self._link = link
        self._closed = False
        self._inbox = Inbox[bytes](len, link.fail)
        self._last_arrival = 0.0
        #: What is under way to the other end, oldest first; None is the lane's closing. Timers may tie, order may not.
        self.under_way: deque[bytes | None] = deque()

    @property
    def on_message(self) -> Callable[[bytes], None]:
        """Who gets the messages."""
        return self._inbox.receiver

    @on_message.setter
    def on_message(self, receiver: Callable[[bytes], None]) -> None:
        self._inbox.receiver = receiver

    def send(self, data: bytes) -> None:
        """Send one message."""
        if not self._closed:
            self._link.carry(self, data)

    def arrival(self, leaves_at: float, delay_s: float) -> float:
        """When what leaves then arrives: on a reliable lane never before what went before."""
        arrives = leaves_at + delay_s
        if self.reliable:
            arrives = self._last_arrival = max(arrives, self._last_arrival)
        return arrives

    def deliver(self, data: bytes) -> None:
        """A message of the other end's."""
        if not self._closed:
            self._inbox.put(data)

    def close(self) -> None:
        """Close both ends."""
        if not self._closed:
            self._link.close_lane(self)
            self.shut()

    def shut(self) -> None:
        """This end is closed."""
        if not self._closed:
            self._closed = True
            self.on_closed()


class MemoryLink:
    """One end of a link."""

    def __init__(self, engine: MemoryEngine) -> None:
        self.name = f"{engine.random.getrandbits(64):016x}"
        self.on_drained: Callable[[], None] = ignore
        self._engine = engine
        self._loop = asyncio.get_running_loop()
        self._on_closed: Callable[[], None] | None = None
        self._open = self._loop.create_future()
        self._other: MemoryLink | None = None
        self._side = 0
        self._ended = False
        self._numbers: dict[int, MemoryLane] = {}
        self._next = 0
        self._arrived = Inbox[Lane](lambda _: 1024, self.fail)
        self._timers: set[asyncio.TimerHandle] = set()
        self._free_at = 0.0
        self.buffered = 0
        self.heard_at = self._loop.time()
        self._bytes = [0, 0]
        control = MemoryLane(self, 0, reliable=True)
        self._numbers[0] = control
        self.control: Lane = control
        engine.links[self.name] = self

    # -- offer and answer ---------------------------------------------------------------------------------------------

    async def offer(self) -> str:
        """See `Link`."""
        self._side = 1
        return json.dumps({"type": "offer", "link": self.name})

    async def answer(self, offer_sdp: str) -> str:
        """See `Link`."""
        name = _read(offer_sdp, "offer")
        self._side = 2
        return json.dumps({"type": "answer", "link": self.name, "to": name})

    async def accept(self, answer_sdp: str) -> None:
        """See `Link`."""
        name = _read(answer_sdp, "answer")
        other = self._engine.links.get(name)
        if other is None or other._other is not None or self._other is not None:
            raise NegotiationFailed("not an answer to this offer")
        self._other, other._other = other, self
        self._later(2 * self._engine.delay_s(), self._meet)

    async def add_candidate(self, candidate: str | None) -> None:
        """See `Link`; there are none here."""

    def _meet(self) -> None:
        for end in (self, self._other):
            if end is not None and not end._open.done():
                if self._engine.path:
                    end.heard_at = self._loop.time()
                    end._open.set_result(None)
                else:
                    end._failed(IceFailed())

    async def opened(self) -> None:
        """See `Link`."""
        await asyncio.shield(self._open)

    # -- lanes --------------------------------------------------------------------------------------------------------

    @property
    def on_lane(self) -> Callable[[Lane], None]:
        """Who gets the lanes that the other end opens."""
        return self._arrived.receiver

    @on_lane.setter
    def on_lane(self, receiver: Callable[[Lane], None]) -> None:
        self._arrived.receiver = receiver

    async def open_lane(self, *, reliable: bool) -> Lane:
        """See `Link`."""
        if self._ended:
            raise ConnectionLost("the link is closed")
        self._next += 1
        lane = MemoryLane(self, self._side + 2 * self._next, reliable=reliable)
        self._numbers[lane.number] = lane
        return lane

    def carry(self, lane: MemoryLane, data: bytes) -> None:
        """Send `data` to the lane's other end."""
        if self._ended or self._other is None:
            return
        now, weather = self._loop.time(), self._engine.weather
        self.buffered += len(data)
        lane.buffered += len(data)
        self._free_at = max(self._free_at, now) + (len(data) / weather.bytes_per_s if weather.bytes_per_s else 0)
        arrives = lane.arrival(self._free_at, self._engine.delay_s())
        self._later(self._free_at - now, self._left, lane, len(data))
        if lane.reliable:
            lane.under_way.append(data)
            self._later(arrives - now, self._arrive_in_order, lane)
        elif self._engine.random.random() >= weather.loss:
            self._later(arrives - now, self._arrive, lane, data)

    def _left(self, lane: MemoryLane, size: int) -> None:
        before, self.buffered = self.buffered, self.buffered - size
        lane.buffered -= size
        self._bytes[0] += size
        if before > LINK_BUFFER_BYTES // 2 >= self.buffered:
            self.on_drained()

    def _arrive_in_order(self, lane: MemoryLane) -> None:
        if self._engine.silent:  # it would be sent again until it arrives or the link is given up
            self._later(RETRY_S, self._arrive_in_order, lane)
            return
        data = lane.under_way.popleft()
        if data is not None:
            self._arrive(lane, data)
        elif self._other is not None:
            self._other._shut_lane(lane.number)

    def _arrive(self, lane: MemoryLane, data: bytes) -> None:
        other = self._other
        if other is None or other._ended or self._engine.silent:
            return
        other.heard_at = self._loop.time()
        other._bytes[1] += len(data)
        self._later(self._engine.delay_s(), self._acknowledged)
        other._take(lane, data)

    def _acknowledged(self) -> None:
        if not self._engine.silent:
            self.heard_at = self._loop.time()

    def _take(self, theirs: MemoryLane, data: bytes) -> None:
        lane = self._numbers.get(theirs.number)
        if lane is None:
            if len(self._numbers) > MAX_PEER_LANES:
                self.fail()
                return
            lane = self._numbers[theirs.number] = MemoryLane(self, theirs.number, reliable=theirs.reliable)
            self._arrived.put(lane)
        lane.deliver(data)

    def close_lane(self, lane: MemoryLane) -> None:
        """Close the other end, behind what was sent."""
        if self._ended or self._other is None:
            return
        delay_s = lane.arrival(max(self._free_at, self._loop.time()), self._engine.delay_s()) - self._loop.time()
        lane.under_way.append(None)
        self._later(delay_s, self._arrive_in_order, lane)
        self._numbers.pop(lane.number, None)

    def _shut_lane(self, number: int) -> None:
        lane = self._numbers.pop(number, None)
        if lane is not None:
            lane.shut()

    # -- the end ------------------------------------------------------------------------------------------------------

    @property
    def on_closed(self) -> Callable[[], None]:
        """Who is told of the link's end."""
        return self._on_closed or ignore

    @on_closed.setter
    def on_closed(self, receiver: Callable[[], None]) -> None:
        self._on_closed = receiver
        if self._ended:
            receiver()

    def cut(self) -> None:
        """The link is gone for both ends, now, with all that was under way."""
        for end in (self, self._other):
            if end is not None:
                end.fail()

    def fail(self) -> None:
        """This end is gone; the other hears of it, unless it is silent."""
        if not self._ended:
            self._end()
            self._on_closed = self._on_closed or ignore
            self._on_closed()

    def _end(self) -> None:
        self._ended = True
        for timer in self._timers:
            timer.cancel()
        self._timers.clear()
        self._failed(ConnectionLost("the link closed before it was open"))
        self._engine.links.pop(self.name, None)
        lanes, self._numbers = list(self._numbers.values()), {}
        for lane in lanes:
            lane.shut()
        if self._other is not None and not self._other._ended:
            self._other._later(self._engine.delay_s(), self._other._heard_end)

    def _heard_end(self) -> None:
        if not self._engine.silent:
            self.fail()

    async def close(self) -> None:
        """See `Link`."""
        self._on_closed = None
        if not self._ended:
            self._end()

    def _failed(self, error: WherryError) -> None:
        if not self._open.done():
            self._open.set_exception(error)
            self._open.exception()

    def _later(self, delay_s: float, call: Callable[..., None], *args: object) -> None:
        def run() -> None:
            self._timers.discard(timer)
            call(*args)

        timer = self._loop.call_later(max(0.0, delay_s), run)
        self._timers.add(timer)

    def stats(self) -> LinkStats:
        """See `Link`."""
        return LinkStats(
            path="memory",
            rtt_ms=sum(self._engine.weather.delay_ms),
            local=f"memory {self.name}",
            remote=f"memory {self._other.name if self._other is not None else ''}",
            bytes_sent=self._bytes[0],
            bytes_received=self._bytes[1],
        )


def _read(text: str, kind: str) -> str:
    if len(text) > MAX_SDP_BYTES:
        raise NegotiationFailed("too long")
    try:
        value = json.loads(text)
    except ValueError as error:
        raise NegotiationFailed("not a memory link's description") from error
    if not isinstance(value, dict) or value.get("type") != kind or not isinstance(value.get("link"), str):
        raise NegotiationFailed(f"not a memory link's {kind}")
    return str(value["link"])

"""The connection of a pair, as asyncio sees it: a thin shell around `ConnectionCore`."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Awaitable, Callable, Mapping
from functools import partial

from wherry.connection import codes, events
from wherry.connection.core import ConnectionCore, State
from wherry.connection.datagrams import Datagrams
from wherry.connection.flow import Flow
from wherry.connection.frames import is_name
from wherry.connection.lane_pool import LanePool
from wherry.connection.limits import CLOSE_FLUSH_S, IN_FLIGHT_S, LINK_BUFFER_BYTES, PING_AGAIN_S
from wherry.connection.link import Greeting, LaneKind, Link, LinkStats
from wherry.connection.policy import Policy
from wherry.connection.stream import Stream
from wherry.connection.streams import StreamMachine
from wherry.errors import ConnectionLost, StreamRefused, WherryError
from wherry_signaling.errors import Closed as UsedAfterClose
from wherry_signaling.tasks import Tasks

_log = logging.getLogger(__name__)

#: Serves a stream that the peer opened; when it returns the stream is finished, when it raises it is reset.
Handler = Callable[[Stream], Awaitable[None]]
#: The same for flows of datagrams.
DatagramHandler = Callable[[Datagrams], Awaitable[None]]


class Connection:
    """Streams and datagrams between this node and one peer, over one link after another.

    :param local: 32 bytes, our public key.
    :param peer: 32 bytes, the peer's.
    :param instance: 8 bytes, random per process.
    :param policy: who may open what.
    :param handlers: stream name → what serves it; looked up when a stream is opened.
    :param datagram_handlers: the same for flows of datagrams.
    :param on_event: is called with `SuspectLink`, `Interrupted`, `LinkActive`, `StreamOpened`, `Closed`.
    :param random: gives random bytes.

    It must be made on the loop that it runs on, and closed, whatever happens to it::

        connection = Connection(…)
        await connection.attach(link, greeting)
        …
        await connection.close()
    """

    def __init__(
        self,
        *,
        local: bytes,
        peer: bytes,
        instance: bytes,
        policy: Policy,
        handlers: Mapping[str, Handler],
        datagram_handlers: Mapping[str, DatagramHandler] | None = None,
        on_event: Callable[[events.Event], None] = lambda _event: None,
        random: Callable[[int], bytes] = os.urandom,
        features: int = 0,
    ) -> None:
        self.local, self.peer, self.policy = local, peer, policy
        self._handlers, self._datagram_handlers = handlers, datagram_handlers or {}
        self._on_event = on_event
        self._loop = asyncio.get_running_loop()
        self._core = ConnectionCore(
            local=local,
            peer=peer,
            instance=instance,
            session=random(8),
            admit=self._admit,
            deliver=self._deliver,
            now=self._loop.time(),
            features=features,
        )
        self._links: dict[int, Link] = {}
        self._pools: dict[int, LanePool] = {}
        self._attaching: dict[int, asyncio.Future[None]] = {}
        self._next_link = 1
        self._streams: dict[StreamMachine, Flow] = {}
        self._pongs: dict[int, asyncio.Future[float]] = {}
        self._tasks = Tasks(f"connection {peer.hex()[:8]}")
        self._link_tasks = Tasks(f"links {peer.hex()[:8]}")
        self._timer: asyncio.TimerHandle | None = None
        self._pumping = self._again = False
        #: Done when the connection is over.
        self.closed: asyncio.Future[None] = self._loop.create_future()
        self._arm()

    def __repr__(self) -> str:
        return f"<Connection with {self.peer.hex()[:8]} {self.state.value}>"

    # -- what is known ------------------------------------------------------------------------------------------------

    @property
    def state(self) -> State:
        """Connecting, open, suspect, interrupted or closed."""
        return self._core.state

    @property
    def error(self) -> WherryError | None:
        """Why it is closed, once it is."""
        return self._core.error

    @property
    def stream_count(self) -> int:
        """Streams and flows that are open."""
        return len(self._core.table.streams)

    @property
    def rtt_s(self) -> float | None:
        """Smoothed round trip of heartbeats in seconds, once there was one."""
        return self._core.liveness.rtt_s if self._core.liveness is not None else None

    def stats(self) -> LinkStats | None:
        """What is known of the active link's path; None without one."""
        link = self._active
        return link.stats() if link is not None else None

    @property
    def _active(self) -> Link | None:
        return self._links.get(self._core.active) if self._core.active is not None else None

    # -- links --------------------------------------------------------------------------------------------------------

    async def attach(self, link: Link, greeting: Greeting) -> None:
        """Greet over `link`, which is open, and make it the one that carries the connection.

        Returns when the peer's HELLO has come and echoed both ids of `greeting`. Streams go on where the old link left
        them, which is closed; if the peer is a new instance they end with `PeerRestarted` before anything else.

        :raises ProtocolViolation: the HELLO is not what offer and answer agreed on; the connection is unharmed.
        :raises NegotiationFailed: none came in time.
        :raises ConnectionLost: the link closed before, or another took its place.
        :raises WherryError: the connection is closed; this is why. In all these cases `link` is closed.
        """
        if self._core.error is not None:
            await link.close()
            raise self._core.error
        number, self._next_link = self._next_link, self._next_link + 1
        attached = self._attaching[number] = self._loop.create_future()
        self._links[number] = link
        self._pools[number] = LanePool(
            link,
            self._link_tasks,
            received=partial(self._received, number),
            ready=self.pump,
            broken=partial(self._link_closed, number),
            is_open=self._core.table.streams.__contains__,
        )
        self._core.link_opened(number, greeting, self._loop.time())
        link.on_drained = self.pump
        self._pools[number].take_over()
        link.on_closed = partial(self._link_closed, number)
        self.pump()
        try:
            await attached
        except asyncio.CancelledError:
            self._core.link_closed(number, self._loop.time())
            self.pump()
            raise
        finally:
            self._attaching.pop(number, None)

    def _received(self, number: int, lane: LaneKind, data: bytes) -> None:
        self._core.receive(number, lane, data, self._loop.time())
        if self._core.busy:
            self.pump()

    def _link_closed(self, number: int) -> None:
        self._core.link_closed(number, self._loop.time())
        self.pump()

    # -- streams ------------------------------------------------------------------------------------------------------

    async def open_stream(self, name: str) -> Stream:
        """Open a stream; it can be written to at once, also while there is no link.

        :param name: 2 … 128 printable ASCII characters that begin with "/", by custom `/application/purpose/version`.
        :raises ValueError: it is no name.
        :raises LimitExceeded: too many are open.
        :raises WherryError: the connection is closed; this is why.
        """
        machine = self._open(name, datagrams=False)
        stream = self._streams[machine] = Stream(self, machine)
        self.pump()
        return stream

    async def open_datagrams(self, name: str) -> Datagrams:
        """Open a flow of datagrams; as `open_stream`."""
        machine = self._open(name, datagrams=True)
        flow = self._streams[machine] = Datagrams(self, machine)
        self._prepare_datagrams()
        self.pump()
        return flow

    def _open(self, name: str, *, datagrams: bool) -> StreamMachine:
        if not is_name(name):
            raise ValueError(f"not a stream's name: {name!r}")
        return self._core.open(name, datagrams=datagrams)

    def _admit(self, name: str, datagrams: bool, now: float) -> int | None:
        refused = self.policy.admit(self.peer, name, now)
        if refused is None and name not in (self._datagram_handlers if datagrams else self._handlers):
            return codes.code_for(StreamRefused)
        return refused

    def _serve(self, machine: StreamMachine) -> None:
        assert machine.name is not None
        stream: Flow
        if machine.datagrams:
            self._prepare_datagrams()
            stream = Datagrams(self, machine)
            work = self._run(stream, self._datagram_handlers[machine.name](stream))
        else:
            stream = Stream(self, machine)
            work = self._run(stream, self._handlers[machine.name](stream))
        self._streams[machine] = stream
        self._tasks.start(work, machine.name)

    async def _run(self, stream: Flow, serving: Awaitable[None]) -> None:
        try:
            async with stream:
                await serving
        except WherryError as error:
            _log.debug("%r ended: %s", stream, error)
        except Exception:  # noqa: BLE001 - the application's handler: its bug ends its stream and is shown, no more
            _log.exception("the handler of %r failed", stream)

    def consumed(self, stream: Stream, size: int) -> None:
        """A reader took `size` bytes: give credit, and count them where a rule limits them."""
        self._core.table.consumed()
        if not self.policy.charge(self.peer, stream.name, size, self._loop.time()):
            stream.over_limit()
        self.pump()

    # -- datagrams ----------------------------------------------------------------------------------------------------

    def send_datagram(self, number: int, sequence: int, data: bytes) -> bool:
        """Send a datagram of flow `number`; False if it was dropped."""
        pool = self._pools.get(self._core.active or 0)
        return pool is not None and pool.send_datagram(number, sequence, data)

    def _deliver(self, machine: StreamMachine, sequence: int, data: bytes) -> None:
        flow = self._streams.get(machine)
        if isinstance(flow, Datagrams):
            flow.put(sequence, data)

    def _prepare_datagrams(self) -> None:
        pool = self._pools.get(self._core.active or 0)
        if pool is not None:
            pool.prepare_datagrams()

    # -- the connection -----------------------------------------------------------------------------------------------

    async def ping(self) -> float:
        """Seconds that a heartbeat takes there and back; waits for a link if there is none.

        :raises WherryError: the connection is closed; this is why.
        """
        if self._core.error is not None:
            raise self._core.error
        pong = self._loop.create_future()
        try:
            while not pong.done():  # the peer leaves one unanswered where they come too fast
                self._ping(pong)
                self.pump()
                await asyncio.wait([pong], timeout=PING_AGAIN_S)
        finally:
            self._pongs = {number: waiting for number, waiting in self._pongs.items() if waiting is not pong}
        rtt_s: float = pong.result()
        return rtt_s

    def _ping(self, pong: asyncio.Future[float]) -> None:
        self._pongs[self._core.ping(self._loop.time())] = pong

    def pin(self) -> None:
        """Keep the connection although no stream is open, until `unpin`."""
        self._core.pin(+1)
        self.pump()

    def unpin(self) -> None:
        """Take back one `pin`."""
        self._core.pin(-1)
        self.pump()

    async def close(self, reason: str = "", *, error: WherryError | None = None) -> None:
        """Tell the peer, end all streams, and leave nothing behind.

        :param reason: a line for the peer's log.
        :param error: what streams end with; without, that they are used after the connection was closed.
        """
        if self._core.state is not State.CLOSED:
            self._core.close(codes.DONE, reason, error=error or UsedAfterClose(reason))
        self.pump()
        await self._tasks.close()
        await self._link_tasks.wait()

    # -- the shell ----------------------------------------------------------------------------------------------------

    def pump(self) -> None:
        """Carry what the core has to say to the links, and what it found out to whoever waits."""
        self._again = True
        if self._pumping:
            return
        self._pumping = True
        try:
            while self._again:
                self._again = False
                self._send()
                while (event := self._core.next_event()) is not None:
                    self._dispatch(event)
                    self._again = True
                self._wake()
        finally:
            self._pumping = False
        self._arm()

    def _send(self) -> None:
        core, now = self._core, self._loop.time()
        for number, frame in core.to_send(now):
            link = self._links.get(number)
            if link is not None:
                link.control.send(frame)
        link = self._active
        if link is None:
            return
        pool = self._pools[core.active or 0]
        while link.buffered < LINK_BUFFER_BYTES:
            item = core.next_data(pool.is_ready, now)
            if item is None:
                return
            pool.send(*item)

    def _wake(self) -> None:
        touched, self._core.table.touched = self._core.table.touched, set()
        pool = self._pools.get(self._core.active or 0)
        for machine in touched:
            stream = self._streams.get(machine)
            if stream is not None:
                stream.wake()
            if machine.over:
                self._streams.pop(machine, None)
                if pool is not None:
                    pool.release(machine.number, self._core.next_heartbeat)

    def _arm(self) -> None:
        """Have the timer fire when the core wants it, or earlier: then it is set anew."""
        deadline = self._core.next_deadline()
        if deadline is None:
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None
        elif self._timer is None or deadline < self._timer.when():
            if self._timer is not None:
                self._timer.cancel()
            self._timer = self._loop.call_at(deadline, self._tick)

    def _tick(self) -> None:
        self._timer = None
        link = self._active
        if link is not None and self._core.active is not None:
            self._core.heard(self._core.active, link.heard_at)
        self._core.tick(self._loop.time())
        self.pump()

    def _dispatch(self, event: events.Event) -> None:
        match event:
            case events.LinkActive(link=number):
                self._settle(number, None)
                waiting, self._pongs = list(self._pongs.values()), {}
                for pong in waiting:
                    self._ping(pong)
                if any(isinstance(stream, Datagrams) for stream in self._streams.values()):
                    self._prepare_datagrams()
            case events.LinkReplaced(link=number):
                self._end_link(number, self._after_what_is_in_flight)
                return
            case events.LinkDropped(link=number, error=error):
                self._settle(number, error or ConnectionLost("another link took its place"))
                self._end_link(number)
                return
            case events.Pong(number=number, rtt_s=rtt_s):
                if self._core.active in self._pools:
                    self._pools[self._core.active].answered(number)
                if number in self._pongs:
                    pong = self._pongs.pop(number)
                    if not pong.done():
                        pong.set_result(rtt_s)
                return
            case events.StreamOpened(stream=machine):
                self._serve(machine)
            case events.Closed(error=error):
                self._over(error)
        self._on_event(event)

    def _settle(self, number: int, error: WherryError | None) -> None:
        attached = self._attaching.pop(number, None)
        if attached is None or attached.done():
            return
        if error is None:
            attached.set_result(None)
        else:
            attached.set_exception(error)

    def _over(self, error: WherryError) -> None:
        for pong in self._pongs.values():
            if not pong.done():
                pong.set_exception(error)
        self._pongs.clear()
        for number in list(self._links):
            self._settle(number, error)
            self._end_link(number, self._after_the_last_frame if number == self._core.active else None)
        if not self.closed.done():
            self.closed.set_result(None)

    def _end_link(self, number: int, after: Callable[[Link], Awaitable[None]] | None = None) -> None:
        link = self._links.pop(number, None)
        self._pools.pop(number, None)
        if link is not None:
            self._link_tasks.start(self._close_link(link, after), "end a link")

    async def _close_link(self, link: Link, after: Callable[[Link], Awaitable[None]] | None) -> None:
        if after is not None:
            await after(link)
        await link.close()

    async def _after_what_is_in_flight(self, _link: Link) -> None:
        await asyncio.wait([self.closed], timeout=IN_FLIGHT_S)

    async def _after_the_last_frame(self, link: Link) -> None:
        drained = asyncio.Event()
        link.on_drained = drained.set
        try:
            async with asyncio.timeout(CLOSE_FLUSH_S):
                while link.control.buffered:
                    await drained.wait()
        except TimeoutError:
            _log.debug("the last frame did not leave in time")

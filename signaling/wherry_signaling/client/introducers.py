"""Introducers that heal: keeps N spread endpoints through which others reach us, whatever happens to them.

::

    async with Introducers(connect, identity, candidates=ask, on_deliver=take, on_change=publish) as introducers:
        ...
        introducers.current()

What to do is decided in `introducer_set.py`. This shell dials, watches, renews at half the lifetime, and announces:
`on_change` is awaited with the introducers that a record should name, and whoever had to make place for another is let
go only after it has returned. A lost one is replaced at once; a killed process shows at once, a cut cable within four
seconds (the kernel's keepalive, see `websocket.py`), a hung process within seven.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from collections.abc import Awaitable, Callable, Sequence
from types import TracebackType

from ..endpoints import EndpointAddress
from ..errors import RemoteError, WherryError
from ..identity import Identity, PeerId
from ..limits import (
    INTRODUCER_DIAL_S,
    INTRODUCER_PING_S,
    INTRODUCER_PONG_S,
    INTRODUCERS,
)
from ..sockets import Connect
from ..wire import Role
from .announcing import Announcer, Held
from .answers import Registration
from .candidate import Candidate
from .introducer_set import IntroducerSet
from .network_time import NetworkTime
from .opening import open_client
from .session import Client

_log = logging.getLogger(__name__)

__all__ = ["Held", "Introducers"]

#: Takes what comes through an introducer, or declines it: the socket, tag, sealed envelope, way back (0: none).
OnIntroducedDeliver = Callable[[Client, bytes, bytes, int], bool]


class _Seat:
    """What the shell knows of one introducer."""

    __slots__ = ("client", "offset_s", "registration", "renew_at")

    def __init__(self, client: Client, registration: Registration, offset_s: float, now: float) -> None:
        self.client, self.offset_s = client, offset_s
        self.granted(registration, now)

    def granted(self, registration: Registration, now: float) -> None:
        self.registration = registration
        self.renew_at = now + max(1, registration.seconds) / 2


class Introducers:
    """Keeps `wanted` introducers; an async context manager.

    :param candidates: endpoints that may introduce us: from the DHT, bootstrap, memory. Asked when there are too few.
    :param on_deliver: takes envelopes; without it all are declined.
    :param on_change: told the introducers a record should name; returns once that record is stored. What it raises as
        a `WherryError` is tried again.
    :param pinned: endpoints that are always wanted, and never exchanged for others.
    :param exclude: who is never taken, besides ourselves.
    :param network_time: told what introducers say of our clock.
    """

    def __init__(
        self,
        connect: Connect,
        identity: Identity,
        *,
        candidates: Callable[[], Awaitable[Sequence[EndpointAddress]]],
        on_deliver: OnIntroducedDeliver | None = None,
        on_change: Callable[[list[Held]], Awaitable[None]] | None = None,
        wanted: int = INTRODUCERS,
        pinned: Sequence[EndpointAddress] = (),
        exclude: Sequence[PeerId] = (),
        capabilities: int = 0,
        network_time: NetworkTime | None = None,
        random: Callable[[int], bytes] = secrets.token_bytes,
        wall_clock: Callable[[], float] = time.time,
    ) -> None:
        self._connect, self._identity, self._ask_candidates = connect, identity, candidates
        self._on_deliver = on_deliver
        self._excluded, self._capabilities = frozenset(exclude), capabilities
        self._random, self._wall_clock = random, wall_clock
        self.network_time = NetworkTime() if network_time is None else network_time
        self._pinned = tuple(pinned)
        self._set = IntroducerSet(identity.id, wanted=wanted, random=lambda: int.from_bytes(random(4), "big") / 2**32)
        self._seats: dict[EndpointAddress, _Seat] = {}
        self._wake = asyncio.Event()
        self._reached = asyncio.Event()
        self._poked = asyncio.Event()
        self._announcer = Announcer(wanted=wanted, current=self.current, on_change=on_change)
        self._task: asyncio.Task[None] | None = None

    def __repr__(self) -> str:
        return f"<Introducers {len(self.current())} of {self._set.wanted}>"

    async def __aenter__(self) -> Introducers:
        self._loop = asyncio.get_running_loop()
        self._set.add(self._pinned, self._loop.time(), pinned=True)
        self._task = asyncio.create_task(self._run(), name="introducers")
        self._task.add_done_callback(_report)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """End every socket; reservations end with them."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])
            if not self._task.cancelled():
                self._task.result()

    def current(self) -> list[Held]:
        """Those that introduce us now, the earliest first."""
        return [self._held(one) for one in self._set.held()]

    @property
    def clock_offset_s(self) -> float:
        """Seconds to add to our own clock, by the word of our introducers."""
        return self.network_time.offset_s

    async def wait_for(self, count: int) -> list[Held]:
        """Wait until there are so many; returns them."""
        return await self.wait_until(lambda held: len(held) >= count)

    async def wait_until(self, fits: Callable[[list[Held]], bool]) -> list[Held]:
        """Wait until those that introduce us are as `fits` wants them; returns them."""
        while not fits(held := self.current()):
            self._reached.clear()
            await self._reached.wait()
        return held

    def poke(self) -> None:
        """The network has changed: look at every introducer now, and try again what failed before."""
        self._set.poke(self._loop.time())
        poked, self._poked = self._poked, asyncio.Event()
        poked.set()
        self._wake.set()

    def offer(self, addresses: Sequence[EndpointAddress]) -> None:
        """Candidates that have just become known."""
        if self._set.add(addresses, self._loop.time()):
            self._wake.set()

    # -- inside --------------------------------------------------------------------------------------------------------

    def _held(self, one: Candidate) -> Held:
        seat = self._seats[one.address.without_peer()]
        return Held(
            peer=seat.client.peer,
            addresses=self._set.addresses_of(one),
            rtt_ms=(one.rtt_s or 0.0) * 1000,
            since=one.at,
            observed=seat.registration.observed,
            ice_servers=seat.registration.ice_servers,
            clock_offset_s=seat.offset_s,
            client=seat.client,
        )

    async def _run(self) -> None:
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._announce())
                asking: asyncio.Task[None] | None = None
                while True:
                    self._wake.clear()
                    plan = self._set.plan(self._loop.time())
                    for address in plan.dial:
                        group.create_task(self._introduced_by(address), name=f"introducer {address.authority}")
                    if plan.ask and (asking is None or asking.done()):
                        asking = group.create_task(self._ask())
                    try:
                        async with asyncio.timeout_at(self._set.deadline(self._loop.time())):
                            await self._wake.wait()
                    except TimeoutError:
                        continue
        finally:
            for seat in self._seats.values():
                await seat.client.close()
            self._seats.clear()

    async def _ask(self) -> None:
        """More candidates: from whoever was asked for them, and from the introducers that we have."""
        try:
            async with asyncio.timeout(INTRODUCER_DIAL_S):
                self.offer(await self._ask_candidates())
        except (WherryError, TimeoutError) as error:
            _log.debug("no candidates: %s", type(error).__name__)
        for seat in list(self._seats.values()):
            await self._ask_neighbours(seat.client)

    async def _ask_neighbours(self, client: Client) -> None:
        try:
            self.offer([way for other in await client.neighbours() for way in other.endpoints])
        except WherryError as error:
            _log.debug("no neighbours: %s", error.code)

    async def _introduced_by(self, address: EndpointAddress) -> None:
        """One candidate, from its dial to its end."""
        key = address.without_peer()
        client: Client | None = None
        try:
            async with asyncio.timeout(INTRODUCER_DIAL_S):
                client = await self._open(address)
                if client.peer in self._excluded:
                    raise RemoteError("it is to be left alone")
                seat, rtt_s = await self._register(client)
        except (RemoteError, TimeoutError) as error:
            _log.debug("%s does not introduce us: %s", address.authority, type(error).__name__)
            self._set.failed(key, self._loop.time())
            self._wake.set()
            if client is not None:
                await client.close()
            return
        except asyncio.CancelledError:
            if client is not None:
                await client.close()
            raise
        self._seats[key] = seat
        if not self._set.opened(key, client.peer, rtt_s, self._loop.time()):
            del self._seats[key]
            await client.close()
            self._wake.set()
            return
        self.network_time.tell(client.peer, seat.offset_s)
        self._note_change()
        try:
            await self._ask_neighbours(client)
            await self._watch(key, seat)
        except RemoteError as error:
            _log.info("an introducer is lost: %s", error.code)
        finally:
            await client.close()
            if self._seats.get(key) is seat:
                del self._seats[key]
                self._set.lost(key, self._loop.time())
                self._note_change()

    async def _open(self, address: EndpointAddress) -> Client:
        client = await open_client(
            self._connect, address, self._identity, Role.ME, random=self._random, wall_clock=self._wall_clock
        )
        if (take := self._on_deliver) is not None:
            client.on_deliver = lambda tag, envelope, back: take(client, tag, envelope, back)
        return client

    async def _register(self, client: Client) -> tuple[_Seat, float]:
        registration = await client.register(capabilities=self._capabilities)
        pinged = await client.ping()
        return _Seat(client, registration, pinged.clock_offset_s, self._loop.time()), pinged.rtt_s

    async def _watch(self, key: EndpointAddress, seat: _Seat) -> None:
        """Look after one introducer until it is lost.

        :raises RemoteError: why it is.
        """
        ended = asyncio.create_task(seat.client.wait_closed())
        try:
            while True:
                poked = asyncio.create_task(self._poked.wait())
                try:
                    await asyncio.wait([ended, poked], timeout=INTRODUCER_PING_S, return_when=asyncio.FIRST_COMPLETED)
                finally:
                    poked.cancel()
                if ended.done():
                    raise ended.result()
                async with asyncio.timeout(INTRODUCER_PONG_S):
                    pinged = await seat.client.ping()
                seat.offset_s = pinged.clock_offset_s
                self.network_time.tell(seat.client.peer, seat.offset_s)
                self._set.measured(key, pinged.rtt_s)
                if self._loop.time() >= seat.renew_at and self._set.renew(key, self._loop.time()):
                    seat.granted(await seat.client.renew(), self._loop.time())
                    if self._seats.get(key) is seat:  # it may have been let go meanwhile
                        self._set.renewed(key)
        except TimeoutError as error:
            raise RemoteError("it does not answer") from error
        finally:
            ended.cancel()

    def _note_change(self) -> None:
        self._wake.set()
        self._announcer.changed()
        self._reached.set()

    async def _announce(self) -> None:
        """Tell of changes, then let go who had to make place."""
        while True:
            await self._announcer.settled()
            leaving = self._set.leaving()
            if await self._announcer.tell():
                for key in leaving:
                    await self._let_go(key)

    async def _let_go(self, key: EndpointAddress) -> None:
        seat = self._seats.pop(key, None)
        if seat is None:
            return  # lost meanwhile
        self._set.left(key, self._loop.time())
        try:
            await seat.client.unregister()
        except RemoteError as error:
            _log.debug("left without a goodbye: %s", error.code)
        await seat.client.close()


def _report(task: asyncio.Task[None]) -> None:
    """A bug of ours must not look like a network without introducers."""
    if not task.cancelled() and (error := task.exception()) is not None:
        _log.error("introducers are not looked after any more", exc_info=error)

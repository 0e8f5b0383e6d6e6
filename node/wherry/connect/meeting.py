"""One peer and us: runs what `negotiation.Pair` decides, with real links, real ways and a trace."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

from wherry_signaling.endpoints import EndpointAddress
from wherry_signaling.errors import RemoteError, WherryError
from wherry_signaling.identity import PeerId, x25519_public
from wherry_signaling.limits import CANDIDATES
from wherry_signaling.scope import Scope
from wherry_signaling.signals import ROLE_BESIDE, ROLE_FIRST, Answer, Candidates, Offer, Signal, payload_of
from wherry_signaling.tasks import Tasks

from ..connection import Greeting, Link
from ..errors import DialFailed, DialTimeout, NegotiationFailed, RefusedByPeer
from . import negotiation
from .candidates import addresses_in, admit, may_try
from .negotiation import (
    Action,
    AddCandidates,
    ApplyAnswer,
    CloseLink,
    MakeAnswer,
    MakeOffer,
    Pair,
    SendAnswer,
    SendOffer,
)
from .ringing import Ringing
from .surroundings import Surroundings
from .trace import Trace
from .ways import Arrival, Route


@dataclass(slots=True)
class _Attempt:
    """What belongs to one attempt here: its link, its secrets, and what is running for it."""

    trace: Trace
    tasks: Tasks
    link: Link | None = None
    secret: bytes = field(default=b"", repr=False)
    offer_hash: bytes = b""
    floor: Scope = Scope.GLOBAL
    tried: int = 0
    ringing: asyncio.Task[None] | None = None


class Meeting:
    """All attempts with one peer."""

    def __init__(self, peer: PeerId, around: Surroundings, on_trace: Callable[[Trace], None]) -> None:
        self.peer = peer
        self.pair = Pair(smaller=around.identity.id.key < peer.key)
        self._around = around
        self._ringing = Ringing(peer, around)
        self._on_trace = on_trace
        self._attempts: dict[bytes, _Attempt] = {}
        self._tasks = Tasks(f"meeting {peer.short}")
        self._timer: asyncio.TimerHandle | None = None
        self._waiting: set[asyncio.Future[None]] = set()
        self._last_error: WherryError | None = None
        self._greeting: set[bytes] = set()
        self._closed = False

    @property
    def busy(self) -> bool:
        """Whether an attempt is under way."""
        return self.pair.busy

    # -- from the dialer ------------------------------------------------------------------------------------------

    async def dial(self, trace: Trace) -> None:
        """Begin an attempt, or join the one under way, and wait until a link is open and adopted.

        :raises DialFailed: DialTimeout, NegotiationFailed or IceFailed, whichever it was.
        """
        if self._closed:
            raise DialFailed("the node stops", peer=str(self.peer))
        opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.add(opened)
        try:
            attempt = self._around.random(16)
            actions = self.pair.dial(attempt, self._now())
            if actions:
                self._attempts[attempt] = self._new(trace, attempt)
            self._last_error = None
            self._do(actions)
            await opened
        finally:
            self._waiting.discard(opened)

    def receive(self, signal: Signal, payload: bytes, arrival: Arrival) -> None:
        """Take a checked signal of the peer's."""
        if self._closed:
            return
        match signal:
            case Offer():
                self._receive_offer(signal, payload, arrival)
            case Answer():
                ours = self._attempts.get(signal.attempt)
                if ours is not None and signal.offer_hash == ours.offer_hash:
                    ours.floor = min(ours.floor, arrival.scope)
                    ours.trace.add("negotiate", "answered", way=str(arrival))
                    self._do(self.pair.receive_answer(signal))
            case Candidates():
                self._do(self.pair.receive_candidates(signal, self._now()))
            case _:
                return

    def _receive_offer(self, offer: Offer, payload: bytes, arrival: Arrival) -> None:
        actions = self.pair.receive_offer(offer, arrival, self._now())
        if any(isinstance(action, MakeAnswer) for action in actions):
            trace = Trace(self.peer, self._now, inbound=True)
            theirs = self._attempts[offer.attempt] = self._new(trace, offer.attempt)
            theirs.offer_hash = hashlib.sha256(payload).digest()
            theirs.floor = self._floor(arrival, offer.sdp)
            trace.add("ring", "offer came", way=str(arrival))
        self._do(actions)

    def refuse(self, attempt: bytes, error: RemoteError) -> None:
        """The peer itself said no to an attempt of ours; one that is not under way is an old refusal, replayed."""
        ours = self._attempts.get(attempt)
        if ours is not None and self.pair.is_mine(attempt):
            ours.trace.add("end", "refused", code=error.code)
            self._last_error = error
            self._do(self.pair.ended(attempt, "refused"))

    async def close(self) -> None:
        """End every attempt, whatever its state; nothing is begun any more."""
        self._closed = True
        if self._timer is not None:
            self._timer.cancel()
        await self._tasks.close()
        for ours in list(self._attempts.values()):
            await ours.tasks.close()
            if ours.link is not None:
                await ours.link.close()
        self._attempts.clear()
        self._resolve(DialFailed("the node stops", peer=str(self.peer)))

    # -- doing what the rules say ---------------------------------------------------------------------------------

    def _do(self, actions: list[Action]) -> None:
        for action in actions:
            ours = self._attempts.get(action.attempt)
            if ours is None:
                continue
            match action:
                case MakeOffer(attempt):
                    self._run(ours, attempt, self._make_offer(attempt, ours))
                case SendOffer(_, offer, ways):
                    self._ring(ours, offer, ways)
                case MakeAnswer(attempt, offer):
                    self._run(ours, attempt, self._make_answer(attempt, ours, offer))
                case SendAnswer(_, answer, ways, everywhere):
                    self._answer(ours, answer, ways, everywhere=everywhere)
                case ApplyAnswer(attempt, answer):
                    self._run(ours, attempt, self._apply(attempt, ours, answer))
                case AddCandidates(attempt, candidates):
                    self._run(ours, attempt, self._add(ours, candidates))
                case CloseLink(attempt, why):
                    ours.trace.add("end", why)
                    self._attempts.pop(attempt)
                    self._tasks.start(self._drop(ours), "close a link")
        self._settle()

    def _run(self, ours: _Attempt, attempt: bytes, work: Coroutine[Any, Any, None]) -> None:
        async def guarded() -> None:
            try:
                await work
            except WherryError as error:
                ours.trace.add("end", "failed", code=error.code, detail=error.detail)
                self._last_error = error
                self._do(self.pair.ended(attempt, error.code))

        ours.tasks.start(guarded(), "negotiate")

    async def _make_offer(self, attempt: bytes, ours: _Attempt) -> None:
        servers = await self._around.ice_servers()
        ours.link = link = self._around.make_link(servers)
        sdp = await link.offer()
        ours.trace.add("negotiate", "offer made", servers=len(servers), candidates=sdp.count("a=candidate:"))
        ours.secret = self._around.random(32)
        offer = Offer(
            attempt=attempt,
            instance=self._around.instance,
            role=ROLE_BESIDE if self._around.has_connection(self.peer) else ROLE_FIRST,
            key=x25519_public(ours.secret),
            sdp=sdp,
            record=self._around.own_record(),
            issued=int(self._around.wall_clock() * 1000),
        )
        ours.offer_hash = hashlib.sha256(payload_of(offer)).digest()
        self._do(self.pair.offer_ready(attempt, offer, self._now()))

    async def _make_answer(self, attempt: bytes, ours: _Attempt, offer: Offer) -> None:
        sdp, kept, refused = admit(offer.sdp, ours.floor)
        ours.tried += len(kept)
        ours.trace.add("negotiate", "offer taken", candidates=len(kept), refused=len(refused))
        ours.link = link = self._around.make_link(await self._around.ice_servers())
        answer_sdp = await link.answer(sdp)
        ours.secret = self._around.random(32)
        answer = Answer(
            attempt=attempt,
            answer=self._around.random(16),
            instance=self._around.instance,
            role=offer.role,
            key=x25519_public(ours.secret),
            sdp=answer_sdp,
            offer_hash=ours.offer_hash,
            record=self._around.own_record(),
        )
        ours.trace.add("negotiate", "answer made", candidates=answer_sdp.count("a=candidate:"))
        self._do(self.pair.answer_ready(attempt, answer))
        await self._open(attempt, ours, link, answer.answer, offer.instance)

    async def _apply(self, attempt: bytes, ours: _Attempt, answer: Answer) -> None:
        if ours.ringing is not None:
            ours.ringing.cancel()
        if ours.link is None:
            raise NegotiationFailed("an answer came for an attempt without a link", peer=str(self.peer))
        floor = Scope.PRIVATE if self._same_network(answer.sdp) else ours.floor
        sdp, kept, refused = admit(answer.sdp, min(floor, ours.floor))
        ours.tried += len(kept)
        ours.trace.add("negotiate", "answer taken", candidates=len(kept), refused=len(refused))
        await ours.link.accept(sdp)
        await self._open(attempt, ours, ours.link, answer.answer, answer.instance)

    async def _open(self, attempt: bytes, ours: _Attempt, link: Link, answer: bytes, instance: bytes) -> None:
        await link.opened()
        ours.trace.add("ice", "open")
        if any(self.pair.outranks(other, attempt) for other in self._greeting):
            self._do(self.pair.ended(attempt, "another attempt is being greeted"))
            return
        self._greeting.add(attempt)
        try:
            await self._around.adopt(self.peer, link, Greeting(attempt=attempt, answer=answer, instance=instance))
        finally:
            self._greeting.discard(attempt)
        ours.trace.add("open", "greeted", path=link.stats().path)
        ours.link = None  # it is the connection's now
        self._resolve(None)
        self._do(self.pair.opened(attempt))

    async def _add(self, ours: _Attempt, candidates: Candidates) -> None:
        if ours.link is None:
            return
        for line in candidates.lines:
            if ours.tried < CANDIDATES and may_try(line, ours.floor):
                ours.tried += 1
                await ours.link.add_candidate(line)
        if candidates.end:
            await ours.link.add_candidate(None)

    async def _drop(self, ours: _Attempt) -> None:
        await ours.tasks.close()
        if ours.link is not None:
            await ours.link.close()

    # -- sending --------------------------------------------------------------------------------------------------

    def _ring(self, ours: _Attempt, offer: Offer, ways: tuple[negotiation.Way, ...]) -> None:
        if ways:
            ours.tasks.start(self._ringing.back(offer, ways, ours.trace), "send the offer back")
            return
        if ours.ringing is not None:
            ours.ringing.cancel()

        def delivered(_: Route, address: EndpointAddress) -> None:
            ours.floor = min(ours.floor, address.scope or Scope.GLOBAL)

        ours.ringing = ours.tasks.start(self._ringing.ring(offer, ours.trace, delivered), "ring")

    def _answer(self, ours: _Attempt, answer: Answer, ways: tuple[negotiation.Way, ...], *, everywhere: bool) -> None:
        ours.tasks.start(self._ringing.back(answer, ways, ours.trace), "reply")
        if everywhere:
            ours.tasks.start(self._ringing.everywhere(answer, ours.trace), "reply everywhere")

    # -- inside ---------------------------------------------------------------------------------------------------

    def _new(self, trace: Trace, attempt: bytes) -> _Attempt:
        trace.attempt = attempt
        self._on_trace(trace)
        return _Attempt(trace, Tasks(f"attempt {attempt.hex()[:8]} with {self.peer.short}"))

    def _floor(self, arrival: Arrival, sdp: str) -> Scope:
        return min(arrival.scope, Scope.PRIVATE) if self._same_network(sdp) else arrival.scope

    def _same_network(self, sdp: str) -> bool:
        """Whether the peer is seen from the same public address as we are."""
        return bool(addresses_in(sdp, "srflx") & self._around.own_public_hosts())

    def _settle(self) -> None:
        """Re-arm the timer; where nothing is under way any more, whoever waits hears why."""
        if self._closed:
            return
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        deadline = self.pair.next_deadline()
        if deadline is not None:
            self._timer = asyncio.get_running_loop().call_at(deadline, self._tick)
        elif self._waiting:
            self._resolve(self._failure())

    def _tick(self) -> None:
        self._do(self.pair.tick(self._now()))

    def _failure(self) -> WherryError:
        if isinstance(self._last_error, DialFailed | RefusedByPeer):
            return self._last_error
        if self._last_error is not None:
            return NegotiationFailed(str(self._last_error), peer=str(self.peer))
        return DialTimeout(f"{self.peer.short} did not answer", peer=str(self.peer))

    def _resolve(self, error: WherryError | None) -> None:
        for waiter in self._waiting:
            if not waiter.done():
                if error is None:
                    waiter.set_result(None)
                else:
                    waiter.set_exception(error)
                    waiter.exception()  # whoever waited may be cancelled before it looks

    def _now(self) -> float:
        return asyncio.get_running_loop().time()

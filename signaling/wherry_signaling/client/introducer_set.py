"""Which endpoints introduce us, and what to do next: a core; its shell is `introducers.py`.

Each candidate, named by its address, is in one state of `candidate.py`. Preferred are pinned ones, then networks that
none of ours is in, then who answered before, quickest first.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from ..endpoints import EndpointAddress
from ..identity import PeerId
from ..limits import (
    INTRODUCER_ASK_S,
    INTRODUCER_CANDIDATES,
    INTRODUCER_DIALS,
    INTRODUCER_ENDPOINTS,
    INTRODUCER_PROBE_S,
    INTRODUCER_RETRY_S,
    INTRODUCER_SLOW_S,
    INTRODUCERS,
)
from .candidate import FREE, Candidate, Event, State


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What to do now."""

    dial: tuple[EndpointAddress, ...] = ()
    ask: bool = False


class IntroducerSet:
    """All candidates. Time is any clock that only goes forward; `random` gives 0 … 1.

    :param own: ourselves, who cannot introduce us.
    :param wanted: how many to hold.
    """

    def __init__(self, own: PeerId, *, wanted: int = INTRODUCERS, random: Callable[[], float]) -> None:
        self.own, self.wanted, self._random = own, wanted, random
        self._candidates: dict[EndpointAddress, Candidate] = {}
        self._ask_at, self._ask_wait = 0.0, INTRODUCER_ASK_S[0]
        self._probe_at, self._probe_wait = 0.0, INTRODUCER_PROBE_S[0]

    # -- what is there -------------------------------------------------------------------------------------------------

    def held(self) -> list[Candidate]:
        """Those that introduce us, the earliest first."""
        return sorted((one for one in self._candidates.values() if one.held), key=lambda one: one.at)

    def leaving(self) -> list[EndpointAddress]:
        """Those that are to be let go once a record without them is stored; without their peers."""
        return [one.address.without_peer() for one in self._in(State.LEAVING)]

    def addresses_of(self, held: Candidate) -> tuple[EndpointAddress, ...]:
        """Where an introducer is: first where it was dialled, then its other addresses."""
        assert held.peer is not None
        others = (one.address for one in self._candidates.values() if one.peer == held.peer and one is not held)
        found = (held.address, *others)[:INTRODUCER_ENDPOINTS]
        return tuple(EndpointAddress(one.host, one.port, one.tls, held.peer) for one in found)

    def state_of(self, address: EndpointAddress) -> State | None:
        """The state of a candidate, None if it is not known."""
        candidate = self._candidates.get(address.without_peer())
        return None if candidate is None else candidate.state

    # -- what happens --------------------------------------------------------------------------------------------------

    def add(self, addresses: Iterable[EndpointAddress], now: float, *, pinned: bool = False) -> bool:
        """Candidates, whether new or not; returns whether any is new."""
        new = False
        for address in addresses:
            key = address.without_peer()
            known = self._candidates.get(key)
            if known is None and address.peer != self.own:
                self._candidates[key] = Candidate(address, pinned, self._random(), address.peer, at=now)
                new = True
            elif known is not None and known.state in FREE and address.peer is not None:
                known.address, known.peer = address, address.peer
        if new:
            self._ask_wait = INTRODUCER_ASK_S[0]
            self._forget_some()
        return new

    def plan(self, now: float) -> Plan:
        """What to dial, and whether to ask for more candidates. What it says is taken as begun."""
        for one in self._in(State.COOLING):
            if one.at <= now:
                one.move(Event.COOLED, now)
        dial = self._dials(now)
        for one in dial:
            one.move(Event.DIAL, now)
        return Plan(dial=tuple(one.address for one in dial), ask=self._asks(now))

    def deadline(self, now: float) -> float:
        """When `plan` may have something new to say, if nothing happens before."""
        times = [one.at for one in self._in(State.COOLING)]
        times += [one.at + INTRODUCER_SLOW_S for one in self._in(State.CONNECTING)]
        times.append(self._ask_at if self._missing() > 0 else self._probe_at)
        return min((at for at in times if at > now), default=now + INTRODUCER_SLOW_S)

    def opened(self, address: EndpointAddress, peer: PeerId, rtt_s: float, now: float) -> bool:
        """A candidate has given us a reservation; False if it is of no use, and its socket is to be closed.

        It may take another's place, which is then `leaving`.
        """
        one = self._candidates[address.without_peer()]
        one.rtt_s, one.failures = rtt_s, 0
        one.peer = peer
        if peer == self.own or any(other.peer == peer for other in self.held()):
            one.move(Event.UNFIT, now)
            return False
        victim = self._victim(one)
        if self._missing() <= 0 and victim is None and not one.pinned:
            one.move(Event.LEFT, now)
            return False
        if self._missing() <= 0 and victim is not None:
            victim.move(Event.REPLACED, now)
            self._probe_wait = INTRODUCER_PROBE_S[0]
        one.move(Event.OPENED, now)
        if self._missing() <= 0:
            self._probe_at = now + self._probe_wait
        return True

    def failed(self, address: EndpointAddress, now: float) -> None:
        """A candidate could not be had."""
        self._cool(self._candidates[address.without_peer()], Event.FAILED, now)

    def lost(self, address: EndpointAddress, now: float) -> None:
        """An introducer is gone, whether it was leaving or not."""
        one = self._candidates[address.without_peer()]
        self._cool(one, Event.LOST, now)
        self._ask_at, self._ask_wait = now, INTRODUCER_ASK_S[0]
        self._free(one, now)

    def renew(self, address: EndpointAddress, now: float) -> bool:
        """Its reservation is being renewed; False if it is leaving, so that it need not be."""
        one = self._candidates[address.without_peer()]
        if one.held:
            one.move(Event.RENEW, one.at)
        return one.held

    def renewed(self, address: EndpointAddress) -> None:
        """Its reservation is good for as long again."""
        one = self._candidates[address.without_peer()]
        one.move(Event.RENEWED, one.at)

    def measured(self, address: EndpointAddress, rtt_s: float) -> None:
        """Its round trip was measured again."""
        one = self._candidates[address.without_peer()]
        one.rtt_s = rtt_s if one.rtt_s is None else 0.8 * one.rtt_s + 0.2 * rtt_s

    def left(self, address: EndpointAddress, now: float) -> None:
        """One that was leaving has been let go."""
        one = self._candidates[address.without_peer()]
        one.move(Event.LEFT, now)
        self._free(one, now)

    def poke(self, now: float) -> None:
        """The network has changed: what failed before may work now."""
        for one in self._in(State.COOLING):
            one.failures, one.at = 0, now
        self._ask_at, self._ask_wait = now, INTRODUCER_ASK_S[0]
        self._probe_at, self._probe_wait = now, INTRODUCER_PROBE_S[0]

    # -- inside --------------------------------------------------------------------------------------------------------

    def _in(self, state: State) -> list[Candidate]:
        return [one for one in self._candidates.values() if one.state is state]

    def _missing(self) -> int:
        return self.wanted - sum(one.held for one in self._candidates.values())

    def _cool(self, one: Candidate, event: Event, now: float) -> None:
        first, most = INTRODUCER_RETRY_S
        wait = min(most, first * 2**one.failures) * (0.75 + self._random() / 2)
        one.failures = min(one.failures + 1, 16)
        one.move(event, now + wait)

    def _free(self, gone: Candidate, now: float) -> None:
        """Other addresses of an introducer that is gone may be tried again."""
        for one in self._in(State.UNFIT):
            if one.peer == gone.peer and one.peer != self.own:
                one.move(Event.FREED, now)

    def _dials(self, now: float) -> list[Candidate]:
        connecting = self._in(State.CONNECTING)
        eager = sum(now - one.at < INTRODUCER_SLOW_S for one in connecting)
        missing = self._missing()
        pinned = [one for one in self._in(State.KNOWN) if one.pinned]
        if missing <= 0:
            return pinned or self._probes(now, connecting)
        room = min(missing + 1 - eager, INTRODUCER_DIALS - len(connecting))  # one more than needed: some are dead
        busy = {one.peer for one in self._candidates.values() if one.peer is not None and one.state not in FREE}
        chosen: list[Candidate] = []
        networks = Counter(one.network for one in self._candidates.values() if one.state not in FREE)
        known = [one for one in self._in(State.KNOWN) if one.peer not in busy]
        while known and len(chosen) < room:
            best = min(known, key=lambda one: self._rank(one, networks))
            known.remove(best)
            if best.peer is None or best.peer not in busy:
                chosen.append(best)
                networks[best.network] += 1
                if best.peer is not None:
                    busy.add(best.peer)
        return chosen

    def _probes(self, now: float, connecting: list[Candidate]) -> list[Candidate]:
        """All is well: try now and then whether one who would do better is there, less often each time."""
        if now < self._probe_at or connecting:
            return []
        held = {one.peer for one in self.held()}
        known = [one for one in self._in(State.KNOWN) if one.peer not in held]
        self._probe_wait = min(self._probe_wait * 2, INTRODUCER_PROBE_S[1])
        self._probe_at = now + self._probe_wait * (0.75 + self._random() / 2)
        networks = Counter(one.network for one in self.held())
        promising = [one for one in known if one.rtt_s is None or not networks[one.network]]
        return [min(promising, key=lambda one: self._rank(one, networks))] if promising else []

    def _rank(self, one: Candidate, networks: Counter[str]) -> tuple[bool, int, int, float, float]:
        return (not one.pinned, networks[one.network], one.failures, round(one.slowness, 2), one.luck)

    def _asks(self, now: float) -> bool:
        """Whether there are too few candidates to fill the gap; less often each time nothing comes of it."""
        missing = self._missing()
        if missing <= 0 or now < self._ask_at:
            return False
        if len(self._in(State.CONNECTING)) > missing and self._in(State.KNOWN):
            return False
        self._ask_at = now + self._ask_wait * (0.75 + self._random() / 2)
        self._ask_wait = min(self._ask_wait * 2, INTRODUCER_ASK_S[1])
        return True

    def _victim(self, newcomer: Candidate) -> Candidate | None:
        """Who had better make place for `newcomer`: of a network that we have twice, or much slower."""
        held = [one for one in self.held() if not one.pinned]
        if newcomer.pinned:
            return max(held, key=lambda one: one.slowness, default=None)
        networks = Counter(one.network for one in self.held())
        twice = [one for one in held if networks[one.network] > 1]
        if twice and not networks[newcomer.network]:
            return max(twice, key=lambda one: one.slowness)
        rivals = [one for one in held if one.network == newcomer.network or not networks[newcomer.network]]
        worst = max(rivals, key=lambda one: one.slowness, default=None)
        if worst is not None and worst.slowness > 2 * newcomer.slowness + 0.03:
            return worst
        return None

    def _forget_some(self) -> None:
        """Keep so many candidates; those that failed most go first, then who is unfit."""
        excess = len(self._candidates) - INTRODUCER_CANDIDATES
        if excess > 0:
            free = [one for one in self._candidates.values() if one.state in FREE and not one.pinned]
            free.sort(key=lambda one: (one.state is not State.UNFIT, -one.failures, one.luck))
            for one in free[:excess]:
                del self._candidates[one.address.without_peer()]

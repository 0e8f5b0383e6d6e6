"""Whether strangers can reach us: only then do we serve the DHT to the world.

A node is a *client* until somebody it never sent anything to has reached it: a request came unsolicited, or a third
node knocked, as we had asked (AutoNAT's idea). On loopback and private networks, where everybody reaches everybody,
no proof is needed. One machine per IP version; the transition table is all of it::

    client  -- reached ----------------> server
    server  -- reached ----------------> server         (and the time is noted)
    server  -- moved, quiet -----------> client         our address changed; nobody reached us for half an hour

No I/O, clock or randomness: time and cookies are passed in.
"""

from __future__ import annotations

from collections import Counter, OrderedDict
from enum import Enum
from typing import Final, Literal

from wherry_signaling.scope import Scope

from .endpoint import Endpoint
from .limits import KNOCK_S, REACHABLE_S, SOLICITED, SOLICITED_S, WITNESSES

Mode = Literal["auto", "always", "never"]


class State(Enum):
    """What we are to the rest of the world."""

    CLIENT = "client"
    SERVER = "server"


class Event(Enum):
    """What may change that."""

    REACHED = "reached"
    MOVED = "moved"
    QUIET = "quiet"


TRANSITIONS: Final[dict[tuple[State, Event], State]] = {
    (State.CLIENT, Event.REACHED): State.SERVER,
    (State.CLIENT, Event.MOVED): State.CLIENT,
    (State.CLIENT, Event.QUIET): State.CLIENT,
    (State.SERVER, Event.REACHED): State.SERVER,
    (State.SERVER, Event.MOVED): State.CLIENT,
    (State.SERVER, Event.QUIET): State.CLIENT,
}


class Reachability:
    """What is known of our own address, for one IP version.

    :param mode: "auto" finds out; "always" and "never" are the operator's word.
    """

    def __init__(self, mode: Mode = "auto") -> None:
        self._mode = mode
        self._state = State.SERVER if mode == "always" else State.CLIENT
        self._reached_at = 0.0
        #: Whether somebody on loopback or our private network is in touch with us.
        self._local = False
        self._witnesses: OrderedDict[str, Endpoint] = OrderedDict()
        self._observed: Endpoint | None = None
        self._sent: OrderedDict[str, float] = OrderedDict()
        self._sure_from = 0.0
        self._cookie: tuple[bytes, float] | None = None

    @property
    def state(self) -> State:
        """Client or server."""
        return self._state

    @property
    def observed(self) -> Endpoint | None:
        """Our endpoint as most networks see it; public ones count more than private, whoever says so."""
        return self._observed

    @property
    def serving(self) -> bool:
        """Whether we serve those we know of: the world, or our own network where we know of no other."""
        public = self.observed is not None and self.observed.scope is Scope.GLOBAL
        return self._state is State.SERVER or (self._mode != "never" and self._local and not public)

    def serves(self, scope: Scope) -> bool:
        """Whether we serve somebody whose address has that scope."""
        if self._mode == "never":
            return False
        return scope is not Scope.GLOBAL or self._state is State.SERVER

    def sent(self, to: Endpoint, now: float) -> None:
        """We sent a datagram there: what comes back is no proof."""
        self._sent.pop(to.host, None)
        self._sent[to.host] = now
        if len(self._sent) > SOLICITED:
            _, then = self._sent.popitem(last=False)
            if now - then < SOLICITED_S:
                self._sure_from = now + SOLICITED_S

    def request_came(self, source: Endpoint, now: float) -> bool:
        """A request came; True if it made us a server."""
        self._local = self._local or source.scope is not Scope.GLOBAL
        return self._is_stranger(source, now) and self._happened(Event.REACHED, now)

    def ask(self, cookie: bytes, now: float) -> None:
        """A third node was asked to knock with `cookie`."""
        self._cookie = (cookie, now + KNOCK_S)

    def knocked(self, cookie: bytes, source: Endpoint, now: float) -> bool:
        """A knock came; True if it made us a server."""
        if self._cookie is None or self._cookie[0] != cookie or now > self._cookie[1]:
            return False
        if not self._is_stranger(source, now):
            return False
        self._cookie = None
        return self._happened(Event.REACHED, now)

    def witness(self, by: Endpoint, observed: Endpoint, now: float) -> bool:
        """Somebody told us our endpoint; True if that made us a client, since we have moved.

        One voice per network. What a private address says of a public one, or the reverse, is of no use to us.
        """
        self._local = self._local or by.scope is not Scope.GLOBAL
        if by.scope != observed.scope:
            return False
        said = self._witnesses.pop(by.network, None)
        self._witnesses[by.network] = observed
        if said == observed:
            return False
        if len(self._witnesses) > WITNESSES:
            self._witnesses.popitem(last=False)
        votes = Counter(self._witnesses.values())
        before = self._observed
        self._observed = max(votes, key=lambda endpoint: (endpoint.scope, votes[endpoint]))
        moved = before is not None and before.host != self._observed.host
        return moved and self._happened(Event.MOVED, now)

    def tick(self, now: float) -> bool:
        """Time has passed; True if it made us a client."""
        quiet = self._state is State.SERVER and now - self._reached_at > REACHABLE_S
        return quiet and self._happened(Event.QUIET, now)

    def wants_dial_back(self, now: float) -> bool:
        """Whether a third node should be asked to knock: we do not know, or it is a while ago."""
        if self._mode != "auto" or self.observed is None or self.observed.scope is not Scope.GLOBAL:
            return False
        return self._state is State.CLIENT or now - self._reached_at > REACHABLE_S / 2

    def _is_stranger(self, source: Endpoint, now: float) -> bool:
        sent = self._sent.get(source.host)
        recently = sent is not None and now - sent < SOLICITED_S
        return source.scope is Scope.GLOBAL and not recently and now >= self._sure_from

    def _happened(self, event: Event, now: float) -> bool:
        if self._mode != "auto":
            return False
        before, self._state = self._state, TRANSITIONS[self._state, event]
        if event is Event.REACHED:
            self._reached_at = now
        return before is not self._state

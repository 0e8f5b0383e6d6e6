"""Links that are open and not yet greeted. A core.

Both sides say HELLO on a new link as soon as it is open; it becomes the connection's once the peer's HELLO has echoed
the ids of the offer and the answer that led to it. The lanes of a link overtake each other: what comes on another one
before that waits here, within a bound.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field

from wherry.connection.frames import VERSION, Frame, Hello, Kind, decode
from wherry.connection.limits import HELLO_S, MAX_EARLY_BYTES
from wherry.connection.link import Greeting, LaneKind
from wherry.errors import ProtocolViolation


@dataclass(slots=True)
class _Candidate:
    greeting: Greeting
    deadline: float
    #: Frames that overtook the HELLO on other lanes.
    early: list[tuple[LaneKind, bytes]] = field(default_factory=list)
    early_bytes: int = 0


class Greetings:
    """The candidates beside the active link, by the numbers that the shell gave them.

    :param instance: 8 bytes, random per process.
    :param session: 8 bytes, random per connection.
    :param features: the bits that our HELLO carries.
    """

    def __init__(self, *, instance: bytes, session: bytes, features: int) -> None:
        self._instance, self._session, self._features = instance, session, features
        self._candidates: dict[int, _Candidate] = {}

    def __contains__(self, link: int) -> bool:
        return link in self._candidates

    def __iter__(self) -> Iterator[int]:
        return iter(list(self._candidates))

    def begin(self, link: int, greeting: Greeting, now: float) -> bytes:
        """Expect the peer's HELLO on `link`; returns ours, to be said on it."""
        self._candidates[link] = _Candidate(greeting, now + HELLO_S)
        hello = Hello(
            features=self._features,
            instance=self._instance,
            session=self._session,
            attempt=greeting.attempt,
            answer=greeting.answer,
        )
        return Frame(Kind.HELLO, payload=hello.encode()).encode()

    def take(self, link: int, lane: LaneKind, data: bytes) -> tuple[Hello, list[tuple[LaneKind, bytes]]] | None:
        """A message on a candidate: the peer's HELLO, if this was it, with what came before.

        :raises ProtocolViolation: it is no HELLO, or not the one that was agreed on, or too much came before it.
        """
        candidate = self._candidates[link]
        if lane is LaneKind.CONTROL:
            frame = decode(data)
            if frame.kind != Kind.HELLO:
                raise ProtocolViolation("a frame before HELLO")
            hello = Hello.of(frame)
            _check(hello, candidate.greeting)
            del self._candidates[link]
            return hello, candidate.early
        candidate.early_bytes += len(data)
        if candidate.early_bytes > MAX_EARLY_BYTES:
            raise ProtocolViolation("too much before HELLO")
        candidate.early.append((lane, data))
        return None

    def drop(self, link: int) -> bool:
        """Expect nothing on `link` any more; whether anything was."""
        return self._candidates.pop(link, None) is not None

    @property
    def deadline(self) -> float:
        """When the first of them is late."""
        return min((candidate.deadline for candidate in self._candidates.values()), default=math.inf)

    def late(self, now: float) -> list[int]:
        """Those on which no HELLO came in time."""
        return [link for link, candidate in self._candidates.items() if now >= candidate.deadline]


def _check(hello: Hello, greeting: Greeting) -> None:
    if hello.version != VERSION:
        raise ProtocolViolation(f"HELLO of version {hello.version} where {VERSION} was agreed on")
    if (hello.attempt, hello.answer) != (greeting.attempt, greeting.answer):
        raise ProtocolViolation("HELLO with the ids of another attempt")
    if hello.instance != greeting.instance:
        raise ProtocolViolation("HELLO of another instance than its offer or answer")

"""What a connection tells: the core to its shell, and the shell to whoever owns the connection."""

from __future__ import annotations

from dataclasses import dataclass

from wherry.connection.streams import StreamMachine
from wherry.errors import WherryError


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Anything below."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkActive(Event):
    """A link has become the one that carries the connection; an older one is replaced or dropped.

    :param resumed: streams of before go on.
    :param features: the bits that the peer's HELLO carried.
    """

    link: int
    resumed: bool
    features: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkReplaced(Event):
    """A newer link carries the connection: this one is to be closed once the datagrams in flight on it have come."""

    link: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkDropped(Event):
    """A link is no longer used and is to be closed.

    :param error: why, or None where another took its place before it carried anything, or the peer has begun anew.
    """

    link: int
    error: WherryError | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SuspectLink(Event):
    """Bytes are in flight and nothing is heard: dial anew, beside the link there is.

    :param silence_s: seconds since the peer was heard.
    """

    silence_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Interrupted(Event):
    """There is no link. Streams wait; without a new link the connection is lost after the grace period."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamOpened(Event):
    """The peer has opened a stream, and policy lets it."""

    stream: StreamMachine


@dataclass(frozen=True, slots=True, kw_only=True)
class Pong(Event):
    """The peer answered heartbeat `number`."""

    number: int
    rtt_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Closed(Event):
    """The connection is over, and all its streams with it.

    :param error: why: what the streams raise.
    """

    error: WherryError

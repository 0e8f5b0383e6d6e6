"""What opens the local API on TCP: tokens that work once, and callers known by one. A core: it is told the time.

::

    wherry dashboard ──(socket)──> one-time token ──(POST session)──> session ──(POST tickets)──> ticket
    wherry token new ──(socket)──> a program's token

Only a token's SHA-256 is kept, and looked up by: the time that a comparison takes tells about the digest of what was
sent, and of a token of 256 random bits that says nothing. So nothing here reads out as a token, and no plain
comparison is made with one.
"""

from __future__ import annotations

import base64
import hashlib
import math
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from .limits import SESSION_IDLE_S, SESSION_S, SESSIONS, TOKEN_BYTES, TOKEN_CHARACTERS

T = TypeVar("T")
Random = Callable[[int], bytes]


def new_token(random: Random, prefix: str = "") -> str:
    """A token of 256 random bits, as 43 characters that may stand in an address."""
    return prefix + base64.urlsafe_b64encode(random(TOKEN_BYTES)).rstrip(b"=").decode()


def digest_of(token: str) -> bytes | None:
    """What a token is known by; None for what is none of ours by its looks."""
    if not token.isascii() or len(token) > TOKEN_CHARACTERS:
        return None
    return hashlib.sha256(token.encode()).digest()


@dataclass(slots=True, eq=False)
class Caller:
    """Somebody who showed a good token: a session of the page, or a program.

    :ivar name: a program's; nothing for a session.
    :ivar ends: when it ends in any case, in the loop's time.
    :ivar used: when it asked last, or was last being answered.
    :ivar on_end: called once, when the caller is ended before its time.
    """

    name: str = ""
    ends: float = math.inf
    used: float = 0.0
    ended: bool = False
    on_end: set[Callable[[], None]] = field(default_factory=set)

    def end(self) -> None:
        """Nothing more is answered, and what is under way is ended. A second call does nothing."""
        self.ended = True
        while self.on_end:
            self.on_end.pop()()


class Spendables(Generic[T]):
    """Values under tokens that work once, and not for long.

    :param seconds: that a token is good for.
    :param most: tokens that wait at once; the oldest is forgotten for a new one.
    """

    def __init__(self, random: Random, *, seconds: float, most: int) -> None:
        self._random, self._seconds, self._most = random, seconds, most
        self._kept: OrderedDict[bytes, tuple[float, T]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._kept)

    def issue(self, value: T, now: float) -> str:
        """A token for the value."""
        while self._kept and next(iter(self._kept.values()))[0] <= now:
            self._kept.popitem(last=False)
        if len(self._kept) >= self._most:
            self._kept.popitem(last=False)
        token = new_token(self._random)
        digest = digest_of(token)
        assert digest is not None
        self._kept[digest] = (now + self._seconds, value)
        return token

    def spend(self, token: str, now: float) -> T | None:
        """The token's value, this once; None where it is unknown, spent or too old."""
        digest = digest_of(token)
        found = self._kept.pop(digest, None) if digest is not None else None
        return None if found is None or found[0] <= now else found[1]

    def clear(self) -> None:
        """Forget all."""
        self._kept.clear()


class Sessions:
    """The page's sessions: bounded, each with an end, sooner where it is not used."""

    def __init__(self, random: Random) -> None:
        self._random = random
        #: The one that was used least lately comes first.
        self._kept: OrderedDict[bytes, Caller] = OrderedDict()

    def __len__(self) -> int:
        return len(self._kept)

    def begin(self, now: float) -> tuple[str, Caller]:
        """A new session and its token; the one that was used least lately ends if there are too many."""
        self._sweep(now)
        if len(self._kept) >= SESSIONS:
            self._kept.popitem(last=False)[1].end()
        token = new_token(self._random)
        digest = digest_of(token)
        assert digest is not None
        session = self._kept[digest] = Caller(ends=now + SESSION_S, used=now)
        return token, session

    def find(self, token: str, now: float) -> Caller | None:
        """Whose token it is; from now on the session has been used."""
        self._sweep(now)
        digest = digest_of(token)
        session = self._kept.get(digest) if digest is not None else None
        if digest is not None and session is not None:
            session.used = now
            self._kept.move_to_end(digest)
        return session

    def end(self, session: Caller) -> None:
        """End one."""
        for digest, kept in self._kept.items():
            if kept is session:
                del self._kept[digest]
                break
        session.end()

    def end_all(self) -> int:
        """End all; returns how many there were."""
        count = len(self._kept)
        while self._kept:
            self._kept.popitem()[1].end()
        return count

    def _sweep(self, now: float) -> None:
        """End what is too old; what is still being answered counts as used."""
        for digest, session in list(self._kept.items()):
            if session.ends <= now or (session.used + SESSION_IDLE_S <= now and not session.on_end):
                del self._kept[digest]
                session.end()

"""Who may open what, per stream name; how much; and who is banned until when.

Friendship is one policy, not the condition of talking. A `Rule` says who (`friends`, `anyone`, or a list) and how much
in a minute; a ban shuts a peer out of everything, and always has an end.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from wherry.connection import codes
from wherry.connection.limits import ECHO_BYTES_PER_MINUTE, ECHO_OPENS_PER_MINUTE, MAX_BANS, OPENS_PER_MINUTE
from wherry.errors import LimitExceeded, PeerBanned, PolicyRefused
from wherry_signaling.rates import Bucket

Allow = Literal["friends", "anyone"] | frozenset[bytes]
MINUTE_S: Final = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What holds for one stream name.

    :param allow: `friends`, `anyone`, or the 32-byte keys of those who may.
    :param opens_per_minute: streams of this name that one peer may open, as a bucket that refills evenly.
    :param bytes_per_minute: bytes that one peer may send on them, if that is limited at all.
    """

    allow: Allow = "friends"
    opens_per_minute: int = OPENS_PER_MINUTE
    bytes_per_minute: int | None = None


#: What holds where the configuration says nothing else.
DEFAULT_RULES: Final[Mapping[str, Rule]] = {
    "/wherry/echo/1": Rule(
        allow="anyone", opens_per_minute=ECHO_OPENS_PER_MINUTE, bytes_per_minute=ECHO_BYTES_PER_MINUTE
    ),
    "/wherry/message/1": Rule(allow="anyone"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Ban:
    """A peer that is shut out.

    :param until: seconds on the clock that `Policy` is given.
    :param reason: for the person who looks at it.
    """

    until: float
    reason: str


@dataclass(slots=True)
class Policy:
    """What one node lets peers do.

    :param rules: by stream name; a name without one is for friends.
    :param is_friend: whether a 32-byte key is a friend's; asked each time, so that it follows whoever keeps friends.
    :param is_blocked: whether it is the key of somebody whom our person has blocked: nothing is for them.
    """

    rules: Mapping[str, Rule] = field(default_factory=lambda: dict(DEFAULT_RULES))
    is_friend: Callable[[bytes], bool] = lambda _peer: False
    is_blocked: Callable[[bytes], bool] = lambda _peer: False
    _bans: dict[bytes, Ban] = field(default_factory=dict)
    _opens: dict[tuple[bytes, str], Bucket] = field(default_factory=dict)
    _bytes: dict[tuple[bytes, str], Bucket] = field(default_factory=dict)

    def rule(self, name: str) -> Rule:
        """What holds for streams called `name`."""
        return self.rules.get(name, _FRIENDS)

    def allows(self, peer: bytes, name: str) -> bool:
        """Whether `peer` may open `name` at all, limits aside."""
        if self.is_blocked(peer):
            return False
        match self.rule(name).allow:
            case "anyone":
                return True
            case "friends":
                return self.is_friend(peer)
            case listed:
                return peer in listed

    def admit(self, peer: bytes, name: str, now: float) -> int | None:
        """None if `peer` may open `name` now, else the code to refuse it with."""
        if self.banned(peer, now) is not None:
            return codes.code_for(PeerBanned)
        if not self.allows(peer, name):
            return codes.code_for(PolicyRefused)
        size = self.rule(name).opens_per_minute
        if not self._take(self._opens, peer, name, size, 1, now):
            return codes.code_for(LimitExceeded)
        return None

    def charge(self, peer: bytes, name: str, size: int, now: float) -> bool:
        """Count `size` bytes that `peer` sent on a stream called `name`; False when that is too much."""
        limit = self.rule(name).bytes_per_minute
        return limit is None or self._take(self._bytes, peer, name, limit, size, now)

    def _take(
        self, buckets: dict[tuple[bytes, str], Bucket], peer: bytes, name: str, size: int, amount: int, now: float
    ) -> bool:
        bucket = buckets.get((peer, name))
        if bucket is None:
            for key in [key for key, old in buckets.items() if now - old.at >= MINUTE_S]:
                del buckets[key]  # full again: as good as none
            bucket = buckets[peer, name] = Bucket.full((size / MINUTE_S, size), now)
        return bucket.take(now, amount)

    # -- bans ---------------------------------------------------------------------------------------------------------

    def ban(self, peer: bytes, *, until: float, reason: str) -> None:
        """Shut `peer` out until then. The soonest ban to end gives way when there are too many."""
        if len(self._bans) >= MAX_BANS and peer not in self._bans:
            del self._bans[min(self._bans, key=lambda key: self._bans[key].until)]
        self._bans[peer] = Ban(until=until, reason=reason)

    def unban(self, peer: bytes) -> bool:
        """Lift a ban; whether there was one."""
        return self._bans.pop(peer, None) is not None

    def banned(self, peer: bytes, now: float) -> Ban | None:
        """The ban that shuts `peer` out now."""
        ban = self._bans.get(peer)
        if ban is not None and now >= ban.until:
            del self._bans[peer]
            return None
        return ban

    def bans(self, now: float) -> dict[bytes, Ban]:
        """All bans that hold now."""
        return {peer: ban for peer, ban in self._bans.items() if now < ban.until}


_FRIENDS: Final = Rule()

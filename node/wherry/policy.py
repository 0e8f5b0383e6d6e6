"""The configuration's `friends` and `allow`, as the policy of connections."""

from __future__ import annotations

from typing import Final

from wherry_signaling.identity import PeerId

from .config import Config
from .connection import Policy, Rule
from .connection.policy import DEFAULT_RULES, Allow

#: Not a stream, but what the policy on calls themselves is named by: `allow."/wherry/connect/1" = "friends"`.
CONNECT: Final = "/wherry/connect/1"


def policy_of(config: Config) -> Policy:
    """Who may open what. Until there are friends, they are those the configuration lists."""
    friends = frozenset(PeerId.parse(text).key for text in config.friends)
    rules = {**DEFAULT_RULES, CONNECT: Rule(allow="anyone")}
    for name, said in config.allow.items():
        before = rules.get(name, Rule())
        rules[name] = Rule(
            allow=_allow(said), opens_per_minute=before.opens_per_minute, bytes_per_minute=before.bytes_per_minute
        )
    return Policy(rules=rules, is_friend=friends.__contains__)


def _allow(said: str | frozenset[str]) -> Allow:
    if isinstance(said, frozenset):
        return frozenset(PeerId.parse(text).key for text in said)
    if said == "nobody":
        return frozenset()
    return "anyone" if said == "anyone" else "friends"

"""Every limit of the local API: name, unit, reason."""

from __future__ import annotations

from typing import Final

#: Bytes of one request's body: the largest is a peer's name, or a link.
REQUEST_BYTES: Final = 64 * 1024
#: Characters of what names a peer: more than the longest link, with three ways in, has.
PEER_CHARACTERS: Final = 2_000
#: Pings asked for in one request.
PINGS: Final = 1_000
#: Seconds between two pings at least: ten a second is what the other side answers.
PING_INTERVAL_S: Final = 0.1
#: Seconds that anything may be waited for in one request.
WAIT_S: Final = 3_600
#: Bytes of one echo: a thousand round trips of them stay within the other side's limit for a minute.
ECHO_BYTES: Final = 1024 * 1024
#: Seconds that requests under way have to end when the node stops; event streams are cut after it.
SHUTDOWN_S: Final = 0.5
#: Bytes that the client takes from a stream at once.
READ_BYTES: Final = 64 * 1024
#: Seconds the client waits for a node that runs to take its connection and begin an answer to a quick question.
ANSWER_S: Final = 10.0
#: Seconds the client grants beyond what it asked the node to wait for.
GRACE_S: Final = 10.0

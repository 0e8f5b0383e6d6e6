"""Every limit of the switchboard and of messages: name, unit, reason."""

from __future__ import annotations

from typing import Final

#: Bytes of one message: what is larger is a stream. It stays within a stream's full window.
MESSAGE_BYTES: Final = 1024 * 1024
#: Messages of one peer that wait while one is held by `receive`, or while components are busy with another.
MESSAGES_WAITING: Final = 64
#: Messages a second of one peer, with a burst: a chat is one, a busy protocol a few hundred.
MESSAGES_PER_S: Final = (500.0, 2000)
#: Refusals that wait to be written to one peer: who sends nonsense and does not read is not told of the rest.
REFUSALS_AT_ONCE: Final = 16
#: Pings a second of one peer.
PINGS_PER_S: Final = (10.0, 20)
#: Seconds a reply may take, unless the caller says otherwise.
REPLY_S: Final = 10.0
#: Seconds a component's hook may take before it is left behind: one must not hold up the others.
HOOK_S: Final = 5.0
#: Seconds between two tries for a new link: the peer's own tries fall between ours.
REDIAL_S: Final = 1.0
#: The first opcode that applications may use; what is below is Wherry's own.
FIRST_FREE_OPCODE: Final = 1000

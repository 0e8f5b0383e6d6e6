"""Every limit of invitations: name, unit, reason."""

from __future__ import annotations

from typing import Final

#: Bytes of the data of an invitation, and of its reply: a description of something, not the thing itself.
DATA_BYTES: Final = 8 * 1024
#: Characters of what an invitation is called.
NAME_CHARACTERS: Final = 80
#: Characters of a reason: a sentence.
REASON_CHARACTERS: Final = 200
#: Seconds that a reply is waited for where the caller does not say how long.
REPLY_S: Final = 30.0
#: Seconds that an invitation or a reply is kept beyond the time it is waited for: expiry is in whole seconds, and two
#: nodes' clocks may differ by some.
LATE_S: Final = 5.0
#: Seconds after the start in which an invitation under a name that nobody serves waits for somebody who will: programs
#: register what they serve once the node is there, and mail comes at once.
SETTLING_S: Final = 10.0
#: Invitations of ours that wait for a reply at once: each is a task of the program's.
PENDING: Final = 1024
#: Invitations of one peer that are not answered: a slow handler, or a peer that asks too much.
PER_PEER: Final = 32
#: Invitations of all peers that are not answered: each has a task, and 8 KiB on the disk.
IN_ALL: Final = 512

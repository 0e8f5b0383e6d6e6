"""Every limit of the store: name, unit, reason."""

from __future__ import annotations

from typing import Final

#: Peers that are remembered without a label; those seen longest ago are forgotten first.
PEERS: Final = 10_000
#: DHT contacts that are remembered: enough to find the way in again after weeks.
CONTACTS: Final = 500
#: Signaling endpoints that are remembered, for the same reason.
ENDPOINTS: Final = 200
#: Multiaddrs that are remembered of one peer.
MULTIADDRS: Final = 8
#: Characters of a claimed name or a label: what fits into one line of a list.
NAME_CHARACTERS: Final = 80
#: Characters of the reason for a ban: a sentence.
REASON_CHARACTERS: Final = 200
#: Milliseconds that a statement waits for another process (a backup tool) to let go of the file.
BUSY_MS: Final = 5_000
#: Bytes free below which an I/O error is taken for a full disk: SQLite does not tell the two apart.
FULL_BYTES: Final = 1024 * 1024
#: Bytes that the write-ahead log is cut back to once it has been taken over.
LOG_BYTES: Final = 4 * 1024 * 1024
#: Bytes of a database that is checked whole at every start: a fifth of a second, even from a slow disk.
WHOLE_CHECK_BYTES: Final = 16 * 1024 * 1024

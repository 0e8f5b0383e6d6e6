"""Every limit of the ratchet: name, unit, reason."""

from __future__ import annotations

from typing import Final

#: Keys of skipped messages that one message may leave behind: who is further ahead is asked to begin anew.
SKIPPED_AT_ONCE: Final = 1000
#: Keys of skipped messages in all, of one session; the oldest go first.
SKIPPED_KEYS: Final = 2000
#: Sessions with one peer: both sides may begin at once, and a few times.
SESSIONS: Final = 4
#: Seconds that a signed prekey is the one we name: a week.
PREKEY_S: Final = 7 * 24 * 3600
#: Seconds that its private half is kept: as long as an inbox record lives.
PREKEY_KEPT_S: Final = 30 * 24 * 3600
#: One-time prekeys of a batch.
PREKEYS_AT_ONCE: Final = 50

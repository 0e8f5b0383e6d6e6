"""Every limit of sessions: name, unit, reason."""

from __future__ import annotations

from typing import Final

#: Streams of one session: sound, picture, and a dozen for whatever else.
STREAMS: Final = 16
#: Characters of a session's name: with our prefix it is an invitation's name.
NAME_CHARACTERS: Final = 64
#: Characters of a stream's name within a session.
STREAM_NAME_CHARACTERS: Final = 40
#: Bytes of data in a request and in an acceptance: what an invitation takes, less the list of streams.
DATA_BYTES: Final = 7 * 1024
#: Sessions with one peer at once.
PER_PEER: Final = 16
#: Seconds that the answer to a request is waited for where the caller does not say how long: a telephone's ringing.
REQUEST_S: Final = 60.0
#: Seconds from the acceptance until every stream is open: a dial, and the way of the acceptance itself.
OPEN_S: Final = 45.0
#: Seconds that a stream waits to be claimed by a session: they are opened in one go.
CLAIM_S: Final = 10.0
#: Streams of one peer that wait to be claimed: those of two sessions.
UNCLAIMED: Final = 2 * STREAMS
#: Seconds that closing waits until the other side has everything; then it is cut short.
CLOSE_S: Final = 10.0
#: Streams of sessions that one peer may open in a minute: somebody who calls, hangs up and calls again.
OPENS_PER_MINUTE: Final = 240
#: Bytes of the random word by which an accepted session is known to both ends: nobody guesses 128 bits.
TOKEN_BYTES: Final = 16
#: Bytes of the first words on a control stream.
OPENING_BYTES: Final = 4096

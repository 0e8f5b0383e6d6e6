"""Every limit of connecting: name, unit, reason."""

from __future__ import annotations

from typing import Final

#: Seconds one attempt may take from its first offer: aioice alone would try for 64.
ATTEMPT_S: Final = 15.0
#: Seconds a dial may take in all, with its look-up.
DIAL_S: Final = 20.0
#: Seconds after which the offer is sent once more along all ways, while no answer came: a frame may be lost.
RING_AGAIN_S: Final = 3.0
#: Seconds before the record is looked up again where no way in it led to the peer; each round rings once more.
LOOK_AGAIN_S: Final = (0.25, 0.5, 1.0)
#: Seconds between two ways of a race: most peers answer on the first within it.
STAGGER_S: Final = 0.25
#: Attempts of one pair that are remembered, so that a replayed offer meets its old answer or nothing.
ATTEMPTS_REMEMBERED: Final = 64
#: Candidate signals that wait for the offer they belong to.
CANDIDATES_WAITING: Final = 4
#: Inbound attempts of strangers at once, and of everybody: each costs a peer connection.
STRANGERS_AT_ONCE: Final = 8
INBOUND_AT_ONCE: Final = 32
#: Pongs and refusals under way at once: whoever wants more is not answered.
PONGS_AT_ONCE: Final = 256
#: Pairs whose attempts are remembered; the longest idle are forgotten first.
PAIRS_REMEMBERED: Final = 4096
#: Signals of one sender a second, with a burst: a dial is an offer, an answer and a few candidates.
SIGNALS_PER_S: Final = (10.0, 60)
#: Seconds a sealed ping waits for its pong: a look-up's worth, and slow ways.
PING_S: Final = 5.0
#: Seconds a STUN server that answered is taken for alive, and how long a probe waits.
STUN_FRESH_S: Final = 300.0
STUN_PROBE_S: Final = 0.5
#: Seconds a record from an introducer or the DHT is used again without asking.
RECORD_FRESH_S: Final = 30.0
#: Seconds the look-up of a record may take.
LOOK_UP_S: Final = 5.0
#: Entries of one attempt's trace, and traces kept.
TRACE_ENTRIES: Final = 200
TRACES: Final = 64

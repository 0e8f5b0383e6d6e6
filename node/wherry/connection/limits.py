"""Every limit of a connection: its name, its unit, and why it is what it is."""

from __future__ import annotations

from typing import Final

KIB: Final = 1024
MIB: Final = 1024 * KIB

# -- frames -----------------------------------------------------------------------------------------------------------

#: Bytes of one frame with its header. What every WebRTC stack takes in one message, and short enough that a stream
#: with little to say does not wait long behind one with much.
MAX_FRAME_BYTES: Final = 16 * KIB
#: Bytes of one datagram without its header: what QUIC's first packets need through a forwarded port, and one packet
#: on nearly every path.
MAX_DATAGRAM_BYTES: Final = 1200
#: Bytes of a stream's name. Long enough for `/application/purpose/version`.
MAX_NAME_BYTES: Final = 128
#: Bytes of the text in a CLOSE frame: one line for a log.
MAX_REASON_BYTES: Final = 200

# -- credit -----------------------------------------------------------------------------------------------------------

#: Bytes a new stream may send unasked, and the reserve that each stream keeps outside the connection's credit: a
#: request fits without a round trip, and no sleeping reader can take it from another.
RESERVE_BYTES: Final = 64 * KIB
#: Bytes that a stream's window grows to while its reader keeps up: 100 Mbit/s at 80 ms.
MAX_STREAM_WINDOW_BYTES: Final = 1 * MIB
#: Bytes unread on one connection beyond the streams' reserves: what a peer can make us hold.
CONNECTION_WINDOW_BYTES: Final = 16 * MIB
#: Bytes of the connection's window that windows grown beyond their reserve may take together. The last quarter is
#: always free for what is under way, so readers who sleep cannot block one who reads.
GROWN_WINDOWS_BYTES: Final = CONNECTION_WINDOW_BYTES * 3 // 4
#: Bytes of connection credit that are given at once: an update for each megabyte is 0.002 % of the traffic.
CONNECTION_LIMIT_STEP_BYTES: Final = 1 * MIB

# -- sending ----------------------------------------------------------------------------------------------------------

#: Bytes written to a stream and not yet handed to the engine, above which `write()` waits.
SEND_BUFFER_BYTES: Final = 256 * KIB
#: Bytes that wait in the engine, over all lanes of a link, above which nothing but control frames is handed to it.
#: Enough to keep SCTP busy for 20 ms at 12 MB/s; more would only make control frames wait behind it.
LINK_BUFFER_BYTES: Final = 256 * KIB
#: Bytes that may wait on the datagram lane; a datagram that comes when it is full is old before it leaves: dropped.
DATAGRAM_BUFFER_BYTES: Final = 64 * KIB
#: Datagrams that wait for their reader, per flow; beyond it the oldest is dropped and counted.
DATAGRAM_QUEUE: Final = 256

# -- numbers ----------------------------------------------------------------------------------------------------------

#: Streams that a peer may have open at once: with `RESERVE_BYTES` each, 64 MiB more than the connection's window.
MAX_PEER_STREAMS: Final = 1024
#: Streams beyond `MAX_PEER_STREAMS` that are refused one by one before the connection is ended for it.
MAX_REFUSED_STREAMS: Final = 1024
#: Streams that we may have open at once, the same number seen from here.
MAX_OWN_STREAMS: Final = 1024
#: Idle lanes kept for the next stream: saves a data channel's opening and closing. More serve nobody.
MAX_IDLE_LANES: Final = 16
#: Bytes that may overtake a HELLO on other lanes: what a lost packet leaves waiting, and no way to fill memory.
MAX_EARLY_BYTES: Final = 1 * MIB
#: Lanes that a peer may open on one link: each of our streams and of its own needs one, and some lie idle.
MAX_PEER_LANES: Final = 2 * MAX_PEER_STREAMS + 2 * MAX_IDLE_LANES

# -- time -------------------------------------------------------------------------------------------------------------

#: Seconds between heartbeats.
HEARTBEAT_S: Final = 3.0
#: Heartbeats without a sign of life before a link is given up: a lost burst of packets is survived.
HEARTBEAT_MISSES: Final = 3
#: Seconds of silence with bytes in flight before a link is suspect; four round trips if that is longer.
SUSPECT_S: Final = 1.0
SUSPECT_ROUND_TRIPS: Final = 4
#: Seconds that a timer may be late before it counts as a pause of our own (a stopped process, a busy machine) and not
#: as the peer's silence.
STALL_S: Final = 0.25
#: Seconds after which a ping that was not answered is sent again: longer than any round trip on earth.
PING_AGAIN_S: Final = 1.0
#: Seconds that a link which another replaced is still heard: the two ends change over one way of the new link apart,
#: and a datagram that left before that is on its way. Streams say again what was lost.
IN_FLIGHT_S: Final = 1.0
#: Seconds for the peer's HELLO on an open link: it is under way already, this covers a retransmission or two.
HELLO_S: Final = 5.0
#: Seconds without any link before the connection is lost: two dialling attempts of 15 s.
GRACE_S: Final = 30.0
#: Seconds that a closed stream is remembered at most, while its last frame is not known to have arrived.
TOMBSTONE_S: Final = 60.0
#: Seconds without a stream and without a pin before the connection closes itself.
IDLE_S: Final = 600.0
#: Seconds that `close()` waits for its last frame to leave.
CLOSE_FLUSH_S: Final = 0.25

# -- rates ------------------------------------------------------------------------------------------------------------

#: Heartbeats per second that are answered, and how many at once: pings are 10/s, and a flood must cost us nothing.
HEARTBEATS_PER_S: Final = (20.0, 40)

# -- aiortc and ICE ---------------------------------------------------------------------------------------------------

#: Candidates of one side: a host has a handful; each of them is paired with each of ours.
MAX_CANDIDATES: Final = 16
#: Characters of an SDP: one with 16 candidates has about 2 500.
MAX_SDP_BYTES: Final = 16 * KIB
#: Addresses that checks may come from, signalled or not: a NAT may show a few more than were told.
MAX_REMOTE_ADDRESSES: Final = 64
#: Seconds for STUN servers to answer while gathering; they were probed just before.
GATHER_S: Final = 2.0
#: Bytes of an ICE socket's receive buffer, aioice's own choice. A larger one makes aiortc slower: its sender walks all
#: that is in flight for each acknowledgement.
ICE_SOCKET_BUFFER_BYTES: Final = 256 * KIB
#: Datagrams that may wait between socket and DTLS.
MAX_WAITING_DATAGRAMS: Final = 4096
#: Bytes that a peer's fragments may exceed the window it was told by: what was under way when it shrank.
MAX_OVERSHOOT_BYTES: Final = 1 * MIB

# -- policy -----------------------------------------------------------------------------------------------------------

#: Streams of one name that a peer may open in a minute: a busy page with a connection per request.
OPENS_PER_MINUTE: Final = 1200
#: Echo streams a minute: one a second, for whoever tries whether a node answers.
ECHO_OPENS_PER_MINUTE: Final = 64
#: Bytes echoed a minute: enough to measure a path, too little to be of use to anybody.
ECHO_BYTES_PER_MINUTE: Final = 16 * MIB
#: Bans that are remembered: 100 KiB of memory.
MAX_BANS: Final = 1024

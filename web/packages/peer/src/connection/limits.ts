/** Every limit of a connection: its name, its unit, and why it is what it is. The same as the node's. */

const KIB = 1024;
const MIB = 1024 * KIB;

// -- frames -----------------------------------------------------------------------------------------------------------

/** Bytes of one frame with its header: what every WebRTC stack takes in one message, and no long wait for others. */
export const MAX_FRAME_BYTES = 16 * KIB;
/** Bytes of one datagram without its header: one packet on nearly every path. */
export const MAX_DATAGRAM_BYTES = 1200;
/** Bytes of a stream's name: long enough for `/application/purpose/version`. */
export const MAX_NAME_BYTES = 128;
/** Bytes of the text in a CLOSE frame: one line for a log. */
export const MAX_REASON_BYTES = 200;

// -- credit -----------------------------------------------------------------------------------------------------------

/** Bytes a new stream may send unasked, and the reserve that each stream keeps outside the connection's credit. */
export const RESERVE_BYTES = 64 * KIB;
/** Bytes that a stream's window grows to while its reader keeps up: 100 Mbit/s at 80 ms. */
export const MAX_STREAM_WINDOW_BYTES = MIB;
/** Bytes unread on one connection beyond the streams' reserves: what a peer can make us hold. */
export const CONNECTION_WINDOW_BYTES = 16 * MIB;
/** Bytes that windows grown beyond their reserve may take together: the last quarter is for who reads. */
export const GROWN_WINDOWS_BYTES = (CONNECTION_WINDOW_BYTES * 3) / 4;
/** Bytes of connection credit that are given at once: an update for each megabyte is little traffic. */
export const CONNECTION_LIMIT_STEP_BYTES = MIB;

// -- sending ----------------------------------------------------------------------------------------------------------

/** Bytes written to a stream and not yet handed to the engine, above which `write()` waits. */
export const SEND_BUFFER_BYTES = 256 * KIB;
/** Bytes that wait in the engine, over all lanes, above which only control frames are handed to it. */
export const LINK_BUFFER_BYTES = 256 * KIB;
/** Bytes that may wait on the datagram lane: what comes later would be old before it leaves, and is dropped. */
export const DATAGRAM_BUFFER_BYTES = 64 * KIB;
/** Datagrams that wait for their reader, per flow; beyond it the oldest is dropped and counted. */
export const DATAGRAM_QUEUE = 256;

// -- numbers ----------------------------------------------------------------------------------------------------------

/** Streams that a peer may have open at once; with `RESERVE_BYTES` each this bounds memory. */
export const MAX_PEER_STREAMS = 1024;
/** Streams beyond that which are refused one by one before the connection is ended for it. */
export const MAX_REFUSED_STREAMS = 1024;
/** Streams that we may have open at once. */
export const MAX_OWN_STREAMS = 1024;
/** Idle lanes kept for the next stream: saves a data channel's opening and closing. */
export const MAX_IDLE_LANES = 16;
/** Bytes that may overtake a HELLO on other lanes: what a lost packet leaves waiting. */
export const MAX_EARLY_BYTES = MIB;
/** Lanes that a peer may open on one link: each stream needs one, and some lie idle. */
export const MAX_PEER_LANES = 2 * MAX_PEER_STREAMS + 2 * MAX_IDLE_LANES;

// -- time, in milliseconds --------------------------------------------------------------------------------------------

/** Between heartbeats. */
export const HEARTBEAT_MS = 3000;
/** Heartbeats without a sign of life before a link is given up: a lost burst of packets is survived. */
export const HEARTBEAT_MISSES = 3;
/** Silence with bytes in flight before a link is suspect; four round trips if that is longer. */
export const SUSPECT_MS = 1000;
export const SUSPECT_ROUND_TRIPS = 4;
/**
 * That a timer may be late before it counts as a pause of our own (a suspended computer) and not as the peer's silence:
 * browsers let timers of hidden pages run once a second.
 */
export const STALL_MS = 2000;
/**
 * That a link which another replaced is still heard: the two ends change over one way of the new link apart, and a
 * datagram that left before that is on its way. Streams say again what was lost.
 */
export const IN_FLIGHT_MS = 1000;
/** For the peer's HELLO on an open link: it is under way already. */
export const HELLO_MS = 5000;
/** Without any link before the connection is lost: two dialling attempts of 15 s. */
export const GRACE_MS = 30_000;
/** That a closed stream is remembered at most, while its last frame is not known to have arrived. */
export const TOMBSTONE_MS = 60_000;
/** Without a stream and without a pin before the connection closes itself. */
export const IDLE_MS = 600_000;
/** That `close()` waits for its last frame to leave. */
export const CLOSE_FLUSH_MS = 250;

// -- rates ------------------------------------------------------------------------------------------------------------

/** Heartbeats per second that are answered, and how many at once: a flood must cost us nothing. */
export const HEARTBEATS_PER_S = [20, 40] as const;

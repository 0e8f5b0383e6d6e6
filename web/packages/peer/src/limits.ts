/** Every limit: name, unit, reason. The first part is the formats' and the same as in Python. */

// -- documents and envelopes ------------------------------------------------------------------------------------------

/** Bytes of a signed document in all: a DHT reply with its own frame stays below the smallest MTU of IPv6, 1280. */
export const DOCUMENT_BYTES = 1000;
/** Seconds a peer record lives at most: a node that left without a word is forgotten within a day. */
export const PEER_RECORD_S = 24 * 3600;
/** Seconds an inbox record lives at most: as long as a mailbox lease. */
export const INBOX_RECORD_S = 30 * 24 * 3600;
/** Seconds of grace for dates in documents, both ways: people's clocks are off by a zone now and then. */
export const CLOCK_GRACE_S = 3600;
/** Introducers named in a record: N (3), and one more while one is replaced. */
export const RECORD_INTRODUCERS = 4;
/** Endpoint multiaddrs named for each introducer: IPv4, IPv6, and a name. */
export const INTRODUCER_ENDPOINTS = 3;
/** Direct endpoints of the peer itself, and DHT endpoints. */
export const DIRECT_ENDPOINTS = 4;
/** Bytes of one binary multiaddr: a DNS name has at most 253. */
export const MULTIADDR_BYTES = 300;
/** Bytes that sealed envelopes come in: who watches sees one of five sizes, and no more. */
export const SIZE_CLASSES = [256, 1024, 4096, 16384, 65536] as const;
/** Characters of an SDP: one with 16 candidates has about 3,000. */
export const SDP_LENGTH = 12_000;
/** ICE candidates in an offer or answer: more make a port scanner. */
export const CANDIDATES = 16;
/** Characters of one candidate line. */
export const CANDIDATE_LENGTH = 512;
/** Characters of a reason in a refusal: a sentence. */
export const REASON_LENGTH = 200;

// -- sockets ----------------------------------------------------------------------------------------------------------

/** Bytes of one frame on a socket: the largest sealed envelope, with room for what stands around it. */
export const FRAME_BYTES = 65536 + 2048;
/** Milliseconds for the whole handshake: two round trips at 2 s each, and slow machines. */
export const HANDSHAKE_MS = 5000;
/** Milliseconds a client waits for an answer: the delivery's second, and a slow way there and back. */
export const REQUEST_MS = 4000;
/** Milliseconds between keepalive pings on a socket; NATs forget TCP mappings after minutes. */
export const SOCKET_PING_MS = 20_000;
/** Milliseconds a ping on a socket may take before the socket is taken for dead: a cut cable says nothing. */
export const SOCKET_PONG_MS = 5000;
/** Seconds a reservation lives at most. */
export const RESERVATION_S = 3600;
/** Other endpoints that are told in one answer. */
export const NEIGHBOURS = 8;

// -- introducers ------------------------------------------------------------------------------------------------------

/** Introducers a tab keeps: two may die at once, and it is still reachable. */
export const INTRODUCERS = 3;
/** Candidates for introducer that are remembered: the least recently good are forgotten first. */
export const REMEMBERED_ENDPOINTS = 64;
/** Milliseconds before a lost endpoint is tried again, doubled each time up to the second. */
export const RETRY_MS = [500, 60_000] as const;
/** Milliseconds between two publishes of an unchanged record: long before a day is over. */
export const REPUBLISH_MS = 6 * 3600_000;

// -- reaching a peer --------------------------------------------------------------------------------------------------

/** Milliseconds between the starts of two ways in the race (design §6): the first mostly wins within that. */
export const STAGGER_MS = 250;
/** Milliseconds after which an attempt ends. */
export const ATTEMPT_MS = 15_000;
/** Milliseconds a browser's offer waits after the last candidate, and at most. */
export const GATHER_QUIET_MS = 300;
export const GATHER_MS = 4000;
/** Milliseconds a sealed ping waits for its pong. */
export const PING_MS = 5000;
/** Ways that are raced in one attempt: three introducers with two endpoints each, and two of the peer's own. */
export const WAYS = 8;
/** Guest sockets that are kept for the next dial, and milliseconds for which each is. */
export const GUESTS = 8;
export const GUEST_IDLE_MS = 30_000;
/** Traces that are kept. */
export const TRACES = 64;
/** Peers that are remembered as seen. */
export const SEEN_PEERS = 200;

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

// -- mailboxes --------------------------------------------------------------------------------------------------------

/** Seconds for which a tag counts: who watches a mailbox sees a pseudonym for no longer. */
export const WEEK_S = 7 * 24 * 3600;
/** Bytes of a tag. */
export const TAG_BYTES = 16;
/** Leading zero bits that a stranger works for before a request is kept: a tenth of a second. */
export const WORK_BITS = 16;
/** Bytes of the nonce that shows the work. */
export const WORK_BYTES = 8;
/** Bytes of a sealed envelope's name. */
export const NAME_BYTES = 16;
/** Tags of one frame: what fits beside its head. */
export const TAGS_AT_ONCE = 2048;
/** One-time prekeys of one batch. */
export const PREKEYS_AT_ONCE = 100;
/** Names that one frame acknowledges. */
export const NAMES_AT_ONCE = 512;
/** Envelopes that one frame brings: of the smallest, as many as it holds. */
export const COLLECTED_AT_ONCE = 256;

// -- letters and the ratchet ------------------------------------------------------------------------------------------

/** Bytes of a session's id: enough to tell a peer's sessions apart. */
export const SESSION_ID_BYTES = 8;
/** Bytes of an encrypted header: nonce, ratchet key, two counters, tag. */
export const RATCHET_HEADER_BYTES = 24 + 40 + 16;
/** Bytes of a box: no more fits into the largest sealed envelope. */
export const BOX_BYTES = 65536;
/** Messages that may be missing before one that is opened: each costs a hash, and a key that is kept. */
export const SKIPPED_AT_ONCE = 1000;
/** Keys of missing messages that one session keeps; the oldest go first. */
export const SKIPPED_KEYS = 2000;
/** Sessions with one peer: two that began at once, and a few that were begun anew. */
export const SESSIONS = 4;
/** Seconds a signed prekey is used before the next takes its place, and its private half is kept. */
export const PREKEY_S = 7 * 24 * 3600;
export const PREKEY_KEPT_S = 30 * 24 * 3600;

// -- sockets ----------------------------------------------------------------------------------------------------------

/** Bytes of one frame on a socket: the largest sealed envelope, with room for what stands around it. */
export const FRAME_BYTES = 65536 + 2048;
/** Milliseconds for the whole handshake: two round trips at 2 s each, and slow machines. */
export const HANDSHAKE_MS = 5000;
/** Milliseconds a socket may take to open, resolution and TLS included. */
export const CONNECT_MS = 4000;
/** Milliseconds a client waits for an answer: the delivery's second, and a slow way there and back. */
export const REQUEST_MS = 4000;
/** Milliseconds for what costs the endpoint a walk through the DHT. */
export const LOOK_UP_MS = 10_000;
/** Milliseconds for what costs the endpoint a socket to another one, and that one a delivery. */
export const PASS_ON_MS = CONNECT_MS + HANDSHAKE_MS + REQUEST_MS;
/** Bytes that may wait for one slow socket before it is given more: an offer's race, many times over. */
export const OUTBOX_BYTES = 512 * 1024;
/** Milliseconds between keepalive pings on a socket; NATs forget TCP mappings after minutes. */
export const SOCKET_PING_MS = 20_000;
/** Seconds a reservation lives at most. */
export const RESERVATION_S = 3600;
/** Other endpoints that are told in one answer. */
export const NEIGHBOURS = 8;
/** Milliseconds by which endpoints may correct our clock: a computer set to another time zone; further is a lie. */
export const CLOCK_OFFSET_MS = 14 * 3600_000;
/** Endpoints that must have spoken before our clock is corrected, so that one liar is outvoted. */
export const CLOCK_SAMPLES = 3;
/** Endpoints whose word about our clock is remembered. */
export const CLOCK_REMEMBERED = 9;

// -- introducers, in milliseconds -------------------------------------------------------------------------------------

/** Introducers that a tab keeps: two may vanish in one moment. */
export const INTRODUCERS = 3;
/** Candidates that are remembered; those that failed most are forgotten first. */
export const INTRODUCER_CANDIDATES = 64;
/** For a candidate to take us: socket, handshake, reservation. */
export const INTRODUCER_DIAL_MS = 5000;
/** After which a candidate that still does not answer is joined by another. */
export const INTRODUCER_SLOW_MS = 700;
/** Candidates that are dialled at once. */
export const INTRODUCER_DIALS = 8;
/** Between looks at an introducer: a cut cable says nothing, and a page cannot ask the kernel to notice. */
export const INTRODUCER_PING_MS = 2000;
/** An introducer may take to answer a look. */
export const INTRODUCER_PONG_MS = 2000;
/** Until a candidate that failed is tried again: the first time, and at most. */
export const INTRODUCER_RETRY_MS = [500, 60_000] as const;
/** Until more candidates are asked for while there are too few: the first time, and at most. */
export const INTRODUCER_ASK_MS = [500, 30_000] as const;
/** Between tries of whether somebody nearer or in another network would do: the first time, and at most. */
export const INTRODUCER_PROBE_MS = [60_000, 3_600_000] as const;
/** A change waits for others before it is announced: three introducers that open are one new record. */
export const ANNOUNCE_MS = 100;
/** The first introducer waits for others, while nobody can reach a page that was just opened. */
export const ANNOUNCE_FIRST_MS = 250;
/** A loss waits for its replacement before it is announced. */
export const ANNOUNCE_LOSS_MS = 1000;
/** Until it is announced that there is no introducer at all. */
export const ANNOUNCE_NONE_MS = 10_000;

// -- the own record ---------------------------------------------------------------------------------------------------

/** Seconds a record lives: long enough to outlast a night's sleep of all its holders, short of the law's day. */
export const RECORD_S = 20 * 3600;
/** Milliseconds after which it is published again although nothing changed: DHT nodes come and go. */
export const REPUBLISH_MS = 30 * 60_000;
/** Milliseconds until the next try after nobody took it: the first time, and at most. */
export const PUBLISH_RETRY_MS = [1000, 60_000] as const;

// -- reaching a peer --------------------------------------------------------------------------------------------------

/** Milliseconds between the starts of two ways in the race: the first mostly wins within that. */
export const STAGGER_MS = 250;
/** Milliseconds after which an attempt ends. */
export const ATTEMPT_MS = 15_000;
/** Milliseconds a browser's offer waits after the last candidate, and at most. */
export const GATHER_QUIET_MS = 300;
export const GATHER_MS = 4000;
/** Milliseconds a dial may take in all, with its look-up. */
export const DIAL_MS = 20_000;
/** Milliseconds after which the offer is sent once more along all ways, while no answer came. */
export const RING_AGAIN_MS = 3000;
/** Milliseconds before the record is looked up again where no way in it led to the peer; each round rings once more. */
export const LOOK_AGAIN_MS = [250, 500, 1000] as const;
/** Milliseconds the look-up of a record may take, and that the others have when one has answered. */
export const FIND_MS = 5000;
export const SETTLE_MS = 50;
/** Milliseconds for which a record is used again without asking. */
export const RECORD_FRESH_MS = 30_000;
/** Records of other peers that are remembered; the longest unused are forgotten first. */
export const RECORDS = 1024;
/** Milliseconds a sealed ping waits for its pong. */
export const PING_MS = 5000;
/** Attempts of one pair that are remembered, so that a replayed offer meets its old answer or nothing. */
export const ATTEMPTS_REMEMBERED = 64;
/** Candidate signals that wait for the offer they belong to. */
export const CANDIDATES_WAITING = 4;
/** Inbound attempts of strangers at once, and of everybody: each costs a peer connection. */
export const STRANGERS_AT_ONCE = 8;
export const INBOUND_AT_ONCE = 32;
/** Pairs whose attempts are remembered; the longest idle are forgotten first. */
export const PAIRS_REMEMBERED = 512;
/** Signals of one sender a second, and at once: a dial is an offer, an answer and a few candidates. */
export const SIGNALS_PER_S = [10, 60] as const;
/** Entries of one attempt's trace. */
export const TRACE_ENTRIES = 200;
/** Guest sockets at once: a dial needs about four. And milliseconds each is kept: an answer may come back by it. */
export const GUESTS = 24;
export const GUEST_IDLE_MS = 20_000;
/** Traces that are kept. */
export const TRACES = 64;
/** Peers that are remembered as seen. */
export const SEEN_PEERS = 200;

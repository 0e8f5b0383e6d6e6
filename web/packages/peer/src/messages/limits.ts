/** Every limit of messages: name, unit, reason. The first part is the format's and the same as in Python. */

// -- packets ----------------------------------------------------------------------------------------------------------

/** Bytes of a packet: with ratchet, signature and seal around it, it fits the largest sealed envelope (64 KiB). */
export const PACKET_BYTES = 60_000;
/** Bytes of an item's body: one fragment with its own head, and room for the ack and the documents beside it. */
export const ITEM_BYTES = 52_000;
/** Bytes of one piece of what is larger than an item. */
export const PIECE_BYTES = 48 * 1024;
/** Bytes of a packet beside its items and documents: the largest ack, and the numbers. */
export const PACKET_OVERHEAD = 8000;
/** Items of one packet: of the smallest ones, as many as its bytes hold. */
export const ITEMS = 1024;
/** Numbers beyond the gap that one ack names; what is not named is sent again, which does no harm. */
export const ACKED_BEYOND = 512;
/** Numbers whose ids are remembered, to know one that is given twice: more than anybody writes before the other answers. */
export const RECENT_IDS = 256;
/** Void numbers that one ack names; the sender's floor makes room for the next. */
export const VOIDED = 256;
/** Documents of one packet: the peer record and the inbox record. */
export const DOCUMENTS = 2;
/** Characters of a name; of what people say about themselves. */
export const NAME_LENGTH = 80;
export const DESCRIPTION_LENGTH = 400;
/** Bytes of a hello: a few sentences. */
export const HELLO_BYTES = 1024;
/** Bytes of a picture. */
export const AVATAR_BYTES = 64 * 1024;
/** Bytes that go with an invitation or its reply. */
export const INVITATION_BYTES = 8 * 1024;
/** Ids that one notice of reading names. */
export const READ_AT_ONCE = 256;

// -- what is kept -----------------------------------------------------------------------------------------------------

/** Bytes of one message: beyond that it is a file. */
export const MESSAGE_BYTES = 5 * 1024 * 1024;
/** Seconds that a message is kept for somebody who is away: two weeks of holidays. */
export const LIFETIME_S = 14 * 24 * 3600;
/** Numbers ahead of the gap that a recipient keeps, and a sender therefore sends: memory and disk are bounded by it. */
export const WINDOW = 16_384;
/** Bytes that wait behind a gap, of one sender: three of the largest messages. */
export const HELD_BACK_BYTES = 16 * 1024 * 1024;
/** Of a stranger, behind a gap: a request comes alone, and a thousand of them may not cost more than one friend. */
export const STRANGER_WINDOW = 32;
export const STRANGER_HELD_BYTES = 8 * 1024;
/** Seconds that an epoch, which is a time, may lie ahead of ours: clocks may be wrong by years, but numbers end at 2^53. */
export const EPOCH_AHEAD_S = 100 * 365 * 24 * 3600;
/** Whispers of one packet that are heard: nobody types twice at once. */
export const WHISPERS = 8;
/** Items, and bytes, that wait for one recipient: nobody writes so many messages by hand in two weeks. */
export const WAITING_ITEMS = 20_000;
export const WAITING_BYTES = 64 * 1024 * 1024;
/** Seconds in which the name of an opened letter is remembered: as long as a mailbox may hold it, and some days more. */
export const OPENED_S = 20 * 24 * 3600;
/** Strangers whose requests wait for an answer; the rest is refused. */
export const PENDING_REQUESTS = 64;

// -- rounds -----------------------------------------------------------------------------------------------------------

/** Milliseconds that the acknowledgement of what a peer has taken is waited for; then the next way is tried as well. */
export const ACK_MS = 3000;
/** Milliseconds in which somebody who was not to be found is not looked for again: what is new goes to the mailboxes. */
export const ABSENT_MS = 20_000;
/** Milliseconds until everything is tried again that is not acknowledged: the first time, and at most. */
export const AGAIN_MS = [5000, 900_000] as const;
/**
 * Seconds after which the oldest item that waits in mailboxes is left there again: had it been collected, the word of
 * that was lost, and the second copy asks for it. Once a day, so that the mailboxes are not filled with copies.
 */
export const LEFT_AGAIN_S = 24 * 3600;
/** Milliseconds between two letters that ask one peer for a fresh start, and between two that it asks of us. */
export const RETRY_MS = 60_000;
/** Milliseconds in which a peer's inbox record is taken for the newest: its mailboxes seldom change. */
export const INBOX_FRESH_MS = 60_000;
/** Milliseconds an acknowledgement waits for company: an answer, or the acknowledgement of what comes right behind. */
export const ACK_WAIT_MS = 20;
/** Milliseconds that a letter may take to be written to an open connection: who does not read is as good as away. */
export const OVER_CONNECTION_MS = 20_000;
/** Milliseconds that a mailbox has to hand out a one-time prekey: without one, a session begins all the same. */
export const PREKEY_MS = 1500;
/** Seconds in which a whisper (typing, presence) is worth something. */
export const WHISPER_S = 60;
/** Pairs that rest in memory; the oldest that is idle is read again when it is needed. */
export const PAIRS = 1000;
/** Letters a second from everybody who is no friend, and from one peer, each with a burst. */
export const LETTERS_FROM_STRANGERS_PER_S = [2, 20] as const;
export const LETTERS_FROM_PEER_PER_S = [100, 1000] as const;

// -- own mailboxes ----------------------------------------------------------------------------------------------------

/** Mailboxes that one keeps, and in which a letter is left. */
export const MAILBOXES = 2;
/** Seconds that a lease is asked for. */
export const LEASE_S = 30 * 24 * 3600;
/** Milliseconds after which the inbox record is published again although it says the same. */
export const INBOX_AGAIN_MS = 12 * 3600_000;
/** Weeks for which tags are listed: this one and the next five. */
export const WEEKS = 6;
/** Milliseconds between two visits; between them a mailbox that we hold a socket to says when there is something. */
export const VISIT_MS = 60_000;
/**
 * Milliseconds of collecting in one visit: what is left then is collected by the next one, so that a mailbox that answers
 * slowly without end keeps us from no other.
 */
export const COLLECT_MS = 30_000;
/** Milliseconds after which a mailbox that does not answer is replaced: a machine that restarts is back by then. */
export const MAILBOX_GONE_MS = 300_000;
/** One-time prekeys that are left when a new batch is made, and how many a batch has. */
export const PREKEYS_LOW = 10;
export const PREKEYS = 50;

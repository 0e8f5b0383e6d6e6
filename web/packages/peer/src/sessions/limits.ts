/** Every limit of sessions: name, unit, reason. The first part is the format's and the same as in Python. */

/** Streams of one session: sound, picture, and a dozen for whatever else. */
export const STREAMS = 16;
/** Characters of a stream's name within a session. */
export const STREAM_NAME_LENGTH = 40;
/** Bytes of data in a request and in an acceptance: what an invitation takes, less the list of streams. */
export const DATA_BYTES = 7 * 1024;
/** Bytes of the random word by which an accepted session is known to both ends: nobody guesses 128 bits. */
export const TOKEN_BYTES = 16;
/** Bytes of the first words on a control stream. */
export const OPENING_BYTES = 4096;

/** Sessions with one peer at once. */
export const PER_PEER = 16;
/** Milliseconds that an answer is waited for where the caller does not say how long: a telephone's ringing. */
export const REQUEST_MS = 60_000;
/** Milliseconds from the acceptance until every stream is open: a dial, and the way of the acceptance itself. */
export const OPEN_MS = 45_000;
/** Milliseconds that a stream waits to be claimed by a session: they are opened in one go. */
export const CLAIM_MS = 10_000;
/** Streams of one peer that wait to be claimed: those of two sessions. */
export const UNCLAIMED = 2 * STREAMS;
/** Milliseconds that closing waits until the other side has everything; then it is cut short. */
export const CLOSE_MS = 10_000;
/** Streams of sessions that one peer may open in a minute: somebody who calls, hangs up and calls again. */
export const OPENS_PER_MINUTE = 240;

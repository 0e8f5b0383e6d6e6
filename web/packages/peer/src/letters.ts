/**
 * Letters: sealed envelopes with a message of the double ratchet, or the word that one could not be opened.
 *
 *     message  [1, session id 8, initial | nil, header 80, box]
 *     initial  [ephemeral key 32, prekey id, one-time prekey id (0: none)]
 *     retry    [1, session id 8 refused, issued, [prekey id, prekey 32, signature 64], [one-time id, key 32] | nil]
 *
 * `initial` goes with every message until the one who began the session has heard from the other in it. `issued` is in
 * milliseconds since 1970. A letter's name is the first 16 bytes of SHA-256 over its sealed bytes.
 */

import type { Bytes } from "./bytes.ts";
import { Purpose } from "./domains.ts";
import { seal, sign } from "./envelope.ts";
import { WherryError } from "./errors.ts";
import { type Identity, sha256 } from "./identity.ts";
import { BOX_BYTES, NAME_BYTES, RATCHET_HEADER_BYTES, SESSION_ID_BYTES } from "./limits.ts";
import type { PeerId } from "./peer-id.ts";
import { type Prekey, SIGNED_PREKEY } from "./record.ts";
import { bytes, count, fields, maybe, read, tuple, write } from "./shape.ts";

const VERSION = 1;
const version = count();
const session = bytes(SESSION_ID_BYTES);

/** How a session was begun, as far as who answers it has to know. */
export interface Initial {
  readonly ephemeral: Bytes;
  readonly prekey: number;
  /** 0 where there was none. */
  readonly oneTime: number;
}

/** One message of the double ratchet. */
export interface Message {
  readonly session: Bytes;
  readonly initial: Initial | null;
  readonly header: Bytes;
  readonly box: Bytes;
}

/** A one-time prekey: used by one session. */
export interface OneTime {
  readonly id: number;
  readonly key: Bytes;
}

/** A message of `session` could not be opened; here are keys for a fresh one. */
export interface Retry {
  readonly session: Bytes;
  readonly issued: number;
  readonly prekey: Prekey;
  readonly oneTime: OneTime | null;
}

const INITIAL = fields<Initial>({ ephemeral: bytes(32), prekey: count(), oneTime: count() });
const MESSAGE = fields<Message & { version: number }>({
  version,
  session,
  initial: maybe(INITIAL),
  header: bytes(RATCHET_HEADER_BYTES),
  box: bytes(0, BOX_BYTES),
});
const RETRY = fields<Retry & { version: number }>({
  version,
  session,
  issued: count(),
  prekey: SIGNED_PREKEY,
  oneTime: maybe(tuple<OneTime>({ id: count(), key: bytes(32) })),
});

/** @throws WherryError MALFORMED or VERSION_MISMATCH. */
export function decodeMessage(payload: Bytes): Message {
  requireVersion(payload);
  const { version: _, ...message } = read(MESSAGE, payload, "a damaged message");
  return message;
}

/**
 * The retry in an envelope's payload; its prekey's signature is checked by whoever uses it.
 * @throws WherryError MALFORMED or VERSION_MISMATCH.
 */
export function decodeRetry(payload: Bytes): Retry {
  requireVersion(payload);
  const { version: _, ...retry } = read(RETRY, payload, "a damaged retry");
  return retry;
}

export function encodeMessage(message: Message): Bytes {
  return write(MESSAGE, { ...message, version: VERSION });
}

export function encodeRetry(retry: Retry): Bytes {
  return write(RETRY, { ...retry, version: VERSION });
}

/** Whom a letter goes to, by which key, and 32 fresh random bytes. */
export interface Seal {
  readonly recipient: PeerId;
  readonly sealingKey: Uint8Array;
  readonly secret: Uint8Array;
}

/** Sign a message and seal it. */
export function sealMessage(message: Message, from: Identity, to: Seal): Bytes {
  return seal(sign(from, Purpose.MESSAGE, encodeMessage(message), to.recipient), to);
}

/** Sign a retry and seal it. */
export function sealRetry(retry: Retry, from: Identity, to: Seal): Bytes {
  return seal(sign(from, Purpose.RETRY, encodeRetry(retry), to.recipient), to);
}

/** The name under which mailboxes and recipients know a sealed envelope. */
export function nameOf(sealed: Uint8Array): Bytes {
  return sha256(sealed).slice(0, NAME_BYTES);
}

function requireVersion(payload: Bytes): void {
  const theirs = read(fields<{ version: number }>({ version }), payload, "no letter").version;
  if (theirs === VERSION) return;
  throw new WherryError("VERSION_MISMATCH", `the peer writes letters of version ${theirs}, we read ${VERSION}`);
}

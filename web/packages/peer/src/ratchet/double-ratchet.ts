/**
 * The double ratchet with encrypted headers (https://signal.org/docs/specifications/doubleratchet/, section 4): each
 * message has a key of its own, and whoever took today's keys reads neither yesterday's messages nor, once both have
 * spoken again, tomorrow's.
 *
 *     begin       root ‖ header key A ‖ header key B = HKDF(SK, salt = 32 zeros, info = root domain)
 *     root step   root ‖ chain ‖ next header key     = HKDF(DH, salt = root, info = root domain)
 *     chain step  message key = HMAC(chain, 01), next chain = HMAC(chain, 02)
 *     header      nonce 24 ‖ XChaCha20-Poly1305(header key, DH public 32 ‖ PN u32 ‖ N u32), with the session id
 *     box         nonce 24 ‖ XChaCha20-Poly1305(HKDF(message key, salt = 32 zeros, info = message domain), plaintext),
 *                 with the associated data of the session ‖ header
 *
 * A core: states are values, and what does not open changes nothing.
 */

import { xchacha20poly1305 } from "@noble/ciphers/chacha.js";
import { type Bytes, type Random, bigEndian, concat, equal } from "../bytes.ts";
import { RATCHET_MESSAGE, RATCHET_ROOT } from "../domains.ts";
import { WherryError } from "../errors.ts";
import { deriveKey, exchange, hmac256, x25519Public } from "../identity.ts";
import { RATCHET_HEADER_BYTES, SKIPPED_AT_ONCE, SKIPPED_KEYS } from "../limits.ts";
import { bytes, count, fields, list, maybe, tuple, type Of } from "../shape.ts";
import type { Agreement } from "./x3dh.ts";

const ZEROS = new Uint8Array(32);
const NONCE_BYTES = 24;
/** Messages of one chain: as many as a u32 counts. */
const MOST = 0xffff_ffff;

const key = bytes(32);
const number = count({ most: MOST });

/** Keys of messages of one chain that were skipped: under the header key of that chain, by number. */
const SKIPPED = tuple<{
  readonly header: Bytes;
  readonly keys: readonly { readonly number: number; readonly key: Bytes }[];
}>({ header: key, keys: list(tuple({ number, key }), SKIPPED_KEYS) });

/** A session as it rests in the store. */
export const RATCHET = fields<{
  readonly session: Bytes;
  readonly associated: Bytes;
  readonly root: Bytes;
  /** Our own ratchet key, secret. */
  readonly own: Bytes;
  /** Theirs; null until they have been heard. */
  readonly theirs: Bytes | null;
  readonly sendChain: Bytes | null;
  readonly receiveChain: Bytes | null;
  readonly sendHeader: Bytes | null;
  readonly receiveHeader: Bytes | null;
  readonly nextSendHeader: Bytes;
  readonly nextReceiveHeader: Bytes;
  readonly sent: number;
  readonly received: number;
  /** Messages in our last sending chain. */
  readonly before: number;
  readonly skipped: readonly Of<typeof SKIPPED>[];
}>({
  session: bytes(8),
  associated: bytes(0, 256),
  root: key,
  own: key,
  theirs: maybe(key),
  sendChain: maybe(key),
  receiveChain: maybe(key),
  sendHeader: maybe(key),
  receiveHeader: maybe(key),
  nextSendHeader: key,
  nextReceiveHeader: key,
  sent: number,
  received: number,
  before: number,
  skipped: list(SKIPPED, SKIPPED_KEYS),
});
export type Ratchet = Of<typeof RATCHET>;

/** The state of who began; `prekey` is the other's signed prekey. */
export function begun({ session, secret, associated }: Agreement, prekey: Bytes, random: Random): Ratchet {
  const [root, headerA, headerB] = three(ZEROS, secret);
  const own = random(32);
  const [next, sendChain, nextSendHeader] = three(root, exchange(own, prekey));
  return {
    session,
    associated,
    root: next,
    own,
    theirs: prekey,
    sendChain,
    receiveChain: null,
    sendHeader: headerA,
    receiveHeader: null,
    nextSendHeader,
    nextReceiveHeader: headerB,
    sent: 0,
    received: 0,
    before: 0,
    skipped: [],
  };
}

/** The state of who answers; `prekey` is the private half of the prekey by which the other began. */
export function answered({ session, secret, associated }: Agreement, prekey: Bytes): Ratchet {
  const [root, headerA, headerB] = three(ZEROS, secret);
  return {
    session,
    associated,
    root,
    own: prekey,
    theirs: null,
    sendChain: null,
    receiveChain: null,
    sendHeader: null,
    receiveHeader: null,
    nextSendHeader: headerB,
    nextReceiveHeader: headerA,
    sent: 0,
    received: 0,
    before: 0,
    skipped: [],
  };
}

/** Header and box of one message. */
export interface Encrypted {
  readonly header: Bytes;
  readonly box: Bytes;
}

/**
 * @throws RangeError if nothing can be sent yet: who answers has to hear something first.
 */
export function encrypt(state: Ratchet, plaintext: Bytes, random: Random): readonly [Ratchet, Encrypted] {
  const { sendChain, sendHeader, own, before, sent, session } = state;
  if (sendChain === null || sendHeader === null) throw new RangeError("nothing was heard in this session yet");
  const [chain, messageKey] = chainStep(sendChain);
  const plain = concat(x25519Public(own), bigEndian(before, 4), bigEndian(sent, 4));
  const header = sealed(sendHeader, plain, session, random);
  const box = sealed(boxKey(messageKey), plaintext, concat(state.associated, header), random);
  return [{ ...state, sendChain: chain, sent: sent + 1 }, { header, box }];
}

/**
 * The plaintext, and the state after it.
 * @param random - for our next ratchet key
 * @throws WherryError CANNOT_OPEN if it is damaged, replayed, too far ahead, or of another session.
 */
export function decrypt(state: Ratchet, message: Encrypted, random: Random): readonly [Ratchet, Bytes] {
  if (message.header.length !== RATCHET_HEADER_BYTES) throw cannot("its header has the wrong length");
  const early = decryptSkipped(state, message);
  if (early !== null) return early;
  let after = state;
  let header = headerOf(after.receiveHeader, message, after.session);
  if (header === null) {
    header = headerOf(after.nextReceiveHeader, message, after.session);
    if (header === null) throw cannot("its header does not open");
    after = step(skip(after, header.before), header.key, random);
  }
  after = skip(after, header.number);
  if (after.receiveChain === null || header.number < after.received) throw cannot("it was opened before");
  const [chain, messageKey] = chainStep(after.receiveChain);
  const plaintext = openBox(messageKey, message, after.associated);
  return [{ ...after, receiveChain: chain, received: after.received + 1 }, plaintext];
}

/** A message that was skipped, or null. */
function decryptSkipped(state: Ratchet, message: Encrypted): readonly [Ratchet, Bytes] | null {
  for (const chain of state.skipped) {
    const header = headerOf(chain.header, message, state.session);
    if (header === null) continue;
    const found = chain.keys.find((one) => one.number === header.number);
    if (found === undefined) return null; // it is the newest chain, which goes on
    const plaintext = openBox(found.key, message, state.associated);
    const left = { ...chain, keys: chain.keys.filter((one) => one !== found) };
    const skipped = state.skipped.flatMap((one) => (one !== chain ? [one] : left.keys.length === 0 ? [] : [left]));
    return [{ ...state, skipped }, plaintext];
  }
  return null;
}

/** Keep the keys of this chain up to, and without, message `until`. */
function skip(state: Ratchet, until: number): Ratchet {
  const { receiveHeader, received } = state;
  if (state.receiveChain === null || receiveHeader === null || until <= received) return state;
  if (until - received > SKIPPED_AT_ONCE) throw cannot(`${until - received} messages before it are missing`);
  let chain = state.receiveChain;
  const keys: { readonly number: number; readonly key: Bytes }[] = [];
  for (let number = received; number < until; number++) {
    const [next, messageKey] = chainStep(chain);
    keys.push({ number, key: messageKey });
    chain = next;
  }
  const last = state.skipped.at(-1);
  const isSame = last !== undefined && equal(last.header, receiveHeader);
  const skipped = isSame
    ? [...state.skipped.slice(0, -1), { ...last, keys: [...last.keys, ...keys] }]
    : [...state.skipped, { header: receiveHeader, keys }];
  return { ...state, receiveChain: chain, received: until, skipped: bounded(skipped) };
}

/** The oldest go first. */
function bounded(skipped: Ratchet["skipped"]): Ratchet["skipped"] {
  let over = skipped.reduce((sum, chain) => sum + chain.keys.length, 0) - SKIPPED_KEYS;
  if (over <= 0) return skipped;
  return skipped.flatMap((chain) => {
    const keys = chain.keys.slice(Math.max(over, 0));
    over -= chain.keys.length;
    return keys.length === 0 ? [] : [{ ...chain, keys }];
  });
}

/** The other side has taken a new ratchet key: so do we. */
function step(state: Ratchet, theirs: Bytes, random: Random): Ratchet {
  const [middle, receiveChain, nextReceiveHeader] = three(state.root, exchange(state.own, theirs));
  const own = random(32);
  const [root, sendChain, nextSendHeader] = three(middle, exchange(own, theirs));
  return {
    ...state,
    root,
    own,
    theirs,
    sendChain,
    receiveChain,
    sendHeader: state.nextSendHeader,
    receiveHeader: state.nextReceiveHeader,
    nextSendHeader,
    nextReceiveHeader,
    before: state.sent,
    sent: 0,
    received: 0,
  };
}

interface Header {
  readonly key: Bytes;
  readonly before: number;
  readonly number: number;
}

function headerOf(headerKey: Bytes | null, { header }: Encrypted, session: Bytes): Header | null {
  if (headerKey === null) return null;
  const plain = opened(headerKey, header, session);
  if (plain === null) return null;
  const view = new DataView(plain.buffer, plain.byteOffset);
  return { key: plain.slice(0, 32), before: view.getUint32(32), number: view.getUint32(36) };
}

function openBox(messageKey: Bytes, { header, box }: Encrypted, associated: Bytes): Bytes {
  const plaintext = opened(boxKey(messageKey), box, concat(associated, header));
  if (plaintext === null) throw cannot("its box does not open");
  return plaintext;
}

function sealed(secret: Bytes, plain: Bytes, associated: Bytes, random: Random): Bytes {
  const nonce = random(NONCE_BYTES);
  return concat(nonce, xchacha20poly1305(secret, nonce, associated).encrypt(plain));
}

function opened(secret: Bytes, data: Bytes, associated: Bytes): Bytes | null {
  if (data.length < NONCE_BYTES + 16) return null;
  try {
    const cipher = xchacha20poly1305(secret, data.subarray(0, NONCE_BYTES), associated);
    return new Uint8Array(cipher.decrypt(data.subarray(NONCE_BYTES)));
  } catch {
    return null; // noble throws where the tag does not match
  }
}

function three(salt: Bytes, secret: Bytes): readonly [Bytes, Bytes, Bytes] {
  const all = deriveKey(secret, { salt, info: RATCHET_ROOT, length: 96 });
  return [all.slice(0, 32), all.slice(32, 64), all.slice(64)];
}

function chainStep(chain: Bytes): readonly [next: Bytes, messageKey: Bytes] {
  return [hmac256(chain, Uint8Array.of(2)), hmac256(chain, Uint8Array.of(1))];
}

function boxKey(messageKey: Bytes): Bytes {
  return deriveKey(messageKey, { salt: ZEROS, info: RATCHET_MESSAGE });
}

function cannot(detail: string): WherryError {
  return new WherryError("CANNOT_OPEN", detail);
}

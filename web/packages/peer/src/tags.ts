/**
 * Tags say who may leave something in a mailbox, without saying who: a mailbox sees pseudonyms that change every week.
 *
 *     friend secret d = HKDF-SHA-256(X25519(own identity, theirs), salt = smaller ‖ larger public key, domain)
 *     friend's tag    = HMAC-SHA-256(d, join(domain, recipient, mailbox, week u64))[:16]
 *     request's tag   = HMAC-SHA-256(nospam, join(domain, recipient, mailbox, week u64))[:16]
 *     week            = ⌊network time in seconds / 604800⌋
 *
 * The secret is static on purpose: nothing has to be exchanged for it, requests that cross agree on it, and to block
 * somebody is not to list the tag. A deposit under a request's tag costs work: a nonce of 8 bytes that makes
 * SHA-256(join(domain, tag, SHA-256(sealed), nonce)) begin with so many zero bits.
 */

import { sha256 as sha } from "@noble/hashes/sha2.js";
import { type Bytes, bigEndian, compare, concat } from "./bytes.ts";
import { FRIEND_SECRET, MAILBOX_TAG, MAILBOX_WORK, REQUEST_TAG, join } from "./domains.ts";
import { type Identity, deriveKey, exchange, hmac256, sha256, x25519Of } from "./identity.ts";
import { TAG_BYTES, WEEK_S, WORK_BITS, WORK_BYTES } from "./limits.ts";
import type { PeerId } from "./peer-id.ts";

/** The week of a moment. @param now - seconds since 1970 by network time */
export function weekOf(now: number): number {
  return Math.floor(now / WEEK_S);
}

/** What two peers share without ever having spoken. */
export function friendSecret(own: Identity, theirs: PeerId): Bytes {
  const [smaller, larger] = [own.id.key, theirs.key].toSorted(compare);
  const salt = concat(smaller ?? own.id.key, larger ?? theirs.key);
  return deriveKey(exchange(own.exchangeSecret, x25519Of(theirs)), { salt, info: FRIEND_SECRET });
}

/** Where a tag counts: in one week, in one mailbox of one recipient. */
export interface Place {
  readonly recipient: PeerId;
  readonly mailbox: PeerId;
  readonly week: number;
}

/** The tag under which a friend leaves something. */
export function friendTag(secret: Uint8Array, place: Place): Bytes {
  return tagOf(secret, MAILBOX_TAG, place);
}

/** The tag under which somebody who has an address with this `nospam` leaves a request. */
export function requestTag(nospam: Uint8Array, place: Place): Bytes {
  return tagOf(nospam, REQUEST_TAG, place);
}

function tagOf(key: Uint8Array, domain: Uint8Array, { recipient, mailbox, week }: Place): Bytes {
  return hmac256(key, join(domain, recipient.key, mailbox.key, bigEndian(week, 8))).slice(0, TAG_BYTES);
}

/** Nonces between two looks at what else the page has to do. */
const NONCES_AT_ONCE = 2048;

/** Find the nonce for a deposit of `sealed` under `tag`; the page goes on meanwhile. */
export async function work(tag: Uint8Array, sealed: Uint8Array, bits = WORK_BITS): Promise<Bytes> {
  const begun = begin(tag, sealed);
  for (let tried = 0; ; tried++) {
    const nonce = bigEndian(tried, WORK_BYTES);
    if (zeroBits(begun.clone().update(nonce).digest()) >= bits) return nonce;
    if (tried % NONCES_AT_ONCE === NONCES_AT_ONCE - 1) await new Promise((resolve) => setTimeout(resolve));
  }
}

/** Whether a nonce was worked for. */
export function hasWork(tag: Uint8Array, sealed: Uint8Array, nonce: Uint8Array, bits = WORK_BITS): boolean {
  return nonce.length === WORK_BYTES && zeroBits(begin(tag, sealed).update(nonce).digest()) >= bits;
}

function begin(tag: Uint8Array, sealed: Uint8Array): ReturnType<typeof sha.create> {
  return sha.create().update(concat(join(MAILBOX_WORK, tag, sha256(sealed)), bigEndian(WORK_BYTES, 4)));
}

function zeroBits(digest: Uint8Array): number {
  const first = digest.findIndex((byte) => byte !== 0);
  return first < 0 ? digest.length * 8 : first * 8 + Math.clz32(digest[first] ?? 0) - 24;
}

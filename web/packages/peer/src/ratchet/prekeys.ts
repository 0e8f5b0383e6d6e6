/**
 * Our own prekeys: the signed one that the inbox record names, a new one each week, and batches of one-time prekeys,
 * each made for one mailbox. Private halves of signed ones are kept for 30 days; of one-time ones until they are used, or
 * the batch after the next is made: what was begun with the last one may still lie in the mailbox.
 * A core: what is to be kept is said, not done.
 */

import type { Bytes, Random } from "../bytes.ts";
import { x25519Public } from "../identity.ts";
import { PREKEY_KEPT_S, PREKEY_S } from "../limits.ts";

/** A prekey with its private half. */
export interface OwnPrekey {
  readonly id: number;
  /** Whom it was made for: a mailbox, `RETRY`, or `SIGNED`. */
  readonly holder: string;
  readonly secret: Bytes;
  /** Seconds since 1970 by network time. */
  readonly made: number;
}

/** The holder of signed prekeys: everybody. */
export const SIGNED = "";
/** The holder of those that are in a retry: the peer that it was sent to. */
export const RETRY = "retry";

export function publicHalf({ secret }: OwnPrekey): Bytes {
  return x25519Public(secret);
}

/** A new prekey; ids are random, so that an old copy of our memory names no other keys by the same. */
export function newPrekey(holder: string, now: number, random: Random): OwnPrekey {
  const id = random(6).reduce((sum, byte) => sum * 256 + byte, 0) + 1;
  return { id, holder, secret: random(32), made: now };
}

/** A batch of `size` for one mailbox. */
export function newBatch(mailbox: string, size: number, now: number, random: Random): OwnPrekey[] {
  return Array.from({ length: size }, () => newPrekey(mailbox, now, random));
}

/** The signed prekey that is used now, or null if it is time for a new one. */
export function currentOf(prekeys: readonly OwnPrekey[], now: number): OwnPrekey | null {
  const signed = prekeys.filter((one) => one.holder === SIGNED && one.made > now - PREKEY_S && one.made <= now + PREKEY_S);
  return signed.toSorted((a, b) => b.made - a.made)[0] ?? null;
}

/** Those whose time is over. */
export function outdated(prekeys: readonly OwnPrekey[], now: number): OwnPrekey[] {
  return prekeys.filter((one) => one.made < now - PREKEY_KEPT_S);
}

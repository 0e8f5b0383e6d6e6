/**
 * A peer's public key and its name in text, libp2p's for Ed25519: `base58btc(00 24 08 01 12 20 ‖ key)`, 52 characters,
 * `12D3KooW…` (https://github.com/libp2p/specs/blob/master/peer-ids/peer-ids.md).
 */

import { ed25519 } from "@noble/curves/ed25519.js";
import { base58, unbase58 } from "./base58.ts";
import { type Bytes, compare, concat, equal, hex, unhex } from "./bytes.ts";
import { WherryError } from "./errors.ts";

export const KEY_BYTES = 32;
const PREFIX = unhex("002408011220");
const COMMON = "12D3KooW";
const LENGTH = 52;

/** Keys whose honesty was found out; the check takes a scalar multiplication. */
const known = new Map<string, boolean>();
const KNOWN = 4096;

/** Whether `key` is a canonical point of Ed25519's prime-order group, as every honest key is. */
export function isHonestKey(key: Uint8Array): boolean {
  if (key.length !== KEY_BYTES) return false;
  const name = hex(key);
  const before = known.get(name);
  if (before !== undefined) return before;
  const honest = isPrimeOrder(key);
  if (known.size >= KNOWN) known.delete(known.keys().next().value ?? "");
  known.set(name, honest);
  return honest;
}

/** Whether 32 bytes encode a point other than the neutral one, canonically and without a part of small order. */
export function isPrimeOrder(point: Uint8Array): boolean {
  try {
    const decoded = ed25519.Point.fromBytes(point, false);
    return !decoded.isSmallOrder() && decoded.isTorsionFree();
  } catch {
    return false; // noble throws where the bytes are no point
  }
}

export class PeerId {
  readonly key: Bytes;
  readonly #text: string;

  /** @throws WherryError INVALID_PEER_ID if the bytes are no honest Ed25519 public key. */
  constructor(key: Uint8Array) {
    if (!isHonestKey(key)) throw new WherryError("INVALID_PEER_ID", "it is no point of Ed25519's prime-order group");
    this.key = new Uint8Array(key);
    this.#text = base58(concat(PREFIX, key));
  }

  toString(): string {
    return this.#text;
  }

  /** The last six characters, `…k4Zq7P`: for people, never for data. */
  get short(): string {
    return `…${this.#text.slice(-6)}`;
  }

  equals(other: PeerId | null): boolean {
    return other !== null && this.#text === other.#text;
  }

  /** By the bytes of the key: the smaller one's offer wins, and opens streams of odd ids. */
  isBefore(other: PeerId): boolean {
    return compare(this.key, other.key) < 0;
  }

  /** @throws WherryError INVALID_PEER_ID naming what is wrong. */
  static parse(text: string): PeerId {
    const tidy = text.trim();
    if (!tidy.startsWith(COMMON)) throw new WherryError("INVALID_PEER_ID", `it does not begin with ${COMMON}`);
    const raw = tidy.length > 2 * LENGTH ? new Uint8Array() : unbase58(tidy);
    if (raw === null) throw new WherryError("INVALID_PEER_ID", "it has a character that base58 does not");
    if (raw.length !== PREFIX.length + KEY_BYTES || !equal(raw.subarray(0, PREFIX.length), PREFIX)) {
      throw new WherryError("INVALID_PEER_ID", "characters are missing, or there are too many");
    }
    return new PeerId(raw.subarray(PREFIX.length));
  }
}

/**
 * The number that two people compare to know that nobody stands between them: 60 digits, the same on both sides. As
 * Signal's numeric fingerprint: for each side 30 digits from 5,200 rounds of SHA-512 over its key, the smaller first.
 */

import { sha512 } from "@noble/hashes/sha2.js";
import { concat } from "./bytes.ts";
import { SAFETY_NUMBER, join } from "./domains.ts";
import type { PeerId } from "./peer-id.ts";

/** Rounds of the hash: they make it costly to look for a key with nearly the same number. */
const ROUNDS = 5200;

/** Twelve groups of five digits, with spaces between them. */
export function safetyNumber(a: PeerId, b: PeerId): string {
  const digits = [digitsOf(a), digitsOf(b)].toSorted().join("");
  return digits.replaceAll(/.{5}(?!$)/g, "$& ");
}

function digitsOf(peer: PeerId): string {
  let digest: Uint8Array = join(SAFETY_NUMBER, peer.key);
  for (let round = 0; round < ROUNDS; round++) digest = sha512(concat(digest, peer.key));
  return Array.from({ length: 6 }, (_, i) => {
    const chunk = digest.subarray(5 * i, 5 * i + 5).reduce((sum, byte) => sum * 256 + byte, 0);
    return String(chunk % 100_000).padStart(5, "0");
  }).join("");
}

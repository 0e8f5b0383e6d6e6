/** base58btc (https://datatracker.ietf.org/doc/html/draft-msporny-base58-03): letters that nobody confuses. */

import type { Bytes } from "./bytes.ts";

const ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

export function base58(data: Uint8Array): string {
  const digits: number[] = [];
  for (const byte of data) {
    let carry = byte;
    for (let i = 0; i < digits.length; i++) {
      carry += (digits[i] ?? 0) * 256;
      digits[i] = carry % 58;
      carry = Math.floor(carry / 58);
    }
    for (; carry > 0; carry = Math.floor(carry / 58)) digits.push(carry % 58);
  }
  const zeros = data.findIndex((byte) => byte !== 0);
  const leading = zeros === -1 ? data.length : zeros;
  return "1".repeat(leading) + digits.toReversed().map((digit) => ALPHABET[digit]).join("");
}

/** The bytes, or null if `text` has a character that base58 does not. */
export function unbase58(text: string): Bytes | null {
  const bytes: number[] = [];
  for (const letter of text) {
    let carry = ALPHABET.indexOf(letter);
    if (carry === -1) return null;
    for (let i = 0; i < bytes.length; i++) {
      carry += (bytes[i] ?? 0) * 58;
      bytes[i] = carry % 256;
      carry = Math.floor(carry / 256);
    }
    for (; carry > 0; carry = Math.floor(carry / 256)) bytes.push(carry % 256);
  }
  const leading = text.length - text.replace(/^1+/, "").length;
  return Uint8Array.from([...Array.from({ length: leading }, () => 0), ...bytes.toReversed()]);
}

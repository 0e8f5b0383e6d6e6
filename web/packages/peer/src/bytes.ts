/** Small tools for byte strings. */

export type Bytes = Uint8Array<ArrayBuffer>;

export function concat(...parts: readonly Uint8Array[]): Bytes {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** Whether both hold the same bytes; for values that are no secret. */
export function equal(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

export function compare(a: Uint8Array, b: Uint8Array): number {
  for (let i = 0; i < Math.min(a.length, b.length); i++) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

export function hex(data: Uint8Array): string {
  return Array.from(data, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** An id in hex, where there is one; `outOfHex` takes it back. */
export function inHex(id: Uint8Array | null): string | null {
  return id === null ? null : hex(id);
}

export function unhex(text: string): Bytes {
  return Uint8Array.from({ length: text.length / 2 }, (_, i) => Number.parseInt(text.slice(2 * i, 2 * i + 2), 16));
}

export function outOfHex(id: string | null): Bytes | null {
  return id === null ? null : unhex(id);
}

/** `value`, below 2^53, in `size` bytes, big-endian. */
export function bigEndian(value: number, size: number): Bytes {
  const out = new Uint8Array(size);
  let rest = value;
  for (let i = size - 1; i >= 0; i--) {
    out[i] = rest % 256;
    rest = Math.floor(rest / 256);
  }
  return out;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

export function utf8(text: string): Bytes {
  return encoder.encode(text);
}

/** @throws TypeError if `data` is no UTF-8. */
export function fromUtf8(data: Uint8Array): string {
  return decoder.decode(data);
}

/** Where randomness comes from; tests bring their own. */
export type Random = (size: number) => Bytes;

export const random: Random = (size) => crypto.getRandomValues(new Uint8Array(size));

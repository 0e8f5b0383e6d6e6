/**
 * A peer id as four signal flags, two above two: easier to recognise, and to tell somebody, than the end of an id. About
 * 34 bits, so it tells people apart; it does not prove who somebody is.
 */
import { sha256 } from "@noble/hashes/sha2.js";

const DEEP = ["#1d3440", "#1f7485", "#b0402c", "#4f7145", "#6b4767"] as const;
const PALE = ["#f5ecd8", "#e6b04a", "#a6cfd6"] as const;

const CORNERS = ["0 0", "12 0", "0 12", "12 12"] as const;

/** Each is what is drawn over the field, on a square of 12 × 12. */
export const PATTERNS: readonly string[] = [
  "M0 0h6v12H0z",
  "M0 6h12v6H0z",
  "M0 0h6v6H0zM6 6h6v6H6z",
  "M0 0h12L0 12z",
  "M4 0h4v4h4v4H8v4H4V8H0V4h4z",
  "M0 0h3l3 3 3-3h3v3L9 6l3 3v3H9L6 9l-3 3H0V9l3-3-3-3z",
  "M3 3h6v6H3z",
  "M4 0h4v12H4z",
  "M0 4h12v4H0z",
  "M0 0l12 6L0 12z",
  "M6 0l6 6-6 6-6-6z",
  "M6 2a4 4 0 1 1 0 8 4 4 0 0 1 0-8z",
];

export interface Flag {
  /** Its corner on a square of 24 × 24, as `x y`. */
  readonly at: string;
  readonly field: string;
  readonly charge: string;
  readonly pattern: string;
}

/** The four flags of `id`, row by row. */
export function flagsOf(id: string): readonly Flag[] {
  const digest = sha256(new TextEncoder().encode(`wherry/page/flags ${id}`));
  return CORNERS.map((corner, n) => {
    const at = 4 * n;
    const pick = <Item>(from: readonly Item[], byte: number): Item => from[(digest[byte] ?? 0) % from.length] as Item;
    const deep = pick(DEEP, at);
    const pale = pick(PALE, at + 1);
    const [field, charge] = (digest[at + 2] ?? 0) % 2 === 0 ? [deep, pale] : [pale, deep];
    return { at: corner, field, charge, pattern: pick(PATTERNS, at + 3) };
  });
}

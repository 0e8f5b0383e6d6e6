/**
 * What is larger than an item travels in pieces: numbered items of one id, of which the last completes it. A core.
 *
 *     fragment  [index, count, kind of the whole, piece ≤ 48 KiB]
 */

import type { Bytes } from "../bytes.ts";
import { WherryError } from "../errors.ts";
import { bytes, count, fields, read, write } from "../shape.ts";
import { MESSAGE_BYTES, PIECE_BYTES } from "./limits.ts";
import { Kind } from "./packets.ts";

/** Pieces of the largest message, with the head of its body. */
const PIECES = Math.floor(MESSAGE_BYTES / PIECE_BYTES) + 2;
/** Kinds that may come in pieces. */
const CUT: ReadonlySet<number> = new Set([Kind.TEXT, Kind.BYTES, Kind.PROFILE]);

/** One piece. */
export interface Fragment {
  readonly index: number;
  readonly count: number;
  readonly kind: number;
  readonly piece: Bytes;
}
const FRAGMENT = fields<Fragment>({
  index: count({ most: PIECES - 1 }),
  count: count({ least: 2, most: PIECES }),
  kind: count({ most: 255 }),
  piece: bytes(1, PIECE_BYTES),
});

/** The bodies of the fragments that `body` travels in; nothing if it fits into one item. */
export function cut(kind: number, body: Bytes): Bytes[] {
  if (body.length <= PIECE_BYTES) return [];
  const all = Math.ceil(body.length / PIECE_BYTES);
  return Array.from({ length: all }, (_, index) => {
    const piece = body.slice(index * PIECE_BYTES, (index + 1) * PIECE_BYTES);
    return write(FRAGMENT, { index, count: all, kind, piece });
  });
}

/**
 * The piece in an item's body.
 * @throws WherryError MALFORMED if it is none, or of a kind that does not come in pieces.
 */
export function decodeFragment(body: Bytes): Fragment {
  const fragment = read(FRAGMENT, body, "no piece of a message");
  if (fragment.index < fragment.count && CUT.has(fragment.kind)) return fragment;
  throw new WherryError("MALFORMED", "a piece that cannot be");
}

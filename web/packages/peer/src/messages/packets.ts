/**
 * What two peers say to each other in a letter: an acknowledgement, items, documents; drawn in full in Python's
 * `packets.py`. A packet is what one message of the double ratchet holds. As in QUIC (RFC 9000, section 13) the packet
 * is made anew for each try, and the items in it are what is repeated until their numbers were acknowledged:
 *
 *     packet    [1, epoch, floor, ack | nil, [item…], [document…]]                              ≤ 60,000 bytes
 *     ack       [epoch, through, [number held back beyond it…], [[number, reason]…]]
 *     item      [number (0: not numbered), kind, id 16, expires, body]
 *
 * `epoch` numbers the sender's own memory: it rises when that was restored from an old copy, and numbers begin anew.
 * `floor`: every number below it is settled, so the recipient waits for none of them. The ack is the recipient's view of
 * the other direction's items. `expires` is in seconds since 1970 by network time.
 */

import type { Bytes } from "../bytes.ts";
import { WherryError } from "../errors.ts";
import { DOCUMENT_BYTES } from "../limits.ts";
import { type Shape, bytes, count, fields, list, maybe, read, tuple, write } from "../shape.ts";
import { ACKED_BEYOND, DOCUMENTS, ITEMS, ITEM_BYTES, PACKET_BYTES, VOIDED } from "./limits.ts";

const VERSION = 1;

/** What an item is. */
export const Kind = {
  VOID: 0,
  TEXT: 1,
  BYTES: 2,
  FRAGMENT: 3,
  READ: 4,
  REQUEST: 10,
  ACCEPT: 11,
  DECLINE: 12,
  WITHDRAW: 13,
  REMOVE: 14,
  PROFILE: 15,
  INVITE: 20,
  INVITE_REPLY: 21,
  TYPING: 30,
  PRESENCE: 31,
} as const;

/** Why the recipient made a number void; what the sender then reports. */
export const Reason = {
  EXPIRED: 1,
  REFUSED: 2,
  OLD_ADDRESS: 3,
  FULL: 4,
  MALFORMED: 5,
  WITHDRAWN: 6,
  UNSUPPORTED: 7,
} as const;

/** One thing that is said; with a number it is said until it is heard. */
export interface Item {
  readonly number: number;
  readonly kind: number;
  readonly id: Bytes;
  /** Seconds since 1970 by network time. */
  readonly expires: number;
  readonly body: Bytes;
}

/** A number that was not taken, and why. */
export interface Voided {
  readonly number: number;
  readonly reason: number;
}

/**
 * Which of the other side's numbers are decided: all up to `through`, and those that are void. `beyond` is held behind a
 * gap: it need not be sent again, and is not decided yet.
 */
export interface Ack {
  readonly epoch: number;
  readonly through: number;
  readonly beyond: readonly number[];
  readonly voided: readonly Voided[];
}

/** Everything that goes in one letter. */
export interface Packet {
  readonly epoch: number;
  readonly floor: number;
  readonly ack: Ack | null;
  readonly items: readonly Item[];
  readonly documents: readonly Bytes[];
}

const small = count({ most: 255 });
const number = count({ least: 1 });
const ITEM = fields<Item>({
  number: count(),
  kind: small,
  id: bytes(16),
  expires: count(),
  body: bytes(0, ITEM_BYTES),
});
const ACK = fields<Ack>({
  epoch: count(),
  through: count(),
  beyond: list(number, ACKED_BEYOND),
  voided: list(tuple<Voided>({ number, reason: small }), VOIDED),
});
const PACKET: Shape<Packet & { readonly version: number }> = fields({
  version: count(),
  epoch: count(),
  floor: number,
  ack: maybe(ACK),
  items: list(ITEM, ITEMS),
  documents: list(bytes(0, DOCUMENT_BYTES), DOCUMENTS),
});

export function encodePacket(packet: Packet): Bytes {
  return write(PACKET, { ...packet, version: VERSION });
}

/**
 * The packet that `data` is; kinds of items that a later version has are left in it.
 * @throws WherryError MALFORMED if it is none, or a number is in it twice.
 * @throws WherryError VERSION_MISMATCH if it is of another major version.
 */
export function decodePacket(data: Bytes): Packet {
  if (data.length > PACKET_BYTES) {
    throw new WherryError("MALFORMED", `a packet of ${data.length} bytes; ${PACKET_BYTES} is the most`);
  }
  const theirs = read(fields<{ version: number }>({ version: count() }), data, "no packet").version;
  if (theirs !== VERSION) {
    throw new WherryError("VERSION_MISMATCH", `the peer writes packets of version ${theirs}, we read ${VERSION}`);
  }
  const { version: _, ...packet } = read(PACKET, data, "a damaged packet");
  const numbers = packet.items.flatMap((item) => (item.number === 0 ? [] : [item.number]));
  if (new Set(numbers).size !== numbers.length) throw new WherryError("MALFORMED", "a packet with one number twice");
  return packet;
}

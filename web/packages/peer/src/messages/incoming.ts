/**
 * The receiving side of a pair: which numbers are decided, and what waits behind a gap. A core.
 *
 * Each number of a sender's epoch is decided once: its item is handed on, or it is void with a reason. Items are handed
 * on in the order of their numbers; what comes early waits until the gap before it is filled, by the item, by a void, or
 * by the sender's floor, which says that nothing comes below it any more:
 *
 *     a number is   open ──> held back ──> handed on            an item came; its turn came
 *                      └──> void                                a void came first; expired; the gate refused it
 *
 * An epoch higher than the known one supersedes it: the sender's memory began anew, so no gap of the old one will ever
 * be filled. What was held back of the old epoch is handed on at once, and so is what still comes of it.
 *
 * A sender whose memory was set back to an old copy gives numbers twice. It is known by the ids of the latest numbers:
 * of two items with one number, the second is not taken for the first. The acknowledgement then names the largest number
 * there is, by which the sender sees that its memory is an old copy, and begins a new epoch.
 */

import { equal, hex } from "../bytes.ts";
import {
  ACKED_BEYOND,
  HELD_BACK_BYTES,
  RECENT_IDS,
  STRANGER_HELD_BYTES,
  STRANGER_WINDOW,
  VOIDED,
  WINDOW,
} from "./limits.ts";
import { type Ack, type Item, Kind, Reason, type Voided } from "./packets.ts";

/** How much is kept of one sender behind a gap: numbers ahead of it, and bytes. */
export interface Room {
  readonly window: number;
  readonly heldBytes: number;
}

/** Of somebody we deal with, and of a stranger. */
export const KNOWN: Room = { window: WINDOW, heldBytes: HELD_BACK_BYTES };
export const STRANGER: Room = { window: STRANGER_WINDOW, heldBytes: STRANGER_HELD_BYTES };

/** What a packet's items come to. */
export interface Taken {
  /** Of an epoch that has been superseded; to be handed on first, with nothing to report. */
  readonly late: Item[];
  /** To be handed on, in this order; each is then either handed on, or refused with `Incoming.refuse`. */
  readonly ready: Item[];
  /** By number, to be kept until the gap before them is filled. */
  readonly hold: Map<number, Item>;
  /** Numbers that were kept until now, and are among `late` or `ready`. */
  readonly released: number[];
}

/** The largest number there is: nobody was ever given it. */
const MOST = Number.MAX_SAFE_INTEGER;
const NOTHING: ReadonlySet<string> = new Set();

export class Incoming {
  /** The sender's, the newest that we know; 0 before the first. */
  epoch: number;
  /** Every number up to it is decided. */
  through: number;
  /** Numbers that were not taken, with the reason, as long as the sender may not know it. */
  voided: Map<number, number>;
  /** Of the latest numbers up to `through`, the beginnings of their ids in hex; empty where there is none. */
  recent: readonly string[];
  /** The sender gave a number twice: it is told so until its new epoch begins. */
  setBack = false;
  /** What waits behind a gap, by number. */
  #held: Map<number, Item>;
  #heldBytes: number;

  constructor(
    epoch = 0,
    through = 0,
    held: readonly Item[] = [],
    voided: readonly Voided[] = [],
    recent: readonly string[] = [],
  ) {
    this.epoch = epoch;
    this.through = through;
    this.recent = recent;
    this.#held = new Map(held.map((item) => [item.number, item]));
    this.voided = new Map(voided.map(({ number, reason }) => [number, reason]));
    this.#heldBytes = held.reduce((sum, item) => sum + item.body.length, 0);
  }

  /**
   * Look at what came; numbers that are decided already are passed over.
   * @param now - seconds since 1970 by network time
   * @param known - ids in hex of items that were handed on in an earlier epoch: a void comes too late for them, and is
   *   among `ready` in its turn, with nothing to hand on
   * @param room - what is beyond it is not taken, and comes again when the gap is nearer
   */
  take(
    { epoch, floor, items }: { epoch: number; floor: number; items: readonly Item[] },
    now: number,
    known: ReadonlySet<string> = NOTHING,
    room: Room = KNOWN,
  ): Taken {
    const taken: Taken = { late: [], ready: [], hold: new Map(), released: [] };
    if (epoch > this.epoch) this.#supersede(epoch, taken);
    if (epoch === this.epoch) this.setBack ||= items.some((item) => this.#isAnother(item));
    const refused = epoch === this.epoch && this.setBack; // in the new epoch all of it comes again, in its order
    if (epoch === this.epoch && !refused) {
      this.#below(floor, taken);
      this.#advance(taken);
    }
    for (const item of items) {
      if (item.number === 0) taken.ready.push(item);
      else if (refused) continue;
      else if (epoch < this.epoch) {
        if (item.kind !== Kind.VOID && item.expires > now) taken.late.push(item);
      } else if (this.#isOpen(item.number)) {
        this.#put(item, now, taken, { room, isTooLate: item.kind === Kind.VOID && known.has(hex(item.id)) });
        this.#advance(taken);
      }
    }
    return taken;
  }

  /** The gate did not let an item in: its number is void. */
  refuse(item: Item, reason: number): void {
    if (item.number !== 0) this.voided.set(item.number, reason);
  }

  /** What the sender may know now. A void that does not fit is not hidden behind `through`: it ends there. */
  ack(): Ack {
    if (this.setBack) return { epoch: this.epoch, through: MOST, beyond: [], voided: [] };
    const voided = [...this.voided].toSorted(([a], [b]) => a - b).map(([number, reason]) => ({ number, reason }));
    const cut = voided[VOIDED];
    const through = cut === undefined ? this.through : Math.min(this.through, cut.number - 1);
    const beyond = [...this.#held.keys()].filter((number) => number > through).toSorted((a, b) => a - b);
    return { epoch: this.epoch, through, beyond: beyond.slice(0, ACKED_BEYOND), voided: voided.slice(0, VOIDED) };
  }

  #supersede(epoch: number, taken: Taken): void {
    const held = [...this.#held.values()].toSorted((a, b) => a.number - b.number);
    taken.late.push(...held);
    taken.released.push(...held.map((item) => item.number));
    this.#held.clear();
    this.#heldBytes = 0;
    this.epoch = epoch;
    this.through = 0;
    this.voided = new Map();
    this.recent = [];
    this.setBack = false;
  }

  /** Whether its number was given to another item before, as far as that is remembered. */
  #isAnother(item: Item): boolean {
    if (item.number === 0) return false;
    const held = this.#held.get(item.number);
    if (held !== undefined) return !equal(held.id, item.id);
    const before = this.recent.at(item.number - this.through - 1) ?? "";
    return item.number <= this.through && item.number > this.through - this.recent.length && before !== ""
      ? before !== beginning(item)
      : false;
  }

  /** The next number is decided. */
  #decided(number: number, item: Item | undefined): void {
    this.through = number;
    this.recent = [...this.recent, item === undefined ? "" : beginning(item)].slice(-RECENT_IDS);
  }

  #isOpen(number: number): boolean {
    return number > this.through && !this.#held.has(number) && !this.voided.has(number);
  }

  #put(item: Item, now: number, taken: Taken, { room, isTooLate }: { room: Room; isTooLate: boolean }): void {
    if (item.number > this.through + room.window) return; // it is sent again when the gap is nearer
    if (!isTooLate && (item.kind === Kind.VOID || item.expires <= now)) {
      this.voided.set(item.number, Reason.EXPIRED);
    } else if (item.number === this.through + 1 || this.#heldBytes + item.body.length <= room.heldBytes) {
      this.#held.set(item.number, item);
      this.#heldBytes += item.body.length;
      taken.hold.set(item.number, item);
    }
  }

  /** Nothing below the floor comes any more: what was held back there is handed on, the gaps are closed. */
  #below(floor: number, taken: Taken): void {
    if (floor > this.through + 1) {
      if (floor - this.through > RECENT_IDS + this.#held.size) {
        const below = [...this.#held.keys()].filter((number) => number < floor).toSorted((a, b) => a - b);
        for (const number of below) this.#handOn(number, taken);
        this.recent = []; // nothing of what is remembered would be left
        this.through = floor - 1;
      }
      for (let number = this.through + 1; number < floor; number++) this.#decided(number, this.#handOn(number, taken));
    }
    for (const number of this.voided.keys()) if (number < floor) this.voided.delete(number);
  }

  #advance(taken: Taken): void {
    for (let number = this.through + 1; ; number++) {
      if (!this.#held.has(number) && !this.voided.has(number)) return;
      this.#decided(number, this.#handOn(number, taken));
    }
  }

  #handOn(number: number, taken: Taken): Item | undefined {
    const item = this.#held.get(number);
    if (item === undefined) return undefined;
    this.#held.delete(number);
    this.#heldBytes -= item.body.length;
    taken.ready.push(item);
    if (!taken.hold.delete(number)) taken.released.push(number);
    return item;
  }
}

function beginning(item: Item): string {
  return hex(item.id.subarray(0, 8));
}

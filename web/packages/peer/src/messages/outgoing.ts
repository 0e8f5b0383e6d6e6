/**
 * The sending side of a pair: which items are not settled yet, and what the next packet holds. A core.
 *
 * An item is given a number, sent as often as need be, and settled by the recipient's word alone: delivered, or void
 * with a reason. At its expiry it becomes a void: from then on the sender asks for a decision instead of a delivery, so
 * that what it reports is always what became of it.
 */

import { type Bytes, hex } from "../bytes.ts";
import { ITEMS, WINDOW } from "./limits.ts";
import { type Ack, Kind } from "./packets.ts";

/** Bytes of an item without its body: numbers in msgpack's longest forms. */
const ITEM_OVERHEAD = 48;

/** An item that is not settled. Its body rests in the store. */
export interface Entry {
  readonly number: number;
  readonly id: Bytes;
  /** Of the whole, for one of several pieces. */
  readonly kind: number;
  /** Seconds since 1970 by network time. */
  readonly expires: number;
  /** Bytes of the body. */
  readonly size: number;
  /** It is a part of something larger, of the same id. */
  readonly piece: boolean;
  /** The recipient is only asked to decide: there is no body any more. */
  readonly voiding: boolean;
  /** What became of the whole was said already: another of its pieces is void. */
  readonly reported: boolean;
}

/** The kind that goes into a packet. */
export function wireKind(entry: Entry): number {
  if (entry.voiding) return Kind.VOID;
  return entry.piece ? Kind.FRAGMENT : entry.kind;
}

/** What became of an item: `reason` is the recipient's for not taking it, null if it was delivered. */
export interface Settled {
  readonly entry: Entry;
  readonly reason: number | null;
}

export class Outgoing {
  epoch: number;
  nextNumber: number;
  /** In the order of their numbers. */
  #entries: Map<number, Entry>;
  #received: ReadonlySet<number> = new Set();

  /** @param entries - what is not settled, in the order of their numbers */
  constructor(epoch: number, nextNumber = 1, entries: readonly Entry[] = []) {
    this.epoch = epoch;
    this.nextNumber = nextNumber;
    this.#entries = new Map(entries.map((entry) => [entry.number, entry]));
  }

  get size(): number {
    return this.#entries.size;
  }

  /** In the order of their numbers. */
  get entries(): readonly Entry[] {
    return [...this.#entries.values()];
  }

  get(number: number): Entry | null {
    return this.#entries.get(number) ?? null;
  }

  /** Those of one id: one, or all its pieces. */
  of(id: Bytes): readonly Entry[] {
    const wanted = hex(id);
    return this.entries.filter((entry) => hex(entry.id) === wanted);
  }

  /** Every number below it is settled. */
  get floor(): number {
    return this.#entries.keys().next().value ?? this.nextNumber;
  }

  /** Number one more item. */
  add(item: Omit<Entry, "number" | "voiding" | "reported">): Entry {
    const entry = { ...item, number: this.nextNumber, voiding: false, reported: false };
    this.#entries.set(entry.number, entry);
    this.nextNumber += 1;
    return entry;
  }

  /**
   * What may be under way: the recipient keeps nothing further ahead of a gap than its window. What it holds already,
   * behind a gap, is left out, unless we want it void.
   */
  sendable(): Entry[] {
    const limit = this.floor + WINDOW;
    return this.entries.filter((one) => one.number < limit && (one.voiding || !this.#received.has(one.number)));
  }

  /** Ask for a decision on whatever has expired; returns what changed. */
  expire(now: number): Entry[] {
    return this.entries.flatMap((entry) => (entry.expires > now || entry.voiding ? [] : [this.#void(entry)]));
  }

  /** Ask for a decision on what is left of an item before its time: it is withdrawn, or not worth sending. */
  void(id: Bytes, { reported = false } = {}): Entry[] {
    return this.of(id).map((entry) => this.#void({ ...entry, reported: reported || entry.reported }));
  }

  /**
   * Take the recipient's word; returns what is settled by it, in the order of the numbers. Words on another epoch say
   * nothing, and so does one on numbers that were never given: see `forgotten`.
   */
  acked(ack: Ack): Settled[] {
    if (ack.epoch !== this.epoch || this.forgotten(ack)) return [];
    this.#received = new Set(ack.beyond);
    const voided = new Map(ack.voided.map(({ number, reason }) => [number, reason]));
    const settled: Settled[] = [];
    for (const entry of this.entries) {
      if (entry.number > ack.through && !voided.has(entry.number)) continue;
      this.#entries.delete(entry.number);
      settled.push({ entry, reason: voided.get(entry.number) ?? null });
    }
    return settled;
  }

  /** Whether the recipient knows of more than we ever sent: our memory is an old copy, and needs `renumber`. */
  forgotten(ack: Ack): boolean {
    if (ack.epoch !== this.epoch) return ack.epoch > this.epoch;
    const highest = Math.max(ack.through, ...ack.beyond, ...ack.voided.map(({ number }) => number));
    return highest >= this.nextNumber;
  }

  /** Begin a new epoch: what is not settled is numbered from 1, in the same order. */
  renumber(epoch: number): void {
    const entries = this.entries.map((entry, i) => ({ ...entry, number: i + 1 }));
    this.epoch = epoch;
    this.nextNumber = entries.length + 1;
    this.#entries = new Map(entries.map((entry) => [entry.number, entry]));
    this.#received = new Set();
  }

  #void(entry: Entry): Entry {
    const voiding = { ...entry, voiding: true, size: 0 };
    this.#entries.set(entry.number, voiding);
    return voiding;
  }
}

/** Cut items into lists that fit into packets of `budget` bytes, in their order; no list is empty. */
export function packed(entries: readonly Entry[], budget: number): Entry[][] {
  const batches: Entry[][] = [];
  let left = 0;
  for (const entry of entries) {
    const weight = ITEM_OVERHEAD + entry.size;
    const last = batches.at(-1);
    if (last === undefined || weight > left || last.length === ITEMS) {
      batches.push([entry]);
      left = budget - weight;
    } else {
      last.push(entry);
      left -= weight;
    }
  }
  return batches;
}

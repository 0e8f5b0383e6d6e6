/**
 * One pair: both sides and the ratchet's sessions, in memory as they rest in the store. Every change happens in a
 * transaction with its effect; where that fails, the pair in memory is no longer what rests, and is read again.
 */

import { type Bytes, hex } from "../bytes.ts";
import type { Identity } from "../identity.ts";
import type { PeerId } from "../peer-id.ts";
import { Sessions } from "../ratchet/sessions.ts";
import type { OutboxRow } from "../store/tables.ts";
import type { Reading, Transaction } from "../store/transaction.ts";
import { Bell } from "../tasks.ts";
import { Incoming } from "./incoming.ts";
import { type Entry, Outgoing } from "./outgoing.ts";
import type { Item } from "./packets.ts";

const NEVER = Number.NEGATIVE_INFINITY;

export class Pair {
  readonly peer: PeerId;
  readonly outgoing: Outgoing;
  readonly incoming: Incoming;
  readonly sessions: Sessions;
  /** How many pieces of each larger item of ours are not settled, where its fate was not said yet. */
  readonly pieces = new Map<string, number>();
  /** Which pieces of each larger item of theirs are here, as far as it was asked. */
  readonly piecesHere = new Map<string, Set<number>>();
  /** Something came that the peer does not know we have. */
  ackDue: boolean;
  /** It is not what rests any more: whoever holds it leaves it alone, and asks for the pair again. */
  stale = false;
  /** Rings when there is something to do: an item, an acknowledgement, a way. */
  readonly poked = new Bell();
  /** Moments on the page's monotonic clock, in milliseconds. */
  heard = NEVER;
  absentUntil = NEVER;
  askedRetry = NEVER;
  tookRetry = NEVER;
  /** Which of our documents went with a letter, and which of them the peer has. */
  documentsSent = "";
  documentsTold = "";
  #ackKept: boolean;
  readonly #underWay = new Map<number, number>();

  /** @param epoch - for a pair that has never said anything */
  static async load(reading: Reading, own: Identity, peer: PeerId, epoch: () => number): Promise<Pair> {
    const key = String(peer);
    const row = await reading.get("pairs", [key]);
    if (row === undefined) return new Pair(peer, new Outgoing(epoch()), new Incoming(), new Sessions(own, peer), false);
    const entries = await reading.list("outbox", { prefix: [key] });
    const held = await reading.list("held", { prefix: [key] });
    return new Pair(
      peer,
      new Outgoing(row.outEpoch, row.outNext, entries.map(entryOf)),
      new Incoming(row.inEpoch, row.inThrough, held.map(itemOf), row.voided, row.inRecent ?? []),
      new Sessions(own, peer, row.sessions.length === 0 ? null : row.sessions),
      row.ackDue,
    );
  }

  private constructor(peer: PeerId, outgoing: Outgoing, incoming: Incoming, sessions: Sessions, ackDue: boolean) {
    this.ackDue = this.#ackKept = ackDue;
    this.peer = peer;
    this.outgoing = outgoing;
    this.incoming = incoming;
    this.sessions = sessions;
    for (const entry of outgoing.entries) {
      if (entry.piece && !entry.reported) this.pieces.set(hex(entry.id), (this.pieces.get(hex(entry.id)) ?? 0) + 1);
    }
  }

  /** Whether it rests that an acknowledgement is due, which is not: a restart would only say it once more. */
  get isLoud(): boolean {
    return this.#ackKept && !this.ackDue;
  }

  /** Write the numbers, what is due and the sessions. */
  keep(transaction: Transaction): void {
    const { outgoing, incoming, ackDue } = this;
    this.#ackKept = ackDue;
    transaction.put("pairs", {
      peer: String(this.peer),
      outEpoch: outgoing.epoch,
      outNext: outgoing.nextNumber,
      inEpoch: incoming.epoch,
      inThrough: incoming.through,
      inRecent: incoming.recent,
      voided: [...incoming.voided].map(([number, reason]) => ({ number, reason })),
      ackDue,
      sessions: this.sessions.toBytes(),
    });
  }

  // -- what is under way ----------------------------------------------------------------------------------------------

  /** What may be sent and is not under way. */
  due(now: number): Entry[] {
    return this.outgoing.sendable().filter((entry) => (this.#underWay.get(entry.number) ?? NEVER) <= now);
  }

  /** A way has taken these: their acknowledgement is waited for, until then. */
  went(entries: readonly Entry[], until: number): void {
    for (const { number } of entries) this.#underWay.set(number, until);
  }

  /** Whether something that a way took was not acknowledged in time; what lies behind a gap was. */
  overdue(now: number): boolean {
    return this.outgoing.sendable().some(({ number }) => (this.#underWay.get(number) ?? now + 1) <= now);
  }

  /** When the wait for an acknowledgement ends next; null if none is waited for. */
  nextTimeout(now: number): number | null {
    for (const number of this.#underWay.keys()) if (this.outgoing.get(number) === null) this.#underWay.delete(number);
    const ends = [...this.#underWay.values()].filter((until) => until > now);
    return ends.length === 0 ? null : Math.min(...ends);
  }

  /** Nothing is under way any more: a way has gone, or come. */
  allAgain(): void {
    this.#underWay.clear();
  }
}

/** An item that is not settled, as it rests. */
export function outboxRow(peer: PeerId, entry: Entry, holders: readonly string[] = []): OutboxRow {
  return { peer: String(peer), ...entry, holders };
}

function entryOf({ peer: _peer, holders: _holders, leftAt: _leftAt, ...entry }: OutboxRow): Entry {
  return entry;
}

function itemOf({ number, kind, id, expires, body }: Item): Item {
  return { number, kind, id, expires, body };
}

/** From now on only a decision is asked for: no body rests, and no mailbox holds it. */
export function keepVoid(transaction: Transaction, peer: PeerId, entries: readonly Entry[]): void {
  for (const entry of entries) {
    transaction.put("outbox", outboxRow(peer, entry));
    transaction.remove("bodies", [String(peer), entry.number]);
  }
}

/** Forget items whose fate is known. */
export function forgetSettled(transaction: Transaction, peer: PeerId, entries: readonly Entry[]): void {
  for (const { number } of entries) {
    transaction.remove("outbox", [String(peer), number]);
    transaction.remove("bodies", [String(peer), number]);
  }
}

/** A new epoch: the items that wait get the numbers that `outgoing` gave them, in the same order. */
export async function keepRenumbered(transaction: Transaction, { peer, outgoing }: Pair): Promise<void> {
  const key = String(peer);
  const bodies = new Map<number, Bytes>();
  const rows = await transaction.list("outbox", { prefix: [key] });
  for (const { number } of rows) {
    const row = await transaction.get("bodies", [key, number]);
    if (row !== undefined) bodies.set(number, row.body);
    transaction.remove("outbox", [key, number]);
    transaction.remove("bodies", [key, number]);
  }
  for (const [i, entry] of outgoing.entries.entries()) {
    const body = bodies.get(rows[i]?.number ?? 0);
    transaction.put("outbox", outboxRow(peer, entry));
    if (body !== undefined) transaction.put("bodies", { peer: key, number: entry.number, body });
  }
}

/** What lies in mailboxes cannot be opened any more. */
export async function forgetHolders(transaction: Transaction, peer: PeerId): Promise<void> {
  for (const row of await transaction.list("outbox", { prefix: [String(peer)] })) {
    if (row.holders.length > 0) transaction.put("outbox", { ...row, holders: [] });
  }
}

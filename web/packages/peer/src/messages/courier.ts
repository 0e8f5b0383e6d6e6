/**
 * Rounds for one peer: what is due goes by the quickest way there is, and by the next one where that does not do.
 *
 *     over the open connection ──> through introducers ──> into the mailboxes ──> rest, then again
 *              (acknowledged within ACK_MS: done)                 (twice as long as before, at most AGAIN_MS)
 *
 * Whatever is heard of the peer, a connection that opens, or a new item ends a rest. A round never decides what became
 * of an item: only the recipient's acknowledgement does, which the receiver takes.
 */

import { type Bytes, type Random, hex } from "../bytes.ts";
import { WherryError } from "../errors.ts";
import type { OneTime } from "../letters.ts";
import type { PeerId } from "../peer-id.ts";
import type { InboxRecord, Introducer } from "../record.ts";
import type { MailStore, Transaction } from "../store/transaction.ts";
import { sleep } from "../tasks.ts";
import type { Handlers } from "./handlers.ts";
import { ABSENT_MS, ACK_MS, ACK_WAIT_MS, AGAIN_MS, INBOX_FRESH_MS, MAILBOXES } from "./limits.ts";
import { toLeave } from "./leaving.ts";
import type { Entry } from "./outgoing.ts";
import { type Pair, keepVoid } from "./pair.ts";
import type { Letter, Sender } from "./sending.ts";
import type { Ways } from "./ways.ts";

export interface CourierOptions {
  readonly sender: Sender;
  readonly ways: Ways;
  readonly store: MailStore;
  readonly handlers: Handlers;
  readonly random: Random;
  /** Seconds since 1970 by network time. */
  readonly now: () => number;
  /** What is in memory of a pair is not what rests. */
  readonly forget: (pair: Pair) => void;
}

export class Courier {
  readonly pair: Pair;
  readonly #options: CourierOptions;
  readonly #stopping = new AbortController();
  #againMs: number = AGAIN_MS[0];
  /** The way that is tried first: 0 the connection, 1 introducers, 2 mailboxes. */
  #way = 0;
  #triedAt = Number.NEGATIVE_INFINITY;
  #askedAt = Number.NEGATIVE_INFINITY;

  constructor(pair: Pair, options: CourierOptions) {
    this.pair = pair;
    this.#options = options;
  }

  /** Make rounds until there is nothing to say any more, or until `stop`. */
  async run(): Promise<void> {
    const { pair } = this;
    while (!this.#stopping.signal.aborted) {
      const restMs = await this.#tried();
      if (this.#stopping.signal.aborted) return;
      if (!pair.ackDue && pair.outgoing.size === 0) {
        await this.#quiet();
        return;
      }
      await pair.poked.wait(restMs);
      if (pair.ackDue) await sleep(ACK_WAIT_MS, this.#stopping.signal);
    }
  }

  stop(): void {
    this.#stopping.abort();
    this.pair.poked.ring();
  }

  async #tried(): Promise<number> {
    try {
      await this.#expire();
      return await this.#round();
    } catch (error) {
      if (!WherryError.is(error)) throw error;
      return this.#longer(); // such as a full disk: what waits stays, and is tried again
    }
  }

  async #expire(): Promise<void> {
    const { store, now } = this.#options;
    const { pair } = this;
    if (!pair.outgoing.entries.some((entry) => !entry.voiding && entry.expires <= now())) return;
    await store.write(async (transaction) => {
      if (pair.stale) return;
      transaction.undone(() => this.#options.forget(pair));
      keepVoid(transaction, pair.peer, pair.outgoing.expire(now()));
    });
  }

  /** Nothing is due any more: that is written, if it is not. */
  async #quiet(): Promise<void> {
    const { pair } = this;
    try {
      if (!pair.isLoud) return;
      await this.#options.store.write(async (transaction) => {
        if (!pair.stale) pair.keep(transaction);
      });
    } catch (error) {
      if (!WherryError.is(error)) throw error; // then it is said once more
    }
  }

  /** For how long to rest now. */
  #longer(): number {
    const restMs = this.#againMs;
    this.#againMs = Math.min(2 * restMs, AGAIN_MS[1]);
    return restMs;
  }

  /** Try what there is; resolves with for how long to rest. */
  async #round(): Promise<number> {
    const { pair } = this;
    if (pair.heard >= this.#triedAt) {
      this.#way = 0;
      this.#againMs = AGAIN_MS[0];
    } else if (pair.overdue(performance.now())) {
      this.#way += 1;
    }
    const due = pair.due(performance.now());
    if (due.length === 0 && !pair.ackDue) return this.#untilAck();
    for (; this.#way < 2; this.#way++) {
      if (!(await (this.#way === 0 ? this.#overConnection(due) : this.#throughIntroducers(due)))) continue;
      this.#triedAt = performance.now();
      return this.#untilAck();
    }
    await this.#intoMailboxes(pair.due(performance.now()));
    pair.allAgain();
    this.#way = 0;
    this.#triedAt = performance.now();
    return this.#longer();
  }

  #untilAck(): number {
    const now = performance.now();
    const timeout = this.pair.nextTimeout(now);
    return timeout === null ? this.#longer() : timeout - now;
  }

  // -- the ways -------------------------------------------------------------------------------------------------------

  async #overConnection(due: readonly Entry[]): Promise<boolean> {
    const { ways } = this.#options;
    if (!ways.connected(this.pair.peer)) return false;
    return this.#give(due, async (peer, letter) => ways.overConnection(peer, letter));
  }

  async #throughIntroducers(due: readonly Entry[]): Promise<boolean> {
    const { pair } = this;
    if (pair.absentUntil > performance.now()) return false;
    const given = await this.#give(due, async (peer, letter) => this.#options.ways.throughIntroducers(peer, letter));
    if (!given) pair.absentUntil = performance.now() + ABSENT_MS;
    return given;
  }

  /** Whether a way took all that is due. */
  async #give(due: readonly Entry[], way: (peer: PeerId, letter: Bytes) => Promise<void>): Promise<boolean> {
    const { pair } = this;
    let ackDue = pair.ackDue;
    try {
      for await (const letter of this.#letters(due)) {
        await way(pair.peer, letter.sealed);
        pair.went(letter.entries, performance.now() + ACK_MS);
        ackDue = false;
      }
      return true;
    } catch (error) {
      if (!WherryError.is(error)) throw error;
      pair.ackDue ||= ackDue;
      return false;
    }
  }

  /** Letters with what is due; a session is begun if there is none. */
  async *#letters(due: readonly Entry[]): AsyncGenerator<Letter, void, void> {
    const { pair } = this;
    const { ways, sender } = this.#options;
    if (pair.sessions.needsBundle) await this.#begin();
    const sealingKey = await ways.sealingKey(pair.peer);
    const documents = ways.documents();
    const name = documents.map((document) => hex(document.slice(-8))).join(" ");
    const told = name === pair.documentsTold;
    for await (const letter of sender.letters(pair, due, told ? [] : documents, sealingKey)) {
      yield letter;
      pair.documentsSent = name; // a way has taken it
    }
  }

  /** Begin a session by the peer's bundle: its signed prekey, and a one-time one if a mailbox hands one out. */
  async #begin(): Promise<void> {
    const { pair } = this;
    const { ways, random } = this.#options;
    const record = await ways.inbox(pair.peer, { fresh: false });
    let oneTime: OneTime | null = null;
    for (const mailbox of record.mailboxes) {
      try {
        oneTime = await ways.takePrekey(mailbox, pair.peer);
        break;
      } catch (error) {
        if (!WherryError.is(error)) throw error; // without one, a session begins all the same
      }
    }
    // It may have written to us meanwhile.
    if (pair.sessions.needsBundle) pair.sessions.begin({ prekey: record.prekey, oneTime }, random);
  }

  /** Leave what is due in each of the peer's mailboxes that does not hold it yet. */
  async #intoMailboxes(due: readonly Entry[]): Promise<void> {
    const { pair } = this;
    const { ways, store, now } = this.#options;
    const fresh = this.#askedAt + INBOX_FRESH_MS < performance.now();
    try {
      const record: InboxRecord = await ways.inbox(pair.peer, { fresh });
      this.#askedAt = performance.now();
      const mailboxes = record.mailboxes.slice(0, MAILBOXES);
      const rows = await store.list("outbox", { prefix: [String(pair.peer)] });
      for (const { lacking, entries } of toLeave(due, { mailboxes, rows, ackDue: pair.ackDue, now: now() })) {
        for await (const letter of this.#letters(entries)) await this.#leave(letter, lacking);
      }
    } catch (error) {
      if (!WherryError.is(error)) throw error; // nobody knows of its mailboxes: tried again after the rest
    }
  }

  async #leave(letter: Letter, mailboxes: readonly Introducer[]): Promise<void> {
    const { pair } = this;
    const { ways, store } = this.#options;
    const tries = await Promise.allSettled(
      mailboxes.map(async (mailbox) => ways.deposit(mailbox, pair.peer, letter.sealed)),
    );
    const taken = mailboxes.filter((_, i) => tries[i]?.status === "fulfilled").map(({ peer }) => String(peer));
    if (taken.length === 0) {
      pair.ackDue ||= letter.entries.length === 0;
      return;
    }
    await store.write(async (transaction) => {
      if (!pair.stale) await this.#keepHolders(transaction, letter, taken);
    });
  }

  async #keepHolders(transaction: Transaction, { entries }: Letter, taken: readonly string[]): Promise<void> {
    const { pair } = this;
    const { handlers, now } = this.#options;
    for (const entry of entries) {
      const row = await transaction.get("outbox", [String(pair.peer), entry.number]);
      if (row === undefined || pair.outgoing.get(entry.number) !== entry) continue; // settled, or not the same, meanwhile
      transaction.put("outbox", { ...row, holders: [...new Set([...row.holders, ...taken])], leftAt: now() });
    }
    for (const { id, kind } of new Map(entries.map((entry) => [hex(entry.id), entry])).values()) {
      const held: number[] = [];
      for (const { number } of pair.outgoing.of(id)) {
        held.push((await transaction.get("outbox", [String(pair.peer), number]))?.holders.length ?? 0);
      }
      const least = held.length === 0 ? 0 : Math.min(...held);
      if (least > 0) await handlers.held(transaction, pair.peer, kind, id, least);
    }
  }
}

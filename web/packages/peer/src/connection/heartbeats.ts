/**
 * Heartbeats that were sent, and how many of the peer's are answered. A core. A heartbeat has a number, and goes over the
 * control lane: its answer tells the round trip, and that every control frame before it has arrived.
 */

import { Bucket } from "../rates.ts";
import { HEARTBEATS_PER_S } from "./limits.ts";

/** Those of one connection, over one link after another: numbers never come again. */
export class Heartbeats {
  #last = 0;
  readonly #sent = new Map<number, number>();
  readonly #answers: Bucket;

  constructor(now: number) {
    this.#answers = new Bucket(HEARTBEATS_PER_S, now);
  }

  get nextNumber(): number {
    return this.#last + 1;
  }

  /** One goes out; returns its number. */
  send(now: number): number {
    this.#last += 1;
    this.#sent.set(this.#last, now);
    return this.#last;
  }

  /** Whether one of the peer's is answered: a flood of them costs us nothing. */
  mayAnswer(now: number): boolean {
    return this.#answers.take(now);
  }

  /** An answer came: the milliseconds it took, or null where nothing waits for it. */
  answered(number: number, now: number): number | null {
    const sentAt = this.#sent.get(number);
    return this.#sent.delete(number) && sentAt !== undefined ? now - sentAt : null;
  }

  /** The link is another one: answers of the old one say nothing of it. */
  forget(): void {
    this.#sent.clear();
  }
}

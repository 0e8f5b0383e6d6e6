/** Streams of sessions that peers have opened, each until a session claims it by its number. */

import { WherryError } from "../errors.ts";
import { Bell, Once, within } from "../tasks.ts";
import { CLAIM_MS, UNCLAIMED } from "./limits.ts";
import type { Flow } from "./session.ts";

interface Arrived {
  readonly flow: Flow;
  readonly claimed: Once<void>;
  /** Resolves when the session that claimed it is left at this end. */
  left: Promise<void>;
}

export class Claims {
  readonly #arrived = new Map<string, Arrived>();
  readonly #news = new Bell();
  #open = true;

  /** How many wait. */
  get size(): number {
    return this.#arrived.size;
  }

  /**
   * Hold a stream until it is claimed, and after that until it has ended and its session is left: a stream ends with its
   * handler, which is this, and what came on it may not have been read yet.
   */
  async serve(flow: Flow): Promise<void> {
    const waiting = Array.from(this.#arrived.values()).filter((one) => one.flow.peer === flow.peer);
    if (waiting.length >= UNCLAIMED) {
      flow.fail(new WherryError("LIMIT_EXCEEDED", `${UNCLAIMED} streams without a session`));
      return;
    }
    const key = keyOf(flow.peer, flow.number);
    const arrived: Arrived = { flow, claimed: new Once<void>(), left: Promise.resolve() };
    this.#arrived.set(key, arrived);
    this.#news.ring();
    try {
      await within(CLAIM_MS, arrived.claimed.promise, "STREAM_REFUSED", "no session claims it");
    } catch (error) {
      flow.fail(WherryError.from(error));
    } finally {
      if (this.#arrived.get(key) === arrived) this.#arrived.delete(key);
    }
    const error = await flow.ended();
    if (error === null) await arrived.left;
  }

  /**
   * The stream that a peer opened under a number, for a session that will be `left`; it may still be under way.
   * @throws WherryError PROTOCOL_VIOLATION if it has not come `until` then, by `performance.now()`.
   */
  async claim(peer: string, number: number, until: number, left: Promise<void>): Promise<Flow> {
    for (;;) {
      const arrived = this.#arrived.get(keyOf(peer, number));
      if (arrived !== undefined) {
        this.#arrived.delete(keyOf(peer, number));
        arrived.left = left;
        arrived.claimed.resolve();
        return arrived.flow;
      }
      const leftMs = until - performance.now();
      if (!this.#open || leftMs <= 0) throw new WherryError("PROTOCOL_VIOLATION", "a session that does not open");
      await this.#news.wait(leftMs);
    }
  }

  close(): void {
    this.#open = false;
    for (const { claimed } of this.#arrived.values()) claimed.reject(new WherryError("CLOSED", "the page"));
    this.#news.ring();
  }
}

function keyOf(peer: string, number: number): string {
  return `${peer} ${number}`;
}

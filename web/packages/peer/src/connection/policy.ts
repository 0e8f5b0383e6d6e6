/**
 * Who may open what, per stream name, and how much. Friendship is one policy, not the condition of talking: the echo
 * and the messages are open to anybody, every other name to those who are listed.
 */

import { codeFor } from "./codes.ts";

export interface Rule {
  readonly allow: "anyone" | ReadonlySet<string>;
  /** Streams of this name that one peer may open in a minute, as a bucket that refills evenly. */
  readonly opensPerMinute: number;
  /** Bytes that one peer may send on them in a minute, if that is limited at all. */
  readonly bytesPerMinute: number | null;
}

/** Streams that one peer may open in a minute where nothing else is said. */
const OPENS_PER_MINUTE = 600;
const MINUTE_MS = 60_000;
/** Peers and names whose buckets are remembered: a full one is as good as none. */
const BUCKETS = 2048;

export const ECHO_RULE: Rule = { allow: "anyone", opensPerMinute: 64, bytesPerMinute: 16 * 1024 * 1024 };
export const MESSAGE_RULE: Rule = { allow: "anyone", opensPerMinute: OPENS_PER_MINUTE, bytesPerMinute: null };

export function ruleOf(allow: Rule["allow"]): Rule {
  return { allow, opensPerMinute: OPENS_PER_MINUTE, bytesPerMinute: null };
}

export class Policy {
  readonly #rules = new Map<string, Rule>();
  readonly #buckets = new Map<string, { tokens: number; at: number }>();

  set(name: string, rule: Rule): void {
    this.#rules.set(name, rule);
  }

  delete(name: string): void {
    this.#rules.delete(name);
  }

  /** Null if `peer` may open `name` now, else the code to refuse it with. */
  admit(peer: string, name: string, now: number): number | null {
    const rule = this.#rules.get(name);
    if (rule === undefined) return codeFor("STREAM_REFUSED");
    if (rule.allow !== "anyone" && !rule.allow.has(peer)) return codeFor("POLICY_REFUSED");
    return this.#take(`open ${peer} ${name}`, rule.opensPerMinute, 1, now) ? null : codeFor("LIMIT_EXCEEDED");
  }

  /** Count `size` bytes that `peer` sent on a stream called `name`; false when that is too much. */
  charge(peer: string, name: string, size: number, now: number): boolean {
    const limit = this.#rules.get(name)?.bytesPerMinute ?? null;
    return limit === null || this.#take(`bytes ${peer} ${name}`, limit, size, now);
  }

  #take(key: string, size: number, amount: number, now: number): boolean {
    if (this.#buckets.size > BUCKETS) {
      for (const [old, bucket] of this.#buckets) if (now - bucket.at > MINUTE_MS) this.#buckets.delete(old);
    }
    const { tokens, at } = this.#buckets.get(key) ?? { tokens: size, at: now };
    const left = Math.min(size, tokens + ((now - at) * size) / MINUTE_MS);
    const enough = amount <= left;
    this.#buckets.set(key, { tokens: enough ? left - amount : left, at: now });
    return enough;
  }
}

/**
 * Who may open what, per stream name, and how much. Friendship is one policy, not the condition of talking: the echo
 * and the messages are open to anybody, every other name to those who are listed.
 */

import { type Rate, Rates } from "../rates.ts";
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

export const ECHO_RULE: Rule = { allow: "anyone", opensPerMinute: 64, bytesPerMinute: 16 * 1024 * 1024 };
export const MESSAGE_RULE: Rule = { allow: "anyone", opensPerMinute: OPENS_PER_MINUTE, bytesPerMinute: null };

export function ruleOf(allow: Rule["allow"]): Rule {
  return { allow, opensPerMinute: OPENS_PER_MINUTE, bytesPerMinute: null };
}

/** A rule, and what each peer has used of it. */
class Door {
  readonly #rule: Rule;
  readonly #opens: Rates;
  readonly #bytes: Rates | null;

  constructor(rule: Rule) {
    this.#rule = rule;
    this.#opens = new Rates(perMinute(rule.opensPerMinute));
    this.#bytes = rule.bytesPerMinute === null ? null : new Rates(perMinute(rule.bytesPerMinute));
  }

  admit(peer: string, now: number): number | null {
    const { allow } = this.#rule;
    if (allow !== "anyone" && !allow.has(peer)) return codeFor("POLICY_REFUSED");
    return this.#opens.take(peer, now) ? null : codeFor("LIMIT_EXCEEDED");
  }

  charge(peer: string, size: number, now: number): boolean {
    return this.#bytes === null || this.#bytes.take(peer, now, size);
  }
}

export class Policy {
  readonly #doors = new Map<string, Door>();

  set(name: string, rule: Rule): void {
    this.#doors.set(name, new Door(rule));
  }

  delete(name: string): void {
    this.#doors.delete(name);
  }

  /** Null if `peer` may open `name` now, else the code to refuse it with. */
  admit(peer: string, name: string, now: number): number | null {
    const door = this.#doors.get(name);
    return door === undefined ? codeFor("STREAM_REFUSED") : door.admit(peer, now);
  }

  /** Count `size` bytes that `peer` sent on a stream called `name`; false when that is too much. */
  charge(peer: string, name: string, size: number, now: number): boolean {
    return this.#doors.get(name)?.charge(peer, size, now) ?? true;
  }
}

/** As a bucket that refills evenly, and holds all of a minute. */
function perMinute(size: number): Rate {
  return [size / 60, size];
}

/**
 * Links that are open and not yet greeted. A core.
 *
 * Both sides say HELLO on a new link as soon as it is open; it becomes the connection's once the peer's HELLO has
 * echoed the ids of the offer and the answer that led to it. The lanes of a link overtake each other: what comes on
 * another one before that waits here, within a bound.
 */

import { type Bytes, equal } from "../bytes.ts";
import { WherryError } from "../errors.ts";
import { type Hello, VERSION, decode, encode } from "./frames.ts";
import { HELLO_MS, MAX_EARLY_BYTES } from "./limits.ts";
import type { Greeting, LaneKind } from "./link.ts";

/** A message, with the kind of the lane that it came on. */
export interface Came {
  readonly lane: LaneKind;
  readonly data: Bytes;
}

interface Candidate {
  readonly greeting: Greeting;
  readonly deadline: number;
  /** Frames that overtook the HELLO on other lanes. */
  readonly early: Came[];
  earlyBytes: number;
}

/** The candidates beside the active link, by the numbers that the shell gave them. */
export class Greetings {
  readonly #own: { readonly instance: Bytes; readonly session: Bytes };
  readonly #candidates = new Map<number, Candidate>();

  /** @param own - 8 random bytes per tab, and 8 per connection */
  constructor(own: { readonly instance: Bytes; readonly session: Bytes }) {
    this.#own = own;
  }

  get links(): readonly number[] {
    return [...this.#candidates.keys()];
  }

  has(link: number): boolean {
    return this.#candidates.has(link);
  }

  /** Expect the peer's HELLO on `link`; returns ours, to be said on it. */
  begin(link: number, greeting: Greeting, now: number): Bytes {
    this.#candidates.set(link, { greeting, deadline: now + HELLO_MS, early: [], earlyBytes: 0 });
    const { instance, session } = this.#own;
    const { attempt, answer } = greeting;
    return encode({ kind: "hello", hello: { version: VERSION, features: 0, instance, session, attempt, answer } });
  }

  /**
   * A message on a candidate: the peer's HELLO, if this was it, with what came before.
   * @throws WherryError PROTOCOL_VIOLATION if it is no HELLO, or not the one that was agreed on, or too much came before.
   */
  take(link: number, came: Came): { readonly hello: Hello; readonly early: readonly Came[] } | null {
    const candidate = this.#candidates.get(link);
    if (candidate === undefined) return null;
    if (came.lane !== "control") {
      candidate.earlyBytes += came.data.length;
      if (candidate.earlyBytes > MAX_EARLY_BYTES) throw violation("too much before HELLO");
      candidate.early.push(came);
      return null;
    }
    const frame = decode(came.data);
    if (frame.kind !== "hello") throw violation("a frame before HELLO");
    check(frame.hello, candidate.greeting);
    this.#candidates.delete(link);
    return { hello: frame.hello, early: candidate.early };
  }

  /** Expect nothing on `link` any more; whether anything was. */
  drop(link: number): boolean {
    return this.#candidates.delete(link);
  }

  /** When each of them is late. */
  get deadlines(): readonly number[] {
    return Array.from(this.#candidates.values(), ({ deadline }) => deadline);
  }

  /** Those on which no HELLO came in time. */
  late(now: number): readonly number[] {
    return [...this.#candidates].flatMap(([link, { deadline }]) => (now >= deadline ? [link] : []));
  }
}

function check(hello: Hello, greeting: Greeting): void {
  if (hello.version !== VERSION) throw violation(`HELLO of version ${hello.version} where ${VERSION} was agreed on`);
  if (!equal(hello.attempt, greeting.attempt) || !equal(hello.answer, greeting.answer)) {
    throw violation("HELLO with the ids of another attempt");
  }
  if (!equal(hello.instance, greeting.instance)) throw violation("HELLO of another instance than its offer or answer");
}

function violation(detail: string): WherryError {
  return new WherryError("PROTOCOL_VIOLATION", detail);
}

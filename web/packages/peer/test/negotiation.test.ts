/** Two pairs who dial each other over ways that lose, delay, double and hold back: they come to one connection. */

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Bytes, hex } from "../src/bytes.ts";
import { type Action, Pair, type Way } from "../src/connect/negotiation.ts";
import { ATTEMPT_MS } from "../src/limits.ts";
import type { Answer, Offer } from "../src/signals.ts";

interface Sent {
  readonly to: "a" | "b";
  readonly what: Offer | Answer;
  readonly way: Way;
  arrives: number;
}

/** One end, with links that open as soon as both sides have offer and answer. */
class End {
  readonly name: "a" | "b";
  readonly pair: Pair<Way>;
  readonly links = new Set<string>();
  readonly open: string[] = [];
  instance = 1;

  constructor(name: "a" | "b") {
    this.name = name;
    this.pair = new Pair(name === "a");
  }
}

interface Fate {
  readonly lost: boolean;
  readonly doubled: boolean;
  readonly delay: number;
}

class World {
  now = 0;
  #serial = 0;
  readonly a = new End("a");
  readonly b = new End("b");
  mail: Sent[] = [];
  readonly #fates: readonly Fate[];
  /** At least this many copies of each signal arrive: one way works. */
  readonly #ways: number;

  constructor(fates: readonly Fate[], ways = 3) {
    this.#fates = fates;
    this.#ways = ways;
  }

  id(): Bytes {
    this.#serial += 1;
    return new Uint8Array(16).fill(this.#serial);
  }

  dial(end: End): void {
    this.do(end, end.pair.dial(this.id(), this.now));
  }

  do(end: End, actions: readonly Action<Way>[]): void {
    for (const action of actions) {
      switch (action.do) {
        case "makeOffer": {
          const offer = offerOf(action.id, this.now + this.#serial, end.instance);
          end.links.add(action.attempt);
          this.do(end, end.pair.offerReady(action.attempt, offer, this.now));
          break;
        }
        case "makeAnswer": {
          end.links.add(action.attempt);
          const answer = answerOf(action.offer.attempt, this.id(), end.instance);
          this.do(end, end.pair.answerReady(action.attempt, answer));
          break;
        }
        case "sendOffer":
          this.send(end, action.offer, action.ways.length === 0 ? null : action.ways);
          break;
        case "sendAnswer":
          this.send(end, action.answer, action.everywhere ? null : action.ways);
          break;
        case "closeLink":
          end.links.delete(action.attempt);
          break;
        default:
      }
    }
    this.#join();
  }

  send(from: End, what: Offer | Answer, ways: readonly Way[] | null): void {
    const to = from.name === "a" ? "b" : "a";
    const along = ways ?? Array.from({ length: this.#ways }, (_, i) => ({ key: String(i) }));
    for (const [i, way] of along.entries()) {
      const fate = this.#fates[(this.#serial + i + this.mail.length) % this.#fates.length];
      const works = i === 0; // one way works, if slowly
      if (fate === undefined || (fate.lost && !works)) continue;
      for (let copies = fate.doubled ? 2 : 1; copies > 0; copies--) {
        this.mail.push({ to, what, way, arrives: this.now + fate.delay * copies });
      }
    }
  }

  /** Links with both descriptions open, at both ends. */
  #join(): void {
    for (const attempt of this.a.links) {
      if (!this.b.links.has(attempt) || this.a.open.includes(attempt)) continue;
      const states = new Set([this.a, this.b].map((end) => end.pair.stateOf(attempt)));
      if (!states.has("opening") || !states.has("answered")) continue;
      for (const end of [this.a, this.b]) {
        end.open.push(attempt);
        this.do(end, end.pair.opened(attempt));
      }
    }
  }

  run(until: number): void {
    while (this.now < until) {
      this.now += 10;
      const due = this.mail.filter((one) => one.arrives <= this.now);
      this.mail = this.mail.filter((one) => one.arrives > this.now);
      for (const { to, what, way } of due) {
        const end = this[to];
        this.do(end, what.kind === "offer" ? end.pair.receiveOffer(what, way, this.now) : end.pair.receiveAnswer(what));
      }
      for (const end of [this.a, this.b]) {
        const deadline = end.pair.nextDeadline();
        if (deadline !== null && deadline <= this.now) this.do(end, end.pair.tick(this.now));
      }
    }
  }
}

function offerOf(attempt: Bytes, issued: number, instance: number): Offer {
  const rest = { features: 0, role: 0, key: new Uint8Array(32), sdp: "v=0", record: new Uint8Array() };
  return { kind: "offer", attempt, issued, instance: new Uint8Array(8).fill(instance), ...rest };
}

function answerOf(attempt: Bytes, answer: Bytes, instance: number): Answer {
  const rest = { features: 0, role: 0, key: new Uint8Array(32), sdp: "v=0", record: new Uint8Array() };
  return { kind: "answer", attempt, answer, instance: new Uint8Array(8).fill(instance), offerHash: rest.key, ...rest };
}

const fates = fc.array(
  fc.record({ lost: fc.boolean(), doubled: fc.boolean(), delay: fc.integer({ min: 10, max: 900 }) }),
  { minLength: 1, maxLength: 12 },
);

describe("negotiation", () => {
  test("who dial each other come to a connection while one way works, and keep the same one", () => {
    // Invariant: at the end both ends have the same attempt open last, and no link besides those that opened.
    fc.assert(
      fc.property(fates, fc.integer({ min: 0, max: 50 }), (drawn, apart) => {
        const world = new World(drawn);
        world.dial(world.a);
        world.run(apart);
        world.dial(world.b);
        world.run(ATTEMPT_MS + 1000);
        expect(world.a.open.length).toBeGreaterThan(0);
        expect(world.a.open.at(-1)).toBe(world.b.open.at(-1));
        expect([...world.a.links].toSorted()).toEqual([...world.b.links].toSorted());
        expect(world.a.pair.busy || world.b.pair.busy).toBe(false);
      }),
      { numRuns: 300 },
    );
  });

  test("a repeated offer gets the same answer, along the way it came by", () => {
    const pair = new Pair<Way>(true);
    const offer = offerOf(new Uint8Array(16).fill(1), 1, 1);
    const attempt = hex(offer.attempt);
    expect(pair.receiveOffer(offer, { key: "x" }, 0)).toMatchObject([{ do: "makeAnswer" }]);
    expect(pair.receiveOffer(offer, { key: "y" }, 1)).toEqual([]);
    const answer = answerOf(offer.attempt, new Uint8Array(16), 1);
    const first = pair.answerReady(attempt, answer);
    expect(first).toMatchObject([{ do: "sendAnswer", ways: [{ key: "x" }, { key: "y" }], everywhere: true }]);
    const again = pair.receiveOffer(offer, { key: "z" }, 2);
    expect(again).toEqual([{ do: "sendAnswer", attempt, answer, ways: [{ key: "z" }], everywhere: false }]);
  });

  test("the smaller id's offer wins: it sends its own back, and never answers the other's later", () => {
    const pair = new Pair<Way>(true);
    const [made] = pair.dial(new Uint8Array(16).fill(1), 0);
    const mine = offerOf(new Uint8Array(16).fill(1), 1, 1);
    pair.offerReady(made?.attempt ?? "", mine, 0);
    const theirs = offerOf(new Uint8Array(16).fill(2), 2, 2);
    const sent = [{ do: "sendOffer", offer: mine, ways: [{ key: "x" }] }];
    expect(pair.receiveOffer(theirs, { key: "x" }, 5)).toMatchObject(sent);
    pair.tick(ATTEMPT_MS);
    expect(pair.receiveOffer(theirs, { key: "y" }, ATTEMPT_MS + 1)).toEqual([]);
  });

  test("an old offer that somebody held back does not push out a newer one", () => {
    const pair = new Pair<Way>(true);
    const newer = offerOf(new Uint8Array(16).fill(2), 20, 2);
    expect(pair.receiveOffer(newer, { key: "x" }, 0)).toMatchObject([{ do: "makeAnswer" }]);
    expect(pair.receiveOffer(offerOf(new Uint8Array(16).fill(1), 10, 2), { key: "x" }, 1)).toEqual([]);
  });

  test("a reloaded tab is answered, whoever is smaller", () => {
    const pair = new Pair<Way>(true);
    const [made] = pair.dial(new Uint8Array(16).fill(1), 0);
    pair.offerReady(made?.attempt ?? "", offerOf(new Uint8Array(16).fill(1), 1, 1), 0);
    pair.receiveAnswer(answerOf(new Uint8Array(16).fill(1), new Uint8Array(16), 2));
    const reloaded = offerOf(new Uint8Array(16).fill(3), 30, 9);
    expect(pair.receiveOffer(reloaded, { key: "x" }, 100)).toMatchObject([{ do: "makeAnswer" }]);
  });

  test("candidates that overtake their offer wait for it", () => {
    const pair = new Pair<Way>(true);
    const offer = offerOf(new Uint8Array(16).fill(1), 1, 1);
    const candidates = { kind: "candidates", attempt: offer.attempt, lines: ["candidate:1"], end: true } as const;
    expect(pair.receiveCandidates(candidates, 0)).toEqual([]);
    pair.receiveOffer(offer, { key: "x" }, 1);
    const actions = pair.answerReady(hex(offer.attempt), answerOf(offer.attempt, new Uint8Array(16), 1));
    expect(actions.map((action) => action.do)).toEqual(["sendAnswer", "addCandidates"]);
  });
});

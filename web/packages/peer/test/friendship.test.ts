/** The table of friendship: words that cross, and two sides that agree in a calm hour. */

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type FriendEvent, type Friendship, STRANGERS, type Said, TABLE, fate, they, we } from "../src/friends/states.ts";
import { Kind, Reason } from "../src/messages/packets.ts";

const ACTS = ["request", "accept", "decline", "withdraw", "remove", "unblock"] as const satisfies readonly FriendEvent[];

/** What may hold at both ends when nothing is under way; blocking is a matter of one side. */
const APART: ReadonlySet<string> = new Set(["stranger", "declined"]);
function isAgreed(one: string, other: string): boolean {
  if (one === "blocked") return other === "blocked" || APART.has(other);
  if (other === "blocked") return APART.has(one);
  const pairs = [["friends", "friends"], ["sent", "received"], ["received", "sent"]];
  return pairs.some(([a, b]) => a === one && b === other) || (APART.has(one) && APART.has(other));
}

/** One side over a channel that hands its words on once and in order, each with a verdict that travels back. */
class Side {
  now: Friendship = STRANGERS;
  readonly out: Said[] = [];
  readonly verdicts: { readonly id: string; readonly reason: number | null }[] = [];
  readonly #name: string;
  #ids = 0;

  constructor(name: string) {
    this.#name = name;
  }

  id(): string {
    return `${this.#name}${++this.#ids}`;
  }

  do(event: FriendEvent): boolean {
    const outcome = we(this.now, event, this.id());
    if (outcome !== null) this.#take(outcome.friendship, outcome.say);
    return outcome !== null;
  }

  /** Take the other's next word, or decide against it where that may happen. */
  hear(other: Side, refusal: number | null = null): void {
    const said = other.out.shift();
    if (said === undefined) return;
    let reason = said.kind === Kind.REQUEST ? refusal : null;
    if (reason === null) {
      const outcome = they(this.now, said, this.id());
      reason = outcome.refuse;
      if (reason === null) this.#take(outcome.friendship, outcome.say);
    }
    other.verdicts.push({ id: said.id, reason });
  }

  /** A verdict is back; they come in any order. */
  settle(at: number): void {
    const [verdict] = this.verdicts.splice(at % Math.max(1, this.verdicts.length), 1);
    if (verdict === undefined) return;
    const outcome = fate(this.now, verdict.id, verdict.reason, this.id());
    if (outcome !== null) this.#take(outcome.friendship, outcome.say);
  }

  #take(friendship: Friendship, say: Said | null): void {
    this.now = friendship;
    if (say !== null) this.out.push(say);
  }
}

/** A calm hour: everything arrives; then both must hold the same. */
function expectAgreement(one: Side, other: Side): void {
  for (let i = 0; i < 100; i++) {
    for (const [here, there] of [[one, other], [other, one]] as const) {
      while (there.out.length > 0) here.hear(there);
      while (there.verdicts.length > 0) there.settle(0);
    }
    if ([one, other].every((side) => side.out.length + side.verdicts.length === 0)) break;
  }
  expect([one.now.state, other.now.state, isAgreed(one.now.state, other.now.state)]).toMatchObject({ 2: true });
  for (const [here, there] of [[one.now, other.now], [other.now, one.now]] as const) {
    expect(here.said).toBeNull();
    if (here.state !== "blocked" && there.state !== "blocked") expect(here.ours?.id).toBe(there.theirs?.id);
  }
}

describe("friendship", () => {
  test("both sides agree in the end, whatever they do and whatever crosses, is refused or expires", () => {
    // Invariant: when all words and verdicts have arrived, both hold the same of each other, and each knows the other's
    // word that stands; at any moment the words fit the state.
    const step = fc.record({ side: fc.nat(1), chance: fc.nat(99), which: fc.nat(5), at: fc.nat(5) });
    fc.assert(
      fc.property(fc.array(step, { minLength: 4, maxLength: 24 }), (steps) => {
        const sides = [new Side("a"), new Side("b")] as const;
        for (const { side, chance, which, at } of steps) {
          const [here, there] = side === 0 ? sides : ([sides[1], sides[0]] as const);
          if (chance < 45) {
            const possible = ACTS.filter((event) => TABLE[here.now.state][event] !== undefined);
            here.do(possible[which % possible.length] ?? "request");
          } else if (chance < 50) here.do("block");
          else if (chance < 55) here.hear(there, at % 2 === 0 ? Reason.EXPIRED : Reason.FULL);
          else if (chance < 85) here.hear(there);
          else here.settle(at);
          for (const { now } of sides) {
            expect(now.ours !== null).toBe(now.state === "sent" || now.state === "friends");
            expect(now.theirs !== null).toBe(now.state === "received" || now.state === "friends");
            expect(now.reason !== null).toBe(now.state === "declined");
          }
        }
        expectAgreement(...sides);
      }),
      { numRuns: 3000 },
    );
  });

  /** Sides 0 and 1: `[side, event]` is done, a number is the side that hears the other's next word. */
  function talk(...steps: readonly (readonly [0 | 1, FriendEvent] | 0 | 1)[]): readonly [string, string] {
    const sides = [new Side("a"), new Side("b")] as const;
    for (const one of steps) {
      if (typeof one === "number") sides[one].hear(sides[one === 0 ? 1 : 0]);
      else expect(sides[one[0]].do(one[1])).toBe(true);
    }
    return [sides[0].now.state, sides[1].now.state];
  }

  test("asking, accepting, declining, withdrawing", () => {
    expect(talk([0, "request"], 1)).toEqual(["sent", "received"]);
    expect(talk([0, "request"], 1, [1, "accept"], 0)).toEqual(["friends", "friends"]);
    expect(talk([0, "request"], 1, [1, "decline"], 0)).toEqual(["declined", "stranger"]);
    expect(talk([0, "request"], [0, "withdraw"], 1, 1)).toEqual(["stranger", "stranger"]);
  });

  test("requests that cross are a friendship", () => {
    expect(talk([0, "request"], [1, "request"], 0, 1)).toEqual(["friends", "friends"]);
  });

  test("a late acceptance makes no friend of a newer request", () => {
    const late = [[0, "request"], 1, [1, "accept"], [0, "withdraw"], [0, "request"], 0, 1, 1] as const;
    expect(talk(...late)).toEqual(["sent", "received"]);
  });

  test("a removal that crosses a new request does not end it", () => {
    const friends = [[0, "request"], 1, [1, "accept"], 0] as const;
    expect(talk(...friends, [0, "remove"], [0, "request"], [1, "remove"], 0, 1, 1)).toEqual(["sent", "received"]);
  });

  test.each(Object.entries(Kind).filter(([, kind]) => kind >= Kind.REQUEST && kind <= Kind.REMOVE))(
    "whoever is blocked hears refused: %s",
    (_, kind) => {
      const blocked: Friendship = { ...STRANGERS, state: "blocked" };
      expect(they(blocked, { kind, id: "x", about: null }, "y")).toEqual({
        friendship: blocked,
        say: null,
        refuse: Reason.REFUSED,
      });
    },
  );
});

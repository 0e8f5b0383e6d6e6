/** The receiving side of a pair, where somebody sends what no post would. */

import { describe, expect, test } from "vitest";
import { KNOWN, Incoming, STRANGER } from "../src/messages/incoming.ts";
import { type Item, Kind } from "../src/messages/packets.ts";

const NOW = 1_800_000_000;

const item = (number: number, size: number): Item => ({
  number,
  kind: Kind.TEXT,
  id: new Uint8Array(16).fill(number),
  expires: NOW + 1,
  body: new Uint8Array(size),
});

/** Items with these numbers, in one packet. */
const packet = (numbers: readonly number[], { floor = 1, size = 1000 } = {}): Parameters<Incoming["take"]>[0] => ({
  epoch: 1,
  floor,
  items: numbers.map((number) => item(number, size)),
});

const upTo = (count: number, from = 1): number[] => Array.from({ length: count }, (_, i) => from + i);

describe("behind a gap", () => {
  test("next to nothing is kept of a stranger", () => {
    const incoming = new Incoming();
    const { hold, ready } = incoming.take(packet(upTo(1000, 2)), NOW, new Set(), STRANGER);
    expect(ready).toEqual([]);
    expect(hold.size).toBe(Math.floor(STRANGER.heldBytes / 1000));
    const small = new Incoming();
    expect(small.take(packet(upTo(1000, 2), { size: 1 }), NOW, new Set(), STRANGER).hold.size).toBe(STRANGER.window - 1);
    expect(new Incoming().take(packet(upTo(1000, 2)), NOW, new Set(), KNOWN).hold.size).toBe(1000);
  });
});

describe("in their order", () => {
  test("all items of a stranger are taken, however many there are", () => {
    const incoming = new Incoming();
    const numbers = upTo(3 * STRANGER.window, 501);
    const { ready } = incoming.take(packet(numbers, { floor: 501, size: 50_000 }), NOW, new Set(), STRANGER);
    expect(ready.map(({ number }) => number)).toEqual(numbers);
    expect(incoming.through).toBe(numbers.at(-1));
  });
});

/** Token buckets: never more than the burst and what the time since gave. */

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Bucket, Rates } from "../src/rates.ts";
import { Policy } from "../src/connection/policy.ts";

describe("a bucket", () => {
  test("gives its burst at once, and then its rate; a pause earns no more than the burst", () => {
    const bucket = new Bucket([2, 4], 0);
    const takenAt = (now: number): number => [1, 2, 3, 4, 5, 6].filter(() => bucket.take(now)).length;
    expect([takenAt(0), takenAt(0), takenAt(500), takenAt(1000), takenAt(1_000_000)]).toEqual([4, 0, 1, 1, 4]);
  });

  test("never gives more in any time than its burst and what the time gave", () => {
    const waits = fc.array(fc.tuple(fc.nat(400), fc.integer({ min: 1, max: 3 })), { maxLength: 200 });
    fc.assert(
      fc.property(waits, (steps) => {
        const bucket = new Bucket([10, 5], 0);
        let [now, taken] = [0, 0];
        for (const [wait, tokens] of steps) {
          now += wait;
          if (bucket.take(now, tokens)) taken += tokens;
          expect(taken).toBeLessThanOrEqual(5 + now / 100 + 1e-6);
        }
      }),
    );
  });
});

test("rates are kept by name, and the one that was used longest ago is forgotten first", () => {
  const rates = new Rates([0.001, 1], 2);
  expect(["a", "b", "a", "b", "c", "a"].map((name) => rates.take(name, 0))).toEqual([true, true, false, false, true, true]);
});

describe("a policy", () => {
  test("counts streams and bytes per peer and name", () => {
    const policy = new Policy();
    policy.set("/a/1", { allow: "anyone", opensPerMinute: 2, bytesPerMinute: 100 });
    policy.set("/b/1", { allow: new Set(["ada"]), opensPerMinute: 1, bytesPerMinute: null });
    const opens = (peer: string, name: string, now: number): boolean => policy.admit(peer, name, now) === null;
    expect([opens("ada", "/a/1", 0), opens("ada", "/a/1", 0), opens("ada", "/a/1", 0)]).toEqual([true, true, false]);
    expect([opens("bela", "/a/1", 0), opens("bela", "/b/1", 0), opens("ada", "/b/1", 0)]).toEqual([true, false, true]);
    expect(opens("ada", "/a/1", 30_000)).toBe(true);
    expect([policy.charge("ada", "/a/1", 80, 0), policy.charge("ada", "/a/1", 80, 0)]).toEqual([true, false]);
    expect([policy.charge("ada", "/a/1", 80, 60_000), policy.charge("ada", "/b/1", 1e9, 0)]).toEqual([true, true]);
    policy.delete("/a/1");
    expect(opens("bela", "/a/1", 0)).toBe(false);
  });
});

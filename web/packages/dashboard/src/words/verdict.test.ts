import { describe, expect, it } from "vitest";
import { STAGES } from "../engine/stages.ts";
import type { PeerState } from "../engine/engine.ts";
import { barOf, verdictOf } from "./verdict.ts";

const base = STAGES["empty"]?.state.peer as PeerState;
const verdict = (code: PeerState["reachability"]["verdict"], because = ""): PeerState => ({
  ...base,
  reachability: { verdict: code, because },
});

describe("the verdict on oneself", () => {
  it.each([
    ["anywhere", "Reachable from anywhere"],
    ["network", "Reachable on this network only"],
    ["outbound", "You can call others, nobody can call you"],
    ["offline", "Offline"],
  ] as const)("%s: %s", (code, title) => {
    expect(verdictOf(verdict(code, "why"), true)).toEqual({ code, title, because: "Why." });
  });

  it("counts introducers where there is no other because", () => {
    expect(verdictOf(verdict("anywhere"), true).because).toBe("Through 3 introducers.");
  });

  it("is not bad news while the first introducer is asked", () => {
    const lonely = STAGES["lonely"]?.state.peer as PeerState;
    expect(verdictOf(lonely, true).code).toBe("starting");
    expect(barOf(lonely, true)).toBeNull();
  });

  it("is offline when the browser says so and nobody is heard", () => {
    const alone = { ...verdict("offline"), introducers: [] };
    expect(verdictOf(alone, false)).toMatchObject({ code: "offline", because: "This device has no network." });
    expect(barOf(alone, false)).toContain("No network");
  });

  it("goes by who is heard, where the browser knows of no network but this computer", () => {
    expect(verdictOf(verdict("network", "why"), false).code).toBe("network");
    expect(barOf(verdict("network"), false)).toBeNull();
  });

  it("does not speak of a node that has gone as if it were there", () => {
    expect(verdictOf(verdict("anywhere"), true, true)).toMatchObject({ code: "offline", title: "The node stopped" });
  });

  it("has a bar only where something is wrong", () => {
    expect(barOf(verdict("anywhere"), true)).toBeNull();
    expect(barOf(verdict("offline"), true)).not.toBeNull();
    expect(barOf(null, true)).toBeNull();
  });
});

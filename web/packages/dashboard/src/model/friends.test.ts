import { describe, expect, it } from "vitest";
import { idOf } from "../engine/cast.ts";
import type { State } from "../engine/engine.ts";
import { BASE, connecting, connection, closed, friend, message, NOW, YOU } from "../engine/stage-parts.ts";
import { STAGES } from "../engine/stages.ts";
import { friendLink, friendOf, hasNamesake, nameOf, sectionsOf, unreadOf, waitingOf } from "./friends.ts";

const MANY = STAGES["many"]?.state as State;

describe("the list of friends", () => {
  it("has requests first, then friends by what was said last, then whom one asked, and the blocked at the end", () => {
    const parts = sectionsOf(MANY).map(({ section, rows }) => [section, rows.map((row) => row.name)]);
    expect(parts).toEqual([
      ["requests", ["Bela"]],
      ["friends", ["Bela", "Cy", "Mara of the long and winding river vall…", "Lou"]],
      ["sent", ["Dora"]],
      ["blocked", [null]],
    ]);
  });

  it("marks whoever has the name of another, or one's own", () => {
    const marked = sectionsOf(MANY).flatMap(({ rows }) => rows.filter((row) => row.ambiguous).map((row) => row.id));
    expect(new Set(marked)).toEqual(new Set([idOf("Bela"), idOf("Nils")]));
    const self = { ...BASE, friends: [friend("Bela", { name: "Quiet Heron" })] };
    expect(sectionsOf(self)[0]?.rows[0]?.ambiguous).toBe(true);
  });

  it("keeps those with whom something was said, and forgets other strangers", () => {
    const last = message("Lou", "You", NOW, "x");
    const state = { ...BASE, friends: [friend("Lou", { state: "stranger", last }), friend("Kim", { state: "stranger" })] };
    expect(sectionsOf(state).map(({ section, rows }) => [section, rows.length])).toEqual([["earlier", 1]]);
  });

  it("counts what is unread and unanswered, and what waits", () => {
    expect(unreadOf(MANY)).toBe(3);
    expect(waitingOf(MANY)).toBe(4);
  });
});

describe("a friend", () => {
  it("is called by the private name before the claimed one", () => {
    expect(nameOf(friend("Bela", { name: "b", label: "Bela" }))).toBe("Bela");
    expect(nameOf(friend("Bela", { name: "b" }))).toBe("b");
    expect(nameOf(friend("Bela", { name: " \u202E " }))).toBeNull();
  });

  it("is found by any of its peers", () => {
    const two = friend("Bela", { peers: [idOf("Bela"), idOf("Kim")] });
    expect(friendOf({ ...BASE, friends: [two] }, idOf("Kim"))).toBe(two);
  });

  it("is as near as the best of its peers", () => {
    const two = friend("Bela", { peers: [idOf("Bela"), idOf("Kim")] });
    const state = (connections: (typeof YOU)["connections"]): State => ({ ...BASE, friends: [two], peer: { ...YOU, connections } });
    expect(friendLink(state([closed("Bela", "waiting", null), connection("Kim")]), two).code).toBe("direct");
    expect(friendLink(state([closed("Bela", "waiting", null), connecting("Kim", "ring", 0)]), two).code).toBe("connecting");
    expect(friendLink(state([]), two)).toEqual({ code: "waiting", seen: two.seen });
    expect(friendLink({ ...state([]), gone: { retryAt: 0 } }, two).code).toBe("self_offline");
  });

  it("has a namesake in whoever is called so by anybody", () => {
    const state = { ...BASE, friends: [friend("Bela", { name: "x", label: "Cy" })] };
    expect(hasNamesake(state, idOf("Cy"), "Cy")).toBe(true);
    expect(hasNamesake(state, idOf("Cy"), "Quiet Heron")).toBe(true);
    expect(hasNamesake(state, idOf("Bela"), "x")).toBe(false);
    expect(hasNamesake(state, idOf("Cy"), null)).toBe(false);
  });
});

import { describe, expect, it } from "vitest";
import { idOf } from "../engine/cast.ts";
import { STAGES } from "../engine/stages.ts";
import type { State } from "../engine/engine.ts";
import { linkOf } from "./link.ts";
import { rowsOf, visitorsOf } from "./rows.ts";

const staged = (name: string): State => {
  const stage = STAGES[name];
  if (stage === undefined) throw new Error(`no stage ${name}`);
  return stage.state;
};

describe("the list", () => {
  it("has everybody once, and never oneself", () => {
    const state = staged("many");
    const ids = rowsOf(state).map((row) => row.id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids).not.toContain(idOf("You"));
    expect(ids).toHaveLength(11);
  });

  it("has open connections first, then those that are tried", () => {
    const codes = rowsOf(staged("many")).map((row) => row.link.code);
    expect(codes.slice(0, 5)).toEqual(["direct_lan", "direct", "relayed", "signaling", "connecting"]);
  });

  it("marks a name that two claim", () => {
    const doubled = rowsOf(staged("many")).filter((row) => row.ambiguous).map((row) => row.id);
    expect(new Set(doubled)).toEqual(new Set([idOf("Bela"), idOf("Nils")]));
  });

  it("tells whom one only connected with from friends, and from those within reach", () => {
    expect(visitorsOf(staged("many")).map((row) => row.name)).toEqual(["Ada", "Oona", null]);
  });

  it("calls nobody connected while the node does not run", () => {
    const rows = rowsOf({ ...staged("many"), gone: { retryAt: 0 } });
    expect(new Set(rows.map((row) => row.link.code))).toEqual(new Set(["self_offline"]));
    expect(rows.every((row) => row.rttMs === null)).toBe(true);
  });

  it("is empty before there is a peer", () => {
    expect(visitorsOf(staged("starting"))).toEqual([]);
  });
});

describe("the way to a peer", () => {
  const codes = ["direct", "direct_lan", "relayed", "signaling", "connecting", "waiting", "unreachable", "known", "self_offline"];

  it.each(codes)("is %s where it is staged so", (code) => {
    const stage = STAGES[code];
    const id = stage?.hash.split("/").at(-1) ?? "";
    expect(stage?.state.peer && linkOf(stage.state.peer, id).code).toBe(code);
  });

  it("is no failure when it was closed on purpose", () => {
    const state = staged("one");
    const peer = state.peer;
    if (peer === null) throw new Error("staged without a peer");
    const connections = peer.connections.map((each) => ({ ...each, state: "closed" as const, error: null }));
    expect(linkOf({ ...peer, connections }, idOf("Bela")).code).toBe("known");
  });
});

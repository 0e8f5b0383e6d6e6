import type { ErrorInfo } from "@wherry/peer";
import { describe, expect, it } from "vitest";
import type { Link, LinkCode } from "../model/link.ts";
import { linkSentence, linkWords } from "./link.ts";

const NOW = new Date(2026, 10, 20, 14, 2).getTime();
const ICE_FAILED: ErrorInfo = { code: "ICE_FAILED", side: "remote", message: "", hint: "", peer: null };

/** Every code of the table of states, and what the row says. */
const TABLE: readonly (readonly [Link, string])[] = [
  [{ code: "direct_lan" }, "Direct · same network"],
  [{ code: "direct" }, "Direct"],
  [{ code: "relayed", by: "Ada" }, "Relayed by Ada · encrypted"],
  [{ code: "relayed", by: null }, "Relayed · encrypted"],
  [{ code: "signaling", by: "Ada" }, "Slow way through Ada · encrypted"],
  [{ code: "signaling", by: null }, "Slow way · encrypted"],
  [{ code: "connecting", since: NOW - 1000, phase: "look_up" }, "Connecting…"],
  [{ code: "connecting", since: NOW - 4000, phase: "look_up" }, "Connecting: looking up…"],
  [{ code: "connecting", since: NOW - 4000, phase: "ring" }, "Connecting: ringing…"],
  [{ code: "connecting", since: NOW - 4000, phase: "open" }, "Connecting: opening…"],
  [{ code: "connecting", since: NOW - 1000, phase: "again" }, "Connecting: finding a new way…"],
  [{ code: "waiting", seen: NOW - 22 * 60_000 }, "Not here since 13:40"],
  [{ code: "waiting", seen: NOW - 24 * 3_600_000 }, "Not here since 19 Nov 14:02"],
  [{ code: "waiting", seen: null }, "Not here"],
  [{ code: "unreachable", error: ICE_FAILED }, "Cannot connect: no path between the two networks"],
  [{ code: "unreachable", error: null }, "Cannot connect"],
  [{ code: "self_offline" }, "You are offline"],
  [{ code: "self_offline", node: true }, "The node stopped"],
  [{ code: "known" }, "Not connected"],
];

const CODES: Readonly<Record<LinkCode, true>> = {
  direct_lan: true,
  direct: true,
  relayed: true,
  signaling: true,
  connecting: true,
  waiting: true,
  unreachable: true,
  self_offline: true,
  known: true,
};

describe("the table of states", () => {
  it.each(TABLE)("%j", (link, words) => {
    expect(linkWords(link, "Bela", NOW)).toBe(words);
  });

  it("leaves no code out", () => {
    expect(new Set(TABLE.map(([link]) => link.code))).toEqual(new Set(Object.keys(CODES)));
  });

  it.each(TABLE)("has a whole sentence for %j", (link) => {
    expect(linkSentence(link, "Bela", NOW).sentence).toMatch(/^\p{Lu}.*[.]$/u);
  });

  it("says what to do wherever it is bad", () => {
    const bad = TABLE.map(([link]) => link).filter((link) => ["waiting", "unreachable", "self_offline"].includes(link.code));
    const silent = bad.filter((link) => linkSentence(link, "Bela", NOW).advice === "");
    expect(silent).toEqual([]);
  });
});

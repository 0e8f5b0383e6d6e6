import type { ErrorInfo } from "@wherry/peer";
import { describe, expect, it } from "vitest";
import TABLE from "../../../../../tests/vectors/errors.json" with { type: "json" };
import { because, SAID_CODES } from "./because.ts";

interface Row {
  readonly code: string;
  readonly side: "local" | "remote";
  readonly text: string;
  readonly hint: string;
}

const ERRORS = TABLE as readonly Row[];

const infoOf = ({ code, side, text, hint }: Row): ErrorInfo => ({ code, side, message: `${text}.`, hint, peer: null });

describe("because", () => {
  it("speaks of no code that does not exist", () => {
    const known = new Set(ERRORS.map((row) => row.code));
    expect(SAID_CODES.filter((code) => !known.has(code))).toEqual([]);
  });

  it.each(ERRORS)("$code: a clause, a sentence, and no command line", (row) => {
    const { short, sentence, advice } = because(infoOf(row), "Bela");
    expect(short).toMatch(/^[^.]+$/);
    expect(short.length).toBeLessThan(70);
    expect(sentence).toMatch(/.[.]$/);
    // At a node's own page the person has its command line; what it says there is quoted.
    expect(`${sentence} ${advice}`.replaceAll(/“wherry [a-z]+”/g, "")).not.toMatch(/wherry [a-z]|--[a-z]|\bPEER\b/);
  });

  it("names who it is about", () => {
    const row: Row = { code: "PEER_NOT_FOUND", side: "remote", text: "Nobody knows this peer now", hint: "" };
    expect(because(infoOf(row), "…k4Zq7P")).toEqual({
      short: "nobody knows them now",
      sentence: "Nobody knows …k4Zq7P now.",
      advice: "Ask for a fresh invite.",
    });
  });

  it("keeps the detail of what it has no words for", () => {
    const error: ErrorInfo = {
      code: "INVALID_ADDRESS",
      side: "local",
      message: "Not a Wherry address: the last characters are missing.",
      hint: "Ask for it again, or copy it once more.",
      peer: null,
    };
    const { sentence, advice } = because(error, "Wherry");
    expect(`${sentence} ${advice}`).toBe(
      "Not a Wherry address: the last characters are missing. Ask for it again, or copy it once more.",
    );
  });
});

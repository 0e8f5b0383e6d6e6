import { assert, property, string } from "fast-check";
import { describe, expect, it } from "vitest";
import { addressOf } from "../engine/cast.ts";
import { cutOf, linked, partsUntil } from "./linked.ts";

const INVITE = `wherry:${addressOf("Bela")}?via=203.0.113.77:4770`;

const kinds = (text: string): readonly string[] => linked(text).map((part) => `${part.kind} ${part.text}`);

describe("links in a text", () => {
  it.each<[string, readonly string[]]>([
    ["no link", ["text no link"]],
    ["see https://example.org/a?b=c.", ["text see ", "web https://example.org/a?b=c", "text ."]],
    ["(http://example.org)", ["text (", "web http://example.org", "text )"]],
    [INVITE, [`invite ${INVITE}`]],
    ["http://203.0.113.77:4770/#/add/3kT", ["invite http://203.0.113.77:4770/#/add/3kT"]],
    ["javascript:alert(1) data:text/html,x file:///etc/passwd", ["text javascript:alert(1) data:text/html,x file:///etc/passwd"]],
    ["wherry:short", ["text wherry:short"]],
    ["http://", ["text http://"]],
    ["https://example.org/\u200Fa", ["web https://example.org/", "text \u200Fa"]],
  ])("%s", (text, parts) => {
    expect(kinds(text)).toEqual(parts);
  });

  // Nothing of a text is lost, doubled or moved, and whatever is a link is one of the web.
  it("leave every text as it is", () => {
    assert(
      property(string(), string(), (one, other) => {
        const text = `${one}https://example.org/${other} ${INVITE}`;
        const parts = linked(text);
        expect(parts.map((part) => part.text).join("")).toBe(text);
        for (const part of parts) {
          expect(text.slice(part.at, part.at + part.text.length)).toBe(part.text);
          if (part.kind === "web") expect(part.href).toMatch(/^https?:\/\//);
        }
      }),
    );
  });
});

describe("a long text", () => {
  it.each<[string, string, number | null]>([
    ["is shown whole while it is short", "x".repeat(2000), null],
    ["ends between words", `${"word ".repeat(500)}`, 1999],
    ["ends anywhere where there are none", "x".repeat(2001), 2000],
    ["does not part what is one letter", `x${"🛶".repeat(1500)}`, 1999],
    ["is shown whole with as many lines", "\n".repeat(39), null],
    ["has no more lines than that", "1\n".repeat(60), 79],
  ])("%s", (_, text, cut) => {
    expect(cutOf(text)).toBe(cut);
  });

  it("leads where its links do, also where one is cut", () => {
    const parts = partsUntil(linked("see https://example.org/river and more"), 20);
    expect(parts.map((part) => part.text)).toEqual(["see ", "https://example."]);
    expect(parts[1]).toMatchObject({ kind: "web", href: "https://example.org/river" });
  });
});

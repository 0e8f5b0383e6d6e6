import { assert, property, string } from "fast-check";
import { describe, expect, it } from "vitest";
import { addressOf } from "../engine/cast.ts";
import { linked } from "./linked.ts";

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

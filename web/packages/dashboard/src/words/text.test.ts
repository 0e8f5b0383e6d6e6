import { assert, property, string } from "fast-check";
import { describe, expect, it } from "vitest";
import { directionOf, tidyText } from "./text.ts";

describe("a text", () => {
  it.each([
    ["hello مرحبا", "ltr"],
    ["1. مرحبا", "rtl"],
    ["שלום!", "rtl"],
    ["🛶", "ltr"],
    ["", "ltr"],
  ])("%s is read %s", (text, direction) => {
    expect(directionOf(text)).toBe(direction);
  });

  it.each<[string, string, string]>([
    ["does not turn a link around", "\u202Ehttps://example.org/gro.knab\u202C", "https://example.org/gro.knab"],
    ["isolates nothing by itself", "a \u2066b\u2069 \u2067c\u2069 \u2068d\u2069", "a b c d"],
    ["has no control characters", "a\u0000b\u0007c\u001B[31md\u007Fe\u009Bf", "abc[31mdef"],
    ["keeps lines and tabs", "one\n\ttwo", "one\n\ttwo"],
    ["ends its lines in one way", "a\r\nb\rc\u0085d\u2028e\u2029f", "a\nb\nc\nd\ne\nf"],
    ["has no marks where nothing is read from the right", "a\u200E.\u200Fb\u061C", "a.b"],
    ["keeps them where something is", "\u05E9\u05DC\u05D5\u05DD!\u200F C++\u200E", "\u05E9\u05DC\u05D5\u05DD!\u200F C++\u200E"],
    ["keeps an emoji's joiner and Persian's non-joiner", "👩\u200D🚀 می\u200Cخواهم", "👩\u200D🚀 می\u200Cخواهم"],
  ])("%s", (_, text, shown) => {
    expect(tidyText(text)).toBe(shown);
  });

  // Whatever is written: nothing that turns text is left, tidying twice is tidying once, and nothing is added.
  it("is tidy whatever it says", () => {
    assert(
      property(string({ unit: "binary", maxLength: 300 }), (text) => {
        const shown = tidyText(text);
        expect(shown).not.toMatch(/[\u202A-\u202E\u2066-\u2069]|(?![\n\t])\p{Cc}/u);
        expect(tidyText(shown)).toBe(shown);
        expect(shown.length).toBeLessThanOrEqual(text.length);
      }),
    );
  });
});

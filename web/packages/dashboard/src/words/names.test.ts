import { assert, property, string } from "fast-check";
import { describe, expect, it } from "vitest";
import { called, endpointOf, NAME_LIMIT, shortId, tidyName } from "./names.ts";

describe("names", () => {
  it("shortens an id to its end", () => {
    expect(shortId("12D3KooWDUQqicZPS3sGFrM6uzAmedJCp2VcVmV3vC9FgZNXjb6L")).toBe("…NXjb6L");
  });

  it("calls the nameless by their id", () => {
    expect(called(null, "12D3KooWxxNXjb6L")).toBe("…NXjb6L");
    expect(called(" \u202E\u200B ", "12D3KooWxxNXjb6L")).toBe("…NXjb6L");
    expect(called("Bela", "12D3KooWxxNXjb6L")).toBe("Bela");
  });

  it("shows nothing that hides or turns text around", () => {
    expect(tidyName("Be\u202Ela\u0000\n  of\tthe\u2028river")).toBe("Bela of the river");
  });

  // Whatever is claimed, what is shown is one line of at most NAME_LIMIT characters without any that are not seen.
  it("bounds any name", () => {
    assert(
      property(string({ unit: "binary", maxLength: 300 }), (name) => {
        const shown = tidyName(name);
        if (shown === null) return;
        expect([...shown].length).toBeLessThanOrEqual(NAME_LIMIT);
        expect(shown).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
        expect(shown.trim()).toBe(shown);
      }),
    );
  });

  it.each([
    ["/ip4/203.0.113.77/tcp/4770/ws", "203.0.113.77:4770"],
    ["/ip6/2001:db8::1/tcp/4770/ws", "[2001:db8::1]:4770"],
    ["/dns4/a.example/tcp/443/tls/ws", "a.example:443"],
    ["203.0.113.77:4770", "203.0.113.77:4770"],
  ])("%s is at %s", (multiaddr, said) => {
    expect(endpointOf(multiaddr)).toBe(said);
  });
});

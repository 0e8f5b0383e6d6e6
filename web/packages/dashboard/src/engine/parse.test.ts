import { describe, expect, it } from "vitest";
import { because } from "../words/because.ts";
import { addressOf, idOf } from "./cast.ts";
import { parsePasted } from "./parse.ts";

const ADDRESS = addressOf("Bela");
const LINK = `wherry:${ADDRESS}?via=203.0.113.77:4770`;

describe("what people paste", () => {
  it.each([
    ["a link", LINK],
    ["an address", ADDRESS],
    ["an id", idOf("Bela")],
    ["a web link", `http://203.0.113.77:4770/#/add/${ADDRESS}`],
    ["a link with line breaks", `${LINK.slice(0, 30)}\n  ${LINK.slice(30)} `],
    ["a link in angle brackets", `<${LINK}>`],
    ["an escaped link", encodeURIComponent(LINK)],
  ])("%s names Bela", (_what, text) => {
    expect(parsePasted(text)).toMatchObject({ ok: true, peer: idOf("Bela") });
  });

  it("knows the way in", () => {
    expect(parsePasted(LINK)).toMatchObject({ vias: ["203.0.113.77:4770"] });
  });

  it.each([
    ["the end is missing", ADDRESS.slice(0, -3), "the last characters are missing"],
    ["a character is wrong", `${ADDRESS.slice(0, 20)}z${ADDRESS.slice(21)}`, "the checksum does not fit"],
    ["a character that is none", ADDRESS.replace(/.$/, "0"), "a character that no address has"],
    ["something else", "http://example.org/", "#/add/"],
  ])("%s: it is said", (_what, text, said) => {
    const parsed = parsePasted(text);
    expect(parsed.ok ? "nothing" : because(parsed.error, "Wherry").sentence).toContain(said);
  });
});

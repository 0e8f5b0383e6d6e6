/** Tags, work, names and safety numbers: every golden vector. */

import { describe, expect, test } from "vitest";
import { hex, unhex } from "../src/bytes.ts";
import { Identity } from "../src/identity.ts";
import { nameOf } from "../src/letters.ts";
import { PeerId } from "../src/peer-id.ts";
import { safetyNumber } from "../src/safety.ts";
import { friendSecret, friendTag, hasWork, requestTag, weekOf, work } from "../src/tags.ts";
import { number, ofKind, text } from "./vectors.ts";

describe("tags", () => {
  test.each(ofKind("tags", "week", false))("%s", (_, vector) => {
    expect(weekOf(number(vector, "now"))).toBe(vector.value["week"]);
  });

  test.each(ofKind("tags", "secret", false))("%s", (_, vector) => {
    const own = new Identity(unhex(text(vector, "seed")));
    expect(hex(friendSecret(own, new PeerId(unhex(text(vector, "theirs")))))).toBe(vector.bytes);
  });

  test.each(ofKind("tags", "tag", false))("%s", (_, vector) => {
    const make = text(vector, "sort") === "mailbox" ? friendTag : requestTag;
    const [recipient, mailbox] = [text(vector, "recipient"), text(vector, "mailbox")].map((key) => new PeerId(unhex(key)));
    if (recipient === undefined || mailbox === undefined) throw new Error("no place");
    const tag = make(unhex(text(vector, "key")), { recipient, mailbox, week: number(vector, "week") });
    expect(hex(tag)).toBe(vector.bytes);
  });

  test.each(ofKind("tags", "work", false))("%s", (_, vector) => {
    const [tag, sealed] = [unhex(text(vector, "tag")), unhex(text(vector, "sealed"))];
    expect(hasWork(tag, sealed, unhex(vector.bytes))).toBe(vector.value["enough"]);
  });

  test("work that was found is enough", async () => {
    const [tag, sealed] = [new Uint8Array(16).fill(1), new Uint8Array(256).fill(2)];
    expect(hasWork(tag, sealed, await work(tag, sealed, 12), 12)).toBe(true);
  });

  test.each(ofKind("tags", "name", false))("%s", (_, vector) => {
    expect(hex(nameOf(unhex(text(vector, "sealed"))))).toBe(vector.bytes);
  });

  test.each(ofKind("tags", "safety", false))("%s", (_, vector) => {
    const [one, other] = [text(vector, "one"), text(vector, "other")].map((key) => new PeerId(unhex(key)));
    if (one === undefined || other === undefined) throw new Error("no peers");
    expect(safetyNumber(one, other)).toBe(text(vector, "text"));
    expect(safetyNumber(other, one)).toBe(text(vector, "text"));
  });
});

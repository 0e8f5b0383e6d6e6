/** What a browser keeps: the key is made once, and never overwritten. */

import "fake-indexeddb/auto";
import { describe, expect, test } from "vitest";
import { random } from "../src/bytes.ts";
import { MemoryStore, type Store, keyOfText, keyToText, loadKey, openStore } from "../src/keystore.ts";

describe.each<[string, () => Promise<Store>]>([
  ["IndexedDB", openStore],
  ["memory", async () => new MemoryStore()],
])("a store in %s", (_, open) => {
  test("makes a key once, and finds it again", async () => {
    const store = await open();
    const made = await loadKey(store, random);
    const found = await loadKey(store, random);
    expect([made.isNew, found.isNew]).toEqual([true, false]);
    expect(found.seed).toEqual(made.seed);
    expect(found.nospam).toEqual(made.nospam);
    store.close();
  });

  test("refuses a key that is damaged, and leaves it as it is", async () => {
    const store = await open();
    await store.set("seed", Uint8Array.of(1, 2, 3));
    await store.set("nospam", new Uint8Array(8));
    await expect(loadKey(store, random)).rejects.toMatchObject({ code: "IDENTITY_CORRUPT" });
    expect(await store.get("seed")).toEqual(Uint8Array.of(1, 2, 3));
    store.close();
  });
});

describe("a key as text", () => {
  const text = keyToText(new Uint8Array(32).fill(5), new Uint8Array(8).fill(6));

  test("is taken back with the breaks that it gets on paper", () => {
    const broken = text.replaceAll(/(.{20})/g, "$1\n ");
    expect(keyOfText(broken).seed).toEqual(new Uint8Array(32).fill(5));
  });

  test.each([
    ["another text", "hello", "does not begin with"],
    ["cut", text.slice(0, 40), "characters are missing"],
    ["changed", text.replace(/(wherry-key:.{10})./, "$1z"), "checksum"],
  ])("says what is wrong: %s", (_, damaged, why) => {
    expect(() => keyOfText(damaged)).toThrow(why);
  });
});

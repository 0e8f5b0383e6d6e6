/** Forgetting everything: no database of ours is left, whoever it was of; those of others stay. */

import "fake-indexeddb/auto";
import { describe, expect, test } from "vitest";
import { random } from "../src/bytes.ts";
import { eraseBrowser } from "../src/erase.ts";
import { loadKey, openStore } from "../src/keystore.ts";
import { openDatabase } from "../src/store/browser.ts";
import { asked } from "../src/store/idb.ts";

const left = async (): Promise<readonly (string | undefined)[]> => (await indexedDB.databases()).map(({ name }) => name);

describe("forgetting everything", () => {
  test("takes the key, and friends and messages of each identity that was here", async () => {
    const store = await openStore();
    const before = await loadKey(store, random);
    store.close();
    for (const name of ["wherry mail of A", "wherry mail of B"]) {
      const database = await openDatabase(name, random);
      await database.commit([{ table: "nospams", put: { label: "card", nospam: new Uint8Array(8) } }]);
      database.close();
    }
    const other = await asked(indexedDB.open("somebody else's", 1));
    await eraseBrowser("A");
    expect(await left()).toEqual(["somebody else's"]);
    other.close();
    const anew = await openStore();
    const after = await loadKey(anew, random);
    expect(after.isNew).toBe(true);
    expect(after.seed).not.toEqual(before.seed);
    anew.close();
  });

  test("does not wait for a tab that was left open: it lets go of what it has", async () => {
    const store = await openStore();
    await store.set("name", "Quiet Heron");
    const database = await openDatabase("wherry mail of A", random);
    await eraseBrowser("A");
    expect(await left()).toEqual(["somebody else's"]);
    await expect(store.set("name", "Loud Heron")).rejects.toMatchObject({ code: "DISK_FULL" });
    await expect(database.list("nospams")).rejects.toMatchObject({ code: "DATABASE_CORRUPT" });
  });

  test("has nothing to do where there is nothing", async () => {
    await eraseBrowser("A");
    await expect(eraseBrowser("A")).resolves.toBeUndefined();
  });
});

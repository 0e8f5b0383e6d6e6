/** Where mail rests: the same in the browser's database and in memory; whole or not at all; one writer. */

import "fake-indexeddb/auto";
import { describe, expect, test } from "vitest";
import { random } from "../src/bytes.ts";
import { openDatabase } from "../src/store/browser.ts";
import type { Database } from "../src/store/database.ts";
import { openIdb } from "../src/store/idb.ts";
import { MemoryDatabase } from "../src/store/memory.ts";
import { MailStore } from "../src/store/transaction.ts";

let serial = 0;
const open = async (): Promise<Database> => openDatabase(`store ${++serial}`, random);

const row = (peer: string, number: number): { peer: string; number: number; body: Uint8Array<ArrayBuffer> } => ({
  peer,
  number,
  body: Uint8Array.of(number),
});

describe.each<[string, () => Promise<Database>]>([
  ["IndexedDB", open],
  ["memory", async () => new MemoryDatabase()],
])("a database in %s", (_, make) => {
  async function filled(): Promise<Database> {
    const database = await make();
    const rows = [row("b", 2), row("a", 10), row("b", 10), row("b", 1), row("ba", 1)];
    await database.commit(rows.map((put) => ({ table: "bodies", put })));
    return database;
  }
  const numbers = async (database: Database, choice: Parameters<Database["list"]>[1]): Promise<number[]> =>
    (await database.list("bodies", choice)).map(({ number }) => number);

  test("finds rows by key, and by the beginning of it, in order", async () => {
    const database = await filled();
    expect(await database.get("bodies", ["b", 10])).toEqual(row("b", 10));
    expect(await database.get("bodies", ["b", 11])).toBeUndefined();
    expect(await numbers(database, { prefix: ["b"] })).toEqual([1, 2, 10]);
    expect(await numbers(database, { prefix: ["b"], backwards: true, most: 2 })).toEqual([10, 2]);
    expect(await numbers(database, { prefix: ["b"], beyond: ["b", 1] })).toEqual([2, 10]);
    expect(await numbers(database, { prefix: ["b"], backwards: true, beyond: ["b", 10] })).toEqual([2, 1]);
    expect((await database.list("bodies")).map(({ peer }) => peer)).toEqual(["a", "b", "b", "b", "ba"]);
    database.close();
  });

  test("finds rows by an index, which those are not in that lack its property", async () => {
    const database = await make();
    const opened = [3, 1, 2].map((at) => ({ name: `n${at}`, at }));
    await database.commit(opened.map((put) => ({ table: "opened", put })));
    expect((await database.list("opened", { index: "at", most: 2 })).map(({ at }) => at)).toEqual([1, 2]);
    expect((await database.list("opened", { index: "at", backwards: true, beyond: [3] })).map(({ at }) => at)).toEqual([2, 1]);
    expect(await database.list("messages", { index: "unread", prefix: ["x", 1] })).toEqual([]);
    database.close();
  });

  test("a transaction sees what it changed; what throws leaves nothing behind", async () => {
    const store = new MailStore(await filled());
    const failing = store.write(async (transaction) => {
      transaction.put("bodies", row("b", 3));
      transaction.remove("bodies", ["b", 1]);
      expect((await transaction.list("bodies", { prefix: ["b"] })).map(({ number }) => number)).toEqual([2, 3, 10]);
      await expect(
        transaction.part(async (part) => {
          part.put("bodies", row("b", 4));
          throw new Error("not this part");
        }),
      ).rejects.toThrow("not this part");
      expect(await transaction.get("bodies", ["b", 4])).toBeUndefined();
      throw new Error("nothing of it");
    });
    await expect(failing).rejects.toThrow("nothing of it");
    expect((await store.list("bodies", { prefix: ["b"] })).map(({ number }) => number)).toEqual([1, 2, 10]);
    await store.close();
  });

  test("transactions run one after the other; what comes after one runs when it is kept", async () => {
    const store = new MailStore(await make());
    const log: string[] = [];
    const count = async (): Promise<void> =>
      store.write(async (transaction) => {
        const known = (await transaction.get("choices", ["n"]))?.value;
        await new Promise((resolve) => setTimeout(resolve, 1));
        transaction.put("choices", { name: "n", value: (typeof known === "number" ? known : 0) + 1 });
        transaction.after(() => log.push("kept"));
      });
    await Promise.all(Array.from({ length: 10 }, count));
    expect((await store.get("choices", ["n"]))?.value).toBe(10);
    expect(log).toHaveLength(10);
    await store.close();
    await expect(count()).rejects.toMatchObject({ code: "CLOSED" });
  });
});

describe("the browser's database", () => {
  test("has one writer: a tab that slept writes nothing over what came since", async () => {
    const name = `store ${++serial}`;
    const asleep = await openDatabase(name, random);
    await asleep.commit([{ table: "bodies", put: row("a", 1) }]);
    const awake = await openDatabase(name, random);
    await expect(asleep.commit([{ table: "bodies", put: row("a", 2) }])).rejects.toMatchObject({ code: "CLOSED" });
    await awake.commit([{ table: "bodies", put: row("a", 3) }]);
    expect((await awake.list("bodies")).map(({ number }) => number)).toEqual([1, 3]);
  });

  test("gets the tables that a later version has, and keeps its rows", async () => {
    const name = `store ${++serial}`;
    const old = await openIdb(name, 1, (fresh) => {
      fresh.createObjectStore("choices", { keyPath: ["name"] });
      fresh.createObjectStore("bodies", { keyPath: ["peer", "number"] }).put(row("a", 1));
    });
    old.close();
    const database = await openDatabase(name, random);
    await database.commit([{ table: "deleted", put: { peer: "a", id: "00", at: 1 } }]);
    expect(await database.list("deleted", { index: "at" })).toEqual([{ peer: "a", id: "00", at: 1 }]);
    expect(await database.get("bodies", ["a", 1])).toEqual(row("a", 1));
    database.close();
  });

  test("says when it is full, and keeps nothing of that transaction", async () => {
    const database = await open();
    await database.commit([{ table: "bodies", put: row("a", 1) }]);
    const real = IDBObjectStore.prototype.put;
    let calls = 0;
    IDBObjectStore.prototype.put = function full(this: IDBObjectStore, ...args: [value: unknown]): IDBRequest<IDBValidKey> {
      calls += 1;
      if (calls === 2) throw new DOMException("no room", "QuotaExceededError");
      return real.apply(this, args);
    };
    try {
      const both = [row("a", 2), row("a", 3)].map((one) => ({ table: "bodies" as const, put: one }));
      await expect(database.commit(both)).rejects.toMatchObject({ code: "DISK_FULL" });
    } finally {
      IDBObjectStore.prototype.put = real;
    }
    expect((await database.list("bodies")).map(({ number }) => number)).toEqual([1]);
  });

  test("says when it was cleared under the page", async () => {
    const database = await open();
    database.close(); // as a browser does whose person clears the site's data
    await expect(database.get("bodies", ["a", 1])).rejects.toMatchObject({ code: "DATABASE_CORRUPT" });
    await expect(database.commit([{ table: "bodies", put: row("a", 1) }])).rejects.toMatchObject({
      code: "DATABASE_CORRUPT",
      hint: "Load the page again.",
    });
  });
});

/** A whole profile from one home to another: all of it is there, and what was not settled is said again, once. */

import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Bytes, hex, random, unhex } from "../src/bytes.ts";
import { WherryError } from "../src/errors.ts";
import { Identity } from "../src/identity.ts";
import { MemoryStore } from "../src/keystore.ts";
import { pack } from "../src/msgpack.ts";
import { type Entry, encodeEntry } from "../src/profile/entries.ts";
import { read } from "../src/profile/file.ts";
import { type Restored, become, restored } from "../src/profile/restoring.ts";
import { saved } from "../src/profile/saving.ts";
import type { Database } from "../src/store/database.ts";
import { RESTORED, type Table } from "../src/store/tables.ts";
import { Disk, type Home, World, befriended, fakeTime, identityOf, passing, realTime, until } from "./mail-world.ts";
import { ofKind, text } from "./vectors.ts";

const CHEAP = { passes: 1, memoryKib: 8 };
const PICTURE = `data:image/png;base64,${Buffer.from("89504e470d0a1a0a0000000d494844520000000100000001", "hex").toString("base64")}`;
const PAST = 1_700_000_000_000;

async function exported(home: Home, met: Restored["met"] = []): Promise<Blob> {
  const who = { identity: home.identity, name: `peer ${home.id.short}`, nospam: home.nospam, met };
  return saved(home.still, who, "sesame", { random, cost: CHEAP });
}

async function imported(file: Blob, passphrase = "sesame"): Promise<{ disk: Disk; restored: Restored }> {
  const disk = new Disk();
  const open = async (): Promise<Database> => disk;
  return { disk, restored: await restored(file, passphrase, { random, open }) };
}

/** Whom the file is of, at home where it was restored; who it was until now is off. */
async function copied(world: World, home: Home, file: Blob): Promise<Home> {
  await home.off();
  const copy = world.home(1);
  copy.database = (await imported(file)).disk;
  await copy.on();
  return copy;
}

beforeEach(fakeTime);
afterEach(realTime);

describe("a profile in a file", () => {
  test("brings back everything that is settled", async () => {
    const world = new World();
    const [a, b] = await befriended(world);
    const peer = String(b.id);
    const first = await a.chats.send(peer, "hello");
    await b.chats.send(String(a.id), new Uint8Array([0, 255]), first.id);
    await b.chats.send(String(a.id), "two");
    await until(async () => (await a.said(b)).length === 3 && (await a.said(b))[0]?.includes("delivered") === true);
    await b.chats.markRead(String(a.id));
    await until(async () => (await a.said(b))[0]?.includes("read") === true);
    await b.friends.setProfile({ description: "I mend boats", avatar: PICTURE });
    await until(() => a.friend(b)?.description === "I mend boats");
    await a.friends.label(peer, "B.");
    await a.friends.compared(peer, true);
    await a.friends.newAddress("card");
    await a.friends.setProfile({ description: "I write programs", avatar: PICTURE });
    await a.presences.choose("away");
    await passing(a.friends.block(String(identityOf(9).id)));
    const before = { friends: a.friends.all, addresses: await a.friends.addresses(), profile: a.friends.ownProfile };
    const history = await a.chats.history(peer);
    const file = await exported(a, [{ peer: String(identityOf(5).id), name: "Eve", seen: PAST }]);
    const { restored: kept } = await imported(file);
    expect(kept).toMatchObject({
      id: String(a.id),
      seed: a.identity.seed,
      nospam: a.nospam,
      sequence: 0,
      name: `peer ${a.id.short}`,
      met: [{ peer: String(identityOf(5).id), name: "Eve", seen: PAST }],
    });
    Object.assign(world, { connections: false, introducers: false });
    const copy = await copied(world, a, file);
    Object.assign(copy, { nospam: a.nospam });
    expect(copy.friends.all).toEqual(before.friends);
    expect((await copy.friends.addresses()).map(({ label }) => label)).toEqual(before.addresses.map(({ label }) => label));
    expect(copy.friends.ownProfile).toEqual(before.profile);
    expect((await copy.chats.history(peer)).messages).toEqual(history.messages);
    expect((await copy.chats.search("hel")).map(({ id }) => id)).toEqual([first.id]);
    await copy.off();
    await b.off();
  });

  test("has none of what would be used twice", async () => {
    const world = new World();
    const [a, b] = await befriended(world);
    await a.chats.send(String(b.id), "hello");
    const { disk } = await imported(await exported(a));
    const kept: readonly Table[] = ["pairs", "outbox", "bodies", "held", "pieces", "prekeys", "leases", "opened", "inboxes"];
    for (const table of kept) expect(await disk.list(table)).toEqual([]);
    expect((await a.database.list("prekeys")).length).toBeGreaterThan(0);
    await a.off();
    await b.off();
  });

  test("says again what was not settled, and it arrives once", async () => {
    const world = new World();
    const [a, b] = await befriended(world);
    await b.off();
    const c = world.home(3);
    await c.on();
    await c.off();
    Object.assign(world, { connections: false, introducers: false });
    for (const n of [0, 1, 2]) await a.chats.send(String(b.id), `number ${n}`);
    await a.chats.send(String(b.id), new Uint8Array(100_000).fill(1)); // in pieces
    await a.friends.add(c.address, "it is me");
    await until(async () => (await a.said(b))[0]?.includes("held") === true); // in mailboxes, under the old numbers
    const file = await exported(a);
    const copy = await copied(world, a, file);
    expect(await copy.database.get("choices", [RESTORED])).toBeUndefined();
    await b.on();
    await c.on();
    Object.assign(world, { connections: true, introducers: true });
    await until(async () => (await copy.said(b)).every((line) => line.includes("delivered")));
    expect(await b.said(copy)).toEqual(["< number 0 (delivered)", "< number 1 (delivered)", "< number 2 (delivered)", "<  (delivered)"]);
    await until(() => c.friend(copy)?.state === "received");
    await until(() => copy.database.list("outbox").then((rows) => rows.length === 0));
    await copy.chats.send(String(b.id), "and on it goes");
    await until(async () => (await b.said(copy)).at(-1) === "< and on it goes (delivered)");
    await b.chats.send(String(a.id), "yes");
    await until(async () => (await copy.said(b)).at(-1) === "< yes (delivered)");
    for (const home of [copy, b, c]) await home.off();
  });

  test("tells friends who one is now: which profile they have, nobody knows", async () => {
    const world = new World();
    const [a, b] = await befriended(world);
    const file = await exported(a);
    await a.friends.setProfile({ description: "after the copy was made" });
    await until(() => b.friend(a)?.description === "after the copy was made");
    const copy = await copied(world, a, file);
    await until(() => b.friend(copy)?.description === null);
    expect(b.friend(copy)).toMatchObject({ state: "friends", description: null });
    await copy.off();
    await b.off();
  });

  test("which does not fit into what may wait has failed, and can be sent again", async () => {
    const world = new World();
    const [a, b] = await befriended(world);
    Object.assign(world, { connections: false, introducers: false, mailboxes: [] });
    await b.off();
    const row = { peer: String(b.id), own: 1, text: "", replyTo: null, at: PAST, sent: PAST, state: "queued" } as const;
    const data = new Uint8Array(5 * 1024 * 1024);
    for (let n = 100; n < 113; n++) {
      const id = n.toString(16).padStart(32, "0");
      const put = { ...row, number: n, id, data, places: 0, until: null, reason: null };
      await a.database.commit([{ table: "messages", put }, { table: "ids", put: { peer: row.peer, own: 1, id, number: n } }]);
    }
    await a.database.commit([{ table: "chats", put: { peer: row.peer, unread: 0, waiting: 13, last: 112 } }]);
    await a.off();
    await a.database.commit([{ table: "choices", put: { name: RESTORED, value: true } }]);
    await a.on();
    const said = (await a.said(b)).map((line) => line.replace(/.*\(/, "("));
    expect(said.filter((state) => state === "(failed)")).toHaveLength(1);
    expect((await a.chats.history(row.peer)).messages.at(-1)).toMatchObject({ state: "failed", reason: "full" });
    await a.off();
  });

  test("of a node's goes through a tab as it was, but for what only a node has", async () => {
    const [, vector] = ofKind("export", "file", false).find(([name]) => name.startsWith("something")) ?? [];
    if (vector === undefined) throw new Error("no such vector");
    const open = async (file: Blob, passphrase: string): Promise<Entry[]> => {
      const entries: Entry[] = [];
      const data = new Uint8Array(await file.arrayBuffer());
      let at = 0;
      for await (const some of read(async (size) => data.slice(at, (at += size)), passphrase)) entries.push(...some);
      return entries;
    };
    const file = new Blob([unhex(vector.bytes)]);
    const before = await open(file, text(vector, "passphrase"));
    const { disk, restored: kept } = await imported(file, text(vector, "passphrase"));
    const still = async <T>(work: (reading: Database) => Promise<T>): Promise<T> => work(disk);
    const who = { identity: new Identity(kept.seed), name: kept.name, nospam: kept.nospam, met: kept.met };
    const after = await open(await saved(still, who, "sesame", { random, cost: CHEAP }), "sesame");
    const known = after.filter((entry) => entry.is !== "owner" && !(entry.is === "profile" && entry.name === "Carol"));
    const expected = before.slice(1).map((entry): Entry => {
      if (entry.is === "address") return { ...entry, since: 0 };
      return entry.is === "message" && entry.state === "held" ? { ...entry, state: "queued" } : entry;
    });
    const packed = (entries: readonly Entry[]): string[] => entries.map((entry) => hex(pack(encodeEntry(entry))));
    expect(packed(known).toSorted()).toEqual(packed(expected).toSorted());
    const messages = (entries: readonly Entry[]): string[] => packed(entries.filter(({ is }) => is === "message"));
    expect(messages(known)).toEqual(messages(expected)); // in their order
    expect(after[0]).toMatchObject({ is: "owner", seed: kept.seed, name: "Alice" });
    expect(await disk.list("chats")).toMatchObject([{ unread: 0 }, { unread: 1, waiting: 1 }]);
  });

  test("that cannot be kept changes nothing", async () => {
    const world = new World();
    const [a, b] = await befriended(world);
    await a.chats.send(String(b.id), "hello");
    const file = await exported(a);
    for (const room of [0, 1]) {
      let left = room;
      const open = async (): Promise<Database> => {
        const disk = new Disk();
        const commit = disk.commit.bind(disk);
        disk.commit = async (changes) => {
          if (changes.length > 0 && left-- === 0) throw new WherryError("DISK_FULL");
          return commit(changes);
        };
        return disk;
      };
      await expect(restored(file, "sesame", { random, open })).rejects.toMatchObject({ code: "DISK_FULL" });
    }
    class FullStore extends MemoryStore {
      override setAll(): Promise<void> {
        return Promise.reject(new WherryError("DISK_FULL"));
      }
    }
    const store = new FullStore();
    await store.set("name", "Quiet Heron");
    const told: string[] = [];
    const how = { random, open: async () => new Disk(), pause: async () => void told.push("paused") };
    await expect(become({ store, file, passphrase: "other", ...how })).rejects.toMatchObject({ code: "EXPORT_LOCKED" });
    expect(told).toEqual([]); // who one was goes on
    await expect(become({ store, file, passphrase: "sesame", ...how })).rejects.toMatchObject({ code: "DISK_FULL" });
    expect([told, await store.get("name"), await store.get("seed")]).toEqual([["paused"], "Quiet Heron", undefined]);
    await a.off();
    await b.off();
  });

  test("that makes no sense leaves nothing", async () => {
    const world = new World();
    const [a, b] = await befriended(world);
    await a.chats.send(String(b.id), "hello");
    const whole = new Uint8Array(await (await exported(a)).arrayBuffer());
    const refusal = async (data: Bytes, passphrase = "sesame"): Promise<unknown> =>
      imported(new Blob([data]), passphrase).then(
        () => null,
        (error: { code: string }) => error.code,
      );
    expect(await refusal(whole)).toBeNull();
    expect(await refusal(whole, "other")).toBe("EXPORT_LOCKED");
    expect(await refusal(whole.slice(0, -1))).toBe("EXPORT_CORRUPT");
    expect(await refusal(new Uint8Array())).toBe("EXPORT_CORRUPT");
    await expect(saved(a.still, { identity: a.identity, name: "", nospam: a.nospam, met: [] }, "", { random })).rejects.toMatchObject({
      code: "BAD_REQUEST",
    });
    await a.off();
    await b.off();
  });
});

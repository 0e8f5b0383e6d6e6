/**
 * Two peers become friends and write to each other, however little works between them. WHERRY_SEEDS says how many random
 * schedules of each sort are run; six where it says nothing.
 */

import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { equal } from "../src/bytes.ts";
import { WherryError } from "../src/errors.ts";
import { type Home, World, befriended, fakeTime, realTime, until } from "./mail-world.ts";

const SEEDS = Array.from({ length: Number(process.env["WHERRY_SEEDS"] ?? 6) }, (_, i) => i + 1);

describe("two peers", () => {
  beforeEach(fakeTime);
  afterEach(realTime);

  test("become friends, and learn each other's names", async () => {
    const world = new World();
    const [a, b] = await befriended(world);
    await until(() => a.friend(b)?.name === `peer ${b.id.short}`);
    expect(b.friend(a)).toMatchObject({ state: "friends", hello: "it is me", name: `peer ${a.id.short}` });
    expect(await a.friends.safetyNumber(String(b.id))).toBe(await b.friends.safetyNumber(String(a.id)));
    await a.off();
    await b.off();
  });

  test("write, and see it delivered and read", async () => {
    const [a, b] = await befriended(new World());
    const sent = await a.chats.send(String(b.id), "hello");
    await until(() => b.chats.viewOf(String(a.id)).unread === 1);
    await until(async () => (await a.said(b))[0] === "> hello (delivered)");
    await b.chats.send(String(a.id), "hello you", sent.id);
    await b.chats.markRead(String(a.id));
    await until(async () => (await a.said(b))[0] === "> hello (read)");
    await until(async () => (await a.said(b)).length === 2);
    expect((await a.chats.history(String(b.id))).messages[1]).toMatchObject({ text: "hello you", replyTo: sent.id });
    expect(await a.chats.search("YOU")).toHaveLength(1);
    await a.off();
    await b.off();
  });

  test("a message of five megabytes arrives whole", async () => {
    const [a, b] = await befriended(new World());
    const data = Uint8Array.from({ length: 5 * 1024 * 1024 }, (_, i) => i & 255);
    await a.chats.send(String(b.id), data);
    await until(() => b.chats.viewOf(String(a.id)).last !== null);
    expect(equal(b.chats.viewOf(String(a.id)).last?.data ?? new Uint8Array(), data)).toBe(true);
    await expect(a.chats.send(String(b.id), new Uint8Array(data.length + 1))).rejects.toMatchObject({
      code: "MESSAGE_TOO_LARGE",
    });
    await a.off();
    await b.off();
  });

  test("never on at the same time: a request, its answer, and messages, by mailboxes alone", async () => {
    const world = new World();
    const [a, b] = [world.home(1), world.home(2)];
    await b.on();
    await b.off();
    await a.on();
    await a.friends.add(b.address);
    await until(() => (world.boxes[0]?.get(String(b.id))?.length ?? 0) > 0);
    await a.off();
    await b.on();
    await until(() => b.friend(a)?.state === "received");
    await b.friends.accept(String(a.id));
    await b.chats.send(String(a.id), "while you were away");
    await until(() => b.chats.viewOf(String(a.id)).places === 2);
    expect(await b.said(a)).toEqual(["> while you were away (held)"]);
    await vi.advanceTimersByTimeAsync(10_000);
    await b.off();
    await a.on();
    await until(async () => (await a.said(b)).length === 1);
    expect(a.friend(b)?.state).toBe("friends");
    await vi.advanceTimersByTimeAsync(10_000);
    await a.off();
    await b.on();
    await until(async () => (await b.said(a))[0] === "> while you were away (delivered)");
    await b.off();
  });

  test("what nobody may send is refused, and said why", async () => {
    const world = new World();
    const [a, b] = await befriended(world);
    await b.friends.block(String(a.id));
    await until(() => a.friend(b)?.state !== "friends");
    await expect(a.chats.send(String(b.id), "x")).rejects.toMatchObject({ code: "NOT_FRIENDS" });
    const c = world.home(3);
    await c.on();
    await c.friends.add(String(b.address));
    await until(() => b.friend(c)?.state === "received");
    await b.friends.decline(String(c.id), "not now");
    await until(() => c.friend(b)?.state === "declined");
    for (const home of [a, b, c]) await home.off();
  });

  test("invite: a question and its answer, a no, and nobody who answers", async () => {
    const [a, b] = await befriended(new World());
    b.invitations.handle("sum/1", async ({ data }) => ({ data: Uint8Array.of(data.reduce((sum, byte) => sum + byte, 0)) }));
    b.invitations.handle("no/1", async () => {
      throw new WherryError("REQUEST_DECLINED", "not today");
    });
    const replies = ["sum/1", "no/1", "nobody/1"].map(async (name) =>
      a.invitations.invite(String(b.id), name, Uint8Array.of(1, 2, 3)),
    );
    let all: unknown[] = [];
    void Promise.all(replies).then((got) => (all = got));
    await until(() => all.length === 3);
    expect(all).toMatchObject([
      { status: 0, data: Uint8Array.of(6) },
      { status: 1, reason: "not today" },
      { status: 2 },
    ]);
    await b.off();
    let failed: unknown = null;
    void a.invitations.invite(String(b.id), "sum/1", undefined, 5000).catch((error: unknown) => (failed = error));
    await until(() => failed !== null);
    expect(failed).toMatchObject({ code: "MESSAGE_EXPIRED" });
    await a.off();
  });

  test("a session that is gone is begun anew, and nothing is lost by it", async () => {
    const [a, b] = await befriended(new World());
    await a.chats.send(String(b.id), "1");
    await until(async () => (await a.said(b))[0] === "> 1 (delivered)");
    await b.off();
    const row = await b.database.get("pairs", [String(a.id)]);
    if (row === undefined) throw new Error("no pair");
    await b.database.commit([{ table: "pairs", put: { ...row, sessions: new Uint8Array() } }]);
    await a.chats.send(String(b.id), "2");
    await b.on();
    await until(async () => (await a.said(b))[1] === "> 2 (delivered)");
    expect(await b.said(a)).toEqual(["< 1 (delivered)", "< 2 (delivered)"]);
    await a.off();
    await b.off();
  });

  test("a memory that is an old copy: once the peer was heard, what is written with it arrives, in order", async () => {
    const [a, b] = await befriended(new World());
    const delivered = async (text: string): Promise<void> =>
      until(async () => (await a.said(b)).includes(`> ${text} (delivered)`));
    await a.chats.send(String(b.id), "1");
    await delivered("1");
    const copy = await a.copy();
    await a.chats.send(String(b.id), "2");
    await a.chats.send(String(b.id), "3");
    await delivered("3");
    await a.off();
    a.database = copy;
    await a.on();
    await b.chats.send(String(a.id), "what were you saying?");
    await until(async () => (await b.said(a)).includes("> what were you saying? (delivered)"));
    for (const text of ["4", "5", "6"]) await a.chats.send(String(b.id), text);
    await delivered("6");
    const heard = (await b.said(a)).filter((line) => line.startsWith("<"));
    expect(heard).toEqual([1, 2, 3, 4, 5, 6].map((text) => `< ${text} (delivered)`));
    await a.off();
    await b.off();
  });

  test.each([1, 2, 5])("a memory that is an old copy, which writes before it hears anything (%i)", async (more) => {
    const [a, b] = await befriended(new World());
    const delivered = async (text: string): Promise<void> =>
      until(async () => (await a.said(b)).includes(`> ${text} (delivered)`));
    await a.chats.send(String(b.id), "1");
    await delivered("1");
    const copy = await a.copy();
    for (const text of ["2", "3", "4"]) await a.chats.send(String(b.id), text);
    await delivered("4");
    await b.off();
    await a.off();
    a.database = copy;
    await a.on();
    const again = Array.from({ length: more }, (_, i) => `again ${i}`);
    for (const text of again) await a.chats.send(String(b.id), text);
    await vi.advanceTimersByTimeAsync(30_000);
    await b.on();
    await delivered(`again ${more - 1}`);
    const heard = (await b.said(a)).filter((line) => line.startsWith("<"));
    expect(heard).toEqual(["1", "2", "3", "4", ...again].map((text) => `< ${text} (delivered)`));
    await a.off();
    await b.off();
  });

  test.each([
    ["deleted", 0],
    ["deleted", 15],
    ["kept", 15],
  ])("what was delivered stays %s when an old copy says it again, and is delivered (%i days later)", async (what, days) => {
    const [a, b] = await befriended(new World());
    const states = async (text: string): Promise<string[]> => (await a.said(b)).filter((line) => line.startsWith(`> ${text} (`));
    await b.off();
    const secret = await a.chats.send(String(b.id), "secret");
    const copy = await a.copy();
    await b.on();
    await until(async () => (await states("secret"))[0] === "> secret (delivered)");
    await a.chats.send(String(b.id), "more");
    await until(async () => (await states("more"))[0] === "> more (delivered)");
    if (what === "deleted") await b.chats.delete(String(a.id), secret.id);
    await a.off();
    a.database = copy;
    for (const home of [a, b]) home.ahead = days * 24 * 3600;
    await a.on();
    await until(async () => (await states("secret"))[0] !== "> secret (queued)");
    expect(await states("secret")).toEqual(["> secret (delivered)"]);
    const heard = (await b.said(a)).filter((line) => line.startsWith("<"));
    expect(heard).toEqual([...(what === "kept" ? ["< secret (delivered)"] : []), "< more (delivered)"]);
    await a.off();
    await b.off();
  });

  test("a full disk: what cannot be kept is not acknowledged, and arrives when there is room", async () => {
    const [a, b] = await befriended(new World());
    await vi.advanceTimersByTimeAsync(10_000);
    const commit = vi.spyOn(b.database, "commit").mockRejectedValue(new WherryError("DISK_FULL"));
    await a.chats.send(String(b.id), "1");
    await vi.advanceTimersByTimeAsync(30_000);
    expect(await a.said(b)).not.toEqual(["> 1 (delivered)"]);
    expect(b.troubles.map(({ code }) => code)).toContain("DISK_FULL");
    await expect(b.chats.send(String(a.id), "2")).rejects.toMatchObject({ code: "DISK_FULL" });
    commit.mockRestore();
    await until(async () => (await a.said(b))[0] === "> 1 (delivered)");
    expect(await b.said(a)).toEqual(["< 1 (delivered)"]);
    await a.off();
    await b.off();
  });

  test.each(SEEDS)("a disk that is full at any moment loses nothing (%i)", async (seed) => {
    // Invariant: whatever transaction fails, what was accepted arrives exactly once and in order.
    const [a, b] = await befriended(new World());
    let state = seed * 104_729;
    const draw = (n: number): number => {
      state = (state * 1103515245 + 12345) & 0x7fffffff;
      return Math.floor((state / 0x7fffffff) * n) % n;
    };
    const disks = [a, b].map((home) => {
      const commit = home.database.commit.bind(home.database);
      return vi.spyOn(home.database, "commit").mockImplementation(async (changes) => {
        if (draw(3) === 0) throw new WherryError("DISK_FULL");
        await commit(changes);
      });
    });
    const accepted: string[] = [];
    for (let i = 1; i <= 30; i++) {
      try {
        await a.chats.send(String(b.id), `${i}`);
        accepted.push(`${i}`);
      } catch (error) {
        if (!WherryError.is(error, "DISK_FULL")) throw error;
      }
      await vi.advanceTimersByTimeAsync(draw(2000));
    }
    for (const disk of disks) disk.mockRestore();
    await until(async () => (await a.said(b)).every((line) => line.endsWith("(delivered)")));
    expect(await b.said(a)).toEqual(accepted.map((text) => `< ${text} (delivered)`));
    expect(await a.said(b)).toEqual(accepted.map((text) => `> ${text} (delivered)`));
    await a.off();
    await b.off();
  });

  test("what has expired is void, on both sides the same", async () => {
    const world = new World();
    const [a, b] = await befriended(world);
    await b.off();
    world.boxes.length = 0;
    await a.chats.send(String(b.id), "too late");
    a.ahead = b.ahead = 15 * 24 * 3600;
    await b.on();
    await until(async () => (await a.said(b))[0] === "> too late (failed)");
    expect((await a.chats.history(String(b.id))).messages[0]?.reason).toBe("expired");
    expect(await b.said(a)).toEqual([]);
    await a.off();
    await b.off();
  });

  test.each(SEEDS)("no loss window: going on and off, losing, cutting at random (%i)", async (seed) => {
    // Invariant: every message arrives exactly once and in order, whatever was lost; and then both sides say the same.
    const world = new World();
    const [a, b] = await befriended(world);
    let state = seed * 7919;
    const draw = (n: number): number => {
      state = (state * 1103515245 + 12345) & 0x7fffffff;
      return Math.floor((state / 0x7fffffff) * n) % n;
    };
    world.swallow = () => draw(4) === 0;
    const sent = { a: 0, b: 0 };
    for (let round = 0; round < 40; round++) {
      const [name, here, there] = draw(2) === 0 ? (["a", a, b] as const) : (["b", b, a] as const);
      switch (draw(6)) {
        case 0: case 1: case 2:
          if (here.isOn) await here.chats.send(String(there.id), `${name}${++sent[name]}`);
          break;
        case 3:
          if (here.isOn) await here.off();
          else await here.on();
          break;
        case 4:
          world.connections = draw(2) === 0;
          world.introducers = draw(2) === 0;
          break;
        default:
          await vi.advanceTimersByTimeAsync(draw(20_000));
      }
    }
    world.swallow = () => false;
    world.connections = world.introducers = true;
    for (const home of [a, b]) if (!home.isOn) await home.on();
    const whole = (name: string, count: number): string[] =>
      Array.from({ length: count }, (_, i) => `< ${name}${i + 1} (delivered)`);
    const heard = async (home: Home, other: Home): Promise<string[]> =>
      (await home.said(other)).filter((line) => line.startsWith("<"));
    await until(async () => [...(await a.said(b)), ...(await b.said(a))].every((line) => line.endsWith("(delivered)")), 7200);
    expect(await heard(b, a)).toEqual(whole("a", sent.a));
    expect(await heard(a, b)).toEqual(whole("b", sent.b));
    expect([...a.troubles, ...b.troubles]).toEqual([]);
    await a.off();
    await b.off();
  });
});

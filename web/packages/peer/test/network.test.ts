/** Whole connections over links in memory: streams, datagrams, messages, policies, and links that are switched. */

import { describe, expect, test, vi } from "vitest";
import { IN_FLIGHT_MS } from "../src/connection/limits.ts";
import { WherryError } from "../src/errors.ts";
import { ECHO_STREAM, type Network } from "../src/network.ts";
import { linked } from "./memory-link.ts";
import { type Side, join, side } from "./network-sides.ts";

async function connected(): Promise<{ readonly a: Side; readonly b: Side; readonly cut: () => void }> {
  const [a, b] = [side(1, "Ada"), side(2, "Bela")];
  return { a, b, cut: await join(a, b) };
}

function connectionOf(from: Side, to: Side): NonNullable<ReturnType<Network["get"]>> {
  const found = from.network.get(to.id);
  if (found === null) throw new Error("not connected");
  return found;
}

async function collect(chunks: AsyncIterable<Uint8Array>): Promise<number[]> {
  const got: number[] = [];
  for await (const chunk of chunks) got.push(...chunk);
  return got;
}

describe("a connection", () => {
  test("echoes a megabyte, both ways at once", async () => {
    const { a, b } = await connected();
    const stream = connectionOf(a, b).connection.openStream(ECHO_STREAM);
    const data = Uint8Array.from({ length: 1_000_003 }, (_, i) => i & 255);
    const sending = stream.write(data).then(async () => stream.finish());
    const got = await collect(stream);
    await sending;
    expect(got.length).toBe(data.length);
    expect(got.every((byte, i) => byte === data[i])).toBe(true);
  });

  test("goes on over a new link, in the middle of a stream", async () => {
    const { a, b, cut } = await connected();
    const stream = connectionOf(a, b).connection.openStream(ECHO_STREAM);
    const data = Uint8Array.from({ length: 300_000 }, (_, i) => (i * 7) & 255);
    const sending = stream.write(data).then(async () => stream.finish());
    const getting = collect(stream);
    cut();
    b.network.get(a.id)?.connection.pump();
    await join(a, b);
    const got = await getting;
    await sending;
    expect(got.every((byte, i) => byte === data[i])).toBe(true);
    expect(connectionOf(a, b).connection.links).toBe(2);
  });

  test("goes on while links are switched and cut under four streams at once", async () => {
    const { a, b, cut } = await connected();
    let cutLast = cut;
    const data = Uint8Array.from({ length: 400_000 }, (_, i) => (i * 13) & 255);
    const echoes = Array.from({ length: 4 }, async () => {
      const stream = connectionOf(a, b).connection.openStream(ECHO_STREAM);
      const sending = stream.write(data).then(async () => stream.finish());
      const got = await collect(stream);
      await sending;
      return got.length === data.length && got.every((byte, i) => byte === data[i]);
    });
    for (let i = 0; i < 12; i++) {
      await new Promise((resolve) => setTimeout(resolve, i % 4));
      if (i % 3 === 2) cutLast();
      cutLast = await join(a, b);
    }
    expect(await Promise.all(echoes)).toEqual([true, true, true, true]);
  });

  test("opens where one side's link is open long before the other's: its HELLO is there first", async () => {
    const [a, b] = [side(1, "Ada"), side(2, "Bela")];
    const [here, there] = linked([a.instance, b.instance]);
    const early = a.network.adopt(b.id, ...here);
    await new Promise((resolve) => setTimeout(resolve));
    await Promise.all([early, b.network.adopt(a.id, ...there)]);
    const stream = connectionOf(a, b).connection.openStream(ECHO_STREAM);
    await stream.write(Uint8Array.of(1, 2, 3));
    await stream.finish();
    expect(await collect(stream)).toEqual([1, 2, 3]);
  });

  test("ends its streams when the peer has started anew", async () => {
    const { a, b } = await connected();
    const stream = connectionOf(a, b).connection.openStream(ECHO_STREAM);
    await stream.write(Uint8Array.of(1));
    const reloaded = side(2, "Bela");
    await join(a, reloaded);
    await expect(collect(stream)).rejects.toMatchObject({ code: "PEER_RESTARTED" });
    const again = connectionOf(a, reloaded).connection.openStream(ECHO_STREAM);
    await again.write(Uint8Array.of(9));
    expect(await again.read()).toEqual(Uint8Array.of(9));
  });

  test("tells its name, and answers pings", async () => {
    const { a, b } = await connected();
    expect(await connectionOf(a, b).messages.ping()).toBeGreaterThanOrEqual(0);
    expect(await connectionOf(a, b).connection.ping()).toBeGreaterThanOrEqual(0);
    expect([a.names, b.names]).toEqual([["Bela"], ["Ada"]]);
  });

  test("refuses streams that nobody serves, or not for this peer", async () => {
    const { a, b } = await connected();
    b.network.handle("/mine/1", async () => undefined, new Set());
    const { connection } = connectionOf(a, b);
    await expect(connection.openStream("/nobody/1").read()).rejects.toMatchObject({ code: "STREAM_REFUSED" });
    await expect(connection.openStream("/mine/1").read()).rejects.toMatchObject({ code: "REFUSED_BY_PEER" });
  });

  test("serves whom the policy lists; a handler that fails resets its stream", async () => {
    const { a, b } = await connected();
    b.network.handle("/mine/1", async (stream) => stream.write(Uint8Array.of(7)), new Set([String(a.id)]));
    b.network.handle("/broken/1", async () => Promise.reject(new Error("a bug")), "anyone");
    const { connection } = connectionOf(a, b);
    expect(await collect(connection.openStream("/mine/1"))).toEqual([7]);
    await expect(connection.openStream("/broken/1").read()).rejects.toMatchObject({ code: "STREAM_RESET" });
  });

  test("carries datagrams whole, and refuses what is too long", async () => {
    const { a, b } = await connected();
    const flow = connectionOf(a, b).connection.openDatagrams(ECHO_STREAM);
    const got = flow[Symbol.asyncIterator]();
    await connectionOf(a, b).connection.ping(); // the other side knows of the flow
    expect(flow.send(Uint8Array.of(1, 2, 3))).toBe(true);
    expect(await got.next()).toEqual({ done: false, value: Uint8Array.of(1, 2, 3) });
    expect(() => flow.send(new Uint8Array(1201))).toThrow("A limit is reached");
    flow.close();
    expect((await got.next()).done).toBe(true);
  });

  test.each([
    ["after what is in flight on it", () => vi.advanceTimersByTime(IN_FLIGHT_MS)],
    ["at once where the connection ends", (a: Side, b: Side) => connectionOf(a, b).connection.close()],
  ])("closes a link that another replaced %s", async (_, then) => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const [a, b] = [side(1, "Ada"), side(2, "Bela")];
    const [here, there] = linked([a.instance, b.instance]);
    await Promise.all([a.network.adopt(b.id, ...here), b.network.adopt(a.id, ...there)]);
    await join(a, b);
    expect(here[0].control.open).toBe(true);
    then(a, b);
    expect(here[0].control.open).toBe(false);
    vi.useRealTimers();
  });

  test("ends at both ends when one of them says so", async () => {
    const { a, b } = await connected();
    const stream = connectionOf(a, b).connection.openStream(ECHO_STREAM);
    await a.network.disconnect(b.id);
    await expect(stream.read()).rejects.toMatchObject({ code: "CLOSED" });
    expect(a.network.get(b.id)).toBeNull();
    await expect.poll(() => b.network.get(a.id)).toBeNull();
    expect(b.closed.map((error) => error.code)).toContain("PEER_CLOSED");
  });

  test("echo is limited: more openings than a minute's are refused", async () => {
    const { a, b } = await connected();
    const { connection } = connectionOf(a, b);
    const streams = Array.from({ length: 70 }, () => connection.openStream(ECHO_STREAM));
    const outcomes = await Promise.all(
      streams.map(async (stream) => {
        try {
          await stream.finish();
          return "served";
        } catch (error) {
          return WherryError.from(error).code;
        }
      }),
    );
    expect(outcomes.filter((one) => one === "served").length).toBe(64);
    expect(outcomes.filter((one) => one === "LIMIT_EXCEEDED").length).toBe(6);
  });
});

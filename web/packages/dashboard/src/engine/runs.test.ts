/** Pings, echo and measurement over a stream in memory. */
import { WherryError, type Peer, type PeerStream, type PingReply } from "@wherry/peer";
import { describe, expect, it } from "vitest";
import { Echo } from "./run-echo.ts";
import { Measuring } from "./run-measure.ts";
import { PINGS, runPings } from "./run-ping.ts";
import type { EchoRun, Measurement, PingRun } from "./trials.ts";

/** A stream whose other end sends back what it gets, as `change` makes it. */
class EchoStream implements PeerStream {
  readonly name = "/wherry/echo/1";
  readonly peer = "12D3KooW";
  readonly #chunks: Uint8Array[] = [];
  readonly #change: (chunk: Uint8Array, n: number) => Uint8Array;
  #written = 0;
  #ended = false;
  #failure: WherryError | null = null;
  #wake: () => void = () => undefined;

  constructor(change: (chunk: Uint8Array, n: number) => Uint8Array = (chunk) => chunk) {
    this.#change = change;
  }

  async write(data: Uint8Array): Promise<void> {
    if (this.#failure !== null) throw this.#failure;
    this.#chunks.push(this.#change(data.slice(), this.#written));
    this.#written += 1;
    this.#wake();
    await Promise.resolve();
  }

  async read(): Promise<Uint8Array | null> {
    for (;;) {
      if (this.#failure !== null) throw this.#failure;
      const chunk = this.#chunks.shift();
      if (chunk !== undefined) return chunk;
      if (this.#ended) return null;
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void> {
    for (let chunk = await this.read(); chunk !== null; chunk = await this.read()) yield chunk;
  }

  finish(): Promise<void> {
    this.#ended = true;
    this.#wake();
    return Promise.resolve();
  }

  reset(): void {
    this.#failure = new WherryError("STREAM_RESET");
    this.#wake();
  }

  stop(): void {
    this.reset();
  }
}

const opening = (stream: PeerStream): Pick<Peer, "openStream"> => ({ openStream: () => Promise.resolve(stream) });
const refusing: Pick<Peer, "openStream"> = { openStream: () => Promise.reject(new WherryError("STREAM_REFUSED")) };

describe("ping", () => {
  const reply: PingReply = { peer: "12D3KooW", rttMs: 18, over: "connection", path: "direct", via: "203.0.113.9:41002" };

  it("shows each reply as it comes, and what failed between them", async () => {
    let asked = 0;
    const peer: Pick<Peer, "ping"> = {
      ping: () => {
        asked += 1;
        return asked === 2 ? Promise.reject(new WherryError("DIAL_TIMEOUT")) : Promise.resolve(reply);
      },
    };
    const seen: PingRun[] = [];
    await runPings(peer, "12D3KooW", (run) => seen.push(run), () => Promise.resolve());
    expect(seen.map((run) => run.lines.length)).toEqual([0, 1, 2, 3, 4]);
    expect(seen.map((run) => run.running)).toEqual([true, true, true, true, false]);
    expect(seen.at(-1)?.lines.map((line) => line.error?.code ?? "ok")).toEqual(["ok", "DIAL_TIMEOUT", "ok", "ok"]);
    expect(asked).toBe(PINGS);
  });
});

describe("echo", () => {
  it("marks each line with the time it took", async () => {
    const seen: EchoRun[] = [];
    let time = 0;
    const echo = new Echo((run) => seen.push(run), () => (time += 5));
    await echo.open(opening(new EchoStream()), "12D3KooW");
    await echo.send("one");
    await echo.send("two\nlines");
    await expect.poll(() => seen.at(-1)?.lines.map((line) => [line.text, line.backMs !== null])).toEqual([
      ["one", true],
      ["two lines", true],
    ]);
    await echo.close();
    await expect.poll(() => seen.at(-1)?.stream).toBe("closed");
  });

  it("does not take for an echo what was not said", async () => {
    const seen: EchoRun[] = [];
    const echo = new Echo((run) => seen.push(run), () => 0);
    await echo.open(opening(new EchoStream(() => new TextEncoder().encode("something else\n"))), "12D3KooW");
    await echo.send("one");
    await echo.close();
    await expect.poll(() => seen.at(-1)?.stream).toBe("closed");
    expect(seen.at(-1)?.lines).toEqual([{ n: 1, text: "one", backMs: null }]);
  });
});

describe("a measurement", () => {
  const run = async (peer: Pick<Peer, "openStream">, mib = 2): Promise<Measurement[]> => {
    const seen: Measurement[] = [];
    let time = 0;
    const measuring = new Measuring(mib, (measurement) => seen.push(measurement), () => (time += 10));
    await measuring.run(peer, "12D3KooW");
    return seen;
  };

  it("counts every byte that came back", async () => {
    const last = (await run(opening(new EchoStream()))).at(-1);
    expect(last).toMatchObject({ state: "done", total: 2 * 2 ** 20, sent: 2 * 2 ** 20, back: 2 * 2 ** 20, error: null });
    expect(last?.rate).toBeGreaterThan(0);
  });

  it("shows a number at most four times a second", async () => {
    const seen = await run(opening(new EchoStream()), 8);
    const running = seen.filter((each) => each.state === "running").slice(1);
    for (const [n, each] of running.entries()) {
      expect(each.elapsedMs - (running[n - 1]?.elapsedMs ?? 0)).toBeGreaterThanOrEqual(250);
    }
  });

  it("notices one byte that changed", async () => {
    const changed = new EchoStream((chunk, n) => (n === 7 ? chunk.with(4711, (chunk[4711] ?? 0) ^ 1) : chunk));
    expect((await run(opening(changed))).at(-1)).toMatchObject({ state: "failed", error: { code: "PROTOCOL_VIOLATION" } });
  });

  it("notices chunks that changed places", async () => {
    let kept: Uint8Array | null = null;
    const swapping = new EchoStream((chunk, n) => {
      if (n === 3) kept = chunk;
      return n === 4 && kept !== null ? kept : chunk;
    });
    expect((await run(opening(swapping))).at(-1)).toMatchObject({ state: "failed" });
  });

  it("says that it was refused", async () => {
    expect((await run(refusing)).at(-1)).toMatchObject({ state: "failed", error: { code: "STREAM_REFUSED" } });
  });

  it("stops when it is told to, and that is no failure", async () => {
    const seen: Measurement[] = [];
    const measuring = new Measuring(16, (measurement) => seen.push(measurement), () => performance.now());
    const running = measuring.run(opening(new EchoStream()), "12D3KooW");
    measuring.stop();
    await running;
    expect(seen.at(-1)).toMatchObject({ state: "stopped", error: null });
  });
});

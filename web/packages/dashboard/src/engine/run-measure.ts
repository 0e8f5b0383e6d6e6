/** Throughput: bytes there and back through one stream, every one compared. */
import { WherryError, type Peer, type PeerStream } from "@wherry/peer";
import { ECHO } from "./run-echo.ts";
import type { Measurement } from "./trials.ts";

const MIB = 2 ** 20;

/** Bytes of one write. */
const CHUNK = 64 * 1024;

/** Milliseconds between two numbers on the page: four a second can be read. */
const SHOW_EVERY = 250;

/** Milliseconds over which the rate is smoothed. */
const SMOOTH = 3000;

/** A prime, so that a chunk that is lost, doubled or swapped never fits where it stands. */
const PERIOD = 65_521;

/** What is sent: the byte at each offset is known, so that what comes back can be compared without keeping it. */
const PATTERN = Uint8Array.from({ length: PERIOD + CHUNK }, (_, at) => {
  const place = at % PERIOD;
  return (place * 167 + (place >>> 8) * 13) & 0xff;
});

const patternAt = (offset: number, length: number): Uint8Array => {
  const start = offset % PERIOD;
  return PATTERN.subarray(start, start + length);
};

/** Whether `bytes` are what was sent at `offset`. */
function fits(bytes: Uint8Array, offset: number): boolean {
  for (let at = 0; at < bytes.length; at += CHUNK) {
    const part = bytes.subarray(at, at + CHUNK);
    const expected = patternAt(offset + at, part.length);
    if (!part.every((byte, n) => byte === expected[n])) return false;
  }
  return true;
}

export class Measuring {
  readonly #show: (measurement: Measurement) => void;
  readonly #clock: () => number;
  #now: Measurement;
  #stream: PeerStream | null = null;
  #started = 0;
  #shown = -Infinity;
  #samples: { at: number; back: number }[] = [];

  constructor(mib: number, show: (measurement: Measurement) => void, clock: () => number) {
    this.#show = show;
    this.#clock = clock;
    this.#now = { state: "opening", total: mib * MIB, sent: 0, back: 0, elapsedMs: 0, rate: 0, error: null };
  }

  /** Run to the end, whichever it is; what ended it is in the last measurement shown. */
  async run(peer: Pick<Peer, "openStream">, id: string): Promise<void> {
    this.#set({}, true);
    try {
      const stream = await peer.openStream(id, ECHO);
      if (this.#now.state === "stopped") return stream.reset();
      this.#stream = stream;
      this.#started = this.#clock();
      this.#samples = [{ at: this.#started, back: 0 }];
      this.#set({ state: "running" }, true);
      await Promise.all([this.#write(stream), this.#read(stream)]);
      this.#finish();
    } catch (error) {
      this.#stream?.reset();
      if (this.#now.state !== "stopped") this.#set({ state: "failed", error: WherryError.from(error).info }, true);
    }
    return undefined;
  }

  stop(): void {
    if (this.#now.state !== "running" && this.#now.state !== "opening") return;
    this.#set({ state: "stopped" }, true);
    this.#stream?.reset();
  }

  async #write(stream: PeerStream): Promise<void> {
    const { total } = this.#now;
    for (let offset = 0; offset < total; offset += CHUNK) {
      const chunk = patternAt(offset, Math.min(CHUNK, total - offset));
      await stream.write(chunk);
      this.#set({ sent: offset + chunk.length });
    }
    await stream.finish();
  }

  async #read(stream: PeerStream): Promise<void> {
    for await (const chunk of stream) {
      if (!fits(chunk, this.#now.back)) throw new WherryError("PROTOCOL_VIOLATION", "what came back is not what was sent");
      this.#set({ back: this.#now.back + chunk.length });
    }
    if (this.#now.back < this.#now.total) throw new WherryError("CONNECTION_LOST", "not all bytes came back");
  }

  #finish(): void {
    const elapsedMs = this.#clock() - this.#started;
    this.#set({ state: "done", elapsedMs, rate: perSecond(this.#now.total, elapsedMs) }, true);
  }

  /** Change what is known, and show it if it is time. */
  #set(change: Partial<Measurement>, atOnce = false): void {
    this.#now = { ...this.#now, ...change };
    const now = this.#clock();
    if (!atOnce && now - this.#shown < SHOW_EVERY) return;
    if (this.#now.state === "running" && this.#started > 0) {
      this.#samples.push({ at: now, back: this.#now.back });
      while (this.#samples.length > 2 && now - (this.#samples[1]?.at ?? now) > SMOOTH) this.#samples.shift();
      const first = this.#samples[0] ?? { at: now, back: 0 };
      const rate = perSecond(this.#now.back - first.back, now - first.at);
      this.#now = { ...this.#now, elapsedMs: now - this.#started, rate };
    }
    this.#shown = now;
    this.#show(this.#now);
  }
}

const perSecond = (bytes: number, ms: number): number => (ms > 0 ? (bytes * 1000) / ms : 0);

/** Two connection cores over links that are switched and lost: bytes arrive once, in order, or it is said why. */

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Bytes } from "../src/bytes.ts";
import { ConnectionCore, type CoreEvent } from "../src/connection/core.ts";
import { encode } from "../src/connection/frames.ts";
import { CONNECTION_WINDOW_BYTES, GRACE_MS, RESERVE_BYTES } from "../src/connection/limits.ts";
import type { LaneKind } from "../src/connection/link.ts";
import type { StreamMachine } from "../src/connection/stream-machine.ts";
import { WherryError } from "../src/errors.ts";

interface Flying {
  readonly link: number;
  readonly lane: LaneKind;
  readonly stream: number;
  readonly data: Bytes;
}

/** One end: its core, what it has sent and not arrived, and the streams the other side has opened. */
class End {
  core: ConnectionCore;
  readonly flying: Flying[] = [];
  readonly opened: StreamMachine[] = [];
  readonly events: CoreEvent[] = [];

  readonly pair: Two;
  readonly key: number;

  constructor(pair: Two, key: number, instance: number, session: number) {
    this.pair = pair;
    this.key = key;
    this.core = this.#fresh(instance, session);
  }

  #fresh(instance: number, session: number): ConnectionCore {
    return new ConnectionCore({
      local: new Uint8Array(32).fill(this.key),
      peer: new Uint8Array(32).fill(3 - this.key),
      instance: new Uint8Array(8).fill(instance),
      session: new Uint8Array(8).fill(session),
      admit: () => null,
      now: this.pair.now,
    });
  }

  restart(instance: number, session: number): void {
    this.core = this.#fresh(instance, session);
    this.flying.length = 0;
    this.opened.length = 0;
  }

  /** Give all that the core has to say to the links, then what happened to the test. */
  pump(): void {
    const { now } = this.pair;
    for (const { link, data } of this.core.toSend(now)) this.flying.push({ link, lane: "control", stream: 0, data });
    const link = this.core.active;
    for (let next = this.core.nextData(() => true, now); next !== null; next = this.core.nextData(() => true, now)) {
      this.flying.push({ link: link ?? 0, lane: "stream", ...next });
    }
    for (let event = this.core.nextEvent(); event !== null; event = this.core.nextEvent()) {
      this.events.push(event);
      if (event.type === "opened") this.opened.push(event.stream);
      if (event.type === "dropped") this.pair.cut(event.link);
    }
    this.core.table.touched.clear();
  }
}

class Two {
  now = 0;
  readonly links = new Set<number>();
  #link = 0;
  readonly a = new End(this, 1, 1, 11);
  readonly b = new End(this, 2, 2, 22);

  /** A new link beside whatever there is. */
  join(): void {
    const link = ++this.#link;
    this.links.add(link);
    const ids = { attempt: new Uint8Array(16).fill(link), answer: new Uint8Array(16).fill(link + 100) };
    this.a.core.linkOpened(link, { ...ids, instance: this.instanceOf(this.b) }, this.now);
    this.b.core.linkOpened(link, { ...ids, instance: this.instanceOf(this.a) }, this.now);
    this.pump();
  }

  instances = new Map<End, number>();
  instanceOf(end: End): Bytes {
    return new Uint8Array(8).fill(this.instances.get(end) ?? end.key);
  }

  cut(link: number): void {
    if (!this.links.delete(link)) return;
    for (const end of [this.a, this.b]) {
      end.flying.splice(0, end.flying.length, ...end.flying.filter((one) => one.link !== link));
      end.core.linkClosed(link, this.now);
    }
  }

  pump(): void {
    this.a.pump();
    this.b.pump();
  }

  /** One message arrives: lanes keep their order, but run at speeds of their own. */
  deliver(choice: number): boolean {
    const ends = [
      [this.a, this.b],
      [this.b, this.a],
    ] as const;
    const ready = ends.flatMap(([from, to]) => {
      const lanes = new Set(from.flying.map((one) => `${one.link} ${one.lane} ${one.stream}`));
      return [...lanes].map((lane) => ({ from, to, lane }));
    });
    const chosen = ready[choice % Math.max(1, ready.length)];
    if (chosen === undefined) return false;
    const at = chosen.from.flying.findIndex((one) => `${one.link} ${one.lane} ${one.stream}` === chosen.lane);
    const [message] = chosen.from.flying.splice(at, 1);
    if (message !== undefined) chosen.to.core.receive(message.link, message.lane, message.data, this.now);
    this.pump();
    return true;
  }

  /** Until nothing more moves. */
  settle(): void {
    this.pump();
    while (this.deliver(0));
  }
}

/** One step of a schedule. */
interface Step {
  readonly do: string;
  readonly size: number;
}

function bytesOf(seed: number, size: number): Uint8Array {
  return Uint8Array.from({ length: size }, (_, i) => (i * 31 + seed * 7) & 255);
}

function readAll(machine: StreamMachine, core: ConnectionCore): number[] {
  const got: number[] = [];
  for (let data = machine.read(65536); data.length > 0; data = machine.read(65536)) got.push(...data);
  core.table.consumed();
  return got;
}

describe("streams", () => {
  test("any schedule of writes, reads, half-closes, switches and losses: bytes arrive once, in order", () => {
    // Invariant: what was read is always a prefix of what was written, and all of it once things have calmed down.
    const steps = (what: string, weight: number, size = fc.nat()): fc.WeightedArbitrary<Step> => ({
      weight,
      arbitrary: fc.record({ do: fc.constant(what), size }),
    });
    const step = fc.oneof(
      steps("write", 4, fc.integer({ min: 1, max: 90_000 })),
      steps("deliver", 20),
      steps("read", 4, fc.integer({ min: 1, max: 40_000 })),
      steps("join", 1),
      steps("cut", 1),
      steps("finish", 1),
    );
    const run = (schedule: readonly Step[]): void => {
      const two = new Two();
      two.join();
      const machine = two.a.core.open("/test/1");
      const [sent, got]: [number[], number[]] = [[], []];
      let finished = false;
      const theirs = (): StreamMachine | undefined => two.b.opened[0];
      for (const { do: what, size } of schedule) {
        if (what === "write" && !finished && machine.send.unsent < 400_000) {
          const data = bytesOf(sent.length, size);
          machine.write(data);
          for (const byte of data) sent.push(byte);
        } else if (what === "finish" && !finished) {
          machine.finish();
          finished = true;
        } else if (what === "read") {
          for (const byte of theirs()?.read(size) ?? []) got.push(byte);
          two.b.core.table.consumed();
        } else if (what === "join") {
          two.join();
        } else if (what === "cut") {
          for (const link of [...two.links].slice(0, 1)) two.cut(link);
        } else {
          two.deliver(size);
        }
        two.pump();
      }
      if (two.a.core.active === null || two.a.core.active !== two.b.core.active) two.join();
      if (!finished) machine.finish();
      theirs()?.finish();
      for (let calm = 0; calm < 40 && !(theirs()?.receive.atEnd ?? false); calm++) {
        two.settle();
        const reader = theirs();
        if (reader !== undefined) for (const byte of readAll(reader, two.b.core)) got.push(byte);
      }
      expect(got.length).toBe(sent.length);
      expect(got.every((byte, i) => byte === sent[i])).toBe(true);
      expect(theirs()?.receive.atEnd).toBe(true);
    };
    fc.assert(fc.property(fc.array(step, { maxLength: 120 }), run), { numRuns: 150 });
  }, 60_000);

  test("a reader that sleeps holds up only its own stream", () => {
    const two = new Two();
    two.join();
    const [asleep, awake] = [two.a.core.open("/asleep/1"), two.a.core.open("/awake/1")];
    asleep.write(new Uint8Array(400_000));
    two.settle();
    expect(asleep.send.sent).toBe(RESERVE_BYTES);
    let read = 0;
    for (let i = 0; i < 40; i++) {
      awake.write(new Uint8Array(100_000));
      two.settle();
      const reader = two.b.opened.find((one) => one.name === "/awake/1");
      if (reader !== undefined) read += readAll(reader, two.b.core).length;
      two.settle();
    }
    expect(read).toBeGreaterThan(3_000_000);
  });

  test("more than the connection's credit never lies unread", () => {
    const two = new Two();
    two.join();
    const machines = Array.from({ length: 400 }, (_, i) => two.a.core.open(`/sleeping/${i}`));
    for (const machine of machines) machine.write(new Uint8Array(100_000));
    two.settle();
    const unread = two.b.opened.reduce((sum, one) => sum + one.receive.credit.unread, 0);
    expect(unread).toBeLessThanOrEqual(CONNECTION_WINDOW_BYTES + 400 * RESERVE_BYTES);
    expect(two.b.core.error).toBeNull();
  });

  test("a reset wins over all, and both ends agree on it", () => {
    const two = new Two();
    two.join();
    const machine = two.a.core.open("/test/1");
    machine.write(new Uint8Array(10));
    two.settle();
    machine.reset(9, new WherryError("STREAM_CLOSED"));
    two.settle();
    expect(two.b.opened[0]?.error).toMatchObject({ code: "STREAM_RESET", reason: 9 });
    expect([two.a.core.table.streams.size, two.b.core.table.streams.size]).toEqual([0, 0]);
  });

  test("a stop ends the other side's writing, with the code", () => {
    const two = new Two();
    two.join();
    const machine = two.a.core.open("/test/1");
    machine.write(new Uint8Array(200_000));
    two.settle();
    two.b.opened[0]?.stop(4);
    two.settle();
    expect(machine.sendError).toMatchObject({ code: "STREAM_RESET", reason: 4 });
    expect(two.b.opened[0]?.receive.state).toBe("complete");
  });

  test("a peer that has started anew ends the old streams before anything else", () => {
    const two = new Two();
    two.join();
    const machine = two.a.core.open("/test/1");
    machine.write(new Uint8Array(10));
    two.settle();
    two.b.restart(9, 99);
    two.instances.set(two.b, 9);
    two.join();
    two.settle();
    expect(machine.error?.code).toBe("PEER_RESTARTED");
    const again = two.a.core.open("/test/1");
    again.write(Uint8Array.of(1, 2, 3));
    two.settle();
    expect(two.b.opened.at(-1)?.read(10)).toEqual(Uint8Array.of(1, 2, 3));
  });

  test("a HELLO of another attempt ends the link and leaves the connection alone", () => {
    const two = new Two();
    two.join();
    two.settle();
    const { active } = two.a.core;
    const ids = { attempt: new Uint8Array(16).fill(8), answer: new Uint8Array(16).fill(8) };
    two.a.core.linkOpened(50, { ...ids, instance: new Uint8Array(8).fill(2) }, two.now);
    two.b.core.linkOpened(50, { ...ids, attempt: new Uint8Array(16), instance: new Uint8Array(8).fill(1) }, two.now);
    two.settle();
    expect(two.a.core.active).toBe(active);
    expect(two.a.events.find((event) => event.type === "dropped")).toMatchObject({ link: 50 });
  });

  test("of a link that was replaced the datagrams in flight are taken, and nothing else", () => {
    const two = new Two();
    two.join();
    two.a.core.open("/test/1", { datagrams: true });
    two.settle();
    const [flow] = two.b.opened;
    two.join();
    two.settle();
    const payload = Uint8Array.of(7);
    const datagram = encode({ kind: "datagram", stream: flow?.number ?? 0, sequence: 0, payload });
    two.b.core.receive(1, "datagram", datagram, two.now);
    two.b.core.receive(1, "control", encode({ kind: "close", code: 0, text: "late" }), two.now);
    two.settle();
    expect(two.b.events.at(-1)).toMatchObject({ type: "datagram", stream: flow, data: payload });
    expect(two.b.events).toContainEqual({ type: "replaced", link: 1 });
    two.b.core.receive(1, "datagram", Uint8Array.of(1), two.now);
    two.b.core.receive(1, "datagram", datagram, two.now);
    two.settle();
    expect(two.b.core.state).toBe("open");
    expect(two.b.events.at(-1)).toMatchObject({ type: "dropped", link: 1, error: { code: "PROTOCOL_VIOLATION" } });
  });

  test("a peer that has started anew has no datagrams in flight", () => {
    const two = new Two();
    two.join();
    two.settle();
    two.b.restart(9, 99);
    two.instances.set(two.b, 9);
    two.join();
    two.settle();
    const machine = two.b.core.open("/test/1", { datagrams: true });
    two.settle();
    const stale = encode({ kind: "datagram", stream: machine.number, sequence: 0, payload: Uint8Array.of(7) });
    two.a.core.receive(1, "datagram", stale, two.now);
    two.settle();
    expect(two.a.events.map((event) => event.type)).not.toContain("datagram");
  });

  test("silence makes a link suspect, then lost; without a new one the connection is lost after its grace", () => {
    const two = new Two();
    two.join();
    two.settle();
    two.a.core.open("/test/1").write(new Uint8Array(10));
    two.a.pump();
    const until = (ms: number): string => {
      for (; two.now < ms; two.now += 100) {
        two.a.core.tick(two.now);
        two.a.pump();
      }
      return two.a.core.state;
    };
    expect([until(1200), until(9200), until(9200 + GRACE_MS + 100)]).toEqual(["suspect", "interrupted", "closed"]);
    expect(two.a.core.error?.code).toBe("CONNECTION_LOST");
  });

  test("a computer that slept does not take its own pause for the peer's silence", () => {
    const two = new Two();
    two.join();
    two.settle();
    two.a.core.open("/test/1").write(new Uint8Array(10));
    two.a.pump();
    for (two.now = 120_000; two.now < 120_100; two.now += 50) {
      two.a.core.tick(two.now);
      two.settle();
    }
    expect(two.a.core.state).toBe("open");
    expect(two.a.core.active).not.toBeNull();
  });

  test("what is no frame ends the connection, with its error told to the peer", () => {
    const two = new Two();
    two.join();
    two.settle();
    two.b.core.receive(two.b.core.active ?? 0, "stream", new Uint8Array(5), two.now);
    two.settle();
    expect(two.b.core.error?.code).toBe("PROTOCOL_VIOLATION");
    expect(two.a.core.error?.code).toBe("PEER_CLOSED");
  });
});

/** What is known of a connection's path and rates, measured once a second while anybody looks. */

import type { Connection } from "./connection/connection.ts";
import type { LinkStats } from "./connection/link.ts";
import { Scope, scopeOf } from "./scope.ts";
import type { Connected, Network } from "./network.ts";
import type { PeerId } from "./peer-id.ts";
import type { CandidatePair, PathCode } from "./types.ts";

/** Milliseconds between two measurements of all connections. */
const MEASURE_MS = 1000;
/** Milliseconds over which rates are averaged. */
const WINDOW_MS = 3000;

interface Sample {
  readonly at: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
}

export class Measure {
  pair: CandidatePair | null = null;
  rttMs: number | null = null;
  bytesIn = 0;
  bytesOut = 0;
  #samples: readonly Sample[] = [];
  /** What links of before had carried. */
  #before = { in: 0, out: 0 };
  #links = 0;

  async update(connection: Connection): Promise<void> {
    const stats: LinkStats | null = await connection.stats();
    if (stats === null) return;
    if (connection.links !== this.#links) {
      this.#links = connection.links;
      this.#before = { in: this.bytesIn, out: this.bytesOut };
    }
    this.pair = stats.pair ?? this.pair;
    this.rttMs = connection.rttMs ?? stats.rttMs;
    this.bytesIn = this.#before.in + stats.bytesReceived;
    this.bytesOut = this.#before.out + stats.bytesSent;
    const now = performance.now();
    const recent = this.#samples.filter((sample) => now - sample.at <= WINDOW_MS);
    this.#samples = [...recent, { at: now, bytesIn: this.bytesIn, bytesOut: this.bytesOut }];
  }

  get rateIn(): number {
    return this.#rate("bytesIn");
  }

  get rateOut(): number {
    return this.#rate("bytesOut");
  }

  get path(): PathCode {
    if (this.pair === null) return "connecting";
    const { localKind, remoteKind, remote } = this.pair;
    if (localKind === "relay" || remoteKind === "relay") return "relayed";
    const near = (kind: CandidatePair["localKind"]): boolean => kind === "host" || kind === "prflx";
    const host = remote.replace(/:\d+$/, "").replaceAll(/[[\]]/g, "");
    return near(localKind) && near(remoteKind) && scopeOf(host) !== Scope.GLOBAL ? "direct_lan" : "direct";
  }

  #rate(what: "bytesIn" | "bytesOut"): number {
    const [first, last] = [this.#samples[0], this.#samples.at(-1)];
    if (first === undefined || last === undefined || last.at - first.at < 500) return 0;
    return Math.max(0, ((last[what] - first[what]) * 1000) / (last.at - first.at));
  }
}

/** The measures of all connections. */
export class Measurements {
  readonly #network: Network;
  /** Something was measured. */
  readonly #onChange: () => void;
  readonly #measures = new Map<string, Measure>();
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(network: Network, onChange: () => void) {
    this.#network = network;
    this.#onChange = onChange;
  }

  start(): void {
    this.#timer = setInterval(() => void this.#all(), MEASURE_MS);
  }

  close(): void {
    clearInterval(this.#timer);
  }

  of(peer: PeerId): Measure {
    const measure = this.#measures.get(String(peer)) ?? new Measure();
    this.#measures.set(String(peer), measure);
    return measure;
  }

  async update({ id, connection }: Connected): Promise<void> {
    await this.of(id).update(connection);
  }

  forget(peer: PeerId): void {
    this.#measures.delete(String(peer));
  }

  async #all(): Promise<void> {
    const all = this.#network.all.filter((one) => one.announced);
    if (all.length === 0) return;
    await Promise.all(all.map(async (one) => this.update(one)));
    this.#onChange();
  }
}

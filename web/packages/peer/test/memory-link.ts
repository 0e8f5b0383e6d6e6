/** Links in memory, for whole connections without a browser. */

import type { Bytes } from "../src/bytes.ts";
import { type Greeting, type Lane, type LaneKind, type Link, type LinkStats } from "../src/connection/link.ts";
import { WherryError } from "../src/errors.ts";

class MemoryLane implements Lane {
  readonly kind: LaneKind;
  onOpen = (): void => undefined;
  onClosed = (): void => undefined;
  open = true;
  readonly buffered = 0;
  other: MemoryLane | null = null;
  #take: ((data: Bytes) => void) | null = null;
  #early: Bytes[] = [];

  constructor(kind: LaneKind) {
    this.kind = kind;
  }

  set onMessage(take: (data: Bytes) => void) {
    this.#take = take;
    for (const data of this.#early.splice(0)) take(data);
  }

  send(data: Bytes): void {
    const { other } = this;
    if (this.open) queueMicrotask(() => other?.open === true && other.receive(data));
  }

  receive(data: Bytes): void {
    if (this.#take === null) this.#early.push(data);
    else this.#take(data);
  }

  close(): void {
    if (!this.open) return;
    this.open = false;
    queueMicrotask(() => {
      this.onClosed();
      this.other?.close();
    });
  }
}

export class MemoryLink implements Link {
  onDrained = (): void => undefined;
  onClosed = (_error: WherryError): void => undefined;
  onCandidates = (): void => undefined;
  readonly control = new MemoryLane("control");
  readonly lanes: MemoryLane[] = [];
  other: MemoryLink | null = null;
  #arrived: MemoryLane[] = [];
  #onLane: ((lane: Lane) => void) | null = null;
  #over = false;

  set onLane(take: (lane: Lane) => void) {
    this.#onLane = take;
    for (const lane of this.#arrived.splice(0)) take(lane);
  }

  arrive(lane: MemoryLane): void {
    this.lanes.push(lane);
    if (this.#onLane === null) this.#arrived.push(lane);
    else this.#onLane(lane);
  }

  openLane(kind: "stream" | "datagram"): Lane {
    if (this.#over) throw new WherryError("CONNECTION_LOST");
    const [here, there] = [new MemoryLane(kind), new MemoryLane(kind)];
    [here.other, there.other] = [there, here];
    this.lanes.push(here);
    this.other?.arrive(there);
    return here;
  }

  hasRoom(): boolean {
    return true;
  }

  sent(): void {
    return;
  }

  async offer(): Promise<string> {
    return "";
  }

  async answer(): Promise<string> {
    return "";
  }

  async accept(): Promise<void> {
    return;
  }

  async addCandidate(): Promise<void> {
    return;
  }

  async opened(): Promise<void> {
    return;
  }

  async stats(): Promise<LinkStats> {
    return { pair: null, rttMs: null, bytesSent: 0, bytesReceived: 0 };
  }

  /** The cable is cut, or the engine noticed that the other side is gone. */
  close(): void {
    if (this.#over) return;
    this.#over = true;
    for (const lane of [this.control, ...this.lanes]) lane.open = false;
    const { other } = this;
    queueMicrotask(() => other?.lost());
  }

  lost(): void {
    if (this.#over) return;
    this.#over = true;
    for (const lane of [this.control, ...this.lanes]) lane.open = false;
    this.onClosed(new WherryError("CONNECTION_LOST"));
  }
}

let serial = 0;

/** Two ends of one link, and what both have agreed on; `instances` are the two processes'. */
export function linked(instances: readonly [Bytes, Bytes]): readonly [[MemoryLink, Greeting], [MemoryLink, Greeting]] {
  const [here, there] = [new MemoryLink(), new MemoryLink()];
  [here.other, there.other] = [there, here];
  [here.control.other, there.control.other] = [there.control, here.control];
  serial += 1;
  const ids = { attempt: new Uint8Array(16).fill(serial), answer: new Uint8Array(16).fill(serial + 100) };
  return [
    [here, { ...ids, instance: instances[1] }],
    [there, { ...ids, instance: instances[0] }],
  ];
}

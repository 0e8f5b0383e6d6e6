/**
 * Which lane of a link carries which stream. A stream goes out on the lane on which its frames come in, else on one
 * that this side opened: an idle one, or a new one. Only its opener uses an idle lane again, so two streams never meet
 * on one.
 */

import type { Bytes } from "../bytes.ts";
import { WherryError } from "../errors.ts";
import { DATAGRAM_BUFFER_BYTES, MAX_IDLE_LANES } from "./limits.ts";
import type { Lane, LaneKind, Link } from "./link.ts";

/** Where a frame's stream id stands. */
const STREAM_AT = 4;

export interface LanePoolOptions {
  /** Takes each message with the kind of its lane. */
  readonly received: (kind: LaneKind, data: Bytes) => void;
  /** Called when a lane that was asked for is open. */
  readonly ready: () => void;
  /** Called when a lane closes under a stream: the link is of no use. */
  readonly broken: () => void;
  /** Whether a stream of that number is open. */
  readonly isOpen: (stream: number) => boolean;
}

export class LanePool {
  readonly #link: Link;
  readonly #options: LanePoolOptions;
  readonly #lanes = new Map<number, Lane>();
  readonly #own = new Set<Lane>();
  #idle: Lane[] = [];
  /** Lanes that are not needed, and the heartbeat whose answer allows to close each. */
  #surplus: readonly { readonly heartbeat: number; readonly lane: Lane }[] = [];
  #datagrams: Lane | null = null;
  /** Datagrams that wait for their lane to open, which is a matter of one round trip. */
  #early: Bytes[] = [];

  constructor(link: Link, options: LanePoolOptions) {
    this.#link = link;
    this.#options = options;
  }

  /** Take what comes on the link, and what has come already: whoever gets it has to be able to answer by now. */
  takeOver(): void {
    this.#link.onLane = (lane) => this.#arrived(lane);
    this.#link.control.onMessage = (data) => this.#options.received("control", data);
  }

  /** Whether `stream` has a lane that is open; if not, one is on its way. */
  isReady(stream: number): boolean {
    const lane = this.#lanes.get(stream) ?? this.#idle.pop() ?? this.#open("stream");
    if (lane === null) return false;
    this.#lanes.set(stream, lane);
    return lane.open;
  }

  /** Send on the lane of a stream that is ready. */
  send(stream: number, frame: Bytes): void {
    const lane = this.#lanes.get(stream);
    if (lane === undefined) return;
    lane.send(frame);
    this.#link.sent(lane);
  }

  /**
   * `stream` is over: its lane is free.
   * @param heartbeat - the one whose answer shows that the peer knows the stream to be over, too. Until then it may
   *   count on the lane, so one too many is not closed before.
   */
  release(stream: number, heartbeat: number): void {
    const lane = this.#lanes.get(stream);
    this.#lanes.delete(stream);
    if (lane === undefined || !this.#own.has(lane)) return;
    if (this.#idle.length < MAX_IDLE_LANES) this.#idle.push(lane);
    else this.#surplus = [...this.#surplus, { heartbeat, lane }];
  }

  /** The peer answered `heartbeat`: close the lanes that waited for it. */
  answered(heartbeat: number): void {
    const due = this.#surplus.filter((one) => one.heartbeat <= heartbeat);
    this.#surplus = this.#surplus.slice(due.length);
    for (const { lane } of due) {
      this.#own.delete(lane);
      lane.onClosed = () => undefined;
      lane.close();
    }
  }

  /** A flow of datagrams was opened: have its lane open before the first one. */
  prepareDatagrams(): void {
    this.#datagrams ??= this.#open("datagram");
  }

  /** Send a datagram; false if it was dropped. */
  sendDatagram(frame: Bytes): boolean {
    this.prepareDatagrams();
    const lane = this.#datagrams;
    if (lane === null) return false;
    const waiting = lane.open ? lane.buffered : this.#early.reduce((sum, { length }) => sum + length, 0);
    if (waiting + frame.length > DATAGRAM_BUFFER_BYTES) return false;
    if (lane.open) lane.send(frame);
    else this.#early.push(frame);
    return true;
  }

  #open(kind: "stream" | "datagram"): Lane | null {
    try {
      const lane = this.#link.openLane(kind);
      this.#own.add(lane);
      this.#watch(lane);
      return lane;
    } catch (error) {
      if (WherryError.is(error, "CONNECTION_LOST")) return null; // the link tells its owner itself
      throw error;
    }
  }

  #arrived(lane: Lane): void {
    if (lane.kind === "datagram") this.#datagrams ??= lane;
    this.#watch(lane);
  }

  #watch(lane: Lane): void {
    lane.onOpen = () => {
      if (lane === this.#datagrams) for (const frame of this.#early.splice(0)) lane.send(frame);
      this.#options.ready();
    };
    lane.onClosed = () => this.#closed(lane);
    lane.onMessage = (data) => this.#message(lane, data);
  }

  #message(lane: Lane, data: Bytes): void {
    if (lane.kind !== "stream" || data.length < STREAM_AT + 4) {
      this.#options.received(lane.kind, data);
      return;
    }
    const stream = new DataView(data.buffer, data.byteOffset).getUint32(STREAM_AT);
    if (!this.#lanes.has(stream)) this.#lanes.set(stream, lane);
    this.#options.received(lane.kind, data);
    if (!this.#options.isOpen(stream)) this.#lanes.delete(stream);
  }

  #closed(lane: Lane): void {
    this.#own.delete(lane);
    if (lane === this.#datagrams) this.#datagrams = null;
    else if (this.#idle.includes(lane)) this.#idle = this.#idle.filter((one) => one !== lane);
    else if ([...this.#lanes.values()].includes(lane)) this.#options.broken();
  }
}

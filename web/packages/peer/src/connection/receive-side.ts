/**
 * The direction of a stream towards us: bytes in order, since a lane keeps it, and a new link goes on where the old one
 * ended.
 *
 *     OPEN ──final──▶ ENDING ──complete──▶ COMPLETE
 *       └─────stop──────┴────▶ STOPPED ──complete──▶ COMPLETE                                  any ──reset──▶ RESET
 */

import type { Bytes } from "../bytes.ts";
import { WherryError } from "../errors.ts";
import { type ConnectionCredit, StreamCredit } from "./credit.ts";

export type ReceiveState = "open" | "ending" | "stopped" | "complete" | "reset";
export type ReceiveEvent = "final" | "stop" | "complete" | "reset";

/** What is not in the table does not change the state. */
export const RECEIVE_TABLE: Readonly<Record<ReceiveState, Readonly<Partial<Record<ReceiveEvent, ReceiveState>>>>> = {
  open: { final: "ending", stop: "stopped", reset: "reset" },
  ending: { stop: "stopped", complete: "complete", reset: "reset" },
  stopped: { complete: "complete", reset: "reset" },
  complete: { reset: "reset" },
  reset: {},
};

export class ReceiveSide {
  state: ReceiveState = "open";
  final: number | null = null;
  readonly credit: StreamCredit;
  #chunks: Bytes[] = [];

  constructor(pool: ConnectionCredit) {
    this.credit = new StreamCredit(pool);
  }

  /** Whether bytes wait for the reader. */
  get readable(): boolean {
    return this.#chunks.length > 0;
  }

  /** Whether everything was read that will ever come. */
  get atEnd(): boolean {
    return this.state === "complete" && !this.readable;
  }

  move(event: ReceiveEvent): void {
    this.state = RECEIVE_TABLE[this.state][event] ?? this.state;
  }

  /**
   * Take a DATA frame; whether the reader has something new.
   * @throws WherryError PROTOCOL_VIOLATION if it leaves a gap, or goes on after the end.
   * @throws WherryError FLOW_VIOLATION if there was no credit for it.
   */
  data(offset: number, payload: Bytes): boolean {
    const end = offset + payload.length;
    const known = this.credit.received;
    if (this.final !== null && end > this.final) throw violation("DATA after a stream's end");
    if (this.state === "reset" || end <= known) return false;
    if (offset > known) throw violation(`DATA at ${offset} where ${known} was to come`);
    this.credit.arrive(end);
    if (this.state === "stopped") {
      this.credit.discard();
      return false;
    }
    this.#chunks.push(offset < known ? payload.subarray(known - offset) : payload);
    return true;
  }

  /** The next bytes that wait, at most `size`. */
  read(size: number): Bytes {
    const chunk = this.#chunks[0];
    if (chunk === undefined) return new Uint8Array();
    const taken = chunk.subarray(0, size);
    if (taken.length === chunk.length) this.#chunks.shift();
    else this.#chunks[0] = chunk.subarray(size);
    this.credit.consume(taken.length);
    return taken;
  }

  /**
   * The direction ends at `final`.
   * @throws WherryError PROTOCOL_VIOLATION or FLOW_VIOLATION if it cannot.
   */
  endAt(final: number): void {
    if (final < this.credit.received || (this.final !== null && this.final !== final)) {
      throw violation(`a stream's end at ${final} after ${this.credit.received} bytes`);
    }
    if (final > this.credit.limit) throw new WherryError("FLOW_VIOLATION", "a stream's end beyond its limit");
    this.final = final;
  }

  /** Count the direction as received up to `final`, whatever has come of it. */
  settle(final: number): void {
    this.credit.arrive(final);
    this.drop();
  }

  /** Nobody reads here any more. */
  drop(): void {
    this.#chunks = [];
    this.credit.discard();
  }
}

function violation(detail: string): WherryError {
  return new WherryError("PROTOCOL_VIOLATION", detail);
}

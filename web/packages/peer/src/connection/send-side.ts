/**
 * The direction of a stream away from us. Sent bytes are kept until the peer says that it has received them: on a new
 * link the stream goes on from there.
 *
 *     READY ──finish──▶ FINISHING ──acked──▶ FINISHED
 *       └───stopped──────▲     (the rest of the buffer is thrown away, FIN says "cut")        any ──reset──▶ RESET
 */

import { type Bytes, concat } from "../bytes.ts";
import { WherryError } from "../errors.ts";
import type { SendCredit } from "./credit.ts";
import { MAX_OFFSET, MAX_PAYLOAD_BYTES } from "./frames.ts";
import { RESERVE_BYTES } from "./limits.ts";

export type SendState = "ready" | "finishing" | "finished" | "reset";
export type SendEvent = "finish" | "stopped" | "acked" | "reset";

/** What is not in the table does not change the state. */
export const SEND_TABLE: Readonly<Record<SendState, Readonly<Partial<Record<SendEvent, SendState>>>>> = {
  ready: { finish: "finishing", stopped: "finishing", reset: "reset" },
  finishing: { acked: "finished", reset: "reset" },
  finished: { reset: "reset" },
  reset: {},
};

export class SendSide {
  state: SendState = "ready";
  /** Bytes that the application has written. */
  written = 0;
  /** Where the next frame begins; falls back to what the peer has when the link changes. */
  sent = 0;
  /** The most that was ever sent. */
  highest = 0;
  /** What the peer said it has received. */
  acked = 0;
  /** What the peer allows. */
  limit = RESERVE_BYTES;
  cut = false;
  finSent = false;
  readonly #credit: SendCredit;
  /** What was written and not acknowledged; the first block begins at `#base`. */
  #blocks: Bytes[] = [];
  #base = 0;
  /** The block that `sent` lies in or before, so that a frame is found without a search. */
  #cursor = { index: 0, offset: 0 };

  constructor(credit: SendCredit) {
    this.#credit = credit;
  }

  get unsent(): number {
    return this.written - this.sent;
  }

  /** Where the direction ends, once everything up to there was sent. */
  get final(): number | null {
    return this.state !== "ready" && this.highest === this.written ? this.written : null;
  }

  /** Whether bytes wait to be sent, with credit or without. */
  get hasMore(): boolean {
    return this.sent < this.written && (this.state === "ready" || this.state === "finishing");
  }

  /** Whether FIN is to be sent next. */
  get wantsFin(): boolean {
    return this.state === "finishing" && !this.finSent && this.sent === this.written;
  }

  move(event: SendEvent): void {
    this.state = SEND_TABLE[this.state][event] ?? this.state;
  }

  write(data: Uint8Array): void {
    if (this.written + data.length > MAX_OFFSET) throw new WherryError("STREAM_CLOSED", "a stream carries 2^53 bytes");
    if (data.length === 0) return;
    this.#blocks.push(new Uint8Array(data)); // a copy: the caller may use its buffer again
    this.written += data.length;
  }

  /** Bytes of the next DATA frame, 0 if there is nothing to send or no credit. */
  nextSize(): number {
    const allowed = Math.min(this.written, this.limit);
    const end = Math.min(allowed, this.sent + MAX_PAYLOAD_BYTES);
    const credited = end > this.highest ? Math.min(end, this.highest + this.#credit.available) : end;
    return Math.max(0, credited - this.sent);
  }

  /** The payload of the next DATA frame, with `size` bytes from `nextSize`. */
  take(size: number): Bytes {
    const parts: Bytes[] = [];
    let [need, { index, offset }] = [size, this.#cursor];
    while (need > 0) {
      const block = this.#blocks[index];
      if (block === undefined) throw new RangeError("more was taken than was written");
      const part = block.subarray(offset, offset + need);
      parts.push(part);
      need -= part.length;
      offset += part.length;
      if (offset === block.length) [index, offset] = [index + 1, 0];
    }
    this.#cursor = { index, offset };
    this.sent += size;
    this.#count();
    const [only] = parts;
    return parts.length === 1 && only !== undefined ? only : concat(...parts);
  }

  /** The peer has everything below `received`: it need not be kept. */
  ack(received: number): void {
    this.acked = received;
    let gone = 0;
    for (let first = this.#blocks[0]; first !== undefined && this.#base + first.length <= received; ) {
      this.#base += first.length;
      gone += 1;
      first = this.#blocks[gone];
    }
    if (gone === 0) return;
    this.#blocks.splice(0, gone);
    this.#cursor = { ...this.#cursor, index: this.#cursor.index - gone };
  }

  /** Everything went out and came in, even what a new link was about to send again. */
  ackAll(): void {
    this.sent = this.written;
    this.acked = this.written;
    this.#forget();
  }

  /** Go on from `received` on a new link. */
  rewind(received: number): void {
    this.#cursor = { index: 0, offset: 0 };
    this.ack(received);
    let [index, offset] = [0, received - this.#base];
    for (let block = this.#blocks[0]; block !== undefined && offset >= block.length; block = this.#blocks[index]) {
      offset -= block.length;
      index += 1;
    }
    this.#cursor = { index, offset };
    this.sent = received;
    if (this.state === "finishing") this.finSent = false;
  }

  /** Forget the bytes: nobody wants them. */
  drop(): void {
    this.sent = this.written = this.highest;
    this.#forget();
  }

  /** The peer stopped us: the direction ends with what was sent. */
  cutOff(): void {
    this.drop();
    this.cut = true;
  }

  #forget(): void {
    this.#blocks = [];
    this.#base = this.written;
    this.#cursor = { index: 0, offset: 0 };
  }

  #count(): void {
    if (this.sent <= this.highest) return;
    this.#credit.used += this.sent - this.highest;
    this.highest = this.sent;
  }
}

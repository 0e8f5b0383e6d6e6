/**
 * Credit: how much a peer may send, per stream and per connection. All limits are absolute offsets, so that a lost
 * update cannot deadlock and a repeated one cannot over-grant (as QUIC's, RFC 9000 section 4). The first 64 KiB that a
 * stream holds unread are its reserve, outside the connection's credit:
 *
 *     connection's limit  =  consumed, all streams  +  16 MiB  +  Σ min(unread, reserve)
 *
 * What windows have grown beyond their reserves may sum up to ¾ of the 16 MiB, so that readers who sleep cannot block
 * one who reads.
 */

import { WherryError } from "../errors.ts";
import {
  CONNECTION_LIMIT_STEP_BYTES,
  CONNECTION_WINDOW_BYTES,
  GROWN_WINDOWS_BYTES,
  MAX_STREAM_WINDOW_BYTES,
  RESERVE_BYTES,
} from "./limits.ts";

/** What the peer may send on all streams together. */
export class ConnectionCredit {
  /** Sums over the streams: received and consumed offsets, min(unread, reserve), windows beyond their reserves. */
  received = 0;
  consumed = 0;
  outside = 0;
  grown = 0;
  /** The limit that the peer was told last. */
  told = CONNECTION_WINDOW_BYTES;

  /** The limit as it stands; it never falls. */
  get limit(): number {
    return this.consumed + CONNECTION_WINDOW_BYTES + this.outside;
  }

  /** The limit to tell the peer now, or null if it has not risen enough to be worth a frame. */
  update(): number | null {
    if (this.limit - this.told < CONNECTION_LIMIT_STEP_BYTES) return null;
    this.told = this.limit;
    return this.told;
  }

  /** The limit to tell the peer on a new link. */
  tell(): number {
    this.told = Math.max(this.told, this.limit);
    return this.told;
  }
}

/** What the peer may send on one stream. */
export class StreamCredit {
  received = 0;
  consumed = 0;
  limit = RESERVE_BYTES;
  #window = RESERVE_BYTES;
  readonly #pool: ConnectionCredit;

  constructor(pool: ConnectionCredit) {
    this.#pool = pool;
  }

  /** Bytes received and not consumed. */
  get unread(): number {
    return this.received - this.consumed;
  }

  get #grown(): number {
    return Math.max(0, this.limit - this.consumed - RESERVE_BYTES);
  }

  /**
   * The stream's bytes up to `end` have arrived.
   * @throws WherryError FLOW_VIOLATION if there was no credit for them.
   */
  arrive(end: number): void {
    if (end <= this.received) return;
    if (end > this.limit) throw new WherryError("FLOW_VIOLATION", `${end - this.limit} bytes beyond a stream's limit`);
    this.#set(end, this.consumed, this.limit);
    const beyond = this.#pool.received - this.#pool.told;
    if (beyond > 0) throw new WherryError("FLOW_VIOLATION", `${beyond} bytes beyond the connection's limit`);
  }

  /** The reader has taken `size` bytes. */
  consume(size: number): void {
    this.#set(this.received, this.consumed + size, this.limit);
  }

  /** Nobody will read this stream any more: what has come is as good as read. */
  discard(): void {
    this.#set(this.received, this.received, this.limit);
  }

  /** Nothing more comes: the rest of the window is free for others. */
  seal(): void {
    this.#set(this.received, this.consumed, this.received);
  }

  /** The limit to tell the peer now, if half a window has been consumed since; the window grows by use. */
  update(): number | null {
    const room = GROWN_WINDOWS_BYTES - (this.#pool.grown - this.#grown);
    const window = Math.min(this.#window, RESERVE_BYTES + Math.max(0, room));
    const limit = this.consumed + window;
    if (limit - this.limit < Math.floor(window / 2)) return null;
    this.#set(this.received, this.consumed, limit);
    this.#window = Math.min(2 * this.#window, MAX_STREAM_WINDOW_BYTES);
    return limit;
  }

  /** Change the three numbers, and what the connection sums up of them. */
  #set(received: number, consumed: number, limit: number): void {
    const pool = this.#pool;
    pool.outside -= Math.min(this.unread, RESERVE_BYTES);
    pool.grown -= this.#grown;
    pool.received += received - this.received;
    pool.consumed += consumed - this.consumed;
    [this.received, this.consumed, this.limit] = [received, consumed, limit];
    pool.outside += Math.min(this.unread, RESERVE_BYTES);
    pool.grown += this.#grown;
  }
}

/** What we may send on all streams together: the same numbers, seen from the other side. */
export class SendCredit {
  /** What the peer said; at first, what every connection begins with. */
  limit = CONNECTION_WINDOW_BYTES;
  /** Sum of the highest offsets sent on each stream. */
  used = 0;

  /** Bytes that may be sent now, beyond what was sent before. */
  get available(): number {
    return this.limit - this.used;
  }

  /** The peer told `limit`; an older, lower one changes nothing. */
  raiseTo(limit: number): void {
    this.limit = Math.max(this.limit, limit);
  }
}

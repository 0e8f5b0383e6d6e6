/** What an application holds of a stream, or of a flow of datagrams. */

import { type Bytes, concat } from "../bytes.ts";
import { WherryError } from "../errors.ts";
import type { PeerDatagrams, PeerStream } from "../types.ts";
import { DONE, RESERVED, codeOf } from "./codes.ts";
import { DATAGRAM_QUEUE, MAX_DATAGRAM_BYTES, SEND_BUFFER_BYTES } from "./limits.ts";
import type { StreamMachine } from "./stream-machine.ts";

/** What a stream needs of its connection. */
export interface Around {
  readonly peer: string;
  /** Carry out what the core has to say. */
  pump(): void;
  /** A reader took `size` bytes; false if the peer has sent more than its rule allows. */
  consumed(name: string, size: number): boolean;
  sendDatagram(stream: number, sequence: number, data: Uint8Array): boolean;
}

const READ_BYTES = 64 * 1024;

/** Those who wait for something to change. */
class Waiters {
  #resolvers: (() => void)[] = [];

  wait(): Promise<void> {
    return new Promise((resolve) => this.#resolvers.push(resolve));
  }

  wake(): void {
    const waking = this.#resolvers;
    this.#resolvers = [];
    for (const resolve of waking) resolve();
  }
}

/** What a stream and a flow of datagrams have in common: whose they are, who waits for them, how they end. */
abstract class Side {
  protected readonly around: Around;
  protected readonly machine: StreamMachine;
  protected readonly waiters = new Waiters();
  /** Bytes read and written by the application. */
  bytesIn = 0;
  bytesOut = 0;

  constructor(around: Around, machine: StreamMachine) {
    this.around = around;
    this.machine = machine;
  }

  get name(): string {
    return this.machine.name ?? "";
  }

  get peer(): string {
    return this.around.peer;
  }

  /** Its number on this connection. */
  get number(): number {
    return this.machine.number;
  }

  /** End both directions now: whoever reads and writes here hears `error`, and the peer is told its code. */
  fail(error: WherryError): void {
    this.end(codeOf(error), error);
  }

  /** Resolves when both directions are over, with the error that ended them before their time, if one did. */
  async ended(): Promise<WherryError | null> {
    while (this.machine.error === null && !this.machine.over) await this.waiters.wait();
    return this.machine.error;
  }

  /** Something changed: whoever waits looks again. */
  wake(): void {
    this.waiters.wake();
  }

  protected end(code: number, error: WherryError): void {
    this.machine.reset(code, error);
    this.around.pump();
  }
}

export class Stream extends Side implements PeerStream {
  async write(data: Uint8Array): Promise<void> {
    this.machine.checkWritable();
    for (let at = 0; at < data.length; ) {
      const room = SEND_BUFFER_BYTES - this.machine.send.unsent;
      if (room > 0) {
        const part = data.subarray(at, at + room);
        this.machine.write(part);
        this.bytesOut += part.length;
        at += part.length;
        this.around.pump();
      } else {
        await this.waiters.wait();
        this.machine.checkWritable();
      }
    }
    while (this.machine.send.unsent >= SEND_BUFFER_BYTES) {
      await this.waiters.wait();
      this.machine.checkWritable();
    }
  }

  /** The next bytes, at most `size`; null at the end. */
  async read(size = READ_BYTES): Promise<Bytes | null> {
    const { machine } = this;
    for (;;) {
      const data = machine.read(size);
      if (data.length > 0) {
        this.bytesIn += data.length;
        if (!this.around.consumed(this.name, data.length)) {
          this.fail(new WherryError("LIMIT_EXCEEDED", "more bytes a minute than the rule allows"));
        }
        this.around.pump();
        return data;
      }
      if (machine.error !== null) throw machine.error;
      if (machine.stopCode !== null || machine.receive.state === "stopped") {
        throw new WherryError("STREAM_CLOSED", "stop was called");
      }
      if (machine.receive.atEnd) return null;
      await this.waiters.wait();
    }
  }

  /** The next `size` bytes, no fewer; null where the stream ends before. */
  async readExactly(size: number): Promise<Bytes | null> {
    const parts: Bytes[] = [];
    for (let left = size; left > 0; ) {
      const part = await this.read(left);
      if (part === null) return null;
      parts.push(part);
      left -= part.length;
    }
    return concat(...parts);
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Bytes, void, void> {
    for (let data = await this.read(); data !== null; data = await this.read()) yield data;
  }

  async finish(): Promise<void> {
    if (this.machine.error !== null) throw this.machine.error;
    this.machine.finish();
    this.around.pump();
    while (this.machine.send.state !== "finished") {
      if (this.machine.error !== null) throw this.machine.error;
      await this.waiters.wait();
    }
    if (this.machine.sendError !== null) throw this.machine.sendError;
  }

  reset(code = 0): void {
    this.end(applicationCode(code), new WherryError("STREAM_CLOSED", "reset was called"));
  }

  stop(code = 0): void {
    this.machine.stop(applicationCode(code));
    this.around.pump();
  }

  /** End what a handler has left: finished where all went well. */
  async leave(): Promise<void> {
    if (this.machine.error !== null) return;
    if (!this.machine.receive.atEnd) this.stop();
    try {
      await this.finish();
    } catch (error) {
      if (!WherryError.is(error)) throw error; // the stream has ended otherwise, which its other side knows
    }
  }
}

export class Datagrams extends Side implements PeerDatagrams {
  readonly maxBytes = MAX_DATAGRAM_BYTES;
  #queue: Bytes[] = [];
  #sequence = 0;
  dropped = 0;

  send(data: Uint8Array): boolean {
    if (data.length > this.maxBytes) {
      throw new WherryError("LIMIT_EXCEEDED", `${data.length} bytes in a datagram, ${this.maxBytes} at most`);
    }
    if (this.machine.error !== null) throw this.machine.error;
    const gone = this.around.sendDatagram(this.machine.number, this.#sequence, data);
    this.#sequence += 1;
    if (gone) this.bytesOut += data.length;
    else this.dropped += 1;
    return gone;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Bytes, void, void> {
    for (;;) {
      const next = this.#queue.shift();
      if (next !== undefined) {
        yield next;
      } else if (this.machine.error === null) {
        await this.waiters.wait();
      } else if (this.machine.resetCode === DONE) {
        return;
      } else {
        throw this.machine.error;
      }
    }
  }

  /** A datagram came. */
  put(data: Bytes): void {
    if (this.#queue.length === DATAGRAM_QUEUE) {
      this.#queue.shift();
      this.dropped += 1;
    }
    this.#queue.push(data);
    this.bytesIn += data.length;
    this.wake();
  }

  close(): void {
    this.end(DONE, new WherryError("STREAM_CLOSED", "the flow was closed"));
  }

  /** End what a handler has left. */
  async leave(): Promise<void> {
    this.close();
  }
}

function applicationCode(code: number): number {
  if (!Number.isInteger(code) || code < 0 || code >= RESERVED) throw new RangeError("a code is a number below 2^31");
  return code;
}

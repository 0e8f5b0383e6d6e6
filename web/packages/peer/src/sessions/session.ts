/** One session: its streams, and their common end. */

import type { PeerSession, StreamSpec } from "../asking.ts";
import { DONE } from "../connection/codes.ts";
import { type Datagrams, Stream } from "../connection/stream.ts";
import { WherryError } from "../errors.ts";
import { Once, within } from "../tasks.ts";
import { CLOSE_MS } from "./limits.ts";

export type Flow = Stream | Datagrams;

export interface SessionParts {
  readonly peer: string;
  readonly name: string;
  readonly data: Uint8Array;
  readonly flows: ReadonlyMap<string, Flow>;
  /** The stream that speaks for all. */
  readonly control: Stream;
}

export class Session implements PeerSession {
  readonly peer: string;
  readonly name: string;
  readonly data: Uint8Array;
  error: WherryError | null = null;
  readonly #flows: ReadonlyMap<string, Flow>;
  readonly #control: Stream;
  readonly #over = new Once<WherryError | null>();
  readonly #left = new Once<void>();
  #closed: Promise<void> | null = null;

  constructor({ peer, name, data, flows, control }: SessionParts) {
    this.peer = peer;
    this.name = name;
    this.data = data;
    this.#flows = flows;
    this.#control = control;
  }

  get streams(): readonly Required<StreamSpec>[] {
    return Array.from(this.#flows, ([name, flow]) => ({ name, datagrams: !(flow instanceof Stream) }));
  }

  stream(name: string): Stream {
    const flow = this.#flows.get(name);
    if (flow instanceof Stream) return flow;
    throw new RangeError(flow === undefined ? `no stream ${name}` : `${name} is a flow of datagrams`);
  }

  datagrams(name: string): Datagrams {
    const flow = this.#flows.get(name);
    if (flow !== undefined && !(flow instanceof Stream)) return flow;
    throw new RangeError(flow === undefined ? `no flow ${name}` : `${name} is a reliable stream`);
  }

  get over(): boolean {
    return this.#over.done;
  }

  get ended(): Promise<WherryError | null> {
    return this.#over.promise;
  }

  async close(): Promise<void> {
    if (this.error === null) this.#closed ??= this.#close();
    await this.#closed;
  }

  fail(error = new WherryError("CLOSED", "the session")): void {
    if (this.error !== null) return;
    this.error = error;
    for (const flow of this.#all) flow.fail(error);
    this.#over.resolve(error);
    this.#left.resolve();
  }

  /** Resolves when it was closed or failed at this end: until then what came can be read. */
  get left(): Promise<void> {
    return this.#left.promise;
  }

  /** See to it that the end of one is the end of all; resolves when every stream has ended. */
  async watch(): Promise<void> {
    const flows = Array.from(this.#flows.values(), async (flow) => this.#watch(flow));
    await Promise.all([...flows, this.#watchControl()]);
  }

  get #all(): readonly Flow[] {
    return [...this.#flows.values(), this.#control];
  }

  async #close(): Promise<void> {
    try {
      await within(CLOSE_MS, this.#leave(), "CONNECTION_LOST", "the peer does not take the end of the session");
    } catch (error) {
      this.fail(WherryError.from(error));
    }
    this.#over.resolve(this.error);
    this.#left.resolve();
  }

  /** What was written arrives, nothing more is read; the stream that speaks for all is the last. */
  async #leave(): Promise<void> {
    await Promise.all(Array.from(this.#flows.values(), async (flow) => flow.leave()));
    await this.#control.leave();
  }

  async #watch(flow: Flow): Promise<void> {
    const error = await flow.ended();
    if (error !== null && error.code !== "STREAM_CLOSED" && !isInOrder(error)) this.fail(error);
  }

  async #watchControl(): Promise<void> {
    let said: Uint8Array | null;
    try {
      said = await this.#control.read();
    } catch (error) {
      if (this.#closed === null) this.fail(WherryError.from(error));
      return;
    }
    if (said !== null) {
      this.fail(new WherryError("PROTOCOL_VIOLATION", "something was said after a session's start", { peer: this.peer }));
      return;
    }
    // The peer has ended it in good order. What it sent can still be read; there is nobody to write to.
    this.#over.resolve(this.error);
    await Promise.all(this.#all.map(finished));
  }
}

async function finished(flow: Flow): Promise<void> {
  try {
    if (flow instanceof Stream) await flow.finish();
    else flow.close();
  } catch (error) {
    if (!WherryError.is(error)) throw error; // it has ended otherwise
  }
}

/** Whether a stream was reset as a flow of datagrams is closed. */
function isInOrder(error: WherryError): boolean {
  return error.code === "STREAM_RESET" && error.reason === DONE;
}

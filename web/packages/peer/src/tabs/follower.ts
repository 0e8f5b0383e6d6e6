/** A following tab's side: asks the leading tab to do what the page wants, and shows what that tab knows. */

import { WherryError } from "../errors.ts";
import { TRACES } from "../limits.ts";
import { Once, sleep } from "../tasks.ts";
import type {
  ConnectionState,
  PeerDatagrams,
  PeerEvent,
  PeerState,
  PeerStream,
  PingReply,
  Trace,
} from "../types.ts";
import type { Arguments, Channel, Method, Result, TabMessage } from "./channel.ts";

/** Milliseconds between tries to hear from a leading tab that is only starting. */
const SNAPSHOT_MS = 200;

export class Follower {
  state: PeerState | null = null;
  #traces: readonly Trace[] = [];
  readonly #channel: Channel;
  readonly #onEvent: (event: PeerEvent) => void;
  readonly #pending = new Map<number, Once<unknown>>();
  #id = 0;
  #closed = false;

  constructor(channel: Channel, onEvent: (event: PeerEvent) => void) {
    this.#channel = channel;
    this.#onEvent = onEvent;
    channel.listen((message) => this.#receive(message));
  }

  /** Resolves when the leading tab has told its state. */
  async start(): Promise<void> {
    while (this.state === null && !this.#closed) {
      const snapshot = this.call("snapshot");
      snapshot.catch(() => undefined); // asked again
      const told = await Promise.race([snapshot, sleep(SNAPSHOT_MS)]);
      if (told === undefined) continue;
      this.#traces = told.traces;
      this.#receive({ type: "event", event: { type: "state", state: told.state } });
    }
  }

  /** The leading tab is no more, or this one leads now: whoever waits hears it. */
  close(): void {
    this.#closed = true;
    const error = new WherryError("CLOSED", "another tab leads now", { hint: "Try again." });
    for (const waiting of this.#pending.values()) waiting.reject(error);
    this.#pending.clear();
  }

  async call<M extends Method>(method: M, ...args: Arguments<M>): Promise<Result<M>> {
    if (this.#closed) throw new WherryError("CLOSED", "another tab leads now", { hint: "Try again." });
    const id = ++this.#id;
    const answer = new Once<unknown>();
    this.#pending.set(id, answer);
    this.#channel.post({ type: "call", from: this.#channel.id, id, method, args });
    try {
      return (await answer.promise) as Result<M>; // the same program answers
    } finally {
      this.#pending.delete(id);
    }
  }

  connect(who: string): Promise<ConnectionState> {
    return this.call("connect", who);
  }

  ping(who: string): Promise<PingReply> {
    return this.call("ping", who);
  }

  async openStream(who: string, name: string): Promise<PeerStream> {
    const { number, peer } = await this.call("openStream", who, name);
    return new FollowedStream(this, number, { name, peer });
  }

  async openDatagrams(who: string, name: string): Promise<PeerDatagrams> {
    const { number, peer, maxBytes } = await this.call("openDatagrams", who, name);
    return new FollowedDatagrams(this, number, { name, peer, maxBytes });
  }

  traces(peer?: string): readonly Trace[] {
    return this.#traces.filter((trace) => peer === undefined || trace.peer === peer);
  }

  #receive(message: TabMessage): void {
    if (this.#closed) return;
    if (message.type === "event") this.#happened(message.event);
    if ((message.type !== "result" && message.type !== "error") || message.to !== this.#channel.id) return;
    const waiting = this.#pending.get(message.id);
    if (message.type === "result") waiting?.resolve(message.value);
    else waiting?.reject(WherryError.ofInfo(message.error));
  }

  #happened(event: PeerEvent): void {
    if (event.type === "state") this.state = event.state;
    if (event.type === "trace") {
      const { trace } = event;
      const others = this.#traces.filter((one) => one.peer !== trace.peer || one.started !== trace.started);
      this.#traces = [trace, ...others].slice(0, TRACES);
    }
    this.#onEvent(event);
  }
}

/** A stream that the leading tab holds. */
class FollowedStream implements PeerStream {
  readonly name: string;
  readonly peer: string;
  readonly #follower: Follower;
  readonly #number: number;

  constructor(follower: Follower, number: number, { name, peer }: { readonly name: string; readonly peer: string }) {
    this.#follower = follower;
    this.#number = number;
    this.name = name;
    this.peer = peer;
  }

  async write(data: Uint8Array): Promise<void> {
    await this.#follower.call("write", this.#number, data);
  }

  read(): Promise<Uint8Array | null> {
    return this.#follower.call("read", this.#number);
  }

  async finish(): Promise<void> {
    await this.#follower.call("finish", this.#number);
  }

  reset(code = 0): void {
    void this.#follower.call("reset", this.#number, code).catch(() => undefined); // it is over either way
  }

  stop(code = 0): void {
    void this.#follower.call("stop", this.#number, code).catch(() => undefined); // it is over either way
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void, void> {
    for (let data = await this.read(); data !== null; data = await this.read()) yield data;
  }
}

/** A flow of datagrams that the leading tab holds. */
class FollowedDatagrams implements PeerDatagrams {
  readonly name: string;
  readonly peer: string;
  readonly maxBytes: number;
  dropped = 0;
  readonly #follower: Follower;
  readonly #number: number;

  constructor(
    follower: Follower,
    number: number,
    about: { readonly name: string; readonly peer: string; readonly maxBytes: number },
  ) {
    this.#follower = follower;
    this.#number = number;
    this.name = about.name;
    this.peer = about.peer;
    this.maxBytes = about.maxBytes;
  }

  send(data: Uint8Array): boolean {
    if (data.length > this.maxBytes) throw new WherryError("LIMIT_EXCEEDED", `${this.maxBytes} bytes at most`);
    void this.#send(data);
    return true;
  }

  async #send(data: Uint8Array): Promise<void> {
    const gone = await this.#follower.call("send", this.#number, data).catch(() => false); // dropped, as datagrams are
    if (!gone) this.dropped += 1;
  }

  close(): void {
    void this.#follower.call("close", this.#number).catch(() => undefined); // it is over either way
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void, void> {
    const receive = async (): Promise<Uint8Array | null> => this.#follower.call("receive", this.#number);
    for (let data = await receive(); data !== null; data = await receive()) yield data;
  }
}

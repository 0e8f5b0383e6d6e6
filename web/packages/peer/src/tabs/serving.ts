/** The leading tab's side: does what following tabs ask for, and tells them what happens. */

import { WherryError } from "../errors.ts";
import type { Peer, PeerDatagrams, PeerEvent, PeerStream } from "../types.ts";
import type { Arguments, Channel, Method, Result, TabMessage } from "./channel.ts";
import { type Rooms, invoke } from "./features.ts";

/** Streams that one following tab may hold. */
const STREAMS_PER_TAB = 256;

type Served = { readonly [M in Method]: (tab: string, ...args: Arguments<M>) => Promise<Result<M>> };
type Open =
  | { readonly stream: PeerStream }
  | { readonly flow: PeerDatagrams; readonly next: AsyncIterator<Uint8Array> };

export class Serving {
  readonly #channel: Channel;
  readonly #peer: Peer;
  /** By tab, then by number. */
  readonly #open = new Map<string, Map<number, Open>>();
  #number = 0;
  readonly #calls: Served;
  readonly #leads: () => boolean;

  /** @param leads - whether this tab still does: another may have taken over while it slept */
  constructor(channel: Channel, peer: Peer & Rooms, leads: () => boolean = () => true) {
    this.#channel = channel;
    this.#peer = peer;
    this.#leads = leads;
    this.#calls = {
      snapshot: async () => ({ state: { ...peer.state, tab: "follower" as const }, traces: peer.traces() }),
      connect: async (_tab, who) => peer.connect(who),
      disconnect: async (_tab, id) => nothing(peer.disconnect(id)),
      ping: async (_tab, who) => peer.ping(who),
      setName: async (_tab, name) => nothing(peer.setName(name)),
      exportKey: async () => peer.exportKey(),
      importKey: async (_tab, text) => nothing(peer.importKey(text)),
      exportProfile: async (_tab, passphrase) => peer.exportProfile(passphrase),
      importProfile: async (_tab, file, passphrase) => nothing(peer.importProfile(file, passphrase)),
      openStream: async (tab, who, name) => this.#openStream(tab, who, name),
      write: async (tab, number, data) => nothing(this.#stream(tab, number).write(data)),
      read: async (tab, number) => this.#stream(tab, number).read(),
      finish: async (tab, number) => nothing(this.#stream(tab, number).finish()),
      reset: async (tab, number, code) => nothing(this.#stream(tab, number).reset(code)),
      stop: async (tab, number, code) => nothing(this.#stream(tab, number).stop(code)),
      openDatagrams: async (tab, who, name) => this.#openDatagrams(tab, who, name),
      send: async (tab, number, data) => this.#flow(tab, number).flow.send(data),
      receive: async (tab, number) => {
        const { done, value } = await this.#flow(tab, number).next.next();
        return done === true ? null : value;
      },
      close: async (tab, number) => nothing(this.#close(tab, number)),
      feature: async (_tab, room, name, args) => invoke(peer, room, name, args),
    };
    channel.listen((message) => this.#receive(message));
  }

  /** Tell the following tabs. */
  tell(event: PeerEvent): void {
    const told: PeerEvent = event.type === "state" ? { ...event, state: { ...event.state, tab: "follower" } } : event;
    this.#channel.post({ type: "event", event: told });
  }

  #receive(message: TabMessage): void {
    if (message.type === "call" && this.#leads()) void this.#answer(message.from, message.id, message.method, message.args);
    if (message.type === "bye") this.#leave(message.from);
  }

  async #answer(to: string, id: number, method: Method, args: readonly unknown[]): Promise<void> {
    try {
      const call = this.#calls[method] as (tab: string, ...args: readonly unknown[]) => Promise<unknown>;
      this.#channel.post({ type: "result", to, id, value: await call(to, ...args) });
    } catch (error) {
      this.#channel.post({ type: "error", to, id, error: WherryError.from(error).info });
    }
  }

  async #openStream(tab: string, who: string, name: string): Promise<Result<"openStream">> {
    const stream = await this.#peer.openStream(who, name);
    return { number: this.#add(tab, { stream }), peer: stream.peer };
  }

  async #openDatagrams(tab: string, who: string, name: string): Promise<Result<"openDatagrams">> {
    const flow = await this.#peer.openDatagrams(who, name);
    const next = flow[Symbol.asyncIterator]();
    return { number: this.#add(tab, { flow, next }), peer: flow.peer, maxBytes: flow.maxBytes };
  }

  #add(tab: string, open: Open): number {
    const streams = this.#open.get(tab) ?? new Map<number, Open>();
    this.#open.set(tab, streams);
    const number = ++this.#number;
    streams.set(number, open);
    const [oldest] = streams.keys();
    if (streams.size > STREAMS_PER_TAB && oldest !== undefined) this.#close(tab, oldest);
    return number;
  }

  #stream(tab: string, number: number): PeerStream {
    const open = this.#open.get(tab)?.get(number);
    if (open === undefined || !("stream" in open)) throw gone();
    return open.stream;
  }

  #flow(tab: string, number: number): Extract<Open, { readonly flow: PeerDatagrams }> {
    const open = this.#open.get(tab)?.get(number);
    if (open === undefined || !("flow" in open)) throw gone();
    return open;
  }

  #close(tab: string, number: number): void {
    const open = this.#open.get(tab)?.get(number);
    this.#open.get(tab)?.delete(number);
    if (open === undefined) return;
    if ("flow" in open) open.flow.close();
    else open.stream.reset();
  }

  /** A tab was closed: nobody reads its streams any more. */
  #leave(tab: string): void {
    for (const number of this.#open.get(tab)?.keys() ?? []) this.#close(tab, number);
    this.#open.delete(tab);
  }
}

function gone(): WherryError {
  return new WherryError("STREAM_CLOSED", "the leading tab has changed");
}

async function nothing(work: Promise<unknown> | void): Promise<null> {
  await work;
  return null;
}

/** The connection of a pair, as the browser sees it: a thin shell around `ConnectionCore`. */

import type { Bytes } from "../bytes.ts";
import { WherryError } from "../errors.ts";
import type { StreamState } from "../types.ts";
import { DONE } from "./codes.ts";
import { ConnectionCore, type CoreEvent, type State } from "./core.ts";
import { encode, isName } from "./frames.ts";
import { LanePool } from "./lane-pool.ts";
import { CLOSE_FLUSH_MS, IN_FLIGHT_MS, SUSPECT_MS } from "./limits.ts";
import type { Greeting, LaneKind, Link, LinkStats } from "./link.ts";
import type { Policy } from "./policy.ts";
import { type Around, Datagrams, Stream } from "./stream.ts";
import type { StreamMachine } from "./stream-machine.ts";

/** Serves a stream that the peer opened; when it resolves the stream is finished, when it rejects it is reset. */
export type Handler = (stream: Stream) => Promise<void>;
export type DatagramHandler = (flow: Datagrams) => Promise<void>;

export interface Handlers {
  readonly streams: ReadonlyMap<string, Handler>;
  readonly datagrams: ReadonlyMap<string, DatagramHandler>;
}

export interface ConnectionOptions {
  readonly local: Bytes;
  readonly peer: Bytes;
  /** The peer's id in text. */
  readonly peerId: string;
  readonly instance: Bytes;
  readonly session: Bytes;
  readonly policy: Policy;
  readonly handlers: Handlers;
  readonly now: () => number;
  readonly onEvent: (event: CoreEvent) => void;
  /** A link that carried the connection does so no more. */
  readonly onLinkClosed: (greeting: Greeting) => void;
}

interface Attached {
  readonly link: Link;
  readonly pool: LanePool;
  readonly greeting: Greeting;
  readonly settle: (error: WherryError | null) => void;
  /** Whether it ever carried the connection. */
  greeted: boolean;
}

export class Connection implements Around {
  readonly #options: ConnectionOptions;
  readonly #core: ConnectionCore;
  readonly #attached = new Map<number, Attached>();
  /** Links that are no longer used, until what is under way on them has come or gone. */
  readonly #ending = new Map<Link, ReturnType<typeof setTimeout>>();
  #nextLink = 1;
  readonly #streams = new Map<StreamMachine, Stream | Datagrams>();
  #pongs = new Map<number, { resolve: (rttMs: number) => void; reject: (error: WherryError) => void }>();
  #timer: ReturnType<typeof setTimeout> | null = null;
  #timerAt = Number.POSITIVE_INFINITY;
  #pumping = false;
  #again = false;
  #lastBytes = 0;
  /** How many links have carried it. */
  links = 0;

  constructor(options: ConnectionOptions) {
    this.#options = options;
    this.#core = new ConnectionCore({
      local: options.local,
      peer: options.peer,
      instance: options.instance,
      session: options.session,
      now: options.now(),
      admit: (name, datagrams, now) => this.#admit(name, datagrams, now),
    });
    this.#arm();
  }

  get peer(): string {
    return this.#options.peerId;
  }

  get state(): State {
    return this.#core.state;
  }

  /** Why it is closed, once it is. */
  get error(): WherryError | null {
    return this.#core.error;
  }

  /** Smoothed round trip of heartbeats. */
  get rttMs(): number | null {
    return this.#core.liveness?.rttMs ?? null;
  }

  get streams(): StreamState[] {
    return Array.from(this.#streams, ([machine, { bytesIn, bytesOut }]) => ({
      id: machine.number,
      name: machine.name ?? "",
      datagrams: machine.datagrams,
      inbound: !machine.ours,
      bytesIn,
      bytesOut,
    }));
  }

  /** What is known of the active link's path; null without one. */
  async stats(): Promise<LinkStats | null> {
    return (await this.#active?.link.stats()) ?? null;
  }

  get #active(): Attached | undefined {
    return this.#core.active === null ? undefined : this.#attached.get(this.#core.active);
  }

  // -- links ----------------------------------------------------------------------------------------------------------

  /**
   * Greet over `link`, which is open, and make it the one that carries the connection. Resolves when the peer's HELLO
   * has come and echoed both ids of `greeting`; streams go on where the old link left them.
   * @throws WherryError PROTOCOL_VIOLATION, NEGOTIATION_FAILED or CONNECTION_LOST; `link` is closed then.
   */
  async attach(link: Link, greeting: Greeting): Promise<void> {
    if (this.#core.error !== null) {
      link.close();
      throw this.#core.error;
    }
    const number = this.#nextLink++;
    await new Promise<void>((resolve, reject) => {
      const settle = (error: WherryError | null): void => (error === null ? resolve() : reject(error));
      this.#core.linkOpened(number, greeting, this.#options.now());
      const pool = new LanePool(link, {
        received: (kind, data) => this.#received(number, kind, data),
        ready: () => this.pump(),
        broken: () => this.#linkClosed(number),
        isOpen: (stream) => this.#core.table.streams.has(stream),
      });
      this.#attached.set(number, { link, pool, greeting, settle, greeted: false });
      link.onDrained = () => this.pump();
      link.onClosed = () => this.#linkClosed(number);
      pool.takeOver();
      this.pump();
    });
  }

  #received(link: number, kind: LaneKind, data: Bytes): void {
    this.#core.receive(link, kind, data, this.#options.now());
    this.pump();
  }

  #linkClosed(link: number): void {
    this.#core.linkClosed(link, this.#options.now());
    this.pump();
  }

  // -- streams --------------------------------------------------------------------------------------------------------

  /**
   * Open a stream; it can be written to at once, also while there is no link.
   * @throws WherryError LIMIT_EXCEEDED if too many are open, or why the connection is closed.
   */
  openStream(name: string): Stream {
    const machine = this.#open(name, false);
    const stream = new Stream(this, machine);
    this.#streams.set(machine, stream);
    this.pump();
    return stream;
  }

  /** Open a flow of datagrams; as `openStream`. */
  openDatagrams(name: string): Datagrams {
    const machine = this.#open(name, true);
    const flow = new Datagrams(this, machine);
    this.#streams.set(machine, flow);
    this.#active?.pool.prepareDatagrams();
    this.pump();
    return flow;
  }

  #open(name: string, datagrams: boolean): StreamMachine {
    if (!isName(name)) throw new RangeError(`not a stream's name: ${name}`);
    return this.#core.open(name, { datagrams });
  }

  #admit(name: string, datagrams: boolean, now: number): number | null {
    const { handlers, policy } = this.#options;
    const served = (datagrams ? handlers.datagrams : handlers.streams).has(name);
    return policy.admit(this.peer, served ? name : "", now);
  }

  #serve(machine: StreamMachine): void {
    const { handlers } = this.#options;
    const name = machine.name ?? "";
    if (machine.datagrams) {
      const flow = new Datagrams(this, machine);
      this.#streams.set(machine, flow);
      this.#active?.pool.prepareDatagrams();
      void settled(handlers.datagrams.get(name)?.(flow)).then(() => flow.leave());
      return;
    }
    const stream = new Stream(this, machine);
    this.#streams.set(machine, stream);
    void settled(handlers.streams.get(name)?.(stream)).then((went) => (went ? stream.leave() : stream.reset()));
  }

  consumed(name: string, size: number): boolean {
    this.#core.table.consumed();
    return this.#options.policy.charge(this.peer, name, size, this.#options.now());
  }

  sendDatagram(stream: number, sequence: number, data: Uint8Array): boolean {
    const frame = encode({ kind: "datagram", stream, sequence, payload: new Uint8Array(data) });
    return this.#active?.pool.sendDatagram(frame) ?? false;
  }

  // -- the connection -------------------------------------------------------------------------------------------------

  /** Milliseconds that a heartbeat takes there and back; waits for a link if there is none. */
  async ping(): Promise<number> {
    if (this.#core.error !== null) throw this.#core.error;
    const answered = new Promise<number>((resolve, reject) => {
      this.#pongs.set(this.#core.ping(this.#options.now()), { resolve, reject });
    });
    this.pump();
    return answered;
  }

  /** Keep the connection although no stream is open; returns how to stop that. */
  pin(): () => void {
    this.#core.pin(1);
    let pinned = true;
    return () => {
      if (pinned) this.#core.pin(-1);
      pinned = false;
      this.pump();
    };
  }

  /** Tell the peer, end all streams, and leave nothing behind. */
  close(reason = "", error = new WherryError("CLOSED", reason)): void {
    this.#core.close(DONE, reason, error);
    this.pump();
  }

  /** Leave without a word: the peer keeps its streams for a while, in case we come back. */
  abandon(): void {
    for (const { link } of this.#attached.values()) {
      link.onClosed = () => undefined;
      link.close();
    }
    this.#closeEnding();
    if (this.#timer !== null) clearTimeout(this.#timer);
  }

  // -- the shell ------------------------------------------------------------------------------------------------------

  /** Carry what the core has to say to the links, and what it found out to whoever waits. */
  pump(): void {
    this.#again = true;
    if (this.#pumping) return;
    this.#pumping = true;
    try {
      while (this.#again) {
        this.#again = false;
        this.#send();
        for (let event = this.#core.nextEvent(); event !== null; event = this.#core.nextEvent()) {
          this.#dispatch(event);
          this.#again = true;
        }
        this.#wake();
      }
    } finally {
      this.#pumping = false;
    }
    this.#arm();
  }

  #send(): void {
    const now = this.#options.now();
    for (const { link, data } of this.#core.toSend(now)) {
      const attached = this.#attached.get(link)?.link;
      attached?.control.send(data);
      if (attached !== undefined) attached.sent(attached.control);
    }
    const active = this.#active;
    if (active === undefined) return;
    while (active.link.hasRoom()) {
      const next = this.#core.nextData((stream) => active.pool.isReady(stream), now);
      if (next === null) return;
      active.pool.send(next.stream, next.data);
    }
  }

  #wake(): void {
    const touched = [...this.#core.table.touched];
    this.#core.table.touched.clear();
    for (const machine of touched) {
      this.#streams.get(machine)?.wake();
      if (!machine.over) continue;
      this.#streams.delete(machine);
      this.#active?.pool.release(machine.number, this.#core.nextHeartbeat);
    }
  }

  /** Have the timer fire when the core wants it, or earlier: then it is set anew. */
  #arm(): void {
    const deadline = this.#core.nextDeadline();
    if (deadline === null) {
      if (this.#timer !== null) clearTimeout(this.#timer);
      this.#timer = null;
      return;
    }
    if (this.#timer !== null && deadline >= this.#timerAt) return;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timerAt = deadline;
    this.#timer = setTimeout(() => void this.#tick(), Math.max(0, deadline - this.#options.now()));
  }

  async #tick(): Promise<void> {
    this.#timer = null;
    await this.#listen();
    this.#core.tick(this.#options.now());
    this.pump();
  }

  /** Ask the engine whether it heard the peer, if only an acknowledgement: the page sees messages alone. */
  async #listen(): Promise<void> {
    const { active, liveness } = this.#core;
    const silent = liveness !== null && this.#options.now() - liveness.heardAt >= SUSPECT_MS / 2;
    if (!silent || active === null) return;
    const received = (await this.stats())?.bytesReceived ?? 0;
    if (received !== this.#lastBytes) this.#core.heard(active, this.#options.now());
    this.#lastBytes = received;
  }

  #dispatch(event: CoreEvent): void {
    switch (event.type) {
      case "active":
        this.#activated(event.link);
        break;
      case "replaced":
        this.#endLink(event.link, null, IN_FLIGHT_MS);
        return;
      case "dropped":
        this.#endLink(event.link, event.error ?? new WherryError("CONNECTION_LOST", "another link took its place"));
        return;
      case "pong":
        this.#active?.pool.answered(event.number);
        this.#pongs.get(event.number)?.resolve(event.rttMs);
        this.#pongs.delete(event.number);
        return;
      case "datagram": {
        const flow = this.#streams.get(event.stream);
        if (flow instanceof Datagrams) flow.put(event.data);
        return;
      }
      case "opened":
        this.#serve(event.stream);
        break;
      case "closed":
        this.#over(event.error);
        break;
      default:
    }
    this.#options.onEvent(event);
  }

  #activated(link: number): void {
    this.links += 1;
    this.#lastBytes = 0;
    const attached = this.#attached.get(link);
    if (attached !== undefined) {
      attached.greeted = true;
      attached.settle(null);
    }
    const waiting = this.#pongs;
    this.#pongs = new Map();
    for (const pong of waiting.values()) this.#pongs.set(this.#core.ping(this.#options.now()), pong);
    if ([...this.#streams.keys()].some((machine) => machine.datagrams)) attached?.pool.prepareDatagrams();
  }

  #over(error: WherryError): void {
    for (const pong of this.#pongs.values()) pong.reject(error);
    this.#pongs.clear();
    this.#closeEnding();
    for (const [number, { link }] of this.#attached) {
      const saysIt = number === this.#core.active && link.control.open;
      this.#endLink(number, error, saysIt ? CLOSE_FLUSH_MS : 0);
    }
  }

  #endLink(number: number, error: WherryError | null, afterMs = 0): void {
    const attached = this.#attached.get(number);
    if (attached === undefined) return;
    const { link, greeting, greeted, settle } = attached;
    this.#attached.delete(number);
    settle(error);
    link.onClosed = () => undefined;
    if (afterMs === 0) link.close();
    else this.#ending.set(link, setTimeout(() => this.#closeEnding([link]), afterMs));
    if (greeted) this.#options.onLinkClosed(greeting);
  }

  #closeEnding(links: Iterable<Link> = this.#ending.keys()): void {
    for (const link of links) {
      clearTimeout(this.#ending.get(link));
      this.#ending.delete(link);
      link.close();
    }
  }
}

/** Whether `work` went well. */
async function settled(work: Promise<void> | undefined): Promise<boolean> {
  try {
    await work;
    return true;
  } catch {
    return false; // the application's handler: its failure ends its stream, and nothing else
  }
}

/**
 * The connection of a pair, without I/O, clock or randomness.
 *
 * One active link carries it; a candidate beside it becomes active when the peer's HELLO on it echoes the ids of the
 * offer and the answer that led to it. Of the link that it replaced the datagrams in flight are still taken; any other
 * frame of another link is dropped.
 *
 *     CONNECTING ──active──▶ OPEN ◀──heard── SUSPECT
 *         │                  │ ▲ ───silence───▶ │
 *         │                lost active         lost
 *         │                  ▼ │                │
 *         │              INTERRUPTED ◀──────────┘
 *         └──────over──────▶ CLOSED ◀── over, from any
 *
 * What a link that died took with it is told again on the next: OPEN, where the peer is not known to have seen it, then
 * one RESUME per stream. Both sides keep a session number: a peer whose session is new knows no stream of ours, and
 * ours end before anything else is delivered, with PEER_RESTARTED if its process is new as well.
 */

import { type Bytes, compare, equal } from "../bytes.ts";
import { WherryError } from "../errors.ts";
import { DONE, codeFor } from "./codes.ts";
import { type Frame, type Hello, decode, encode } from "./frames.ts";
import { type Came, Greetings } from "./greetings.ts";
import { Heartbeats } from "./heartbeats.ts";
import { GRACE_MS, HEARTBEAT_MS, IDLE_MS, STALL_MS } from "./limits.ts";
import type { Greeting, LaneKind } from "./link.ts";
import { Liveness } from "./liveness.ts";
import type { StreamMachine } from "./stream-machine.ts";
import { type Admit, type StreamEvent, StreamTable } from "./stream-table.ts";

export type State = "connecting" | "open" | "suspect" | "interrupted" | "closed";
type Change = "active" | "silence" | "heard" | "lost" | "over";

export const TABLE: Readonly<Record<State, Readonly<Partial<Record<Change, State>>>>> = {
  connecting: { active: "open", over: "closed" },
  open: { active: "open", silence: "suspect", heard: "open", lost: "interrupted", over: "closed" },
  suspect: { active: "open", silence: "suspect", heard: "open", lost: "interrupted", over: "closed" },
  interrupted: { active: "open", over: "closed" },
  closed: {},
};

/** What the core tells its shell, oldest first. */
export type CoreEvent =
  | { readonly type: "active"; readonly link: number; readonly resumed: boolean }
  /** A newer link carries the connection: this one is to be closed once the datagrams in flight on it have come. */
  | { readonly type: "replaced"; readonly link: number }
  /** A link is no longer used and is to be closed; without an error another took its place, or the peer begins anew. */
  | { readonly type: "dropped"; readonly link: number; readonly error: WherryError | null }
  /** Bytes are in flight and nothing is heard: dial anew, beside the link there is. */
  | { readonly type: "suspect" }
  | { readonly type: "interrupted" }
  | StreamEvent
  | { readonly type: "pong"; readonly number: number; readonly rttMs: number }
  | { readonly type: "closed"; readonly error: WherryError };

export interface CoreOptions {
  /** Both public keys: the smaller one opens the odd streams. */
  readonly local: Bytes;
  readonly peer: Bytes;
  /** 8 random bytes per tab, and 8 per object. */
  readonly instance: Bytes;
  readonly session: Bytes;
  readonly admit: Admit;
  readonly now: number;
}

/** The lane that each kind of frame belongs to, where that is not control. */
const LANES: Readonly<Partial<Record<Frame["kind"], LaneKind>>> = {
  data: "stream",
  fin: "stream",
  datagram: "datagram",
};

export class ConnectionCore {
  state: State = "connecting";
  error: WherryError | null = null;
  active: number | null = null;
  liveness: Liveness | null = null;
  readonly table: StreamTable;
  #peerHello: Hello | null = null;
  readonly #greetings: Greetings;
  readonly #heartbeats: Heartbeats;
  /** The link before the active one, while datagrams may be in flight on it. */
  #replaced: number | null = null;
  #control: { readonly link: number; readonly data: Bytes }[] = [];
  readonly #events: CoreEvent[] = [];
  #graceUntil: number | null;
  #idleSince: number | null;
  #pins = 0;

  constructor(options: CoreOptions) {
    const { now } = options;
    this.#greetings = new Greetings(options);
    this.#heartbeats = new Heartbeats(now);
    this.table = new StreamTable({
      odd: compare(options.local, options.peer) < 0,
      admit: options.admit,
      emit: (frame) => this.#emit(frame),
      tell: (event) => this.#events.push(event),
      nextHeartbeat: () => this.nextHeartbeat,
    });
    this.#graceUntil = now + GRACE_MS;
    this.#idleSince = now;
  }

  // -- links ----------------------------------------------------------------------------------------------------------

  /** `link` is open: say HELLO on it and wait for the peer's. */
  linkOpened(link: number, greeting: Greeting, now: number): void {
    for (const other of this.#greetings.links) this.#drop(other, null);
    this.#control.push({ link, data: this.#greetings.begin(link, greeting, now) });
  }

  /** `link` is gone. */
  linkClosed(link: number, now: number): void {
    if (this.state === "closed") return;
    if (this.#greetings.drop(link)) {
      const error = new WherryError("CONNECTION_LOST", "the link closed before its HELLO");
      this.#events.push({ type: "dropped", link, error });
    } else if (link === this.active) {
      this.#lose(now);
    }
  }

  /** The engine heard the peer on `link`, if only an acknowledgement. */
  heard(link: number, at: number): void {
    if (link !== this.active || this.liveness === null || this.state === "closed") return;
    this.liveness.heard(at);
    if (this.state === "suspect" && this.liveness.waitingSince === null) this.#move("heard");
  }

  /** A message came on a lane of `link`. Whatever is wrong with it ends the link or the connection, as events. */
  receive(link: number, lane: LaneKind, data: Bytes, now: number): void {
    try {
      if (link === this.active) {
        this.heard(link, now);
        this.#receive(lane, data, now);
      } else if (this.#greetings.has(link)) {
        this.#receiveEarly(link, { lane, data }, now);
      } else if (link === this.#replaced && lane === "datagram") {
        this.#receive(lane, data, now);
      }
    } catch (error) {
      if (!WherryError.is(error, "PROTOCOL_VIOLATION", "FLOW_VIOLATION")) throw error;
      if (link === this.active) this.close(codeFor(error.code), error.detail, error);
      else this.#drop(link, error);
    }
  }

  #receiveEarly(link: number, came: Came, now: number): void {
    const greeted = this.#greetings.take(link, came);
    if (greeted === null) return;
    this.#activate(link, greeted.hello, now);
    for (const { lane, data } of greeted.early) this.#receive(lane, data, now);
  }

  #activate(link: number, hello: Hello, now: number): void {
    const [before, old] = [this.#peerHello, this.active];
    const resumed = before !== null && equal(hello.session, before.session);
    if (before !== null && !resumed) {
      const restarted = !equal(hello.instance, before.instance);
      this.table.abandon(new WherryError(restarted ? "PEER_RESTARTED" : "CONNECTION_LOST"));
    }
    this.#peerHello = hello;
    this.active = link;
    this.liveness = new Liveness(now);
    this.#heartbeats.forget();
    this.#graceUntil = null;
    this.#control = this.#control.filter((item) => item.link === link);
    this.#move("active");
    this.#events.push({ type: "active", link, resumed });
    this.#replaced = resumed ? old : null; // a peer that begins anew counts its streams anew, too
    if (old !== null) {
      this.#events.push(resumed ? { type: "replaced", link: old } : { type: "dropped", link: old, error: null });
    }
    this.table.tellAll(resumed);
  }

  #drop(link: number, error: WherryError | null): void {
    this.#greetings.drop(link);
    if (link === this.#replaced) this.#replaced = null;
    this.#control = this.#control.filter((item) => item.link !== link);
    this.#events.push({ type: "dropped", link, error });
  }

  #lose(now: number): void {
    if (this.active === null) return;
    this.#drop(this.active, new WherryError("CONNECTION_LOST"));
    this.active = null;
    this.liveness = null;
    this.#graceUntil = now + GRACE_MS;
    this.#move("lost");
    this.#events.push({ type: "interrupted" });
  }

  // -- the application ------------------------------------------------------------------------------------------------

  /**
   * Open a stream; it may be written to at once.
   * @throws WherryError LIMIT_EXCEEDED if too many are open, or why the connection is closed.
   */
  open(name: string, { datagrams = false } = {}): StreamMachine {
    if (this.error !== null) throw this.error;
    this.#idleSince = null;
    return this.table.open(name, datagrams);
  }

  /** The number of the next heartbeat: its answer shows that all control frames until now have arrived. */
  get nextHeartbeat(): number {
    return this.#heartbeats.nextNumber;
  }

  /** Send a heartbeat now; a `pong` tells when its answer came. Returns its number. */
  ping(now: number): number {
    const number = this.#heartbeats.send(now);
    this.#emit({ kind: "heartbeat", number });
    return number;
  }

  /** Count (+1, -1) who wants the connection kept although no stream is open. */
  pin(change: 1 | -1): void {
    this.#pins += change;
  }

  /** Tell the peer, and end everything with `error`. */
  close(code: number, text: string, error: WherryError): void {
    if (this.state === "closed") return;
    this.#emit({ kind: "close", code, text });
    this.#end(error);
  }

  #end(error: WherryError): void {
    this.error = error;
    this.table.abandon(error);
    this.#move("over");
    for (const link of this.#greetings.links) this.#drop(link, error);
    this.#events.push({ type: "closed", error });
  }

  // -- what is to be done ---------------------------------------------------------------------------------------------

  /** Control frames to send, with the link each is for. */
  toSend(now: number): readonly { readonly link: number; readonly data: Bytes }[] {
    const frames = this.#control;
    if (frames.length > 0) this.liveness?.sent(now);
    this.#control = [];
    return frames;
  }

  /**
   * The next frame for a stream's lane on the active link: the streams take turns.
   * @param ready - whether the lane of that stream number can take a frame
   */
  nextData(ready: (stream: number) => boolean, now: number): { readonly stream: number; readonly data: Bytes } | null {
    if (this.active === null) return null;
    const next = this.table.nextData(ready);
    if (next !== null) this.liveness?.sent(now);
    return next;
  }

  /** What happened, oldest first. */
  nextEvent(): CoreEvent | null {
    return this.#events.shift() ?? null;
  }

  /** When `tick` is due, or null if never. */
  nextDeadline(): number | null {
    if (this.state === "closed") return null;
    const times = [...this.#greetings.deadlines];
    const { nextDeadline } = this.table;
    if (nextDeadline !== null) times.push(nextDeadline);
    if (this.#graceUntil !== null) times.push(this.#graceUntil);
    if (this.#idleSince !== null) times.push(this.#idleSince + IDLE_MS);
    if (this.liveness !== null) {
      times.push(this.liveness.heartbeatDue, this.liveness.lostAt);
      if (this.state === "open" && this.liveness.suspectAt !== null) times.push(this.liveness.suspectAt);
    }
    return Math.min(...times);
  }

  /** Do what is due at `now`. */
  tick(now: number): void {
    const due = this.nextDeadline();
    if (due === null) return;
    for (const link of this.#greetings.late(now)) {
      this.#drop(link, new WherryError("NEGOTIATION_FAILED", "no HELLO in time"));
    }
    this.table.expire(now);
    // after a pause of our own, judge at the next tick, when what came meanwhile has been read
    if (now - due > STALL_MS) this.liveness?.forgive(now - due, now);
    else if (this.liveness !== null) this.#tickLink(this.liveness, now);
    if (this.#graceUntil !== null && now >= this.#graceUntil) {
      this.#end(new WherryError("CONNECTION_LOST", "no new link in time"));
      return;
    }
    if (this.table.streams.size > 0 || this.#pins > 0) this.#idleSince = null;
    else if (this.#idleSince === null) this.#idleSince = now;
    else if (now >= this.#idleSince + IDLE_MS) this.close(DONE, "idle", new WherryError("PEER_CLOSED", "it was idle"));
  }

  #tickLink(liveness: Liveness, now: number): void {
    if (now >= liveness.lostAt) {
      this.#lose(now);
      return;
    }
    if (now >= liveness.heartbeatDue) {
      liveness.heartbeatDue = now + HEARTBEAT_MS;
      this.ping(now);
    }
    if (this.state === "open" && liveness.suspectAt !== null && now >= liveness.suspectAt) {
      this.#move("silence");
      this.#events.push({ type: "suspect" });
    }
  }

  // -- frames of the active link --------------------------------------------------------------------------------------

  #receive(lane: LaneKind, data: Bytes, now: number): void {
    if (this.state === "closed") return;
    const frame = decode(data);
    if (frame.kind === "unknown") return;
    if ((LANES[frame.kind] ?? "control") !== lane) throw violation(`${frame.kind} on a ${lane} lane`);
    if (frame.kind === "open") this.table.onOpen(frame, now);
    else if ("stream" in frame && frame.stream !== 0) this.table.onFrame(frame, now);
    else this.#onConnection(frame, now);
  }

  #onConnection(frame: Frame, now: number): void {
    switch (frame.kind) {
      case "limit":
        this.table.onLimit(frame.limit);
        return;
      case "heartbeat":
        if (this.#heartbeats.mayAnswer(now)) this.#emit({ kind: "heartbeatReply", number: frame.number });
        return;
      case "heartbeatReply":
        this.#onReply(frame.number, now);
        return;
      case "close":
        this.#end(new WherryError("PEER_CLOSED", frame.text.replaceAll(/[^\p{L}\p{N}\p{P}\p{S} ]/gu, "?")));
        return;
      default:
        throw violation(`${frame.kind} on a link that is open`);
    }
  }

  #onReply(number: number, now: number): void {
    const rttMs = this.#heartbeats.answered(number, now);
    if (rttMs === null || this.liveness === null) return;
    this.liveness.measured(rttMs);
    this.#events.push({ type: "pong", number, rttMs });
    this.table.answered(number);
  }

  #emit(frame: Frame): void {
    if (this.active !== null) this.#control.push({ link: this.active, data: encode(frame) });
  }

  #move(change: Change): void {
    this.state = TABLE[this.state][change] ?? this.state;
  }
}

function violation(detail: string): WherryError {
  return new WherryError("PROTOCOL_VIOLATION", detail);
}

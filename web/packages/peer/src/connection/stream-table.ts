/**
 * All streams of a connection, without I/O: their numbers, whose turn it is, and what is remembered of those over.
 *
 * The smaller public key opens the odd numbers, the other the even ones, each in rising order; none is used twice. A
 * stream that is over leaves a tombstone: the peer may not have heard the last word, and ask again on a new link. It
 * goes when an answered heartbeat shows that all control frames before it have arrived, or after a minute.
 */

import type { Bytes } from "../bytes.ts";
import { WherryError } from "../errors.ts";
import { DONE, codeFor, errorFor } from "./codes.ts";
import { ConnectionCredit, SendCredit } from "./credit.ts";
import type { Frame } from "./frames.ts";
import { MAX_OWN_STREAMS, MAX_PEER_STREAMS, MAX_REFUSED_STREAMS, RESERVE_BYTES, TOMBSTONE_MS } from "./limits.ts";
import { StreamMachine } from "./stream-machine.ts";

/** Whether a stream of this name may be opened now: null, or the code to refuse it with. */
export type Admit = (name: string, datagrams: boolean, now: number) => number | null;

/** What happens to streams. */
export type StreamEvent =
  | { readonly type: "opened"; readonly stream: StreamMachine }
  | { readonly type: "datagram"; readonly stream: StreamMachine; readonly data: Bytes };

export interface TableOptions {
  /** Whether our own numbers are the odd ones. */
  readonly odd: boolean;
  /** Policy for what the peer opens. */
  readonly admit: Admit;
  /** Takes a control frame for the active link, if there is one. */
  readonly emit: (frame: Frame) => void;
  readonly tell: (event: StreamEvent) => void;
  /** The number of the next heartbeat. */
  readonly nextHeartbeat: () => number;
}

/** A stream that is over, kept while its last frame may have to be said again. */
interface Tombstone {
  readonly machine: StreamMachine;
  readonly expires: number;
  /** The heartbeat whose answer shows that the last frame has arrived. */
  heartbeat: number;
}

type StreamFrame = Extract<Frame, { readonly stream: number }>;
type OpenFrame = Extract<Frame, { readonly kind: "open" }>;

export class StreamTable {
  readonly streams = new Map<number, StreamMachine>();
  /** Streams in which something happened that somebody may wait for. */
  readonly touched = new Set<StreamMachine>();
  readonly #options: TableOptions;
  readonly #tombstones = new Map<number, Tombstone>();
  /** Streams with something to send, in the order of their turns. */
  readonly #turns = new Set<StreamMachine>();
  readonly #counts = { ours: 0, theirs: 0 };
  #credit = new SendCredit();
  #pool = new ConnectionCredit();
  #nextNumber: number;
  #highestOpened = 0;

  constructor(options: TableOptions) {
    this.#options = options;
    this.#nextNumber = options.odd ? 1 : 2;
  }

  // -- the application ------------------------------------------------------------------------------------------------

  /** @throws WherryError LIMIT_EXCEEDED if too many are open. */
  open(name: string, datagrams: boolean): StreamMachine {
    if (this.#counts.ours >= MAX_OWN_STREAMS) {
      throw new WherryError("LIMIT_EXCEEDED", `${MAX_OWN_STREAMS} streams are open`);
    }
    const machine = this.#add(this.#nextNumber, name, datagrams);
    this.#nextNumber += 2;
    this.#emitOpen(machine);
    return machine;
  }

  /** Bytes were taken, or have come: the connection's limit may have risen. */
  consumed(): void {
    const limit = this.#pool.update();
    if (limit !== null) this.#options.emit({ kind: "limit", stream: 0, limit, received: this.#pool.received });
  }

  /** End every stream: the other side knows none of them any more. Our own numbers go on. */
  abandon(error: WherryError): void {
    for (const machine of this.streams.values()) machine.abandon(error);
    this.streams.clear();
    this.#tombstones.clear();
    this.#turns.clear();
    this.#counts.ours = this.#counts.theirs = 0;
    this.#highestOpened = 0;
    this.#credit = new SendCredit();
    this.#pool = new ConnectionCredit();
  }

  /** The next DATA or FIN, with its stream's number: the streams take turns, a frame each. */
  nextData(ready: (stream: number) => boolean): { readonly stream: number; readonly data: Bytes } | null {
    for (const machine of this.#turns) {
      if (!ready(machine.number)) continue;
      this.#turns.delete(machine);
      const data = machine.nextFrame();
      if (data === null) continue;
      this.#turns.add(machine);
      this.touched.add(machine);
      return { stream: machine.number, data };
    }
    return null;
  }

  // -- a new link -----------------------------------------------------------------------------------------------------

  /** Tell the peer on a new link what it may not know: the openings, and where streams go on. */
  tellAll(resumed: boolean): void {
    const { emit } = this.#options;
    if (resumed) emit({ kind: "limit", stream: 0, limit: this.#pool.tell(), received: this.#pool.received });
    for (const machine of this.streams.values()) {
      machine.resumed = !resumed;
      machine.told = false;
      if (machine.name === null) continue; // nothing may be said of it before its OPEN
      if (!machine.confirmed) this.#emitOpen(machine);
      if (resumed || machine.resetCode !== null || machine.stopCode !== null) this.#tellOne(machine);
      this.#changed(machine);
    }
  }

  // -- frames ---------------------------------------------------------------------------------------------------------

  /** LIMIT of the connection. */
  onLimit(limit: number): void {
    this.#credit.raiseTo(limit);
    for (const machine of this.streams.values()) this.#changed(machine);
  }

  onOpen({ stream: number, name, datagrams, limit }: OpenFrame, now: number): void {
    const known = this.streams.get(number) ?? this.#tombstones.get(number)?.machine;
    if (this.#isOurs(number)) throw violation(`OPEN of stream ${number}, which is ours`);
    if (number <= this.#highestOpened) {
      if (known === undefined) this.#emitForgotten(number);
      return;
    }
    this.#highestOpened = number;
    const machine = known ?? this.#add(number, null);
    const { admit, emit, tell } = this.#options;
    machine.onOpen({ name, limit, datagrams, emit });
    const crowded = this.#counts.theirs > MAX_PEER_STREAMS ? codeFor("LIMIT_EXCEEDED") : null;
    const refused = admit(name, datagrams, now) ?? crowded;
    if (refused === null) tell({ type: "opened", stream: machine });
    else machine.reset(refused, errorFor(refused, name));
  }

  /** Any other frame of a stream. */
  onFrame(frame: StreamFrame, now: number): void {
    const stone = this.#tombstones.get(frame.stream);
    const machine = this.streams.get(frame.stream) ?? (stone === undefined ? this.#unknown(frame) : null);
    if (machine === null) {
      if (stone !== undefined) this.#onBuried(stone, frame);
      return;
    }
    machine.confirmed = true;
    this.#apply(machine, frame);
    if (machine.over) this.#bury(machine, now);
    this.consumed();
  }

  #apply(machine: StreamMachine, frame: StreamFrame): void {
    switch (frame.kind) {
      case "data":
        machine.onData(frame.offset, frame.payload);
        return;
      case "fin":
        machine.onFin(frame.final, frame.cut);
        return;
      case "stop":
        machine.onStop(frame.code);
        return;
      case "reset":
        machine.onReset(frame.code, frame.final, frame.forgotten);
        return;
      case "finAck":
        machine.onFinAck(frame.final);
        return;
      case "limit":
        machine.onLimit(frame.limit, frame.received);
        return;
      case "resume":
        machine.onResume(frame.resume);
        if (!machine.told) this.#tellOne(machine);
        return;
      case "datagram":
        if (!machine.datagrams || machine.over) return;
        this.#options.tell({ type: "datagram", stream: machine, data: frame.payload });
        return;
      default:
        throw violation(`${frame.kind} twice`);
    }
  }

  /** A frame of a stream that is neither open nor lately over. */
  #unknown({ stream: number, kind }: StreamFrame): StreamMachine | null {
    const neverOpened = `a frame of stream ${number}, which was never opened`;
    if (this.#isOurs(number)) {
      if (number >= this.#nextNumber) throw violation(neverOpened);
    } else if (number > this.#highestOpened) {
      if (kind === "data" || kind === "fin") return this.#add(number, null); // its lane was faster than control
      if (kind !== "datagram") throw violation(neverOpened);
      return null;
    }
    if (kind === "resume") this.#emitForgotten(number);
    return null;
  }

  /** The peer does not know yet that a stream is over: say the last word again. */
  #onBuried(stone: Tombstone, frame: StreamFrame): void {
    const { machine } = stone;
    if (frame.kind !== "reset" && frame.kind !== "resume" && frame.kind !== "fin") return;
    stone.heartbeat = this.#options.nextHeartbeat();
    if (machine.resetCode === null) {
      this.#apply(machine, frame);
    } else if (frame.kind === "resume") {
      const { number: stream, resetCode: code, send } = machine;
      this.#options.emit({ kind: "reset", stream, code, final: send.highest, forgotten: false });
    }
  }

  // -- tombstones -----------------------------------------------------------------------------------------------------

  /** When the oldest is to be forgotten, or null if there is none. */
  get nextDeadline(): number | null {
    for (const stone of this.#tombstones.values()) return stone.expires;
    return null;
  }

  /** The peer answered a heartbeat: what was sent before it has arrived. */
  answered(heartbeat: number): void {
    for (const [number, stone] of this.#tombstones) if (stone.heartbeat <= heartbeat) this.#tombstones.delete(number);
  }

  expire(now: number): void {
    for (const [number, stone] of this.#tombstones) {
      if (now < stone.expires) return;
      this.#tombstones.delete(number);
    }
  }

  #bury(machine: StreamMachine, now: number): void {
    this.streams.delete(machine.number);
    this.#turns.delete(machine);
    this.#counts[machine.ours ? "ours" : "theirs"] -= 1;
    const heartbeat = this.#options.nextHeartbeat();
    this.#tombstones.set(machine.number, { machine, expires: now + TOMBSTONE_MS, heartbeat });
  }

  // -- one stream -----------------------------------------------------------------------------------------------------

  #isOurs(number: number): boolean {
    return (number % 2 === 1) === this.#options.odd;
  }

  /** @param name - null where the peer opens it, and its OPEN may not have come */
  #add(number: number, name: string | null, datagrams = false): StreamMachine {
    const ours = name !== null;
    if (!ours && this.#counts.theirs >= MAX_PEER_STREAMS + MAX_REFUSED_STREAMS) {
      throw violation("far more streams than are allowed");
    }
    const machine = new StreamMachine({
      number,
      name,
      ours,
      datagrams,
      pool: this.#pool,
      credit: this.#credit,
      emit: ours ? this.#options.emit : () => undefined,
      changed: (changed) => this.#changed(changed),
    });
    this.streams.set(number, machine);
    this.#counts[ours ? "ours" : "theirs"] += 1;
    return machine;
  }

  #changed(machine: StreamMachine): void {
    this.touched.add(machine);
    if (machine.maySend) this.#turns.add(machine);
  }

  #emitOpen({ number: stream, name, datagrams }: StreamMachine): void {
    this.#options.emit({ kind: "open", stream, name: name ?? "", limit: RESERVE_BYTES, datagrams });
  }

  #emitForgotten(stream: number): void {
    this.#options.emit({ kind: "reset", stream, code: DONE, final: 0, forgotten: true });
  }

  #tellOne(machine: StreamMachine): void {
    machine.told = true;
    this.#options.emit(machine.resume());
  }
}

function violation(detail: string): WherryError {
  return new WherryError("PROTOCOL_VIOLATION", detail);
}

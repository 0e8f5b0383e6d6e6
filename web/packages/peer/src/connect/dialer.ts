/**
 * From a peer id to an open connection, and from a sealed envelope to whoever it is for. The dialer owns the meetings,
 * one per peer, and the traces of their attempts.
 */

import { type Bytes, hex } from "../bytes.ts";
import type { Envelope } from "../envelope.ts";
import { WherryError } from "../errors.ts";
import {
  DIAL_MS,
  INBOUND_AT_ONCE,
  PAIRS_REMEMBERED,
  PING_MS,
  SIGNALS_PER_S,
  STRANGERS_AT_ONCE,
  TRACES,
} from "../limits.ts";
import type { PeerId } from "../peer-id.ts";
import { Rates } from "../rates.ts";
import { type Ping, type Refusal, type Signal, decodeSignal, sealSignal } from "../signals.ts";
import { Once, within } from "../tasks.ts";
import { Meeting, type Surroundings } from "./meeting.ts";
import type { Records } from "./records.ts";
import { AttemptTrace } from "./trace.ts";
import { type Arrival, race, routesTo, sendBack } from "./ways.ts";

/** What the peer lends the dialer, beside what meetings need. */
export interface Around extends Omit<Surroundings, "recordOf" | "lookAgain" | "newTrace"> {
  readonly records: Records;
  /** Whether a peer is no stranger: connected before, or invited. */
  known(peer: PeerId): boolean;
  onTrace(trace: AttemptTrace): void;
  /** Something of the peer's was heard, signed by itself. */
  onHeard(peer: PeerId): void;
}

export class Dialer {
  readonly #around: Around;
  readonly #surroundings: Surroundings;
  readonly #meetings = new Map<string, Meeting>();
  readonly #pings = new Map<string, { readonly peer: PeerId; readonly answered: Once<string> }>();
  readonly #rates = new Rates(SIGNALS_PER_S, PAIRS_REMEMBERED);
  /** The newest last. */
  traces: readonly AttemptTrace[] = [];

  constructor(around: Around) {
    this.#around = around;
    this.#surroundings = {
      ...around,
      identity: around.identity,
      iceServers: () => around.iceServers(),
      ownRecord: () => around.ownRecord(),
      ownHosts: () => around.ownHosts(),
      hasConnection: (peer) => around.hasConnection(peer),
      adopt: async (peer, link, greeting) => around.adopt(peer, link, greeting),
      recordOf: (peer) => around.records.get(peer),
      lookAgain: async (peer, trace) => around.records.findAgain(peer, trace),
      newTrace: (peer, inbound) => this.#newTrace(peer, inbound),
    };
  }

  close(): void {
    for (const meeting of this.#meetings.values()) meeting.close(new WherryError("CLOSED", "this page is closing"));
    this.#meetings.clear();
  }

  // -- towards a peer -------------------------------------------------------------------------------------------------

  /**
   * Look `peer` up, ring, and wait until a connection is open.
   * @throws WherryError PEER_NOT_FOUND if no record is to be had, else why it did not come to a connection.
   */
  async dial(peer: PeerId): Promise<void> {
    const trace = this.#newTrace(peer, false);
    const dialling = async (): Promise<void> => {
      await this.#around.records.find(peer, trace);
      await this.#meeting(peer).dial(trace);
    };
    try {
      await within(DIAL_MS, dialling(), "DIAL_TIMEOUT", `${DIAL_MS / 1000} s have passed`);
      trace.end("open");
    } catch (thrown) {
      const error = WherryError.from(thrown);
      trace.end("failed", error);
      this.#around.records.forget(peer);
      throw error;
    }
  }

  /**
   * A sealed ping with no connection at all; resolves with the round trip without the look-up, and who carried it.
   * @throws WherryError PEER_NOT_FOUND if no record is to be had, DIAL_TIMEOUT if no pong came in time.
   */
  async ring(peer: PeerId): Promise<{ readonly rttMs: number; readonly via: string }> {
    const { records, random, identity, carrier } = this.#around;
    const trace = this.#newTrace(peer, false, false);
    const record = await records.find(peer, trace);
    const nonce = random(16);
    const answered = new Once<string>();
    this.#pings.set(hex(nonce), { peer, answered });
    const begun = performance.now();
    const ended = new AbortController();
    const to = { recipient: peer, sealingKey: record.sealingKey };
    const copy = (): Bytes =>
      sealSignal({ kind: "ping", nonce, record: this.#around.ownRecord() }, identity, { ...to, secret: random(32) });
    try {
      void race({ routes: routesTo(record), carrier, to: peer, copy, trace, signal: ended.signal });
      const via = await within(PING_MS, answered.promise, "DIAL_TIMEOUT", `${peer.short} did not answer`);
      return { rttMs: performance.now() - begun, via };
    } catch (error) {
      records.forget(peer);
      throw error;
    } finally {
      ended.abort();
      this.#pings.delete(hex(nonce));
    }
  }

  /** Whether an attempt with `peer` is under way. */
  underWay(peer: PeerId): boolean {
    return this.#meetings.get(String(peer))?.busy ?? false;
  }

  /** The newest trace of an attempt with `peer`. */
  traceOf(peer: string): AttemptTrace | null {
    return this.traces.findLast((trace) => trace.peer === peer) ?? null;
  }

  /** The connection has let go of a link that came of `attempt`. */
  closedLink(peer: PeerId, attempt: Bytes): void {
    this.#meetings.get(String(peer))?.closedLink(attempt);
  }

  // -- from a peer ----------------------------------------------------------------------------------------------------

  /**
   * Take a signal that an endpoint delivers, opened and verified; whether it was accepted. Declined and absent look alike
   * to the sender, so overload and nonsense are all just declined.
   */
  deliver({ purpose, sender, payload }: Envelope, arrival: Arrival): boolean {
    let signal: Signal;
    try {
      signal = decodeSignal(purpose, payload);
    } catch (error) {
      if (!WherryError.is(error)) throw error;
      return false;
    }
    if (sender.equals(this.#around.identity.id) || !this.#rates.take(String(sender), performance.now())) return false;
    if (!this.#learn(signal, sender)) return false;
    if (signal.kind === "offer" && !this.#hasRoomFor(sender)) return false;
    this.#around.onHeard(sender);
    this.#take(signal, sender, payload, arrival);
    return true;
  }

  #take(signal: Signal, peer: PeerId, payload: Bytes, arrival: Arrival): void {
    switch (signal.kind) {
      case "ping":
        void this.#pong(signal, peer, arrival);
        return;
      case "pong": {
        const waiting = this.#pings.get(hex(signal.nonce));
        if (waiting?.peer.equals(peer) === true) waiting.answered.resolve(String(arrival.introducer));
        return;
      }
      case "refusal":
        this.#refused(signal, peer);
        return;
      default:
        this.#meeting(peer).receive(signal, payload, arrival);
    }
  }

  #refused({ attempt, reason }: Refusal, peer: PeerId): void {
    const error = new WherryError("REFUSED_BY_PEER", reason, { peer: String(peer) });
    this.#meetings.get(String(peer))?.refuse(attempt, error);
  }

  /** Remember the record that came with a signal; whether there is now one to reply by. */
  #learn(signal: Signal, peer: PeerId): boolean {
    const document = "record" in signal ? signal.record : new Uint8Array();
    try {
      if (document.length > 0) this.#around.records.learn(document, peer);
    } catch (error) {
      if (!WherryError.is(error)) throw error;
      return false;
    }
    return (signal.kind !== "offer" && signal.kind !== "ping") || this.#around.records.get(peer) !== null;
  }

  async #pong({ nonce }: Ping, peer: PeerId, arrival: Arrival): Promise<void> {
    const { records, identity, random } = this.#around;
    const record = records.get(peer);
    if (record === null) return;
    const pong = { kind: "pong", nonce, record: this.#around.ownRecord() } as const;
    const to = { recipient: peer, sealingKey: record.sealingKey };
    const copy = (): Bytes => sealSignal(pong, identity, { ...to, secret: random(32) });
    await sendBack([arrival], copy, this.#newTrace(peer, true, false));
  }

  #hasRoomFor(peer: PeerId): boolean {
    const busy = [...this.#meetings.values()].filter((meeting) => meeting.busy && !meeting.peer.equals(peer));
    const strangers = busy.filter((meeting) => !this.#around.known(meeting.peer)).length;
    return busy.length < INBOUND_AT_ONCE && (this.#around.known(peer) || strangers < STRANGERS_AT_ONCE);
  }

  // -- inside ---------------------------------------------------------------------------------------------------------

  #meeting(peer: PeerId): Meeting {
    const key = String(peer);
    const meeting = this.#meetings.get(key) ?? new Meeting(peer, this.#surroundings);
    this.#meetings.delete(key);
    this.#meetings.set(key, meeting); // the latest used last
    if (this.#meetings.size > PAIRS_REMEMBERED) {
      const idle = [...this.#meetings.values()].find((one) => !one.busy && !this.#around.hasConnection(one.peer));
      if (idle !== undefined) this.#meetings.delete(String(idle.peer));
    }
    return meeting;
  }

  #newTrace(peer: PeerId, inbound: boolean, kept = true): AttemptTrace {
    const onChange = kept ? (trace: AttemptTrace): void => this.#around.onTrace(trace) : (): void => undefined;
    const trace = new AttemptTrace(String(peer), { inbound, onChange });
    if (kept) this.traces = [...this.traces.slice(1 - TRACES), trace];
    return trace;
  }
}

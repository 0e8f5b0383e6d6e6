/** One peer and us: runs what `negotiation.Pair` decides, with real links, real ways and a trace. */

import { type Bytes, equal, hex, type Random } from "../bytes.ts";
import type { Greeting, IceServer, Link, MakeLink } from "../connection/link.ts";
import { WherryError } from "../errors.ts";
import { type Identity, sha256, x25519Public } from "../identity.ts";
import { LOOK_AGAIN_MS } from "../limits.ts";
import type { PeerId } from "../peer-id.ts";
import type { PeerRecord } from "../record.ts";
import { Scope } from "../scope.ts";
import {
  type Answer,
  type Candidates,
  type Offer,
  ROLE_BESIDE,
  ROLE_FIRST,
  type Signal,
  payloadOf,
  sealSignal,
} from "../signals.ts";
import { Once, sleep } from "../tasks.ts";
import { admit, mayTry, publicHosts } from "./candidates.ts";
import { type Action, Pair } from "./negotiation.ts";
import type { AttemptTrace } from "./trace.ts";
import { type Arrival, type Carrier, type Copy, race, routesTo, sendBack } from "./ways.ts";

/** What a meeting needs of the peer around it; the dialer provides it. */
export interface Surroundings {
  readonly identity: Identity;
  readonly instance: Bytes;
  readonly carrier: Carrier;
  readonly random: Random;
  readonly makeLink: MakeLink;
  iceServers(): readonly IceServer[];
  recordOf(peer: PeerId): PeerRecord | null;
  /** The newest record, asked for afresh; null where none is to be had. */
  lookAgain(peer: PeerId, trace: AttemptTrace): Promise<PeerRecord | null>;
  /** Our own signed record, or nothing while there is none. */
  ownRecord(): Bytes;
  /** Addresses we are seen from. */
  ownHosts(): ReadonlySet<string>;
  hasConnection(peer: PeerId): boolean;
  /** Greet over an open link, and make it the connection's; rejects if the other end does not greet back. */
  adopt(peer: PeerId, link: Link, greeting: Greeting): Promise<void>;
  newTrace(peer: PeerId, inbound: boolean): AttemptTrace;
}

/** What belongs to one attempt here: its link, and what is running for it. */
interface Ours {
  readonly id: Bytes;
  readonly trace: AttemptTrace;
  /** Ends what runs for it. */
  readonly abort: AbortController;
  ringing: AbortController | null;
  link: Link | null;
  offerHash: Bytes;
  /** The least scope of the peer's candidates that may be tried. */
  floor: Scope;
  /** Where the other side can be told of late candidates: ways by which something of it came. */
  arrivals: readonly Arrival[];
}

export class Meeting {
  readonly peer: PeerId;
  readonly #around: Surroundings;
  readonly #pair: Pair<Arrival>;
  readonly #attempts = new Map<string, Ours>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #waiting: Once<void>[] = [];
  #lastError: WherryError | null = null;
  /** Attempts whose links are open and say HELLO. */
  readonly #greeting = new Set<string>();

  constructor(peer: PeerId, around: Surroundings) {
    this.peer = peer;
    this.#around = around;
    this.#pair = new Pair(around.identity.id.isBefore(peer));
  }

  /** Whether an attempt is under way. */
  get busy(): boolean {
    return this.#pair.busy;
  }

  // -- from the dialer ------------------------------------------------------------------------------------------------

  /** Begin an attempt, or join the one under way, and wait until a link is open and adopted. */
  async dial(trace: AttemptTrace): Promise<void> {
    const opened = new Once<void>();
    this.#waiting.push(opened);
    const id = this.#around.random(16);
    const actions = this.#pair.dial(id, performance.now());
    if (actions.length > 0) this.#begin(id, trace);
    this.#lastError = null;
    this.#do(actions);
    try {
      await opened.promise;
    } finally {
      this.#waiting = this.#waiting.filter((one) => one !== opened);
    }
  }

  /** Take a checked signal of the peer's. */
  receive(signal: Signal, payload: Bytes, arrival: Arrival): void {
    switch (signal.kind) {
      case "offer":
        this.#receiveOffer(signal, payload, arrival);
        return;
      case "answer":
        this.#receiveAnswer(signal, arrival);
        return;
      case "candidates":
        this.#do(this.#pair.receiveCandidates(signal, performance.now()));
        return;
      default:
    }
  }

  #receiveOffer(offer: Offer, payload: Bytes, arrival: Arrival): void {
    const actions = this.#pair.receiveOffer(offer, arrival, performance.now());
    if (actions.some((action) => action.do === "makeAnswer")) {
      const trace = this.#around.newTrace(this.peer, true);
      const theirs = this.#begin(offer.attempt, trace);
      theirs.offerHash = sha256(payload);
      theirs.floor = this.#floor(arrival.scope, offer.sdp);
      theirs.arrivals = [arrival];
      trace.add("ring", "offer came", { way: arrival.introducer.short, ok: true });
    }
    this.#do(actions);
  }

  #receiveAnswer(answer: Answer, arrival: Arrival): void {
    const ours = this.#attempts.get(hex(answer.attempt));
    if (ours === undefined || !equal(answer.offerHash, ours.offerHash)) return;
    ours.floor = lesser(ours.floor, arrival.scope);
    ours.arrivals = [...ours.arrivals, arrival];
    ours.trace.add("negotiate", "answered", { way: arrival.introducer.short, ok: true });
    this.#do(this.#pair.receiveAnswer(answer));
  }

  /** The connection has let go of the attempt's link. */
  closedLink(attempt: Bytes): void {
    this.#do(this.#pair.ended(hex(attempt), "the connection closed it"));
  }

  /** The peer itself said no to an attempt of ours; one that is not under way is an old refusal, replayed. */
  refuse(attempt: Bytes, error: WherryError): void {
    const ours = this.#attempts.get(hex(attempt));
    if (ours === undefined || !this.#pair.isMine(hex(attempt))) return;
    ours.trace.add("end", "refused", { ok: false, data: { code: error.code } });
    this.#lastError = error;
    this.#do(this.#pair.ended(hex(attempt), "refused"));
  }

  close(error: WherryError): void {
    clearTimeout(this.#timer);
    for (const ours of this.#attempts.values()) drop(ours);
    this.#attempts.clear();
    this.#resolve(error);
  }

  // -- doing what the rules say ---------------------------------------------------------------------------------------

  #do(actions: readonly Action<Arrival>[]): void {
    for (const action of actions) {
      const ours = this.#attempts.get(action.attempt);
      if (ours !== undefined) this.#doOne(action, ours);
    }
    this.#settle();
  }

  #doOne(action: Action<Arrival>, ours: Ours): void {
    switch (action.do) {
      case "makeOffer":
        this.#run(ours, async () => this.#makeOffer(ours));
        return;
      case "sendOffer":
        this.#ring(ours, action.offer, action.ways);
        return;
      case "makeAnswer":
        this.#run(ours, async () => this.#makeAnswer(ours, action.offer));
        return;
      case "sendAnswer":
        this.#send(ours, action.answer, action.ways, action.everywhere);
        return;
      case "applyAnswer":
        this.#run(ours, async () => this.#apply(ours, action.answer));
        return;
      case "addCandidates":
        this.#run(ours, async () => add(ours, action.candidates));
        return;
      case "closeLink":
        ours.trace.add("end", action.why);
        ours.trace.end("failed", this.#lastError);
        this.#attempts.delete(action.attempt);
        drop(ours);
    }
  }

  #run(ours: Ours, work: () => Promise<void>): void {
    void work().catch((thrown: unknown) => {
      const error = WherryError.from(thrown, "NEGOTIATION_FAILED");
      if (ours.abort.signal.aborted) return; // it was over already
      ours.trace.add("end", "failed", { ok: false, data: { code: error.code, detail: error.detail } });
      this.#lastError = error;
      this.#do(this.#pair.ended(hex(ours.id), error.code));
    });
  }

  async #makeOffer(ours: Ours): Promise<void> {
    const servers = this.#around.iceServers();
    const link = this.#link(ours, servers);
    const sdp = await link.offer();
    ours.trace.add("negotiate", "offer made", { data: { servers: servers.length, candidates: candidatesIn(sdp) } });
    const offer: Offer = {
      kind: "offer",
      attempt: ours.id,
      instance: this.#around.instance,
      features: 0,
      role: this.#around.hasConnection(this.peer) ? ROLE_BESIDE : ROLE_FIRST,
      key: x25519Public(this.#around.random(32)),
      sdp,
      record: this.#around.ownRecord(),
      issued: Date.now(),
    };
    ours.offerHash = sha256(payloadOf(offer));
    this.#do(this.#pair.offerReady(hex(ours.id), offer, performance.now()));
  }

  async #makeAnswer(ours: Ours, offer: Offer): Promise<void> {
    const admitted = admit(offer.sdp, ours.floor);
    ours.trace.add("negotiate", "offer taken", { data: { candidates: admitted.kept, refused: admitted.refused } });
    const link = this.#link(ours, this.#around.iceServers());
    const sdp = await link.answer(admitted.sdp);
    const answer: Answer = {
      kind: "answer",
      attempt: ours.id,
      answer: this.#around.random(16),
      instance: this.#around.instance,
      features: 0,
      role: offer.role,
      key: x25519Public(this.#around.random(32)),
      sdp,
      offerHash: ours.offerHash,
      record: this.#around.ownRecord(),
    };
    ours.trace.add("negotiate", "answer made", { data: { candidates: candidatesIn(sdp) } });
    this.#do(this.#pair.answerReady(hex(ours.id), answer));
    await this.#open(ours, link, { attempt: ours.id, answer: answer.answer, instance: offer.instance });
  }

  async #apply(ours: Ours, answer: Answer): Promise<void> {
    ours.ringing?.abort();
    const { link } = ours;
    if (link === null) throw new WherryError("NEGOTIATION_FAILED", "an answer came for an attempt without a link");
    const admitted = admit(answer.sdp, this.#floor(ours.floor, answer.sdp));
    ours.trace.add("negotiate", "answer taken", { data: { candidates: admitted.kept, refused: admitted.refused } });
    await link.accept(admitted.sdp);
    await this.#open(ours, link, { attempt: ours.id, answer: answer.answer, instance: answer.instance });
  }

  async #open(ours: Ours, link: Link, greeting: Greeting): Promise<void> {
    await link.opened();
    ours.trace.add("ice", "open", { ok: true });
    const attempt = hex(ours.id);
    if ([...this.#greeting].some((other) => this.#pair.outranks(other, attempt))) {
      this.#do(this.#pair.ended(attempt, "another attempt is being greeted"));
      return;
    }
    ours.link = null; // it is the connection's now
    this.#greeting.add(attempt);
    try {
      await this.#around.adopt(this.peer, link, greeting);
    } finally {
      this.#greeting.delete(attempt);
    }
    ours.trace.add("open", "greeted", { ok: true });
    ours.trace.end("open");
    this.#resolve(null);
    this.#do(this.#pair.opened(attempt));
  }

  #link(ours: Ours, servers: readonly IceServer[]): Link {
    const link = this.#around.makeLink(servers);
    ours.link = link;
    link.onCandidates = (lines, end) => this.#sendCandidates(ours, lines, end);
    return link;
  }

  // -- sending --------------------------------------------------------------------------------------------------------

  /** Ring: along these ways, or, if there are none, along every way the peer's record names. */
  #ring(ours: Ours, offer: Offer, ways: readonly Arrival[]): void {
    const record = this.#around.recordOf(this.peer);
    if (record === null) return;
    if (ways.length > 0) {
      void sendBack(ways, this.#copy(offer, record), ours.trace);
      return;
    }
    ours.ringing?.abort();
    ours.ringing = new AbortController();
    void this.#ringAround(ours, offer, record, ours.ringing.signal);
  }

  /** Ring along every way; where none led there, by a newer record if there is one: the peer may have moved. */
  async #ringAround(ours: Ours, offer: Offer, known: PeerRecord, signal: AbortSignal): Promise<void> {
    let record = known;
    for (const pauseMs of LOOK_AGAIN_MS) {
      const rung = await this.#race(ours, record, this.#copy(offer, record), signal);
      if (rung || signal.aborted) return;
      await sleep(pauseMs, signal);
      if (signal.aborted) return;
      record = (await this.#around.lookAgain(this.peer, ours.trace)) ?? record;
    }
  }

  #send(ours: Ours, signal: Answer, ways: readonly Arrival[], everywhere: boolean): void {
    const record = this.#around.recordOf(this.peer);
    if (record === null) return;
    const copy = this.#copy(signal, record);
    void sendBack(ways, copy, ours.trace);
    if (everywhere) void this.#race(ours, record, copy, ours.abort.signal);
  }

  /** Late candidates go the ways by which something of the peer's came; before that, every way. */
  #sendCandidates(ours: Ours, lines: readonly string[], end: boolean): void {
    const record = this.#around.recordOf(this.peer);
    if (record === null || ours.abort.signal.aborted) return;
    const copy = this.#copy({ kind: "candidates", attempt: ours.id, lines, end }, record);
    if (ours.arrivals.length > 0) void sendBack(ours.arrivals, copy, ours.trace);
    else void this.#race(ours, record, copy, ours.abort.signal);
  }

  /** Whether any way led to the peer. */
  async #race(ours: Ours, record: PeerRecord, copy: Copy, signal: AbortSignal): Promise<boolean> {
    const { carrier } = this.#around;
    let rung = false;
    const delivered = (scope: Scope): void => {
      rung = true;
      ours.floor = lesser(ours.floor, scope);
    };
    await race({ routes: routesTo(record), carrier, to: this.peer, copy, trace: ours.trace, signal, delivered });
    return rung;
  }

  #copy(signal: Signal, record: PeerRecord): Copy {
    const { identity, random } = this.#around;
    const { sealingKey } = record;
    return () => sealSignal(signal, identity, { recipient: this.peer, sealingKey, secret: random(32) });
  }

  // -- inside ---------------------------------------------------------------------------------------------------------

  #begin(id: Bytes, trace: AttemptTrace): Ours {
    trace.identify(id);
    const rest = { ringing: null, link: null, offerHash: new Uint8Array(), floor: Scope.GLOBAL, arrivals: [] };
    const ours: Ours = { id, trace, abort: new AbortController(), ...rest };
    this.#attempts.set(hex(id), ours);
    return ours;
  }

  /** Private candidates are tried where the offer came by a private way, or the peer has our public address. */
  #floor(scope: Scope, sdp: string): Scope {
    const own = this.#around.ownHosts();
    const sameNetwork = [...publicHosts(sdp)].some((host) => own.has(host));
    return sameNetwork ? lesser(scope, Scope.PRIVATE) : scope;
  }

  /** Re-arm the timer; where nothing is under way any more, whoever waits hears why. */
  #settle(): void {
    clearTimeout(this.#timer);
    const deadline = this.#pair.nextDeadline();
    if (deadline !== null) {
      this.#timer = setTimeout(() => this.#tick(), Math.max(0, deadline - performance.now()));
    } else if (this.#waiting.length > 0) {
      this.#resolve(this.#failure());
    }
  }

  #tick(): void {
    this.#do(this.#pair.tick(performance.now()));
  }

  #failure(): WherryError {
    const peer = String(this.peer);
    return this.#lastError ?? new WherryError("DIAL_TIMEOUT", `${this.peer.short} did not answer`, { peer });
  }

  #resolve(error: WherryError | null): void {
    for (const waiter of this.#waiting) {
      if (error === null) waiter.resolve();
      else waiter.reject(error);
    }
  }
}

async function add(ours: Ours, { lines, end }: Candidates): Promise<void> {
  for (const line of lines) if (mayTry(line, ours.floor)) await ours.link?.addCandidate(line);
  if (end) await ours.link?.addCandidate(null);
}

function drop(ours: Ours): void {
  ours.abort.abort();
  ours.ringing?.abort();
  ours.link?.close();
}

function candidatesIn(sdp: string): number {
  return sdp.split("a=candidate:").length - 1;
}

function lesser(a: Scope, b: Scope): Scope {
  return a < b ? a : b;
}

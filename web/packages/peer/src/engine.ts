/** The peer itself: everything wired, in the one tab that holds the connections. */

import { Address, InviteLink, type Who, parseWho, peerOf } from "./address.ts";
import { type Bytes, type Random } from "./bytes.ts";
import { Dialer } from "./connect/dialer.ts";
import { Records, type Source } from "./connect/records.ts";
import type { AttemptTrace } from "./connect/trace.ts";
import { Carrier, arrivalBy } from "./connect/ways.ts";
import type { CoreEvent } from "./connection/core.ts";
import type { IceServer, MakeLink } from "./connection/link.ts";
import { EndpointAddress, endpointOfAuthority } from "./endpoints.ts";
import { WherryError } from "./errors.ts";
import { Identity } from "./identity.ts";
import { type Key, type Store, keyOfText, keyToText } from "./keystore.ts";
import { Measure } from "./measuring.ts";
import { tidyName } from "./names.ts";
import { type Connected, Network } from "./network.ts";
import type { PeerId } from "./peer-id.ts";
import { Presence } from "./presence.ts";
import { Scope, networkOf, scopeOf } from "./scope.ts";
import { Seen } from "./seen.ts";
import { Guests } from "./signaling/guests.ts";
import { type Held, Introducers } from "./signaling/introducers.ts";
import { NetworkTime } from "./signaling/network-time.ts";
import { attemptState, introducerStates, openState, reachability, vias } from "./snapshot.ts";
import { sleep } from "./tasks.ts";
import type {
  ConnectionState,
  ErrorInfo,
  PeerDatagrams,
  PeerEvent,
  PeerState,
  PeerStream,
  PingReply,
  StreamHandler,
  StreamPolicy,
  Trace,
} from "./types.ts";

/** Milliseconds between two measurements of all connections. */
const MEASURE_MS = 1000;
/** Measurements after which it is kept again with whom the page is connected. */
const KEEP_EVERY = 60;
/** Milliseconds that a dial waits for the first introducer of a page that was just opened. */
const FIRST_INTRODUCER_MS = 6000;
/** Milliseconds after which whom a page was connected with is only remembered. */
const RESTORE_MS = 10 * 60_000;
/** Connections that are made again: a page with more is hardly one that a person looks at. */
const RESTORED = 16;
/** Milliseconds until a lost connection is dialled again, while it is not given up. */
const REDIAL_MS = 1000;
/** A clock further off than this is a problem that the page shows. */
const CLOCK_WRONG_MS = 10 * 60_000;

export interface EngineOptions {
  readonly key: Key;
  readonly name: string;
  readonly store: Store;
  /** Endpoints to begin with: the one that served the page first. */
  readonly endpoints: readonly EndpointAddress[];
  readonly remembered: readonly EndpointAddress[];
  readonly lastSequence: number;
  readonly servedBy: string;
  readonly makeLink: MakeLink;
  readonly random: Random;
  /** Something that the state shows has changed. */
  readonly onChange: () => void;
  readonly onEvent: (event: PeerEvent) => void;
}

export class Engine {
  readonly #options: EngineOptions;
  readonly #identity: Identity;
  readonly #address: Address;
  readonly #seen = new Seen();
  readonly #time = new NetworkTime();
  readonly #measures = new Map<string, Measure>();
  readonly #guests: Guests;
  readonly #introducers: Introducers;
  readonly #presence: Presence;
  readonly #records: Records;
  readonly #dialer: Dialer;
  readonly #network: Network;
  #name: string;
  #published: WherryError | null = null;
  /** What a link named as ways in, asked beside our own introducers. */
  #invited: readonly EndpointAddress[] = [];
  #measuring: ReturnType<typeof setInterval> | undefined;
  #measured = 0;
  #phase: PeerState["phase"] = "starting";

  constructor(options: EngineOptions) {
    const { key, random, store } = options;
    this.#options = options;
    this.#name = options.name;
    this.#identity = new Identity(key.seed);
    this.#address = new Address(this.#identity.id, key.nospam);
    const instance = random(8);
    this.#guests = new Guests((client, envelope, back) => this.#deliver(envelope, arrivalBy(client, back)), random);
    this.#introducers = new Introducers({
      identity: this.#identity,
      candidates: () => [...options.endpoints, ...this.#invited, ...options.remembered],
      onDeliver: (client, envelope, back) => this.#deliver(envelope, arrivalBy(client, back)),
      onChange: async (held) => this.#announce(held),
      onState: () => this.#introducersChanged(),
      onNeighbours: (others) => {
        for (const one of others) this.#seen.note(String(one.peer), "neighbour", { introducer: one });
      },
      networkTime: this.#time,
    });
    this.#presence = new Presence({
      identity: this.#identity,
      instance,
      lastSequence: options.lastSequence,
      keepSequence: (sequence) => this.#keep(store.set("sequence", sequence)),
      now: () => this.#time.now(),
      introducers: () => this.#introducers.current(),
      onChange: options.onChange,
    });
    this.#records = new Records(() => this.#sources(), () => this.#time.now());
    this.#network = new Network({
      own: this.#identity.id,
      instance,
      random,
      ownName: () => this.#name,
      onEvent: (peer, event) => this.#connectionEvent(peer, event),
      onConnected: (peer) => this.#connected(peer),
      onClosed: (peer, error) => this.#closed(peer, error),
      onName: (peer, name) => this.#named(peer, name),
      onLinkClosed: (peer, attempt) => this.#dialer.closedLink(peer, attempt),
    });
    this.#dialer = new Dialer({
      identity: this.#identity,
      instance,
      random,
      makeLink: options.makeLink,
      carrier: new Carrier(this.#guests, () => this.#introducers.current().map((held) => held.client)),
      records: this.#records,
      iceServers: () => this.#iceServers(),
      ownRecord: () => this.#presence.document,
      ownHosts: () => new Set(this.#introducers.current().map((held) => held.registration.host)),
      hasConnection: (peer) => this.#network.get(peer) !== null,
      adopt: async (peer, link, greeting) => this.#network.adopt(peer, link, greeting),
      known: (peer) => this.#seen.get(String(peer))?.seen !== null,
      onTrace: (trace) => this.#traced(trace),
      onHeard: (peer) => this.#seen.note(String(peer), "pinged", { heard: true }),
    });
  }

  async start(): Promise<void> {
    this.#seen.restore((await this.#options.store.get("met")) ?? []);
    this.#introducers.start();
    this.#measuring = setInterval(() => void this.#measure(), MEASURE_MS);
    this.#phase = "running";
    this.#options.onChange();
    void this.#restore();
  }

  /** Connect again with whom the page was connected before it was loaded anew. */
  async #restore(): Promise<void> {
    const before = await this.#options.store.get("connected");
    if (before === undefined || Date.now() - before.at > RESTORE_MS) return;
    for (const id of before.peers) void this.connect(id).catch(() => undefined); // how it goes is in the trace
  }

  /** @param told - whether connected peers hear of it; one who comes back at once says nothing */
  close({ told }: { readonly told: boolean }): void {
    this.#phase = "stopped";
    clearInterval(this.#measuring);
    this.#network.close({ told });
    this.#dialer.close();
    this.#introducers.close();
    this.#guests.close();
    this.#presence.close();
    this.#options.onChange();
  }

  /** The network has changed, or the page woke up: look at everything now. */
  poke(): void {
    this.#introducers.poke();
  }

  // -- what the page asks for -----------------------------------------------------------------------------------------

  async connect(text: string): Promise<ConnectionState> {
    const peer = await this.#connectTo(parseWho(text));
    const connected = this.#need(peer);
    await this.#measureOne(connected);
    return openState(connected, this.#measureOf(peer));
  }

  async disconnect(peer: string): Promise<void> {
    await this.#network.disconnect(peerOf(parseWho(peer)));
  }

  async ping(text: string): Promise<PingReply> {
    const who = parseWho(text);
    const peer = peerOf(who);
    const connected = this.#network.get(peer);
    if (connected === null || connected.connection.state === "interrupted") {
      await this.#prepare(who);
      const { rttMs, via } = await this.#dialer.ring(peer);
      this.#seen.note(String(peer), "pinged", { heard: true });
      return { peer: String(peer), rttMs, over: "sealed", path: "waiting", via };
    }
    const rttMs = await connected.messages.ping();
    const measure = this.#measureOf(peer);
    return { peer: String(peer), rttMs, over: "connection", path: measure.path, via: measure.pair?.remote ?? "" };
  }

  async openStream(who: string, name: string): Promise<PeerStream> {
    return this.#need(await this.#connectTo(parseWho(who))).connection.openStream(name);
  }

  async openDatagrams(who: string, name: string): Promise<PeerDatagrams> {
    return this.#need(await this.#connectTo(parseWho(who))).connection.openDatagrams(name);
  }

  handle(name: string, handler: StreamHandler, policy: StreamPolicy): () => void {
    return this.#network.handle(name, handler, policy);
  }

  traces(peer?: string): readonly Trace[] {
    const found = this.#dialer.traces.filter((trace) => peer === undefined || trace.peer === peer);
    return found.map((trace) => trace.view).toReversed();
  }

  async setName(name: string): Promise<void> {
    this.#name = tidyName(name);
    await this.#options.store.set("name", this.#name);
    for (const { messages } of this.#network.all) void messages.introduce().catch(() => undefined); // it may just go
    this.#options.onChange();
  }

  exportKey(): string {
    return keyToText(this.#options.key.seed, this.#options.key.nospam);
  }

  async importKey(text: string): Promise<void> {
    const { seed, nospam } = keyOfText(text);
    const { store, random } = this.#options;
    await store.set("nospam", nospam ?? random(8));
    await store.set("sequence", 0);
    await store.set("seed", seed);
  }

  // -- the state ------------------------------------------------------------------------------------------------------

  state(tab: PeerState["tab"]): PeerState {
    const held = this.#introducers.current();
    const online = globalThis.navigator?.onLine !== false;
    const ways = vias(held);
    const link = new InviteLink(this.#address, ways);
    return {
      phase: this.#phase,
      id: String(this.#identity.id),
      address: String(this.#address),
      link: ways.length === 0 ? null : String(link),
      pageLink: ways[0] === undefined ? null : link.http(ways[0]),
      name: this.#name,
      tab,
      reachability: reachability(held, this.#presence.published !== null && this.#presence.elsewhere === null, online),
      introducers: introducerStates(held, this.#introducers.connecting),
      connections: this.#connectionStates(online),
      peers: this.#seen.all.filter((one) => one.peer !== String(this.#identity.id)),
      clockOffsetMs: this.#time.offsetMs,
      published: this.#presence.published,
      problems: this.#problems(),
      servedBy: this.#options.servedBy,
      keyIsNew: this.#options.key.isNew,
    };
  }

  #connectionStates(online: boolean): ConnectionState[] {
    const open = this.#network.all
      .filter((one) => one.announced)
      .map((one) => openState(one, this.#measureOf(one.id)));
    const peers = new Set(open.map((state) => state.peer));
    const attempts: ConnectionState[] = [];
    for (const trace of this.#dialer.traces.toReversed()) {
      if (peers.has(trace.peer)) continue;
      peers.add(trace.peer);
      if (trace.outcome !== "open") attempts.push(attemptState(trace, online));
    }
    return [...open, ...attempts];
  }

  #problems(): ErrorInfo[] {
    const offset = this.#time.offsetMs ?? 0;
    const minutes = Math.round(Math.abs(offset) / 60_000);
    const clock =
      Math.abs(offset) < CLOCK_WRONG_MS
        ? null
        : new WherryError("CLOCK_WRONG", `it is ${minutes} min ${offset > 0 ? "slow" : "fast"}`);
    return [this.#presence.elsewhere, this.#published, clock].flatMap((error) => (error === null ? [] : [error.info]));
  }

  // -- towards others -------------------------------------------------------------------------------------------------

  async #connectTo(who: Who): Promise<PeerId> {
    const peer = peerOf(who);
    if (peer.equals(this.#identity.id)) throw new WherryError("INVALID_PEER_ID", "that is you", { hint: "Use another's." });
    if (this.#network.get(peer)?.announced !== true) {
      await this.#prepare(who);
      await this.#dialer.dial(peer);
    }
    return peer;
  }

  /** Ways in that a link names are candidates from now on; a page just opened waits for its first introducer. */
  async #prepare(who: Who): Promise<void> {
    if (who instanceof InviteLink && who.vias.length > 0) {
      this.#invited = [...who.vias, ...this.#invited].slice(0, 12);
      this.#introducers.offer(who.vias);
      this.#seen.note(String(peerOf(who)), "invited");
    }
    const until = performance.now() + FIRST_INTRODUCER_MS;
    while (this.#introducers.current().length === 0 && performance.now() < until) await sleep(50);
  }

  #need(peer: PeerId): Connected {
    const connected = this.#network.get(peer);
    if (connected === null) throw new WherryError("PEER_CLOSED", "it went as soon as it had come", { peer: String(peer) });
    return connected;
  }

  /** Whom to ask for records: two introducers in different networks, and where invites lead. */
  #sources(): Source[] {
    const held = this.#introducers.current();
    const [first] = held;
    const other = held.find((one) => networkIn(one) !== (first && networkIn(first))) ?? held[1];
    const asked = [first, other].flatMap((one) => (one === undefined ? [] : [one]));
    const own = asked.map(({ peer, client }): Source => ({
      name: peer.short,
      ask: async (purpose, of) => client.lookUp(purpose, of),
    }));
    const known = new Set(held.map((one) => one.client.address.authority));
    const invited = this.#invited.filter((via) => !known.has(via.authority)).slice(0, 3);
    const others = invited.map((via): Source => ({
      name: via.authority,
      ask: async (purpose, of) => this.#guests.use([via], async (client) => client.lookUp(purpose, of)),
    }));
    return [...own, ...others];
  }

  /** STUN servers of our introducers; one on this computer sees nothing that we do not. */
  #iceServers(): IceServer[] {
    const offered = this.#introducers.current().flatMap((held) => held.registration.iceServers);
    const useful = offered.filter(({ urls }) =>
      urls.every((url) => url.startsWith("stun:") && (scopeOf(hostOf(url)) ?? Scope.LOOPBACK) > Scope.LOOPBACK),
    );
    return useful.slice(0, 2).map(({ urls, user, credential }) => ({ urls, user, credential }));
  }

  // -- what happens ---------------------------------------------------------------------------------------------------

  #deliver(envelope: Bytes, arrival: ReturnType<typeof arrivalBy>): boolean {
    return this.#dialer.deliver(envelope, arrival);
  }

  async #announce(held: readonly Held[]): Promise<void> {
    try {
      await this.#presence.publish(held);
      this.#published = null;
    } catch (error) {
      this.#published = this.#presence.elsewhere === null ? WherryError.from(error, "PUBLISH_FAILED") : null;
      throw error;
    } finally {
      this.#options.onChange();
    }
    this.#keep(this.#options.store.set("endpoints", this.#introducers.known().map(String).slice(0, 16)));
  }

  #introducersChanged(): void {
    const held = new Set(this.#introducers.current().map(({ peer }) => String(peer)));
    for (const peer of held) this.#seen.note(peer, "introducer", { heard: true });
    for (const { peer, how } of this.#seen.all) if (how === "introducer" && !held.has(peer)) this.#seen.leave(peer, how);
    this.#options.onChange();
  }

  #connectionEvent(peer: PeerId, event: CoreEvent): void {
    if (event.type === "suspect" || event.type === "interrupted") void this.#redial(peer);
    if (event.type === "opened") {
      const name = event.stream.name ?? "";
      this.#options.onEvent({ type: "stream", peer: String(peer), name, inbound: true });
    }
    this.#options.onChange();
  }

  /** Try for a new link beside one that seems dead, until there is one or the connection is given up. */
  async #redial(peer: PeerId): Promise<void> {
    const needed = (): boolean => ["suspect", "interrupted"].includes(this.#network.get(peer)?.connection.state ?? "");
    while (needed() && !this.#dialer.underWay(peer)) {
      try {
        await this.#dialer.dial(peer);
      } catch (error) {
        if (!WherryError.is(error)) throw error; // it is in the trace
      }
      await sleep(REDIAL_MS);
    }
  }

  #connected(peer: PeerId): void {
    this.#seen.note(String(peer), "connected", { heard: true });
    this.#options.onEvent({ type: "connected", peer: String(peer) });
    const connected = this.#network.get(peer);
    if (connected !== null) void this.#measureOne(connected);
    this.#keepMet();
    this.#options.onChange();
  }

  #closed(peer: PeerId, error: WherryError): void {
    this.#measures.delete(String(peer));
    this.#seen.note(String(peer), "connected", { heard: true });
    this.#seen.leave(String(peer), "connected");
    this.#keepMet();
    this.#options.onEvent({ type: "disconnected", peer: String(peer), error: error.info });
    this.#options.onChange();
  }

  #named(peer: PeerId, name: string): void {
    this.#seen.note(String(peer), "connected", { heard: true, name });
    this.#keepMet();
    this.#options.onChange();
  }

  #traced(trace: AttemptTrace): void {
    this.#options.onEvent({ type: "trace", trace: trace.view });
    this.#options.onChange();
  }

  // -- measuring and keeping ------------------------------------------------------------------------------------------

  #measureOf(peer: PeerId): Measure {
    const measure = this.#measures.get(String(peer)) ?? new Measure();
    this.#measures.set(String(peer), measure);
    return measure;
  }

  async #measureOne({ id, connection }: Connected): Promise<void> {
    await this.#measureOf(id).update(connection);
  }

  async #measure(): Promise<void> {
    const all = this.#network.all.filter((one) => one.announced);
    if (all.length === 0) return;
    this.#measured += 1;
    if (this.#measured % KEEP_EVERY === 0) this.#keepMet();
    await Promise.all(all.map(async (one) => this.#measureOne(one)));
    this.#options.onChange();
  }

  #keepMet(): void {
    const { store } = this.#options;
    const peers = this.#network.all.filter((one) => one.announced).map((one) => String(one.id));
    this.#keep(store.set("met", this.#seen.toKeep()));
    this.#keep(store.set("connected", { at: Date.now(), peers: peers.slice(0, RESTORED) }));
  }

  /** What a browser cannot keep is lost with the page; everything else goes on. */
  #keep(kept: Promise<void>): void {
    kept.catch((error: unknown) => {
      this.#published ??= WherryError.from(error, "DISK_FULL");
    });
  }
}

function networkIn(held: Held): string {
  return networkOf(held.client.address.host);
}

function hostOf(url: string): string {
  return url.replace(/^stun:/, "").replace(/:\d+$/, "").replaceAll(/[[\]]/g, "");
}

/** An endpoint in text: a multiaddr, or `host:port`. */
export function endpointOfText(text: string): EndpointAddress {
  return text.startsWith("/") ? EndpointAddress.parse(text) : endpointOfAuthority(text);
}

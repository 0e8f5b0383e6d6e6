/** The peer itself: everything wired, in the one tab that holds the connections. */

import { Address, parseWho, peerOf } from "./address.ts";
import type { Bytes, Random } from "./bytes.ts";
import { Calls } from "./calls.ts";
import { Dialer } from "./connect/dialer.ts";
import { Records } from "./connect/records.ts";
import type { AttemptTrace } from "./connect/trace.ts";
import { Carrier, arrivalBy } from "./connect/ways.ts";
import type { CoreEvent } from "./connection/core.ts";
import type { MakeLink } from "./connection/link.ts";
import { Purpose } from "./domains.ts";
import { EndpointAddress, endpointOfAuthority } from "./endpoints.ts";
import { type Envelope, openSealed } from "./envelope.ts";
import { WherryError } from "./errors.ts";
import { Helpers } from "./helpers.ts";
import { Identity } from "./identity.ts";
import { type Key, type Store, keyOfText, keyToText } from "./keystore.ts";
import { Keeping } from "./keeping.ts";
import { later } from "./loading.ts";
import { Mail } from "./mail.ts";
import type { Invitations } from "./invitations/invitations.ts";
import { Measurements } from "./measuring.ts";
import { tidyName } from "./names.ts";
import { Network } from "./network.ts";
import type { PeerId } from "./peer-id.ts";
import { Presence } from "./presence.ts";
import { Seen } from "./seen.ts";
import { LazySessions } from "./sessions/lazy.ts";
import { Guests } from "./signaling/guests.ts";
import { type Held, Introducers } from "./signaling/introducers.ts";
import { NetworkTime } from "./signaling/network-time.ts";
import type { Database } from "./store/database.ts";
import { type Parts, peerState } from "./showing.ts";
import { openState } from "./snapshot.ts";
import type {
  ConnectionState,
  Friends,
  Messages,
  OnProgress,
  PeerDatagrams,
  PeerEvent,
  PeerState,
  PeerStream,
  PingReply,
  StreamHandler,
  StreamPolicy,
  Trace,
} from "./types.ts";

/** Friends that a page which was just opened looks for, the latest first. */
const FRIENDS_CALLED = 16;
/** Milliseconds in which a friend who seems near is not called again. */
const CALL_AGAIN_MS = 60_000;
export interface EngineOptions {
  readonly key: Key;
  readonly name: string;
  readonly store: Store;
  /** Where friends and messages rest. */
  readonly database: Database;
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
  #address: Address;
  readonly #seen = new Seen();
  readonly #time = new NetworkTime();
  readonly #measurements: Measurements;
  readonly #guests: Guests;
  readonly #introducers: Introducers;
  readonly #presence: Presence;
  readonly #records: Records;
  readonly #dialer: Dialer;
  readonly #network: Network;
  readonly #helpers: Helpers;
  readonly #keeping: Keeping;
  readonly #calls: Calls;
  readonly #mail: Mail;
  readonly sessions: LazySessions;
  readonly #parts: Parts;
  readonly #calledAt = new Map<string, number>();
  #trouble: WherryError | null = null;
  #name: string;
  #published: WherryError | null = null;
  #phase: PeerState["phase"] = "starting";

  constructor(options: EngineOptions) {
    const { key, random, store } = options;
    this.#options = options;
    this.#name = options.name;
    this.#identity = new Identity(key.seed);
    this.#address = new Address(this.#identity.id, key.nospam);
    const instance = random(8);
    this.#guests = new Guests((client, envelope, back) => this.#take(envelope, arrivalBy(client, back)), random);
    this.#introducers = new Introducers({
      identity: this.#identity,
      candidates: () => [...options.endpoints, ...this.#helpers.invited, ...options.remembered],
      onDeliver: (client, envelope, back) => this.#take(envelope, arrivalBy(client, back)),
      onChange: async (held) => this.#announce(held),
      onState: () => this.#introducersChanged(),
      onNeighbours: (others) => {
        for (const one of others) this.#seen.note(String(one.peer), "neighbour", { introducer: one });
      },
      networkTime: this.#time,
    });
    this.#helpers = new Helpers(() => this.#introducers.current(), this.#guests);
    this.#presence = new Presence({
      identity: this.#identity,
      instance,
      lastSequence: options.lastSequence,
      keepSequence: (sequence) => this.#keeping.keep(store.set("sequence", sequence)),
      now: () => this.#time.now(),
      introducers: () => this.#introducers.current(),
      onChange: options.onChange,
    });
    this.#records = new Records(() => this.#helpers.sources(), () => this.#time.now());
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
      onLetter: (sealed) => void this.#take(sealed, null),
      ownInbox: () => this.#mail.ownInbox,
    });
    this.#measurements = new Measurements(this.#network, options.onChange);
    this.#keeping = new Keeping({
      store,
      seen: this.#seen,
      network: this.#network,
      onTrouble: (error) => {
        this.#published ??= error;
      },
    });
    const carrier = new Carrier(this.#guests, () => this.#introducers.current().map((held) => held.client));
    this.#dialer = new Dialer({
      identity: this.#identity,
      instance,
      random,
      makeLink: options.makeLink,
      carrier,
      records: this.#records,
      iceServers: () => this.#helpers.iceServers(),
      ownRecord: () => this.#presence.document,
      ownHosts: () => this.#helpers.ownHosts(),
      hasConnection: (peer) => this.#network.get(peer) !== null,
      adopt: async (peer, link, greeting) => this.#network.adopt(peer, link, greeting),
      known: (peer) => this.#seen.get(String(peer))?.seen !== null,
      onTrace: (trace) => this.#traced(trace),
      onHeard: (peer) => this.#seen.note(String(peer), "pinged", { heard: true }),
    });
    this.#calls = new Calls({
      own: this.#identity.id,
      dialer: this.#dialer,
      network: this.#network,
      introducers: this.#introducers,
      helpers: this.#helpers,
      seen: this.#seen,
    });
    this.#mail = new Mail({
      identity: this.#identity,
      database: options.database,
      name: options.name,
      nospam: key.nospam,
      keepNospam: async (nospam) => this.#keepNospam(nospam),
      random,
      network: this.#network,
      guests: this.#guests,
      carrier,
      records: this.#records,
      helpers: this.#helpers,
      held: () => this.#introducers.current(),
      ownRecord: () => this.#presence.document,
      now: () => this.#time.now(),
      seenOf: (peer) => this.#seen.get(peer)?.seen ?? null,
      onName: async (name) => this.#keepName(name),
      onEvent: options.onEvent,
      onFriendNear: (peer) => this.#callFriend(peer),
      onTrouble: (error) => {
        if (this.#trouble === error) return;
        this.#trouble = error;
        options.onChange();
      },
    });
    this.sessions = new LazySessions({
      network: this.#network,
      invitations: this.#mail.invitations,
      connect: async (peer) => (await this.#calls.connect(peer)).connection,
      random,
    });
    this.#parts = {
      introducers: this.#introducers,
      presence: this.#presence,
      network: this.#network,
      dialer: this.#dialer,
      measurements: this.#measurements,
      seen: this.#seen,
      time: this.#time,
    };
  }

  async start(): Promise<void> {
    await this.#keeping.restore();
    await this.#mail.start();
    this.#introducers.start();
    this.#measurements.start();
    this.#keeping.start();
    this.#phase = "running";
    this.#options.onChange();
    this.#calls.restore(await this.#keeping.connectedBefore());
    for (const peer of this.#mail.friendIds.slice(0, FRIENDS_CALLED)) this.#callFriend(peer);
  }

  /**
   * End everything; resolves once what is being kept is kept.
   * @param told - whether connected peers hear of it; one who comes back at once says nothing
   */
  async close({ told }: { readonly told: boolean }): Promise<void> {
    this.#phase = "stopped";
    this.sessions.close();
    const mailClosed = this.#mail.close();
    this.#measurements.close();
    this.#keeping.close();
    this.#network.close({ told });
    this.#dialer.close();
    this.#introducers.close();
    this.#guests.close();
    this.#presence.close();
    this.#options.onChange();
    await mailClosed;
  }

  /** The network has changed, or the page woke up: look at everything now. */
  poke(): void {
    this.#introducers.poke();
  }

  // -- what the page asks for -----------------------------------------------------------------------------------------

  async connect(text: string): Promise<ConnectionState> {
    const connected = await this.#calls.connect(parseWho(text));
    await this.#measurements.update(connected);
    return openState(connected, this.#measurements.of(connected.id));
  }

  async disconnect(peer: string): Promise<void> {
    await this.#network.disconnect(peerOf(parseWho(peer)));
  }

  async ping(text: string): Promise<PingReply> {
    const who = parseWho(text);
    const peer = peerOf(who);
    const connected = this.#network.get(peer);
    if (connected === null || connected.connection.state === "interrupted") {
      await this.#calls.prepare(who);
      const { rttMs, via } = await this.#dialer.ring(peer);
      this.#seen.note(String(peer), "pinged", { heard: true });
      return { peer: String(peer), rttMs, over: "sealed", path: "waiting", via };
    }
    const rttMs = await connected.messages.ping();
    const measure = this.#measurements.of(peer);
    return { peer: String(peer), rttMs, over: "connection", path: measure.path, via: measure.pair?.remote ?? "" };
  }

  async openStream(who: string, name: string): Promise<PeerStream> {
    return (await this.#calls.connect(parseWho(who))).connection.openStream(name);
  }

  async openDatagrams(who: string, name: string): Promise<PeerDatagrams> {
    return (await this.#calls.connect(parseWho(who))).connection.openDatagrams(name);
  }

  handle(name: string, handler: StreamHandler, policy: StreamPolicy): () => void {
    return this.#network.handle(name, handler, policy);
  }

  traces(peer?: string): readonly Trace[] {
    const found = this.#dialer.traces.filter((trace) => peer === undefined || trace.peer === peer);
    return found.map((trace) => trace.view).toReversed();
  }

  get friends(): Friends {
    return this.#mail.friends;
  }

  get messages(): Messages {
    return this.#mail.chats;
  }

  get invitations(): Invitations {
    return this.#mail.invitations;
  }

  async setName(name: string): Promise<void> {
    await this.#keepName(name);
    await this.#mail.setName(this.#name);
  }

  async #keepName(name: string): Promise<void> {
    this.#name = tidyName(name);
    await this.#options.store.set("name", this.#name);
    for (const { messages } of this.#network.all) void messages.introduce().catch(() => undefined); // it may just go
    this.#options.onChange();
  }

  /** Another word counts in the address without a label. */
  async #keepNospam(nospam: Bytes): Promise<void> {
    await this.#options.store.set("nospam", nospam);
    this.#address = new Address(this.#identity.id, nospam);
    this.#options.onChange();
  }

  exportKey(): string {
    return keyToText(this.#options.key.seed, this.#address.nospam);
  }

  /** @throws WherryError BAD_REQUEST if the passphrase is empty. */
  async exportProfile(passphrase: string, onProgress?: OnProgress): Promise<Blob> {
    const { saved } = await later();
    const [name, { nospam }, met] = [this.#name, this.#address, this.#seen.toKeep()];
    const { random } = this.#options;
    const who = { identity: this.#identity, name, nospam, met };
    return saved((work) => this.#mail.still(work), who, passphrase, { random, onProgress });
  }

  async importKey(text: string): Promise<void> {
    const { seed, nospam } = keyOfText(text);
    const { store, random } = this.#options;
    await store.setAll({ seed, nospam: nospam ?? random(8), sequence: 0 });
  }

  // -- the state ------------------------------------------------------------------------------------------------------

  state(tab: PeerState["tab"]): PeerState {
    const { servedBy, key } = this.#options;
    return peerState(this.#parts, {
      phase: this.#phase,
      name: this.#name,
      address: this.#address,
      tab,
      servedBy,
      keyIsNew: key.isNew,
      troubles: [this.#trouble, this.#published],
    });
  }

  // -- what happens ---------------------------------------------------------------------------------------------------

  /** Whatever was sealed to us is opened here, once, and given to whom it is for; whether it was accepted. */
  #take(sealed: Bytes, arrival: ReturnType<typeof arrivalBy> | null): boolean {
    let envelope: Envelope;
    try {
      envelope = openSealed(sealed, this.#identity);
    } catch (error) {
      if (!WherryError.is(error)) throw error;
      return false;
    }
    const isLetter = envelope.purpose === Purpose.MESSAGE || envelope.purpose === Purpose.RETRY;
    if (isLetter) return this.#takeLetter(sealed, envelope);
    return arrival !== null && this.#dialer.deliver(envelope, arrival);
  }

  #takeLetter(sealed: Bytes, envelope: Envelope): boolean {
    const accepted = this.#mail.deliver(sealed, envelope);
    const peer = String(envelope.sender);
    if (accepted && this.#mail.isFriend(peer)) this.#seen.note(peer, "pinged", { heard: true });
    return accepted;
  }

  /** A friend may be there: a connection is quicker than anything, and says when it goes. */
  #callFriend(peer: PeerId): void {
    const [key, now] = [String(peer), performance.now()];
    const calledAt = this.#calledAt.get(key) ?? Number.NEGATIVE_INFINITY;
    if (now - calledAt < CALL_AGAIN_MS || this.#network.get(peer) !== null || this.#dialer.underWay(peer)) return;
    this.#calledAt.set(key, now);
    this.#calls.restore([key]);
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
    this.#mail.announce();
    this.#keeping.keep(this.#options.store.set("endpoints", this.#introducers.known().map(String).slice(0, 16)));
  }

  #introducersChanged(): void {
    const held = new Set(this.#introducers.current().map(({ peer }) => String(peer)));
    for (const peer of held) this.#seen.note(peer, "introducer", { heard: true });
    for (const { peer } of this.#seen.all) if (!held.has(peer)) this.#seen.leave(peer, "introducer");
    this.#options.onChange();
  }

  #connectionEvent(peer: PeerId, event: CoreEvent): void {
    if (event.type === "suspect" || event.type === "interrupted") void this.#calls.redial(peer);
    if (event.type === "opened") {
      const name = event.stream.name ?? "";
      this.#options.onEvent({ type: "stream", peer: String(peer), name, inbound: true });
    }
    this.#options.onChange();
  }

  #connected(peer: PeerId): void {
    this.#seen.note(String(peer), "connected", { heard: true });
    this.#options.onEvent({ type: "connected", peer: String(peer) });
    this.#mail.connected(peer);
    const connected = this.#network.get(peer);
    if (connected !== null) void this.#measurements.update(connected);
    this.#keeping.note();
    this.#options.onChange();
  }

  #closed(peer: PeerId, error: WherryError): void {
    this.#measurements.forget(peer);
    this.#seen.note(String(peer), "connected", { heard: true });
    this.#seen.leave(String(peer), "connected");
    this.#mail.disconnected(peer);
    this.#keeping.note();
    this.#options.onEvent({ type: "disconnected", peer: String(peer), error: error.info });
    this.#options.onChange();
  }

  #named(peer: PeerId, name: string): void {
    this.#seen.note(String(peer), "connected", { heard: true, name });
    this.#keeping.note();
    this.#options.onChange();
  }

  #traced(trace: AttemptTrace): void {
    this.#options.onEvent({ type: "trace", trace: trace.view });
    this.#options.onChange();
  }
}

/** An endpoint in text: a multiaddr, or `host:port`. */
export function endpointOfText(text: string): EndpointAddress {
  return text.startsWith("/") ? EndpointAddress.parse(text) : endpointOfAuthority(text);
}

/**
 * The peer of a page: this tab's own where it leads, else the leading tab's. Start one and keep it:
 *
 *     const peer = await WherryPeer.start();
 *     const stream = await peer.openStream("12D3KooW…", "/wherry/echo/1");
 */

import { InviteLink, parseWho, peerOf, Address } from "./address.ts";
import type { InvitationHandler, InvitationPolicy, Inviting, SessionHandler, Sessions } from "./asking.ts";
import { type Random, hex, random as browserRandom } from "./bytes.ts";
import type { MakeLink } from "./connection/link.ts";
import { makeRtcLink } from "./connection/rtc-link.ts";
import { EndpointAddress } from "./endpoints.ts";
import { Engine, endpointOfText } from "./engine.ts";
import { WherryError } from "./errors.ts";
import { type Store, loadKey, mailOf, openStore } from "./keystore.ts";
import { Identity } from "./identity.ts";
import { checkName } from "./invitations/replies.ts";
import { later } from "./loading.ts";
import { friendlyName } from "./names.ts";
import { invitationName } from "./sessions/names.ts";
import { openDatabase } from "./store/browser.ts";
import type { Database } from "./store/database.ts";
import { type Channel, type Room, openChannel } from "./tabs/channel.ts";
import { friendsBy, invitationsBy, invoke, messagesBy } from "./tabs/features.ts";
import { Follower } from "./tabs/follower.ts";
import { type Leadership, standForLeader } from "./tabs/leadership.ts";
import { Served } from "./tabs/served.ts";
import { Serving } from "./tabs/serving.ts";
import { Once } from "./tasks.ts";
import type {
  ConnectionState,
  OnProgress,
  ParsedWho,
  Peer,
  PeerDatagrams,
  PeerEvent,
  PeerState,
  PeerStream,
  PingReply,
  StreamHandler,
  StreamPolicy,
  Trace,
} from "./types.ts";

/** Milliseconds between two snapshots of the state: ten a second are enough for eyes. */
const STATE_MS = 100;

export interface StartOptions {
  /** Endpoints to begin with, as multiaddrs or `host:port`; without them the one that served the page. */
  readonly endpoints?: readonly string[];
  /** Where the key and the rest is kept; without it the browser's own database. */
  readonly store?: Store;
  /** Where friends and messages rest; without it the browser's own database. */
  readonly database?: Database;
  /** What makes peer connections; without it the browser's WebRTC. */
  readonly makeLink?: MakeLink;
  readonly random?: Random;
  /** False for a peer that shares nothing with other tabs. */
  readonly shareTabs?: boolean;
}

interface Leading {
  readonly engine: Engine;
  readonly store: Store;
}

export class WherryPeer implements Peer, Inviting {
  readonly #options: StartOptions;
  readonly #random: Random;
  readonly #channel: Channel | null;
  readonly #listeners = new Set<(event: PeerEvent) => void>();
  readonly #served = new Served<Engine>();
  readonly #started = new Once<void>();
  readonly #leadership: Leadership;
  #leads = false;
  #leading: Leading | null = null;
  #serving: Serving | null = null;
  #following: Follower | null = null;
  #state: PeerState | null = null;
  #emitting: ReturnType<typeof setTimeout> | null = null;
  #emittedAt = Number.NEGATIVE_INFINITY;
  readonly #leave = new AbortController();
  /** Resolves when an engine that was stopped has kept what it had to keep. */
  #stopped: Promise<void> = Promise.resolve();
  readonly friends = friendsBy((room, name, args) => this.#feature(room, name, args));
  readonly messages = messagesBy((room, name, args) => this.#feature(room, name, args));
  readonly invitations = invitationsBy((room, name, args) => this.#feature(room, name, args));
  readonly sessions: Sessions = {
    request: async (...asked) => this.#do((engine) => engine.sessions.request(...asked), noSessions),
  };

  /**
   * Start the peer of this page. Resolves when its state is known: its key is loaded or made.
   * @throws WherryError IDENTITY_CORRUPT if the browser's database or the key in it cannot be read.
   */
  static async start(options: StartOptions = {}): Promise<WherryPeer> {
    const peer = new WherryPeer(options);
    await peer.#started.promise;
    return peer;
  }

  private constructor(options: StartOptions) {
    this.#options = options;
    this.#random = options.random ?? browserRandom;
    this.#channel = options.shareTabs === false ? null : openChannel(hex(this.#random(8)));
    this.#leadership = standForLeader(this.#channel, {
      onLead: () => void this.#lead(),
      onFollow: () => void this.#follow(),
      onLost: () => {
        this.#leads = false;
        this.#stopLeading(false);
      },
    });
    this.#watchPage();
  }

  // -- Peer -----------------------------------------------------------------------------------------------------------

  get state(): PeerState {
    if (this.#state === null) throw new WherryError("CLOSED", "the peer has not started");
    return this.#state;
  }

  subscribe(listener: (event: PeerEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async connect(who: string): Promise<ConnectionState> {
    return this.#do((engine) => engine.connect(who), (follower) => follower.connect(who));
  }

  async disconnect(peer: string): Promise<void> {
    await this.#do((engine) => engine.disconnect(peer), (follower) => follower.call("disconnect", peer));
  }

  async ping(who: string): Promise<PingReply> {
    return this.#do((engine) => engine.ping(who), (follower) => follower.ping(who));
  }

  async openStream(who: string, name: string): Promise<PeerStream> {
    return this.#do((engine) => engine.openStream(who, name), (follower) => follower.openStream(who, name));
  }

  async openDatagrams(who: string, name: string): Promise<PeerDatagrams> {
    return this.#do((engine) => engine.openDatagrams(who, name), (follower) => follower.openDatagrams(who, name));
  }

  /** Served as long as this tab leads, and again when it leads later. */
  handle(name: string, handler: StreamHandler, policy: StreamPolicy = new Set()): () => void {
    return this.#served.add(`stream ${name}`, (engine) => engine.handle(name, handler, policy));
  }

  /** Answered as long as this tab leads, and again when it leads later. */
  answer(name: string, handler: InvitationHandler, policy: InvitationPolicy = "friends"): () => void {
    checkName(name);
    return this.#served.add(`invitation ${name}`, (engine) => engine.invitations.handle(name, handler, policy));
  }

  /** Served as long as this tab leads, and again when it leads later. */
  serveSessions(name: string, handler: SessionHandler, policy: InvitationPolicy = "friends"): () => void {
    return this.#served.add(`invitation ${invitationName(name)}`, (engine) => engine.sessions.serve(name, handler, policy));
  }

  traces(peer?: string): readonly Trace[] {
    return this.#leading?.engine.traces(peer) ?? this.#following?.traces(peer) ?? [];
  }

  parse(text: string): ParsedWho {
    try {
      const who = parseWho(text);
      const kind = who instanceof InviteLink ? "link" : who instanceof Address ? "address" : "id";
      const vias = who instanceof InviteLink ? who.vias.map((via) => via.authority) : [];
      return { ok: true, kind, peer: String(peerOf(who)), vias };
    } catch (error) {
      return { ok: false, error: WherryError.from(error).info };
    }
  }

  /**
   * Close all sockets and connections, until `resume`: a page that sleeps is away, and its mailboxes keep what comes.
   * Another tab may lead meanwhile.
   */
  async suspend(): Promise<void> {
    this.#stopLeading(false);
    await this.#stopped;
  }

  /** Take up again what `suspend` put down. */
  async resume(): Promise<void> {
    if (this.#leads && this.#leading === null) await this.#startEngine();
  }

  async setName(name: string): Promise<void> {
    await this.#do((engine) => engine.setName(name), (follower) => follower.call("setName", name));
  }

  async exportKey(): Promise<string> {
    return this.#do(async (engine) => engine.exportKey(), async (follower) => follower.call("exportKey"));
  }

  async importKey(text: string): Promise<void> {
    await this.#do((engine) => engine.importKey(text), (follower) => follower.call("importKey", text));
  }

  async exportProfile(passphrase: string, onProgress?: OnProgress): Promise<Blob> {
    return this.#do(
      async (engine) => engine.exportProfile(passphrase, onProgress),
      async (follower) => follower.call("exportProfile", passphrase),
    );
  }

  async importProfile(file: Blob, passphrase: string, onProgress?: OnProgress): Promise<void> {
    await this.#do(
      async () => this.#become(file, passphrase, onProgress),
      async (follower) => follower.call("importProfile", file, passphrase),
    );
  }

  async #become(file: Blob, passphrase: string, onProgress?: OnProgress): Promise<void> {
    const { become } = await later();
    const store = this.#options.store ?? (await openStore());
    try {
      await become({ store, file, passphrase, random: this.#random, onProgress, pause: () => this.suspend() });
      this.#tell({ type: "restored" });
    } catch (error) {
      await this.resume();
      throw error;
    } finally {
      store.close();
    }
  }

  /** End everything; connected peers are told that this was meant. */
  async close(): Promise<void> {
    this.#end(true);
    await this.#stopped;
  }

  #end(told: boolean): void {
    this.#leave.abort();
    this.#leadership.close();
    this.#channel?.post({ type: "bye", from: this.#channel.id });
    this.#following?.close();
    this.#stopLeading(told);
    this.#channel?.close();
  }

  // -- leading and following ------------------------------------------------------------------------------------------

  async #lead(): Promise<void> {
    this.#leads = true;
    this.#following?.close();
    this.#following = null;
    try {
      await this.#startEngine();
      this.#started.resolve();
    } catch (error) {
      this.#started.reject(WherryError.from(error, "IDENTITY_CORRUPT"));
    }
  }

  async #startEngine(): Promise<void> {
    const store = this.#options.store ?? (await openStore());
    const key = await loadKey(store, this.#random);
    await this.#stopped;
    const mail = await mailOf(store, String(new Identity(key.seed).id));
    const database = this.#options.database ?? (await openDatabase(mail, this.#random));
    let name = await store.get("name");
    if (name === undefined) {
      name = friendlyName(this.#random);
      await store.set("name", name);
    }
    const engine = new Engine({
      key,
      name,
      store,
      database,
      endpoints: this.#endpoints(),
      remembered: endpointsOf((await store.get("endpoints")) ?? []),
      lastSequence: (await store.get("sequence")) ?? 0,
      servedBy: globalThis.location?.host ?? "",
      makeLink: this.#options.makeLink ?? makeRtcLink,
      random: this.#random,
      onChange: () => this.#changed(),
      onEvent: (event) => this.#emit(event),
    });
    if (this.#channel !== null) this.#serving ??= new Serving(this.#channel, this, () => this.#leading !== null);
    this.#leading = { engine, store };
    this.#served.lead(engine);
    this.#state = engine.state(this.#channel === null ? "alone" : "leader");
    await engine.start();
  }

  async #follow(): Promise<void> {
    if (this.#channel === null || this.#leading !== null) return;
    this.#following?.close();
    const follower = new Follower(this.#channel, (event) => {
      if (event.type === "state") this.#state = event.state;
      for (const listener of this.#listeners) listener(event);
    });
    this.#following = follower;
    await follower.start();
    if (follower.state !== null) this.#started.resolve();
  }

  #stopLeading(told: boolean): void {
    const leading = this.#leading;
    this.#leading = null;
    if (leading === null) return;
    this.#served.follow();
    this.#stopped = leading.engine.close({ told }).then(() => leading.store.close());
  }

  async #do<T>(lead: (engine: Engine) => Promise<T>, follow: (follower: Follower) => Promise<T | null>): Promise<T> {
    if (this.#leading !== null) return lead(this.#leading.engine);
    if (this.#following !== null) return (await follow(this.#following)) as T;
    throw new WherryError("CLOSED", "no tab leads at the moment", { hint: "Try again." });
  }

  async #feature(room: Room, name: string, args: readonly unknown[]): Promise<unknown> {
    return this.#do(
      async (engine) => invoke(engine, room, name, args),
      async (follower) => follower.call("feature", room, name, args),
    );
  }

  // -- telling --------------------------------------------------------------------------------------------------------

  #changed(): void {
    if (this.#emitting !== null || this.#leading === null) return;
    const wait = Math.max(0, this.#emittedAt + STATE_MS - performance.now());
    this.#emitting = setTimeout(() => {
      this.#emitting = null;
      this.#emittedAt = performance.now();
      if (this.#leading === null) return;
      this.#state = this.#leading.engine.state(this.#channel === null ? "alone" : "leader");
      this.#emit({ type: "state", state: this.#state });
    }, wait);
  }

  #emit(event: PeerEvent): void {
    if (this.#leading === null) for (const listener of this.#listeners) listener(event);
    else this.#tell(event);
  }

  #tell(event: PeerEvent): void {
    this.#serving?.tell(event);
    for (const listener of this.#listeners) listener(event);
  }

  // -- the page -------------------------------------------------------------------------------------------------------

  /** A page that goes says so; one that wakes up, or gets another network, looks at its introducers at once. */
  #watchPage(): void {
    const { signal } = this.#leave;
    const target: Partial<Pick<EventTarget, "addEventListener">> = globalThis;
    target.addEventListener?.("pageshow", (event) => {
      if ("persisted" in event && event.persisted === true) globalThis.location.reload(); // out of the browser's cache
    });
    target.addEventListener?.("pagehide", () => this.#end(false), { signal });
    for (const name of ["online", "offline"]) target.addEventListener?.(name, () => this.#wake(), { signal });
    target.addEventListener?.("freeze", () => void this.suspend(), { signal });
    target.addEventListener?.("resume", () => void this.#resumed(), { signal });
  }

  async #resumed(): Promise<void> {
    try {
      await this.resume();
      this.#wake();
    } catch (error) {
      const { info } = WherryError.from(error);
      if (this.#state !== null) this.#emit({ type: "state", state: { ...this.#state, problems: [info] } });
    }
  }

  #wake(): void {
    this.#leading?.engine.poke();
    this.#changed();
  }

  #endpoints(): EndpointAddress[] {
    if (this.#options.endpoints !== undefined) return this.#options.endpoints.map(endpointOfText);
    const { location } = globalThis;
    if (location === undefined || !/^https?:$/.test(location.protocol)) return [];
    const tls = location.protocol === "https:";
    const host = location.hostname.replaceAll(/[[\]]/g, "");
    return [new EndpointAddress(host, Number(location.port) || (tls ? 443 : 80), { tls })];
  }
}

/** Their streams are where the connections are, and they do not go from tab to tab. */
async function noSessions(): Promise<never> {
  throw new WherryError("UNSUPPORTED", "another tab holds the connections, and sessions are had only there", {
    hint: "Use that tab, or close it.",
  });
}

/** What was remembered, without what no longer parses: the format may have changed since. */
function endpointsOf(texts: readonly string[]): EndpointAddress[] {
  return texts.flatMap((text) => {
    try {
      return [EndpointAddress.parse(text)];
    } catch {
      return [];
    }
  });
}

/**
 * Requests to an endpoint, their answers, and what others send us through it. Requests may be under way side by side;
 * each has a number, and an answer that comes too late is dropped.
 */

import { type Bytes, type Random, random as browserRandom } from "../bytes.ts";
import type { Purpose } from "../domains.ts";
import { EndpointAddress } from "../endpoints.ts";
import { seal } from "../envelope.ts";
import type { ErrorCode } from "../error-table.ts";
import { WherryError } from "../errors.ts";
import { x25519Of } from "../identity.ts";
import { LOOK_UP_MS, NEIGHBOURS, PASS_ON_MS, REQUEST_MS, RESERVATION_S, SOCKET_PING_MS } from "../limits.ts";
import { PeerId } from "../peer-id.ts";
import type { Introducer } from "../record.ts";
import { Scope } from "../scope.ts";
import { Once, within } from "../tasks.ts";
import {
  type Frame,
  type FrameOf,
  type IceServer,
  Status,
  type UnknownFrame,
  encodeHandover,
} from "../wire.ts";
import { type OpenOptions, type SignalSocket, openSocket } from "./socket.ts";

/** Takes what somebody sent us through `client`, or declines it; `back` is the way back, 0 if there is none. */
export type OnDeliver = (client: Client, envelope: Bytes, back: number) => boolean;

/** What an endpoint grants: how long, as whom it sees us, and what helps with ICE. */
export interface Registration {
  readonly seconds: number;
  readonly host: string;
  readonly port: number;
  readonly iceServers: readonly IceServer[];
}

const REFUSALS: ReadonlyMap<number, ErrorCode> = new Map<number, ErrorCode>([
  [Status.QUOTA, "QUOTA"],
  [Status.NO_RESERVATION, "NO_RESERVATION"],
  [Status.MALFORMED, "MALFORMED"],
]);

type Request = Extract<Frame, { readonly id: number }>;
type Reply = FrameOf<
  "result" | "registered" | "found" | "others" | "pong" | "leased" | "collected" | "prekey"
>;

export type Leased = Pick<FrameOf<"leased">, "seconds" | "bytes" | "waiting" | "prekeys">;
export type Collected = Pick<FrameOf<"collected">, "letters" | "more">;
/** A prekey that is used once, under its number. */
export interface OneTimeKey {
  readonly prekey: number;
  readonly key: Bytes;
}

export async function openClient(options: OpenOptions & { readonly onDeliver?: OnDeliver }): Promise<Client> {
  return new Client(await openSocket(options), options);
}

export class Client {
  readonly peer: PeerId;
  /** Where it was dialled, with its peer. */
  readonly address: EndpointAddress;
  registration: Registration | null = null;
  /** Why it ended, once it has. */
  readonly ended: Promise<WherryError>;
  alive = true;
  /** Told how many envelopes wait in the lease here, when one has come. */
  onWaiting: (count: number) => void = () => undefined;
  readonly #socket: SignalSocket;
  readonly #random: Random;
  readonly #onDeliver: OnDeliver | undefined;
  readonly #pending = new Map<number, Once<Reply>>();
  #number = 0;
  #keepAlive: ReturnType<typeof setInterval>;

  constructor(socket: SignalSocket, { address, onDeliver, random }: OpenOptions & { readonly onDeliver?: OnDeliver }) {
    this.#socket = socket;
    this.#random = random ?? browserRandom;
    this.#onDeliver = onDeliver;
    this.peer = socket.peer;
    this.address = address.with(socket.peer);
    this.ended = socket.ended.then((why) => this.#over(why));
    socket.onFrame = (frame) => this.#receive(frame);
    this.#keepAlive = setInterval(() => void this.#lookAlive(), SOCKET_PING_MS);
  }

  // -- requests -------------------------------------------------------------------------------------------------------

  /** Let others reach us through this endpoint, for so long or as long as it grants. */
  async register(seconds = RESERVATION_S): Promise<Registration> {
    return this.#granted(await this.#request({ kind: "register", id: 0, seconds, capabilities: 0 }, "registered"));
  }

  /** @throws WherryError NO_RESERVATION if there is none any more. */
  async renew(seconds = RESERVATION_S): Promise<Registration> {
    return this.#granted(await this.#request({ kind: "renew", id: 0, seconds }, "registered"));
  }

  async unregister(): Promise<void> {
    await this.#request({ kind: "unregister", id: 0 }, "result");
  }

  /**
   * Give a sealed envelope to a peer that is registered here; resolves once that peer has taken it.
   * @throws WherryError NO_RESERVATION if the peer is not here, or declined: the two look alike.
   */
  async send(to: PeerId, envelope: Bytes): Promise<void> {
    await this.#request({ kind: "send", id: 0, to: to.key, tag: new Uint8Array(), envelope }, "result");
  }

  /** Give a sealed envelope to the socket that a delivered one came by. */
  async reply(back: number, envelope: Bytes): Promise<void> {
    await this.#request({ kind: "reply", id: 0, back, envelope }, "result");
  }

  /** As `send`, to a peer registered at another introducer, of which this endpoint learns no more. */
  async passOn(introducer: Introducer, to: PeerId, envelope: Bytes): Promise<void> {
    const { peer: next } = introducer;
    const handover = encodeHandover({ to: to.key, tag: new Uint8Array(), envelope });
    const sealed = seal(handover, { recipient: next, sealingKey: x25519Of(next), secret: this.#random(32) });
    const endpoints = introducer.endpoints.map((endpoint) => endpoint.toBytes());
    await this.#request({ kind: "passOn", id: 0, next: next.key, endpoints, sealed }, "result", PASS_ON_MS);
  }

  /** The newest document of a peer that the endpoint finds, unchecked, or null. */
  async lookUp(purpose: Purpose, peer: PeerId): Promise<Bytes | null> {
    const found = await this.#request({ kind: "lookUp", id: 0, purpose, peer: peer.key }, "found", LOOK_UP_MS);
    return found.document.length === 0 ? null : found.document;
  }

  /** Have our own signed document stored where others look; returns how many hold it. */
  async publish(document: Bytes): Promise<number> {
    const { text } = await this.#request({ kind: "publish", id: 0, document }, "result", LOOK_UP_MS);
    return /^\d+$/.test(text) ? Number(text) : 0;
  }

  /** Other endpoints that this one knows, none nearer than itself. */
  async neighbours(count = NEIGHBOURS): Promise<Introducer[]> {
    const { endpoints } = await this.#request({ kind: "neighbours", id: 0, count }, "others");
    return endpoints.flatMap(({ key, endpoints }) => this.#neighbour(key, endpoints) ?? []);
  }

  /** Round trip, and how far the endpoint's clock leads ours; both in milliseconds. */
  async ping(): Promise<{ readonly rttMs: number; readonly clockMs: number }> {
    const [begun, wall] = [performance.now(), Date.now()];
    const { timeMs } = await this.#request({ kind: "ping", id: 0 }, "pong");
    const rttMs = performance.now() - begun;
    return { rttMs, clockMs: timeMs - (wall + rttMs / 2) };
  }

  // -- mailboxes ------------------------------------------------------------------------------------------------------

  /** Have mail kept here while we are away, for so many seconds; what is asked for when it comes again. */
  async lease(seconds: number): Promise<Leased> {
    return this.#request({ kind: "lease", id: 0, seconds }, "leased");
  }

  /** Who may leave mail in one week: friends (`sort` 0) or who has our address (1). `first` begins the list anew. */
  async tags(tags: { week: number; sort: 0 | 1; first: boolean; tags: readonly Bytes[] }): Promise<void> {
    await this.#request({ kind: "tags", id: 0, ...tags }, "result");
  }

  /** One-time prekeys that are handed out here; they take the place of the batch before. */
  async prekeys(prekeys: readonly OneTimeKey[]): Promise<void> {
    await this.#request({ kind: "prekeys", id: 0, prekeys }, "result");
  }

  /**
   * Leave a sealed envelope for a peer that has a lease here.
   * @throws WherryError NO_RESERVATION if it has none, or not for that tag; QUOTA if the mailbox is full.
   */
  async deposit(to: PeerId, sealed: Bytes, { tag, work }: { tag: Bytes; work?: Bytes }): Promise<void> {
    await this.#request({ kind: "deposit", id: 0, to: to.key, tag, work: work ?? new Uint8Array(), sealed }, "result");
  }

  /** What was left for us: those with a higher number than `after`, and whether there are more. */
  async collect(after: number): Promise<Collected> {
    return this.#request({ kind: "collect", id: 0, after }, "collected");
  }

  /** Envelopes of these names may be forgotten. */
  async acknowledge(names: readonly Bytes[]): Promise<void> {
    await this.#request({ kind: "acknowledge", id: 0, names }, "result");
  }

  /** A one-time prekey of a peer that has a lease here, or null if none is left. */
  async takePrekey(to: PeerId, tag: Bytes): Promise<OneTimeKey | null> {
    const { prekey, key } = await this.#request({ kind: "takePrekey", id: 0, to: to.key, tag }, "prekey");
    return prekey === 0 || key.length !== 32 ? null : { prekey, key };
  }

  async endLease(): Promise<void> {
    await this.#request({ kind: "endLease", id: 0 }, "result");
  }

  close(why?: WherryError): void {
    this.#socket.close(why);
  }

  /** How near the endpoint is to us: what it tells us of may not be nearer. */
  get scope(): Scope {
    return this.address.scope ?? Scope.GLOBAL;
  }

  // -- inside ---------------------------------------------------------------------------------------------------------

  async #request<K extends Reply["kind"]>(frame: Request, kind: K, ms = REQUEST_MS): Promise<FrameOf<K>> {
    if (!this.alive) throw await this.ended;
    const id = ++this.#number;
    const answer = new Once<Reply>();
    this.#pending.set(id, answer);
    try {
      if (!this.#socket.send({ ...frame, id })) throw new WherryError("QUOTA", "too much waits to be sent there");
      const reply = await within(ms, answer.promise, "ENDPOINT_TIMEOUT", `no answer within ${ms / 1000} s`);
      if (reply.kind === "result" && reply.status !== Status.OK) {
        throw new WherryError(REFUSALS.get(reply.status) ?? "DELIVERY_FAILED", reply.text);
      }
      if (!isOf(reply, kind)) throw new WherryError("MALFORMED", `a ${reply.kind} as answer`);
      return reply;
    } finally {
      this.#pending.delete(id);
    }
  }

  /** NATs forget quiet sockets, and a cut cable says nothing. */
  async #lookAlive(): Promise<void> {
    try {
      await this.ping();
    } catch (error) {
      this.close(WherryError.from(error, "ENDPOINT_LOST"));
    }
  }

  #receive(frame: Frame | UnknownFrame): void {
    switch (frame.kind) {
      case "deliver":
        this.#deliver(frame);
        return;
      case "ping":
        this.#socket.send({ kind: "pong", id: frame.id, timeMs: Date.now() });
        return;
      case "waiting":
        this.onWaiting(frame.count);
        return;
      case "refused":
        this.close(new WherryError("ENDPOINT_LOST", `the endpoint says: ${frame.text}`));
        return;
      case "result":
      case "registered":
      case "found":
      case "others":
      case "pong":
      case "leased":
      case "collected":
      case "prekey":
        this.#pending.get(frame.id)?.resolve(frame);
        return;
      default: // of a later version, or nothing that an endpoint says
    }
  }

  #deliver({ id, envelope, back }: FrameOf<"deliver">): void {
    const accepted = this.#onDeliver?.(this, envelope, back) ?? false;
    this.#socket.send({ kind: "delivered", id, accepted });
  }

  #over(why: WherryError): WherryError {
    this.alive = false;
    clearInterval(this.#keepAlive);
    for (const answer of this.#pending.values()) answer.reject(why);
    return why;
  }

  #granted({ seconds, host, port, iceServers }: FrameOf<"registered">): Registration {
    this.registration = { seconds, host, port, iceServers };
    return this.registration;
  }

  #neighbour(key: Bytes, endpoints: readonly Bytes[]): Introducer | null {
    try {
      const peer = new PeerId(key);
      const known = endpoints.map((data) => EndpointAddress.fromBytes(data, peer));
      const near = known.filter((endpoint) => (endpoint.scope ?? Scope.GLOBAL) >= this.scope);
      return near.length === 0 ? null : { peer, endpoints: near };
    } catch {
      return null; // what an endpoint says of others is its word alone: nonsense is left out
    }
  }
}

function isOf<K extends Reply["kind"]>(reply: Reply, kind: K): reply is Reply & FrameOf<K> {
  return reply.kind === kind;
}

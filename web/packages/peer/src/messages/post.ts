/**
 * The post: whatever is to reach a peer, connected or not, is given to it, and comes out of it at the other end, once.
 *
 *     features (friends, messages, invitations)
 *         │ send, whisper                 ▲ serve
 *         ▼                               │
 *       Post ── one Courier per pair ── Ways ──> connection, introducers, mailboxes
 *         └──── Receiver <── letters from any way
 *
 * An item is kept before `send` resolves; from then on it is the post's matter, through reloads. The state of a pair
 * rests in the store and is written together with its effect; a pair in memory is only a copy.
 */

import { type Bytes, type Random, hex } from "../bytes.ts";
import { Purpose } from "../domains.ts";
import type { Envelope } from "../envelope.ts";
import { WherryError } from "../errors.ts";
import type { Identity } from "../identity.ts";
import { decodeMessage, nameOf } from "../letters.ts";
import { PeerId } from "../peer-id.ts";
import { Rates } from "../rates.ts";
import type { MailStore, Transaction } from "../store/transaction.ts";
import { Courier } from "./courier.ts";
import { type Handler, Handlers, type Known } from "./handlers.ts";
import type { Keys } from "./keys.ts";
import {
  LETTERS_FROM_PEER_PER_S,
  LETTERS_FROM_STRANGERS_PER_S,
  LIFETIME_S,
  MESSAGE_BYTES,
  OPENED_S,
  PIECE_BYTES,
  WAITING_BYTES,
  WAITING_ITEMS,
  WHISPER_S,
} from "./limits.ts";
import { type Pair, keepVoid, outboxRow } from "./pair.ts";
import { Pairs } from "./pairs.ts";
import { cut } from "./pieces.ts";
import { Receiver } from "./receiving.ts";
import { Retries } from "./retries.ts";
import { Sender } from "./sending.ts";
import type { Ways } from "./ways.ts";

export interface PostOptions {
  readonly identity: Identity;
  readonly store: MailStore;
  readonly ways: Ways;
  readonly keys: Keys;
  readonly random: Random;
  /** Whether a peer is somebody we deal with: strangers share a small allowance. */
  readonly isKnown: (peer: PeerId) => boolean;
  /** Takes the signed records that come with letters. */
  readonly learn: (transaction: Transaction, peer: PeerId, document: Bytes) => Promise<void>;
  /** Seconds since 1970 by network time. */
  readonly now: () => number;
  /** Something could not be kept, or went wrong where nobody waits for it. */
  readonly onTrouble: (error: WherryError) => void;
}

export class Post {
  readonly #options: PostOptions;
  readonly #handlers = new Handlers();
  readonly #sender: Sender;
  readonly #receiver: Receiver;
  readonly #pairs: Pairs;
  readonly #retries: Retries;
  readonly #couriers = new Map<string, Courier>();
  readonly #working = new Set<Promise<void>>();
  readonly #peers = new Rates(LETTERS_FROM_PEER_PER_S);
  readonly #strangers = new Rates(LETTERS_FROM_STRANGERS_PER_S);
  #open = false;

  constructor(options: PostOptions) {
    this.#options = options;
    const { identity, store, random, keys, now, learn, ways } = options;
    const forget = (pair: Pair): void => this.#forget(pair);
    this.#pairs = new Pairs({ identity, store, now, isBusy: (peer) => this.#couriers.has(peer) });
    this.#retries = new Retries({ identity, store, ways, keys, random, pairs: this.#pairs, forget });
    this.#sender = new Sender({ identity, store, random, forget });
    this.#receiver = new Receiver({
      store,
      handlers: this.#handlers,
      keys,
      random,
      now,
      learn,
      pairs: this.#pairs,
      isKnown: options.isKnown,
      forget,
    });
  }

  /** Begin to carry: what waits since the last time goes on its way. */
  async start(): Promise<void> {
    this.#open = true;
    await this.#sweep();
    const { store } = this.#options;
    const waiting = new Set((await store.list("outbox")).map(({ peer }) => peer));
    for (const { peer, ackDue } of await store.list("pairs")) if (ackDue) waiting.add(peer);
    for (const peer of waiting) this.#carry(await this.#pairs.get(PeerId.parse(peer)));
  }

  /** Stop carrying; what waits stays where it is. */
  async close(): Promise<void> {
    this.#open = false;
    for (const courier of this.#couriers.values()) courier.stop();
    await Promise.all(this.#working);
  }

  // -- for features ---------------------------------------------------------------------------------------------------

  serve(kind: number, handler: Handler): void {
    this.#handlers.serve(kind, handler);
  }

  /** Ask `known` as well whether an item was handed on before: a void comes too late for it. */
  remember(known: Known): void {
    this.#handlers.remember(known);
  }

  set admit(admit: Handlers["admit"]) {
    this.#handlers.admit = admit;
  }

  /**
   * Keep an item for a peer with the rest of the transaction; returns its id. It goes in the background, until settled.
   * @throws WherryError LIMIT_EXCEEDED if it is larger than may be.
   * @throws WherryError OUTBOX_FULL if too much waits for the peer already.
   */
  async send(
    transaction: Transaction,
    peer: PeerId,
    { kind, body, id = this.#options.random(16), lifetimeS = LIFETIME_S }: Sending,
  ): Promise<Bytes> {
    if (body.length > MESSAGE_BYTES + PIECE_BYTES) {
      throw new WherryError("LIMIT_EXCEEDED", `${body.length} bytes; ${MESSAGE_BYTES} is the most`, {
        hint: "Send it as a file.",
      });
    }
    const pair = await this.#pairs.get(peer, transaction);
    const size = pair.outgoing.entries.reduce((sum, entry) => sum + entry.size, 0);
    if (pair.outgoing.size >= WAITING_ITEMS || size + body.length > WAITING_BYTES) {
      throw new WherryError("OUTBOX_FULL", `${pair.outgoing.size} items wait for ${peer.short}`, { peer: String(peer) });
    }
    transaction.undone(() => this.#forget(pair));
    transaction.after(() => this.#carry(pair));
    const expires = Math.floor(this.#options.now() + lifetimeS);
    const pieces = cut(kind, body);
    if (pieces.length > 0) pair.pieces.set(hex(id), pieces.length);
    for (const one of pieces.length > 0 ? pieces : [body]) {
      const entry = pair.outgoing.add({ id, kind, expires, size: one.length, piece: pieces.length > 0 });
      transaction.put("outbox", outboxRow(peer, entry));
      transaction.put("bodies", { peer: String(peer), number: entry.number, body: one });
    }
    pair.keep(transaction);
    return id;
  }

  /** Say something that is worth nothing later: over the open connection, or not at all. */
  whisper(peer: PeerId, kind: number, body: Bytes): void {
    if (this.#open && this.#options.ways.connected(peer)) this.#work(this.#whispered(peer, kind, body));
  }

  /** Ask the recipient to take an item for void; the `settled` handler hears the end of it. */
  async withdraw(transaction: Transaction, peer: PeerId, id: Bytes): Promise<void> {
    const pair = await this.#pairs.get(peer, transaction);
    transaction.undone(() => this.#forget(pair));
    transaction.after(() => this.#carry(pair));
    keepVoid(transaction, peer, pair.outgoing.void(id));
  }

  /** Whether anything waits for a peer. */
  waitsFor(peer: string): boolean {
    return this.#couriers.has(peer);
  }

  // -- from the engine ------------------------------------------------------------------------------------------------

  /** A way to the peer has opened, or may have: what waits is tried again now. */
  notice(peer: PeerId): void {
    this.#work(
      this.#pairs.get(peer).then((pair) => {
        pair.absentUntil = Number.NEGATIVE_INFINITY;
        pair.allAgain();
        this.#carry(pair);
      }),
    );
  }

  /** The network has changed. */
  noticeAll(): void {
    for (const { pair } of this.#couriers.values()) this.notice(pair.peer);
  }

  /**
   * Take a letter that somebody hands us, opened and verified; whether it is accepted. Not accepted and not here look
   * alike to who sent it, and it tries another way.
   */
  deliver(sealed: Bytes, envelope: Envelope): boolean {
    if (!this.#mayWrite(envelope.sender)) return false;
    this.#work(this.take(sealed, envelope).then(() => undefined));
    return true;
  }

  /** Take a letter in; whether that is over and done with, so that whoever keeps a copy may forget it. */
  async take(sealed: Bytes, envelope: Envelope): Promise<boolean> {
    if (!this.#open) return false;
    const peer = envelope.sender;
    if (peer.equals(this.#options.identity.id)) return true;
    try {
      await this.#taken(sealed, envelope);
      const pair = await this.#pairs.get(peer);
      pair.heard = performance.now();
      pair.absentUntil = Number.NEGATIVE_INFINITY;
      this.#carry(pair);
      return true;
    } catch (error) {
      if (!WherryError.is(error)) throw error;
      if (error.kind.side === "remote") return true; // nonsense, which stays nonsense
      this.#options.onTrouble(error);
      return false;
    }
  }

  async #taken(sealed: Bytes, envelope: Envelope): Promise<void> {
    const { sender } = envelope;
    if (envelope.purpose === Purpose.RETRY) {
      await this.#retries.take(sender, envelope.payload);
      return;
    }
    const message = decodeMessage(envelope.payload);
    try {
      await this.#receiver.open(sender, message, nameOf(sealed));
    } catch (error) {
      if (!WherryError.is(error, "CANNOT_OPEN")) throw error;
      this.#work(this.#retries.ask(sender, message.session));
    }
  }

  #mayWrite(peer: PeerId): boolean {
    const now = performance.now();
    if (!this.#open) return false;
    if (!this.#options.isKnown(peer) && !this.#strangers.take("", now)) return false;
    return this.#peers.take(String(peer), now);
  }

  async #whispered(peer: PeerId, kind: number, body: Bytes): Promise<void> {
    const { ways, random, now } = this.#options;
    const pair = await this.#pairs.get(peer);
    if (pair.sessions.needsBundle) return; // it is said again with the first letter
    const item = { number: 0, kind, id: random(16), expires: Math.floor(now()) + WHISPER_S, body };
    const sealed = await this.#sender.whisper(pair, item, await ways.sealingKey(peer));
    if (sealed !== null) await ways.overConnection(peer, sealed);
  }

  // -- pairs ----------------------------------------------------------------------------------------------------------

  /** What is in memory is not what rests: it is read again. */
  #forget(pair: Pair): void {
    const key = String(pair.peer);
    this.#pairs.drop(pair);
    const courier = this.#couriers.get(key);
    if (courier?.pair !== pair) return;
    this.#couriers.delete(key);
    courier.stop();
    if (this.#open) this.#work(this.#pairs.get(pair.peer).then((again) => this.#carry(again)));
  }

  /** See to it that a courier goes for this pair, if it has anything to say. */
  #carry(pair: Pair): void {
    const key = String(pair.peer);
    if (!this.#open) return;
    const courier = this.#couriers.get(key);
    if (courier?.pair === pair) {
      pair.poked.ring();
    } else if (pair.ackDue || pair.outgoing.size > 0) {
      const { ways, store, random, now } = this.#options;
      const forget = (stale: Pair): void => this.#forget(stale);
      const [sender, handlers] = [this.#sender, this.#handlers];
      const fresh = new Courier(pair, { sender, ways, store, handlers, random, now, forget });
      this.#couriers.set(key, fresh);
      this.#work(this.#carried(key, fresh));
    }
  }

  async #carried(key: string, courier: Courier): Promise<void> {
    try {
      await courier.run();
    } finally {
      if (this.#couriers.get(key) === courier) this.#couriers.delete(key);
    }
    if (courier.pair.ackDue || courier.pair.outgoing.size > 0) this.#carryAgain(courier.pair);
  }

  /** Something came in the moment in which a courier went home. */
  #carryAgain(pair: Pair): void {
    this.#work(this.#pairs.get(pair.peer).then((now) => (now === pair ? this.#carry(pair) : undefined)));
  }

  /** Something that goes on in the background, and is waited for when the post closes. */
  #work(work: Promise<void>): void {
    const watched = work.catch((error: unknown) => {
      const trouble = WherryError.from(error);
      if (trouble.kind.side === "local" && trouble.code !== "CLOSED") this.#options.onTrouble(trouble);
    });
    this.#working.add(watched);
    void watched.finally(() => this.#working.delete(watched));
  }

  /** Forget names that no mailbox can still hold, and pieces whose rest never came. */
  async #sweep(): Promise<void> {
    const { store, keys, now } = this.#options;
    await keys.sweep();
    await store.write(async (transaction) => {
      const before = now() - OPENED_S;
      for (const { name, at } of await transaction.list("opened", { index: "at", most: 10_000 })) {
        if (at < before) transaction.remove("opened", [name]);
      }
      for (const { peer, item, index, expires } of await transaction.list("pieces")) {
        if (expires < before) transaction.remove("pieces", [peer, item, index]);
      }
    });
  }
}

/** What is sent. */
export interface Sending {
  readonly kind: number;
  readonly body: Bytes;
  /** Drawn if there is none. */
  readonly id?: Bytes;
  readonly lifetimeS?: number;
}

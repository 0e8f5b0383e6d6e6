/** From letters to items: opened by the ratchet, checked, handed on, all in one transaction. No way is touched here. */

import { type Bytes, type Random, concat, hex } from "../bytes.ts";
import { WherryError } from "../errors.ts";
import type { Message } from "../letters.ts";
import type { PeerId } from "../peer-id.ts";
import type { MailStore, Transaction } from "../store/transaction.ts";
import { type Handlers, Void } from "./handlers.ts";
import { KNOWN, STRANGER } from "./incoming.ts";
import type { Keys } from "./keys.ts";
import { EPOCH_AHEAD_S, LIFETIME_S, WHISPERS } from "./limits.ts";
import { type Ack, type Item, Kind, type Packet, Reason, decodePacket } from "./packets.ts";
import { type Pair, forgetSettled, keepRenumbered, keepVoid } from "./pair.ts";
import type { Pairs } from "./pairs.ts";
import { decodeFragment } from "./pieces.ts";
import type { Settled } from "./outgoing.ts";

/** Kinds that are never numbered. */
const WHISPERED: ReadonlySet<number> = new Set([Kind.TYPING, Kind.PRESENCE]);

export interface ReceiverOptions {
  readonly store: MailStore;
  readonly handlers: Handlers;
  readonly keys: Keys;
  readonly random: Random;
  /** Seconds since 1970 by network time. */
  readonly now: () => number;
  /** Takes the signed records that came in a packet of a peer; what is wrong with them is its matter. */
  readonly learn: (transaction: Transaction, peer: PeerId, document: Bytes) => Promise<void>;
  readonly pairs: Pairs;
  /** Whether it is somebody we deal with; of others, less is kept. */
  readonly isKnown: (peer: PeerId) => boolean;
  /** What is in memory of a pair is not what rests. */
  readonly forget: (pair: Pair) => void;
}

export class Receiver {
  readonly #options: ReceiverOptions;

  constructor(options: ReceiverOptions) {
    this.#options = options;
  }

  /**
   * Take a letter in. One that was opened before is only answered.
   * @throws WherryError CANNOT_OPEN if the ratchet cannot open it.
   * @throws WherryError DISK_FULL, DATABASE_CORRUPT or CLOSED if it cannot be kept.
   */
  async open(peer: PeerId, message: Message, name: Bytes): Promise<void> {
    await this.#options.store.write(async (transaction) => {
      const pair = await this.#options.pairs.get(peer, transaction);
      if ((await transaction.get("opened", [hex(name)])) !== undefined) {
        pair.ackDue = true;
        return;
      }
      const plaintext = await this.#decrypted(transaction, pair, message);
      transaction.undone(() => this.#options.forget(pair));
      transaction.put("opened", { name: hex(name), at: this.#options.now() });
      const packet = packetOf(plaintext);
      if (packet !== null) await this.#take(transaction, pair, packet);
      pair.keep(transaction);
    });
  }

  async #decrypted(transaction: Transaction, pair: Pair, message: Message): Promise<Bytes> {
    const { keys, random } = this.#options;
    const { initial } = message;
    if (initial === null || pair.sessions.has(message.session)) {
      return pair.sessions.decrypt(message, { prekey: null, oneTime: null }, random);
    }
    const plaintext = pair.sessions.decrypt(message, await keys.secrets(transaction, initial), random);
    keys.used(transaction, initial);
    return plaintext;
  }

  async #take(transaction: Transaction, pair: Pair, packet: Packet): Promise<void> {
    const { learn, now, isKnown } = this.#options;
    for (const document of packet.documents) await learn(transaction, pair.peer, document);
    if (packet.ack !== null) await this.#settle(transaction, pair, packet.ack);
    const known = await this.#known(transaction, pair.peer, packet.items);
    const taken = pair.incoming.take(packet, now(), known, isKnown(pair.peer) ? KNOWN : STRANGER);
    let whispers = 0;
    for (const item of taken.late) await this.#handOn(transaction, pair, item);
    for (const item of taken.ready) {
      if (item.number === 0 && ++whispers > WHISPERS) continue;
      const reason = await this.#handOn(transaction, pair, item);
      if (reason !== null) pair.incoming.refuse(item, reason);
    }
    const peer = String(pair.peer);
    for (const number of taken.released) transaction.remove("held", [peer, number]);
    for (const item of taken.hold.values()) transaction.put("held", { peer, ...item });
    if (packet.items.some((item) => item.number > 0)) pair.ackDue = true;
  }

  /** Of what a void asks about: what was handed on, in whatever epoch. */
  async #known(transaction: Transaction, peer: PeerId, items: readonly Item[]): Promise<ReadonlySet<string>> {
    const known = new Set<string>();
    for (const { kind, id } of items) {
      if (kind === Kind.VOID && (await this.#options.handlers.known(transaction, peer, id))) known.add(hex(id));
    }
    return known;
  }

  // -- their items ----------------------------------------------------------------------------------------------------

  /** Why it was not taken; null if it was. */
  async #handOn(transaction: Transaction, pair: Pair, item: Item): Promise<number | null> {
    try {
      await transaction.part(async (part) => this.#whole(part, pair, item));
      return null;
    } catch (error) {
      return Void.reasonOf(error);
    }
  }

  async #whole(transaction: Transaction, pair: Pair, item: Item): Promise<void> {
    const { handlers } = this.#options;
    if (WHISPERED.has(item.kind) === item.number > 0) throw new Void(Reason.MALFORMED);
    if (item.kind === Kind.VOID) return; // what it asks about was handed on long ago
    if (item.kind !== Kind.FRAGMENT) {
      await handlers.take(transaction, pair.peer, item);
      return;
    }
    const { kind, index, count, piece } = decodeFragment(item.body);
    await handlers.admit(transaction, pair.peer, { ...item, kind, body: new Uint8Array() });
    const [peer, id] = [String(pair.peer), hex(item.id)];
    const here = await this.#piecesHere(transaction, pair, id);
    here.add(index);
    const expires = Math.min(item.expires, Math.floor(this.#options.now()) + LIFETIME_S); // theirs is whatever they say
    transaction.put("pieces", { peer, item: id, index, piece, expires });
    if (here.size < count) return;
    const rows = await transaction.list("pieces", { prefix: [peer, id] });
    for (const row of rows) transaction.remove("pieces", [peer, id, row.index]);
    pair.piecesHere.delete(id);
    const body = concat(...rows.map((row) => row.piece));
    await handlers.take(transaction, pair.peer, { ...item, kind, body });
  }

  async #piecesHere(transaction: Transaction, pair: Pair, id: string): Promise<Set<number>> {
    const known = pair.piecesHere.get(id);
    if (known !== undefined) return known;
    const rows = await transaction.list("pieces", { prefix: [String(pair.peer), id] });
    const here = new Set(rows.map(({ index }) => index));
    pair.piecesHere.set(id, here);
    return here;
  }

  // -- ours -----------------------------------------------------------------------------------------------------------

  /** Take the recipient's word on our items. Of several pieces, one that is void makes the whole void. */
  async #settle(transaction: Transaction, pair: Pair, ack: Ack): Promise<void> {
    const { outgoing } = pair;
    if (ack.epoch > (this.#options.now() + EPOCH_AHEAD_S) * 1000) return; // beyond that, none could be told to anybody
    if (outgoing.forgotten(ack)) {
      outgoing.renumber(this.#options.pairs.epoch(Math.max(outgoing.epoch, ack.epoch)));
      await keepRenumbered(transaction, pair);
      transaction.after(() => {
        pair.allAgain();
        pair.poked.ring();
      });
      return;
    }
    if (ack.epoch === outgoing.epoch) pair.documentsTold = pair.documentsSent;
    const settled = outgoing.acked(ack);
    forgetSettled(transaction, pair.peer, settled.map(({ entry }) => entry));
    for (const one of settled) await this.#settled(transaction, pair, one);
  }

  async #settled(transaction: Transaction, pair: Pair, { entry, reason }: Settled): Promise<void> {
    const { handlers } = this.#options;
    const { kind, id } = entry;
    if (!entry.piece) {
      await handlers.settled(transaction, pair.peer, kind, id, reason);
      return;
    }
    const left = pair.pieces.get(hex(id));
    if (entry.reported || left === undefined) return; // it was said already
    if (reason === null && left > 1) {
      pair.pieces.set(hex(id), left - 1);
      return;
    }
    pair.pieces.delete(hex(id));
    // Of what is void in part, the rest is not worth sending.
    if (reason !== null) keepVoid(transaction, pair.peer, pair.outgoing.void(id, { reported: true }));
    await handlers.settled(transaction, pair.peer, kind, id, reason);
  }
}

/** Null where the ratchet opened what is no packet: its sender is broken, and no number in it can be told. */
function packetOf(plaintext: Bytes): Packet | null {
  try {
    return decodePacket(plaintext);
  } catch (error) {
    if (WherryError.is(error, "MALFORMED", "VERSION_MISMATCH")) return null;
    throw error;
  }
}

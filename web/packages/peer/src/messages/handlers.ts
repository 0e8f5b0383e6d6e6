/** What the features that use the post have to say to it: who takes items of a kind, who hears what became of one. */

import type { Bytes } from "../bytes.ts";
import { WherryError } from "../errors.ts";
import type { PeerId } from "../peer-id.ts";
import type { Transaction } from "../store/transaction.ts";
import { type Item, Reason } from "./packets.ts";

/** An item is not taken; the sender is told the reason. */
export class Void extends Error {
  override readonly name = "Void";
  readonly reason: number;

  constructor(reason: number) {
    super(`void: ${reason}`);
    this.reason = reason;
  }

  /** The reason for not taking an item, of whatever its handler threw; what is none of ours goes on. */
  static reasonOf(error: unknown): number {
    if (error instanceof Void) return error.reason;
    if (WherryError.is(error, "MALFORMED")) return Reason.MALFORMED;
    throw error;
  }
}

/**
 * One kind's handlers; all run inside the transaction that keeps the item, so its effect and the acknowledgement are
 * one. What is to happen once that is kept is said to `Transaction.after`.
 */
export interface Handler {
  /** Take an item of a peer's, or throw `Void`, before anything else is sent. */
  readonly take: (transaction: Transaction, peer: PeerId, item: Item) => Promise<void>;
  /** An item of ours was delivered (null), or is void with the recipient's reason. */
  readonly settled?: (transaction: Transaction, peer: PeerId, id: Bytes, reason: number | null) => Promise<void>;
  /** In how many mailboxes an item of ours lies now. */
  readonly held?: (transaction: Transaction, peer: PeerId, id: Bytes, mailboxes: number) => Promise<void>;
}

/** Throws `Void` for an item that the peer may not send. */
export type Admit = (transaction: Transaction, peer: PeerId, item: Item) => Promise<void>;

/** Whether an item of that id was handed on before. */
export type Known = (transaction: Transaction, peer: PeerId, id: Bytes) => Promise<boolean>;

/** The registry of one post: one handler for each kind. */
export class Handlers {
  /** The gate; closed while nobody has said who may send what. */
  admit: Admit = async () => {
    throw new Void(Reason.REFUSED);
  };
  readonly #handlers = new Map<number, Handler>();
  readonly #known: Known[] = [];

  serve(kind: number, handler: Handler): void {
    this.#handlers.set(kind, handler);
  }

  /** Ask `known` as well whether an item was handed on before. */
  remember(known: Known): void {
    this.#known.push(known);
  }

  /** Whether an item of that id was handed on before, in whatever epoch. */
  async known(transaction: Transaction, peer: PeerId, id: Bytes): Promise<boolean> {
    for (const known of this.#known) if (await known(transaction, peer, id)) return true;
    return false;
  }

  async take(transaction: Transaction, peer: PeerId, item: Item): Promise<void> {
    await this.admit(transaction, peer, item);
    const handler = this.#handlers.get(item.kind);
    if (handler === undefined) throw new Void(Reason.UNSUPPORTED);
    await handler.take(transaction, peer, item);
  }

  async settled(transaction: Transaction, peer: PeerId, kind: number, id: Bytes, reason: number | null): Promise<void> {
    await this.#handlers.get(kind)?.settled?.(transaction, peer, id, reason);
  }

  async held(transaction: Transaction, peer: PeerId, kind: number, id: Bytes, mailboxes: number): Promise<void> {
    await this.#handlers.get(kind)?.held?.(transaction, peer, id, mailboxes);
  }
}

/** From items to letters: packets of what is due, encrypted by the ratchet, signed, sealed. No way is touched here. */

import type { Bytes, Random } from "../bytes.ts";
import type { Identity } from "../identity.ts";
import { type Message, sealMessage } from "../letters.ts";
import type { MailStore, Reading, Transaction } from "../store/transaction.ts";
import { PACKET_BYTES, PACKET_OVERHEAD } from "./limits.ts";
import { type Entry, packed, wireKind } from "./outgoing.ts";
import { type Item, type Packet, encodePacket } from "./packets.ts";
import type { Pair } from "./pair.ts";

/** A sealed envelope, and the items in it. */
export interface Letter {
  readonly sealed: Bytes;
  readonly entries: readonly Entry[];
}

export interface SenderOptions {
  readonly identity: Identity;
  readonly store: MailStore;
  readonly random: Random;
  /** What is in memory of a pair is not what rests. */
  readonly forget: (pair: Pair) => void;
}

export class Sender {
  readonly #options: SenderOptions;

  constructor(options: SenderOptions) {
    this.#options = options;
  }

  /**
   * Letters with these items, in order; one with the acknowledgement alone, if there is none but that is due. The
   * ratchet's new state is kept before a letter is given away, so that no crash lets it take a step twice. What is
   * settled while the letters are made is left out.
   */
  async *letters(
    pair: Pair,
    entries: readonly Entry[],
    documents: readonly Bytes[],
    sealingKey: Bytes,
  ): AsyncGenerator<Letter, void, void> {
    const taken = documents.reduce((sum, document) => sum + document.length, 0);
    const batches = packed(entries, PACKET_BYTES - PACKET_OVERHEAD - taken);
    if (batches.length === 0 && pair.ackDue) batches.push([]);
    for (const batch of batches) {
      const letter = await this.#letter(pair, batch, documents, sealingKey);
      if (letter !== null) yield letter;
    }
  }

  /** A letter with one item that has no number. */
  async whisper(pair: Pair, item: Item, sealingKey: Bytes): Promise<Bytes | null> {
    const message = await this.#encrypted(pair, async () => ({ items: [item], documents: [] }));
    return message === null ? null : this.#sealed(pair, message, sealingKey);
  }

  async #letter(
    pair: Pair,
    batch: readonly Entry[],
    documents: readonly Bytes[],
    sealingKey: Bytes,
  ): Promise<Letter | null> {
    let left: readonly Entry[] = [];
    const message = await this.#encrypted(pair, async (transaction) => {
      left = batch.filter((entry) => pair.outgoing.get(entry.number) === entry);
      if (left.length === 0 && batch.length > 0) return null;
      const items: Item[] = [];
      for (const entry of left) items.push(await itemOf(transaction, pair, entry));
      pair.ackDue = false;
      return { items, documents };
    });
    return message === null ? null : { sealed: this.#sealed(pair, message, sealingKey), entries: left };
  }

  /** One step of the ratchet, kept. What goes into it is chosen inside the transaction, and may be nothing. */
  async #encrypted(
    pair: Pair,
    choose: (transaction: Transaction) => Promise<Pick<Packet, "items" | "documents"> | null>,
  ): Promise<Message | null> {
    const { store, random, forget } = this.#options;
    return store.write(async (transaction) => {
      const chosen = pair.stale ? null : await choose(transaction);
      if (chosen === null) return null;
      transaction.undone(() => forget(pair));
      const { outgoing, incoming, sessions } = pair;
      const ack = incoming.epoch === 0 ? null : incoming.ack();
      const packet = encodePacket({ epoch: outgoing.epoch, floor: outgoing.floor, ack, ...chosen });
      const message = sessions.encrypt(packet, random);
      pair.keep(transaction);
      return message;
    });
  }

  #sealed(pair: Pair, message: Message, sealingKey: Bytes): Bytes {
    const { identity, random } = this.#options;
    return sealMessage(message, identity, { recipient: pair.peer, sealingKey, secret: random(32) });
  }
}

async function itemOf(reading: Reading, { peer }: Pair, entry: Entry): Promise<Item> {
  const { number, id, expires } = entry;
  const row = entry.voiding ? undefined : await reading.get("bodies", [String(peer), number]);
  return { number, kind: wireKind(entry), id, expires, body: row?.body ?? new Uint8Array() };
}

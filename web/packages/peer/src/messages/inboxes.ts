/** Other peers' inbox records: where what is written to them is kept, and the keys to begin with. The newest wins. */

import type { Bytes } from "../bytes.ts";
import type { Source } from "../connect/records.ts";
import { Purpose } from "../domains.ts";
import { WherryError } from "../errors.ts";
import { CLOCK_GRACE_S, FIND_MS, SETTLE_MS } from "../limits.ts";
import type { PeerId } from "../peer-id.ts";
import { type InboxRecord, checkInboxRecord } from "../record.ts";
import type { MailStore, Transaction } from "../store/transaction.ts";
import { sleep } from "../tasks.ts";

export interface InboxesOptions {
  readonly store: MailStore;
  /** Whom to ask now. */
  readonly sources: () => readonly Source[];
  /** The peer's own word over the open connection; null where there is none. */
  readonly askPeer: (peer: PeerId) => Promise<Bytes | null>;
  /** Seconds since 1970 by network time. */
  readonly now: () => number;
}

export class Inboxes {
  readonly #options: InboxesOptions;

  constructor(options: InboxesOptions) {
    this.#options = options;
  }

  /** What is known now, without asking anybody. */
  async get(peer: PeerId): Promise<InboxRecord | null> {
    const row = await this.#options.store.get("inboxes", [String(peer)]);
    return row === undefined ? null : this.#checked(row.document, peer);
  }

  /** Take a document from anywhere; whether it is one of that peer's, and not older than what is known. */
  async learn(transaction: Transaction, document: Bytes, of: PeerId): Promise<boolean> {
    const record = this.#checked(document, of);
    const row = await transaction.get("inboxes", [String(of)]);
    const known = row === undefined ? null : this.#checked(row.document, of);
    if (record === null || (known !== null && known.sequence > record.sequence)) return false;
    transaction.put("inboxes", { peer: String(of), document });
    return true;
  }

  /**
   * The newest record of a peer; `fresh`: ask, whatever is remembered.
   * @throws WherryError PEER_NOT_FOUND if there is none.
   */
  async find(peer: PeerId, { fresh }: { readonly fresh: boolean }): Promise<InboxRecord> {
    const known = await this.get(peer);
    if (known !== null && !fresh) return known;
    const { askPeer, sources } = this.#options;
    const questions = [
      askPeer(peer),
      ...sources().map(async (source) => source.ask(Purpose.INBOX_RECORD, peer)),
    ].map(async (question) => this.#asked(question, peer));
    const all = Promise.all(questions).then(() => undefined);
    const found = questions.map(async (one) => ((await one) ? sleep(SETTLE_MS) : all));
    await Promise.race([...found, all, sleep(FIND_MS)]);
    const newest = await this.get(peer);
    if (newest !== null) return newest;
    throw new WherryError("PEER_NOT_FOUND", `no inbox record of ${peer.short} is to be had`, { peer: String(peer) });
  }

  /** Whether a question was answered with a record that holds. */
  async #asked(question: Promise<Bytes | null>, peer: PeerId): Promise<boolean> {
    try {
      const document = await question;
      if (document === null) return false;
      return await this.#options.store.write(async (transaction) => this.learn(transaction, document, peer));
    } catch (error) {
      if (!WherryError.is(error)) throw error;
      return false;
    }
  }

  #checked(document: Bytes, peer: PeerId): InboxRecord | null {
    const now = this.#options.now();
    try {
      const { record } = checkInboxRecord(document, now, peer);
      return record.expires + CLOCK_GRACE_S < now ? null : record;
    } catch (error) {
      if (!WherryError.is(error)) throw error;
      return null;
    }
  }
}

/**
 * Our own inbox record: which mailboxes keep our mail, and the prekey to begin with. Published when it has changed, and
 * again twice a day; its sequence is above whatever of ours is known in the network.
 */

import { type Bytes } from "../bytes.ts";
import { Purpose } from "../domains.ts";
import { WherryError } from "../errors.ts";
import type { Identity } from "../identity.ts";
import { INBOX_RECORD_S } from "../limits.ts";
import { type InboxRecord, type Introducer, type Prekey, checkInboxRecord, signInboxRecord } from "../record.ts";
import type { Held } from "../signaling/introducers.ts";
import type { MailStore } from "../store/transaction.ts";
import { INBOX_AGAIN_MS } from "./limits.ts";

export interface OwnInboxOptions {
  readonly identity: Identity;
  readonly store: MailStore;
  readonly held: () => readonly Held[];
  readonly mailboxes: () => readonly Introducer[];
  readonly prekey: () => Promise<Prekey>;
  /** Seconds since 1970 by network time. */
  readonly now: () => number;
}

/** Where the last sequence that was used rests. */
const SEQUENCE = "inbox sequence";

export class OwnInbox {
  readonly #options: OwnInboxOptions;
  #document: Bytes = new Uint8Array();
  #said = "";
  #publishedAt = Number.NEGATIVE_INFINITY;
  #lookedUp = false;

  constructor(options: OwnInboxOptions) {
    this.#options = options;
  }

  /** The signed record as it was written last; nothing before the first. */
  get document(): Bytes {
    return this.#document;
  }

  /**
   * Have the record say what is true now, and publish it if that is new or some hours old.
   * @throws WherryError PUBLISH_FAILED if nobody took it.
   */
  async publish(): Promise<void> {
    const { held, mailboxes, prekey } = this.#options;
    const [signed, named] = [await prekey(), mailboxes()];
    const says = JSON.stringify([signed.id, named.map(({ peer, endpoints }) => [String(peer), endpoints.map(String)])]);
    const isOld = performance.now() - this.#publishedAt > INBOX_AGAIN_MS;
    if (says === this.#said && !isOld) return;
    const all = held();
    const highest = this.#lookedUp ? 0 : await this.#highest(all);
    this.#document = await this.#written(signed, named, highest);
    if (all.length === 0) return; // who speaks to us is told all the same; the next introducer takes it
    this.#lookedUp = true;
    const published = await Promise.allSettled(all.map(async ({ client }) => client.publish(this.#document)));
    if (!published.some(({ status }) => status === "fulfilled")) throw new WherryError("PUBLISH_FAILED");
    this.#said = says;
    this.#publishedAt = performance.now();
  }

  async #written(prekey: Prekey, mailboxes: readonly Introducer[], highest: number): Promise<Bytes> {
    const { identity, store } = this.#options;
    const now = Math.floor(this.#options.now());
    return store.write(async (transaction) => {
      const row = await transaction.get("choices", [SEQUENCE]);
      const sequence = Math.max(typeof row?.value === "number" ? row.value : 0, highest) + 1;
      transaction.put("choices", { name: SEQUENCE, value: sequence });
      return signInboxRecord(identity, {
        peer: identity.id,
        sequence,
        issued: now,
        expires: now + INBOX_RECORD_S,
        sealingKey: identity.sealingPublic,
        prekey,
        mailboxes,
      });
    });
  }

  /** The highest sequence of ours that is known in the network. */
  async #highest(held: readonly Held[]): Promise<number> {
    const { identity, now } = this.#options;
    const found = await Promise.allSettled(
      held.map(async ({ client }): Promise<InboxRecord | null> => {
        const document = await client.lookUp(Purpose.INBOX_RECORD, identity.id);
        return document === null ? null : checkInboxRecord(document, now(), identity.id).record;
      }),
    );
    const sequences = found.map((one) => (one.status === "fulfilled" ? (one.value?.sequence ?? 0) : 0));
    return Math.max(0, ...sequences);
  }
}

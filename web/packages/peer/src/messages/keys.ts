/** Our prekeys in the store: the signed one of the week, batches for mailboxes, and those that go with a retry. */

import type { Bytes, Random } from "../bytes.ts";
import type { Identity } from "../identity.ts";
import type { Initial, Retry } from "../letters.ts";
import { RETRY, SIGNED, currentOf, newBatch, newPrekey, outdated, publicHalf } from "../ratchet/prekeys.ts";
import type { PrekeySecrets } from "../ratchet/sessions.ts";
import { type Prekey, signPrekey } from "../record.ts";
import type { OneTimeKey } from "../signaling/client.ts";
import type { MailStore, Transaction } from "../store/transaction.ts";
import { PREKEYS } from "./limits.ts";

export interface KeysOptions {
  readonly identity: Identity;
  readonly store: MailStore;
  readonly random: Random;
  /** Seconds since 1970 by network time. */
  readonly now: () => number;
}

export class Keys {
  readonly #options: KeysOptions;

  constructor(options: KeysOptions) {
    this.#options = options;
  }

  /** The signed prekey of this week; a new one is made where it is time for it. */
  async signed(): Promise<Prekey> {
    return this.#options.store.write(async (transaction) => this.#signed(transaction));
  }

  /** A fresh batch of one-time prekeys for a mailbox, whose private halves are kept. */
  async batch(mailbox: string): Promise<OneTimeKey[]> {
    const { store, random, now } = this.#options;
    return store.write(async (transaction) => {
      const before = await transaction.list("prekeys", { index: "holder", prefix: [mailbox] });
      const last = Math.max(...before.map(({ made }) => made));
      for (const { id, made } of before) if (made < last) transaction.remove("prekeys", [id]);
      const batch = newBatch(mailbox, PREKEYS, now(), random);
      for (const one of batch) transaction.put("prekeys", one);
      return batch.map((one) => ({ prekey: one.id, key: publicHalf(one) }));
    });
  }

  /** Keys with which a peer, whose messages of `session` do not open, can begin anew. */
  async retry(session: Bytes): Promise<Retry> {
    const { store, random, now } = this.#options;
    return store.write(async (transaction) => {
      const prekey = await this.#signed(transaction);
      const oneTime = newPrekey(RETRY, now(), random);
      transaction.put("prekeys", oneTime);
      const issued = Math.floor(now() * 1000);
      return { session, issued, prekey, oneTime: { id: oneTime.id, key: publicHalf(oneTime) } };
    });
  }

  /** The private halves that a first message names, as far as they are here. */
  async secrets(transaction: Transaction, { prekey, oneTime }: Initial): Promise<PrekeySecrets> {
    const signed = await transaction.get("prekeys", [prekey]);
    const once = oneTime === 0 ? undefined : await transaction.get("prekeys", [oneTime]);
    return {
      prekey: signed?.holder === SIGNED ? signed.secret : null,
      oneTime: once === undefined || once.holder === SIGNED ? null : once.secret,
    };
  }

  /** A one-time prekey was used: nobody opens that message a second time. */
  used(transaction: Transaction, { oneTime }: Initial): void {
    if (oneTime !== 0) transaction.remove("prekeys", [oneTime]);
  }

  /** Forget keys whose time is over. */
  async sweep(): Promise<void> {
    const { store, now } = this.#options;
    await store.write(async (transaction) => {
      for (const { id } of outdated(await transaction.list("prekeys"), now())) transaction.remove("prekeys", [id]);
    });
  }

  async #signed(transaction: Transaction): Promise<Prekey> {
    const { identity, random, now } = this.#options;
    const all = (await transaction.list("prekeys")).filter(({ holder }) => holder === SIGNED);
    const current = currentOf(all, now()) ?? newPrekey(SIGNED, now(), random);
    transaction.put("prekeys", current);
    return signPrekey(identity, current.id, publicHalf(current));
  }
}

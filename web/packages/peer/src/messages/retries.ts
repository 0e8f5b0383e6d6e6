/**
 * Fresh starts. A letter that cannot be opened is answered by a retry: its sender begins a session anew with the keys in
 * it, and packs everything again. In both directions at most one a minute.
 */

import type { Bytes, Random } from "../bytes.ts";
import { WherryError } from "../errors.ts";
import type { Identity } from "../identity.ts";
import { decodeRetry, sealRetry } from "../letters.ts";
import type { PeerId } from "../peer-id.ts";
import type { MailStore } from "../store/transaction.ts";
import type { Keys } from "./keys.ts";
import { MAILBOXES, RETRY_MS } from "./limits.ts";
import { type Pair, forgetHolders } from "./pair.ts";
import type { Pairs } from "./pairs.ts";
import type { Ways } from "./ways.ts";

export interface RetriesOptions {
  readonly identity: Identity;
  readonly store: MailStore;
  readonly ways: Ways;
  readonly keys: Keys;
  readonly random: Random;
  readonly pairs: Pairs;
  /** What is in memory of a pair is not what rests. */
  readonly forget: (pair: Pair) => void;
}

export class Retries {
  readonly #options: RetriesOptions;

  constructor(options: RetriesOptions) {
    this.#options = options;
  }

  /**
   * The peer could not open our letters: what it holds of them is worth nothing, so all is packed again.
   * @throws WherryError MALFORMED, VERSION_MISMATCH or BAD_SIGNATURE if it is no retry of the peer's.
   */
  async take(peer: PeerId, payload: Bytes): Promise<void> {
    const retry = decodeRetry(payload);
    const now = performance.now();
    const { store, pairs, random, forget } = this.#options;
    await store.write(async (transaction) => {
      const pair = await pairs.get(peer, transaction);
      if (now - pair.tookRetry < RETRY_MS / 2 || !pair.sessions.retried(retry, random)) return;
      transaction.undone(() => forget(pair));
      pair.tookRetry = now;
      pair.keep(transaction);
      await forgetHolders(transaction, pair.peer);
      transaction.after(() => pair.allAgain());
    });
  }

  /** Letters of `session` do not open: say so, if it was not said a moment ago. */
  async ask(peer: PeerId, session: Bytes): Promise<void> {
    const { identity, keys, pairs, ways, random } = this.#options;
    const now = performance.now();
    const pair = await pairs.get(peer);
    if (now - pair.askedRetry < RETRY_MS) return;
    pair.askedRetry = now;
    const retry = await keys.retry(session);
    const sealingKey = await ways.sealingKey(peer);
    await this.#give(peer, sealRetry(retry, identity, { recipient: peer, sealingKey, secret: random(32) }));
  }

  async #give(peer: PeerId, sealed: Bytes): Promise<void> {
    const { ways } = this.#options;
    if (ways.connected(peer) && (await isDone(ways.overConnection(peer, sealed)))) return;
    if (await isDone(ways.throughIntroducers(peer, sealed))) return;
    const { mailboxes } = await ways.inbox(peer, { fresh: false });
    const leaving = mailboxes.slice(0, MAILBOXES).map(async (mailbox) => isDone(ways.deposit(mailbox, peer, sealed)));
    await Promise.all(leaving);
  }
}

async function isDone(work: Promise<void>): Promise<boolean> {
  try {
    await work;
    return true;
  } catch (error) {
    if (!WherryError.is(error)) throw error;
    return false;
  }
}

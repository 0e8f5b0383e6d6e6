/** The pairs that rest in memory, each read once; the oldest that is idle is read again when it is needed. */

import type { Identity } from "../identity.ts";
import type { PeerId } from "../peer-id.ts";
import type { MailStore, Reading } from "../store/transaction.ts";
import { PAIRS } from "./limits.ts";
import { Pair } from "./pair.ts";

export interface PairsOptions {
  readonly identity: Identity;
  readonly store: MailStore;
  /** Seconds since 1970 by network time. */
  readonly now: () => number;
  /** Whether somebody works with the pair of this peer. */
  readonly isBusy: (peer: string) => boolean;
}

export class Pairs {
  readonly #options: PairsOptions;
  readonly #pairs = new Map<string, Promise<Pair>>();
  /** Those that are loaded: at any moment one for each peer, the others are stale. */
  readonly #live = new Map<string, Pair>();

  constructor(options: PairsOptions) {
    this.#options = options;
  }

  /** @param reading - the transaction, inside one */
  get(peer: PeerId, reading: Reading = this.#options.store): Promise<Pair> {
    const key = String(peer);
    const known = this.#pairs.get(key);
    if (known !== undefined) return known;
    const loading = this.#load(reading, peer);
    this.#pairs.set(key, loading);
    loading.catch(() => this.#pairs.get(key) === loading && this.#pairs.delete(key));
    this.#makeRoom(key);
    return loading;
  }

  /** What is in memory is not what rests: it is read again. */
  drop(pair: Pair): void {
    const key = String(pair.peer);
    pair.stale = true;
    if (this.#live.get(key) !== pair) return;
    this.#live.delete(key);
    this.#pairs.delete(key);
  }

  /** A new epoch of our numbering, higher than `above`. */
  epoch(above: number): number {
    return Math.max(above + 1, Math.floor(this.#options.now() * 1000));
  }

  async #load(reading: Reading, peer: PeerId): Promise<Pair> {
    const pair = await Pair.load(reading, this.#options.identity, peer, () => this.epoch(0));
    this.#live.set(String(peer), pair);
    return pair;
  }

  #makeRoom(newest: string): void {
    if (this.#pairs.size <= PAIRS) return;
    const idle = [...this.#live].find(([key]) => key !== newest && !this.#options.isBusy(key));
    if (idle !== undefined) this.drop(idle[1]);
  }
}

/** What a page keeps for the one that comes after it: whom it met, and with whom it was connected. */

import { WherryError } from "./errors.ts";
import type { Store } from "./keystore.ts";
import type { Network } from "./network.ts";
import type { Seen } from "./seen.ts";

/** Milliseconds between two notes of with whom the page is connected. */
const KEEP_MS = 60_000;
/** Milliseconds after which whom a page was connected with is only remembered. */
const RESTORE_MS = 10 * 60_000;
/** Connections that are made again: a page with more is hardly one that a person looks at. */
const RESTORED = 16;

export interface KeepingOptions {
  readonly store: Store;
  readonly seen: Seen;
  readonly network: Network;
  /** The browser could not keep something. */
  readonly onTrouble: (error: WherryError) => void;
}

export class Keeping {
  readonly #options: KeepingOptions;
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(options: KeepingOptions) {
    this.#options = options;
  }

  /** Remember whom the page before met. */
  async restore(): Promise<void> {
    const { store, seen } = this.#options;
    seen.restore((await store.get("met")) ?? []);
  }

  /** With whom the page before was connected, if that was just now. */
  async connectedBefore(): Promise<readonly string[]> {
    const before = await this.#options.store.get("connected");
    return before !== undefined && Date.now() - before.at < RESTORE_MS ? before.peers : [];
  }

  start(): void {
    this.#timer = setInterval(() => this.note(), KEEP_MS);
  }

  close(): void {
    clearInterval(this.#timer);
  }

  /** Somebody came, went, or said a name. */
  note(): void {
    const { store, seen, network } = this.#options;
    const peers = network.all.filter((one) => one.announced).map((one) => String(one.id));
    this.keep(store.set("met", seen.toKeep()));
    this.keep(store.set("connected", { at: Date.now(), peers: peers.slice(0, RESTORED) }));
  }

  /** What a browser cannot keep is lost with the page; everything else goes on. */
  keep(kept: Promise<void>): void {
    kept.catch((error: unknown) => this.#options.onTrouble(WherryError.from(error, "DISK_FULL")));
  }
}

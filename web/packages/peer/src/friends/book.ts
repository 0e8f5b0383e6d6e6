/** Everybody with whom there is, was, or was to be a friendship: in the store, and in memory for whoever asks often. */

import type { MailStore, Reading, Transaction } from "../store/transaction.ts";
import type { FriendshipState } from "../types.ts";
import { type FriendRow, stranger } from "./row.ts";

export class Book {
  readonly #store: MailStore;
  readonly #onChange: () => void;
  readonly #rows = new Map<string, FriendRow>();

  /** @param onChange - told once something is kept */
  constructor(store: MailStore, onChange: () => void) {
    this.#store = store;
    this.#onChange = onChange;
  }

  async load(): Promise<void> {
    for (const row of await this.#store.list("friends")) this.#rows.set(row.peer, row);
  }

  get all(): readonly FriendRow[] {
    return [...this.#rows.values()];
  }

  /** As it was kept last; inside a transaction `read` knows more. */
  get(peer: string): FriendRow {
    return this.#rows.get(peer) ?? stranger(peer);
  }

  stateOf(peer: string): FriendshipState {
    return this.get(peer).state;
  }

  async read(reading: Reading, peer: string): Promise<FriendRow> {
    return (await reading.get("friends", [peer])) ?? stranger(peer);
  }

  put(transaction: Transaction, row: FriendRow): void {
    transaction.put("friends", row);
    transaction.after(() => {
      this.#rows.set(row.peer, row);
      this.#onChange();
    });
  }
}

/**
 * Where rows rest: in the browser's IndexedDB (`browser.ts`), or in memory (`memory.ts`). A commit is whole or not at all, and what was committed is
 * there after a power cut: an acknowledgement makes the sender forget its copy of a message.
 */

import type { Rows, Table } from "./tables.ts";

/** Texts and numbers, in the order of the key's properties. */
export type Key = readonly (string | number)[];

export type Change = {
  [T in Table]:
    | { readonly table: T; readonly put: Rows[T] }
    | { readonly table: T; readonly remove: Key };
}[Table];

/** Which rows: those whose key, or whose key in an index, begins with `prefix`, in its order. */
export interface Choice {
  readonly prefix?: Key;
  readonly index?: string;
  /** The last first. */
  readonly backwards?: boolean;
  /** Only what comes before this key, or after it where the order is not backwards. */
  readonly beyond?: Key;
  readonly most?: number;
}

/** Every promise rejects with a WherryError: DISK_FULL, DATABASE_CORRUPT or CLOSED. */
export interface Database {
  get<T extends Table>(table: T, key: Key): Promise<Rows[T] | undefined>;
  list<T extends Table>(table: T, choice?: Choice): Promise<Rows[T][]>;
  commit(changes: readonly Change[]): Promise<void>;
  close(): void;
}

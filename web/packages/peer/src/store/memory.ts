/** Rows in memory: for a browser that keeps nothing, and for tests. */

import { WherryError } from "../errors.ts";
import type { Change, Choice, Database, Key } from "./database.ts";
import { type Rows, SCHEMA, type Table } from "./tables.ts";

export class MemoryDatabase implements Database {
  readonly #tables = new Map<Table, Map<string, object>>();
  #closed = false;

  async get<T extends Table>(table: T, key: Key): Promise<Rows[T] | undefined> {
    return this.#rows(table).get(JSON.stringify(key));
  }

  async list<T extends Table>(table: T, { prefix = [], index, backwards, beyond, most }: Choice = {}): Promise<Rows[T][]> {
    const properties = index === undefined ? SCHEMA[table].key : SCHEMA[table].indexes?.[index] ?? [];
    const sign = backwards === true ? -1 : 1;
    const found = [...this.#rows(table).values()].flatMap((row) => {
      const key = keyOf(row, properties);
      const isIn = key !== null && compareKeys(key.slice(0, prefix.length), prefix) === 0;
      return isIn && (beyond === undefined || sign * compareKeys(key, beyond) > 0) ? [{ key, row }] : [];
    });
    return found.toSorted((a, b) => sign * compareKeys(a.key, b.key)).slice(0, most).map(({ row }) => row);
  }

  async commit(changes: readonly Change[]): Promise<void> {
    if (this.#closed) throw new WherryError("CLOSED", "the store");
    for (const change of changes) {
      const rows: Map<string, object> = this.#rows(change.table);
      if ("put" in change) rows.set(JSON.stringify(keyOf(change.put, SCHEMA[change.table].key)), change.put);
      else rows.delete(JSON.stringify(change.remove));
    }
  }

  close(): void {
    this.#closed = true;
  }

  #rows<T extends Table>(table: T): Map<string, Rows[T]> {
    const rows = this.#tables.get(table) ?? new Map<string, object>();
    this.#tables.set(table, rows);
    return rows as Map<string, Rows[T]>; // only rows of that table are put there
  }
}

/** The key that these properties of a row make; null if one of them is missing. */
export function keyOf(row: object, properties: readonly string[]): Key | null {
  const values = properties.map((name): unknown => (row as Record<string, unknown>)[name]);
  return values.every((value) => typeof value === "string" || typeof value === "number") ? values : null;
}

/** As IndexedDB orders them: numbers before texts, shorter before longer. */
export function compareKeys(a: Key, b: Key): number {
  for (const [i, x] of a.entries()) {
    const y = b[i];
    if (y === undefined) return 1;
    if (typeof x !== typeof y) return typeof x === "number" ? -1 : 1;
    if (x !== y) return x < y ? -1 : 1;
  }
  return a.length - b.length;
}

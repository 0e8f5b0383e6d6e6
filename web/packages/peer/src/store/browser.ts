/** Rows in the browser's IndexedDB; its exceptions become typed errors here. */

import { type Random, hex } from "../bytes.ts";
import { WherryError } from "../errors.ts";
import type { Change, Choice, Database, Key } from "./database.ts";
import { asked, kept, openIdb } from "./idb.ts";
import { MemoryDatabase } from "./memory.ts";
import { type Rows, SCHEMA, type Table } from "./tables.ts";

/** Rises with each new table; `make` makes what is missing. */
const VERSION = 2;
const TABLES = Object.keys(SCHEMA) as readonly Table[];

/** Where it rests who writes: a tab that slept, and was taken for dead, must not write over what came since. */
const WRITER = "writer";

/**
 * The database of this name, whose only writer is whoever opened it last; in memory where the browser has none.
 * @throws WherryError DATABASE_CORRUPT if it cannot be read; it is never overwritten.
 */
export async function openDatabase(name: string, random: Random): Promise<Database> {
  if (typeof indexedDB === "undefined") return new MemoryDatabase();
  try {
    const database = await openIdb(name, VERSION, make);
    const writer = hex(random(8));
    const transaction = database.transaction("choices", "readwrite");
    transaction.objectStore("choices").put({ name: WRITER, value: writer });
    await kept(transaction);
    return new BrowserDatabase(database, writer);
  } catch (error) {
    if (error instanceof DOMException && error.name === "SecurityError") return new MemoryDatabase();
    throw new WherryError("DATABASE_CORRUPT", "the messages in this browser cannot be read", {
      hint: "Allow this page to keep data, or use another browser.",
      cause: error,
    });
  }
}

function make(database: IDBDatabase): void {
  for (const table of TABLES) {
    if (database.objectStoreNames.contains(table)) continue;
    const { key, indexes = {} } = SCHEMA[table];
    const store = database.createObjectStore(table, { keyPath: [...key] });
    for (const [name, properties] of Object.entries(indexes)) store.createIndex(name, [...properties]);
  }
}

class BrowserDatabase implements Database {
  readonly #database: IDBDatabase;
  readonly #writer: string;

  constructor(database: IDBDatabase, writer: string) {
    this.#database = database;
    this.#writer = writer;
  }

  async get<T extends Table>(table: T, key: Key): Promise<Rows[T] | undefined> {
    return typed(async () => {
      const row: unknown = await asked(this.#database.transaction(table).objectStore(table).get([...key]));
      return row as Rows[T] | undefined; // only rows of that table are put there
    });
  }

  async list<T extends Table>(table: T, choice: Choice = {}): Promise<Rows[T][]> {
    return typed(async () => {
      const store = this.#database.transaction(table).objectStore(table);
      const from = choice.index === undefined ? store : store.index(choice.index);
      const rows: unknown[] = choice.backwards === true ? await backwards(from, choice) : await forwards(from, choice);
      return rows as Rows[T][]; // only rows of that table are put there
    });
  }

  async commit(changes: readonly Change[]): Promise<void> {
    if (changes.length === 0) return;
    await typed(async () => {
      const tables = [...new Set<Table>(["choices", ...changes.map(({ table }) => table)])];
      const transaction = this.#database.transaction(tables, "readwrite", { durability: "strict" });
      const over = kept(transaction);
      over.catch(() => undefined); // it is awaited below, where it was not given up
      const writer: unknown = await asked(transaction.objectStore("choices").get([WRITER]));
      if ((writer as Rows["choices"] | undefined)?.value !== this.#writer) {
        transaction.abort();
        throw new WherryError("CLOSED", "another tab leads now");
      }
      try {
        for (const change of changes) {
          const store = transaction.objectStore(change.table);
          if ("put" in change) store.put(change.put);
          else store.delete([...change.remove]);
        }
      } catch (error) {
        transaction.abort(); // else what was put before would be kept without the rest
        throw error;
      }
      await over;
    });
  }

  close(): void {
    this.#database.close();
  }
}

type Source = IDBObjectStore | IDBIndex;

async function forwards(from: Source, choice: Choice): Promise<unknown[]> {
  return asked<unknown[]>(from.getAll(rangeOf(choice), choice.most));
}

async function backwards(from: Source, choice: Choice): Promise<unknown[]> {
  const rows: unknown[] = [];
  const request = from.openCursor(rangeOf(choice), "prev");
  for (let cursor = await asked(request); cursor !== null; cursor = await asked(request)) {
    rows.push(cursor.value);
    if (rows.length === choice.most) break;
    cursor.continue();
  }
  return rows;
}

/** An array sorts behind every text and number, so `[…prefix, []]` is behind all that begins with the prefix. */
function rangeOf({ prefix = [], beyond, backwards: isBackwards }: Choice): IDBKeyRange | null {
  if (prefix.length === 0 && beyond === undefined) return null;
  const [low, high] = [[...prefix], [...prefix, []]];
  if (beyond === undefined) return IDBKeyRange.bound(low, high);
  return isBackwards === true
    ? IDBKeyRange.bound(low, [...beyond], false, true)
    : IDBKeyRange.bound([...beyond], high, true, false);
}

async function typed<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (WherryError.is(error)) throw error;
    const name = error instanceof DOMException ? error.name : "";
    if (name === "QuotaExceededError") {
      throw new WherryError("DISK_FULL", "the browser keeps nothing more", {
        hint: "Make room on this device; nothing that was kept is lost.",
        cause: error,
      });
    }
    throw new WherryError("DATABASE_CORRUPT", "the browser has closed or cleared what this page kept", {
      hint: "Load the page again.",
      cause: error,
    });
  }
}

/** Rows in the browser's IndexedDB; its exceptions become typed errors here. */

import { type IDBPDatabase, type IDBPObjectStore, openDB } from "idb";
import { type Random, hex } from "../bytes.ts";
import { WherryError } from "../errors.ts";
import type { Change, Choice, Database, Key } from "./database.ts";
import { MemoryDatabase } from "./memory.ts";
import { type Rows, SCHEMA, type Table } from "./tables.ts";

const VERSION = 1;
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
    const database = await openDB(name, VERSION, { upgrade: make, blocking: () => database.close() });
    const writer = hex(random(8));
    await database.put("choices", { name: WRITER, value: writer });
    return new BrowserDatabase(database, writer);
  } catch (error) {
    if (error instanceof DOMException && error.name === "SecurityError") return new MemoryDatabase();
    throw new WherryError("DATABASE_CORRUPT", "the messages in this browser cannot be read", {
      hint: "Allow this page to keep data, or use another browser.",
      cause: error,
    });
  }
}

function make(database: IDBPDatabase): void {
  for (const table of TABLES) {
    if (database.objectStoreNames.contains(table)) continue;
    const { key, indexes = {} } = SCHEMA[table];
    const store = database.createObjectStore(table, { keyPath: [...key] });
    for (const [name, properties] of Object.entries(indexes)) store.createIndex(name, [...properties]);
  }
}

class BrowserDatabase implements Database {
  readonly #database: IDBPDatabase;
  readonly #writer: string;

  constructor(database: IDBPDatabase, writer: string) {
    this.#database = database;
    this.#writer = writer;
  }

  async get<T extends Table>(table: T, key: Key): Promise<Rows[T] | undefined> {
    return typed(async () => (await this.#database.get(table, [...key])) as Rows[T] | undefined);
  }

  async list<T extends Table>(table: T, choice: Choice = {}): Promise<Rows[T][]> {
    return typed(async () => {
      const store = this.#database.transaction<Table>(table).store;
      const rows = choice.backwards === true ? await backwards(store, choice) : await forwards(store, choice);
      return rows as Rows[T][]; // only rows of that table are put there
    });
  }

  async commit(changes: readonly Change[]): Promise<void> {
    if (changes.length === 0) return;
    await typed(async () => {
      const tables = [...new Set<Table>(["choices", ...changes.map(({ table }) => table)])];
      const transaction = this.#database.transaction(tables, "readwrite", { durability: "strict" });
      const writer: unknown = await transaction.objectStore("choices").get([WRITER]);
      if ((writer as Rows["choices"] | undefined)?.value !== this.#writer) {
        transaction.done.catch(() => undefined); // it is said below why it ends
        transaction.abort();
        throw new WherryError("CLOSED", "another tab leads now");
      }
      const written = changes.map(async (change) => {
        const store = transaction.objectStore(change.table);
        await ("put" in change ? store.put(change.put) : store.delete([...change.remove]));
      });
      await Promise.all([...written, transaction.done]);
    });
  }

  close(): void {
    this.#database.close();
  }
}

type Store = IDBPObjectStore<unknown, [Table], Table>;

async function forwards(store: Store, choice: Choice): Promise<unknown[]> {
  const from = choice.index === undefined ? store : store.index(choice.index);
  return from.getAll(rangeOf(choice), choice.most);
}

async function backwards(store: Store, choice: Choice): Promise<unknown[]> {
  const from = choice.index === undefined ? store : store.index(choice.index);
  const rows: unknown[] = [];
  for (
    let cursor = await from.openCursor(rangeOf(choice), "prev");
    cursor !== null && rows.length < (choice.most ?? Number.POSITIVE_INFINITY);
    cursor = await cursor.continue()
  ) {
    rows.push(cursor.value);
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

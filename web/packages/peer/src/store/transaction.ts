/**
 * One writer: transactions run one after the other, each sees what it has changed itself, and what it changed is kept
 * together or not at all.
 */

import { WherryError } from "../errors.ts";
import type { Change, Choice, Database, Key } from "./database.ts";
import { compareKeys, keyOf } from "./memory.ts";
import { type Rows, SCHEMA, type Table } from "./tables.ts";

/** Reading, inside a transaction or outside of one. */
export type Reading = Pick<Database, "get" | "list">;

export class Transaction implements Reading {
  readonly #under: Reading;
  /** What was changed here, by table and key: a row, or null where one was removed. */
  readonly #changed = new Map<Table, Map<string, { readonly key: Key; readonly row: object | null }>>();
  readonly afterwards: (() => void)[] = [];
  readonly undoing: (() => void)[] = [];

  constructor(under: Reading) {
    this.#under = under;
  }

  async get<T extends Table>(table: T, key: Key): Promise<Rows[T] | undefined> {
    const changed = this.#changed.get(table)?.get(JSON.stringify(key));
    if (changed === undefined) return this.#under.get(table, key);
    return (changed.row ?? undefined) as Rows[T] | undefined; // only rows of that table are put there
  }

  /** In the order of the keys; what was changed here is seen, but not through an index. */
  async list<T extends Table>(table: T, choice: Choice = {}): Promise<Rows[T][]> {
    const changed = this.#changed.get(table);
    const rows = await this.#under.list(table, choice);
    if (changed === undefined || choice.index !== undefined) return rows;
    const { prefix = [] } = choice;
    const whole = new Map(rows.map((row) => [JSON.stringify(keyOf(row, SCHEMA[table].key)), row]));
    for (const [name, { key, row }] of changed) {
      if (compareKeys(key.slice(0, prefix.length), prefix) !== 0) continue;
      if (row === null) whole.delete(name);
      else whole.set(name, row as Rows[T]);
    }
    const keyed = [...whole.values()].map((row) => ({ row, key: keyOf(row, SCHEMA[table].key) ?? [] }));
    return keyed.toSorted((a, b) => compareKeys(a.key, b.key)).map(({ row }) => row);
  }

  put<T extends Table>(table: T, row: Rows[T]): void {
    this.#set(table, keyOf(row, SCHEMA[table].key) ?? [], row);
  }

  remove(table: Table, key: Key): void {
    this.#set(table, key, null);
  }

  /** Run once it is kept: events, work. */
  after(run: () => void): void {
    this.afterwards.push(run);
  }

  /** Run if it is not kept: what is in memory is not what rests. */
  undone(run: () => void): void {
    this.undoing.push(run);
  }

  /** A part whose changes are dropped if it throws; the rest goes on for whoever catches that. */
  async part<T>(work: (part: Transaction) => Promise<T>): Promise<T> {
    const part = new Transaction(this);
    try {
      const result = await work(part);
      for (const [table, rows] of part.#changed) for (const { key, row } of rows.values()) this.#set(table, key, row);
      this.afterwards.push(...part.afterwards);
      this.undoing.push(...part.undoing);
      return result;
    } catch (error) {
      for (const undo of part.undoing) undo();
      throw error;
    }
  }

  get changes(): readonly Change[] {
    return [...this.#changed].flatMap(([table, rows]) =>
      [...rows.values()].map(({ key, row }) => ({ table, ...(row === null ? { remove: key } : { put: row }) }) as Change),
    );
  }

  #set(table: Table, key: Key, row: object | null): void {
    const rows = this.#changed.get(table) ?? new Map<string, { readonly key: Key; readonly row: object | null }>();
    this.#changed.set(table, rows);
    rows.set(JSON.stringify(key), { key, row });
  }
}

export class MailStore implements Reading {
  readonly #database: Database;
  readonly #onKept: () => void;
  #last: Promise<unknown> = Promise.resolve();
  #closed = false;

  /** @param onKept - told that something could be kept */
  constructor(database: Database, onKept: () => void = () => undefined) {
    this.#database = database;
    this.#onKept = onKept;
  }

  get<T extends Table>(table: T, key: Key): Promise<Rows[T] | undefined> {
    return this.#database.get(table, key);
  }

  list<T extends Table>(table: T, choice?: Choice): Promise<Rows[T][]> {
    return this.#database.list(table, choice);
  }

  /**
   * One transaction, after those before it. A transaction inside it is a part of it, and is given it: another would
   * wait for ever.
   * @throws WherryError DISK_FULL or DATABASE_CORRUPT if it cannot be kept, and whatever `work` throws: nothing of it is
   * kept then.
   */
  async write<T>(work: (transaction: Transaction) => Promise<T>): Promise<T> {
    const turn = this.#last.then(async () => this.#run(work));
    this.#last = turn.catch(() => undefined); // whoever asked for it hears it
    return turn;
  }

  /** Resolves when everything that was begun is over. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#last;
    this.#database.close();
  }

  async #run<T>(work: (transaction: Transaction) => Promise<T>): Promise<T> {
    if (this.#closed) throw new WherryError("CLOSED", "the store");
    const transaction = new Transaction(this.#database);
    let result: T;
    try {
      result = await work(transaction);
      await this.#database.commit(transaction.changes);
    } catch (error) {
      for (const undo of transaction.undoing) undo();
      throw error;
    }
    if (transaction.changes.length > 0) this.#onKept();
    for (const run of transaction.afterwards) run();
    return result;
  }
}

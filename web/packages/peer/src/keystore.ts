/**
 * What a tab keeps in its browser: the key, the name, where introducers were, whom it met. In IndexedDB; where a
 * browser has none (some private windows), in memory for as long as the page lives.
 *
 * A key as text, for a copy that people keep, is the node's open identity file and the nospam, each in base58:
 *
 *     wherry-key:BASE58("WHERRYID" | version 1 | kind 0 | seed 32 | check 4).BASE58(nospam 8)
 *     check = first 4 bytes of SHA-256(join("wherry/1/file-identity", all that precedes))
 */

import { NOSPAM_BYTES } from "./address.ts";
import { base58, unbase58 } from "./base58.ts";
import { type Bytes, type Random, concat, equal, utf8 } from "./bytes.ts";
import { IDENTITY_FILE, join } from "./domains.ts";
import { WherryError } from "./errors.ts";
import { SEED_BYTES, sha256 } from "./identity.ts";
import { asked, kept, openIdb } from "./store/idb.ts";

/** Everything that is kept, under its name. */
export interface Kept {
  seed: Bytes;
  nospam: Bytes;
  name: string;
  /** The sequence of the own record that was used last. */
  sequence: number;
  /** Endpoints that introduced us, as multiaddrs. */
  endpoints: readonly string[];
  /** Who is connected, and when that was last true: a page that is loaded again connects again. */
  connected: { readonly at: number; readonly peers: readonly string[] };
  /** Who was connected: id, claimed name, when last seen. */
  met: readonly { readonly peer: string; readonly name: string | null; readonly seen: number }[];
  /** Where an identity's friends and messages rest, by its id, if that is not the usual place: they were restored. */
  mails: Readonly<Record<string, string>>;
}

export interface Store {
  get<K extends keyof Kept>(key: K): Promise<Kept[K] | undefined>;
  set<K extends keyof Kept>(key: K, value: Kept[K]): Promise<void>;
  /** All of it is kept, or nothing. */
  setAll(values: Partial<Kept>): Promise<void>;
  close(): void;
}

const DATABASE = "wherry";
/** What the name of a database of friends and messages begins with; the identity follows. */
export const MAIL = `${DATABASE} mail of `;
const TABLE = "kept";

/** @throws WherryError IDENTITY_CORRUPT if the browser's database cannot be read; it is never overwritten. */
export async function openStore(): Promise<Store> {
  if (typeof indexedDB === "undefined") return new MemoryStore();
  let database: IDBDatabase;
  try {
    database = await openIdb(DATABASE, 1, (fresh) => void fresh.createObjectStore(TABLE));
  } catch (error) {
    if (error instanceof DOMException && error.name === "SecurityError") return new MemoryStore();
    throw new WherryError("IDENTITY_CORRUPT", "this browser's database does not open", {
      hint: "Allow this page to keep data, or use another browser.",
      cause: error,
    });
  }
  const setAll = async (values: Partial<Kept>): Promise<void> => {
    try {
      const transaction = database.transaction(TABLE, "readwrite");
      for (const [key, value] of Object.entries(values)) transaction.objectStore(TABLE).put(value, key);
      await kept(transaction);
    } catch (error) {
      throw new WherryError("DISK_FULL", "the browser keeps nothing more", { cause: error });
    }
  };
  return {
    get: async (key) => asked(database.transaction(TABLE).objectStore(TABLE).get(key)),
    set: async (key, value) => setAll({ [key]: value }),
    setAll,
    close: () => database.close(),
  };
}

export class MemoryStore implements Store {
  readonly #kept: Partial<Kept> = {};

  async get<K extends keyof Kept>(key: K): Promise<Kept[K] | undefined> {
    return this.#kept[key];
  }

  async set<K extends keyof Kept>(key: K, value: Kept[K]): Promise<void> {
    this.#kept[key] = value;
  }

  async setAll(values: Partial<Kept>): Promise<void> {
    Object.assign(this.#kept, values);
  }

  close(): void {
    return;
  }
}

/** The name of the database that an identity's friends and messages rest in. */
export async function mailOf(store: Store, id: string): Promise<string> {
  return (await store.get("mails"))?.[id] ?? `${MAIL}${id}`;
}

/** A key that is there, or was made just now. */
export interface Key {
  readonly seed: Bytes;
  readonly nospam: Bytes;
  readonly isNew: boolean;
}

/** @throws WherryError IDENTITY_CORRUPT if what is there is no key; it is never overwritten. */
export async function loadKey(store: Store, random: Random): Promise<Key> {
  const [seed, nospam] = [await store.get("seed"), await store.get("nospam")];
  if (seed === undefined) {
    const key = { seed: random(SEED_BYTES), nospam: random(NOSPAM_BYTES) };
    await store.setAll(key);
    return { ...key, isNew: true };
  }
  if (seed.length !== SEED_BYTES || nospam?.length !== NOSPAM_BYTES) {
    throw new WherryError("IDENTITY_CORRUPT", "the key in this browser has the wrong length");
  }
  return { seed, nospam, isNew: false };
}

const MARK = "wherry-key:";
const HEAD = concat(utf8("WHERRYID"), Uint8Array.of(1, 0));

export function keyToText(seed: Uint8Array, nospam: Uint8Array): string {
  const body = concat(HEAD, seed);
  return `${MARK}${base58(concat(body, check(body)))}.${base58(nospam)}`;
}

/** @throws WherryError IDENTITY_CORRUPT naming what is wrong. */
export function keyOfText(text: string): { readonly seed: Bytes; readonly nospam: Bytes | null } {
  const tidy = text.replaceAll(/\s+/g, "");
  if (!tidy.startsWith(MARK)) throw corrupt(`it does not begin with ${MARK}`);
  const [file = "", word = ""] = tidy.slice(MARK.length).split(".");
  const raw = file.length > 200 ? null : unbase58(file);
  if (raw === null) throw corrupt("it has a character that no key has");
  if (raw.length !== HEAD.length + SEED_BYTES + 4) throw corrupt("characters are missing, or there are too many");
  const body = raw.subarray(0, -4);
  if (!equal(check(body), raw.subarray(-4))) throw corrupt("a character is wrong: the checksum does not fit");
  if (!equal(body.subarray(0, HEAD.length), HEAD)) throw corrupt("it is of another version, or under a passphrase");
  const nospam = word.length > 20 ? null : unbase58(word);
  return { seed: body.slice(HEAD.length), nospam: nospam?.length === NOSPAM_BYTES ? nospam : null };
}

function check(body: Uint8Array): Bytes {
  return sha256(join(IDENTITY_FILE, body)).slice(0, 4);
}

function corrupt(detail: string): WherryError {
  return new WherryError("IDENTITY_CORRUPT", detail, { hint: "Nothing was changed. Copy the whole key once more." });
}

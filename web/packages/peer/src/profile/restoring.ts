/**
 * A profile out of a file into a database that is made for it. Nobody is that profile before all of the file was read
 * and found whole: what is kept with the key then names the database, in one step, and until then nothing is changed.
 *
 * A friend's further peers are not taken: a tab knows each contact by one.
 */

import { NOSPAM_BYTES } from "../address.ts";
import { type Bytes, type Random, hex } from "../bytes.ts";
import { eraseDatabase, listed } from "../erase.ts";
import { WherryError } from "../errors.ts";
import { Identity } from "../identity.ts";
import { type Kept, MAIL, type Store, mailOf } from "../keystore.ts";
import { friendlyName, tidyName } from "../names.ts";
import { openDatabase } from "../store/browser.ts";
import type { Database } from "../store/database.ts";
import { MemoryDatabase } from "../store/memory.ts";
import { RESTORED } from "../store/tables.ts";
import { MailStore } from "../store/transaction.ts";
import type { OnProgress } from "../types.ts";
import type { Entry, Owner } from "./entries.ts";
import { corrupt, read } from "./file.ts";
import { Filling } from "./filling.ts";

/** The peers of a file that are remembered as met beside friends: as many as a tab remembers by itself. */
const MET = 100;

/** The share of the work that the key is, as far as anybody can tell; the rest goes with the size of the file. */
const KEY_SHARE = 0.5;

export interface Restoring {
  readonly random: Random;
  /** Makes the database; without it in this browser. */
  readonly open?: (name: string) => Promise<Database>;
  readonly onProgress?: OnProgress | undefined;
}

export interface Becoming extends Restoring {
  /** What is kept with the key. */
  readonly store: Store;
  readonly file: Blob;
  readonly passphrase: string;
  /** Stop whoever one was: what it would still keep must not come on top. */
  readonly pause: () => Promise<void>;
}

/** What is to be kept with the key, so that the tab is whom the file is of. */
export type Restored = Required<Omit<Kept, "mails" | "endpoints">> & {
  readonly id: string;
  /** The database that has the rest. */
  readonly mail: string;
};

/**
 * Read a file into a database of its own; whose it is, and its name.
 * @throws WherryError as `read`; DISK_FULL or DATABASE_CORRUPT if it cannot be kept, UNSUPPORTED where a browser keeps
 * nothing. Nothing of it is left then.
 */
export async function restored(file: Blob, passphrase: string, how: Restoring): Promise<Restored> {
  const { random, open = async (name) => inBrowser(name, random), onProgress = () => undefined } = how;
  const take = takingOf(file, (share) => onProgress(KEY_SHARE + (1 - KEY_SHARE) * share));
  const parts = read(take, passphrase, (share) => onProgress(KEY_SHARE * share));
  const first = await parts.next();
  const [owner, ...rest] = first.done === true ? [] : first.value;
  if (owner?.is !== "owner") throw corrupt("it has no owner"); // `read` sees to that
  const id = String(new Identity(owner.seed).id);
  const mail = `${MAIL}${id} ${hex(random(8))}`;
  const store = new MailStore(await open(mail));
  try {
    const filling = new Filling(store, id);
    await filled(filling, rest);
    for await (const entries of parts) await filled(filling, entries);
    await store.write(async (transaction) => transaction.put("choices", { name: RESTORED, value: true }));
    await store.close();
    return { ...keptOf(owner, filling, random), id, mail };
  } catch (error) {
    await store.close();
    await eraseDatabase(mail);
    throw error;
  }
}

/**
 * Be whom a file is of, from the next start on.
 * @throws WherryError as `restored`; nothing is changed then.
 */
export async function become(becoming: Becoming): Promise<void> {
  const { store, file, passphrase, pause } = becoming;
  await clear(store);
  const { id, mail, ...kept } = await restored(file, passphrase, becoming);
  const before = await mailOf(store, id);
  try {
    await pause();
    await store.setAll({ ...kept, mails: { ...(await store.get("mails")), [id]: mail } });
  } catch (error) {
    await eraseDatabase(mail);
    throw error;
  }
  try {
    await eraseDatabase(before);
  } catch (error) {
    if (!WherryError.is(error)) throw error; // something holds on to it: then the next restore takes it away
  }
}

/** Take away what is left of restores: those that were broken off, and what they were to take the place of. */
async function clear(store: Store): Promise<void> {
  const mails = (await store.get("mails")) ?? {};
  for (const name of await listed()) {
    const [id = "", isRestored] = name.startsWith(MAIL) ? name.slice(MAIL.length).split(" ") : [];
    const used = mails[id] ?? (isRestored === undefined ? name : "");
    if (id !== "" && name !== used) await eraseDatabase(name);
  }
}

/** Of a name that is found again by listing alone, so only where that can be done: all can be forgotten some day. */
async function inBrowser(name: string, random: Random): Promise<Database> {
  const database = await openDatabase(name, random);
  if (!(database instanceof MemoryDatabase) && "databases" in indexedDB) return database;
  database.close();
  throw new WherryError("UNSUPPORTED", "this browser keeps too little for pages", {
    hint: "Allow this page to keep data, or use another browser.",
  });
}

async function filled(filling: Filling, entries: readonly Entry[]): Promise<void> {
  try {
    await filling.take(entries);
  } catch (error) {
    if (WherryError.is(error, "INVALID_PEER_ID", "MALFORMED")) throw corrupt("what is in it makes no sense", error);
    throw error;
  }
}

function keptOf({ seed, name }: Owner, { nospam, met }: Filling, random: Random): Omit<Restored, "id" | "mail"> {
  return {
    seed,
    nospam: nospam ?? random(NOSPAM_BYTES),
    name: tidyName(name) || friendlyName(random),
    sequence: 0,
    met: met.toSorted((a, b) => a.seen - b.seen).slice(-MET),
    connected: { at: 0, peers: [] },
  };
}

/** The file's bytes, one piece after the other; `onTaken` is told the share of them that was taken. */
function takingOf(file: Blob, onTaken: (share: number) => void): (size: number) => Promise<Bytes> {
  let at = 0;
  return async (size) => {
    const piece = file.slice(at, at + size);
    if (at > 0) onTaken(Math.min(1, at / file.size));
    at += size;
    return new Uint8Array(await piece.arrayBuffer());
  };
}

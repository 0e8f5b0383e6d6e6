/** Forgetting all that pages of this origin keep in the browser: every key that was here, friends, messages. */

import { WherryError } from "./errors.ts";
import { MAIL } from "./keystore.ts";
import { asked } from "./store/idb.ts";
import { sleep } from "./tasks.ts";

/** What the names of our databases begin with: that of the key is just this. */
const PREFIX = "wherry";

/** Milliseconds that whoever has a database open is given to let go of it: the browser has told it to. */
const PATIENCE_MS = 5000;

/**
 * Delete our databases, the key's last: friends and messages without a key would be of no use to anybody but a snoop.
 * Close every peer of this origin before.
 * @param id - whose friends and messages these are; other identities' are found by a browser that can list what it keeps
 * @throws WherryError FAILED if one cannot be deleted; doing it once more is safe.
 */
export async function eraseBrowser(id: string): Promise<void> {
  if (typeof indexedDB === "undefined") return;
  try {
    const names = new Set([`${MAIL}${id}`, ...(await listed())]);
    names.delete(PREFIX);
    for (const name of [...names, PREFIX]) await eraseDatabase(name);
  } catch (error) {
    if (error instanceof DOMException && error.name === "SecurityError") return; // then all of it was in memory
    throw WherryError.from(error);
  }
}

/** The names of ours among all databases; none where the browser cannot tell. */
export async function listed(): Promise<readonly string[]> {
  if (typeof indexedDB === "undefined" || !("databases" in indexedDB)) return [];
  const all = await indexedDB.databases();
  return all.flatMap(({ name }) => (name?.startsWith(PREFIX) === true ? [name] : []));
}

/** @throws WherryError FAILED if something holds on to it. */
export async function eraseDatabase(name: string): Promise<void> {
  if (typeof indexedDB === "undefined") return;
  const over = new AbortController();
  const late = sleep(PATIENCE_MS, over.signal).then(() => "late" as const);
  const gone = asked(indexedDB.deleteDatabase(name));
  gone.catch(() => undefined); // it is awaited below, where it was not given up
  const first = await Promise.race([gone, late]);
  over.abort();
  if (first === "late") {
    throw new WherryError("FAILED", "something in this browser holds on to what was to be forgotten", {
      hint: "Close all other tabs of this page, then try again.",
    });
  }
}

/** What was written, as it rests: rows by chat, found by id, counted, searched. What changes goes by a transaction. */

import type { Reading, Transaction } from "../store/transaction.ts";
import type { MessageState } from "../types.ts";
import type { ChatRow, MessageRow } from "./row.ts";

/** The ways from one state to the next; what the table does not have changes nothing. News comes late, and twice. */
const NEXT: Readonly<Record<MessageState, readonly MessageState[]>> = {
  queued: ["held", "delivered", "read", "failed"],
  held: ["held", "delivered", "read", "failed"],
  delivered: ["read"],
  read: [],
  failed: [],
};

/** Rows that are looked at in one go of a search. */
const CHUNK = 500;

export function isOpen(row: Pick<MessageRow, "own" | "state">): boolean {
  return row.own === 1 && (row.state === "queued" || row.state === "held");
}

/** A message of this writer and id, if there is one. */
export async function find(reading: Reading, peer: string, own: 0 | 1, id: string): Promise<MessageRow | undefined> {
  const place = await reading.get("ids", [peer, own, id]);
  return place === undefined ? undefined : reading.get("messages", [peer, place.number]);
}

/** Whether a message of that id was written to us; it may be deleted since. */
export async function cameBefore(reading: Reading, peer: string, id: string): Promise<boolean> {
  return ((await reading.get("ids", [peer, 0, id])) ?? (await reading.get("deleted", [peer, id]))) !== undefined;
}

/** Forget the ids of what was deleted before a time: nobody says it again. */
export async function forgetDeleted(transaction: Transaction, before: number): Promise<void> {
  for (const { peer, id, at } of await transaction.list("deleted", { index: "at", most: 10_000 })) {
    if (at < before) transaction.remove("deleted", [peer, id]);
  }
}

/** What is counted for a chat. */
export async function chatOf(reading: Reading, peer: string): Promise<ChatRow> {
  return (await reading.get("chats", [peer])) ?? { peer, unread: 0, waiting: 0, last: 0 };
}

/** Keep a new message. */
export async function add(transaction: Transaction, row: MessageRow): Promise<void> {
  const { peer, own, id, number } = row;
  const chat = await chatOf(transaction, peer);
  transaction.put("messages", row);
  transaction.put("ids", { peer, own, id, number });
  transaction.put("chats", {
    peer,
    unread: chat.unread + (row.unread ?? 0),
    waiting: chat.waiting + (isOpen(row) ? 1 : 0),
    last: Math.max(chat.last, number),
  });
}

/** A message of ours is further than it was; null where that is no news. */
export async function move(
  transaction: Transaction,
  row: MessageRow,
  change: Pick<MessageRow, "state"> & Partial<Pick<MessageRow, "places" | "reason">>,
): Promise<MessageRow | null> {
  if (!NEXT[row.state].includes(change.state)) return null;
  const moved = { ...row, ...change };
  transaction.put("messages", moved);
  if (isOpen(row) && !isOpen(moved)) {
    const chat = await chatOf(transaction, row.peer);
    transaction.put("chats", { ...chat, waiting: Math.max(0, chat.waiting - 1) });
  }
  return moved;
}

/** All that came from a peer has been looked at; returns what changed. */
export async function look(transaction: Transaction, peer: string): Promise<MessageRow[]> {
  const rows = await transaction.list("messages", { index: "unread", prefix: [peer, 1] });
  const looked = rows.map(({ unread: _unread, ...row }): MessageRow => ({ ...row, state: "read" }));
  for (const row of looked) transaction.put("messages", row);
  transaction.put("chats", { ...(await chatOf(transaction, peer)), unread: 0 });
  return looked;
}

export async function remove(transaction: Transaction, row: MessageRow): Promise<void> {
  const { peer, own, id, number } = row;
  transaction.remove("messages", [peer, number]);
  transaction.remove("ids", [peer, own, id]);
  const chat = await chatOf(transaction, peer);
  const newest = await transaction.list("messages", { prefix: [peer], backwards: true, most: 2 });
  transaction.put("chats", {
    peer,
    unread: Math.max(0, chat.unread - (row.unread ?? 0)),
    waiting: Math.max(0, chat.waiting - (isOpen(row) ? 1 : 0)),
    last: chat.last === number ? Math.max(0, ...newest.map((one) => (one.number === number ? 0 : one.number))) : chat.last,
  });
}

/** At most `limit` before the number, the oldest first, and whether there are older ones. */
export async function before(
  reading: Reading,
  peer: string,
  number: number | null,
  limit: number,
): Promise<{ readonly rows: readonly MessageRow[]; readonly older: boolean }> {
  const beyond = number === null ? {} : { beyond: [peer, number] };
  const rows = await reading.list("messages", { prefix: [peer], backwards: true, most: limit + 1, ...beyond });
  return { rows: rows.slice(0, limit).toReversed(), older: rows.length > limit };
}

/** The number of the newest message of all. */
export async function lastNumber(reading: Reading): Promise<number> {
  const [last] = await reading.list("messages", { index: "number", backwards: true, most: 1 });
  return last?.number ?? 0;
}

/** Messages that have all words of `text` at the beginning of a word, the newest first. Accents and case do not count. */
export async function search(reading: Reading, text: string, limit: number): Promise<MessageRow[]> {
  const wanted = wordsOf(text);
  const found: MessageRow[] = [];
  if (wanted.length === 0) return found;
  for (let beyond = Number.MAX_SAFE_INTEGER; ; ) {
    const rows = await reading.list("messages", { index: "number", backwards: true, beyond: [beyond], most: CHUNK });
    for (const row of rows) {
      const words = wordsOf(row.text);
      if (wanted.every((word) => words.some((one) => one.startsWith(word)))) found.push(row);
      if (found.length >= limit) return found;
    }
    const last = rows.at(-1);
    if (last === undefined || rows.length < CHUNK) return found;
    beyond = last.number;
  }
}

function wordsOf(text: string): string[] {
  return text.normalize("NFKD").replaceAll(/\p{M}/gu, "").toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
}

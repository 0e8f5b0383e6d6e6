/**
 * After a restore from a copy: whatever the copy does not know to be settled is said again, under its old id, so that
 * whoever has it already keeps it once. A copy begins sessions and numbering of its own.
 */

import { unhex } from "../bytes.ts";
import { WherryError } from "../errors.ts";
import type { Book } from "../friends/book.ts";
import type { Friendships } from "../friends/friendships.ts";
import type { Profiles } from "../friends/profiles.ts";
import { reasonWord } from "../messages/failures.ts";
import * as history from "../messages/history.ts";
import { Reason } from "../messages/packets.ts";
import type { Post } from "../messages/post.ts";
import type { MessageRow } from "../messages/row.ts";
import { encodeContent } from "../messages/texts.ts";
import { PeerId } from "../peer-id.ts";
import { RESTORED } from "../store/tables.ts";
import type { MailStore, Reading, Transaction } from "../store/transaction.ts";

/** Messages that are looked at in one go. */
const CHUNK = 64;

export interface Speaking {
  readonly post: Post;
  readonly book: Book;
  readonly friendships: Friendships;
  readonly profiles: Profiles;
}

/** Let a copy that is started for the first time say all of it, before anything new is said. */
export async function sayAgain(store: MailStore, { post, book, friendships, profiles }: Speaking): Promise<void> {
  await store.write(async (transaction) => {
    for (const row of await transaction.list("friends")) {
      if (row.said !== null) await friendships.tell(transaction, row, row.said);
      book.put(transaction, await profiles.told(transaction, row)); // which one they have, nobody knows
    }
    for (const row of await openOf(transaction)) await send(transaction, post, row);
    transaction.remove("choices", [RESTORED]);
  });
}

async function send(transaction: Transaction, post: Post, row: MessageRow): Promise<void> {
  try {
    await post.send(transaction, PeerId.parse(row.peer), { id: unhex(row.id), ...encodeContent(row) });
  } catch (error) {
    if (!WherryError.is(error, "OUTBOX_FULL")) throw error;
    await history.move(transaction, row, { state: "failed", reason: reasonWord(Reason.FULL) });
  }
}

/** Ours that are not settled, in their order. */
async function openOf(reading: Reading): Promise<MessageRow[]> {
  const found: MessageRow[] = [];
  for (const { peer, waiting } of await reading.list("chats")) {
    for (let beyond = Number.MAX_SAFE_INTEGER, left = waiting; left > 0; ) {
      const rows = await reading.list("messages", { prefix: [peer], backwards: true, beyond: [peer, beyond], most: CHUNK });
      const waits = rows.filter(history.isOpen);
      found.push(...waits);
      left = rows.length < CHUNK ? 0 : left - waits.length;
      beyond = rows.at(-1)?.number ?? 0;
    }
  }
  return found.toSorted((a, b) => a.number - b.number);
}

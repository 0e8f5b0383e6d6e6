/** Which items are to be left in which mailboxes. A core. */

import type { Introducer } from "../record.ts";
import type { OutboxRow } from "../store/tables.ts";
import { LEFT_AGAIN_S } from "./limits.ts";
import type { Entry } from "./outgoing.ts";

export interface Leaving {
  readonly lacking: readonly Introducer[];
  readonly entries: readonly Entry[];
}

export interface Around {
  readonly mailboxes: readonly Introducer[];
  /** What is known of the peer's items. */
  readonly rows: readonly OutboxRow[];
  readonly ackDue: boolean;
  /** Seconds since 1970 by network time. */
  readonly now: number;
}

/**
 * Each item goes to those mailboxes that do not hold it, and nowhere twice; an acknowledgement that is due, to all.
 * Now and then the oldest is left again all the same: if it was collected, that asks for the word that was lost.
 */
export function toLeave(due: readonly Entry[], { mailboxes, rows, ackDue, now }: Around): readonly Leaving[] {
  if (mailboxes.length === 0) return [];
  const known = new Map(rows.map((row) => [row.number, row]));
  const leaving = new Map<string, { lacking: readonly Introducer[]; entries: Entry[] }>();
  const add = (lacking: readonly Introducer[], ...entries: Entry[]): void => {
    const key = lacking.map(({ peer }) => String(peer)).join();
    const group = leaving.get(key);
    if (group === undefined) leaving.set(key, { lacking, entries });
    else group.entries.push(...entries);
  };
  if (ackDue) add(mailboxes);
  for (const entry of due) {
    const holders = known.get(entry.number)?.holders ?? [];
    const lacking = mailboxes.filter(({ peer }) => !holders.includes(String(peer)));
    if (lacking.length > 0) add(lacking, entry);
  }
  const [oldest] = due;
  if (leaving.size === 0 && oldest !== undefined && (known.get(oldest.number)?.leftAt ?? 0) + LEFT_AGAIN_S <= now) {
    add(mailboxes, oldest);
  }
  return [...leaving.values()];
}

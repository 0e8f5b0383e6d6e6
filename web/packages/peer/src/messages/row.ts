/** A message as it rests in the history, and what is counted for each chat. */

import type { Bytes } from "../bytes.ts";
import type { MessageState } from "../types.ts";

export interface MessageRow {
  readonly peer: string;
  /** The order in which they are shown; never used twice. */
  readonly number: number;
  /** Its id, in hex; unique among those of one writer. */
  readonly id: string;
  /** 1 if we wrote it. */
  readonly own: 0 | 1;
  readonly text: string;
  /** Of a message of bytes; null of a text. */
  readonly data: Bytes | null;
  readonly replyTo: string | null;
  /** Milliseconds since 1970: when it came here, and when its writer says it was written. */
  readonly at: number;
  readonly sent: number;
  readonly state: MessageState;
  /** Mailboxes that hold it. */
  readonly places: number;
  readonly until: number | null;
  /** Why it failed, in one word. */
  readonly reason: string | null;
  /** Set as long as nobody has looked at it. */
  readonly unread?: 1;
}

export interface ChatRow {
  readonly peer: string;
  /** Messages of theirs that nobody has looked at. */
  readonly unread: number;
  /** Messages of ours that have not arrived. */
  readonly waiting: number;
  readonly last: number;
}

/** The tables of the mail that a page keeps, and what is in a row of each. Peers are ids in text, item ids are hex. */

import type { Bytes } from "../bytes.ts";
import type { OwnPrekey } from "../ratchet/prekeys.ts";
import type { Entry } from "../messages/outgoing.ts";
import type { Item, Voided } from "../messages/packets.ts";
import type { FriendRow } from "../friends/row.ts";
import type { ChatRow, MessageRow } from "../messages/row.ts";

/** The choice that says: this is a copy that has not been started yet. */
export const RESTORED = "restored";

/** Of each peer: our numbering, theirs, and the ratchet's sessions. */
export interface PairRow {
  readonly peer: string;
  readonly outEpoch: number;
  readonly outNext: number;
  readonly inEpoch: number;
  readonly inThrough: number;
  /** The beginnings of the ids of the latest numbers; see `Incoming`. */
  readonly inRecent?: readonly string[];
  readonly voided: readonly Voided[];
  /** Something came that the peer does not know we have. */
  readonly ackDue: boolean;
  readonly sessions: Bytes;
}

/** What is not settled yet; its body is in `bodies`. */
export interface OutboxRow extends Entry {
  readonly peer: string;
  /** Mailboxes that hold it. */
  readonly holders: readonly string[];
  /** When one of them took it last, seconds since 1970 by network time. */
  readonly leftAt?: number;
}

export interface BodyRow {
  readonly peer: string;
  readonly number: number;
  readonly body: Bytes;
}

/** What came before its turn. */
export interface HeldRow extends Item {
  readonly peer: string;
}

/** A piece of what is larger than an item. */
export interface PieceRow {
  readonly peer: string;
  readonly item: string;
  readonly index: number;
  readonly piece: Bytes;
  readonly expires: number;
}

/** A mailbox that keeps our mail; our inbox record names those that are current. */
export interface LeaseRow {
  readonly mailbox: string;
  readonly endpoints: readonly string[];
  /** Seconds since 1970 by network time. */
  readonly expires: number;
  readonly current: boolean;
}

/** An invitation that is not answered yet. */
export interface InvitationRow {
  readonly peer: string;
  readonly id: string;
  readonly name: string;
  readonly data: Bytes;
  /** Seconds since 1970 by network time. */
  readonly expires: number;
}

/** A word in an address that we handed out. */
export interface NospamRow {
  readonly label: string;
  readonly nospam: Bytes;
}

export interface Rows {
  pairs: PairRow;
  outbox: OutboxRow;
  bodies: BodyRow;
  held: HeldRow;
  pieces: PieceRow;
  /** Names of letters that were opened lately, in hex: a second copy is answered, not opened. */
  opened: { readonly name: string; readonly at: number };
  leases: LeaseRow;
  prekeys: OwnPrekey;
  /** The newest inbox record that is known of a peer. */
  inboxes: { readonly peer: string; readonly document: Bytes };
  friends: FriendRow;
  chats: ChatRow;
  messages: MessageRow;
  /** Where a message of this writer and id is. */
  ids: { readonly peer: string; readonly own: 0 | 1; readonly id: string; readonly number: number };
  /** Ids of messages to us that were deleted, while their writers may say them again: they were handed on once. */
  deleted: { readonly peer: string; readonly id: string; readonly at: number };
  invitations: InvitationRow;
  nospams: NospamRow;
  /** Small things that were chosen once, or are counted. */
  choices: { readonly name: string; readonly value: unknown };
}
export type Table = keyof Rows;

/** The properties of a row that make its key, and those of each index. */
interface TableSchema {
  readonly key: readonly string[];
  readonly indexes?: Readonly<Record<string, readonly string[]>>;
}

export const SCHEMA: Readonly<Record<Table, TableSchema>> = {
  pairs: { key: ["peer"] },
  outbox: { key: ["peer", "number"] },
  bodies: { key: ["peer", "number"] },
  held: { key: ["peer", "number"] },
  pieces: { key: ["peer", "item", "index"] },
  opened: { key: ["name"], indexes: { at: ["at"] } },
  leases: { key: ["mailbox"] },
  prekeys: { key: ["id"], indexes: { holder: ["holder"] } },
  inboxes: { key: ["peer"] },
  friends: { key: ["peer"] },
  chats: { key: ["peer"] },
  messages: { key: ["peer", "number"], indexes: { unread: ["peer", "unread"], number: ["number"] } },
  ids: { key: ["peer", "own", "id"] },
  deleted: { key: ["peer", "id"], indexes: { at: ["at"] } },
  invitations: { key: ["peer", "id"] },
  nospams: { key: ["label"] },
  choices: { key: ["name"] },
};

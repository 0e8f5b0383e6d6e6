/**
 * Friends and messages as the page has them. The names are those of the command line and the local API; ids are text,
 * times milliseconds since 1970.
 */

/** How it stands between us: one table of transitions, the same at both ends. */
export type FriendshipState = "stranger" | "sent" | "received" | "friends" | "declined" | "blocked";

/** What a person chose to tell friends; whoever is invisible looks offline to them. */
export type Presence = "online" | "away" | "busy" | "invisible";

/** What a friend told of itself; offline also where nothing was told. */
export type TheirPresence = Exclude<Presence, "invisible"> | "offline";

/** A contact, with one peer id or more. */
export interface Friend {
  /** The id that names it everywhere: the first of `peers`. */
  readonly peer: string;
  readonly peers: readonly string[];
  /** What it calls itself; a claim. */
  readonly name: string | null;
  /** What the person here calls it; nobody else sees that. */
  readonly label: string | null;
  readonly description: string | null;
  /** A `data:` URL of a picture, made by {@link pictureOf} from what the friend sent. */
  readonly avatar: string | null;
  readonly state: FriendshipState;
  /** When that state began. */
  readonly since: number;
  /** Where it is declined: why, as void reasons are called; null where they said so themselves. */
  readonly reason: string | null;
  /** What came with the request, or went with ours. */
  readonly hello: string | null;
  readonly presence: TheirPresence;
  /** When it was last here. */
  readonly seen: number | null;
  /** Messages of theirs that nobody has looked at. */
  readonly unread: number;
  /** Messages of ours that have not arrived. */
  readonly waiting: number;
  /** Mailboxes that keep messages for it; null while nobody has told. */
  readonly places: number | null;
  readonly last: Message | null;
  /** When the safety numbers were compared, and were equal. */
  readonly compared: number | null;
}

/** One table for page, command line and API. */
export type MessageState = "queued" | "held" | "delivered" | "read" | "failed";

export interface Message {
  readonly id: string;
  readonly from: string;
  readonly to: string;
  /** Its place among the others, where whoever keeps them numbers them; else `at` decides. */
  readonly place?: number;
  /** When it was written here, or came in. */
  readonly at: number;
  /** When its writer says it was written. */
  readonly sent: number;
  readonly text: string;
  /** Of a message of bytes; null of a text. */
  readonly data: Uint8Array | null;
  /** The id of the message it answers. */
  readonly replyTo: string | null;
  readonly state: MessageState;
  /** Mailboxes that hold it now. */
  readonly places: number;
  /** Until when it is kept there. */
  readonly until: number | null;
  /** Where it failed: what the recipient, or this side, said. */
  readonly reason: string | null;
}

/** What was said with one contact, as far as it is loaded, the oldest first. */
export interface Chat {
  readonly messages: readonly Message[];
  /** Whether there are older ones to load. */
  readonly older: boolean;
  readonly loading: boolean;
  /** Whether the other side is writing just now. */
  readonly typing: boolean;
}

export const EMPTY_CHAT: Chat = { messages: [], older: false, loading: false, typing: false };

/** Oneself, as friends see it. */
export interface Profile {
  readonly name: string;
  readonly description: string;
  readonly avatar: string | null;
  readonly presence: Presence;
}

/** A part of a conversation. */
export interface Page {
  /** The oldest first. */
  readonly messages: readonly Message[];
  /** Whether there are older ones still. */
  readonly older: boolean;
}

/** Types of pictures that may stand in the page: none of them can hold a script. */
const PICTURE_TYPES: ReadonlySet<string> = new Set(["image/png", "image/jpeg", "image/webp", "image/gif"]);

/** A picture that somebody else made, as a URL that is safe to show; null if it is none. */
export function pictureOf(type: string, base64: string): string | null {
  if (!PICTURE_TYPES.has(type) || !/^[A-Za-z0-9+/]+={0,2}$/.test(base64)) return null;
  return `data:${type};base64,${base64}`;
}

/**
 * Friends and messages as the page has them. The names are those of the command line and the local API; ids are text,
 * times milliseconds since 1970.
 */
import type { Friend, FriendshipState, LabelledAddress, MessageState, Message as PeerMessage, Presence, Profile, TheirPresence } from "@wherry/peer";

export type { Friend, FriendshipState, LabelledAddress, MessageState, Presence, Profile, TheirPresence };

/** A message as the peer has it. */
export interface Message extends PeerMessage {
  /** Its place among the others, where whoever keeps them numbers them; else `at` decides. */
  readonly place?: number;
}

/** A part of a conversation. */
export interface Page {
  /** The oldest first. */
  readonly messages: readonly Message[];
  /** Whether there are older ones still. */
  readonly older: boolean;
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

/** Types of pictures that may stand in the page: none of them can hold a script. */
const PICTURE_TYPES: ReadonlySet<string> = new Set(["image/png", "image/jpeg", "image/webp", "image/gif"]);

/** A picture that somebody else made, as a URL that is safe to show; null if it is none. */
export function pictureOf(type: string, base64: string): string | null {
  if (!PICTURE_TYPES.has(type) || !/^[A-Za-z0-9+/]+={0,2}$/.test(base64)) return null;
  return `data:${type};base64,${base64}`;
}

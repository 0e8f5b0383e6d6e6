/** Friends, messages and invitations, whichever tab has them: every call has a room, a name and plain arguments. */

import type { Invitations, Inviting } from "../asking.ts";
import { WherryError } from "../errors.ts";
import type { Friends, Messages, Peer } from "../types.ts";
import type { Room } from "./channel.ts";

/** What has the rooms. */
export type Rooms = Pick<Peer & Inviting, Room>;
type Call = (room: Room, name: string, args: readonly unknown[]) => Promise<unknown>;

const FRIENDS = [
  "list",
  "add",
  "accept",
  "decline",
  "withdraw",
  "remove",
  "block",
  "unblock",
  "label",
  "profile",
  "setProfile",
  "setPresence",
  "safetyNumber",
  "compared",
  "addresses",
  "newAddress",
  "rotateAddress",
] as const satisfies readonly (keyof Friends)[];
const MESSAGES = [
  "send",
  "retry",
  "delete",
  "history",
  "search",
  "markRead",
  "typing",
] as const satisfies readonly (keyof Messages)[];

const INVITATIONS = ["invite"] as const satisfies readonly (keyof Invitations)[];
const NAMES: Readonly<Record<Room, readonly string[]>> = {
  friends: FRIENDS,
  messages: MESSAGES,
  invitations: INVITATIONS,
};

/** Friends whose every call goes by `call`. */
export function friendsBy(call: Call): Friends {
  return forwarded("friends", call) as unknown as Friends; // each name is there
}

/** Messages whose every call goes by `call`. */
export function messagesBy(call: Call): Messages {
  return forwarded("messages", call) as unknown as Messages; // each name is there
}

/** Invitations whose every call goes by `call`. */
export function invitationsBy(call: Call): Invitations {
  return forwarded("invitations", call) as unknown as Invitations; // each name is there
}

/** Do what another tab asks for; what it names is looked up in the lists alone. */
export async function invoke(peer: Rooms, room: Room, name: string, args: readonly unknown[]): Promise<unknown> {
  if (!NAMES[room].includes(name)) throw new WherryError("UNSUPPORTED", name);
  const methods = peer[room] as unknown as Readonly<Record<string, (...args: readonly unknown[]) => Promise<unknown>>>;
  return methods[name]?.(...args);
}

function forwarded(room: Room, call: Call): object {
  return Object.fromEntries(
    NAMES[room].map((name) => [name, async (...args: readonly unknown[]): Promise<unknown> => call(room, name, args)]),
  );
}

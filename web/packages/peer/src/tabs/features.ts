/** Friends and messages, whichever tab has them: every call has a room, a name and plain arguments. */

import { WherryError } from "../errors.ts";
import type { Friends, Messages, Peer } from "../types.ts";
import type { Room } from "./channel.ts";

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

/** Friends whose every call goes by `call`. */
export function friendsBy(call: Call): Friends {
  return forwarded("friends", FRIENDS, call) as unknown as Friends; // each name is there
}

/** Messages whose every call goes by `call`. */
export function messagesBy(call: Call): Messages {
  return forwarded("messages", MESSAGES, call) as unknown as Messages; // each name is there
}

/** Do what another tab asks for; what it names is looked up in the lists alone. */
export async function invoke(peer: Pick<Peer, Room>, room: Room, name: string, args: readonly unknown[]): Promise<unknown> {
  const names: readonly string[] = room === "friends" ? FRIENDS : MESSAGES;
  if (!names.includes(name)) throw new WherryError("UNSUPPORTED", name);
  const methods = peer[room] as unknown as Readonly<Record<string, (...args: readonly unknown[]) => Promise<unknown>>>;
  return methods[name]?.(...args);
}

function forwarded(room: Room, names: readonly string[], call: Call): object {
  return Object.fromEntries(
    names.map((name) => [name, async (...args: readonly unknown[]): Promise<unknown> => call(room, name, args)]),
  );
}

/** A peer with whom there is, was, or was to be a friendship, as it rests. */

import type { Bytes } from "../bytes.ts";
import { type Friendship, STRANGERS } from "./states.ts";

export interface FriendRow extends Friendship {
  readonly peer: string;
  /** When the state began, milliseconds since 1970. */
  readonly since: number;
  /** Of the request, theirs or ours. */
  readonly hello: string;
  /** What they said to a decline, or we. */
  readonly answer: string;
  /** The word in the address that we asked by. */
  readonly nospam: Bytes | null;
  /** Endpoints that the link named by which we asked, as multiaddrs. */
  readonly vias: readonly string[];
  /** The private name. */
  readonly label: string;
  /** What it says of itself. */
  readonly name: string;
  readonly description: string;
  readonly avatar: Bytes;
  readonly avatarType: string;
  /** When the safety numbers were compared, and were equal. */
  readonly compared: number | null;
  /** The version of our profile that it has; the one under way, and the id of that item. */
  readonly profileTold: number;
  readonly profileSent: number;
  readonly profileItem: string | null;
}

export function stranger(peer: string): FriendRow {
  return {
    ...STRANGERS,
    peer,
    since: 0,
    hello: "",
    answer: "",
    nospam: null,
    vias: [],
    label: "",
    name: "",
    description: "",
    avatar: new Uint8Array(),
    avatarType: "",
    compared: null,
    profileTold: 0,
    profileSent: 0,
    profileItem: null,
  };
}

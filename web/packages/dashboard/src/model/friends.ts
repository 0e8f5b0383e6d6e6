/** The list of friends: who is in it, in which part, in which order. */
import type { Friend } from "../engine/friends.ts";
import type { State } from "../engine/engine.ts";
import { tidyName } from "../words/names.ts";
import { isOpen, linkOf, NODE_GONE, type Link } from "./link.ts";

export interface FriendRow {
  readonly friend: Friend;
  readonly id: string;
  /** What to call it: the private label, else the name it claims; null if there is neither. */
  readonly name: string | null;
  /** Whether somebody else in the list, or you, can be taken for it by that name. */
  readonly ambiguous: boolean;
  readonly link: Link;
  readonly rttMs: number | null;
}

/** The list's parts, in the order in which they stand; those that are empty are left out. */
export const SECTIONS = ["requests", "friends", "sent", "earlier", "blocked"] as const;

export type Section = (typeof SECTIONS)[number];

export const friendOf = (state: State, id: string): Friend | null =>
  state.friends?.find((each) => each.peers.includes(id)) ?? null;

/** A private label wins over a claimed name. */
export const nameOf = (friend: Friend | null): string | null => tidyName(friend?.label) ?? tidyName(friend?.name);

/** All rows of the list by section; strangers with whom nothing was ever said are in none. */
export function sectionsOf(state: State): readonly { readonly section: Section; readonly rows: readonly FriendRow[] }[] {
  const rows = friendRows(state);
  return SECTIONS.map((section) => ({ section, rows: rows.filter((row) => sectionOf(row.friend) === section) })).filter(
    (each) => each.rows.length > 0,
  );
}

function sectionOf({ state, last }: Friend): Section | null {
  switch (state) {
    case "received":
      return "requests";
    case "friends":
      return "friends";
    case "sent":
    case "declined":
      return "sent";
    case "blocked":
      return "blocked";
    case "stranger":
      return last === null ? null : "earlier";
  }
}

/** Whoever wrote or was written to last comes first. */
export function friendRows(state: State): readonly FriendRow[] {
  const friends = state.friends ?? [];
  const names = new Map<string, number>();
  for (const friend of friends) {
    const name = nameOf(friend);
    if (name !== null) names.set(name, (names.get(name) ?? 0) + 1);
  }
  return friends
    .map((friend) => friendRow(state, friend, names))
    .toSorted((one, other) => lastOf(other.friend) - lastOf(one.friend) || one.id.localeCompare(other.id));
}

const lastOf = (friend: Friend): number => friend.last?.at ?? friend.since;

function friendRow(state: State, friend: Friend, names: ReadonlyMap<string, number>): FriendRow {
  const name = nameOf(friend);
  const open = state.peer?.connections.find((each) => each.state === "open" && friend.peers.includes(each.peer));
  return {
    friend,
    id: friend.peer,
    name,
    ambiguous: name !== null && ((names.get(name) ?? 0) > 1 || name === tidyName(state.peer?.name)),
    link: friendLink(state, friend),
    rttMs: state.gone === null ? (open?.rttMs ?? null) : null,
  };
}

/** How it stands with the best of a friend's peers. A friend who is not dialled is not here: Wherry tries by itself. */
export function friendLink(state: State, friend: Friend): Link {
  const { peer } = state;
  if (state.gone !== null) return NODE_GONE;
  if (peer === null) return { code: "self_offline" };
  const links = friend.peers.map((id) => linkOf(peer, id));
  const best = links.find(isOpen) ?? links.find((link) => link.code === "connecting") ?? links[0];
  if (best === undefined || best.code === "known" || best.code === "waiting") {
    const heard = best?.code === "waiting" ? best.seen : null;
    return friend.state === "friends" ? { code: "waiting", seen: latest(friend.seen, heard) } : { code: "known" };
  }
  return best;
}

const latest = (one: number | null, other: number | null): number | null =>
  one === null || other === null ? (one ?? other) : Math.max(one, other);

/** Messages that nobody has looked at, and requests that nobody has answered. */
export const unreadOf = (state: State): number =>
  (state.friends ?? []).reduce(
    (sum, friend) => sum + (friend.state === "friends" ? friend.unread : friend.state === "received" ? 1 : 0),
    0,
  );

/** How many are friends indeed. */
export const friendsIn = (friends: State["friends"]): number => (friends ?? []).filter((each) => each.state === "friends").length;

/** Messages of one's own that have not arrived. */
export const waitingOf = (state: State): number =>
  (state.friends ?? []).reduce((sum, friend) => sum + (friend.state === "friends" ? friend.waiting : 0), 0);

/** Whether the name that somebody claims is that of another friend, or one's own. */
export function hasNamesake(state: State, id: string, claimed: string | null): boolean {
  const name = tidyName(claimed);
  if (name === null) return false;
  if (name === tidyName(state.peer?.name)) return true;
  return (state.friends ?? []).some(
    (each) => !each.peers.includes(id) && (tidyName(each.name) === name || tidyName(each.label) === name),
  );
}

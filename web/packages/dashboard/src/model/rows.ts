/** All peers, friends or not: what the mesh shows, in which order. */
import type { PeerState, SeenPeer } from "@wherry/peer";
import type { State } from "../engine/engine.ts";
import { friendOf, nameOf } from "./friends.ts";
import { isOpen, linkOf, NODE_GONE, type Link } from "./link.ts";

export interface Row {
  readonly id: string;
  /** The private label of a friend, else what they call themselves: a claim. */
  readonly name: string | null;
  /** Whether somebody else in the list claims the same name. */
  readonly ambiguous: boolean;
  readonly added: boolean;
  readonly how: SeenPeer["how"] | null;
  readonly link: Link;
  readonly rttMs: number | null;
}

/** Whom one is connected with, or called, without being friends. */
export function visitorsOf(state: State): readonly Row[] {
  const yours = (row: Row): boolean => row.added || isOpen(row.link) || row.link.code === "connecting";
  return rowsOf(state).filter((row) => yours(row) && friendOf(state, row.id) === null);
}

/** One row for each peer that was added, is connected, or was heard of; open ones first, then by name. */
export function rowsOf(state: State): readonly Row[] {
  const { peer } = state;
  if (peer === null) return [];
  const ids = new Set([
    ...state.people.map((person) => person.id),
    ...peer.connections.map((connection) => connection.peer),
    ...peer.peers.map((seen) => seen.peer),
  ]);
  ids.delete(peer.id);
  const rows = [...ids].map((id) => rowOf(state, peer, id));
  const names = new Map<string, number>();
  for (const { name } of rows) if (name !== null) names.set(name, (names.get(name) ?? 0) + 1);
  return rows
    .map((row) => ({ ...row, ambiguous: row.name === peer.name || (row.name !== null && (names.get(row.name) ?? 0) > 1) }))
    .toSorted(byUse);
}

/** The row of one peer, whether or not anything is known of it. */
export function rowOf(state: State, peer: PeerState, id: string): Row {
  const seen = peer.peers.find((each) => each.peer === id);
  const connection = peer.connections.find((each) => each.peer === id);
  return {
    id,
    name: nameOf(friendOf(state, id)) ?? seen?.name ?? null,
    ambiguous: false,
    added: state.people.some((person) => person.id === id),
    how: seen?.how ?? null,
    link: state.gone === null ? linkOf(peer, id) : NODE_GONE,
    rttMs: state.gone === null && connection?.state === "open" ? connection.rttMs : null,
  };
}

const rank = (link: Link): number => (isOpen(link) ? 0 : link.code === "connecting" ? 1 : 2);

function byUse(one: Row, other: Row): number {
  const use = rank(one.link) - rank(other.link);
  if (use !== 0) return use;
  if ((one.name === null) !== (other.name === null)) return one.name === null ? 1 : -1;
  return (one.name ?? one.id).localeCompare(other.name ?? other.id) || one.id.localeCompare(other.id);
}

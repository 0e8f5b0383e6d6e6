/** What a peer says of itself: its facts, put into the state that pages show. Reads everything, changes nothing. */

import { type Address, InviteLink } from "./address.ts";
import type { Dialer } from "./connect/dialer.ts";
import { WherryError } from "./errors.ts";
import type { Measurements } from "./measuring.ts";
import type { Network } from "./network.ts";
import type { Presence } from "./presence.ts";
import type { Seen } from "./seen.ts";
import type { Introducers } from "./signaling/introducers.ts";
import type { NetworkTime } from "./signaling/network-time.ts";
import { attemptState, introducerStates, openState, reachability, vias } from "./snapshot.ts";
import type { ConnectionState, PeerState } from "./types.ts";

/** A clock further off than this is a problem that the page shows. */
const CLOCK_WRONG_MS = 10 * 60_000;

/** The parts that know something. */
export interface Parts {
  readonly introducers: Introducers;
  readonly presence: Presence;
  readonly network: Network;
  readonly dialer: Dialer;
  readonly measurements: Measurements;
  readonly seen: Seen;
  readonly time: NetworkTime;
}

/** What the peer itself knows. */
export interface Self extends Pick<PeerState, "phase" | "name" | "tab" | "servedBy" | "keyIsNew"> {
  readonly address: Address;
  /** What is wrong, if it is. */
  readonly troubles: readonly (WherryError | null)[];
}

export function peerState(parts: Parts, { address, troubles, ...self }: Self): PeerState {
  const { introducers, presence, seen, time } = parts;
  const held = introducers.current();
  const online = globalThis.navigator?.onLine !== false;
  const ways = vias(held);
  const link = new InviteLink(address, ways);
  const id = String(address.peer);
  const wrong = [presence.elsewhere, ...troubles, clockWrong(time.offsetMs ?? 0)];
  return {
    ...self,
    id,
    address: String(address),
    link: ways.length === 0 ? null : String(link),
    pageLink: ways[0] === undefined ? null : link.http(ways[0]),
    reachability: reachability(held, presence.published !== null && presence.elsewhere === null, online),
    introducers: introducerStates(held, introducers.connecting),
    connections: connectionStates(parts, online),
    peers: seen.all.filter((one) => one.peer !== id),
    clockOffsetMs: time.offsetMs,
    published: presence.published,
    problems: wrong.flatMap((error) => (error === null ? [] : [error.info])),
  };
}

/** Those that are open, and for everybody else the latest attempt that has not come to one. */
function connectionStates({ network, dialer, measurements }: Parts, online: boolean): ConnectionState[] {
  const open = network.all.filter((one) => one.announced).map((one) => openState(one, measurements.of(one.id)));
  const peers = new Set(open.map((state) => state.peer));
  const attempts: ConnectionState[] = [];
  for (const trace of dialer.traces.toReversed()) {
    if (peers.has(trace.peer)) continue;
    peers.add(trace.peer);
    if (trace.outcome !== "open") attempts.push(attemptState(trace, online));
  }
  return [...open, ...attempts];
}

function clockWrong(offsetMs: number): WherryError | null {
  if (Math.abs(offsetMs) < CLOCK_WRONG_MS) return null;
  const minutes = Math.round(Math.abs(offsetMs) / 60_000);
  return new WherryError("CLOCK_WRONG", `it is ${minutes} min ${offsetMs > 0 ? "slow" : "fast"}`);
}

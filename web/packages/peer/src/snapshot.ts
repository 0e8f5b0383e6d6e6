/** The state that a page shows, made of what the parts of the peer know. */

import type { InviteLink } from "./address.ts";
import { Scope } from "./scope.ts";
import type { Candidate } from "./signaling/introducer-set.ts";
import type { Held } from "./signaling/introducers.ts";
import type { Connected } from "./network.ts";
import type { Measure } from "./measuring.ts";
import type { AttemptTrace } from "./connect/trace.ts";
import type { ConnectionState, IntroducerState, Reachability } from "./types.ts";

export function introducerStates(held: readonly Held[], connecting: readonly Candidate[]): IntroducerState[] {
  const reserved = held.map(({ peer, client, rttMs, since, expires }) => ({
    peer: String(peer),
    multiaddr: client.address.with(null).toString(),
    authority: client.address.authority,
    state: "reserved" as const,
    rttMs,
    since,
    expires,
    because: null,
  }));
  const begun = connecting.map(({ address, peer, rttMs }) => ({
    peer: peer === null ? "" : String(peer),
    multiaddr: address.with(null).toString(),
    authority: address.authority,
    state: "connecting" as const,
    rttMs,
    since: Date.now(),
    expires: null,
    because: null,
  }));
  return [...reserved, ...begun];
}

/** Who can reach this peer, and why. */
export function reachability(held: readonly Held[], isPublished: boolean, isOnline: boolean): Reachability {
  if (held.length === 0) {
    const because = isOnline ? "no introducer answers" : "this device has no network";
    return { verdict: "offline", because };
  }
  const through = held.length === 1 ? "through one introducer" : `through ${held.length} introducers`;
  if (!isPublished) return { verdict: "outbound", because: "where you are has not been published yet" };
  const widest = Math.max(...held.map((one) => one.client.scope));
  if (widest === Scope.GLOBAL) return { verdict: "anywhere", because: through };
  const near = widest === Scope.LOOPBACK ? "on this computer" : "on this network";
  return { verdict: "network", because: `${through}, all of them ${near}` };
}

/** The introducers a link names: the one that reaches furthest, since a link is to be short. */
export function vias(held: readonly Held[]): InviteLink["vias"] {
  const reach = (one: Held): number => one.client.scope;
  const [best] = held.toSorted((a, b) => reach(b) - reach(a));
  return best === undefined ? [] : [best.client.address.with(null)];
}

export function openState({ id, connection, since }: Connected, measure: Measure): ConnectionState {
  const isUp = connection.state === "open" || connection.state === "suspect";
  return {
    peer: String(id),
    state: isUp ? "open" : connection.state === "connecting" ? "connecting" : "interrupted",
    path: isUp ? measure.path : "connecting",
    phase: isUp ? null : "open",
    since,
    rttMs: measure.rttMs,
    bytesIn: measure.bytesIn,
    bytesOut: measure.bytesOut,
    rateIn: measure.rateIn,
    rateOut: measure.rateOut,
    pair: measure.pair,
    streams: connection.streams,
    links: connection.links,
    error: connection.error?.info ?? null,
  };
}

/** An attempt that has not come to a connection: under way, or how it failed. */
export function attemptState(trace: AttemptTrace, isOnline: boolean): ConnectionState {
  const isRunning = trace.outcome === "running";
  const answered = trace.last("negotiate", "answered") !== null || trace.last("negotiate", "answer made") !== null;
  const tried = trace.entries.some((entry) => entry.phase === "ring" || entry.phase === "negotiate");
  const isThere = answered || trace.error?.code === "REFUSED_BY_PEER";
  const failed = !isOnline ? "self_offline" : isThere ? "unreachable" : "waiting";
  return {
    peer: trace.peer,
    state: isRunning ? "connecting" : "closed",
    path: isRunning ? "connecting" : failed,
    phase: !isRunning ? null : answered ? "open" : tried ? "ring" : "look_up",
    since: trace.started,
    rttMs: null,
    bytesIn: 0,
    bytesOut: 0,
    rateIn: 0,
    rateOut: 0,
    pair: null,
    streams: [],
    links: 0,
    error: trace.error?.info ?? null,
  };
}

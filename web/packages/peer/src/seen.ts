/** Peers this tab has heard of: connected, introducing, told of by introducers, invited, remembered. */

import { SEEN_PEERS } from "./limits.ts";
import type { Introducer } from "./record.ts";
import type { SeenPeer } from "./types.ts";
import type { Kept } from "./keystore.ts";

type How = SeenPeer["how"];

/** The closer acquaintance is the one that is shown. */
const CLOSENESS: Readonly<Record<How, number>> = {
  connected: 5,
  pinged: 4,
  introducer: 3,
  invited: 2,
  neighbour: 1,
  remembered: 0,
};

export class Seen {
  readonly #peers = new Map<string, SeenPeer>();

  get all(): readonly SeenPeer[] {
    return [...this.#peers.values()];
  }

  get(peer: string): SeenPeer | null {
    return this.#peers.get(peer) ?? null;
  }

  /** Something of `peer` was heard, or somebody spoke of it. */
  note(peer: string, how: How, more: { heard?: boolean; name?: string; introducer?: Introducer } = {}): void {
    const before = this.#peers.get(peer);
    const closer = before !== undefined && CLOSENESS[before.how] > CLOSENESS[how] ? before.how : how;
    this.#peers.delete(peer);
    this.#peers.set(peer, {
      peer,
      how: closer,
      name: more.name ?? before?.name ?? null,
      seen: more.heard === true ? Date.now() : (before?.seen ?? null),
      multiaddrs: more.introducer?.endpoints.map(String) ?? before?.multiaddrs ?? [],
    });
    if (this.#peers.size > SEEN_PEERS) this.#peers.delete(this.#peers.keys().next().value ?? "");
  }

  /** Whoever was close is only remembered from now on: its connection ended, its reservation is gone. */
  leave(peer: string, how: How): void {
    const known = this.#peers.get(peer);
    if (known !== undefined && known.how === how) this.#peers.set(peer, { ...known, how: "remembered" });
  }

  restore(met: Kept["met"]): void {
    for (const { peer, name, seen } of met) {
      this.#peers.set(peer, { peer, name, seen, how: "remembered", multiaddrs: [] });
    }
  }

  /** Who is worth remembering: those that were heard of themselves. */
  toKeep(): Kept["met"] {
    const heard = this.all.flatMap(({ peer, name, seen }) => (seen === null ? [] : [{ peer, name, seen }]));
    return heard.slice(-SEEN_PEERS / 2);
  }
}

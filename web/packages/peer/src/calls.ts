/** Connecting with others on somebody's behalf: a person's, a lost link's, a reloaded page's. */

import { InviteLink, type Who, peerOf } from "./address.ts";
import type { Dialer } from "./connect/dialer.ts";
import { WherryError } from "./errors.ts";
import type { Helpers } from "./helpers.ts";
import type { Connected, Network } from "./network.ts";
import { PeerId } from "./peer-id.ts";
import type { Seen } from "./seen.ts";
import type { Introducers } from "./signaling/introducers.ts";
import { sleep } from "./tasks.ts";

/** Milliseconds that a call waits for the first introducer of a page that was just opened. */
const FIRST_INTRODUCER_MS = 6000;
/** Milliseconds until a lost connection is dialled again, while it is not given up. */
const REDIAL_MS = 1000;

export interface CallsOptions {
  readonly own: PeerId;
  readonly dialer: Dialer;
  readonly network: Network;
  readonly introducers: Introducers;
  readonly helpers: Helpers;
  readonly seen: Seen;
}

export class Calls {
  readonly #options: CallsOptions;

  constructor(options: CallsOptions) {
    this.#options = options;
  }

  /**
   * Whoever is meant, connected: at once if it is already, else dialled.
   * @throws WherryError PEER_NOT_FOUND, DIAL_TIMEOUT, ICE_FAILED, REFUSED_BY_PEER, …
   */
  async connect(who: Who): Promise<Connected> {
    const { own, network, dialer } = this.#options;
    const peer = peerOf(who);
    if (peer.equals(own)) throw new WherryError("INVALID_PEER_ID", "that is you", { hint: "Use another's." });
    if (network.get(peer)?.announced !== true) {
      await this.prepare(who);
      await dialer.dial(peer);
    }
    const connected = network.get(peer);
    if (connected !== null) return connected;
    throw new WherryError("PEER_CLOSED", "it went as soon as it had come", { peer: String(peer) });
  }

  /** Ways in that a link names are candidates from now on; a page just opened waits for its first introducer. */
  async prepare(who: Who): Promise<void> {
    const { introducers, helpers, seen } = this.#options;
    if (who instanceof InviteLink && who.vias.length > 0) {
      helpers.invite(who.vias);
      introducers.offer(who.vias);
      seen.note(String(peerOf(who)), "invited");
    }
    const until = performance.now() + FIRST_INTRODUCER_MS;
    while (introducers.current().length === 0 && performance.now() < until) await sleep(50);
  }

  /** Try for a new link beside one that seems dead, until there is one or the connection is given up. */
  async redial(peer: PeerId): Promise<void> {
    const { network, dialer } = this.#options;
    const needed = (): boolean => ["suspect", "interrupted"].includes(network.get(peer)?.connection.state ?? "");
    while (needed() && !dialer.underWay(peer)) {
      await this.#quietly(async () => dialer.dial(peer));
      await sleep(REDIAL_MS);
    }
  }

  /** Connect again with whom the page was connected before it was loaded anew. */
  restore(peers: readonly string[]): void {
    for (const peer of peers) void this.#quietly(async () => this.connect(PeerId.parse(peer)));
  }

  /** How it goes is in the trace, for whoever looks. */
  async #quietly(work: () => Promise<unknown>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (!WherryError.is(error)) throw error;
    }
  }
}

/** What introducers and invites lend a call: whom to ask for a record, and STUN servers. */

import type { Source } from "./connect/records.ts";
import type { IceServer } from "./connection/link.ts";
import type { EndpointAddress } from "./endpoints.ts";
import { Scope, networkOf, scopeOf } from "./scope.ts";
import type { Guests } from "./signaling/guests.ts";
import type { Held } from "./signaling/introducers.ts";

/** Ways in that invites named, which are remembered while the page lives. */
const INVITED = 12;
/** Of those, how many are asked for a record beside our own introducers. */
const INVITED_ASKED = 3;
/** STUN servers that a peer connection is given: a second one where the first is dead. */
const STUN_SERVERS = 2;

export class Helpers {
  readonly #held: () => readonly Held[];
  readonly #guests: Guests;
  invited: readonly EndpointAddress[] = [];

  constructor(held: () => readonly Held[], guests: Guests) {
    this.#held = held;
    this.#guests = guests;
  }

  /** A link named these as ways in. */
  invite(vias: readonly EndpointAddress[]): void {
    this.invited = [...vias, ...this.invited].slice(0, INVITED);
  }

  /** Whom to ask for records: two introducers in different networks, and where invites lead. */
  sources(): Source[] {
    const held = this.#held();
    const [first] = held;
    const other = held.find((one) => first !== undefined && networkIn(one) !== networkIn(first)) ?? held[1];
    const asked = [first, other].flatMap((one) => (one === undefined ? [] : [one]));
    const own = asked.map(({ peer, client }): Source => ({
      name: peer.short,
      ask: async (purpose, of) => client.lookUp(purpose, of),
    }));
    const known = new Set(held.map((one) => one.client.address.authority));
    const invited = this.invited.filter((via) => !known.has(via.authority)).slice(0, INVITED_ASKED);
    const others = invited.map((via): Source => ({
      name: via.authority,
      ask: async (purpose, of) => this.#guests.use([via], async (client) => client.lookUp(purpose, of)),
    }));
    return [...own, ...others];
  }

  /**
   * STUN servers of our introducers. One on this computer sees nothing that we do not, but where there are no others:
   * without a route out a browser looks at no interface, and what such a server sees is all there is to offer.
   */
  iceServers(): IceServer[] {
    const offered = this.#held().flatMap((held) => held.registration.iceServers);
    const useful = offered.filter(({ urls }) => urls.every(isUseful));
    return (useful.length > 0 ? useful : offered).slice(0, STUN_SERVERS);
  }

  /** Addresses that introducers see us at. */
  ownHosts(): ReadonlySet<string> {
    return new Set(this.#held().map((held) => held.registration.host));
  }
}

function networkIn(held: Held): string {
  return networkOf(held.client.address.host);
}

function isUseful(url: string): boolean {
  const host = url.replace(/^stun:/, "").replace(/:\d+$/, "").replaceAll(/[[\]]/g, "");
  return url.startsWith("stun:") && (scopeOf(host) ?? Scope.LOOPBACK) > Scope.LOOPBACK;
}

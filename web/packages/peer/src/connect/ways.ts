/**
 * The ways a signal can go to a peer, and racing along them. A route begins here: an endpoint that may hand a signal to
 * the peer (its own, or an introducer's). A way back is the socket by which something of the peer's came; a reply along
 * it reaches even who has no reservation anywhere. Each copy is sealed afresh, so that two introducers cannot tell that
 * they carry the same.
 */

import type { Bytes } from "../bytes.ts";
import type { EndpointAddress } from "../endpoints.ts";
import { WherryError } from "../errors.ts";
import { STAGGER_MS } from "../limits.ts";
import type { PeerId } from "../peer-id.ts";
import type { Introducer, PeerRecord } from "../record.ts";
import type { Scope } from "../scope.ts";
import type { Client } from "../signaling/client.ts";
import type { Guests } from "../signaling/guests.ts";
import { sleep } from "../tasks.ts";
import type { Way } from "./negotiation.ts";
import type { AttemptTrace } from "./trace.ts";

/** Makes one more sealed copy of a signal. */
export type Copy = () => Bytes;

/** How something came: through whom, over an address of which scope, and how to reply along it. */
export interface Arrival extends Way {
  readonly introducer: PeerId;
  readonly scope: Scope;
  /** Rejects where there is no way back. */
  readonly reply: (envelope: Bytes) => Promise<void>;
}

export function arrivalBy(client: Client, back: number): Arrival {
  return {
    key: `${String(client.peer)} ${back}`,
    introducer: client.peer,
    scope: client.scope,
    reply: async (envelope) => client.reply(back, envelope),
  };
}

/** Every endpoint a record names: the peer's own first, then its introducers, each once. */
export function routesTo(record: PeerRecord): Introducer[] {
  const direct = record.direct.length === 0 ? [] : [{ peer: record.peer, endpoints: record.direct }];
  return [...direct, ...record.introducers.filter((one) => one.endpoints.length > 0)];
}

/** How an envelope went. */
interface Sent {
  readonly via: string;
  readonly scope: Scope;
}

/** Hands sealed envelopes to endpoints: by guest sockets, or where the browser opens none, passed on by ours. */
export class Carrier {
  readonly #guests: Guests;
  readonly #own: () => readonly Client[];

  /** @param own - the sockets of our own introducers, which may pass things on */
  constructor(guests: Guests, own: () => readonly Client[]) {
    this.#guests = guests;
    this.#own = own;
  }

  /** Have `envelope` delivered through `route`; resolves with what is known of the address that worked. */
  async send(route: Introducer, to: PeerId, envelope: Bytes): Promise<Sent> {
    const addresses = route.endpoints.filter(mayOpen).map((address) => address.with(route.peer));
    try {
      return await this.#guests.use(addresses, async (client) => {
        await client.send(to, envelope);
        return { via: client.address.authority, scope: client.scope };
      });
    } catch (error) {
      if (!WherryError.is(error, "ENDPOINT_UNREACHABLE", "ENDPOINT_TIMEOUT")) throw error;
      return this.#passOn(route, to, envelope, error);
    }
  }

  /**
   * By the sockets that we have: passed on by another introducer of ours, so that neither learns both ends. Where there
   * is none, by the very one we have: it then learns whom we write to, and the page works behind one socket.
   */
  async #passOn(route: Introducer, to: PeerId, envelope: Bytes, why: WherryError): Promise<Sent> {
    let failure = why;
    const own = this.#own().toSorted((a, b) => Number(a.peer.equals(route.peer)) - Number(b.peer.equals(route.peer)));
    for (const client of own) {
      const isIt = client.peer.equals(route.peer);
      try {
        await (isIt ? client.send(to, envelope) : client.passOn(route, to, envelope));
        const { authority } = client.address;
        return { via: isIt ? authority : `passed on by ${authority}`, scope: client.scope };
      } catch (error) {
        failure = WherryError.from(error);
        if (failure.code === "NO_RESERVATION") break; // it got there, and the peer is not
      }
    }
    throw failure;
  }
}

/** An https page may open no plain socket. */
export function mayOpen(address: EndpointAddress): boolean {
  return address.tls || globalThis.location?.protocol !== "https:";
}

export interface Race {
  readonly routes: readonly Introducer[];
  readonly carrier: Carrier;
  readonly to: PeerId;
  readonly copy: Copy;
  readonly trace: AttemptTrace;
  /** Whoever has its answer ends the race. */
  readonly signal: AbortSignal;
  readonly delivered?: (scope: Scope) => void;
}

/** Send a copy along every route, each `STAGGER_MS` after the one before, or at once where that one has failed. */
export async function race({ routes, carrier, to, copy, trace, signal, delivered }: Race): Promise<void> {
  const one = async (route: Introducer): Promise<boolean> => {
    const way = route.peer.short;
    try {
      const { via, scope } = await carrier.send(route, to, copy());
      trace.add("ring", "delivered", { way, ok: true, data: { via } });
      delivered?.(scope);
      return true;
    } catch (error) {
      trace.add("ring", "failed", { way, ok: false, data: { code: WherryError.from(error).code } });
      return false;
    }
  };
  const running: Promise<unknown>[] = [];
  for (const route of routes) {
    if (signal.aborted) break;
    const sent = one(route);
    const pause = sleep(STAGGER_MS, signal);
    running.push(sent);
    await Promise.race([sent.then(async (well) => (well ? pause : undefined)), pause]);
  }
  await Promise.all(running);
}

/** Send a copy along every way back at once; one that is gone harms none of the others. */
export async function sendBack(arrivals: readonly Arrival[], copy: Copy, trace: AttemptTrace): Promise<void> {
  await Promise.all(
    arrivals.map(async (arrival) => {
      const way = `back by ${arrival.introducer.short}`;
      try {
        await arrival.reply(copy());
        trace.add("ring", "delivered", { way, ok: true });
      } catch (error) {
        trace.add("ring", "failed", { way, ok: false, data: { code: WherryError.from(error).code } });
      }
    }),
  );
}

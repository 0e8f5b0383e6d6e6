/** The three ways of a tab: its connections, endpoints asked as a guest, and mailboxes. */

import type { Bytes } from "../bytes.ts";
import type { Records } from "../connect/records.ts";
import { AttemptTrace } from "../connect/trace.ts";
import { type Carrier, mayOpen, routesTo } from "../connect/ways.ts";
import { WherryError } from "../errors.ts";
import type { OneTime } from "../letters.ts";
import { Opcode } from "../messages.ts";
import type { Network } from "../network.ts";
import type { PeerId } from "../peer-id.ts";
import type { InboxRecord, Introducer } from "../record.ts";
import type { Client } from "../signaling/client.ts";
import { type Guests, raced } from "../signaling/guests.ts";
import { weekOf, work } from "../tags.ts";
import { within } from "../tasks.ts";
import type { Inboxes } from "./inboxes.ts";
import { OVER_CONNECTION_MS, PREKEY_MS } from "./limits.ts";
import type { Ways } from "./ways.ts";

/** By which tag something may be left for somebody, and whether it takes work. */
export interface Right {
  readonly tag: Bytes;
  readonly work: boolean;
}

export interface TabWaysOptions {
  readonly network: Network;
  readonly guests: Guests;
  /** The sockets of our own introducers. */
  readonly own: () => readonly Client[];
  readonly carrier: Carrier;
  readonly records: Records;
  readonly inboxes: Inboxes;
  /** By which tags we may leave something for a peer in a mailbox in a week, the best first. */
  readonly rights: (peer: PeerId, mailbox: PeerId, week: number) => readonly Right[];
  /** Our own signed records. */
  readonly documents: () => readonly Bytes[];
  /** Seconds since 1970 by network time. */
  readonly now: () => number;
}

export class TabWays implements Ways {
  readonly #options: TabWaysOptions;

  constructor(options: TabWaysOptions) {
    this.#options = options;
  }

  connected(peer: PeerId): boolean {
    const connected = this.#options.network.get(peer);
    return connected?.announced === true && connected.connection.state === "open";
  }

  async overConnection(peer: PeerId, letter: Bytes): Promise<void> {
    const connected = this.#options.network.get(peer);
    if (connected === null) throw new WherryError("PEER_NOT_FOUND", "not connected", { peer: String(peer) });
    const sent = connected.messages.send(Opcode.LETTER, { sealed: letter });
    await within(OVER_CONNECTION_MS, sent, "NO_RESERVATION", "the connection is stuck");
  }

  async throughIntroducers(peer: PeerId, letter: Bytes): Promise<void> {
    const { records, carrier } = this.#options;
    const record = await records.find(peer, quiet(peer));
    try {
      const sends = routesTo(record).map((route) => async () => carrier.send(route, peer, letter));
      await raced(sends, () => undefined);
    } catch (error) {
      records.forget(peer);
      throw error;
    }
  }

  async sealingKey(peer: PeerId): Promise<Bytes> {
    const { inboxes, records } = this.#options;
    const known = (await inboxes.get(peer)) ?? records.get(peer);
    if (known !== null) return known.sealingKey;
    try {
      return (await inboxes.find(peer, { fresh: false })).sealingKey;
    } catch (error) {
      if (!WherryError.is(error, "PEER_NOT_FOUND")) throw error;
      return (await records.find(peer, quiet(peer))).sealingKey;
    }
  }

  async inbox(peer: PeerId, options: { readonly fresh: boolean }): Promise<InboxRecord> {
    return this.#options.inboxes.find(peer, options);
  }

  async deposit(mailbox: Introducer, to: PeerId, letter: Bytes): Promise<void> {
    await this.#byRight(mailbox, to, async (client, { tag, work: worked }) => {
      await client.deposit(to, letter, worked ? { tag, work: await work(tag, letter) } : { tag });
    });
  }

  async takePrekey(mailbox: Introducer, to: PeerId): Promise<OneTime | null> {
    const taking = this.#byRight(mailbox, to, async (client, { tag }) => client.takePrekey(to, tag));
    const taken = await within(PREKEY_MS, taking, "NO_RESERVATION", "the mailbox does not answer");
    return taken === null ? null : { id: taken.prekey, key: taken.key };
  }

  documents(): readonly Bytes[] {
    return this.#options.documents();
  }

  /** Try one right after the other: the recipient may not have listed the best one yet. */
  async #byRight<T>(
    mailbox: Introducer,
    to: PeerId,
    request: (client: Client, right: Right) => Promise<T>,
  ): Promise<T> {
    const { rights, now } = this.#options;
    let failure = new WherryError("NO_RESERVATION", "there is no right to leave anything there");
    for (const right of rights(to, mailbox.peer, weekOf(now()))) {
      try {
        return await this.#asGuest(mailbox, async (client) => request(client, right));
      } catch (error) {
        failure = WherryError.from(error);
        if (failure.code !== "NO_RESERVATION") break;
      }
    }
    throw failure;
  }

  /** By a guest socket; where the browser opens none there, by the one of our own, if it is one of our introducers. */
  async #asGuest<T>(mailbox: Introducer, request: (client: Client) => Promise<T>): Promise<T> {
    const { guests, own } = this.#options;
    const addresses = mailbox.endpoints.filter(mayOpen).map((address) => address.with(mailbox.peer));
    try {
      return await guests.use(addresses, request);
    } catch (error) {
      const client = own().find(({ peer }) => peer.equals(mailbox.peer));
      if (client === undefined || !WherryError.is(error, "ENDPOINT_UNREACHABLE", "ENDPOINT_TIMEOUT")) throw error;
      return request(client);
    }
  }
}

/** A trace that nobody reads. */
function quiet(peer: PeerId): AttemptTrace {
  return new AttemptTrace(String(peer), { inbound: false, onChange: () => undefined });
}

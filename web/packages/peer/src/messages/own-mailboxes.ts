/**
 * Our own mailboxes: nodes that keep what is written to us, visited to leave tags and prekeys and to take the mail.
 *
 * A lease is asked of the introducers that we hold anyway. It outlives the page, the socket and the reservation; one
 * that our inbox record names no more is visited until it ends, since somebody may still write there. Make before break:
 * the record that names a new mailbox is published before an old one is left out.
 */

import { type Bytes, equal } from "../bytes.ts";
import { EndpointAddress } from "../endpoints.ts";
import { WherryError } from "../errors.ts";
import type { Identity } from "../identity.ts";
import { nameOf } from "../letters.ts";
import { TAGS_AT_ONCE } from "../limits.ts";
import { PeerId } from "../peer-id.ts";
import type { Introducer } from "../record.ts";
import { type Client, type OneTimeKey, openClient } from "../signaling/client.ts";
import { raced } from "../signaling/guests.ts";
import type { Held } from "../signaling/introducers.ts";
import type { LeaseRow } from "../store/tables.ts";
import type { MailStore } from "../store/transaction.ts";
import { weekOf } from "../tags.ts";
import { Bell } from "../tasks.ts";
import { Role } from "../wire.ts";
import { mayOpen } from "../connect/ways.ts";
import { COLLECT_MS, LEASE_S, MAILBOXES, MAILBOX_GONE_MS, PREKEYS_LOW, VISIT_MS, WEEKS } from "./limits.ts";

/** Who may leave something for us: the tags at one mailbox in one week. */
export interface Tags {
  readonly friends: readonly Bytes[];
  readonly requests: readonly Bytes[];
}

/** What we know of one mailbox while the page lives. */
interface Visited {
  readonly told: Map<number, Tags>;
  answeredAt: number;
}

export interface OwnMailboxesOptions {
  readonly identity: Identity;
  readonly store: MailStore;
  /** The introducers that hold a reservation for us now. */
  readonly held: () => readonly Held[];
  readonly tags: (mailbox: PeerId, week: number) => Tags;
  /** A fresh batch of one-time prekeys for a mailbox, whose private halves are kept already. */
  readonly newPrekeys: (mailbox: string) => Promise<readonly OneTimeKey[]>;
  /** Whom to take only if there is nobody else: friends, who write to us and then go to bed as well. */
  readonly avoid: (mailbox: string) => boolean;
  /** Take a sealed envelope; false if it must stay where it is for now. */
  readonly take: (sealed: Bytes) => Promise<boolean>;
  /** Have our inbox record say what is true now; resolves once that is published, at once if it is. */
  readonly publish: () => Promise<void>;
  /** Something cannot be kept, as on a full disk: the next look may find room. */
  readonly onTrouble: (error: WherryError) => void;
  /** Seconds since 1970 by network time. */
  readonly now: () => number;
}

export class OwnMailboxes {
  readonly #options: OwnMailboxesOptions;
  readonly #visited = new Map<string, Visited>();
  readonly #poked = new Bell();
  #leases: readonly LeaseRow[] = [];
  #closed = false;

  constructor(options: OwnMailboxesOptions) {
    this.#options = options;
  }

  /** What our inbox record should name. */
  current(): Introducer[] {
    return this.#leases.flatMap((lease) =>
      lease.current ? [{ peer: PeerId.parse(lease.mailbox), endpoints: endpointsOf(lease) }] : [],
    );
  }

  /** Something has changed: introducers, or who may write to us. Everything is looked at soon. */
  poke(): void {
    this.#poked.ring();
  }

  /** Look after the leases until `close`. */
  async run(): Promise<void> {
    while (!this.#closed) {
      try {
        this.#leases = await this.#options.store.list("leases");
        await this.#lookAfter();
      } catch (error) {
        if (!WherryError.is(error)) throw error;
        if (!this.#closed) this.#options.onTrouble(error);
      }
      await this.#poked.wait(VISIT_MS);
    }
  }

  close(): void {
    this.#closed = true;
    this.#poked.ring();
  }

  async #lookAfter(): Promise<void> {
    const { now, publish } = this.#options;
    for (const lease of this.#leases) if (lease.expires < now()) await this.#forget(lease);
    await this.#chosen();
    await Promise.all(this.#leases.map(async (lease) => this.#visit(lease)));
    await quietly(publish());
  }

  // -- which ----------------------------------------------------------------------------------------------------------

  /**
   * Have as many mailboxes as are wanted. Those that we have stay, as long as they answer; one that is to be avoided
   * makes place for another.
   */
  async #chosen(): Promise<void> {
    const { avoid, held } = this.#options;
    const before = this.#leases.filter(({ current }) => current);
    const chosen: string[] = [];
    for (const avoided of [false, true]) {
      const kept = before.filter((lease) => !this.#isGone(lease) && avoid(lease.mailbox) === avoided);
      chosen.push(...kept.map(({ mailbox }) => mailbox).slice(0, Math.max(0, MAILBOXES - chosen.length)));
      for (const one of held()) {
        const peer = String(one.peer);
        if (chosen.length >= MAILBOXES) break;
        if (!chosen.includes(peer) && avoid(peer) === avoided && (await this.#leased(one))) chosen.push(peer);
      }
    }
    if (chosen.length < Math.min(MAILBOXES, before.length)) return; // better one that is silent now than one less
    for (const lease of before) if (!chosen.includes(lease.mailbox)) await this.#keep({ ...lease, current: false });
  }

  #isGone({ mailbox }: LeaseRow): boolean {
    const visited = this.#visited.get(mailbox);
    return visited !== undefined && performance.now() - visited.answeredAt > MAILBOX_GONE_MS;
  }

  async #leased({ client, peer, endpoints }: Held): Promise<boolean> {
    try {
      const { seconds } = await client.lease(LEASE_S);
      const expires = this.#options.now() + seconds;
      const texts = endpoints.map((endpoint) => endpoint.with(null).toString());
      await this.#keep({ mailbox: String(peer), endpoints: texts, expires, current: true });
      return true;
    } catch (error) {
      if (!WherryError.is(error)) throw error;
      return false; // it keeps no mail for us
    }
  }

  // -- visits ---------------------------------------------------------------------------------------------------------

  async #visit(lease: LeaseRow): Promise<void> {
    const visited = this.#visited.get(lease.mailbox) ?? { told: new Map<number, Tags>(), answeredAt: performance.now() };
    this.#visited.set(lease.mailbox, visited);
    try {
      await this.#with(lease, async (client) => this.#attend(lease, client, visited));
      visited.answeredAt = performance.now();
    } catch (error) {
      if (!WherryError.is(error)) throw error;
      visited.told.clear(); // perhaps it forgot: it is told everything again
    }
  }

  async #attend(lease: LeaseRow, client: Client, visited: Visited): Promise<void> {
    client.onWaiting = () => this.poke();
    const granted = await client.lease(LEASE_S);
    await this.#keep({ ...lease, expires: this.#options.now() + granted.seconds });
    if (lease.current) await this.#leaveTags(client, visited);
    await this.#collect(client);
    if (lease.current && granted.prekeys <= PREKEYS_LOW) {
      await client.prekeys(await this.#options.newPrekeys(lease.mailbox)); // what the old batch sealed has been opened
    }
  }

  async #leaveTags(client: Client, visited: Visited): Promise<void> {
    const first = weekOf(this.#options.now());
    for (let week = first; week < first + WEEKS; week++) {
      const tags = this.#options.tags(client.peer, week);
      const told = visited.told.get(week);
      if (told !== undefined && same(told.friends, tags.friends) && same(told.requests, tags.requests)) continue;
      await leaveList(client, { week, sort: 0, tags: tags.friends });
      await leaveList(client, { week, sort: 1, tags: tags.requests });
      visited.told.set(week, tags);
    }
  }

  async #collect(client: Client): Promise<void> {
    const until = performance.now() + COLLECT_MS;
    for (let after = 0; ; ) {
      const { letters, more } = await client.collect(after);
      const names: Bytes[] = [];
      for (const { number, sealed } of letters) {
        after = Math.max(after, number);
        if (await this.#options.take(sealed)) names.push(nameOf(sealed));
      }
      if (names.length > 0) await client.acknowledge(names);
      if (!more || letters.length === 0) return;
      if (performance.now() > until) {
        if (names.length > 0) this.poke(); // there is more
        return;
      }
    }
  }

  /** By a socket as ourselves: the introducer's, if the mailbox is one of ours; else one for this visit. */
  async #with(lease: LeaseRow, visit: (client: Client) => Promise<void>): Promise<void> {
    const held = this.#options.held().find(({ peer }) => String(peer) === lease.mailbox);
    if (held !== undefined) return visit(held.client);
    const { identity } = this.#options;
    const opens = endpointsOf(lease).filter(mayOpen).map((address) => async () =>
      openClient({ address, identity, role: Role.ME }),
    );
    const client = await raced(opens, (late) => late.close());
    try {
      await visit(client);
    } finally {
      client.close();
    }
  }

  // -- keeping --------------------------------------------------------------------------------------------------------

  async #keep(lease: LeaseRow): Promise<void> {
    await this.#options.store.write(async (transaction) => transaction.put("leases", lease));
    this.#leases = [...this.#leases.filter(({ mailbox }) => mailbox !== lease.mailbox), lease];
  }

  async #forget({ mailbox }: LeaseRow): Promise<void> {
    await this.#options.store.write(async (transaction) => transaction.remove("leases", [mailbox]));
    this.#leases = this.#leases.filter((lease) => lease.mailbox !== mailbox);
  }
}

async function leaveList(
  client: Client,
  { week, sort, tags }: { readonly week: number; readonly sort: 0 | 1; readonly tags: readonly Bytes[] },
): Promise<void> {
  for (let at = 0; at === 0 || at < tags.length; at += TAGS_AT_ONCE) {
    await client.tags({ week, sort, first: at === 0, tags: tags.slice(at, at + TAGS_AT_ONCE) });
  }
}

function same(a: readonly Bytes[], b: readonly Bytes[]): boolean {
  return a.length === b.length && a.every((tag, i) => equal(tag, b[i] ?? new Uint8Array()));
}

function endpointsOf({ mailbox, endpoints }: LeaseRow): EndpointAddress[] {
  return endpoints.map((text) => EndpointAddress.parse(text).with(PeerId.parse(mailbox)));
}

/** What does not work out is tried again with the next look. */
async function quietly(work: Promise<void>): Promise<void> {
  try {
    await work;
  } catch (error) {
    if (!WherryError.is(error)) throw error;
  }
}

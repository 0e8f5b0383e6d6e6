/**
 * Introducers that heal: keeps three spread endpoints through which others reach us, whatever happens to them. What is
 * decided is decided in `introducer-set.ts`; this shell dials, watches, renews at half the lifetime, and announces:
 * `onChange` is awaited with the introducers that the record should name, and whoever had to make place for another is
 * let go only after it has resolved.
 */

import type { EndpointAddress } from "../endpoints.ts";
import { WherryError } from "../errors.ts";
import type { Identity } from "../identity.ts";
import {
  ANNOUNCE_FIRST_MS,
  ANNOUNCE_LOSS_MS,
  ANNOUNCE_MS,
  ANNOUNCE_NONE_MS,
  INTRODUCER_DIAL_MS,
  INTRODUCER_PING_MS,
  INTRODUCER_PONG_MS,
} from "../limits.ts";
import type { Introducer } from "../record.ts";
import { Bell, sleep, within } from "../tasks.ts";
import { Role } from "../wire.ts";
import { type Client, type OnDeliver, type Registration, openClient } from "./client.ts";
import { type Candidate, IntroducerSet } from "./introducer-set.ts";
import type { NetworkTime } from "./network-time.ts";

/** An introducer that has a reservation for us. */
export interface Held extends Introducer {
  readonly client: Client;
  readonly rttMs: number | null;
  /** Milliseconds since 1970. */
  readonly since: number;
  readonly expires: number;
  readonly registration: Registration;
}

/** What the shell knows of one introducer. */
interface Seat {
  readonly client: Client;
  readonly since: number;
  registration: Registration;
  grantedAt: number;
}

/** What is announced before there is anybody. */
const NOBODY = "[]";
/** Looks at an introducer after which it is asked again whom it knows: a minute. */
const NEIGHBOURS_EVERY = 30;

export interface IntroducersOptions {
  readonly identity: Identity;
  /** Endpoints that may introduce us: the one that served the page, remembered ones, those of invites. */
  readonly candidates: () => readonly EndpointAddress[];
  readonly onDeliver: OnDeliver;
  /** Told the introducers a record should name; resolves once that record is stored. */
  readonly onChange: (held: readonly Held[]) => Promise<void>;
  /** Somebody was gained, lost or measured: the page may show it. */
  readonly onState: () => void;
  /** What introducers say of other endpoints. */
  readonly onNeighbours: (others: readonly Introducer[]) => void;
  readonly networkTime: NetworkTime;
}

export class Introducers {
  readonly #options: IntroducersOptions;
  readonly #set: IntroducerSet;
  readonly #seats = new Map<string, Seat>();
  readonly #wake = new Bell();
  readonly #changed = new Bell();
  #looks: Bell[] = [];
  #announced = NOBODY;
  #closed = false;
  /** Why each that was lost or not had was so: for the page. */
  readonly troubles = new Map<string, WherryError>();

  constructor(options: IntroducersOptions) {
    this.#options = options;
    this.#set = new IntroducerSet({ own: options.identity.id, random: Math.random });
  }

  start(): void {
    void this.#run();
    void this.#announce();
  }

  close(): void {
    this.#closed = true;
    for (const seat of this.#seats.values()) seat.client.close();
    this.#wake.ring();
    this.#changed.ring();
  }

  /** Those that introduce us now, the earliest first. */
  current(): Held[] {
    return this.#set.held().flatMap((one) => this.#heldOf(one) ?? []);
  }

  get connecting(): readonly Candidate[] {
    return this.#set.connecting();
  }

  /** Endpoints worth remembering for the next time. */
  known(): EndpointAddress[] {
    return this.#set.known();
  }

  /** Candidates that have just become known. */
  offer(addresses: readonly EndpointAddress[]): void {
    if (this.#set.add(addresses, performance.now())) this.#wake.ring();
  }

  /** The network has changed, or the page was asleep: look at every introducer now. */
  poke(): void {
    this.#set.poke(performance.now());
    for (const look of this.#looks) look.ring();
    this.#wake.ring();
  }

  // -- inside ---------------------------------------------------------------------------------------------------------

  #heldOf(one: Candidate): Held | null {
    const seat = this.#seats.get(keyOf(one.address));
    if (seat === undefined) return null;
    const { client, since, registration, grantedAt } = seat;
    return {
      peer: client.peer,
      endpoints: this.#set.addressesOf(one),
      client,
      rttMs: one.rttMs,
      since,
      expires: grantedAt + registration.seconds * 1000,
      registration,
    };
  }

  async #run(): Promise<void> {
    this.offer(this.#options.candidates());
    while (!this.#closed) {
      const plan = this.#set.plan(performance.now());
      for (const address of plan.dial) void this.#introducedBy(address);
      if (plan.ask) void this.#ask();
      if (plan.dial.length > 0) this.#options.onState();
      await this.#wake.wait(this.#set.deadline(performance.now()) - performance.now());
    }
  }

  /** More candidates: from whoever was asked for them, and from the introducers that we have. */
  async #ask(): Promise<void> {
    this.offer(this.#options.candidates());
    for (const seat of this.#seats.values()) await this.#askNeighbours(seat.client);
  }

  async #askNeighbours(client: Client): Promise<void> {
    try {
      const others = await client.neighbours();
      this.#options.onNeighbours(others);
      this.offer(others.flatMap((other) => other.endpoints));
    } catch (error) {
      if (!WherryError.is(error)) throw error; // who cannot say whom it knows is still an introducer
    }
  }

  /** One candidate, from its dial to its end. */
  async #introducedBy(address: EndpointAddress): Promise<void> {
    const key = keyOf(address);
    let had: { client: Client; seat: Seat; rttMs: number };
    try {
      had = await this.#had(address);
    } catch (error) {
      this.troubles.set(key, WherryError.from(error));
      this.#set.failed(address, performance.now());
      this.#note(false);
      return;
    }
    const { client, seat, rttMs } = had;
    this.#seats.set(key, seat);
    if (this.#closed || !this.#set.opened(address, client.peer, rttMs, performance.now())) {
      this.#seats.delete(key);
      client.close();
      this.#note(false);
      return;
    }
    this.troubles.delete(key);
    this.#note(true);
    void this.#askNeighbours(client);
    const why = await this.#watch(address, seat);
    client.close();
    if (this.#seats.get(key) !== seat) return;
    this.#seats.delete(key);
    this.troubles.set(key, why);
    this.#set.lost(address, performance.now());
    this.#note(true);
  }

  async #had(address: EndpointAddress): Promise<{ client: Client; seat: Seat; rttMs: number }> {
    const { identity, onDeliver, networkTime } = this.#options;
    const opening = openClient({ address, identity, role: Role.ME, onDeliver });
    try {
      const client = await within(INTRODUCER_DIAL_MS, opening, "ENDPOINT_TIMEOUT");
      const registration = await client.register();
      const { rttMs, clockMs } = await client.ping();
      networkTime.tell(String(client.peer), clockMs);
      return { client, seat: { client, since: Date.now(), registration, grantedAt: Date.now() }, rttMs };
    } catch (error) {
      void dismiss(opening);
      throw error;
    }
  }

  /** Look after one introducer until it is lost; resolves with why it is. */
  async #watch(address: EndpointAddress, seat: Seat): Promise<WherryError> {
    const { client } = seat;
    const look = new Bell();
    this.#looks.push(look);
    void client.ended.then(() => look.ring());
    try {
      for (let looks = 1; client.alive; looks++) {
        await look.wait(INTRODUCER_PING_MS);
        if (!client.alive) break;
        if (looks % NEIGHBOURS_EVERY === 0) void this.#askNeighbours(client);
        const pinged = await within(INTRODUCER_PONG_MS, client.ping(), "ENDPOINT_TIMEOUT", "it does not answer");
        this.#options.networkTime.tell(String(client.peer), pinged.clockMs);
        this.#set.measured(address, pinged.rttMs);
        await this.#renewed(address, seat);
      }
      return await client.ended;
    } catch (error) {
      return WherryError.from(error, "ENDPOINT_LOST");
    } finally {
      this.#looks = this.#looks.filter((one) => one !== look);
    }
  }

  async #renewed(address: EndpointAddress, seat: Seat): Promise<void> {
    if (Date.now() < seat.grantedAt + seat.registration.seconds * 500 || !this.#set.renew(address)) return;
    seat.registration = await seat.client.renew();
    seat.grantedAt = Date.now();
    this.#set.renewed(address);
  }

  #note(changed: boolean): void {
    this.#wake.ring();
    if (changed) this.#changed.ring();
    this.#options.onState();
  }

  // -- announcing -----------------------------------------------------------------------------------------------------

  /** Tell of changes, then let go who had to make place. */
  async #announce(): Promise<void> {
    while (!this.#closed) {
      await this.#changed.wait();
      await this.#settle();
      if (this.#closed) return;
      const leaving = this.#set.leaving();
      if (await this.#told()) await Promise.all(leaving.map((address) => this.#letGo(address)));
      else void sleep(ANNOUNCE_LOSS_MS).then(() => this.#changed.ring());
    }
  }

  /** Give a change a moment: others that belong to it, or the replacement, are on their way. */
  async #settle(): Promise<void> {
    const enough = (): boolean => this.#set.held().length >= this.#set.wanted;
    const isFirst = this.#announced === NOBODY;
    const wait = isFirst ? ANNOUNCE_FIRST_MS : this.#set.held().length > 0 ? ANNOUNCE_LOSS_MS : ANNOUNCE_NONE_MS;
    let deadline = performance.now() + (enough() ? ANNOUNCE_MS : wait);
    while (performance.now() < deadline && !this.#closed) {
      if (!(await this.#changed.wait(deadline - performance.now()))) return;
      if (enough()) deadline = Math.min(deadline, performance.now() + ANNOUNCE_MS);
      else if (this.#set.held().length > 0) deadline = Math.min(deadline, performance.now() + ANNOUNCE_LOSS_MS);
    }
  }

  async #told(): Promise<boolean> {
    const held = this.current();
    const now = JSON.stringify(held.map(({ peer, endpoints }) => [String(peer), endpoints.map(String)]).toSorted());
    if (now === this.#announced) return true;
    try {
      await this.#options.onChange(held);
    } catch (error) {
      if (!WherryError.is(error)) throw error;
      return false; // tried again
    }
    this.#announced = now;
    return true;
  }

  async #letGo(address: EndpointAddress): Promise<void> {
    const key = keyOf(address);
    const seat = this.#seats.get(key);
    if (seat === undefined) return; // lost meanwhile
    this.#seats.delete(key);
    this.#set.left(address, performance.now());
    try {
      await seat.client.unregister();
    } catch (error) {
      if (!WherryError.is(error)) throw error; // it left without our goodbye
    }
    seat.client.close();
  }
}

/** End a socket that may still be on its way. */
async function dismiss(opening: Promise<Client>): Promise<void> {
  try {
    (await opening).close();
  } catch (error) {
    if (!WherryError.is(error)) throw error; // it never opened
  }
}

function keyOf(address: EndpointAddress): string {
  return address.with(null).toString();
}


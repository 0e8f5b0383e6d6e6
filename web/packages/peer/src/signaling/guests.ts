/**
 * Guest sockets: throw-away keys, one socket for each introducer, kept for some seconds and used again. Whoever
 * introduces learns the recipient, a size class, an address and a time, but not who writes. Several addresses of one
 * introducer are tried staggered (RFC 8305); the first handshake that is whole wins.
 */

import { type Random, random as browserRandom } from "../bytes.ts";
import type { EndpointAddress } from "../endpoints.ts";
import { WherryError } from "../errors.ts";
import { Identity } from "../identity.ts";
import { GUESTS, GUEST_IDLE_MS, STAGGER_MS } from "../limits.ts";
import { sleep } from "../tasks.ts";
import { Role } from "../wire.ts";
import { type Client, type OnDeliver, openClient } from "./client.ts";

interface Seat {
  readonly opening: Promise<Client>;
  client: Client | null;
  users: number;
  lastUsed: number;
  idle: ReturnType<typeof setTimeout> | undefined;
}

/**
 * The first of several that comes well, each begun `staggerMs` after the one before, or at once when one has failed.
 * @throws WherryError the last failure, if all fail; `late` is given what comes well after the first.
 */
export async function raced<T>(
  starts: readonly (() => Promise<T>)[],
  late: (result: T) => void,
  staggerMs = STAGGER_MS,
): Promise<T> {
  let won = false;
  const running: Promise<T>[] = [];
  const failed: unknown[] = [];
  return new Promise<T>((resolve, reject) => {
    const run = async (): Promise<void> => {
      for (const start of starts) {
        if (won) return;
        const one = start();
        running.push(one);
        const over = one.then(
          (result) => {
            if (won) late(result);
            won = true;
            resolve(result);
          },
          (error: unknown) => {
            failed.push(error);
            if (failed.length === starts.length) reject(error);
          },
        );
        await Promise.race([over, sleep(staggerMs)]);
      }
    };
    if (starts.length === 0) reject(new WherryError("ENDPOINT_UNREACHABLE", "no address is known"));
    else void run();
  });
}

export class Guests {
  readonly #seats = new Map<string, Seat>();
  readonly #onDeliver: OnDeliver;
  readonly #random: Random;
  #closed = false;

  /** @param onDeliver - takes what comes back by a guest socket: answers to what was sent from it */
  constructor(onDeliver: OnDeliver, random: Random = browserRandom) {
    this.#onDeliver = onDeliver;
    this.#random = random;
  }

  /** Do something with a guest socket to the endpoint at `addresses`, all of one. */
  async use<T>(addresses: readonly EndpointAddress[], request: (client: Client) => Promise<T>): Promise<T> {
    const seat = this.#seat(addresses);
    const kept = seat.client !== null;
    seat.users += 1;
    try {
      return await request(await seat.opening);
    } catch (error) {
      if (!kept || !WherryError.is(error, "ENDPOINT_LOST")) throw error;
    } finally {
      seat.users -= 1;
      this.#rest(addresses, seat);
    }
    return this.use(addresses, request); // the one that was kept had ended without our knowing
  }

  close(): void {
    this.#closed = true;
    for (const [key, seat] of this.#seats) this.#leave(key, seat);
  }

  #seat(addresses: readonly EndpointAddress[]): Seat {
    if (this.#closed) throw new WherryError("CLOSED", "the guest sockets");
    const key = keyOf(addresses);
    const seat = this.#seats.get(key);
    if (seat !== undefined && seat.client?.alive !== false) {
      clearTimeout(seat.idle);
      return seat;
    }
    if (this.#seats.size >= GUESTS) this.#makeRoom();
    const opening = raced(
      addresses.map((address) => async () => this.#open(address)),
      (late) => late.close(),
    );
    const fresh: Seat = { opening, client: null, users: 0, lastUsed: performance.now(), idle: undefined };
    this.#seats.set(key, fresh);
    opening.then(
      (client) => {
        fresh.client = client;
      },
      () => this.#seats.get(key) === fresh && this.#seats.delete(key),
    );
    return fresh;
  }

  async #open(address: EndpointAddress): Promise<Client> {
    const identity = new Identity(this.#random(32));
    return openClient({ address, identity, role: Role.GUEST, onDeliver: this.#onDeliver, random: this.#random });
  }

  #rest(addresses: readonly EndpointAddress[], seat: Seat): void {
    const key = keyOf(addresses);
    seat.lastUsed = performance.now();
    if (seat.users > 0 || this.#seats.get(key) !== seat) return;
    clearTimeout(seat.idle);
    seat.idle = setTimeout(() => this.#leave(key, seat), GUEST_IDLE_MS);
  }

  #makeRoom(): void {
    const idle = [...this.#seats].filter(([, seat]) => seat.users === 0);
    const [oldest] = idle.toSorted(([, a], [, b]) => a.lastUsed - b.lastUsed);
    if (oldest === undefined) throw new WherryError("QUOTA", "too many guest sockets at once");
    this.#leave(...oldest);
  }

  #leave(key: string, seat: Seat): void {
    clearTimeout(seat.idle);
    if (this.#seats.get(key) === seat) this.#seats.delete(key);
    seat.opening.then(
      (client) => client.close(),
      () => undefined, // it never opened
    );
  }
}

function keyOf(addresses: readonly EndpointAddress[]): string {
  const [first] = addresses;
  return first?.peer?.toString() ?? first?.toString() ?? "";
}

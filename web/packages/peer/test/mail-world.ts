/** Peers with whole mail and a network in memory that can be cut, lossy, and full of mailboxes. */

import { vi } from "vitest";
import { Address } from "../src/address.ts";
import { type Bytes, hex, random } from "../src/bytes.ts";
import { type Envelope, openSealed } from "../src/envelope.ts";
import { WherryError } from "../src/errors.ts";
import { Addresses } from "../src/friends/addresses.ts";
import { Book } from "../src/friends/book.ts";
import { FriendList } from "../src/friends/friends.ts";
import { Friendships } from "../src/friends/friendships.ts";
import { Presences } from "../src/friends/presences.ts";
import { Profiles } from "../src/friends/profiles.ts";
import { Identity } from "../src/identity.ts";
import { Invitations } from "../src/invitations/invitations.ts";
import type { OneTime } from "../src/letters.ts";
import { nameOf } from "../src/letters.ts";
import { Chats } from "../src/messages/chats.ts";
import { Keys } from "../src/messages/keys.ts";
import { Post } from "../src/messages/post.ts";
import type { Ways } from "../src/messages/ways.ts";
import type { PeerId } from "../src/peer-id.ts";
import { sayAgain } from "../src/profile/again.ts";
import { type InboxRecord, type Introducer } from "../src/record.ts";
import type { Change } from "../src/store/database.ts";
import { MemoryDatabase } from "../src/store/memory.ts";
import { RESTORED, SCHEMA, type Table } from "../src/store/tables.ts";
import { MailStore, type Reading } from "../src/store/transaction.ts";
import type { Friend, PeerEvent } from "../src/types.ts";

/** What may go wrong; the world's tests set it. */
export class World {
  readonly homes = new Map<string, Home>();
  /** Envelopes by whom they are for, in each of two mailboxes. */
  readonly boxes = [new Map<string, Bytes[]>(), new Map<string, Bytes[]>()];
  readonly mailboxes: readonly Introducer[] = [98, 99].map((seed) => ({ peer: identityOf(seed).id, endpoints: [] }));
  /** Whether there are connections at all, and introducers. */
  connections = true;
  introducers = true;
  /** Asked for each letter: whether it is swallowed by who said that it was delivered. */
  swallow = (): boolean => false;

  home(seed: number): Home {
    const home = new Home(this, seed);
    this.homes.set(String(home.id), home);
    return home;
  }

  at(peer: PeerId): Home | null {
    const home = this.homes.get(String(peer));
    return home?.isOn === true ? home : null;
  }

  /** Hand everything over that waits for a home. */
  async collect(home: Home): Promise<void> {
    for (const box of this.boxes) {
      const letters = box.get(String(home.id)) ?? [];
      const kept: Bytes[] = [];
      for (const letter of letters) if (!(await home.take(letter))) kept.push(letter);
      box.set(String(home.id), kept);
    }
  }
}

export function identityOf(seed: number): Identity {
  return new Identity(new Uint8Array(32).fill(seed));
}

/** What rests through any number of goings on and off. */
export class Disk extends MemoryDatabase {
  override close(): void {
    return;
  }
}

export class Home {
  readonly identity: Identity;
  readonly id: PeerId;
  readonly nospam: Bytes = random(8);
  database = new Disk();
  #store!: MailStore;
  readonly events: PeerEvent[] = [];
  readonly troubles: WherryError[] = [];
  isOn = false;
  post!: Post;
  chats!: Chats;
  friends!: FriendList;
  keys!: Keys;
  book!: Book;
  presences!: Presences;
  invitations!: Invitations;
  readonly #world: World;
  /** Seconds by which its clock is ahead. */
  ahead = 0;

  constructor(world: World, seed: number) {
    this.#world = world;
    this.identity = identityOf(seed);
    this.id = this.identity.id;
  }

  get address(): string {
    return String(new Address(this.id, this.nospam));
  }

  now = (): number => Date.now() / 1000 + this.ahead;

  /** Go on, with what rests. */
  async on(): Promise<void> {
    const { identity, nospam } = this;
    const store = new MailStore(this.database);
    this.#store = store;
    this.keys = new Keys({ identity, store, random, now: this.now });
    this.book = new Book(store, () => undefined);
    this.post = new Post({
      identity,
      store,
      ways: this.#ways(),
      keys: this.keys,
      random,
      isKnown: () => true,
      learn: async () => undefined,
      now: this.now,
      onTrouble: (error) => this.troubles.push(error),
    });
    const onEvent = (event: PeerEvent): number => this.events.push(event);
    const { post, book } = this;
    const addresses = new Addresses({
      own: this.id,
      store,
      random,
      first: nospam,
      keepFirst: async () => undefined,
      onChange: () => undefined,
    });
    const profiles = new Profiles(store, post, book);
    const stateOf = (peer: string): Friend["state"] => book.stateOf(peer);
    this.presences = new Presences({ store, post, isFriend: (peer) => stateOf(peer) === "friends", onChange: () => undefined });
    this.chats = new Chats({ own: this.id, store, post, random, stateOf, now: this.now, onEvent, onCount: () => undefined });
    this.invitations = new Invitations({ own: this.id, store, post, isFriend: (peer) => stateOf(peer) === "friends", now: this.now });
    const friendships = new Friendships({ store, post, book, addresses, profiles, random, onStep: () => undefined, admitsInvitation: (peer, item) => this.invitations.admits(peer, item) });
    this.friends = new FriendList({
      own: this.id,
      store,
      book,
      friendships,
      profiles,
      presences: this.presences,
      addresses,
      chatOf: (peer) => this.chats.viewOf(peer),
      seenOf: () => null,
      onInvited: () => undefined,
      onName: async () => undefined,
      onProfile: () => undefined,
    });
    await book.load();
    await addresses.start();
    await this.presences.start();
    await profiles.start(`peer ${this.id.short}`);
    const isCopy = (await store.get("choices", [RESTORED])) !== undefined;
    if (isCopy) await sayAgain(store, { post, book, friendships, profiles });
    await this.chats.start();
    await this.keys.signed();
    this.isOn = true;
    await this.invitations.start();
    await post.start();
    await this.#world.collect(this);
  }

  /** All that rests, as a copy of this moment. */
  async copy(): Promise<Disk> {
    const copy = new Disk();
    for (const table of Object.keys(SCHEMA) as Table[]) {
      for (const put of await this.database.list(table)) await copy.commit([{ table, put } as Change]);
    }
    return copy;
  }

  /** Go off in the middle of whatever there is. */
  async off(): Promise<void> {
    this.isOn = false;
    this.invitations.close();
    await this.post.close();
    await this.#store.close();
  }

  async take(sealed: Bytes): Promise<boolean> {
    return this.post.take(sealed, this.#opened(sealed));
  }

  hand(sealed: Bytes): boolean {
    return this.post.deliver(sealed, this.#opened(sealed));
  }

  friend(other: Home): Friend | undefined {
    return this.friends.all.find(({ peer }) => peer === String(other.id));
  }

  /** What `work` makes of all that rests. */
  still = async <T>(work: (reading: Reading) => Promise<T>): Promise<T> => this.#store.write(work);

  /** What was said with another, the oldest first: the text, and what became of it. */
  async said(other: Home): Promise<string[]> {
    const { messages } = await this.chats.history(String(other.id), null, 1000);
    return messages.map(({ from, text, state }) => `${from === String(this.id) ? ">" : "<"} ${text} (${state})`);
  }

  #opened(sealed: Bytes): Envelope {
    return openSealed(sealed, this.identity);
  }

  #ways(): Ways {
    const world = this.#world;
    const direct = (peer: PeerId): Home | null => (world.connections ? world.at(peer) : null);
    const give = (home: Home | null, letter: Bytes): void => {
      if (home === null || !this.isOn) throw new WherryError("NO_RESERVATION");
      if (!world.swallow()) home.hand(letter);
    };
    return {
      connected: (peer) => direct(peer) !== null,
      overConnection: async (peer, letter) => give(direct(peer), letter),
      throughIntroducers: async (peer, letter) => give(world.introducers ? world.at(peer) : null, letter),
      sealingKey: async (peer) => this.#peer(peer).identity.sealingPublic,
      inbox: async (peer) => this.#inboxOf(peer),
      deposit: async (mailbox, to, letter) => this.#deposit(mailbox, to, letter),
      takePrekey: async (_mailbox, to): Promise<OneTime | null> => {
        const [one] = world.at(to) === null ? [] : await this.#peer(to).keys.batch("98");
        return one === undefined ? null : { id: one.prekey, key: one.key };
      },
      documents: () => [],
    };
  }

  #peer(peer: PeerId): Home {
    const home = this.#world.homes.get(String(peer));
    if (home === undefined) throw new WherryError("PEER_NOT_FOUND");
    return home;
  }

  /** The record as it was published last: its owner need not be on. */
  async #inboxOf(peer: PeerId): Promise<InboxRecord> {
    const home = this.#peer(peer);
    const store = new MailStore(home.database);
    const keys = new Keys({ identity: home.identity, store, random, now: this.now });
    return { prekey: await keys.signed(), mailboxes: this.#world.mailboxes } as unknown as InboxRecord;
  }

  async #deposit(mailbox: Introducer, to: PeerId, letter: Bytes): Promise<void> {
    const world = this.#world;
    if (!this.isOn) throw new WherryError("ENDPOINT_LOST");
    const box = world.boxes[world.mailboxes.indexOf(mailbox)] ?? new Map<string, Bytes[]>();
    if (world.swallow()) return;
    const letters = box.get(String(to)) ?? [];
    const known = new Set(letters.map((one) => hex(nameOf(one))));
    if (!known.has(hex(nameOf(letter)))) box.set(String(to), [...letters, letter]);
    const home = world.at(to);
    if (home !== null) await world.collect(home);
  }
}

/** For `beforeEach`: time passes only when a test says so; promises settle by themselves. */
export function fakeTime(): void {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval", "performance", "Date"] });
}

/** For `afterEach`. */
export function realTime(): void {
  vi.useRealTimers();
}

/** Let time pass until nothing new happens, or something is true. */
export async function until(true_: () => boolean | Promise<boolean>, seconds = 3600): Promise<void> {
  for (let passed = 0; passed < seconds * 10; passed++) {
    if (await true_()) return;
    await vi.advanceTimersByTimeAsync(100);
  }
  throw new Error("it did not come to that");
}

/** What `work` comes to, while time passes. */
export async function passing<T>(work: Promise<T>): Promise<T> {
  const outcomes: PromiseSettledResult<T>[] = [];
  void Promise.allSettled([work]).then((settled) => outcomes.push(...settled));
  await until(() => outcomes.length > 0);
  return work;
}

/** The error that `work` fails with, while time passes. */
export async function failing(work: Promise<unknown>): Promise<WherryError> {
  try {
    await passing(work);
  } catch (error) {
    return WherryError.from(error);
  }
  throw new Error("it did not fail");
}

export async function befriended(world: World): Promise<[Home, Home]> {
  const [a, b] = [world.home(1), world.home(2)];
  await a.on();
  await b.on();
  await a.friends.add(b.address, "it is me");
  await until(() => b.friend(a)?.state === "received");
  await b.friends.accept(String(a.id));
  await until(() => a.friend(b)?.state === "friends");
  return [a, b];
}

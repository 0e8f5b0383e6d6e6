/** Friends and messages of one peer, wired: store, post, mailboxes, and the features on top. The engine owns one. */

import type { Bytes, Random } from "./bytes.ts";
import type { Records } from "./connect/records.ts";
import type { Carrier } from "./connect/ways.ts";
import { Purpose } from "./domains.ts";
import { type Envelope, openSealed } from "./envelope.ts";
import { WherryError } from "./errors.ts";
import { Addresses } from "./friends/addresses.ts";
import { Book } from "./friends/book.ts";
import { FriendList } from "./friends/friends.ts";
import { Friendships } from "./friends/friendships.ts";
import { Presences } from "./friends/presences.ts";
import { Profiles } from "./friends/profiles.ts";
import type { FriendRow } from "./friends/row.ts";
import { Tagging } from "./friends/tagging.ts";
import type { Helpers } from "./helpers.ts";
import type { Identity } from "./identity.ts";
import { Invitations } from "./invitations/invitations.ts";
import { TabWays } from "./messages/carrier.ts";
import { Chats } from "./messages/chats.ts";
import { Inboxes } from "./messages/inboxes.ts";
import { Keys } from "./messages/keys.ts";
import { OwnInbox } from "./messages/own-inbox.ts";
import { OwnMailboxes } from "./messages/own-mailboxes.ts";
import { Post } from "./messages/post.ts";
import { later } from "./loading.ts";
import type { Network } from "./network.ts";
import { PeerId } from "./peer-id.ts";
import { checkDocumentOf } from "./record.ts";
import type { Guests } from "./signaling/guests.ts";
import type { Held } from "./signaling/introducers.ts";
import { MailStore, type Reading, type Transaction } from "./store/transaction.ts";
import type { Database } from "./store/database.ts";
import { RESTORED } from "./store/tables.ts";
import type { PeerEvent } from "./types.ts";

/** Milliseconds for which changes of the list are gathered before it is told. */
const TELL_MS = 50;

export interface MailOptions {
  readonly identity: Identity;
  readonly database: Database;
  readonly name: string;
  /** The word in the address without a label. */
  readonly nospam: Bytes;
  readonly keepNospam: (nospam: Bytes) => Promise<void>;
  readonly random: Random;
  readonly network: Network;
  readonly guests: Guests;
  readonly carrier: Carrier;
  readonly records: Records;
  readonly helpers: Helpers;
  readonly held: () => readonly Held[];
  /** Our own signed peer record. */
  readonly ownRecord: () => Bytes;
  /** Seconds since 1970 by network time. */
  readonly now: () => number;
  readonly seenOf: (peer: string) => number | null;
  readonly onName: (name: string) => Promise<void>;
  readonly onEvent: (event: PeerEvent) => void;
  /** A friend may be there: a connection would do. */
  readonly onFriendNear: (peer: PeerId) => void;
  /** Something cannot be kept; null: something could. */
  readonly onTrouble: (error: WherryError | null) => void;
}

export class Mail {
  readonly #options: MailOptions;
  readonly #store: MailStore;
  readonly #book: Book;
  readonly #addresses: Addresses;
  readonly #profiles: Profiles;
  readonly #presences: Presences;
  readonly #friendships: Friendships;
  readonly #inboxes: Inboxes;
  readonly #ownInbox: OwnInbox;
  readonly #mailboxes: OwnMailboxes;
  readonly #post: Post;
  readonly chats: Chats;
  readonly friends: FriendList;
  readonly invitations: Invitations;
  #telling: ReturnType<typeof setTimeout> | undefined;
  #running: Promise<void> = Promise.resolve();

  constructor(options: MailOptions) {
    this.#options = options;
    const { identity, random, now, held, helpers, network, guests, carrier, records } = options;
    const own = identity.id;
    const store = new MailStore(options.database, () => options.onTrouble(null));
    this.#store = store;
    const keys = new Keys({ identity, store, random, now });
    this.#book = new Book(store, () => this.#changed());
    this.#addresses = new Addresses({
      own,
      store,
      random,
      first: options.nospam,
      keepFirst: options.keepNospam,
      onChange: () => this.#mailboxes.poke(),
    });
    const tagging = new Tagging(identity, this.#book, this.#addresses);
    this.#inboxes = new Inboxes({
      store,
      sources: () => helpers.sources(),
      askPeer: async (peer) => network.get(peer)?.messages.askInbox() ?? null,
      now,
    });
    const ways = new TabWays({
      network,
      guests,
      own: () => held().map(({ client }) => client),
      carrier,
      records,
      inboxes: this.#inboxes,
      rights: (peer, mailbox, week) => tagging.rights(peer, mailbox, week),
      documents: () => [options.ownRecord(), this.#ownInbox.document].filter(({ length }) => length > 0),
      now,
    });
    this.#post = new Post({
      identity,
      store,
      ways,
      keys,
      random,
      isKnown: (peer) => ["friends", "sent"].includes(this.#book.stateOf(String(peer))),
      learn: async (transaction, peer, document) => this.#learn(transaction, peer, document),
      now,
      onTrouble: options.onTrouble,
    });
    this.#mailboxes = new OwnMailboxes({
      identity,
      store,
      held,
      tags: (mailbox, week) => tagging.tags(mailbox, week),
      newPrekeys: async (mailbox) => keys.batch(mailbox),
      avoid: (mailbox) => this.isFriend(mailbox),
      take: async (sealed) => this.#collected(sealed),
      publish: async () => this.#ownInbox.publish(),
      onTrouble: options.onTrouble,
      now,
    });
    this.#ownInbox = new OwnInbox({
      identity,
      store,
      held,
      mailboxes: () => this.#mailboxes.current(),
      prekey: async () => keys.signed(),
      now,
    });
    this.#profiles = new Profiles(store, this.#post, this.#book);
    this.#presences = new Presences({
      store,
      post: this.#post,
      isFriend: (peer) => this.isFriend(peer),
      onChange: () => this.#changed(),
    });
    this.chats = new Chats({
      own,
      store,
      post: this.#post,
      random,
      stateOf: (peer) => this.#book.stateOf(peer),
      now,
      onEvent: options.onEvent,
      onCount: () => this.#changed(),
    });
    this.invitations = new Invitations({ own, store, post: this.#post, isFriend: (peer) => this.isFriend(peer), now });
    this.#friendships = new Friendships({
      store,
      post: this.#post,
      book: this.#book,
      addresses: this.#addresses,
      profiles: this.#profiles,
      random,
      admitsInvitation: (peer, item) => this.invitations.admits(peer, item),
      onStep: (row) => this.#stepped(row),
    });
    this.friends = new FriendList({
      own,
      store,
      book: this.#book,
      friendships: this.#friendships,
      profiles: this.#profiles,
      presences: this.#presences,
      addresses: this.#addresses,
      chatOf: (peer) => this.chats.viewOf(peer),
      seenOf: options.seenOf,
      onInvited: (link) => helpers.invite(link.vias),
      onName: options.onName,
      onProfile: () => options.onEvent({ type: "profile", profile: this.friends.ownProfile }),
    });
  }

  /**
   * Read what rests, and begin to carry.
   * @throws WherryError DATABASE_CORRUPT if it cannot be read.
   */
  async start(): Promise<void> {
    await this.#book.load();
    await this.#addresses.start();
    await this.#presences.start();
    await this.#profiles.start(this.#options.name);
    if ((await this.#store.get("choices", [RESTORED])) !== undefined) await this.#sayAgain();
    await this.chats.start();
    await this.invitations.start();
    await this.#post.start();
    this.#running = this.#mailboxes.run().catch((error: unknown) => this.#options.onTrouble(WherryError.from(error)));
    this.#changed();
  }

  /** Stop; what waits stays where it is. */
  async close(): Promise<void> {
    clearTimeout(this.#telling);
    this.#mailboxes.close();
    this.invitations.close();
    await this.#post.close();
    await this.#running;
    await this.#store.close();
  }

  /** What `work` makes of all that rests, as it is in one moment: nothing is written meanwhile. */
  async still<T>(work: (reading: Reading) => Promise<T>): Promise<T> {
    return this.#store.write(work);
  }

  isFriend(peer: string): boolean {
    return this.#book.stateOf(peer) === "friends";
  }

  /** Our own inbox record, or nothing before the first. */
  get ownInbox(): Bytes {
    return this.#ownInbox.document;
  }

  /** What this peer calls itself has changed. */
  async setName(name: string): Promise<void> {
    await this.#profiles.set({ name });
    this.#options.onEvent({ type: "profile", profile: this.friends.ownProfile });
  }

  // -- what happens ---------------------------------------------------------------------------------------------------

  /** Take a sealed letter that somebody hands us; whether it is accepted. */
  deliver(sealed: Bytes, envelope: Envelope): boolean {
    const accepted = this.#post.deliver(sealed, envelope);
    if (accepted && this.isFriend(String(envelope.sender))) this.#options.onFriendNear(envelope.sender);
    return accepted;
  }

  connected(peer: PeerId): void {
    this.#post.notice(peer);
    this.#presences.connected(String(peer));
    this.#changed();
  }

  disconnected(peer: PeerId): void {
    this.#presences.gone(String(peer));
  }

  /** Introducers, or the network, have changed. */
  announce(): void {
    this.#mailboxes.poke();
    this.#post.noticeAll();
  }

  /** A friend is somebody to be connected with. */
  get friendIds(): readonly PeerId[] {
    const friends = this.friends.all.filter(({ state }) => state === "friends");
    return friends.toSorted((a, b) => (b.last?.at ?? b.since) - (a.last?.at ?? a.since)).map(({ peer }) => PeerId.parse(peer));
  }

  /** A copy that is started for the first time. */
  async #sayAgain(): Promise<void> {
    const { sayAgain } = await later();
    await sayAgain(this.#store, { post: this.#post, book: this.#book, friendships: this.#friendships, profiles: this.#profiles });
  }

  // -- inside ---------------------------------------------------------------------------------------------------------

  /** A letter out of a mailbox; false if it must stay there for now. */
  async #collected(sealed: Bytes): Promise<boolean> {
    let envelope: Envelope;
    try {
      envelope = openSealed(sealed, this.#options.identity);
    } catch (error) {
      if (!WherryError.is(error)) throw error;
      return true; // nonsense, which stays nonsense
    }
    const isLetter = envelope.purpose === Purpose.MESSAGE || envelope.purpose === Purpose.RETRY;
    return isLetter ? this.#post.take(sealed, envelope) : true;
  }

  async #learn(transaction: Transaction, peer: PeerId, document: Bytes): Promise<void> {
    const { records, now } = this.#options;
    try {
      const { record } = checkDocumentOf(document, now(), peer);
      if (record.purpose === Purpose.PEER_RECORD) records.learn(document, peer);
      else await this.#inboxes.learn(transaction, document, peer);
    } catch (error) {
      if (!WherryError.is(error)) throw error; // the letter is as good without it
    }
  }

  #stepped({ peer, state }: FriendRow): void {
    this.#mailboxes.poke();
    if (state === "friends") {
      this.#presences.tell(peer);
      this.#options.onFriendNear(PeerId.parse(peer));
    }
  }

  /** The list is told after a moment, in which more may change. */
  #changed(): void {
    this.#telling ??= setTimeout(() => {
      this.#telling = undefined;
      this.#options.onEvent({ type: "friends", friends: this.friends.all });
    }, TELL_MS);
  }
}

/**
 * Friendships: asked by address, answered, removed, blocked; and the gate that says who may send what. The steps are
 * those of the table; this keeps them, in one transaction with what the other side is told and with the acknowledgement
 * of what it said. Nothing needs a connection: it reaches the other side by the post, whenever that is.
 */

import { type Bytes, type Random, hex, unhex } from "../bytes.ts";
import { WherryError } from "../errors.ts";
import { type Item, Kind, Reason } from "../messages/packets.ts";
import { Void } from "../messages/handlers.ts";
import { LIFETIME_S, PENDING_REQUESTS } from "../messages/limits.ts";
import type { Post } from "../messages/post.ts";
import { PeerId } from "../peer-id.ts";
import type { MailStore, Transaction } from "../store/transaction.ts";
import type { Addresses } from "./addresses.ts";
import { decodeWord, encodeWord } from "./bodies.ts";
import type { Book } from "./book.ts";
import type { Profiles } from "./profiles.ts";
import type { FriendRow } from "./row.ts";
import { type FriendEvent, type Outcome, type Said, fate, they, we } from "./states.ts";

/** What about a friendship anybody may send, since the state decides what it means. */
const WORDS: ReadonlySet<number> = new Set([Kind.REQUEST, Kind.ACCEPT, Kind.DECLINE, Kind.WITHDRAW, Kind.REMOVE]);
/**
 * Seconds that an answer, a withdrawal or a removal is kept for one who is away. Ten years: it never expires, as both
 * sides must come to the same some day. A request lives as long as a message: later, it is asked anew.
 */
const WORD_LIFETIME_S = 10 * 365 * 24 * 3600;

export interface FriendshipsOptions {
  readonly store: MailStore;
  readonly post: Post;
  readonly book: Book;
  readonly addresses: Addresses;
  readonly profiles: Profiles;
  readonly random: Random;
  /** Whether a peer may send an invitation, or the reply to one. */
  readonly admitsInvitation: (peer: string, item: Item) => boolean;
  /** Somebody has become a friend, or is none any more. */
  readonly onStep: (row: FriendRow) => void;
}

/** What goes with a step of ours. */
type With = Partial<Pick<FriendRow, "hello" | "nospam" | "vias" | "answer">>;

export class Friendships {
  readonly #options: FriendshipsOptions;

  constructor(options: FriendshipsOptions) {
    this.#options = options;
    const { post } = options;
    for (const kind of WORDS) {
      post.serve(kind, {
        take: async (transaction, peer, item) => this.#take(transaction, String(peer), item),
        settled: async (transaction, peer, id, reason) => this.#settled(transaction, String(peer), hex(id), reason),
      });
    }
    post.admit = async (transaction, peer, item) => this.#admit(transaction, String(peer), item);
  }

  /**
   * Ask somebody to be friends; of one who has asked us, that is accepting. Asking again with another address or hello
   * takes the first request back.
   * @throws WherryError ALREADY_FRIENDS or PEER_BLOCKED if that is so; INVALID_ADDRESS if an id alone is not enough.
   */
  async ask(peer: string, asked: { readonly hello: string; readonly nospam: Bytes | null; readonly vias: readonly string[] }): Promise<void> {
    const { store, book } = this.#options;
    await store.write(async (transaction) => {
      const row = await book.read(transaction, peer);
      const { state } = row;
      if (asked.nospam === null && (state === "stranger" || state === "declined")) {
        throw new WherryError("INVALID_ADDRESS", "a request needs an address, not an id alone", {
          hint: "Ask for their address or their invite link.",
        });
      }
      const nospam = asked.nospam ?? row.nospam;
      if (state === "sent") {
        const same = nospam !== null && row.nospam !== null && hex(nospam) === hex(row.nospam);
        if (same && (asked.hello === "" || asked.hello === row.hello)) return;
        await this.#do(transaction, peer, "withdraw", {});
      }
      const hello = state === "received" || asked.hello === "" ? row.hello : asked.hello;
      await this.#do(transaction, peer, "request", { hello, nospam, vias: asked.vias });
    });
  }

  /**
   * A step of a person's.
   * @throws WherryError NO_REQUEST, NOT_FRIENDS, ALREADY_FRIENDS or PEER_BLOCKED if there is none from the state.
   */
  async step(peer: string, event: FriendEvent, more: With = {}): Promise<void> {
    PeerId.parse(peer);
    await this.#options.store.write(async (transaction) => this.#do(transaction, peer, event, more));
  }

  /** Let them have a word of ours, with the rest of the transaction. */
  async tell(transaction: Transaction, row: FriendRow, { kind, id, about }: Said): Promise<void> {
    const { post, profiles } = this.#options;
    const { nospam, hello, answer: reason } = row;
    const body = encodeWord(kind, { nospam, name: profiles.own.name, hello, reason, about });
    const lifetimeS = kind === Kind.REQUEST ? LIFETIME_S : WORD_LIFETIME_S;
    await post.send(transaction, PeerId.parse(row.peer), { kind, body, id: unhex(id), lifetimeS });
  }

  // -- inside ---------------------------------------------------------------------------------------------------------

  async #admit(transaction: Transaction, peer: string, item: Item): Promise<void> {
    const { book, admitsInvitation } = this.#options;
    const { state } = await book.read(transaction, peer);
    const isInvitation = item.kind === Kind.INVITE || item.kind === Kind.INVITE_REPLY;
    const may = isInvitation ? admitsInvitation(peer, item) : WORDS.has(item.kind) || state === "friends";
    if (state === "blocked" || !may) throw new Void(Reason.REFUSED);
  }

  async #do(transaction: Transaction, peer: string, event: FriendEvent, more: With): Promise<void> {
    const row = await this.#options.book.read(transaction, peer);
    const outcome = we(row, event, this.#fresh());
    if (outcome === null) throw refusal(row, event);
    await this.#keep(transaction, { ...row, answer: "", ...more }, outcome);
  }

  /** What the other side says. */
  async #take(transaction: Transaction, peer: string, { kind, id, body }: Item): Promise<void> {
    let row = await this.#options.book.read(transaction, peer);
    const told = decodeWord(kind, body);
    const outcome = they(row, { kind, id: hex(id), about: told.about }, this.#fresh());
    if (outcome.refuse !== null) throw new Void(outcome.refuse);
    if (kind === Kind.REQUEST && outcome.friendship.state === "received") {
      this.#mayAsk(row, told.nospam);
      row = { ...row, hello: told.hello };
    }
    if (kind === Kind.DECLINE) row = { ...row, answer: told.reason };
    const isNamed = told.name !== "" && outcome.friendship.theirs !== null;
    await this.#keep(transaction, isNamed ? { ...row, name: told.name } : row, outcome);
  }

  /** A request that would have to wait for an answer: by a current address, while there is room. */
  #mayAsk(row: FriendRow, nospam: Bytes | null): void {
    const { addresses, book } = this.#options;
    if (nospam === null || !addresses.isCurrent(nospam)) throw new Void(Reason.OLD_ADDRESS);
    const pending = book.all.filter(({ state }) => state === "received").length;
    if (row.state !== "received" && pending >= PENDING_REQUESTS) throw new Void(Reason.FULL);
  }

  /** What became of something that we said. */
  async #settled(transaction: Transaction, peer: string, id: string, reason: number | null): Promise<void> {
    const row = await this.#options.book.read(transaction, peer);
    const outcome = fate(row, id, reason, this.#fresh());
    if (outcome !== null) await this.#keep(transaction, row, outcome);
  }

  async #keep(transaction: Transaction, before: FriendRow, { friendship, say }: Outcome): Promise<void> {
    const { book, profiles, onStep } = this.#options;
    const isNew = friendship.state !== before.state;
    const hasEnded = isNew && (friendship.state === "stranger" || friendship.state === "declined");
    const row: FriendRow = {
      ...before,
      ...friendship,
      ...(isNew ? { since: Date.now() } : {}),
      ...(isNew && friendship.state === "friends" ? { profileTold: 0, profileItem: null } : {}),
      ...(hasEnded ? { description: "", avatar: new Uint8Array(), avatarType: "" } : {}),
    };
    if (say !== null) await this.tell(transaction, row, say);
    book.put(transaction, await profiles.told(transaction, row));
    if (isNew) transaction.after(() => onStep(row));
  }

  #fresh(): string {
    return hex(this.#options.random(16));
  }
}

function refusal({ peer, state }: FriendRow, event: FriendEvent): WherryError {
  if (state === "blocked") return new WherryError("PEER_BLOCKED", "", { peer });
  if (event === "request") return new WherryError("ALREADY_FRIENDS", "", { peer });
  if (event === "remove") return new WherryError("NOT_FRIENDS", state === "sent" ? "the request waits for an answer" : "", { peer });
  return new WherryError("NO_REQUEST", "", { peer });
}

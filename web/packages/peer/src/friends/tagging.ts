/** Which tags our mailboxes are told, and by which one we may leave something in somebody else's. */

import { type Bytes } from "../bytes.ts";
import type { Identity } from "../identity.ts";
import type { Right } from "../messages/carrier.ts";
import type { Tags } from "../messages/own-mailboxes.ts";
import { PeerId } from "../peer-id.ts";
import { friendSecret, friendTag, requestTag } from "../tags.ts";
import type { Addresses } from "./addresses.ts";
import type { Book } from "./book.ts";

export class Tagging {
  readonly #own: Identity;
  readonly #book: Book;
  readonly #addresses: Addresses;
  /** A secret costs a scalar multiplication, and is always the same. */
  readonly #secrets = new Map<string, Bytes>();

  constructor(own: Identity, book: Book, addresses: Addresses) {
    this.#own = own;
    this.#book = book;
    this.#addresses = addresses;
  }

  /** Who may leave something for us: friends, whoever owes us an answer or a receipt, and who has an address of ours. */
  tags(mailbox: PeerId, week: number): Tags {
    const place = { recipient: this.#own.id, mailbox, week };
    const tagged = this.#book.all.filter(
      ({ state, said }) => state === "friends" || state === "sent" || (said !== null && state !== "blocked"),
    );
    return {
      friends: tagged.map(({ peer }) => friendTag(this.#secret(PeerId.parse(peer)), place)),
      requests: this.#addresses.words.map((word) => requestTag(word, place)),
    };
  }

  /** By which tags we may leave something for a peer, the likeliest first. */
  rights(peer: PeerId, mailbox: PeerId, week: number): readonly Right[] {
    const { state, nospam } = this.#book.get(String(peer));
    const place = { recipient: peer, mailbox, week };
    const asFriend: Right = { tag: friendTag(this.#secret(peer), place), work: false };
    if (nospam === null) return [asFriend];
    const asking: Right = { tag: requestTag(nospam, place), work: true };
    return state === "sent" || state === "stranger" ? [asking, asFriend] : [asFriend, asking];
  }

  #secret(peer: PeerId): Bytes {
    const known = this.#secrets.get(String(peer)) ?? friendSecret(this.#own, peer);
    this.#secrets.set(String(peer), known);
    return known;
  }
}

/**
 * What people say of themselves: a name, a few lines, a small picture. It goes to friends, and to nobody else.
 *
 * Each friend has at most one of ours under way; whatever was changed meanwhile follows once that one is settled. So a
 * friend who is away for a week gets the last profile, not every one in between.
 */

import { type Bytes, hex } from "../bytes.ts";
import { WherryError } from "../errors.ts";
import { DESCRIPTION_LENGTH, NAME_LENGTH } from "../messages/limits.ts";
import { Kind, Reason } from "../messages/packets.ts";
import type { Post } from "../messages/post.ts";
import { PeerId } from "../peer-id.ts";
import type { MailStore, Transaction } from "../store/transaction.ts";
import { type ProfileBody, decodeProfile, encodeProfile, oneLine, paragraph } from "./bodies.ts";
import type { Book } from "./book.ts";
import { imageType } from "./images.ts";
import type { FriendRow } from "./row.ts";

/** Where our own rests. */
const OWN = "profile";

/** Ours; the version rises with each change. */
interface Own extends ProfileBody {
  readonly version: number;
}

export class Profiles {
  readonly #store: MailStore;
  readonly #post: Post;
  readonly #book: Book;
  #own: Own = { version: 0, name: "", description: "", avatar: new Uint8Array(), avatarType: "" };

  constructor(store: MailStore, post: Post, book: Book) {
    this.#store = store;
    this.#post = post;
    this.#book = book;
    post.serve(Kind.PROFILE, {
      take: async (transaction, peer, { body }) => this.#take(transaction, String(peer), body),
      settled: async (transaction, peer, id, reason) => this.#settled(transaction, String(peer), hex(id), reason),
    });
  }

  /** @param name - what this peer calls itself; where that is another than before, friends are told */
  async start(name: string): Promise<void> {
    const row = await this.#store.get("choices", [OWN]);
    if (row !== undefined) this.#own = row.value as Own; // only `set` puts it there
    if (this.#own.name !== name) await this.set({ name });
  }

  get own(): ProfileBody {
    return this.#own;
  }

  /**
   * Change what is given, and tell every friend. An empty avatar is none.
   * @throws WherryError AVATAR_REFUSED if it is no picture that others take.
   * @throws WherryError LIMIT_EXCEEDED if the name or the description is too long, or the name is empty.
   */
  async set(change: { readonly name?: string; readonly description?: string; readonly avatar?: Bytes }): Promise<void> {
    const before = this.#own;
    const name = oneLine(change.name ?? before.name);
    const description = paragraph(change.description ?? before.description);
    const avatar = change.avatar ?? before.avatar;
    const avatarType = avatar.length === 0 ? "" : imageType(avatar);
    if (avatarType === null) throw new WherryError("AVATAR_REFUSED");
    const length = Array.from(name).length;
    if (length === 0 || length > NAME_LENGTH) {
      throw new WherryError("LIMIT_EXCEEDED", `a name has 1 to ${NAME_LENGTH} characters`, { hint: "Choose another." });
    }
    if (Array.from(description).length > DESCRIPTION_LENGTH) {
      throw new WherryError("LIMIT_EXCEEDED", `a description has at most ${DESCRIPTION_LENGTH} characters`, {
        hint: "Say less.",
      });
    }
    await this.#store.write(async (transaction) => {
      const own = { version: before.version + 1, name, description, avatar, avatarType };
      transaction.put("choices", { name: OWN, value: own });
      this.#own = own;
      transaction.undone(() => {
        this.#own = before;
      });
      for (const row of this.#book.all) this.#book.put(transaction, await this.told(transaction, row));
    });
  }

  /** Send ours to a friend that does not have it, if none is under way; returns what is to be kept of the friend. */
  async told(transaction: Transaction, row: FriendRow): Promise<FriendRow> {
    const { version, ...profile } = this.#own;
    if (row.state !== "friends" || row.profileItem !== null || row.profileTold >= version) return row;
    const body = encodeProfile(profile);
    const id = await this.#post.send(transaction, PeerId.parse(row.peer), { kind: Kind.PROFILE, body });
    return { ...row, profileItem: hex(id), profileSent: version };
  }

  async #take(transaction: Transaction, peer: string, body: Bytes): Promise<void> {
    const row = await this.#book.read(transaction, peer);
    const { name, description, avatar, avatarType } = decodeProfile(body);
    this.#book.put(transaction, { ...row, name: name === "" ? row.name : name, description, avatar, avatarType });
  }

  async #settled(transaction: Transaction, peer: string, id: string, reason: number | null): Promise<void> {
    const row = await this.#book.read(transaction, peer);
    if (row.profileItem !== id) return;
    const profileTold = reason === Reason.EXPIRED ? row.profileTold : row.profileSent;
    this.#book.put(transaction, await this.told(transaction, { ...row, profileItem: null, profileTold }));
  }
}

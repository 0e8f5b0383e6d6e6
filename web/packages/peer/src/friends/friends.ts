/** Friends as the page has them: the book, what they say of themselves, and what is counted for each, in one list. */

import { Address, InviteLink, parseWho, peerOf } from "../address.ts";
import { type Bytes, utf8 } from "../bytes.ts";
import { WherryError } from "../errors.ts";
import type { ChatView } from "../messages/chats.ts";
import { reasonWord } from "../messages/failures.ts";
import { AVATAR_BYTES, HELLO_BYTES, NAME_LENGTH } from "../messages/limits.ts";
import { PeerId } from "../peer-id.ts";
import { safetyNumber } from "../safety.ts";
import type { MailStore } from "../store/transaction.ts";
import type { Friend, Friends, LabelledAddress, Presence, Profile } from "../types.ts";
import type { Addresses } from "./addresses.ts";
import { REASON_LENGTH, oneLine, paragraph } from "./bodies.ts";
import type { Book } from "./book.ts";
import type { Friendships } from "./friendships.ts";
import type { Presences } from "./presences.ts";
import type { Profiles } from "./profiles.ts";
import type { FriendRow } from "./row.ts";

export interface FriendListOptions {
  readonly own: PeerId;
  readonly store: MailStore;
  readonly book: Book;
  readonly friendships: Friendships;
  readonly profiles: Profiles;
  readonly presences: Presences;
  readonly addresses: Addresses;
  readonly chatOf: (peer: string) => ChatView;
  readonly seenOf: (peer: string) => number | null;
  /** A link named ways in to somebody. */
  readonly onInvited: (link: InviteLink) => void;
  /** What this peer calls itself has changed. */
  readonly onName: (name: string) => Promise<void>;
  /** The own profile has changed. */
  readonly onProfile: () => void;
}

export class FriendList implements Friends {
  readonly #options: FriendListOptions;

  constructor(options: FriendListOptions) {
    this.#options = options;
  }

  /** Everybody, the latest change first. */
  get all(): readonly Friend[] {
    const rows = this.#options.book.all.filter(({ state }) => state !== "stranger");
    return rows.toSorted((a, b) => b.since - a.since).map((row) => this.#view(row));
  }

  async list(): Promise<readonly Friend[]> {
    return this.all;
  }

  async add(text: string, hello = ""): Promise<string> {
    const { own, book, friendships, onInvited } = this.#options;
    const who = parseWho(text);
    const peer = peerOf(who);
    if (peer.equals(own)) throw new WherryError("INVALID_ADDRESS", "that is your own", { hint: "Use another's." });
    const said = paragraph(hello);
    if (utf8(said).length > HELLO_BYTES) {
      throw new WherryError("LIMIT_EXCEEDED", `the hello has more than ${HELLO_BYTES} bytes`, { hint: "Say less." });
    }
    if (who instanceof InviteLink) onInvited(who);
    const address = who instanceof InviteLink ? who.address : who instanceof Address ? who : null;
    const vias = who instanceof InviteLink ? who.vias.map(String) : book.get(String(peer)).vias;
    await friendships.ask(String(peer), { hello: said, nospam: address?.nospam ?? null, vias });
    return String(peer);
  }

  async accept(peer: string): Promise<void> {
    await this.#options.friendships.step(peer, "accept");
  }

  async decline(peer: string, reason = ""): Promise<void> {
    const answer = Array.from(oneLine(reason)).slice(0, REASON_LENGTH).join("");
    await this.#options.friendships.step(peer, "decline", { answer });
  }

  async withdraw(peer: string): Promise<void> {
    await this.#options.friendships.step(peer, "withdraw");
  }

  async remove(peer: string): Promise<void> {
    await this.#options.friendships.step(peer, "remove");
  }

  async block(peer: string): Promise<void> {
    if (peer === String(this.#options.own)) throw new WherryError("INVALID_PEER_ID", "that is you");
    if (this.#options.book.stateOf(peer) !== "blocked") await this.#options.friendships.step(peer, "block");
  }

  async unblock(peer: string): Promise<void> {
    if (this.#options.book.stateOf(peer) === "blocked") await this.#options.friendships.step(peer, "unblock");
  }

  async label(peer: string, text: string): Promise<void> {
    const label = Array.from(oneLine(text)).slice(0, NAME_LENGTH).join("");
    await this.#change(peer, { label });
  }

  async profile(): Promise<Profile> {
    return this.ownProfile;
  }

  get ownProfile(): Profile {
    const { profiles, presences } = this.#options;
    const { name, description, avatar, avatarType } = profiles.own;
    return { name, description, avatar: dataUrl(avatar, avatarType), presence: presences.chosen };
  }

  async setProfile({ name, description, avatar }: Partial<Omit<Profile, "presence">>): Promise<void> {
    const { profiles, onName, onProfile } = this.#options;
    await profiles.set({
      ...(name === undefined ? {} : { name }),
      ...(description === undefined ? {} : { description }),
      ...(avatar === undefined ? {} : { avatar: avatar === null ? new Uint8Array() : bytesOfUrl(avatar) }),
    });
    if (name !== undefined) await onName(profiles.own.name);
    onProfile();
  }

  async setPresence(presence: Presence): Promise<void> {
    await this.#options.presences.choose(presence);
    this.#options.onProfile();
  }

  async safetyNumber(peer: string): Promise<string> {
    return safetyNumber(this.#options.own, PeerId.parse(peer));
  }

  async compared(peer: string, same: boolean): Promise<void> {
    await this.#change(peer, { compared: same ? Date.now() : null });
  }

  async addresses(): Promise<readonly LabelledAddress[]> {
    return this.#options.addresses.all;
  }

  async newAddress(label: string): Promise<LabelledAddress> {
    return this.#options.addresses.add(label);
  }

  async rotateAddress(label: string): Promise<LabelledAddress> {
    return this.#options.addresses.rotate(label);
  }

  async #change(peer: string, change: Partial<FriendRow>): Promise<void> {
    PeerId.parse(peer);
    const { store, book } = this.#options;
    await store.write(async (transaction) => {
      book.put(transaction, { ...(await book.read(transaction, peer)), ...change });
    });
  }

  #view(row: FriendRow): Friend {
    const { peer, state, since, name, label, description, hello, compared, reason } = row;
    const { chatOf, seenOf, presences } = this.#options;
    return {
      peer,
      peers: [peer],
      name: name === "" ? null : name,
      label: label === "" ? null : label,
      description: description === "" ? null : description,
      avatar: dataUrl(row.avatar, row.avatarType),
      state,
      since,
      reason: reason === null || reason === 0 ? null : reasonWord(reason),
      hello: hello === "" ? null : hello,
      presence: state === "friends" ? presences.of(peer) : "offline",
      seen: seenOf(peer),
      compared,
      ...chatOf(peer),
    };
  }
}

/** URLs that were made: the list is made anew with each change of it. */
const urls = new WeakMap<Bytes, string>();

/** A picture whose type was read from its head, as a URL that may stand in a page. */
function dataUrl(data: Bytes, type: string): string | null {
  if (data.length === 0) return null;
  const letters = (): string => Array.from(data, (byte) => String.fromCharCode(byte)).join("");
  const url = urls.get(data) ?? `data:${type};base64,${btoa(letters())}`;
  urls.set(data, url);
  return url;
}

function bytesOfUrl(url: string): Bytes {
  const base64 = /^data:image\/[a-z]+;base64,([A-Za-z0-9+/]+={0,2})$/.exec(url)?.[1];
  if (base64 === undefined || base64.length > 2 * AVATAR_BYTES) throw new WherryError("AVATAR_REFUSED");
  return Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
}

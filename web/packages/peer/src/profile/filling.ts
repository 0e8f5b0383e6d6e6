/** Entries of a profile's file into a tab's tables, where each belongs. */

import { type Bytes, hex, inHex } from "../bytes.ts";
import { WherryError } from "../errors.ts";
import { decodeProfile, encodeProfile } from "../friends/bodies.ts";
import { type FriendRow, stranger } from "../friends/row.ts";
import type { Kept } from "../keystore.ts";
import { reasonWord } from "../messages/failures.ts";
import * as history from "../messages/history.ts";
import { LIFETIME_S, MESSAGE_BYTES } from "../messages/limits.ts";
import type { MessageRow } from "../messages/row.ts";
import { LATEST_MS, sizeOf } from "../messages/texts.ts";
import { PeerId } from "../peer-id.ts";
import type { MailStore, Transaction } from "../store/transaction.ts";
import type { Entry, Holds } from "./entries.ts";

type Met = Kept["met"][number];

export class Filling {
  readonly #store: MailStore;
  readonly #own: string;
  readonly #met = new Map<string, Met>();
  readonly #names = new Map<string, string>();
  /** Peers by their keys: each is in many messages. */
  readonly #peers = new Map<string, string>();
  /** Peer, writer and id of each message: one that is in the file twice is kept once. */
  readonly #messages = new Set<string>();
  /** The word in the address without a label, which rests with the key. */
  nospam: Bytes | null = null;

  /** @param own - whose profile it is */
  constructor(store: MailStore, own: string) {
    this.#store = store;
    this.#own = own;
  }

  get met(): readonly Met[] {
    return [...this.#met.values()];
  }

  /**
   * Keep some more of them, in one transaction.
   * @throws WherryError MALFORMED or INVALID_PEER_ID if one makes no sense, and what the store throws.
   */
  async take(entries: readonly Entry[]): Promise<void> {
    await this.#store.write(async (transaction) => {
      for (const entry of entries) await this.#take(transaction, entry);
    });
  }

  async #take(transaction: Transaction, entry: Entry): Promise<void> {
    switch (entry.is) {
      case "address":
        if (entry.label === "") this.nospam = entry.nospam;
        else transaction.put("nospams", { label: entry.label, nospam: entry.nospam });
        break;
      case "peer":
        await this.#takePeer(transaction, entry);
        break;
      case "friend":
        await this.#takeFriend(transaction, entry);
        break;
      case "profile":
        await this.#takeProfile(transaction, entry);
        break;
      case "choice": // others are a node's own
        if (entry.name === "presence") transaction.put("choices", { name: entry.name, value: entry.value });
        break;
      case "message":
        await this.#takeMessage(transaction, entry);
        break;
      case "owner":
    }
  }

  async #takePeer(transaction: Transaction, { key, claimed, label, seen }: Holds<"peer">): Promise<void> {
    const peer = this.#peerOf(key);
    this.#names.set(peer, claimed);
    if (seen !== null) this.#met.set(peer, { peer, name: claimed === "" ? null : claimed, seen: milliseconds(seen) });
    const row = await transaction.get("friends", [peer]);
    if (label === "" && row === undefined) return;
    transaction.put("friends", { ...(row ?? stranger(peer)), label, name: row?.name || claimed });
  }

  async #takeFriend(transaction: Transaction, entry: Holds<"friend">): Promise<void> {
    const peer = this.#peerOf(entry.key);
    const { state, hello, answer, nospam, reason, compared } = entry;
    const row = (await transaction.get("friends", [peer])) ?? { ...stranger(peer), name: this.#names.get(peer) ?? "" };
    const wordOf = (word: Holds<"friend">["ours"]): FriendRow["ours"] =>
      word === null ? null : { id: hex(word.id), answers: inHex(word.answers) };
    const said = entry.said === null ? null : { ...entry.said, id: hex(entry.said.id), about: inHex(entry.said.about) };
    transaction.put("friends", {
      ...row,
      state,
      hello,
      answer,
      nospam,
      reason,
      said,
      ours: wordOf(entry.ours),
      theirs: wordOf(entry.theirs),
      since: milliseconds(entry.since),
      compared: compared === 0 ? null : milliseconds(compared),
    });
  }

  async #takeProfile(transaction: Transaction, { key, ...entry }: Holds<"profile">): Promise<void> {
    const { name, description, avatar, avatarType } = entry;
    const profile = decodeProfile(encodeProfile({ name, description, avatar, avatarType })); // as strictly as from a peer
    const peer = this.#peerOf(key);
    if (peer === this.#own) {
      transaction.put("choices", { name: "profile", value: { version: 1, ...profile } });
      return;
    }
    const row = await transaction.get("friends", [peer]);
    if (row !== undefined) transaction.put("friends", { ...row, ...profile });
  }

  async #takeMessage(transaction: Transaction, entry: Holds<"message">): Promise<void> {
    const { text, ours, state, reason } = entry;
    const data = text === null ? (entry.data ?? new Uint8Array()) : null;
    if (sizeOf(data ?? text ?? "") > MESSAGE_BYTES) throw new WherryError("MALFORMED", "a message that is too large");
    const peer = this.#peerOf(entry.key);
    const [own, id] = [ours ? 1 : 0, hex(entry.id)] as const;
    const name = `${peer} ${own} ${id}`;
    if (this.#messages.has(name)) return;
    this.#messages.add(name);
    const sent = Math.min(entry.sent, LATEST_MS);
    const row: MessageRow = {
      peer,
      number: this.#messages.size,
      id,
      own,
      text: text ?? "",
      data,
      replyTo: inHex(entry.replyTo),
      at: Math.min(entry.kept, LATEST_MS),
      sent,
      state: state === "held" ? "queued" : state, // the copy asks no mailbox about it
      places: 0,
      until: ours ? sent + LIFETIME_S * 1000 : null,
      reason: state === "failed" && reason !== null ? reasonWord(reason) : null,
      ...(!ours && state === "delivered" ? { unread: 1 as const } : {}),
    };
    await history.add(transaction, row);
  }

  #peerOf(key: Bytes): string {
    const name = hex(key);
    const peer = this.#peers.get(name) ?? String(new PeerId(key));
    this.#peers.set(name, peer);
    return peer;
  }
}

/** Milliseconds since 1970, of seconds, and not beyond what a browser's calendar has. */
function milliseconds(seconds: number): number {
  return Math.min(Math.round(seconds * 1000), LATEST_MS);
}

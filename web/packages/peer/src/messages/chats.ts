/** Messages as people know them: written, delivered, read; kept in a history, in one transaction with what is said. */

import { type Bytes, type Random, hex, unhex } from "../bytes.ts";
import { WherryError } from "../errors.ts";
import { PeerId } from "../peer-id.ts";
import type { MailStore, Transaction } from "../store/transaction.ts";
import type { FriendshipState, Message, Messages, Page, PeerEvent } from "../types.ts";
import { reasonWord } from "./failures.ts";
import * as history from "./history.ts";
import { LIFETIME_S, MESSAGE_BYTES, OPENED_S, READ_AT_ONCE } from "./limits.ts";
import { type Item, Kind } from "./packets.ts";
import type { Post } from "./post.ts";
import type { ChatRow, MessageRow } from "./row.ts";
import { decodeContent, decodeRead, decodeTyping, encodeContent, encodeRead, encodeTyping, sizeOf } from "./texts.ts";

/** Messages of one page, where nothing else is said. */
const PAGE = 50;
/** Messages that a search finds. */
const FOUND = 100;

export interface ChatsOptions {
  readonly own: PeerId;
  readonly store: MailStore;
  readonly post: Post;
  readonly random: Random;
  readonly stateOf: (peer: string) => FriendshipState;
  /** Seconds since 1970 by network time. */
  readonly now: () => number;
  readonly onEvent: (event: PeerEvent) => void;
  /** What is counted for somebody has changed. */
  readonly onCount: () => void;
}

/** What the list of friends shows of a chat. */
export interface ChatView {
  readonly unread: number;
  readonly waiting: number;
  readonly places: number | null;
  readonly last: Message | null;
}

const NO_CHAT: ChatView = { unread: 0, waiting: 0, places: null, last: null };

export class Chats implements Messages {
  readonly #options: ChatsOptions;
  readonly #views = new Map<string, ChatView>();
  #number = 0;

  constructor(options: ChatsOptions) {
    this.#options = options;
    const { post } = options;
    for (const kind of [Kind.TEXT, Kind.BYTES]) {
      post.serve(kind, {
        take: async (transaction, peer, item) => this.#take(transaction, String(peer), item),
        settled: async (transaction, peer, id, reason) => this.#settled(transaction, String(peer), id, reason),
        held: async (transaction, peer, id, places) =>
          this.#moved(transaction, String(peer), hex(id), { state: "held", places }),
      });
    }
    post.remember(async (transaction, peer, id) => history.cameBefore(transaction, String(peer), hex(id)));
    post.serve(Kind.READ, { take: async (transaction, peer, item) => this.#wasRead(transaction, String(peer), item) });
    post.serve(Kind.TYPING, {
      take: async (transaction, peer, { body }) => {
        const typing = decodeTyping(body);
        transaction.after(() => options.onEvent({ type: "typing", peer: String(peer), typing }));
      },
    });
  }

  async start(): Promise<void> {
    const { store, now } = this.#options;
    await store.write(async (transaction) => history.forgetDeleted(transaction, now() - OPENED_S));
    this.#number = await history.lastNumber(store);
    for (const chat of await store.list("chats")) await this.#see(chat, store);
  }

  viewOf(peer: string): ChatView {
    return this.#views.get(peer) ?? NO_CHAT;
  }

  // -- Messages -------------------------------------------------------------------------------------------------------

  async send(peer: string, content: string | Uint8Array, replyTo: string | null = null): Promise<Message> {
    return this.#options.store.write(async (transaction) => this.#send(transaction, peer, content, replyTo));
  }

  async retry(peer: string, id: string): Promise<Message> {
    return this.#options.store.write(async (transaction) => {
      const row = await this.#own(transaction, peer, id);
      if (row.state !== "failed") throw new WherryError("UNKNOWN_MESSAGE", "it has not failed");
      await this.#delete(transaction, row);
      return this.#send(transaction, peer, row.data ?? row.text, row.replyTo);
    });
  }

  async delete(peer: string, id: string): Promise<void> {
    const { store, post } = this.#options;
    await store.write(async (transaction) => {
      const row = (await history.find(transaction, peer, 1, id)) ?? (await history.find(transaction, peer, 0, id));
      if (row === undefined) throw new WherryError("UNKNOWN_MESSAGE", "", { peer });
      await this.#delete(transaction, row);
      if (history.isOpen(row)) await post.withdraw(transaction, PeerId.parse(peer), unhex(id));
    });
  }

  async history(peer: string, before: string | null = null, limit = PAGE): Promise<Page> {
    const { store } = this.#options;
    const places = before === null ? [] : [await store.get("ids", [peer, 0, before]), await store.get("ids", [peer, 1, before])];
    const place = places.find((one) => one !== undefined);
    if (before !== null && place === undefined) throw new WherryError("UNKNOWN_MESSAGE", "", { peer });
    const { rows, older } = await history.before(store, peer, place?.number ?? null, limit);
    return { messages: rows.map((row) => this.#view(row)), older };
  }

  async search(text: string, limit = FOUND): Promise<readonly Message[]> {
    return (await history.search(this.#options.store, text, limit)).map((row) => this.#view(row));
  }

  async markRead(peer: string): Promise<void> {
    const { store, post, stateOf } = this.#options;
    await store.write(async (transaction) => {
      const rows = await history.look(transaction, peer);
      if (rows.length === 0) return;
      const ids = rows.map(({ id }) => id);
      for (let at = 0; at < ids.length && stateOf(peer) === "friends"; at += READ_AT_ONCE) {
        const body = encodeRead(ids.slice(at, at + READ_AT_ONCE));
        await post.send(transaction, PeerId.parse(peer), { kind: Kind.READ, body });
      }
      await this.#changed(transaction, peer, rows.slice(-PAGE));
    });
  }

  async typing(peer: string, typing: boolean): Promise<void> {
    const { post, stateOf } = this.#options;
    if (stateOf(peer) === "friends") post.whisper(PeerId.parse(peer), Kind.TYPING, encodeTyping(typing));
  }

  // -- ours -----------------------------------------------------------------------------------------------------------

  async #send(
    transaction: Transaction,
    peer: string,
    content: string | Uint8Array,
    replyTo: string | null,
  ): Promise<Message> {
    const { post, random, stateOf, now } = this.#options;
    const to = PeerId.parse(peer);
    const state = stateOf(peer);
    if (state !== "friends") throw new WherryError(state === "blocked" ? "PEER_BLOCKED" : "NOT_FRIENDS", "", { peer });
    if (sizeOf(content) > MESSAGE_BYTES) throw new WherryError("MESSAGE_TOO_LARGE", `${sizeOf(content)} bytes`);
    const sent = Math.floor(now() * 1000);
    const [text, data] = typeof content === "string" ? [content, null] : ["", new Uint8Array(content)];
    const id = random(16);
    await post.send(transaction, to, { id, ...encodeContent({ sent, replyTo, text, data }) });
    const row: MessageRow = {
      peer,
      number: ++this.#number,
      id: hex(id),
      own: 1,
      text,
      data,
      replyTo,
      at: Date.now(),
      sent,
      state: "queued",
      places: 0,
      until: sent + LIFETIME_S * 1000,
      reason: null,
    };
    await history.add(transaction, row);
    await this.#changed(transaction, peer, [row]);
    return this.#view(row);
  }

  async #delete(transaction: Transaction, row: MessageRow): Promise<void> {
    const { peer, id } = row;
    await history.remove(transaction, row);
    if (row.own === 0) transaction.put("deleted", { peer, id, at: this.#options.now() });
    await this.#changed(transaction, peer, []);
    transaction.after(() => this.#options.onEvent({ type: "deleted", peer, id }));
  }

  async #settled(transaction: Transaction, peer: string, id: Bytes, reason: number | null): Promise<void> {
    const why = reason === null ? null : reasonWord(reason);
    await this.#moved(transaction, peer, hex(id), { state: why === null ? "delivered" : "failed", reason: why });
  }

  async #moved(
    transaction: Transaction,
    peer: string,
    id: string,
    change: Parameters<typeof history.move>[2],
  ): Promise<void> {
    const row = await history.find(transaction, peer, 1, id);
    const moved = row === undefined ? null : await history.move(transaction, row, change);
    if (moved !== null) await this.#changed(transaction, peer, [moved]);
  }

  async #wasRead(transaction: Transaction, peer: string, { body }: Item): Promise<void> {
    for (const id of decodeRead(body)) await this.#moved(transaction, peer, id, { state: "read" });
  }

  async #own(transaction: Transaction, peer: string, id: string): Promise<MessageRow> {
    const row = await history.find(transaction, peer, 1, id);
    if (row === undefined) throw new WherryError("UNKNOWN_MESSAGE", "", { peer });
    return row;
  }

  // -- theirs ---------------------------------------------------------------------------------------------------------

  async #take(transaction: Transaction, peer: string, { kind, id, body }: Item): Promise<void> {
    const content = decodeContent(kind, body);
    if (await history.cameBefore(transaction, peer, hex(id))) return; // said again by somebody whose memory is an old copy
    const row: MessageRow = {
      peer,
      number: ++this.#number,
      id: hex(id),
      own: 0,
      ...content,
      at: Date.now(),
      state: "delivered",
      places: 0,
      until: null,
      reason: null,
      unread: 1,
    };
    await history.add(transaction, row);
    await this.#changed(transaction, peer, [row]);
  }

  // -- telling --------------------------------------------------------------------------------------------------------

  async #changed(transaction: Transaction, peer: string, rows: readonly MessageRow[]): Promise<void> {
    const chat = await history.chatOf(transaction, peer);
    const { onEvent, onCount } = this.#options;
    const last = await transaction.get("messages", [peer, chat.last]);
    transaction.after(() => {
      this.#keepView(chat, last, rows);
      for (const row of rows) onEvent({ type: "message", peer, message: this.#view(row) });
      onCount();
    });
  }

  async #see(chat: ChatRow, reading: MailStore): Promise<void> {
    this.#keepView(chat, await reading.get("messages", [chat.peer, chat.last]), []);
  }

  #keepView({ peer, unread, waiting }: ChatRow, last: MessageRow | undefined, rows: readonly MessageRow[]): void {
    const told = rows.findLast((row) => row.state === "held")?.places;
    const places = waiting === 0 ? null : (told ?? (last?.state === "held" ? last.places : this.viewOf(peer).places));
    this.#views.set(peer, { unread, waiting, places, last: last === undefined ? null : this.#view(last) });
  }

  #view(row: MessageRow): Message {
    const { peer, id, at, sent, text, data, replyTo, state, places, until, reason } = row;
    const own = String(this.#options.own);
    const [from, to] = row.own === 1 ? [own, peer] : [peer, own];
    return { id, from, to, at, sent, text, data, replyTo, state, places, until, reason };
  }
}

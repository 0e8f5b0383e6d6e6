/**
 * Invitations: a question with data and its answer, the remote procedure call that later features are made of. Both go by
 * the post, so neither needs a connection; between friends they wait in mailboxes, until they expire.
 *
 * An invitation outlives a reload at the recipient, who keeps it until it is answered, and hands it to the handler again
 * if the page went meanwhile. The caller's wait ends with its page: the reply is then for nothing and is dropped.
 */

import type { InvitationHandler, InvitationPolicy, InvitationReply } from "../asking.ts";
import { hex, unhex } from "../bytes.ts";
import { WherryError } from "../errors.ts";
import { failureOf } from "../messages/failures.ts";
import { Void } from "../messages/handlers.ts";
import { LIFETIME_S } from "../messages/limits.ts";
import { type Item, Kind, Reason } from "../messages/packets.ts";
import type { Post } from "../messages/post.ts";
import { PeerId } from "../peer-id.ts";
import type { InvitationRow } from "../store/tables.ts";
import type { MailStore, Transaction } from "../store/transaction.ts";
import { Bell, Once, unless, within } from "../tasks.ts";
import {
  InvitationStatus,
  type Reply,
  checkName,
  decodeInvite,
  decodeReply,
  encodeInvite,
  encodeReply,
} from "./replies.ts";

/** Milliseconds that a reply is waited for where the caller does not say how long. */
const REPLY_MS = 30_000;
/** Seconds that either is kept beyond that: expiry is in whole seconds, and two clocks may differ by some. */
const LATE_S = 5;
/** Milliseconds after the start in which an invitation waits for somebody who will serve its name. */
const SETTLING_MS = 10_000;
/** Milliseconds that a timer counts at most. */
const LONGEST_MS = 2 ** 31 - 1;
/** Invitations of ours that wait for a reply, of one peer and of all that are not answered. */
const PENDING = 1024;
const PER_PEER = 32;
const IN_ALL = 512;

interface Pending {
  readonly peer: PeerId;
  readonly reply: Once<Reply>;
  delivered: boolean;
}

interface Serving {
  readonly handler: InvitationHandler;
  readonly policy: InvitationPolicy;
}

export interface InvitationsOptions {
  readonly own: PeerId;
  readonly store: MailStore;
  readonly post: Post;
  readonly isFriend: (peer: string) => boolean;
  /** Seconds since 1970 by network time. */
  readonly now: () => number;
}

export class Invitations {
  readonly #options: InvitationsOptions;
  readonly #handlers = new Map<string, Serving>();
  readonly #pending = new Map<string, Pending>();
  readonly #registered = new Bell();
  /** Those that are being answered. */
  readonly #answering = new Set<AbortController>();
  #settledAt = Number.POSITIVE_INFINITY;
  #open = false;

  constructor(options: InvitationsOptions) {
    this.#options = options;
    options.post.serve(Kind.INVITE, {
      take: async (transaction, peer, item) => this.#take(transaction, String(peer), item),
      settled: async (transaction, _peer, id, reason) => transaction.after(() => this.#hear(hex(id), reason)),
    });
    options.post.serve(Kind.INVITE_REPLY, {
      take: async (transaction, peer, { body }) => {
        const { invitation, reply } = decodeReply(body);
        transaction.after(() => this.#answered(hex(invitation), peer, reply));
      },
    });
  }

  async start(): Promise<void> {
    this.#open = true;
    this.#settledAt = performance.now() + SETTLING_MS;
    for (const row of await this.#options.store.list("invitations")) void this.#answer(row);
  }

  close(): void {
    this.#open = false;
    for (const { reply } of this.#pending.values()) reply.reject(new WherryError("CLOSED", "the page"));
    for (const answering of this.#answering) answering.abort();
    this.#registered.ring();
  }

  /**
   * Ask a peer, and wait for its answer, whatever it is. Aborted, it is taken back where it has not arrived yet.
   * @throws WherryError MESSAGE_EXPIRED if it did not reach the peer in time, RECEIVE_TIMEOUT if it did and no answer came.
   * @throws WherryError REFUSED_BY_PEER, UNSUPPORTED or PEER_FULL as the peer says; CLOSED if it was aborted.
   */
  async invite(
    peer: string,
    name: string,
    data: Uint8Array = new Uint8Array(),
    timeoutMs = REPLY_MS,
    signal?: AbortSignal,
  ): Promise<InvitationReply> {
    const { own, store, post } = this.#options;
    const to = PeerId.parse(peer);
    if (to.equals(own)) throw new WherryError("INVALID_PEER_ID", "that is you");
    if (this.#pending.size >= PENDING) throw new WherryError("OUTBOX_FULL", `${PENDING} invitations wait for a reply`);
    const pending: Pending = { peer: to, reply: new Once<Reply>(), delivered: false };
    const id = await store.write(async (transaction) => {
      const lifetimeS = Math.ceil(timeoutMs / 1000) + LATE_S;
      const sent = await post.send(transaction, to, { kind: Kind.INVITE, body: encodeInvite(name, data), lifetimeS });
      this.#pending.set(hex(sent), pending);
      return sent;
    });
    try {
      const answered = within(timeoutMs, pending.reply.promise, "RECEIVE_TIMEOUT", `${name} was not answered`);
      const reply = await unless(signal, answered);
      return { peer, ...reply };
    } catch (error) {
      if (pending.delivered || !WherryError.is(error, "RECEIVE_TIMEOUT")) throw error;
      throw new WherryError("MESSAGE_EXPIRED", `${name} did not arrive`, { peer });
    } finally {
      this.#pending.delete(hex(id));
      if (!pending.delivered && this.#open) await store.write(async (part) => post.withdraw(part, to, id));
    }
  }

  /** Answer invitations of a name, of friends if nothing else is said; returns how to stop that. */
  handle(name: string, handler: InvitationHandler, policy: InvitationPolicy = "friends"): () => void {
    checkName(name);
    if (this.#handlers.has(name)) throw new RangeError(`${name} is served already`);
    this.#handlers.set(name, { handler, policy });
    this.#registered.ring();
    return () => this.#handlers.delete(name);
  }

  /** Who may ask what is the handler's to say; answers come from whoever was asked, and from friends. */
  admits(peer: string, { kind, body }: Item): boolean {
    if (kind === Kind.INVITE) return this.#allows(peer, this.#handlers.get(decodeInvite(body).name)?.policy ?? "friends");
    const pending = this.#pending.get(hex(decodeReply(body).invitation));
    return String(pending?.peer) === peer || this.#options.isFriend(peer);
  }

  #allows(peer: string, policy: InvitationPolicy): boolean {
    if (policy === "friends") return this.#options.isFriend(peer);
    return policy === "anyone" || policy.has(peer);
  }

  // -- theirs ---------------------------------------------------------------------------------------------------------

  async #take(transaction: Transaction, peer: string, { id, body, expires }: Item): Promise<void> {
    const invite = decodeInvite(body);
    const rows = await transaction.list("invitations");
    if (rows.length >= IN_ALL || rows.filter((row) => row.peer === peer).length >= PER_PEER) throw new Void(Reason.FULL);
    const most = Math.floor(this.#options.now()) + LIFETIME_S; // theirs is whatever they say
    const row: InvitationRow = { peer, id: hex(id), ...invite, expires: Math.min(expires, most) };
    transaction.put("invitations", row);
    transaction.after(() => void this.#answer(row));
  }

  /** What cannot be answered now is handed on again at the next start. */
  async #answer(row: InvitationRow): Promise<void> {
    try {
      const reply = await this.#inTime(row);
      if (this.#open) await this.#send(row, reply);
    } catch (error) {
      if (!WherryError.is(error)) throw error;
    }
  }

  /** What is answered before it expires; null: nothing. */
  async #inTime(row: InvitationRow): Promise<Reply | null> {
    const answering = new AbortController();
    this.#answering.add(answering);
    const leftMs = Math.min(LONGEST_MS, Math.max(0, (row.expires - this.#options.now()) * 1000));
    try {
      return await unless(answering.signal, within(leftMs, this.#replyTo(row, answering.signal), "MESSAGE_EXPIRED"));
    } catch (error) {
      if (!WherryError.is(error, "MESSAGE_EXPIRED")) throw error;
      answering.abort();
      return null;
    } finally {
      this.#answering.delete(answering);
    }
  }

  /** Send what was answered; where it has expired nobody waits for it. */
  async #send(row: InvitationRow, reply: Reply | null): Promise<void> {
    const { store, post, now } = this.#options;
    await store.write(async (transaction) => {
      transaction.remove("invitations", [row.peer, row.id]);
      if (reply === null) return;
      const body = encodeReply(unhex(row.id), reply);
      const lifetimeS = Math.max(0, row.expires - now()) + LATE_S;
      await post.send(transaction, PeerId.parse(row.peer), { kind: Kind.INVITE_REPLY, body, lifetimeS });
    });
  }

  async #replyTo({ peer, id, name, data, expires }: InvitationRow, signal: AbortSignal): Promise<Reply> {
    const said = (status: number, reason = ""): Reply => ({ status, reason, data: new Uint8Array() });
    const serving = await this.#serving(name);
    if (serving === null) return said(InvitationStatus.UNSUPPORTED, `nobody answers to ${name} here`);
    if (!this.#allows(peer, serving.policy)) return said(InvitationStatus.DECLINED);
    try {
      const answer = await serving.handler({ peer, id, name, data, expires, signal });
      const { status = InvitationStatus.OK, reason = "" } = answer;
      const reply = { status, reason, data: new Uint8Array(answer.data ?? []) };
      encodeReply(new Uint8Array(16), reply); // what cannot be sent is the handler's failure
      return reply;
    } catch (error) {
      const { code, detail, kind } = WherryError.from(error); // the application's: the caller need not wait for its bug
      return code === "REQUEST_DECLINED" ? said(InvitationStatus.DECLINED, detail) : said(InvitationStatus.FAILED, kind.text);
    }
  }

  /** Who answers to a name; shortly after the start it is waited for. */
  async #serving(name: string): Promise<Serving | null> {
    while (!this.#handlers.has(name) && this.#open && performance.now() < this.#settledAt) {
      await this.#registered.wait(this.#settledAt - performance.now());
    }
    return this.#handlers.get(name) ?? null;
  }

  // -- ours -----------------------------------------------------------------------------------------------------------

  /** It has arrived, or never will. */
  #hear(id: string, reason: number | null): void {
    const pending = this.#pending.get(id);
    if (pending === undefined) return;
    pending.delivered = true; // or decided: there is nothing left to take back
    if (reason !== null) pending.reply.reject(failureOf(reason, String(pending.peer)));
  }

  /** The answer; a second one, and one for nothing, are dropped. */
  #answered(id: string, peer: PeerId, reply: Reply): void {
    const pending = this.#pending.get(id);
    if (pending === undefined || !pending.peer.equals(peer)) return;
    pending.delivered = true;
    pending.reply.resolve(reply);
  }
}

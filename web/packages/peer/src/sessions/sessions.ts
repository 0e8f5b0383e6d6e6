/**
 * Sessions: asked for by an invitation, opened over the one connection, ended as one.
 *
 *     who asks                            who is asked
 *     invitation, names of streams ─────>  handler: accept or decline
 *                                 <───── reply with a token
 *     dials, opens the streams and
 *     a control stream with the token ──>  claims them by their numbers
 *                                 <───── started
 *
 * The token is made by whoever is asked and sent in a sealed reply, so that nobody opens a session that was not accepted
 * for him. Nothing is left behind where it ends halfway: a declined, aborted or late request opens nothing, and streams
 * that no session claims are reset.
 */

import type { Invitation, InvitationAnswer, SessionHandler, SessionOptions, StreamSpec } from "../asking.ts";
import { type Random, hex } from "../bytes.ts";
import type { Connection } from "../connection/connection.ts";
import type { Rule } from "../connection/policy.ts";
import { Stream } from "../connection/stream.ts";
import { WherryError } from "../errors.ts";
import type { Invitations } from "../invitations/invitations.ts";
import { refusalOf } from "../invitations/refusals.ts";
import { InvitationStatus } from "../invitations/replies.ts";
import type { Network } from "../network.ts";
import { PeerId } from "../peer-id.ts";
import { Once, unless, within } from "../tasks.ts";
import { Claims } from "./claims.ts";
import { CLAIM_MS, OPENS_PER_MINUTE, OPEN_MS, PER_PEER, REQUEST_MS, TOKEN_BYTES } from "./limits.ts";
import { invitationName } from "./names.ts";
import { type InTime, openAll } from "./opening.ts";
import { Request } from "./request.ts";
import { type Flow, Session } from "./session.ts";
import {
  type Asked,
  CONTROL_STREAM,
  type Opening,
  SESSION_STREAM,
  STARTED,
  decodeAccept,
  decodeOpening,
  decodeRequest,
  encodeAccept,
  encodeRequest,
  openingSize,
} from "./wire.ts";

export interface SessionsOptions {
  readonly network: Network;
  readonly invitations: Invitations;
  /** The connection with a peer, dialled if there is none. */
  readonly connect: (peer: PeerId) => Promise<Connection>;
  readonly random: Random;
}

/** A session that we said yes to, until it is open. */
interface Accepted extends Asked {
  readonly peer: string;
  readonly name: string;
  readonly session: Once<Session>;
}

export class Sessions {
  readonly #options: SessionsOptions;
  /** By token, in hex. */
  readonly #accepted = new Map<string, Accepted>();
  readonly #claims = new Claims();
  readonly #open = new Set<Session>();
  #closed = false;

  constructor(options: SessionsOptions) {
    this.#options = options;
    // who may ask was settled by the invitation
    const rule: Rule = { allow: "anyone", opensPerMinute: OPENS_PER_MINUTE, bytesPerMinute: null };
    const flows = async (flow: Flow): Promise<void> => this.#claims.serve(flow);
    options.network.serve(CONTROL_STREAM, rule, async (control) => this.#serveControl(control));
    options.network.serve(SESSION_STREAM, rule, flows, flows);
  }

  /** Whether there is nothing: no session, none on its way, no stream of one. */
  get idle(): boolean {
    return this.#open.size + this.#accepted.size + this.#claims.size === 0;
  }

  /** End every session. */
  close(): void {
    this.#closed = true;
    const error = new WherryError("CLOSED", "the page");
    for (const { session } of this.#accepted.values()) session.reject(error);
    for (const session of this.#open) session.fail(error);
    this.#claims.close();
  }

  // -- who asks -------------------------------------------------------------------------------------------------------

  async request(
    peer: string,
    name: string,
    streams: readonly StreamSpec[],
    data: Uint8Array = new Uint8Array(),
    { timeoutMs = REQUEST_MS, signal }: SessionOptions = {},
  ): Promise<Session> {
    const { invitations, connect } = this.#options;
    const to = PeerId.parse(peer);
    const asked = encodeRequest(streams, data);
    if (this.#with(String(to)) >= PER_PEER) {
      throw new WherryError("LIMIT_EXCEEDED", `${PER_PEER} sessions with one peer`, { hint: "Close one.", peer });
    }
    const reply = await invitations.invite(String(to), invitationName(name), asked, timeoutMs, signal);
    if (reply.status !== InvitationStatus.OK) throw refusalOf(reply);
    const { token, data: said } = decodeAccept(reply.data);
    const until = performance.now() + OPEN_MS;
    const inTime: InTime = async (work) =>
      unless(signal, within(until - performance.now(), work, "DIAL_TIMEOUT", "the session was not open in time"));
    const opened = await openAll(await inTime(connect(to)), streams, token, inTime);
    return this.#begin(new Session({ peer: String(to), name, data: said, ...opened }));
  }

  #with(peer: string): number {
    return Array.from(this.#open).filter((session) => session.peer === peer).length;
  }

  #begin(session: Session): Session {
    this.#open.add(session);
    void session.watch().finally(() => this.#open.delete(session));
    if (this.#closed) session.fail(new WherryError("CLOSED", "the page"));
    return session;
  }

  // -- who is asked ---------------------------------------------------------------------------------------------------

  /** Have the handler answer; what it does with the session afterwards is its own time. */
  async answer(name: string, handler: SessionHandler, invitation: Invitation): Promise<InvitationAnswer> {
    const asked = decodeRequest(invitation.data);
    if (this.#with(invitation.peer) >= PER_PEER) return { status: InvitationStatus.FAILED, reason: "too many sessions" };
    const request = new Request(name, invitation, asked, async (accepted, data) => this.#accept(accepted, data));
    void this.#run(handler, request);
    return request.answer.promise;
  }

  /** One that is neither accepted nor declined has been declined; a session ends with its handler. */
  async #run(handler: SessionHandler, request: Request): Promise<void> {
    let failure: WherryError | null = null;
    try {
      await handler(request);
    } catch (error) {
      failure = WherryError.from(error); // the application's: it ends its session, and the caller need not wait for it
    }
    const isNo = failure === null || failure.code === "REQUEST_DECLINED";
    const status = isNo ? InvitationStatus.DECLINED : InvitationStatus.FAILED;
    if (!request.answer.done) request.answer.resolve({ status, reason: isNo ? (failure?.detail ?? "") : "" });
    const [opened] = await Promise.allSettled([request.accepted]);
    if (opened.status === "rejected") return; // whoever awaited `accept` was told
    if (failure === null) await opened.value?.close();
    else opened.value?.fail(failure);
  }

  async #accept(request: Request, data: Uint8Array): Promise<Session> {
    const { peer, name, streams } = request;
    const token = this.#options.random(TOKEN_BYTES);
    request.say({ data: encodeAccept(token, data) });
    const session = new Once<Session>();
    this.#accepted.set(hex(token), { peer, name, streams, data: new Uint8Array(request.data), session });
    try {
      return await within(OPEN_MS, session.promise, "DIAL_TIMEOUT", "the peer did not open the session");
    } catch (error) {
      session.reject(WherryError.from(error)); // what comes later finds it over
      throw error;
    } finally {
      this.#accepted.delete(hex(token));
    }
  }

  // -- streams that come ----------------------------------------------------------------------------------------------

  async #serveControl(control: Stream): Promise<void> {
    try {
      const until = performance.now() + CLAIM_MS;
      const opening = await within(CLAIM_MS, openingOf(control), "PROTOCOL_VIOLATION", "a session that does not open");
      this.#begin(await this.#openAccepted(control, opening, until));
    } catch (error) {
      if (!WherryError.is(error)) throw error;
      control.fail(error);
    }
    await control.ended();
  }

  /** The session that was accepted for this peer under this token, with all its streams. */
  async #openAccepted(control: Stream, { token, numbers }: Opening, until: number): Promise<Session> {
    const accepted = this.#accepted.get(hex(token));
    if (accepted === undefined || accepted.peer !== control.peer || accepted.session.done) {
      throw new WherryError("STREAM_REFUSED", "no session was accepted under this token");
    }
    const { peer, name, streams, data } = accepted;
    const named = new Map(numbers.map(({ name, number }) => [name, number]));
    if (named.size !== streams.length || new Set(named.values()).size < named.size) throw others();
    const flows = new Map<string, Flow>();
    const session = new Session({ peer, name, data, flows, control });
    try {
      for (const spec of streams) {
        const number = named.get(spec.name);
        if (number === undefined) throw others();
        const flow = await this.#claims.claim(peer, number, until, session.left);
        flows.set(spec.name, flow);
        if (flow instanceof Stream === spec.datagrams) throw new WherryError("MALFORMED", `${spec.name} is of the other kind`);
      }
      if (accepted.session.done) throw new WherryError("STREAM_REFUSED", "it came too late");
      await control.write(Uint8Array.of(STARTED));
    } catch (error) {
      session.fail(WherryError.from(error));
      throw error;
    }
    if (accepted.session.done) session.fail();
    else accepted.session.resolve(session);
    return session;
  }
}

/** The first words on a control stream. */
async function openingOf(control: Stream): Promise<Opening> {
  const head = await control.readExactly(2);
  const body = head === null ? null : await control.readExactly(openingSize(head));
  if (body === null) throw new WherryError("PROTOCOL_VIOLATION", "a session that does not open");
  return decodeOpening(body);
}

function others(): WherryError {
  return new WherryError("MALFORMED", "other streams than were asked for");
}

/** A request for a session, as its handler has it, until it is answered. */

import type { Invitation, InvitationAnswer, SessionRequest, StreamSpec } from "../asking.ts";
import { WherryError } from "../errors.ts";
import { InvitationStatus } from "../invitations/replies.ts";
import { Once } from "../tasks.ts";
import type { Session } from "./session.ts";
import type { Asked } from "./wire.ts";

export class Request implements SessionRequest {
  readonly peer: string;
  readonly name: string;
  readonly streams: readonly Required<StreamSpec>[];
  readonly data: Uint8Array;
  readonly signal: AbortSignal;
  /** The answer, once there is one. */
  readonly answer = new Once<InvitationAnswer>();
  /** The session that was said yes to, or why it did not open; null without a yes. */
  accepted: Promise<Session> | null = null;
  readonly #open: (request: Request, data: Uint8Array) => Promise<Session>;

  /** @param open - says yes, and waits for the session */
  constructor(
    name: string,
    { peer, signal }: Invitation,
    { streams, data }: Asked,
    open: (request: Request, data: Uint8Array) => Promise<Session>,
  ) {
    this.peer = peer;
    this.name = name;
    this.streams = streams;
    this.data = data;
    this.signal = signal;
    this.#open = open;
  }

  async accept(data: Uint8Array = new Uint8Array()): Promise<Session> {
    this.#check();
    this.accepted = this.#open(this, data);
    return this.accepted;
  }

  decline(reason = ""): void {
    this.say({ status: InvitationStatus.DECLINED, reason });
  }

  say(answer: InvitationAnswer): void {
    this.#check();
    this.answer.resolve(answer);
  }

  #check(): void {
    const { peer } = this;
    if (this.answer.done) throw new WherryError("BAD_REQUEST", "the request is answered already", { hint: "Answer once.", peer });
    if (this.signal.aborted) throw new WherryError("CLOSED", "nobody waits for the answer any more", { peer });
  }
}

/**
 * Sessions as a page has them: most pages have none, so their code is loaded when the page first asks for one, or says
 * that it serves some.
 */

import type { InvitationPolicy, PeerSession, SessionHandler, Sessions as PeerSessions } from "../asking.ts";
import { WherryError } from "../errors.ts";
import { later } from "../loading.ts";
import { invitationName } from "./names.ts";
import type { Sessions, SessionsOptions } from "./sessions.ts";

export class LazySessions implements PeerSessions {
  readonly #options: SessionsOptions;
  #loading: Promise<Sessions> | null = null;
  #sessions: Sessions | null = null;
  #closed = false;

  constructor(options: SessionsOptions) {
    this.#options = options;
  }

  async request(...asked: Parameters<PeerSessions["request"]>): Promise<PeerSession> {
    return (await this.#load()).request(...asked);
  }

  /**
   * Serve sessions of a name; returns how to stop that.
   * @throws WherryError BAD_REQUEST if it is no name.
   */
  serve(name: string, handler: SessionHandler, policy: InvitationPolicy): () => void {
    const stop = this.#options.invitations.handle(
      invitationName(name),
      async (invitation) => (await this.#load()).answer(name, handler, invitation),
      policy,
    );
    this.#load().catch(() => undefined); // tried again when somebody asks
    return stop;
  }

  close(): void {
    this.#closed = true;
    this.#sessions?.close();
  }

  async #load(): Promise<Sessions> {
    this.#loading ??= this.#import();
    return this.#loading;
  }

  async #import(): Promise<Sessions> {
    try {
      const { Sessions: Loaded } = await later();
      if (this.#closed) throw new WherryError("CLOSED", "the page");
      this.#sessions = new Loaded(this.#options);
      return this.#sessions;
    } catch (error) {
      this.#loading = null;
      throw error;
    }
  }
}

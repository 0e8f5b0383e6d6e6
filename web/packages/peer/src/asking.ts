/**
 * What a program in the page has beside what a page shows: questions with their answers, and sessions. As in `types.ts`,
 * ids are text, durations end in `Ms`, and promises reject with a `WherryError` and nothing else.
 */

import type { WherryError } from "./errors.ts";
import type { PeerDatagrams, PeerStream, StreamPolicy } from "./types.ts";

/** Who may ask for something by a name. */
export type InvitationPolicy = StreamPolicy | "friends";

/** A question that a handler is given. */
export interface Invitation {
  readonly peer: string;
  /** The same again after a reload. */
  readonly id: string;
  readonly name: string;
  readonly data: Uint8Array;
  /** When the caller no longer waits, seconds since 1970. */
  readonly expires: number;
  /** Aborted when it expires unanswered, and when the page goes; what waits for a person looks at it. */
  readonly signal: AbortSignal;
}

/** What is answered: status 0 is a yes, from 64 on they are the application's own. */
export interface InvitationAnswer {
  readonly status?: number;
  readonly reason?: string;
  readonly data?: Uint8Array;
}

/** Answers invitations of a name; what it rejects with is an answer too. */
export type InvitationHandler = (invitation: Invitation) => Promise<InvitationAnswer>;

/** What somebody answered to an invitation: 0 yes, 1 no, 2 nobody answers to that name, 3 it went wrong there. */
export interface InvitationReply {
  readonly peer: string;
  readonly status: number;
  readonly reason: string;
  readonly data: Uint8Array;
}

/** Questions with data, and their answers, connected or not. */
export interface Invitations {
  /** Ask, and wait for the answer. At most 8 KiB of data; `timeoutMs` is 30 s where it is not said. */
  invite(peer: string, name: string, data?: Uint8Array, timeoutMs?: number): Promise<InvitationReply>;
}

/** One stream of a session. */
export interface StreamSpec {
  /** 1 to 40 characters that can be shown, once in a session. */
  readonly name: string;
  /** A flow of datagrams instead of a reliable stream. */
  readonly datagrams?: boolean;
}

/**
 * Several streams of either kind with one peer, which begin and end together. One that is reset with a code other than
 * 0, and a lost connection, end all at both ends with that error.
 */
export interface PeerSession {
  readonly peer: string;
  /** What was asked for. */
  readonly name: string;
  /** What the other side said with its request, or its acceptance. */
  readonly data: Uint8Array;
  readonly streams: readonly Required<StreamSpec>[];
  /** Whether it has ended, well or not, at either end. */
  readonly over: boolean;
  /** Why it ended before its time, if it did. */
  readonly error: WherryError | null;
  /** Resolves when it has ended at either end, with the error if that was before its time. Never rejects. */
  readonly ended: Promise<WherryError | null>;
  /** @throws RangeError if there is no reliable stream of that name. */
  stream(name: string): PeerStream;
  /** @throws RangeError if there is no flow of datagrams of that name. */
  datagrams(name: string): PeerDatagrams;
  /** End it in good order: what was written arrives, nothing more is read. Harmless when it has ended. */
  close(): Promise<void>;
  /** End all streams now, at both ends; whoever reads or writes here hears `error`, and the peer its code. */
  fail(error?: WherryError): void;
}

/** A session that somebody asks for; it is answered once. */
export interface SessionRequest {
  readonly peer: string;
  readonly name: string;
  readonly streams: readonly Required<StreamSpec>[];
  readonly data: Uint8Array;
  /** Aborted when nobody waits for the answer any more: it came too late, or the page goes. */
  readonly signal: AbortSignal;
  /**
   * Say yes, with at most 7 KiB of data; resolves once every stream is open. The session ends with the handler.
   * @throws WherryError DIAL_TIMEOUT if the peer does not open it; BAD_REQUEST if the request is answered already.
   */
  accept(data?: Uint8Array): Promise<PeerSession>;
  /**
   * Say no; `reason` is one line for the person who asks.
   * @throws WherryError BAD_REQUEST if the request is answered already.
   */
  decline(reason?: string): void;
}

/** Answers requests for sessions of a name. One that is neither accepted nor declined when it resolves is declined. */
export type SessionHandler = (request: SessionRequest) => Promise<void>;

export interface SessionOptions {
  /** Milliseconds that the answer is waited for; a minute where it is not said. */
  readonly timeoutMs?: number;
  /** Aborted, nothing of the session is left. */
  readonly signal?: AbortSignal;
}

/** Sessions with others; only where the connections are, see `state.tab`. */
export interface Sessions {
  /**
   * Ask for a session of 1 to 16 streams, with at most 7 KiB of data; resolves once it is accepted and every stream is
   * open at both ends.
   * @throws WherryError REQUEST_DECLINED if the peer says no, UNSUPPORTED if it serves no sessions of that name.
   * @throws WherryError MESSAGE_EXPIRED, RECEIVE_TIMEOUT if it was not asked, or did not answer, in time.
   * @throws WherryError DIAL_TIMEOUT or why else the streams could not be opened; CLOSED if it was aborted.
   * @throws WherryError BAD_REQUEST if it cannot be asked; UNSUPPORTED in a tab that follows another.
   */
  request(
    peer: string,
    name: string,
    streams: readonly StreamSpec[],
    data?: Uint8Array,
    options?: SessionOptions,
  ): Promise<PeerSession>;
}

/** What a program that runs in the page has, beside what a page shows. */
export interface Inviting {
  readonly invitations: Invitations;
  /** Answer invitations of a name, of friends if nothing else is said; only where the connections are. */
  answer(name: string, handler: InvitationHandler, policy?: InvitationPolicy): () => void;
  readonly sessions: Sessions;
  /** Serve sessions of a name, to friends if nothing else is said; only where the connections are. */
  serveSessions(name: string, handler: SessionHandler, policy?: InvitationPolicy): () => void;
}

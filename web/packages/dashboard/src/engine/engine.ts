/**
 * What the page needs from whatever does the work: the peer in this tab (`tab.ts`), later a node behind its local API,
 * or a staged one for pictures and tests (`staged.ts`).
 *
 * An engine is one immutable {@link State} in a signal, and commands. Views read the one and call the other; they hold
 * no protocol. Commands never reject: they resolve to an {@link Outcome}.
 */
import type { ReadonlySignal } from "@preact/signals";
import type { ErrorInfo, ParsedWho, PeerState, Trace } from "@wherry/peer";
import type { Trials } from "./trials.ts";

export type { ErrorInfo, ParsedWho, PeerState, Trace };

export type Outcome<Value = undefined> =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly error: ErrorInfo };

/** Somebody whom the person put into the list. */
export interface Person {
  readonly id: string;
  /** Milliseconds since 1970. */
  readonly added: number;
  /** What was pasted: a link names a way in that an id alone does not. */
  readonly text: string;
}

export interface State {
  /** All that the peer knows; null until its key is loaded or made. */
  readonly peer: PeerState | null;
  /** Why there is no peer and will be none. */
  readonly failure: ErrorInfo | null;
  /** Whether the browser itself says that there is a network. */
  readonly online: boolean;
  readonly people: readonly Person[];
  /** By peer id. */
  readonly trials: Readonly<Record<string, Trials>>;
  /** The newest trace of each peer. */
  readonly traces: Readonly<Record<string, Trace>>;
  /** When a copy of the key was last saved from this browser; null if never. */
  readonly keySaved: number | null;
}

export const STARTING: State = {
  peer: null,
  failure: null,
  online: true,
  people: [],
  trials: {},
  traces: {},
  keySaved: null,
};

export interface Engine {
  readonly state: ReadonlySignal<State>;

  /** Whom a pasted text names, or what is wrong with it; asks nobody. */
  parse(text: string): ParsedWho;
  /** Put whomever `text` names into the list, and connect. Resolves once in the list. */
  add(text: string): Promise<Outcome>;
  /** Take somebody out of the list, and close the connection. */
  forget(id: string): Promise<Outcome>;

  connect(id: string): Promise<Outcome>;
  disconnect(id: string): Promise<Outcome>;
  rename(name: string): Promise<Outcome>;

  /** Send a few pings; replies come into `state.trials`. */
  ping(id: string): Promise<Outcome>;
  /** Send a line through the echo stream, which is opened if it is not. */
  echo(id: string, line: string): Promise<Outcome>;
  closeEcho(id: string): Promise<Outcome>;
  /** Send `mib` MiB through a stream of its own and compare what comes back. */
  measure(id: string, mib: number): Promise<Outcome>;
  stopMeasuring(id: string): Promise<Outcome>;

  /** The secret key as text, for a copy that people keep. */
  exportKey(): Promise<Outcome<string>>;
  /** Become whoever the text is; the page loads again. */
  importKey(text: string): Promise<Outcome>;
}

export const done: Outcome = { ok: true, value: undefined };

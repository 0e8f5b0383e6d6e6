/**
 * What the page needs from whatever does the work: the peer in this tab (`tab.ts`), a node behind its local API
 * (`node/`), or a staged one for pictures and tests (`still.ts`).
 *
 * An engine is one immutable {@link State} in a signal, and commands. Views read the one and call the other; they hold
 * no protocol. Commands never reject: they resolve to an {@link Outcome}.
 */
import type { ReadonlySignal } from "@preact/signals";
import type { ErrorInfo, OnProgress, ParsedWho, PeerState, Trace } from "@wherry/peer";
import type { Chat, Friend, LabelledAddress, Message, Presence, Profile } from "./friends.ts";
import type { Trials } from "./trials.ts";

export type { ErrorInfo, OnProgress, ParsedWho, PeerState, Trace };

export type Outcome<Value = undefined> =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly error: ErrorInfo };

/** Somebody whom the person connected with, without asking to be friends. */
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
  /** Whose page it is: that of the peer in this tab, or a node's dashboard. */
  readonly home: "tab" | "node";
  /** Where the node does not answer: when it is asked again. */
  readonly gone: { readonly retryAt: number } | null;
  /** Everybody with whom there is, or was to be, a friendship; null until they are loaded. */
  readonly friends: readonly Friend[] | null;
  /** By the peer id that names the friend, as far as they were opened. */
  readonly chats: Readonly<Record<string, Chat>>;
  readonly profile: Profile | null;
  /** One's own, the one without a label first; null until somebody has looked at them. */
  readonly addresses: readonly LabelledAddress[] | null;
}

export const STARTING: State = {
  peer: null,
  failure: null,
  online: true,
  people: [],
  trials: {},
  traces: {},
  keySaved: null,
  home: "tab",
  gone: null,
  friends: null,
  chats: {},
  profile: null,
  addresses: null,
};

/** A `peer` is the id that names the friend. */
export interface FriendCommands {
  /** Ask whomever `text` names to be a friend; resolves with the id once the request is kept here. */
  add(text: string, hello: string): Promise<Outcome<string>>;
  accept(peer: string): Promise<Outcome>;
  decline(peer: string): Promise<Outcome>;
  withdraw(peer: string): Promise<Outcome>;
  remove(peer: string): Promise<Outcome>;
  block(peer: string): Promise<Outcome>;
  unblock(peer: string): Promise<Outcome>;
  /** The private name; none where `text` is empty. */
  label(peer: string, text: string): Promise<Outcome>;
  setProfile(change: Partial<Omit<Profile, "presence">>): Promise<Outcome>;
  setPresence(presence: Presence): Promise<Outcome>;
  /** 60 digits, the same at both ends. */
  safetyNumber(peer: string): Promise<Outcome<string>>;
  compared(peer: string, same: boolean): Promise<Outcome>;
}

/** What one hands out, each under the label of the place where it was published. */
export interface AddressCommands {
  /** Load them into `state.addresses`, once more where they are there. */
  load(): Promise<Outcome>;
  add(label: string): Promise<Outcome>;
  /** Another address under that label; the old one is dead from then on, friends stay. */
  rotate(label: string): Promise<Outcome>;
}

export interface MessageCommands {
  /** Load what was said last with `peer` into `state.chats`. */
  open(peer: string): Promise<Outcome>;
  loadOlder(peer: string): Promise<Outcome>;
  /** Load until the message `id` is there; false if it lies too far back. */
  reach(peer: string, id: string): Promise<Outcome<boolean>>;
  /** Resolves once it is kept here; how far it comes is in the state. */
  send(peer: string, text: string, replyTo: string | null): Promise<Outcome>;
  retry(peer: string, id: string): Promise<Outcome>;
  delete(peer: string, id: string): Promise<Outcome>;
  markRead(peer: string): Promise<Outcome>;
  typing(peer: string, typing: boolean): Promise<Outcome>;
  /** Messages that have the words of `text`, the newest first. */
  search(text: string): Promise<Outcome<readonly Message[]>>;
}

export interface Engine {
  readonly state: ReadonlySignal<State>;
  readonly friends: FriendCommands;
  readonly messages: MessageCommands;
  readonly addresses: AddressCommands;

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
  /** Key, friends and messages in one file, under a passphrase; `onProgress` is told the share that is done. */
  exportProfile(passphrase: string, onProgress: OnProgress): Promise<Outcome<Blob>>;
  /** Become whoever such a file is of, with friends and messages; the page loads again. */
  importProfile(file: Blob, passphrase: string, onProgress: OnProgress): Promise<Outcome>;
  /** Forget key, friends and messages on this device; the page loads again, as somebody new. Only where they are the page's own. */
  forgetEverything(): Promise<Outcome>;
}

export const done: Outcome = { ok: true, value: undefined };

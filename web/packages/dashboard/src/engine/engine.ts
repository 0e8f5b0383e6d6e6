/**
 * What the page needs from whatever does the work: the peer in this tab (`tab.ts`), later a node's local API, or a
 * staged one for pictures and tests (`staged.ts`).
 *
 * An engine is one immutable, serialisable {@link State} and a handful of commands. Views read the state and call the
 * commands; they hold no protocol. That is also what lets a second tab follow the first: it gets the same snapshots and
 * sends the same commands.
 */
import type { ReadonlySignal } from "@preact/signals";
import type { Because, ConnectionState, Verdict } from "./connection.ts";
import type { Trials } from "./trials.ts";
import type { Trace } from "./trace.ts";

/** A peer id in text: 52 characters, `12D3KooW…`. */
export type PeerId = string;

/** Milliseconds since 1970, by this machine's clock. */
export type Time = number;

/** What went wrong, in the words people see: `what`, then what to do about it. */
export interface Problem {
  /** The stable code of the error, such as `INVALID_ADDRESS`. */
  readonly code: string;
  readonly text: string;
  readonly hint: string;
}

export type Outcome<Value = undefined> =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly problem: Problem };

/** Whoever looks at the page. */
export interface Self {
  readonly id: PeerId;
  /** The name they chose or were given at the start; others see it as a claim. */
  readonly name: string;
  readonly address: string;
  /** `wherry:<address>?via=HOST:PORT`; null while nobody introduces us. */
  readonly link: string | null;
  /** The same as a web address of the page that served us, and the host it names; null where there is none. */
  readonly web: { readonly link: string; readonly host: string } | null;
}

/** Where the key lives and who could have seen it. */
export interface KeyState {
  /** The host that served this page, and so could read the key. */
  readonly host: string;
  /** Made on this visit: the notice is then shown open. */
  readonly fresh: boolean;
  /** When a copy was last saved from this browser; null if never. */
  readonly saved: Time | null;
  /** False where the browser would not keep it (private window, storage full): it is lost with the tab. */
  readonly kept: boolean;
}

export interface Introducer {
  readonly id: PeerId;
  readonly name: string | null;
  readonly endpoint: string;
  readonly state: "ok" | "connecting" | "lost";
  readonly rttMs: number | null;
  /** Since when it is in this state. */
  readonly since: Time;
}

/** What a peer is to us, apart from whether it is connected. */
export type Relation = "added" | "met" | "introducer" | "neighbour";

export interface Peer {
  readonly id: PeerId;
  /** The name they claim; null until they said one. Never trusted. */
  readonly name: string | null;
  readonly relation: Relation;
  readonly connection: ConnectionState;
  readonly details: Details;
}

/** What is known of the connection to a peer. Numbers that are not known are null, and then not shown. */
export interface Details {
  readonly rttMs: number | null;
  readonly since: Time | null;
  readonly bytesIn: number;
  readonly bytesOut: number;
  /** The chosen pair of candidates, as the browser names them. */
  readonly local: Candidate | null;
  readonly remote: Candidate | null;
  /** By whom the peer is introduced, from its record. */
  readonly introducers: readonly { readonly id: PeerId; readonly name: string | null; readonly endpoint: string }[];
  /** When its record was signed, and where we had it from. */
  readonly record: { readonly issued: Time; readonly source: string } | null;
  readonly streams: number;
}

export interface Candidate {
  readonly kind: "host" | "srflx" | "prflx" | "relay";
  readonly protocol: "udp" | "tcp";
  /** `address:port`; the browser may hide the address of a host candidate. */
  readonly address: string;
}

/** Something about this machine that a person should know; shown as a line, never as a dialog. */
export interface Notice {
  readonly kind:
    | "identity_elsewhere"
    | "storage_lost"
    | "storage_refused"
    | "clock"
    | "no_webrtc"
    | "introducer_replaced";
  readonly text: string;
  readonly hint: string;
  readonly tone: "calm" | "warn";
}

export interface State {
  /** `starting` until the key is loaded or made; then `self` is there. */
  readonly phase: "starting" | "running" | "failed";
  /** Why the engine could not start; only in phase `failed`. */
  readonly failure: Problem | null;
  /** A follower shows what another tab of this browser, the leader, does. */
  readonly tab: "leader" | "follower";
  readonly self: Self | null;
  readonly key: KeyState | null;
  readonly verdict: Verdict;
  readonly introducers: readonly Introducer[];
  readonly peers: readonly Peer[];
  readonly trials: Readonly<Record<PeerId, Trials>>;
  readonly traces: Readonly<Record<PeerId, Trace>>;
  readonly notices: readonly Notice[];
}

/** Whom a pasted text names. Parsing asks nobody. */
export interface Named {
  readonly id: PeerId;
  /** Places the link names as a way in. */
  readonly vias: readonly string[];
  /** Whether the text carried an address (with the word to ask for friendship) or only an id. */
  readonly form: "link" | "address" | "id";
  /** The text again, tidied: what `add` takes. */
  readonly text: string;
}

/** What introducers know of somebody; nothing is sent to the person looked up. */
export type LookUp =
  | { readonly found: true; readonly issued: Time; readonly introducers: number; readonly source: string }
  | { readonly found: false; readonly because: Because };

export interface Engine {
  readonly state: ReadonlySignal<State>;

  /** Whom `text` names, or what is wrong with it. */
  parse(text: string): Outcome<Named>;
  /** Ask introducers for the record of somebody; tells them nothing. */
  lookUp(named: Named): Promise<Outcome<LookUp>>;
  /** Put somebody into the list, and connect. */
  add(named: Named): Promise<Outcome>;
  connect(id: PeerId): Promise<Outcome>;
  disconnect(id: PeerId): Promise<Outcome>;
  /** Take somebody out of the list; closes the connection. */
  forget(id: PeerId): Promise<Outcome>;

  rename(name: string): Promise<Outcome>;

  /** Send a few pings; the replies come into `state.trials`. */
  ping(id: PeerId): Promise<Outcome>;
  /** Open an echo stream, if none is open, and send a line through it. */
  echo(id: PeerId, line: string): Promise<Outcome>;
  closeEcho(id: PeerId): Promise<Outcome>;
  /** Send `mib` MiB through an echo stream and compare what comes back. */
  measure(id: PeerId, mib: number): Promise<Outcome>;
  stopMeasuring(id: PeerId): Promise<Outcome>;

  /** The identity as bytes to save, under a passphrase if one is given. */
  saveKey(passphrase: string | null): Promise<Outcome<{ readonly name: string; readonly bytes: Uint8Array }>>;
  /** Become the identity in the file; the present one is replaced. */
  restoreKey(bytes: Uint8Array, passphrase: string | null): Promise<Outcome>;

  /** Try the network again at once, rather than at the next turn. */
  retry(): Promise<Outcome>;
  /** Let this tab hold the connections. */
  lead(): Promise<Outcome>;
  close(): Promise<void>;
}

export const done: Outcome = { ok: true, value: undefined };

export const failed = (code: string, text: string, hint = ""): { ok: false; problem: Problem } => ({
  ok: false,
  problem: { code, text, hint },
});

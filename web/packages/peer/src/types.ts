/**
 * What a page sees of the peer in its tab: plain data in, plain data out, so that one interface serves the tab that
 * holds the connections, the tabs that follow it, and later a node behind its local API.
 *
 * Ids are text (`12D3KooW…`), times are milliseconds since 1970, durations end in `Ms`, sizes are bytes. Snapshots are
 * immutable: a new state is a new object.
 */

/** How a connection goes, or why there is none; the words for each are one table in the page. */
export type PathCode =
  | "direct_lan"
  | "direct"
  | "relayed"
  | "signaling"
  | "connecting"
  | "waiting"
  | "unreachable"
  | "self_offline";

/** Who can reach this peer, and why. */
export interface Reachability {
  /** anywhere: anybody · network: whoever is on this network · outbound: it can call, nobody calls it · offline */
  readonly verdict: "anywhere" | "network" | "outbound" | "offline";
  /** One sentence for people. */
  readonly because: string;
}

/** Somebody through whose endpoint others reach this peer. */
export interface IntroducerState {
  readonly peer: string;
  /** The endpoint in use, `/ip4/…/tcp/…/ws`. */
  readonly multiaddr: string;
  /** `host:port` of it, as links name it. */
  readonly authority: string;
  readonly state: "connecting" | "reserved" | "lost";
  readonly rttMs: number | null;
  readonly since: number;
  /** When the reservation ends unless it is renewed. */
  readonly expires: number | null;
  /** Why it is lost, where it is. */
  readonly because: string | null;
}

/** One candidate pair that ICE chose. */
export interface CandidatePair {
  readonly local: string;
  readonly remote: string;
  readonly localKind: "host" | "srflx" | "prflx" | "relay" | "unknown";
  readonly remoteKind: "host" | "srflx" | "prflx" | "relay" | "unknown";
  readonly protocol: "udp" | "tcp" | "unknown";
}

/** A stream or datagram channel that is open. */
export interface StreamState {
  readonly id: number;
  readonly name: string;
  readonly datagrams: boolean;
  /** Whether the other side opened it. */
  readonly inbound: boolean;
  readonly bytesIn: number;
  readonly bytesOut: number;
}

/** The connection with one peer, open or in the making. */
export interface ConnectionState {
  readonly peer: string;
  readonly state: "connecting" | "open" | "interrupted" | "closed";
  readonly path: PathCode;
  /** While connecting: what it is at. */
  readonly phase: "look_up" | "ring" | "open" | null;
  readonly since: number;
  readonly rttMs: number | null;
  readonly bytesIn: number;
  readonly bytesOut: number;
  /** Bytes a second, over the last three seconds. */
  readonly rateIn: number;
  readonly rateOut: number;
  readonly pair: CandidatePair | null;
  readonly streams: readonly StreamState[];
  /** How often the peer connection underneath was replaced. */
  readonly links: number;
  /** Why it closed or was interrupted. */
  readonly error: ErrorInfo | null;
}

/** Somebody this peer has heard of. */
export interface SeenPeer {
  readonly peer: string;
  /** What the peer calls itself; claimed, never trusted. */
  readonly name: string | null;
  readonly how: "connected" | "introducer" | "neighbour" | "invited" | "pinged" | "remembered";
  /** When something of it was last heard, or null if only others spoke of it. */
  readonly seen: number | null;
  /** Endpoints of its own, if it has any. */
  readonly multiaddrs: readonly string[];
}

/** An error as data: the same fields on the command line, in the API and here. */
export interface ErrorInfo {
  readonly code: string;
  readonly side: "local" | "remote";
  /** What happened, and why: one sentence without the hint. */
  readonly message: string;
  readonly hint: string;
  readonly peer: string | null;
}

/** One line of an attempt's trace. */
export interface TraceEntry {
  /** Since the attempt began. */
  readonly tMs: number;
  readonly phase: "look_up" | "ring" | "negotiate" | "ice" | "open" | "end";
  /** Which way: an introducer, an endpoint, a candidate pair; empty where it is about the attempt itself. */
  readonly way: string;
  readonly event: string;
  readonly ok: boolean | null;
  readonly data: Readonly<Record<string, string | number | boolean>>;
}

/** All that is known of one attempt to reach a peer. */
export interface Trace {
  readonly peer: string;
  /** The attempt's id in hex; the same at both ends. */
  readonly attempt: string;
  readonly direction: "outbound" | "inbound";
  readonly started: number;
  readonly outcome: "running" | "open" | "failed";
  /** One sentence: how it went. */
  readonly summary: string;
  /** What to do, where something can be done. */
  readonly advice: string | null;
  readonly error: ErrorInfo | null;
  readonly entries: readonly TraceEntry[];
}

/** How it stands between us and a peer. */
export type FriendshipState = "stranger" | "sent" | "received" | "friends" | "declined" | "blocked";

/** What a person chose to tell friends; whoever is invisible looks offline to them. */
export type Presence = "online" | "away" | "busy" | "invisible";

/** What a friend told of itself; offline also where nothing was told, or it is not connected. */
export type TheirPresence = Exclude<Presence, "invisible"> | "offline";

/** A contact, with one peer id or more. */
export interface Friend {
  /** The id that names it everywhere: the first of `peers`. */
  readonly peer: string;
  readonly peers: readonly string[];
  /** What it calls itself; a claim. */
  readonly name: string | null;
  /** What the person here calls it; nobody else sees that. */
  readonly label: string | null;
  readonly description: string | null;
  /** A `data:` URL of a PNG, JPEG or WebP whose head was looked at. */
  readonly avatar: string | null;
  readonly state: FriendshipState;
  /** When that state began. */
  readonly since: number;
  /** Where it is declined: why, as void reasons are called; null where they said so themselves. */
  readonly reason: string | null;
  /** What came with the request, or went with ours. */
  readonly hello: string | null;
  readonly presence: TheirPresence;
  /** When it was last here. */
  readonly seen: number | null;
  /** Messages of theirs that nobody has looked at. */
  readonly unread: number;
  /** Messages of ours that have not arrived. */
  readonly waiting: number;
  /** Mailboxes that keep messages for it; null while nobody has told. */
  readonly places: number | null;
  readonly last: Message | null;
  /** When the safety numbers were compared, and were equal. */
  readonly compared: number | null;
}

/** One table for page, command line and API. A message of somebody else's is delivered, then read. */
export type MessageState = "queued" | "held" | "delivered" | "read" | "failed";

export interface Message {
  readonly id: string;
  readonly from: string;
  readonly to: string;
  /** When it was written here, or came in. */
  readonly at: number;
  /** When its writer says it was written. */
  readonly sent: number;
  readonly text: string;
  /** Of a message of bytes; null of a text. */
  readonly data: Uint8Array | null;
  /** The id of the message it answers. */
  readonly replyTo: string | null;
  readonly state: MessageState;
  /** Mailboxes that hold it now. */
  readonly places: number;
  /** Until when it is kept there. */
  readonly until: number | null;
  /** Where it failed: expired, refused, old_address, full, malformed, withdrawn, unsupported. */
  readonly reason: string | null;
}

/** A part of a conversation. */
export interface Page {
  /** The oldest first. */
  readonly messages: readonly Message[];
  /** Whether there are older ones still. */
  readonly older: boolean;
}

/** Oneself, as friends see it. */
export interface Profile {
  readonly name: string;
  readonly description: string;
  /** A `data:` URL of a PNG, JPEG or WebP of at most 64 KiB. */
  readonly avatar: string | null;
  readonly presence: Presence;
}

/** An address of ours; the one without a label is `PeerState.address`. */
export interface LabelledAddress {
  readonly label: string;
  readonly address: string;
}

/** Friends, and what friends see. Where a `peer` is named, it is the id that names the contact. */
export interface Friends {
  /** Everybody with whom there is, or was to be, a friendship; the latest change first. */
  list(): Promise<readonly Friend[]>;
  /** Ask whomever `text` names to be a friend; resolves with the id once the request is kept. */
  add(text: string, hello?: string): Promise<string>;
  accept(peer: string): Promise<void>;
  /** Say no; `reason` is told, if there is one. */
  decline(peer: string, reason?: string): Promise<void>;
  withdraw(peer: string): Promise<void>;
  remove(peer: string): Promise<void>;
  block(peer: string): Promise<void>;
  unblock(peer: string): Promise<void>;
  /** The private name; none where `text` is empty. */
  label(peer: string, text: string): Promise<void>;
  profile(): Promise<Profile>;
  setProfile(change: Partial<Omit<Profile, "presence">>): Promise<void>;
  setPresence(presence: Presence): Promise<void>;
  /** Twelve groups of five digits, the same at both ends. */
  safetyNumber(peer: string): Promise<string>;
  /** Note that the numbers were compared, and whether they are equal. */
  compared(peer: string, same: boolean): Promise<void>;
  addresses(): Promise<readonly LabelledAddress[]>;
  newAddress(label: string): Promise<LabelledAddress>;
  /** Requests by the old one are refused from now on; friends stay. The one without a label, where it is empty. */
  rotateAddress(label: string): Promise<LabelledAddress>;
}

/** What is written to friends, and by them. */
export interface Messages {
  /** Resolves once it is kept; how far it comes is told by events. Text, or bytes, of at most 5 MiB. */
  send(peer: string, content: string | Uint8Array, replyTo?: string | null): Promise<Message>;
  /** Send once more what failed; the old one goes. */
  retry(peer: string, id: string): Promise<Message>;
  /** Here alone; one that has not arrived yet is taken back. */
  delete(peer: string, id: string): Promise<void>;
  /** At most `limit` messages that are older than the one with the id `before`; the newest where that is null. */
  history(peer: string, before?: string | null, limit?: number): Promise<Page>;
  /** Messages that have the words of `text`, the newest first. */
  search(text: string, limit?: number): Promise<readonly Message[]>;
  /** All that came from `peer` so far has been looked at; it is told. */
  markRead(peer: string): Promise<void>;
  typing(peer: string, typing: boolean): Promise<void>;
}

/** Everything the page shows, at one moment. */
export interface PeerState {
  readonly phase: "starting" | "running" | "stopped";
  readonly id: string;
  readonly address: string;
  /** The invite link to hand out (`wherry:…?via=…`), or null before there is an introducer. */
  readonly link: string | null;
  /** The same as `http://…/#/add/…`: it opens the page of the introducer named in it. */
  readonly pageLink: string | null;
  readonly name: string;
  /** leader: this tab holds the connections · follower: another tab does · alone: there is no way to tell. */
  readonly tab: "leader" | "follower" | "alone";
  readonly reachability: Reachability;
  readonly introducers: readonly IntroducerState[];
  readonly connections: readonly ConnectionState[];
  readonly peers: readonly SeenPeer[];
  /** How far this computer's clock is from network time, if enough introducers told theirs. */
  readonly clockOffsetMs: number | null;
  /** When the own record was last published and read back, and by how many holders it was taken. */
  readonly published: { readonly at: number; readonly sequence: number; readonly expires: number } | null;
  /** What is wrong and not over yet, the worst first. */
  readonly problems: readonly ErrorInfo[];
  /** Host that served the page, which one trusts with the key. */
  readonly servedBy: string;
  /** Whether the key was made just now, so that a copy should be saved. */
  readonly keyIsNew: boolean;
}

/** What happens, as it happens; `state` follows every change, at most ten times a second. */
export type PeerEvent =
  | { readonly type: "state"; readonly state: PeerState }
  | { readonly type: "trace"; readonly trace: Trace }
  | { readonly type: "connected"; readonly peer: string }
  | { readonly type: "disconnected"; readonly peer: string; readonly error: ErrorInfo | null }
  | { readonly type: "stream"; readonly peer: string; readonly name: string; readonly inbound: boolean }
  /** Somebody came, went, or changed: all of them, as they are now. */
  | { readonly type: "friends"; readonly friends: readonly Friend[] }
  | { readonly type: "profile"; readonly profile: Profile }
  /** A message is new, or further than it was. */
  | { readonly type: "message"; readonly peer: string; readonly message: Message }
  | { readonly type: "deleted"; readonly peer: string; readonly id: string }
  | { readonly type: "typing"; readonly peer: string; readonly typing: boolean }
  /** Another profile took this one's place: what the page shows is somebody else's, and the peer does nothing more. */
  | { readonly type: "restored" };

/** What a ping found. */
export interface PingReply {
  readonly peer: string;
  readonly rttMs: number;
  /** connection: over an open connection · sealed: through introducers, with no connection at all */
  readonly over: "connection" | "sealed";
  readonly path: PathCode;
  /** The pair's remote address, or the introducer that answered. */
  readonly via: string;
}

/**
 * A reliable stream, both ways. Reading is `for await (const chunk of stream)` or `read()`; it ends with the other
 * side's half-close and throws what ended it otherwise.
 */
export interface PeerStream extends AsyncIterable<Uint8Array> {
  readonly name: string;
  readonly peer: string;
  /** Resolves when the bytes were taken: wait for it, that is the backpressure. */
  write(data: Uint8Array): Promise<void>;
  /** The next bytes, or null at the end. */
  read(): Promise<Uint8Array | null>;
  /** No more writes from here; reading goes on. Resolves when the other side has it all. */
  finish(): Promise<void>;
  /** End both directions at once; `code` is the application's. */
  reset(code?: number): void;
  /** Tell the other side that nothing more is read. */
  stop(code?: number): void;
}

/** Datagrams: unordered, never sent again, at most 1,200 bytes less the frame's header each. */
export interface PeerDatagrams extends AsyncIterable<Uint8Array> {
  readonly name: string;
  readonly peer: string;
  /** Bytes of the largest datagram. */
  readonly maxBytes: number;
  /** Datagrams that were dropped here because nobody read them or the link was busy. */
  readonly dropped: number;
  /** False if it was dropped at once. */
  send(data: Uint8Array): boolean;
  close(): void;
}

/** Serves streams of a name; a rejection resets the stream. */
export type StreamHandler = (stream: PeerStream) => Promise<void>;

/** Who may open streams of a name. */
export type StreamPolicy = "anyone" | ReadonlySet<string>;

/** A peer, wherever it runs. Every promise rejects with a `WherryError` and nothing else. */
export interface Peer {
  /** The state now. */
  readonly state: PeerState;
  /** Call `listener` with everything that happens; returns how to stop that. */
  subscribe(listener: (event: PeerEvent) => void): () => void;

  /** Connect with whomever a peer id, an address or a link names; resolves when the connection is open. */
  connect(who: string): Promise<ConnectionState>;
  disconnect(peer: string): Promise<void>;
  ping(who: string): Promise<PingReply>;
  openStream(who: string, name: string): Promise<PeerStream>;
  openDatagrams(who: string, name: string): Promise<PeerDatagrams>;
  /** Streams of that name from others; only where the connections are, see `state.tab`. */
  handle(name: string, handler: StreamHandler, policy?: StreamPolicy): () => void;

  /** The last attempts to reach `peer`, the newest first; of everybody without one. */
  traces(peer?: string): readonly Trace[];
  /** Take what people paste; the result says whom it names, or what is wrong with it. */
  parse(text: string): ParsedWho;

  readonly friends: Friends;
  readonly messages: Messages;

  setName(name: string): Promise<void>;
  /** The secret key as text, for a copy that people keep. */
  exportKey(): Promise<string>;
  /** Become whoever the text is; the page has to be loaded again afterwards. */
  importKey(text: string): Promise<void>;
  /** Key, friends and messages in one file under a passphrase: what `wherry import` reads. */
  exportProfile(passphrase: string, onProgress?: OnProgress): Promise<Blob>;
  /**
   * Become whoever such a file is of, with friends and messages; the page has to be loaded again afterwards, in every
   * tab: each is told "restored". Rejects with EXPORT_CORRUPT or EXPORT_LOCKED, among others; nothing is changed then.
   */
  importProfile(file: Blob, passphrase: string, onProgress?: OnProgress): Promise<void>;
  close(): Promise<void>;
}

/** Told how much is done, from 0 to 1: most of it is work on the passphrase. A tab that follows another hears nothing. */
export type OnProgress = (share: number) => void;

/** What somebody pasted. */
export type ParsedWho =
  | {
      readonly ok: true;
      readonly kind: "id" | "address" | "link";
      readonly peer: string;
      /** Ways in that a link names, as `host:port`. */
      readonly vias: readonly string[];
    }
  | { readonly ok: false; readonly error: ErrorInfo };


/** The local API's views (`node/wherry/views.py`) as the page's own. */
import type {
  CandidatePair,
  ConnectionState,
  ErrorInfo,
  IntroducerState,
  PathCode,
  PeerState,
  SeenPeer,
  Trace,
  TraceEntry,
} from "@wherry/peer";
import { pictureOf, type Friend, type FriendshipState, type LabelledAddress, type Message, type MessageState, type Presence, type Profile, type TheirPresence } from "../friends.ts";
import { number, numberOrNull, object, objects, text, textOrNull, texts, time, word, type Json } from "./json.ts";

const PATHS: readonly PathCode[] = ["direct_lan", "direct", "relayed", "signaling", "connecting", "waiting", "unreachable", "self_offline"];
const OPEN: ReadonlySet<PathCode> = new Set<PathCode>(["direct_lan", "direct", "relayed", "signaling"]);
const VERDICTS = ["anywhere", "network", "outbound", "offline"] as const;

/** `GET id` and `GET status` together. */
export function peerStateOf(id: Json, status: Json, host: string): PeerState {
  const introducers = objects(status["introducers"]);
  const connections = objects(status["connections"]);
  const record = object(status["record"]);
  const expires = time(record["expires"]);
  return {
    phase: "running",
    id: text(id["id"]),
    address: text(id["address"]),
    link: textOrNull(id["invite"]),
    pageLink: null,
    name: text(status["name"], text(id["name"])),
    tab: "alone",
    reachability: { verdict: word(status["reachability"], VERDICTS, "offline"), because: text(status["because"]) },
    introducers: introducers.map(introducerOf),
    connections: connections.map(connectionOf),
    peers: seenOf(introducers, connections),
    clockOffsetMs: numberOrNull(status["clock_offset_ms"]),
    published: expires === null ? null : { at: 0, sequence: number(record["sequence"]), expires },
    problems: objects(status["problems"]).map(problemOf),
    servedBy: host,
    keyIsNew: false,
  };
}

const introducerOf = (view: Json): IntroducerState => ({
  peer: text(view["peer"]),
  multiaddr: text(view["multiaddr"]),
  authority: authorityOf(text(view["multiaddr"])),
  state: "reserved",
  rttMs: numberOrNull(view["rtt_ms"]),
  since: time(view["since"]) ?? 0,
  expires: null,
  because: null,
});

/** `203.0.113.77:4770` of `/ip4/203.0.113.77/tcp/4770/ws`. */
function authorityOf(multiaddr: string): string {
  const [, kind, host = "", , port = ""] = multiaddr.split("/");
  return kind === "ip6" ? `[${host}]:${port}` : `${host}:${port}`;
}

function connectionOf(view: Json): ConnectionState {
  const path = word(view["state"], PATHS, "waiting");
  const open = OPEN.has(path);
  const because = text(view["because"]);
  return {
    peer: text(view["peer"]),
    state: open ? "open" : path === "connecting" ? "connecting" : "closed",
    path,
    phase: path === "connecting" ? phaseOf(text(view["phase"])) : null,
    since: time(view["since"]) ?? 0,
    rttMs: open ? numberOrNull(view["rtt_ms"]) : null,
    bytesIn: number(view["bytes_in"]),
    bytesOut: number(view["bytes_out"]),
    rateIn: 0,
    rateOut: 0,
    pair: open ? pairOf(view) : null,
    streams: [],
    links: 1,
    error: open || because === "" ? null : errorOf({ code: "DIAL_FAILED", message: because }),
  };
}

const phaseOf = (said: string): ConnectionState["phase"] => (said.includes("ring") ? "ring" : said.includes("look") ? "look_up" : "open");

function pairOf(view: Json): CandidatePair | null {
  const [local, remote] = [text(view["local"]), text(view["remote"])];
  return local === "" || remote === "" ? null : { local, remote, localKind: "unknown", remoteKind: "unknown", protocol: "unknown" };
}

/** Whom the node names, by what it is to us. */
function seenOf(introducers: readonly Json[], connections: readonly Json[]): readonly SeenPeer[] {
  const seen = new Map<string, SeenPeer>();
  const add = (view: Json, how: SeenPeer["how"], multiaddrs: readonly string[]): void => {
    const peer = text(view["peer"]);
    if (!seen.has(peer)) seen.set(peer, { peer, name: textOrNull(view["name"]), how, seen: time(view["seen"]), multiaddrs });
  };
  for (const view of introducers) add(view, "introducer", [text(view["multiaddr"])]);
  for (const view of connections) add(view, "connected", []);
  return [...seen.values()];
}

/** A problem, or an error as the API tells it. */
export const errorOf = (view: Json): ErrorInfo => ({
  code: text(view["code"], "FAILED"),
  side: "local",
  message: text(view["message"], text(view["text"])),
  hint: text(view["hint"]),
  peer: textOrNull(view["peer"]),
});

const problemOf = (view: Json): ErrorInfo => errorOf(view);

const PHASES: readonly TraceEntry["phase"][] = ["look_up", "ring", "negotiate", "ice", "open", "end"];
const BAD: ReadonlySet<string> = new Set(["failed", "refused", "not found", "unknown there", "timeout"]);

/** `GET explain`; null where nothing was ever tried. */
export function traceOf(view: Json, now: number): Trace | null {
  const entries = objects(view["trace"]).map(entryOf);
  const last = entries.at(-1);
  if (last === undefined) return null;
  const path = word(view["state"], PATHS, "waiting");
  return {
    peer: text(view["peer"]),
    attempt: text(view["attempt"]),
    direction: "outbound",
    started: time(view["started"]) ?? now,
    outcome: OPEN.has(path) ? "open" : path === "connecting" ? "running" : "failed",
    summary: text(view["sentence"]),
    advice: textOrNull(view["advice"]),
    error: null,
    entries,
  };
}

function entryOf(view: Json): TraceEntry {
  const event = text(view["event"]);
  const data = Object.entries(object(view["data"])).filter((each): each is [string, string | number | boolean] =>
    ["string", "number", "boolean"].includes(typeof each[1]),
  );
  return {
    tMs: number(view["t_ms"]),
    phase: word(view["phase"], PHASES, "end"),
    way: text(view["way"]),
    event,
    ok: BAD.has(event) ? false : null,
    data: Object.fromEntries(data),
  };
}

// -- friends and messages ---------------------------------------------------------------------------------------------

const STATES: readonly FriendshipState[] = ["stranger", "sent", "received", "friends", "declined", "blocked"];
const FATES: readonly MessageState[] = ["queued", "held", "delivered", "read", "failed"];
const PRESENCES: readonly Presence[] = ["online", "away", "busy", "invisible"];
const THEIRS: readonly TheirPresence[] = ["offline", "online", "away", "busy"];

export function friendOf(view: Json): Friend {
  const peer = text(view["peer"]);
  const peers = texts(view["peers"]);
  const last = view["last"];
  return {
    peer,
    peers: peers.length === 0 ? [peer] : peers,
    name: textOrNull(view["name"]),
    label: textOrNull(view["label"]),
    description: textOrNull(view["description"]),
    avatar: avatarOf(view),
    state: word(view["state"], STATES, "stranger"),
    since: time(view["since"]) ?? 0,
    reason: reasonOf(view["failure"]),
    hello: textOrNull(view["hello"]),
    presence: word(view["presence"], THEIRS, "offline"),
    seen: time(view["seen"]),
    unread: number(view["unread"]),
    waiting: number(view["waiting"]),
    places: numberOrNull(view["places"]),
    last: typeof last === "object" && last !== null ? messageOf(object(last)) : null,
    compared: time(view["compared"]),
  };
}

export function messageOf(view: Json): Message {
  const at = time(view["at"]) ?? 0;
  return {
    id: text(view["id"]),
    ...(typeof view["number"] === "number" ? { place: view["number"] } : {}),
    from: text(view["from"]),
    to: text(view["to"]),
    at,
    sent: time(view["sent"]) ?? at,
    text: text(view["text"]),
    data: typeof view["data"] === "string" ? bytesOf(view["data"]) : null,
    replyTo: textOrNull(view["reply_to"]),
    state: word(view["state"], FATES, "queued"),
    places: number(view["held"]),
    until: time(view["until"]),
    reason: reasonOf(view["reason"]),
  };
}

/** Why something of ours was not taken: the errors of `node/wherry/messages/failures.py` by the words of the void. */
const REASONS: Readonly<Record<string, string | null>> = {
  REQUEST_DECLINED: null,
  MESSAGE_EXPIRED: "expired",
  REFUSED_BY_PEER: "refused",
  OLD_ADDRESS: "old_address",
  PEER_FULL: "full",
  VERSION_MISMATCH: "malformed",
  MESSAGE_WITHDRAWN: "withdrawn",
  UNSUPPORTED: "unsupported",
};

function reasonOf(value: unknown): string | null {
  const { code, message } = errorOf(object(value));
  if (typeof value !== "object" || value === null) return null;
  const known = REASONS[code];
  return known === undefined ? message : known;
}

export const addressOf = (view: Json): LabelledAddress => ({ label: text(view["label"]), address: text(view["address"]) });

export const profileOf = (view: Json): Profile => ({
  name: text(view["name"]),
  description: text(view["description"]),
  avatar: avatarOf(view),
  presence: word(view["presence"], PRESENCES, "online"),
});

/** Only what cannot be anything but a picture comes through. */
function avatarOf(view: Json): string | null {
  const [, type, data] = /^data:([a-z/+-]+);base64,(.+)$/.exec(text(view["avatar"])) ?? [];
  return type === undefined || data === undefined ? null : pictureOf(type, data);
}

/** Bytes of base64; none where it is none. */
function bytesOf(base64: string): Uint8Array {
  try {
    return Uint8Array.from(atob(base64), (character) => character.codePointAt(0) ?? 0);
  } catch {
    return new Uint8Array();
  }
}

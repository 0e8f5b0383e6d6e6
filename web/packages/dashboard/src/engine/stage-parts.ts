/** What staged states are put together from: oneself, introducers, connections, friends, messages. */
import type { ConnectionState, ErrorInfo, IntroducerState, PeerState, SeenPeer } from "@wherry/peer";
import { addressOf, idOf, type Member } from "./cast.ts";
import { STARTING, type State } from "./engine.ts";
import { EMPTY_CHAT, type Chat, type Friend, type Message, type Profile } from "./friends.ts";

/** 2026-11-20, 14:02 UTC */
export const NOW = Date.UTC(2026, 10, 20, 14, 2);

export const SECOND = 1000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;
export const MB = 1_000_000;

export const YOU: PeerState = {
  phase: "running",
  id: idOf("You"),
  address: addressOf("You"),
  link: `wherry:${addressOf("You")}?via=203.0.113.77:4770`,
  pageLink: `http://203.0.113.77:4770/#/add/${addressOf("You")}`,
  name: "Quiet Heron",
  tab: "leader",
  reachability: { verdict: "anywhere", because: "through 3 introducers" },
  introducers: [introducer("Ada", 18), introducer("Kim", 44), introducer("Lou", 61)],
  connections: [],
  peers: [heard("Ada", "introducer"), heard("Kim", "introducer"), heard("Lou", "introducer")],
  clockOffsetMs: 412,
  published: { at: NOW - 4 * MINUTE, sequence: 3, expires: NOW + 18 * 60 * MINUTE },
  problems: [],
  servedBy: "203.0.113.77:4770",
  keyIsNew: false,
};

export const PROFILE: Profile = { name: "Quiet Heron", description: "", avatar: null, presence: "online" };

export const BASE: State = { ...STARTING, peer: YOU, keySaved: null, friends: [], profile: PROFILE };

export function introducer(who: Member, rttMs: number, change: Partial<IntroducerState> = {}): IntroducerState {
  const host = { Ada: "203.0.113.77", Kim: "198.51.100.4", Lou: "192.0.2.61" }[who as string] ?? "203.0.113.9";
  return {
    peer: idOf(who),
    multiaddr: `/ip4/${host}/tcp/4770/ws`,
    authority: `${host}:4770`,
    state: "reserved",
    rttMs,
    since: NOW - 42 * MINUTE,
    expires: NOW + 50 * MINUTE,
    because: null,
    ...change,
  };
}

export function heard(who: Member, how: SeenPeer["how"], change: Partial<SeenPeer> = {}): SeenPeer {
  return { peer: idOf(who), name: who, how, seen: NOW - 3 * MINUTE, multiaddrs: [], ...change };
}

export function connection(who: Member, change: Partial<ConnectionState> = {}): ConnectionState {
  return {
    peer: idOf(who),
    state: "open",
    path: "direct",
    phase: null,
    since: NOW - 61 * MINUTE,
    rttMs: 18,
    bytesIn: 1204 * MB,
    bytesOut: 3.1 * MB,
    rateIn: 0,
    rateOut: 0,
    pair: {
      local: "192.168.1.20:51044",
      remote: "203.0.113.9:41002",
      localKind: "host",
      remoteKind: "srflx",
      protocol: "udp",
    },
    streams: [{ id: 1, name: "/wherry/message/1", datagrams: false, inbound: false, bytesIn: 8120, bytesOut: 5110 }],
    links: 1,
    error: null,
    ...change,
  };
}

export const error = (code: string, message: string, hint = ""): ErrorInfo => ({ code, side: "remote", message, hint, peer: null });

export const ICE_FAILED = error("ICE_FAILED", "The peer answered, but no path leads to it.");
export const NOT_FOUND = error("PEER_NOT_FOUND", "Nobody knows this peer now.", "Ask for a fresh invite.");
export const OFFLINE: PeerState = {
  ...YOU,
  reachability: { verdict: "offline", because: "no introducer answers" },
  introducers: YOU.introducers.map((each) => ({
    ...each,
    state: "lost",
    rttMs: null,
    since: NOW - 2 * MINUTE,
    expires: null,
  })),
};

export const closed = (who: Member, path: ConnectionState["path"], why: ErrorInfo | null): ConnectionState =>
  connection(who, { state: "closed", path, error: why, rttMs: null, pair: null, streams: [] });

export const connecting = (who: Member, phase: ConnectionState["phase"], forMs: number): ConnectionState =>
  connection(who, { state: "connecting", path: "connecting", phase, since: NOW - forMs, rttMs: null, pair: null, streams: [], bytesIn: 0, bytesOut: 0 });

export const people = (...members: readonly Member[]): State["people"] =>
  members.map((member) => ({ id: idOf(member), added: NOW - 90 * MINUTE, text: `wherry:${addressOf(member)}?via=203.0.113.77:4770` }));

/** A friend whose name is the member's own, lower case where that is to be seen. */
export function friend(who: Member, change: Partial<Friend> = {}): Friend {
  return {
    peer: idOf(who),
    peers: [idOf(who)],
    name: who,
    label: null,
    description: null,
    avatar: null,
    state: "friends",
    since: NOW - 12 * DAY,
    reason: null,
    hello: null,
    presence: "online",
    seen: NOW - 22 * MINUTE,
    unread: 0,
    waiting: 0,
    places: 2,
    last: null,
    compared: null,
    ...change,
  };
}

let count = 0;

/** A message of `who`'s; oneself writes those of "You", to `to`. */
export function message(who: Member, to: Member, at: number, text: string, change: Partial<Message> = {}): Message {
  count += 1;
  return {
    id: count.toString(16).padStart(32, "0"),
    from: idOf(who),
    to: idOf(to),
    at,
    sent: at,
    text,
    data: null,
    replyTo: null,
    state: "read",
    places: 0,
    until: null,
    reason: null,
    ...change,
  };
}

export const chat = (messages: readonly Message[], change: Partial<Chat> = {}): Chat => ({ ...EMPTY_CHAT, messages, ...change });

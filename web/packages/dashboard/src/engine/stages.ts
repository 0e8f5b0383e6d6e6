/**
 * The page's states by name, for pictures and tests: each a whole engine state and a place in the page. Time stands
 * still at {@link NOW}.
 */
import type { ConnectionState, SeenPeer, Trace, TraceEntry } from "@wherry/peer";
import { addressOf, idOf, type Member } from "./cast.ts";
import { type ErrorInfo, STARTING, type State } from "./engine.ts";
import {
  BASE,
  closed,
  connecting,
  connection,
  DAY,
  error,
  friend,
  heard,
  HOUR,
  ICE_FAILED,
  introducer,
  MB,
  message,
  MINUTE,
  NOT_FOUND,
  NOW,
  OFFLINE,
  people,
  SECOND,
  YOU,
} from "./stage-parts.ts";
import { FRIEND_STAGES, type Step } from "./stages-friends.ts";
import { SETTINGS_STAGES } from "./stages-settings.ts";
import { NO_TRIALS, type Trials } from "./trials.ts";

export interface Stage {
  readonly state: State;
  /** Where the page is, as the hash of its address. */
  readonly hash: string;
  /** What a person has done there. */
  readonly steps?: readonly Step[];
  /** Why nothing can be restored. */
  readonly refusal?: ErrorInfo;
}

const MANY: State = {
  ...BASE,
  keySaved: NOW - 3 * 24 * 60 * MINUTE,
  people: people("Eve", "Oona"),
  friends: [
    friend("Bela", { unread: 2, last: message("Bela", "You", NOW - 2 * MINUTE, "Send them, I'm ready") }),
    friend("Cy", { presence: "away", last: message("You", "Cy", NOW - 50 * MINUTE, "See you on Sunday", { state: "delivered" }) }),
    friend("Mara", {
      name: "Mara of the long and winding river valley",
      waiting: 1,
      last: message("You", "Mara", NOW - 5 * HOUR, "Are you back?", { state: "queued" }),
    }),
    friend("Lou", { seen: NOW - 22 * MINUTE, waiting: 3, last: message("You", "Lou", NOW - 3 * DAY, "Dinner?", { state: "held" }) }),
    friend("Nils", { name: "Bela", state: "received", since: NOW - 9 * MINUTE, hello: "It's me again, new computer.", seen: null }),
    friend("Dora", { state: "sent", since: NOW - 20 * MINUTE, hello: "From the boat yard", seen: null }),
    friend("Piet", { name: null, state: "blocked", since: NOW - 40 * DAY, seen: null }),
  ],
  peer: {
    ...YOU,
    connections: [
      connection("Bela"),
      connection("Cy", { path: "relayed", rttMs: 48, bytesIn: 12_000, bytesOut: 9000 }),
      connection("Ada", { path: "direct_lan", rttMs: 0.8, bytesIn: 88_000, bytesOut: 41_000 }),
      connection("Oona", { path: "signaling", rttMs: 131, bytesIn: 4000, bytesOut: 2000 }),
      connecting("Eve", "ring", 5 * SECOND),
      closed("Dora", "waiting", error("DIAL_TIMEOUT", "The peer did not answer in time.")),
      closed("Mara", "unreachable", ICE_FAILED),
    ],
    peers: [
      ...YOU.peers,
      heard("Bela", "connected", { name: "Bela" }),
      heard("Cy", "connected"),
      heard("Dora", "remembered", { seen: NOW - 22 * MINUTE }),
      heard("Mara", "remembered", { name: "Mara of the long and winding river valley" }),
      heard("Nils", "remembered", { name: "Bela" }),
      heard("Eve", "invited", { name: null }),
      heard("Oona", "connected"),
      heard("Piet", "neighbour", { name: null, multiaddrs: ["/ip4/198.51.100.7/tcp/4770/ws"] }),
    ],
  },
};

const ONE: State = {
  ...BASE,
  friends: [friend("Bela", { last: message("Bela", "You", NOW - 2 * MINUTE, "Send them, I'm ready") })],
  peer: { ...YOU, connections: [connection("Bela")], peers: [...YOU.peers, heard("Bela", "connected")] },
};

/** A state with one peer, in one way. */
function withPeer(who: Member, change: ConnectionState | null, more: { trials?: Partial<Trials>; trace?: Trace; seen?: SeenPeer } = {}): State {
  const id = idOf(who);
  return {
    ...BASE,
    people: people(who),
    peer: {
      ...YOU,
      connections: change === null ? [] : [change],
      peers: [...YOU.peers, more.seen ?? heard(who, "connected")],
    },
    trials: more.trials === undefined ? {} : { [id]: { ...NO_TRIALS, ...more.trials } },
    traces: more.trace === undefined ? {} : { [id]: more.trace },
  };
}

const entry = (tMs: number, phase: TraceEntry["phase"], event: string, way: string, ok: boolean | null, data: TraceEntry["data"] = {}): TraceEntry => ({
  tMs,
  phase,
  event,
  way,
  ok,
  data,
});

const OPENED: Trace = {
  peer: idOf("Bela"),
  attempt: "7f3a09c2d4e15b68",
  direction: "outbound",
  started: NOW - 61 * MINUTE,
  outcome: "open",
  summary: `…${idOf("Bela").slice(-6)} is connected.`,
  advice: null,
  error: null,
  entries: [
    entry(3.1, "look_up", "answered", "…pFtftD", true, { sequence: 12 }),
    entry(18.4, "look_up", "unknown there", "…MZdsH8", false),
    entry(34, "look_up", "found", "", true, { sequence: 12, introducers: 3 }),
    entry(41.2, "negotiate", "offer made", "", null, { servers: 1, candidates: 3 }),
    entry(79.6, "ring", "delivered", "…pFtftD", true, { via: "passed on" }),
    entry(85.3, "ring", "failed", "…Vp931m", false, { code: "NO_RESERVATION" }),
    entry(96.7, "negotiate", "answered", "…pFtftD", true),
    entry(97.2, "negotiate", "answer taken", "", null, { candidates: 4, refused: 1 }),
    entry(118, "ice", "open", "", true),
    entry(131.4, "open", "greeted", "", true),
  ],
};

const FAILED: Trace = {
  ...OPENED,
  peer: idOf("Mara"),
  outcome: "failed",
  summary: `…${idOf("Mara").slice(-6)} answered, but none of the paths between you works.`,
  advice: "One side may block UDP. Try another network, or open the UDP port on one side.",
  error: ICE_FAILED,
  entries: [
    ...OPENED.entries.slice(0, 8),
    entry(15_012, "end", "failed", "", false, { code: "ICE_FAILED", detail: "0 of 12 pairs answered" }),
  ],
};

const reply = (n: number, rttMs: number) => ({
  n,
  error: null,
  reply: { peer: idOf("Bela"), rttMs, over: "connection", path: "direct", via: "203.0.113.9:41002" } as const,
});

const TRIALS: Trials = {
  ping: { running: false, lines: [reply(1, 21.3), reply(2, 18.1), reply(3, 17.6), reply(4, 18.4)] },
  echo: {
    stream: "open",
    error: null,
    lines: [
      { n: 1, text: "Hello over there", backMs: 19.2 },
      { n: 2, text: "<b>only text</b> &amp; nothing else", backMs: 18.7 },
      { n: 3, text: "still there?", backMs: null },
    ],
  },
  measurement: {
    state: "running",
    total: 8 * 2 ** 20,
    sent: 6.1 * MB,
    back: 4.9 * MB,
    elapsedMs: 400,
    rate: 12.4 * MB,
    error: null,
  },
};

const peerHash = (who: Member): string => `#/peer/${idOf(who)}`;

/** Every state that is looked at. */
export const STAGES: Readonly<Record<string, Stage>> = {
  starting: { state: STARTING, hash: "#/" },
  lonely: {
    hash: "#/",
    state: {
      ...BASE,
      peer: {
        ...YOU,
        link: null,
        pageLink: null,
        keyIsNew: true,
        introducers: [introducer("Ada", 0, { peer: "", state: "connecting", rttMs: null })],
        peers: [],
        published: null,
        clockOffsetMs: null,
        reachability: { verdict: "offline", because: "no introducer answers" },
      },
    },
  },
  empty: { state: { ...BASE, peer: { ...YOU, keyIsNew: true, peers: [] } }, hash: "#/" },
  one: { state: ONE, hash: "#/" },
  many: { state: MANY, hash: "#/" },
  "many-list": { state: MANY, hash: "#/friends" },
  "empty-list": { state: { ...BASE, peer: { ...YOU, peers: [] } }, hash: "#/friends" },
  offline: { state: { ...MANY, online: false, peer: { ...OFFLINE, peers: MANY.peer?.peers ?? [] } }, hash: "#/" },
  "offline-list": { state: { ...MANY, online: false, peer: { ...OFFLINE, peers: MANY.peer?.peers ?? [] } }, hash: "#/friends" },
  network: {
    state: { ...BASE, peer: { ...YOU, reachability: { verdict: "network", because: "through 3 introducers, all of them on this network" } } },
    hash: "#/",
  },
  error: {
    hash: "#/",
    state: {
      ...ONE,
      peer: {
        ...(ONE.peer ?? YOU),
        introducers: [
          introducer("Ada", 18),
          introducer("Eve", 0, { state: "lost", rttMs: null, since: NOW - 2 * MINUTE, because: "It does not answer." }),
        ],
        reachability: { verdict: "outbound", because: "where you are has not been published yet" },
        problems: [
          error("IDENTITY_ELSEWHERE", "This identity also runs elsewhere."),
          error("CLOCK_WRONG", "This computer's clock is 47 min slow.", "Set the clock."),
        ],
      },
    },
  },
  failed: {
    state: { ...STARTING, failure: error("ENGINE_MISSING", "WebRTC is switched off in this browser.") },
    hash: "#/",
  },
  follower: { state: { ...ONE, peer: { ...(ONE.peer ?? YOU), tab: "follower" } }, hash: "#/" },
  add: { state: BASE, hash: `#/add/${encodeURIComponent(`wherry:${addressOf("Dora")}?via=198.51.100.4:4770`)}` },
  "add-known": { state: MANY, hash: `#/add/${encodeURIComponent(`wherry:${addressOf("Nils")}?via=198.51.100.4:4770`)}` },
  "add-self": { state: BASE, hash: `#/add/wherry:${addressOf("You")}` },
  "add-bad": { state: BASE, hash: `#/add/wherry:${addressOf("Dora").slice(0, -4)}` },
  direct: { state: withPeer("Bela", connection("Bela"), { trace: OPENED }), hash: peerHash("Bela") },
  direct_lan: {
    state: withPeer("Bela", connection("Bela", { path: "direct_lan", rttMs: 0.7 }), { trace: OPENED }),
    hash: peerHash("Bela"),
  },
  trials: { state: withPeer("Bela", connection("Bela", { rateIn: 12.4 * MB, rateOut: 14 * MB }), { trials: TRIALS, trace: OPENED }), hash: peerHash("Bela") },
  trouble: {
    hash: peerHash("Bela"),
    state: withPeer("Bela", connection("Bela"), {
      trials: {
        ping: { running: true, lines: [{ n: 1, reply: null, error: error("DIAL_TIMEOUT", "No reply") }, reply(2, 18.1)] },
        echo: { stream: "closed", lines: [], error: error("STREAM_REFUSED", "The peer does not serve this stream.") },
        measurement: {
          state: "failed",
          total: 8 * 2 ** 20,
          sent: 2 * MB,
          back: 1.5 * MB,
          elapsedMs: 900,
          rate: 0,
          error: error("LIMIT_EXCEEDED", "A limit is reached."),
        },
      },
    }),
  },
  relayed: { state: withPeer("Cy", connection("Cy", { path: "relayed", rttMs: 48 })), hash: peerHash("Cy") },
  signaling: { state: withPeer("Oona", connection("Oona", { path: "signaling", rttMs: 131 })), hash: peerHash("Oona") },
  connecting: { state: withPeer("Eve", connecting("Eve", "ring", 5 * SECOND), { seen: heard("Eve", "invited", { name: null }) }), hash: peerHash("Eve") },
  waiting: {
    state: withPeer("Dora", closed("Dora", "waiting", null), { seen: heard("Dora", "remembered", { seen: NOW - 22 * MINUTE }) }),
    hash: peerHash("Dora"),
  },
  unreachable: { state: withPeer("Mara", closed("Mara", "unreachable", ICE_FAILED), { trace: FAILED }), hash: peerHash("Mara") },
  unknown: { state: withPeer("Piet", closed("Piet", "unreachable", NOT_FOUND), { seen: heard("Piet", "invited", { name: null }) }), hash: peerHash("Piet") },
  known: { state: withPeer("Kim", null, { seen: heard("Kim", "introducer", { multiaddrs: ["/ip4/198.51.100.4/tcp/4770/ws"] }) }), hash: peerHash("Kim") },
  self_offline: {
    hash: peerHash("Bela"),
    state: { ...withPeer("Bela", null), online: false, peer: { ...OFFLINE, peers: [heard("Bela", "remembered")] } },
  },
  ...FRIEND_STAGES,
  ...SETTINGS_STAGES,
  mesh: { state: MANY, hash: "#/mesh" },
  "mesh-empty": { state: { ...BASE, peer: { ...OFFLINE, introducers: [], peers: [] } }, hash: "#/mesh" },
  "mesh-offline": { state: { ...MANY, online: false, peer: { ...OFFLINE, peers: MANY.peer?.peers ?? [] } }, hash: "#/mesh" },
};

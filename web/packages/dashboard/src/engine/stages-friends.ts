/** Friends and chat in every state, staged. */
import type { ConnectionState } from "@wherry/peer";
import { addressOf, idOf, type Member } from "./cast.ts";
import { STARTING, type State } from "./engine.ts";
import type { Friend, Message } from "./friends.ts";
import {
  BASE,
  chat,
  closed,
  connecting,
  connection,
  DAY,
  friend,
  HOUR,
  heard,
  ICE_FAILED,
  message,
  MINUTE,
  NOW,
  OFFLINE,
  SECOND,
  YOU,
} from "./stage-parts.ts";

/** What a person does: click on what a selector finds, or write into it. */
export type Step =
  | { readonly click: string }
  | { readonly type: string; readonly text: string }
  /** A file that begins so is chosen. */
  | { readonly choose: string; readonly beginning: string };

interface FriendStage {
  readonly state: State;
  readonly hash: string;
  readonly steps?: readonly Step[];
}

const chatHash = (who: Member): string => `#/chat/${idOf(who)}`;
const aboutHash = (who: Member): string => `#/about/${idOf(who)}`;
const link = (who: Member): string => `wherry:${addressOf(who)}?via=198.51.100.4:4770`;

/** The other people of the list, so that a chat is not looked at alone. */
const OTHERS: readonly Friend[] = [
  friend("Cy", { presence: "away", last: message("Cy", "You", NOW - 50 * MINUTE, "Sunday it is"), unread: 1 }),
  friend("Dora", { state: "sent", since: NOW - 20 * MINUTE, hello: "From the boat yard", seen: null }),
  friend("Mara", { waiting: 1, last: message("You", "Mara", NOW - 26 * HOUR, "Are you back?", { state: "held", places: 2 }) }),
];

const OTHER_CONNECTIONS: readonly ConnectionState[] = [
  connection("Cy", { path: "relayed", rttMs: 48 }),
  closed("Mara", "waiting", null),
];

/** A chat with somebody: who it is, the way there, what was said. */
function between(one: Friend, way: ConnectionState | null, said: readonly Message[], change: Partial<State> = {}): State {
  const last = said.at(-1) ?? null;
  return {
    ...BASE,
    friends: [{ ...one, last }, ...OTHERS.filter((each) => each.peer !== one.peer)],
    chats: { [one.peer]: chat(said) },
    peer: {
      ...YOU,
      connections: [...(way === null ? [] : [way]), ...OTHER_CONNECTIONS.filter((each) => each.peer !== one.peer)],
      peers: [...YOU.peers, heard("Bela", "connected"), heard("Cy", "connected"), heard("Mara", "remembered")],
    },
    ...change,
  };
}

const SCANS = message("Bela", "You", NOW - 61 * MINUTE, "Hi! The scans are big, about a gigabyte. Is now a good time?");

const SAID: readonly Message[] = [
  message("You", "Bela", NOW - 27 * HOUR, "Did the negatives survive the move?", { state: "read" }),
  message("Bela", "You", NOW - 26.8 * HOUR, "All of them. I'll scan the river ones first."),
  message("Bela", "You", NOW - 26.7 * HOUR, "There is one with your grandfather's boat, the old wherry with the black sail. You will not believe how sharp it is."),
  SCANS,
  message("You", "Bela", NOW - 60 * MINUTE, "Send them, I'm ready", { state: "read", replyTo: SCANS.id }),
  message("Bela", "You", NOW - 12 * MINUTE, "Here is the list, before I forget: https://example.org/river/negatives.html"),
  message("You", "Bela", NOW - 3 * MINUTE, "Thank you!", { state: "delivered" }),
  message("You", "Bela", NOW - 2 * MINUTE, "And say hello to the others 🛶", { state: "delivered" }),
];

const until = NOW + 13 * DAY;

const WAITING: readonly Message[] = [
  ...SAID.slice(0, 3),
  message("You", "Bela", NOW - 20 * MINUTE, "I am at the lock, are you coming?", { state: "held", places: 2, until }),
  message("You", "Bela", NOW - 19 * MINUTE, "The water is high, bring boots.", { state: "held", places: 1, until }),
  message("You", "Bela", NOW - SECOND, "And tea.", { state: "queued" }),
];

const FAILED: readonly Message[] = [
  ...SAID.slice(0, 4),
  message("You", "Bela", NOW - 4 * MINUTE, "Yes! All evening.", { state: "failed", reason: "full" }),
];

/** One has to scroll. */
const LONG: readonly Message[] = Array.from({ length: 48 }, (_, n) => {
  const at = NOW - (48 - n) * 17 * MINUTE;
  const texts = ["Yes", "At the mill, where the reeds begin. We can moor there for the night.", "Wait", "1\n2\n3", "x".repeat(90), "مرحبا، كيف الحال؟", "好的，明天见"];
  const text = texts[n % texts.length] ?? "";
  return n % 3 === 0 ? message("You", "Bela", at, text, { state: "read" }) : message("Bela", "You", at, text);
});

/** More than one wants to scroll through, with lines that one has to see whole. */
const HUGE: readonly Message[] = [
  ...SAID.slice(0, 4),
  message("Bela", "You", NOW - 5 * MINUTE, "The whole list, see https://example.org/river/negatives.html too. " + "Plate by plate, with the place and the weather. ".repeat(1600)),
  message("You", "Bela", NOW - 4 * MINUTE, "and mine:\n" + Array.from({ length: 300 }, (_, n) => `plate ${n + 1}`).join("\n"), { state: "read" }),
  message("Bela", "You", NOW - MINUTE, "Thank you!"),
];

const BELA = friend("Bela", {
  name: "bela",
  label: "Bela",
  description: "Photographs of water, and of what swims on it.",
  compared: null,
});

const open = connection("Bela");
const CHAT = between(BELA, open, SAID);
const AWAY = between({ ...BELA, waiting: 3, presence: "offline" }, closed("Bela", "waiting", null), WAITING);
const gone: State = { ...CHAT, home: "node", gone: { retryAt: NOW + 4 * SECOND } };

/** Somebody who is no friend, or not yet. */
const standing = (one: Friend, said: readonly Message[] = []): State => between(one, null, said);

const STATIONS: Readonly<Record<string, FriendStage>> = {
  "request-received": {
    state: standing(friend("Nils", { state: "received", since: NOW - 9 * MINUTE, hello: "Hello, it's Nils from the boat yard. You lent me the long pole.", seen: null })),
    hash: chatHash("Nils"),
  },
  "request-namesake": {
    state: standing(friend("Nils", { name: "Cy", state: "received", since: NOW - 9 * MINUTE, hello: "It's me again, new computer.", seen: null })),
    hash: chatHash("Nils"),
  },
  "request-sent": {
    state: standing(friend("Dora", { state: "sent", since: NOW - 20 * MINUTE, hello: "From the boat yard", seen: null })),
    hash: chatHash("Dora"),
  },
  "request-declined": { state: standing(friend("Dora", { state: "declined", seen: null })), hash: chatHash("Dora") },
  "request-old-link": { state: standing(friend("Dora", { state: "declined", reason: "old_address", seen: null })), hash: chatHash("Dora") },
  blocked: { state: standing(friend("Eve", { state: "blocked" })), hash: chatHash("Eve") },
  earlier: { state: standing(friend("Lou", { state: "stranger" }), [message("Lou", "You", NOW - 3 * DAY, "It was good to know you.")]), hash: chatHash("Lou") },
  stranger: { state: CHAT, hash: chatHash("Kim") },
};

export const FRIEND_STAGES: Readonly<Record<string, FriendStage>> = {
  chat: { state: CHAT, hash: chatHash("Bela") },
  "chat-empty": { state: between(BELA, open, []), hash: chatHash("Bela") },
  "chat-loading": { state: { ...CHAT, friends: null, chats: {} }, hash: chatHash("Bela") },
  "chat-away": { state: AWAY, hash: chatHash("Bela") },
  "chat-busy": { state: between({ ...BELA, presence: "busy" }, open, SAID), hash: chatHash("Bela") },
  "chat-failed": { state: between(BELA, open, FAILED), hash: chatHash("Bela") },
  "chat-offline": { state: { ...AWAY, online: false, peer: OFFLINE }, hash: chatHash("Bela") },
  "chat-connecting": { state: between(BELA, connecting("Bela", "ring", 5 * SECOND), SAID), hash: chatHash("Bela") },
  "chat-unreachable": { state: between(BELA, closed("Bela", "unreachable", ICE_FAILED), WAITING), hash: chatHash("Bela") },
  "chat-nowhere": { state: between({ ...BELA, places: 0 }, closed("Bela", "waiting", null), SAID), hash: chatHash("Bela") },
  "chat-new": {
    state: { ...between({ ...BELA, unread: 2 }, open, SAID.slice(0, 6)), chats: { [BELA.peer]: chat(SAID.slice(0, 6), { typing: true }) } },
    hash: chatHash("Bela"),
  },
  "chat-long": { state: { ...CHAT, chats: { [BELA.peer]: chat(LONG, { older: true }) } }, hash: chatHash("Bela") },
  "chat-huge": { state: between(BELA, open, HUGE), hash: chatHash("Bela") },
  "chat-actions": {
    state: AWAY,
    hash: chatHash("Bela"),
    steps: [{ click: ".said-held .said-meta" }],
  },
  "chat-reply": {
    state: CHAT,
    hash: chatHash("Bela"),
    steps: [
      { click: `#m-${SCANS.id} .said-meta` },
      { click: ".said-more .button" },
      { type: "#message-text", text: "Let us meet at the mill.\nI bring the long pole." },
    ],
  },
  search: { state: CHAT, hash: "#/friends", steps: [{ type: "#search", text: "river" }] },
  "search-none": { state: CHAT, hash: "#/friends", steps: [{ type: "#search", text: "mountain" }] },
  about: { state: CHAT, hash: aboutHash("Bela") },
  "about-away": { state: AWAY, hash: aboutHash("Bela") },
  "about-compare": { state: CHAT, hash: aboutHash("Bela"), steps: [{ click: ".compare .card-head .button" }] },
  "about-compared": { state: between({ ...BELA, compared: NOW - 2 * DAY }, open, SAID), hash: aboutHash("Bela") },
  "about-leave": { state: CHAT, hash: aboutHash("Bela"), steps: [{ click: ".leave summary" }] },
  ...STATIONS,
  "add-friend": { state: CHAT, hash: `#/add/${encodeURIComponent(link("Bela"))}` },
  "add-id": { state: BASE, hash: `#/add/${idOf("Dora")}` },
  "node-gone": { state: gone, hash: chatHash("Bela") },
  "node-gone-you": { state: gone, hash: "#/" },
  node: { state: { ...CHAT, home: "node" }, hash: "#/" },
  "node-no-session": {
    state: { ...STARTING, failure: { code: "NO_SESSION", side: "local", message: "Not signed in.", hint: "", peer: null } },
    hash: "#/",
  },
};

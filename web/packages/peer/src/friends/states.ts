/**
 * Friendship between two peers as one table: who said what, what holds then, and what is to be said. The same table as in
 * Python (`friends/states.py`), where it is explained. A core.
 *
 * Each side keeps two words: its own that stands, and the other's. A word is a request, or an acceptance that answers
 * one. Friends are two who both have a word that stands:
 *
 *     stranger, declined, blocked     none               sent       ours
 *     friends                         ours and theirs    received   theirs
 *
 * What answers or ends a word names it by its id; so a late answer to an older word is told from one to the word that
 * stands, and both sides come to the same, whatever crossed.
 */

import { Kind, Reason } from "../messages/packets.ts";
import type { FriendshipState } from "../types.ts";

/** What can happen: done here, said by the other side, or the fate of a word of ours. */
export type FriendEvent =
  | "request"
  | "accept"
  | "decline"
  | "withdraw"
  | "remove"
  | "block"
  | "unblock"
  | "they request"
  | "they accept"
  | "they accept late"
  | "they decline"
  | "they withdraw"
  | "they remove"
  | "void"
  | "expired";

/** What holds afterwards, what the other side is told, or why its word is void. */
interface Step {
  readonly state: FriendshipState;
  readonly say?: number;
  readonly refuse?: number;
}

type Table = Readonly<Record<FriendshipState, Partial<Record<FriendEvent, Step>>>>;

/** An acceptance of what no longer stands. */
const late = (state: FriendshipState): Step => ({ state, refuse: Reason.WITHDRAWN });
/** Whoever is blocked hears the same, whatever it says. */
const refused: Step = { state: "blocked", refuse: Reason.REFUSED };

export const TABLE: Table = {
  stranger: {
    request: { state: "sent", say: Kind.REQUEST },
    block: { state: "blocked" },
    "they request": { state: "received" },
    "they accept late": late("stranger"),
  },
  sent: {
    withdraw: { state: "stranger", say: Kind.WITHDRAW },
    block: { state: "blocked", say: Kind.WITHDRAW },
    "they request": { state: "friends" },
    "they accept": { state: "friends" },
    "they accept late": late("sent"),
    "they decline": { state: "declined" },
    "they remove": { state: "declined" },
    void: { state: "declined" },
    expired: { state: "declined" },
  },
  received: {
    request: { state: "friends", say: Kind.ACCEPT },
    accept: { state: "friends", say: Kind.ACCEPT },
    decline: { state: "stranger", say: Kind.DECLINE },
    block: { state: "blocked", say: Kind.DECLINE },
    "they request": { state: "received" },
    "they accept late": late("received"),
    "they withdraw": { state: "stranger" },
    "they remove": { state: "stranger" },
  },
  friends: {
    remove: { state: "stranger", say: Kind.REMOVE },
    // Blocking ends what there was, and says so: else the two would never agree again.
    block: { state: "blocked", say: Kind.REMOVE },
    // A friend who asks has lost its memory of us, not our friendship.
    "they request": { state: "friends", say: Kind.ACCEPT },
    "they accept": { state: "friends" },
    "they accept late": late("friends"),
    "they decline": { state: "declined" },
    // They take back their word; ours, if it is a request, stands.
    "they withdraw": { state: "sent" },
    "they remove": { state: "stranger" },
    // They did not take our word. Theirs stands: it is answered anew.
    void: { state: "friends", say: Kind.ACCEPT },
    expired: { state: "friends", say: Kind.ACCEPT },
  },
  declined: {
    request: { state: "sent", say: Kind.REQUEST },
    remove: { state: "stranger" },
    block: { state: "blocked" },
    "they request": { state: "received" },
    "they accept late": late("declined"),
  },
  blocked: {
    unblock: { state: "stranger" },
    "they request": refused,
    "they accept": refused,
    "they accept late": refused,
    "they decline": refused,
    "they withdraw": refused,
    "they remove": refused,
  },
};

/** A request, or an acceptance; `answers` is the id of the request that it accepts. Ids are in hex. */
export interface Word {
  readonly id: string;
  readonly answers: string | null;
}

/** Something for the other side; `about` is the id of the word of theirs that it answers or ends. */
export interface Said {
  readonly kind: number;
  readonly id: string;
  readonly about: string | null;
}

/** What we know of us and a peer. */
export interface Friendship {
  readonly state: FriendshipState;
  /** The words that stand. */
  readonly ours: Word | null;
  readonly theirs: Word | null;
  /** The last thing we said, as long as they may not have it. */
  readonly said: Said | null;
  /** Of `declined`: the void's reason, 0 where it was their own word. */
  readonly reason: number | null;
}

export const STRANGERS: Friendship = { state: "stranger", ours: null, theirs: null, said: null, reason: null };

/** What a step comes to. */
export interface Outcome {
  readonly friendship: Friendship;
  /** To be sent in the same transaction. */
  readonly say: Said | null;
  /** The other side's word is void for this reason. */
  readonly refuse: number | null;
}

/**
 * Something that a person does here; null if it cannot be done in this state.
 * @param fresh - an id for what is said about it
 */
export function we(now: Friendship, event: FriendEvent, fresh: string): Outcome | null {
  return go(now, event, fresh);
}

/**
 * Something that the other side has said.
 * @param said - its kind, the id of the item, and that of the word of ours that it answers or ends, if it told one
 */
export function they(now: Friendship, said: Said, fresh: string): Outcome {
  const event = heard(now, said);
  const answers = said.kind === Kind.ACCEPT ? (said.about ?? "0".repeat(32)) : null;
  const outcome = event === null ? null : go(now, event, fresh, { id: said.id, answers });
  return outcome ?? unchanged(now);
}

/**
 * What became of something we said; null if it changes nothing.
 * @param reason - the void's; null if it was delivered
 */
export function fate(now: Friendship, id: string, reason: number | null, fresh: string): Outcome | null {
  const isLast = now.said?.id === id;
  const after = isLast ? { ...now, said: null } : now;
  if (reason === null || now.ours?.id !== id) return isLast ? unchanged(after) : null;
  const outcome = go(after, fateOf(now.ours, reason), fresh);
  if (outcome?.friendship.state !== "declined") return outcome ?? (isLast ? unchanged(after) : null);
  return { ...outcome, friendship: { ...outcome.friendship, reason } };
}

/** Which event it is, given what stands here. */
function heard({ state, ours }: Friendship, { kind, about }: Said): FriendEvent | null {
  const isMeant = ours !== null && (about === null || about === ours.id);
  const hasAnswered = ours !== null && ours.answers !== null;
  switch (kind) {
    case Kind.REQUEST:
      return "they request";
    case Kind.ACCEPT:
      return isMeant ? "they accept" : "they accept late";
    case Kind.DECLINE:
      return isMeant || state === "blocked" ? "they decline" : null;
    case Kind.WITHDRAW:
      return hasAnswered ? "they remove" : "they withdraw"; // our acceptance falls with the request that it answers
    case Kind.REMOVE:
      return isMeant || hasAnswered || ours === null ? "they remove" : "they withdraw";
    default:
      return null;
  }
}

/** Which event it is that a word which stands was not taken. */
function fateOf(ours: Word, reason: number): FriendEvent {
  if (reason === Reason.EXPIRED) return "expired";
  // An acceptance is void where the request was taken back: nothing stands there any more.
  return ours.answers === null ? "void" : "they remove";
}

function go(now: Friendship, event: FriendEvent, fresh: string, word: Word | null = null): Outcome | null {
  const step = TABLE[now.state][event];
  if (step === undefined) return null;
  if (step.refuse !== undefined) return { friendship: now, say: null, refuse: step.refuse };
  const theirs = word !== null && (event === "they request" || event === "they accept") ? word : now.theirs;
  const say = step.say === undefined ? null : { kind: step.say, id: fresh, about: aboutOf(step.say, theirs) };
  const isWord = say?.kind === Kind.REQUEST || say?.kind === Kind.ACCEPT;
  const ours = isWord ? { id: fresh, answers: say.kind === Kind.ACCEPT ? say.about : null } : now.ours;
  const { state } = step;
  const friendship: Friendship = {
    state,
    ours: state === "sent" || state === "friends" ? ours : null,
    theirs: state === "received" || state === "friends" ? theirs : null,
    said: say ?? now.said,
    reason: state === "declined" ? 0 : null,
  };
  return { friendship, say, refuse: null };
}

function aboutOf(kind: number, theirs: Word | null): string | null {
  return kind === Kind.REQUEST ? null : (theirs?.id ?? null);
}

function unchanged(friendship: Friendship): Outcome {
  return { friendship, say: null, refuse: null };
}

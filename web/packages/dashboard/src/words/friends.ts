/** A friendship in words: the second line of its row, and what a request, a refusal or a block mean. */
import type { ErrorInfo } from "../engine/engine.ts";
import type { Friend, Presence, TheirPresence } from "../engine/friends.ts";
import { isOpen, type Link } from "../model/link.ts";
import type { Section } from "../model/friends.ts";
import { because } from "./because.ts";
import { keptWords } from "./chat.ts";
import { linkSentence, linkWords } from "./link.ts";
import { count, moment } from "./units.ts";

export const SECTION_WORDS: Readonly<Record<Section, string>> = {
  requests: "Requests",
  friends: "Friends",
  sent: "Asked",
  earlier: "Earlier",
  blocked: "Blocked",
};

export const PRESENCE_WORDS: Readonly<Record<Presence, string>> = {
  online: "Online",
  away: "Away",
  busy: "Busy",
  invisible: "Invisible",
};

/** What each means to friends. */
export const PRESENCE_HINTS: Readonly<Record<Presence, string>> = {
  online: "Friends see that you are here.",
  away: "Friends see that you are here, but not at it.",
  busy: "Friends see that you are here and may answer late.",
  invisible: "Friends see you as not here. Messages come all the same.",
};

const TOLD: Readonly<Record<TheirPresence, string>> = { online: "", offline: "", away: "Away", busy: "Busy" };

/** What a friend's row says under the name. */
export function friendWords(friend: Friend, link: Link, who: string, now: number): string {
  switch (friend.state) {
    case "friends": {
      const told = isOpen(link) ? TOLD[friend.presence] : "";
      const way = linkWords(link, who, now);
      const waits = friend.waiting === 0 || isOpen(link) ? "" : waitingWords(friend.waiting);
      return [told, way, waits].filter((part) => part !== "").join(" · ");
    }
    case "sent":
      return "Request sent · waiting for them";
    case "received":
      return "Wants to be your friend";
    case "declined":
      return friend.reason === null ? "Declined your request" : "Request did not arrive";
    case "blocked":
      return "Blocked";
    case "stranger":
      return "No longer a friend";
  }
}

/**
 * How it stands with a friend, whole: what holds, why, and what one can do or need not. Whoever is away is dialled by
 * Wherry itself, and written to all the same.
 */
export function friendSentence(friend: Friend, link: Link, failed: ErrorInfo | null, who: string, now: number): string {
  const { sentence, advice } = linkSentence(link, who, now);
  const away = link.code === "waiting";
  const why = away && failed !== null ? because(failed, who).sentence : "";
  const kept = away || link.code === "unreachable" ? keptWords(friend, who, now) : "";
  return [sentence, why, away ? "" : advice, kept].filter((part) => part !== "").join(" ");
}

/** `1 message waits`, `3 messages wait` */
export const waitingWords = (waiting: number): string => `${count(waiting, "message")} ${waiting === 1 ? "waits" : "wait"}`;

export interface Standing {
  readonly title: string;
  readonly text: string;
}

/** What a friendship that is none yet, or no longer, means and what comes next. */
export function standingOf(friend: Friend, who: string, now: number): Standing {
  switch (friend.state) {
    case "received":
      return {
        title: `${who} wants to be your friend`,
        text: `Accept, and you can write to each other; ${who} sees when you are here. Decline, and ${who} is told so.`,
      };
    case "sent":
      return { title: "Request sent", text: `Sent ${moment(friend.since, now)}. ${sentWords(friend, who)}` };
    case "declined":
      return DECLINED[friend.reason ?? ""]?.(who) ?? declined(who);
    case "blocked":
      return { title: `You have blocked ${who}`, text: `Nothing that ${who} sends reaches you.` };
    case "stranger":
    case "friends":
      return {
        title: `${who} is not your friend`,
        text: "To write to each other, one of you sends a request. Ask for a link, or give yours.",
      };
  }
}

const declined = (who: string): Standing => ({
  title: `${who} declined`,
  text: `${who} does not want to be your friend now. You can ask again.`,
});

/** Why a request came to nothing, where it was not the person who said no. */
const DECLINED: Readonly<Record<string, (who: string) => Standing>> = {
  expired: (who) => ({
    title: "The request was not collected",
    text: `${who} was not here for as long as it was kept. Ask again, or ask for a fresh link.`,
  }),
  old_address: (who) => ({
    title: "This link is old",
    text: `${who} has a new address and takes no requests by the old one. Ask for a fresh link.`,
  }),
  full: (who) => ({
    title: `${who} has too many open requests`,
    text: "Tell them in another way that you have asked, then ask again.",
  }),
  refused: (who) => ({ title: `${who} does not take your request`, text: "Ask the person behind it in another way." }),
};

const sentWords = (friend: Friend, who: string): string =>
  friend.places === null || friend.places === 0
    ? `Waiting for ${who}. It goes out by itself as soon as there is a way.`
    : `Kept for ${who}, sealed, at ${count(friend.places, "place")}. You see here when ${who} answers.`;

/** What leaving somebody means, said before it is done. */
export const removeWords = (who: string): string =>
  `${who} is told, and you can no longer write to each other until one of you asks again.`;

export const blockWords = (who: string): string =>
  `Nothing that ${who} sends reaches you any more. To ${who} it looks as if you had ended the friendship. You can undo it.`;

/**
 * Every bad state has a because and a next step. The codes are those of `tests/vectors/errors.json`; the sentences there
 * speak to somebody at a command line, those here to somebody at the page.
 */
import type { ErrorInfo } from "@wherry/peer";

export interface Said {
  /** Goes after "Cannot connect:" in a row, so: a clause of few words. */
  readonly short: string;
  /** What happened, whole. */
  readonly sentence: string;
  /** What to do; empty where nothing can be done. */
  readonly advice: string;
}

type Sentences = (who: string, error: ErrorInfo) => Said;

const TABLE: Readonly<Record<string, Sentences>> = {
  PEER_NOT_FOUND: (who) => ({
    short: "nobody knows them now",
    sentence: `Nobody knows ${who} now.`,
    advice: "Ask for a fresh invite.",
  }),
  NO_RESERVATION: (who) => ({
    short: "they are not there",
    sentence: `${who} is not there, or does not answer strangers.`,
    advice: "Try again when they are back.",
  }),
  ENDPOINT_UNREACHABLE: (who) => ({
    short: "the places that knew them are gone",
    sentence: `The places that knew ${who} do not answer.`,
    advice: "Try again later, or ask for a fresh invite.",
  }),
  ENDPOINT_TIMEOUT: (who) => ({
    short: "the places that know them are silent",
    sentence: `The places that know ${who} did not answer in time.`,
    advice: "Try again in a minute.",
  }),
  DIAL_TIMEOUT: (who) => ({
    short: "no answer in time",
    sentence: `${who} did not answer in time.`,
    advice: "They may just have left. Try again in a minute.",
  }),
  DIAL_FAILED: (who) => ({
    short: "no way worked",
    sentence: `No way to ${who} worked.`,
    advice: "Below is what was tried, and how far it came.",
  }),
  NEGOTIATION_FAILED: (who) => ({
    short: "the two sides could not agree",
    sentence: `${who} answered, but the two sides could not agree on a connection.`,
    advice: "Reload this page and try again.",
  }),
  ICE_FAILED: (who) => ({
    short: "no path between the two networks",
    sentence: `${who} answered, but no path leads there: a firewall, or routers that change ports, are in between.`,
    advice: "Try another network, for instance a phone's hotspot.",
  }),
  REFUSED_BY_PEER: (who) => ({
    short: "they do not accept strangers",
    sentence: `${who} does not accept strangers.`,
    advice: "Ask the person behind it to let you in.",
  }),
  STREAM_REFUSED: (who) => ({
    short: "they do not offer this",
    sentence: `${who} does not offer this.`,
    advice: "Nothing is broken: the connection itself is open.",
  }),
  LIMIT_EXCEEDED: (who) => ({
    short: "a limit is reached",
    sentence: `${who} lets one peer do only so much in a minute.`,
    advice: "Wait a minute and try again.",
  }),
  QUOTA: (who) => ({
    short: "a limit is reached",
    sentence: `A limit of ${who} is used up.`,
    advice: "Wait a minute and try again.",
  }),
  PEER_BANNED: (who) => ({
    short: "shut out for a while",
    sentence: `${who} is shut out here for a while, because it broke the protocol.`,
    advice: "Wait; the ban ends by itself.",
  }),
  VERSION_MISMATCH: (who) => ({
    short: "the versions do not fit",
    sentence: `${who} runs a Wherry that does not fit this one.`,
    advice: "Reload this page to have its newest version. The other side may have to update.",
  }),
  CONNECTION_LOST: (who) => ({
    short: "the connection was lost",
    sentence: `The connection to ${who} was lost.`,
    advice: "Connect again.",
  }),
  PEER_CLOSED: (who) => ({
    short: "they closed the connection",
    sentence: `${who} closed the connection.`,
    advice: "Connect again if you need it.",
  }),
  PEER_RESTARTED: (who) => ({
    short: "they started anew",
    sentence: `${who} has started anew.`,
    advice: "Connect again.",
  }),
  NO_NETWORK: () => ({
    short: "you are offline",
    sentence: "There is no network.",
    advice: "Wherry goes on by itself when there is one.",
  }),
  LOOK_UP_FAILED: (who) => ({
    short: "nobody could be asked",
    sentence: `Nobody could be asked where ${who} is.`,
    advice: "Wait until somebody introduces you, then try again.",
  }),
  CLOCK_WRONG: (_who, error) => ({
    short: "this computer's clock is wrong",
    sentence: error.message,
    advice: "Set the clock, then try again.",
  }),
  ENGINE_MISSING: () => ({
    short: "WebRTC is switched off in this browser",
    sentence: "WebRTC is switched off in this browser.",
    advice: "Switch it on, or use another browser.",
  }),
  IDENTITY_ELSEWHERE: () => ({
    short: "this key also runs elsewhere",
    sentence: "Somebody with your key is here from another place. This page no longer tells others where you are.",
    advice: "Close one of the two. If the other is not you, make a new key and tell your friends.",
  }),
  NOT_FRIENDS: (who) => ({
    short: "you are not friends",
    sentence: `You and ${who} are not friends.`,
    advice: "One of you sends a request, by the other's link.",
  }),
  ALREADY_FRIENDS: (who) => ({
    short: "you are friends already",
    sentence: `You and ${who} are friends already.`,
    advice: "",
  }),
  NO_REQUEST: (who) => ({
    short: "the request is gone",
    sentence: `There is no request between you and ${who} any more.`,
    advice: "It may have been taken back.",
  }),
  PEER_BLOCKED: (who) => ({
    short: "you have blocked them",
    sentence: `You have blocked ${who}.`,
    advice: "Unblock them first.",
  }),
  AVATAR_REFUSED: () => ({
    short: "this picture cannot be used",
    sentence: "This picture cannot be used.",
    advice: "Take another one.",
  }),
  MESSAGE_TOO_LARGE: () => ({
    short: "the message is too large",
    sentence: "The message is too large.",
    advice: "Send it in parts.",
  }),
  DISK_FULL: () => ({
    short: "there is no room left here",
    sentence: "There is no room left on this device, so nothing was sent.",
    advice: "Make room, then try again. What you wrote is still in the box.",
  }),
  NO_NODE: () => ({
    short: "the node does not answer",
    sentence: "The node does not answer.",
    advice: "Start it with “wherry up”; this page goes on by itself.",
  }),
  NO_SESSION: () => ({
    short: "this page has no key to its node",
    sentence: "This page has no key to its node, or it is too old.",
    advice: "Open it anew with “wherry dashboard”.",
  }),
  UNSUPPORTED: (who) => ({
    short: "they do not offer this",
    sentence: `${who} does not offer this.`,
    advice: "",
  }),
};

/** Codes that have a sentence of their own here. */
export const SAID_CODES: readonly string[] = Object.keys(TABLE);

/** Why, and what to do, in the page's words; `who` is what to call the peer. */
export function because(error: ErrorInfo, who: string): Said {
  const own = TABLE[error.code];
  if (own !== undefined) return own(who, error);
  const sentence = error.message.replace(/\.?$/, ".");
  return { short: sentence.replace(/\.$/, "").replace(/^\p{Lu}(?=\p{Ll})/u, lower), sentence, advice: adviceOf(error) };
}

/** A hint that tells people to type a command is of no use on a page. */
const adviceOf = ({ hint }: ErrorInfo): string => (/\bwherry [a-z]|--[a-z]|\bPEER\b/.test(hint) ? "" : hint);

const lower = (letter: string): string => letter.toLowerCase();

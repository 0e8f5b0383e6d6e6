/** A message's way in words: what its mark means, why it failed, and what becomes of what is written now. */
import type { Friend, Message, MessageState } from "../engine/friends.ts";
import { isOpen, type Link } from "../model/link.ts";
import { count, date, moment } from "./units.ts";

/** The word for each mark; the same as `messages --json`. */
export const STATE_WORDS: Readonly<Record<MessageState, string>> = {
  queued: "Queued",
  held: "Held",
  delivered: "Delivered",
  read: "Read",
  failed: "Not sent",
};

/** What the mark means, whole. */
export function stateSentence(message: Message, who: string, now: number): string {
  switch (message.state) {
    case "queued":
      return "Waits on this device. It goes out by itself as soon as there is a way.";
    case "held": {
      const until = message.until === null ? "" : `, until ${date(message.until, now)}`;
      return `Kept for ${who}, sealed, at ${count(Math.max(1, message.places), "place")}. Delivered when ${who} is back${until}.`;
    }
    case "delivered":
      return `On ${who}'s device, not yet read there.`;
    case "read":
      return `${who} has read it.`;
    case "failed":
      return failedWords(message.reason, who);
  }
}

/** The recipient's word, or this side's, on why a message ended. */
const REASONS: Readonly<Record<string, (who: string) => string>> = {
  expired: (who) => `${who} was not here before it expired`,
  refused: (who) => `${who} does not take messages from you`,
  old_address: (who) => `${who} has a new address, ask for a fresh link`,
  full: (who) => `${who}'s mailboxes are full`,
  malformed: (who) => `${who} could not read it`,
  withdrawn: () => "it was taken back",
  unsupported: (who) => `${who} runs a Wherry that does not know this kind of message`,
};

/** Reasons as codes come, in the table's spelling. */
export const FAILED_REASONS: readonly string[] = Object.keys(REASONS);

/** `Not sent: Bela's mailboxes are full.` */
export function failedWords(reason: string | null, who: string): string {
  const known = reason === null ? undefined : REASONS[reason.toLowerCase().replaceAll(/[ -]/g, "_")];
  if (known !== undefined) return `Not sent: ${known(who)}.`;
  return reason === null || reason === "" ? "Not sent." : `Not sent: ${reason.replace(/\.$/, "")}.`;
}

/** How long a message is kept, milliseconds: what is written now, and nobody collects, ends then. */
export const LIFETIME = 14 * 24 * 3_600_000;

/** The thin line over the box: what becomes of what is written now. Null where it just arrives. `gone`: the node is. */
export function awayLine(friend: Friend, link: Link, who: string, now: number, gone = false): string | null {
  if (gone) return "The node has stopped. What you write stays in this box until it is back.";
  if (isOpen(link) || link.code === "connecting") return null;
  if (link.code === "self_offline") return "You are offline. What you write waits here and goes out by itself.";
  const away = link.code === "unreachable" ? `${who} cannot be reached.` : `${who} is not here.`;
  return `${away} ${keptWords(friend, who, now)}`;
}

/** What becomes of what is written now to somebody who is not here. */
export function keptWords({ places }: Friend, who: string, now: number): string {
  if (places === 0) return `Nobody keeps messages for ${who}: what you write waits on this device until you are both here.`;
  const at = places === null ? "" : ` at ${count(places, "place")}`;
  return `What you write is kept, sealed,${at} until ${who} is back, or until ${date(now + LIFETIME, now)}.`;
}

/** `today`, `yesterday`, `Mon 16 Nov` */
export function dayWords(at: number, now: number): string {
  const day = new Date(at).toDateString();
  if (day === new Date(now).toDateString()) return "Today";
  const yesterday = new Date(now);
  yesterday.setDate(yesterday.getDate() - 1);
  if (day === yesterday.toDateString()) return "Yesterday";
  return date(at, now);
}

/** When something was last said, for a row: the time today, the date before that. */
export const lastWords = (at: number, now: number): string =>
  new Date(at).toDateString() === new Date(now).toDateString() ? moment(at, now) : date(at, now);

/** 60 digits as 12 groups of 5. */
export const groupsOfFive = (digits: string): readonly { readonly at: number; readonly digits: string }[] =>
  [...digits.replaceAll(/\D/g, "").matchAll(/.{1,5}/g)].map((match) => ({ at: match.index, digits: match[0] }));

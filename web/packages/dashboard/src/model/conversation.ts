/** A conversation as it is drawn: days, and within them runs of what one side said without a break. */
import type { Message } from "../engine/friends.ts";
import { tidyText } from "../words/text.ts";

const placeOf = (message: Message): number => message.place ?? message.at;

export const comesAfter = (one: Message, other: Message): boolean => placeOf(one) >= placeOf(other);

/** `known` with `news` in it: each message once, the newer version wins, in their order. */
export function merged(known: readonly Message[], news: readonly Message[]): readonly Message[] {
  const messages = [...known];
  for (const message of news) {
    const at = messages.findIndex((each) => each.id === message.id);
    if (at >= 0) messages[at] = message;
    else messages.splice(messages.findLastIndex((each) => placeOf(each) <= placeOf(message)) + 1, 0, message);
  }
  return messages;
}

/** What one side said without a break. */
export interface Run {
  readonly key: string;
  readonly own: boolean;
  readonly messages: readonly Message[];
}

export interface Day {
  /** The first moment of it that is shown. */
  readonly at: number;
  readonly runs: readonly Run[];
}

/** A pause after which a run ends, milliseconds. */
const PAUSE = 5 * 60_000;

/** The days of a conversation with `peer`, in order. */
export function daysOf(messages: readonly Message[], self: string): readonly Day[] {
  const days: { at: number; date: string; runs: { key: string; own: boolean; messages: Message[] }[] }[] = [];
  for (const message of messages) {
    const date = new Date(message.at).toDateString();
    let day = days.at(-1);
    if (day?.date !== date) {
      day = { at: message.at, date, runs: [] };
      days.push(day);
    }
    const own = message.from === self;
    const run = day.runs.at(-1);
    const last = run?.messages.at(-1);
    if (run?.own === own && last !== undefined && message.at - last.at < PAUSE) run.messages.push(message);
    else day.runs.push({ key: message.id, own, messages: [message] });
  }
  return days;
}

/** What a reply quotes, and a notification shows: one line of it. */
export function excerpt(text: string, characters = 120): string {
  const line = [...tidyText(text).replace(/\s+/gu, " ").trim()];
  return line.length > characters ? `${line.slice(0, characters - 1).join("")}…` : line.join("");
}

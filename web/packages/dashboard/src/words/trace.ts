/** A line of a trace in words. Events are those of the peer's `connect/`; one without words here is said as it is. */
import type { TraceEntry } from "@wherry/peer";
import { because } from "./because.ts";
import { milliseconds } from "./units.ts";

type Phase = TraceEntry["phase"];

export const PHASE_WORDS: Readonly<Record<Phase, string>> = {
  look_up: "Look-up",
  ring: "Ring",
  negotiate: "Offer and answer",
  ice: "Paths",
  open: "Open",
  end: "End",
};

/** `%` stands for the way. */
const EVENTS: Readonly<Partial<Record<Phase, Readonly<Record<string, string>>>>> = {
  look_up: {
    remembered: "Still known where they are",
    answered: "% knows where they are",
    "unknown there": "% does not know them",
    failed: "% could not be asked",
    found: "Found where they are",
    "not found": "Nobody knows where they are",
  },
  ring: {
    "offer came": "Their offer came by %",
    delivered: "% passed it on",
    failed: "% could not pass it on",
  },
  negotiate: {
    "offer made": "Offer made",
    "offer taken": "Their offer taken",
    answered: "Their answer came by %",
    "answer made": "Answer made",
    "answer taken": "Their answer taken",
  },
  ice: { open: "A path works" },
  open: { greeted: "Both sides have greeted" },
  end: { refused: "Refused", failed: "Ended" },
};

/** What happened, and the facts that go with it; `called` says what to call a way. */
export function eventWords(entry: TraceEntry, called: (way: string) => string): { text: string; facts: string } {
  const { phase, event, way, data } = entry;
  const words = EVENTS[phase]?.[event];
  const named = called(way);
  const plain = capital(way === "" ? event : `${event} · ${named}`).replaceAll("_", " ");
  const text = words === undefined || (words.includes("%") && way === "") ? plain : words.replace("%", named);
  return { text, facts: Object.entries(data).map(([name, value]) => factWords(name, value)).join(" · ") };
}

/** `rtt_ms: 18` is said `rtt 18 ms`; a code is said in words where there are some. */
function factWords(name: string, value: string | number | boolean): string {
  const words = name.replaceAll("_", " ");
  if (typeof value === "number" && /(?:^| )ms$/.test(words)) return `${words.slice(0, -2)}${milliseconds(value)}`;
  if (name === "code" && typeof value === "string") return codeWords(value);
  return name === "detail" || name === "via" ? String(value) : `${words} ${String(value)}`;
}

const codeWords = (code: string): string => because({ code, side: "remote", message: code, hint: "", peer: null }, "").short;

const capital = (text: string): string => text.replace(/^\p{Ll}/u, (letter) => letter.toUpperCase());

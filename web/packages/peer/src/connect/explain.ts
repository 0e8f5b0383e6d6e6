/** What a trace means, in a sentence, and what to do about it: the same words as `wherry explain`. */

import type { TraceEntry } from "../types.ts";

/** What is asked of a trace. */
export interface Facts {
  readonly peer: string;
  readonly outcome: "running" | "open" | "failed";
  readonly entries: readonly TraceEntry[];
  last(phase: TraceEntry["phase"], event?: string): TraceEntry | null;
  count(phase: TraceEntry["phase"], event: string): number;
}

export interface Verdict {
  readonly sentence: string;
  /** Null where nothing is to be done. */
  readonly advice: string | null;
}

const GONE = ["ENDPOINT_UNREACHABLE", "ENDPOINT_LOST", "ENDPOINT_TIMEOUT"];

export function summarise(trace: Facts): Verdict {
  const name = `…${trace.peer.slice(-6)}`;
  if (trace.outcome === "open") return { sentence: `${name} is connected.`, advice: null };
  if (trace.outcome === "running") return { sentence: `${name} is being called.`, advice: null };
  const codes = new Set(trace.entries.map((entry) => String(entry.data["code"] ?? "")));
  if (codes.has("REFUSED_BY_PEER")) {
    return { sentence: `${name} does not accept this call.`, advice: "Ask the person behind it to let you in." };
  }
  if (codes.has("VERSION_MISMATCH")) {
    return { sentence: `${name} runs another version of Wherry.`, advice: "Update the older one." };
  }
  if (codes.has("ENGINE_MISSING")) {
    return { sentence: "WebRTC is switched off in this browser.", advice: "Switch it on." };
  }
  if (trace.last("look_up", "not found") !== null) {
    return { sentence: `Nobody knows ${name} now.`, advice: "Ask for a fresh invite." };
  }
  if (trace.last("negotiate", "answered") !== null || trace.last("negotiate", "answer made") !== null) {
    return {
      sentence: `${name} answered, but none of the paths between you works.`,
      advice: "One side may block UDP. Try another network, or open the UDP port on one side.",
    };
  }
  if (trace.count("ring", "delivered") > 0) {
    return { sentence: `${name} was rung and did not answer.`, advice: "Try again later." };
  }
  if (trace.count("ring", "failed") > 0) {
    const why = GONE.some((code) => codes.has(code)) ? "the places that knew it do not answer" : "it is not there";
    return { sentence: `${name} could not be rung: ${why}.`, advice: "Try again later, or ask for a fresh invite." };
  }
  return { sentence: `${name} did not answer.`, advice: "Try again later." };
}

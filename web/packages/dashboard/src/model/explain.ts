/** A trace as rows to read: what was tried, when, and how it went. The same trace as `wherry explain`. */
import type { Trace, TraceEntry } from "@wherry/peer";

export type Result = "ok" | "failed" | "noted";

export interface ExplainRow {
  /** Its place in the trace: rows are only ever added at the end. */
  readonly key: number;
  readonly ms: number;
  readonly phase: string;
  readonly text: string;
  readonly result: Result;
}

export interface ExplainPhase {
  readonly key: number;
  readonly name: string;
  readonly rows: readonly ExplainRow[];
}

const PHASES: Readonly<Record<TraceEntry["phase"], string>> = {
  look_up: "Look-up",
  ring: "Ring",
  negotiate: "Offer and answer",
  ice: "Paths",
  open: "Open",
  end: "End",
};

/** Rows that follow each other in one phase belong together. */
export function phasesOf(trace: Trace): readonly ExplainPhase[] {
  const phases: { key: number; name: string; rows: ExplainRow[] }[] = [];
  for (const [key, entry] of trace.entries.entries()) {
    const row = rowOf(entry, key);
    const last = phases.at(-1);
    if (last?.name === row.phase) last.rows.push(row);
    else phases.push({ key, name: row.phase, rows: [row] });
  }
  return phases;
}

function rowOf({ tMs, phase, way, event, ok, data }: TraceEntry, key: number): ExplainRow {
  const facts = Object.entries(data).map(([name, value]) => `${name.replaceAll("_", " ")} ${String(value)}`);
  const text = [event.replaceAll("_", " "), way, ...facts].filter((part) => part !== "").join(" · ");
  return { key, ms: tMs, phase: PHASES[phase], text, result: ok === null ? "noted" : ok ? "ok" : "failed" };
}

/** The whole as text, for whoever is asked for help. */
export function reportOf(trace: Trace): string {
  const lines = trace.entries.map((entry, key) => {
    const { ms, phase, text, result } = rowOf(entry, key);
    return `${String(Math.round(ms)).padStart(6)} ms  ${phase.padEnd(16)}  ${text}${result === "noted" ? "" : `  ${result}`}`;
  });
  const head = [`Connection to ${trace.peer}: ${trace.summary}`, ...(trace.advice === null ? [] : [`What to do: ${trace.advice}`])];
  return [...head, `attempt ${trace.attempt}, ${trace.direction}, ${new Date(trace.started).toISOString()}`, "", ...lines, ""].join("\n");
}

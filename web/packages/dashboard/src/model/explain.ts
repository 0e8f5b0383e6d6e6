/** A trace as rows to read: what was tried, when, and how it went. The same trace as `wherry explain`. */
import type { Trace, TraceEntry } from "@wherry/peer";
import { eventWords, PHASE_WORDS } from "../words/trace.ts";

export type Result = "ok" | "failed" | "noted";

export interface ExplainRow {
  /** Its place in the trace: rows are only ever added at the end. */
  readonly key: number;
  readonly ms: number;
  readonly text: string;
  readonly facts: string;
  readonly result: Result;
}

export interface ExplainPhase {
  readonly key: number;
  readonly name: string;
  readonly rows: readonly ExplainRow[];
}

/** What to call a way: an introducer's name for its short id. */
export type Called = (way: string) => string;

/** Rows that follow each other in one phase belong together. */
export function phasesOf(trace: Trace, called: Called): readonly ExplainPhase[] {
  const phases: { key: number; name: string; rows: ExplainRow[] }[] = [];
  for (const [key, entry] of trace.entries.entries()) {
    const row = rowOf(entry, key, called);
    const name = PHASE_WORDS[entry.phase];
    const last = phases.at(-1);
    if (last?.name === name) last.rows.push(row);
    else phases.push({ key, name, rows: [row] });
  }
  return phases;
}

function rowOf(entry: TraceEntry, key: number, called: Called): ExplainRow {
  const { text, facts } = eventWords(entry, called);
  return { key, ms: entry.tMs, text, facts, result: entry.ok === null ? "noted" : entry.ok ? "ok" : "failed" };
}

/** The whole as text, for whoever is asked for help: ids rather than names, events as they are. */
export function reportOf(trace: Trace): string {
  const lines = trace.entries.map(({ tMs, phase, event, way, ok, data }) => {
    const facts = Object.entries(data).map(([name, value]) => `${name}=${String(value)}`);
    const result = ok === null ? "" : ok ? "ok" : "failed";
    return [`${tMs.toFixed(1).padStart(9)} ms`, phase.padEnd(9), event, way, ...facts, result].filter((part) => part !== "").join("  ");
  });
  const advice = trace.advice === null ? [] : [`What to do: ${trace.advice}`];
  const head = [`Connection to ${trace.peer}: ${trace.summary}`, ...advice];
  const attempt = `attempt ${trace.attempt}, ${trace.direction}, ${new Date(trace.started).toISOString()}`;
  return [...head, attempt, "", ...lines, ""].join("\n");
}

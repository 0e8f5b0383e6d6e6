/** The trace of one attempt to reach a peer: an append-only list, from which the page explains what happened. */

import { hex } from "../bytes.ts";
import type { WherryError } from "../errors.ts";
import { TRACE_ENTRIES } from "../limits.ts";
import type { Trace, TraceEntry } from "../types.ts";
import { summarise } from "./explain.ts";

type Phase = TraceEntry["phase"];

export class AttemptTrace {
  readonly peer: string;
  readonly inbound: boolean;
  attempt = "";
  entries: readonly TraceEntry[] = [];
  outcome: Trace["outcome"] = "running";
  error: WherryError | null = null;
  readonly started = Date.now();
  readonly #begun = performance.now();
  readonly #onChange: (trace: AttemptTrace) => void;

  constructor(peer: string, options: { readonly inbound: boolean; readonly onChange: (trace: AttemptTrace) => void }) {
    this.peer = peer;
    this.inbound = options.inbound;
    this.#onChange = options.onChange;
  }

  /** Note something; beyond `TRACE_ENTRIES` nothing more is noted. */
  add(phase: Phase, event: string, more: { way?: string; ok?: boolean; data?: TraceEntry["data"] } = {}): void {
    if (this.entries.length >= TRACE_ENTRIES) return;
    const tMs = Math.round((performance.now() - this.#begun) * 10) / 10;
    const entry = { tMs, phase, event, way: more.way ?? "", ok: more.ok ?? null, data: more.data ?? {} };
    this.entries = [...this.entries, entry];
    this.#onChange(this);
  }

  end(outcome: "open" | "failed", error: WherryError | null = null): void {
    if (this.outcome !== "running") return;
    this.outcome = outcome;
    this.error = error;
    this.#onChange(this);
  }

  identify(attempt: Uint8Array): void {
    this.attempt = hex(attempt);
  }

  /** The newest entry of a phase, and of an event if given. */
  last(phase: Phase, event?: string): TraceEntry | null {
    return this.entries.findLast((entry) => entry.phase === phase && (event ?? entry.event) === entry.event) ?? null;
  }

  count(phase: Phase, event: string): number {
    return this.entries.filter((entry) => entry.phase === phase && entry.event === event).length;
  }

  get view(): Trace {
    const { sentence, advice } = summarise(this);
    return {
      peer: this.peer,
      attempt: this.attempt,
      direction: this.inbound ? "inbound" : "outbound",
      started: this.started,
      outcome: this.outcome,
      summary: sentence,
      advice,
      error: this.error?.info ?? null,
      entries: this.entries,
    };
  }
}

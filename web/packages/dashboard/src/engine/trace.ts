/** What was tried on the way to a peer, in the order it happened: the same trace as `wherry explain`. */

export interface Step {
  /** Milliseconds since the attempt began. */
  readonly ms: number;
  readonly phase: "look-up" | "ring" | "offer/answer" | "direct" | "relay" | "open";
  readonly text: string;
  readonly result: "ok" | "failed" | "in use" | "under way" | "skipped";
  /** Finer lines, shown on request: introducers asked, candidate pairs. */
  readonly more: readonly string[];
}

export interface Trace {
  readonly steps: readonly Step[];
}

export const NO_TRACE: Trace = { steps: [] };

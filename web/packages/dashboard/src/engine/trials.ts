/** What a person tried with a peer, as data: pings, an echo, a measurement of throughput. */
import type { ErrorInfo, PingReply } from "@wherry/peer";

/** One ping: a reply, or the error that came instead. */
export type PingLine =
  | { readonly n: number; readonly reply: PingReply; readonly error: null }
  | { readonly n: number; readonly reply: null; readonly error: ErrorInfo };

export interface PingRun {
  readonly running: boolean;
  readonly lines: readonly PingLine[];
}

export interface EchoLine {
  readonly n: number;
  readonly text: string;
  /** How long it took to come back; null while under way. */
  readonly backMs: number | null;
}

export interface EchoRun {
  readonly stream: "opening" | "open" | "closed";
  readonly lines: readonly EchoLine[];
  readonly error: ErrorInfo | null;
}

export interface Measurement {
  readonly state: "opening" | "running" | "done" | "stopped" | "failed";
  /** Bytes to send in all; sent; come back and found equal. */
  readonly total: number;
  readonly sent: number;
  readonly back: number;
  readonly elapsedMs: number;
  /** Bytes per second that came back, over the last 3 s; over all of it once done. */
  readonly rate: number;
  readonly error: ErrorInfo | null;
}

export interface Trials {
  readonly ping: PingRun | null;
  readonly echo: EchoRun | null;
  readonly measurement: Measurement | null;
}

export const NO_TRIALS: Trials = { ping: null, echo: null, measurement: null };

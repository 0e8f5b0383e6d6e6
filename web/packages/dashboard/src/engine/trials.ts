/** What a person tried with a peer, as data: pings, an echo, a measurement. */
import type { ConnectionState } from "./connection.ts";
import type { Problem } from "./engine.ts";

export type Way = ConnectionState;

export type PingReply =
  | { readonly n: number; readonly ok: true; readonly rttMs: number; readonly way: Way; readonly address: string | null }
  | { readonly n: number; readonly ok: false; readonly waitedMs: number };

export interface PingRun {
  readonly running: boolean;
  readonly sent: number;
  readonly replies: readonly PingReply[];
  readonly problem: Problem | null;
}

export interface EchoLine {
  readonly n: number;
  readonly text: string;
  /** What came back and how long it took; null while under way. */
  readonly back: { readonly text: string; readonly ms: number } | null;
}

export interface EchoRun {
  readonly stream: "opening" | "open" | "closed";
  readonly lines: readonly EchoLine[];
  readonly problem: Problem | null;
}

export interface Measurement {
  readonly state: "running" | "done" | "stopped" | "failed";
  /** Bytes to send in all; sent; come back and found equal. */
  readonly total: number;
  readonly sent: number;
  readonly back: number;
  readonly elapsedMs: number;
  /** Smoothed over 3 s, bytes per second of bytes that came back. */
  readonly rate: number;
  readonly problem: Problem | null;
}

export interface Trials {
  readonly ping: PingRun | null;
  readonly echo: EchoRun | null;
  readonly measurement: Measurement | null;
}

export const NO_TRIALS: Trials = { ping: null, echo: null, measurement: null };

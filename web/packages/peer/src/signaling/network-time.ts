/**
 * Network time: our clock, corrected by what several endpoints say. Documents carry absolute times, and people's clocks
 * are wrong. The median of at least three endpoints' leads over our clock is added, and bounded: one that lies does not
 * move a median of three. Nothing's safety hangs on it.
 */

import { CLOCK_OFFSET_MS, CLOCK_REMEMBERED, CLOCK_SAMPLES } from "../limits.ts";

export class NetworkTime {
  readonly #offsets = new Map<string, number>();

  /** An endpoint's clock leads ours by so much; its latest word counts. */
  tell(peer: string, offsetMs: number): void {
    this.#offsets.delete(peer);
    this.#offsets.set(peer, Math.max(-CLOCK_OFFSET_MS, Math.min(CLOCK_OFFSET_MS, offsetMs)));
    if (this.#offsets.size > CLOCK_REMEMBERED) this.#offsets.delete(this.#offsets.keys().next().value ?? "");
  }

  /** What to add to our own clock, or null until enough endpoints have spoken. */
  get offsetMs(): number | null {
    const sorted = [...this.#offsets.values()].toSorted((a, b) => a - b);
    if (sorted.length < CLOCK_SAMPLES) return null;
    const [low, high] = [sorted[Math.floor((sorted.length - 1) / 2)] ?? 0, sorted[Math.floor(sorted.length / 2)] ?? 0];
    return (low + high) / 2;
  }

  /** Seconds since 1970 by network time. */
  now(): number {
    return (Date.now() + (this.offsetMs ?? 0)) / 1000;
  }
}

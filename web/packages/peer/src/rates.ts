/** Token buckets by name: so much a second, with a burst. A core: time is passed in. */

/** Names that are remembered: a full bucket is as good as none. */
const REMEMBERED = 2048;

export class Rates {
  readonly #perMs: number;
  readonly #burst: number;
  readonly #buckets = new Map<string, { tokens: number; at: number }>();

  /** @param rate - how many a second, and how many at once */
  constructor([perSecond, burst]: readonly [number, number]) {
    this.#perMs = perSecond / 1000;
    this.#burst = burst;
  }

  /** Whether one more is within the rate. @param now - milliseconds */
  take(name: string, now: number): boolean {
    const { tokens, at } = this.#buckets.get(name) ?? { tokens: this.#burst, at: now };
    const left = Math.min(this.#burst, tokens + (now - at) * this.#perMs);
    this.#buckets.delete(name);
    this.#buckets.set(name, { tokens: left >= 1 ? left - 1 : left, at: now });
    if (this.#buckets.size > REMEMBERED) this.#buckets.delete(this.#buckets.keys().next().value ?? "");
    return left >= 1;
  }
}

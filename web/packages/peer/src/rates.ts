/** Token buckets: so much a second, with a burst. A core: time is passed in, in milliseconds. */

/** Names that are remembered: a full bucket is as good as none. */
const REMEMBERED = 2048;

/** How many a second, and how many at once. */
export type Rate = readonly [perSecond: number, burst: number];

/** One bucket, full at first. */
export class Bucket {
  readonly #perMs: number;
  readonly #burst: number;
  #tokens: number;
  #at: number;

  constructor([perSecond, burst]: Rate, now: number) {
    this.#perMs = perSecond / 1000;
    this.#burst = burst;
    this.#tokens = burst;
    this.#at = now;
  }

  /** Take so many, if they are there. */
  take(now: number, tokens = 1): boolean {
    this.#tokens = Math.min(this.#burst, this.#tokens + (now - this.#at) * this.#perMs);
    this.#at = now;
    if (this.#tokens < tokens) return false;
    this.#tokens -= tokens;
    return true;
  }
}

/** A bucket for each of many names, the least recently used forgotten first. */
export class Rates {
  readonly #rate: Rate;
  readonly #remembered: number;
  readonly #buckets = new Map<string, Bucket>();

  constructor(rate: Rate, remembered = REMEMBERED) {
    this.#rate = rate;
    this.#remembered = remembered;
  }

  /** Whether so many more are within the rate of `name`. */
  take(name: string, now: number, tokens = 1): boolean {
    const bucket = this.#buckets.get(name) ?? new Bucket(this.#rate, now);
    this.#buckets.delete(name);
    this.#buckets.set(name, bucket);
    if (this.#buckets.size > this.#remembered) this.#buckets.delete(this.#buckets.keys().next().value ?? "");
    return bucket.take(now, tokens);
  }
}

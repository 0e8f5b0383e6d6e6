/** Promises with an end: deadlines and cancellation, by AbortSignal. */

import { WherryError } from "./errors.ts";
import type { ErrorCode } from "./error-table.ts";

/** `work`, or an error of `code` after `ms`. What `work` does afterwards harms nobody. */
export async function within<T>(ms: number, work: Promise<T>, code: ErrorCode, detail = ""): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new WherryError(code, detail)), ms);
  });
  work.catch(() => undefined); // it may fail after its deadline, when nobody waits for it
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** `work`, or CLOSED as soon as `signal` is aborted. What `work` does afterwards harms nobody. */
export async function unless<T>(signal: AbortSignal | undefined, work: Promise<T>): Promise<T> {
  if (signal === undefined) return work;
  work.catch(() => undefined); // it may fail when nobody waits for it any more
  const aborted = new Once<never>();
  const abort = (): void => aborted.reject(new WherryError("CLOSED", "it was called off", { cause: signal.reason }));
  signal.addEventListener("abort", abort);
  try {
    if (signal.aborted) abort();
    return await Promise.race([aborted.promise, work]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}

/** Resolves after `ms`, or at once when `signal` is aborted. */
export async function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  if (signal?.aborted === true) return;
  await new Promise<void>((resolve) => {
    const timer = setTimeout(done, ms);
    function done(): void {
      clearTimeout(timer);
      signal?.removeEventListener("abort", done);
      resolve();
    }
    signal?.addEventListener("abort", done);
  });
}

/** Something that happens once, and can be waited for and asked about. */
export class Once<T> {
  readonly promise: Promise<T>;
  done = false;
  #resolve: (value: T) => void = () => undefined;
  #reject: (error: WherryError) => void = () => undefined;

  constructor() {
    this.promise = new Promise<T>((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    this.promise.catch(() => undefined); // who waits hears it; nobody has to
  }

  resolve(value: T): void {
    this.done = true;
    this.#resolve(value);
  }

  reject(error: WherryError): void {
    this.done = true;
    this.#reject(error);
  }
}

/** A bell: `wait` resolves at the next `ring`, or at once if it rang since the last wait ended. */
export class Bell {
  #rung = false;
  #waiting: (() => void)[] = [];

  ring(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    this.#rung = waiting.length === 0;
    for (const resolve of waiting) resolve();
  }

  /** Whether it rang within `ms`. */
  async wait(ms = Number.POSITIVE_INFINITY): Promise<boolean> {
    if (this.#rung) {
      this.#rung = false;
      return true;
    }
    return new Promise((resolve) => {
      const timer = Number.isFinite(ms) ? setTimeout(() => settle(false), ms) : undefined;
      const rang = (): void => settle(true);
      const settle = (value: boolean): void => {
        clearTimeout(timer);
        this.#waiting = this.#waiting.filter((one) => one !== rang);
        resolve(value);
      };
      this.#waiting.push(rang);
    });
  }
}

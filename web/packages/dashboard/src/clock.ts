/** The time as the page shows it, in steps of a second: "connecting" grows a phase, "12 s" becomes "13 s". */
import { signal, type ReadonlySignal } from "@preact/signals";

const ticking = signal(Date.now());

export const now: ReadonlySignal<number> = ticking;

/** Tick while the page is seen; returns how to stop. */
export function followClock(): () => void {
  const timer = setInterval(() => {
    if (!document.hidden) ticking.value = Date.now();
  }, 1000);
  return () => clearInterval(timer);
}

/** Stand still at `time`, so that a picture is the same every day. */
export function stopClockAt(time: number): void {
  ticking.value = time;
}

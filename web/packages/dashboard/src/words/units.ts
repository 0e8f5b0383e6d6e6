/** Numbers and times as people read them; one place, so that the page says the same thing the same way everywhere. */

const KILO = 1000;
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** `512 B`, `12 kB`, `1.2 GB`: three digits at most, decimal units. */
export function bytes(count: number): string {
  if (count < KILO) return `${Math.round(count)} B`;
  let value = count;
  let unit = "B";
  for (unit of ["kB", "MB", "GB", "TB"]) {
    value /= KILO;
    if (value < 999.5) break;
  }
  return `${value < 9.95 ? value.toFixed(1) : Math.round(value)} ${unit}`;
}

/** `14 MB/s` */
export const rate = (perSecond: number): string => `${bytes(perSecond)}/s`;

/** A duration of the size of a round trip: `0.4 ms`, `18 ms`, `2.1 s`. */
export function milliseconds(ms: number): string {
  if (ms < 9.95) return `${ms.toFixed(1).replace(/\.0$/, "")} ms`;
  return ms < 999.5 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
}

/** A duration of the size of a wait: `8 s`, `4 min`, `2 h 14 min`, `3 days`. */
export function duration(ms: number): string {
  if (ms < MINUTE) return `${Math.max(0, Math.round(ms / 1000))} s`;
  if (ms < HOUR) return `${Math.round(ms / MINUTE)} min`;
  if (ms < DAY) {
    const minutes = Math.floor((ms % HOUR) / MINUTE);
    return `${Math.floor(ms / HOUR)} h${minutes === 0 ? "" : ` ${minutes} min`}`;
  }
  const days = Math.round(ms / DAY);
  return days === 1 ? "1 day" : `${days} days`;
}

/** How long ago: `just now`, `3 min ago`. */
export const ago = (time: number, now: number): string =>
  now - time < 10_000 ? "just now" : `${duration(now - time)} ago`;

/** The time of day, with the date where that is another day: `14:02`, `2 Dec 14:02`. */
export function moment(time: number, now: number): string {
  const when = new Date(time);
  const clock = `${twoDigits(when.getHours())}:${twoDigits(when.getMinutes())}`;
  if (when.toDateString() === new Date(now).toDateString()) return clock;
  return `${when.getDate()} ${MONTHS[when.getMonth()] ?? ""} ${clock}`;
}

/** The day: `4 Dec`, with the year where that is another: `4 Dec 2025`. */
export function date(time: number, now: number): string {
  const when = new Date(time);
  const day = `${when.getDate()} ${MONTHS[when.getMonth()] ?? ""}`;
  return when.getFullYear() === new Date(now).getFullYear() ? day : `${day} ${when.getFullYear()}`;
}

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

const twoDigits = (value: number): string => String(value).padStart(2, "0");

/** `1 introducer`, `3 introducers` */
export const count = (value: number, one: string, many = `${one}s`): string => `${value} ${value === 1 ? one : many}`;

/** IPv4 and IPv6 addresses in text and bytes (RFC 4291, RFC 5952). */

import type { Bytes } from "./bytes.ts";

/** Four or sixteen bytes. */
export type Ip = Bytes;

/** The address `text` is, or null where it is none. */
export function parseIp(text: string): Ip | null {
  return text.includes(":") ? parseIp6(text) : parseIp4(text);
}

export function parseIp4(text: string): Ip | null {
  const parts = text.split(".");
  if (parts.length !== 4 || !parts.every((part) => /^(0|[1-9]\d{0,2})$/.test(part) && Number(part) < 256)) return null;
  return Uint8Array.from(parts, Number);
}

export function parseIp6(text: string): Ip | null {
  let plain = text;
  const tail = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(text);
  if (tail?.[1] !== undefined && tail[2] !== undefined) {
    const four = parseIp4(tail[2]);
    if (four === null) return null;
    const [a = 0, b = 0, c = 0, d = 0] = four;
    plain = `${tail[1]}${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`;
  }
  const halves = plain.split("::");
  if (halves.length > 2) return null;
  const [head = [], rest = []] = halves.map((half) => (half === "" ? [] : half.split(":")));
  const missing = 8 - head.length - rest.length;
  if (halves.length === 1 ? missing !== 0 : missing < 1) return null;
  const groups = [...head, ...Array.from({ length: missing }, () => "0"), ...rest];
  if (!groups.every((group) => /^[0-9a-f]{1,4}$/i.test(group))) return null;
  const numbers = groups.map((group) => Number.parseInt(group, 16));
  return Uint8Array.from(numbers.flatMap((number) => [number >> 8, number & 255]));
}

export function formatIp(ip: Ip): string {
  if (ip.length === 4) return ip.join(".");
  const groups = Array.from({ length: 8 }, (_, i) => ((ip[2 * i] ?? 0) << 8) | (ip[2 * i + 1] ?? 0));
  let best = { at: -1, length: 1 };
  for (let at = 0; at < 8; at++) {
    let end = at;
    while (end < 8 && groups[end] === 0) end++;
    if (end - at > best.length) best = { at, length: end - at };
  }
  const text = (from: number, to?: number): string =>
    groups.slice(from, to).map((group) => group.toString(16)).join(":");
  return best.at === -1 ? text(0) : `${text(0, best.at)}::${text(best.at + best.length)}`;
}

/** IPv4 addresses that came as `::ffff:a.b.c.d`, as what they are. */
export function unmapped(ip: Ip): Ip {
  const mapped = ip.length === 16 && ip.slice(0, 10).every((byte) => byte === 0) && ip[10] === 255 && ip[11] === 255;
  return mapped ? ip.slice(12) : ip;
}

/** Whether `ip` lies in `network`, such as `10.0.0.0/8`. */
export function within(ip: Ip, network: string): boolean {
  const [base = "", length = "0"] = network.split("/");
  const start = parseIp(base);
  if (start === null || start.length !== ip.length) return false;
  return Array.from(ip).every((byte, i) => {
    const bits = Math.min(8, Math.max(0, Number(length) - 8 * i));
    const mask = (0xff00 >> bits) & 0xff;
    return (byte & mask) === ((start[i] ?? 0) & mask);
  });
}

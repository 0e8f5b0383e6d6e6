/**
 * How far an address reaches: loopback < private < global.
 *
 * A contact, multiaddr or candidate is accepted only if its scope is at least that of where it was learnt from: so a
 * public stranger cannot make us knock on doors inside our own network, while a demo and a LAN need no switch.
 */

import { formatIp, parseIp, unmapped, within } from "./ip.ts";

/** Larger reaches further. */
export const Scope = { LOOPBACK: 1, PRIVATE: 2, GLOBAL: 3 } as const;
export type Scope = (typeof Scope)[keyof typeof Scope];

const LOOPBACK = ["127.0.0.0/8", "::1/128"];
const NOBODY = ["0.0.0.0/32", "255.255.255.255/32", "224.0.0.0/4", "::/128", "ff00::/8"];
/** What IANA's special-purpose registries keep from the public network (RFC 6890), as Python's `ipaddress` has it. */
const PRIVATE = [
  "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/29",
  "192.0.0.170/31", "192.0.2.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24",
  "240.0.0.0/4", "100::/64", "2001::/23", "2001:2::/48", "2001:db8::/32", "2001:10::/28", "fc00::/7", "fe80::/10",
];

/** The scope of an IP address in text; null for a name, and for what is no host's address (multicast, 0.0.0.0). */
export function scopeOf(host: string): Scope | null {
  const parsed = parseIp(host.split("%")[0] ?? "");
  if (parsed === null) return null;
  const ip = unmapped(parsed);
  const isIn = (networks: readonly string[]): boolean => networks.some((network) => within(ip, network));
  if (isIn(NOBODY)) return null;
  if (isIn(LOOPBACK)) return Scope.LOOPBACK;
  return isIn(PRIVATE) ? Scope.PRIVATE : Scope.GLOBAL;
}

/** What "another network" means: /24 and /56 of public addresses, else the host itself. */
export function networkOf(host: string): string {
  const parsed = parseIp(host.split("%")[0] ?? "");
  if (parsed === null) return host;
  const ip = unmapped(parsed);
  if (scopeOf(host) !== Scope.GLOBAL) return formatIp(ip);
  const bytes = ip.length === 4 ? 3 : 7;
  return `${formatIp(ip.map((byte, i) => (i < bytes ? byte : 0)))}/${8 * bytes}`;
}

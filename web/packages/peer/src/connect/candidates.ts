/**
 * Which ICE candidates of the peer's are tried: at most 16, and private ones only where they make sense, since an SDP
 * is otherwise a port scanner inside our own network. Candidates are `a=candidate` lines of RFC 8839 §5.1.
 */

import { parseIp } from "../ip.ts";
import { CANDIDATES } from "../limits.ts";
import { Scope, scopeOf } from "../scope.ts";

const LINE = /^(?:a=)?candidate:\S+ \d+ (?:udp|tcp) \d+ (\S+) \d+ typ (\w+)/i;

/** How far a candidate line's address reaches; null if it is no candidate that anybody should try. */
function scopeOfLine(line: string): Scope | null {
  const host = LINE.exec(line.trim())?.[1];
  if (host === undefined) return null;
  if (parseIp(host) !== null) return scopeOf(host);
  return host.endsWith(".local") ? Scope.PRIVATE : null; // a browser's mDNS name: on the local network, or nowhere
}

/** Whether a candidate line may be tried, `floor` being the least scope that may. */
export function mayTry(line: string, floor: Scope): boolean {
  const scope = scopeOfLine(line);
  return scope !== null && scope >= floor;
}

/** An SDP, and how many of its candidates were kept and refused. */
export interface Admitted {
  readonly sdp: string;
  readonly kept: number;
  readonly refused: number;
}

/** An SDP of the peer's with only those candidates that may be tried. */
export function admit(sdp: string, floor: Scope): Admitted {
  let [kept, refused] = [0, 0];
  const lines = sdp.split(/\r?\n/).filter((line) => {
    if (!line.startsWith("a=candidate:")) return line !== "";
    const admitted = kept < CANDIDATES && mayTry(line, floor);
    if (admitted) kept += 1;
    else refused += 1;
    return admitted;
  });
  return { sdp: `${lines.join("\r\n")}\r\n`, kept, refused };
}

/** The public addresses that an SDP's owner is seen from. */
export function publicHosts(sdp: string): ReadonlySet<string> {
  const hosts = sdp.split(/\r?\n/).flatMap((line) => {
    const [, host = "", kind = ""] = LINE.exec(line) ?? [];
    return kind.toLowerCase() === "srflx" ? [host] : [];
  });
  return new Set(hosts);
}

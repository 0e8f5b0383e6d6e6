/** Whether the other side of a link is still there: heartbeats, and silence while bytes are in flight. Milliseconds. */

import { HEARTBEAT_MISSES, HEARTBEAT_MS, SUSPECT_MS, SUSPECT_ROUND_TRIPS } from "./limits.ts";

export class Liveness {
  heardAt: number;
  /** When the first frame went out that nothing was heard after. */
  waitingSince: number | null = null;
  heartbeatDue: number;
  /** Smoothed round trip, as TCP's (RFC 6298). */
  rttMs: number | null = null;

  /** @param now - when the link became active; its HELLO was just heard */
  constructor(now: number) {
    this.heardAt = now;
    this.heartbeatDue = now + HEARTBEAT_MS;
  }

  /** Something came from the peer. */
  heard(at: number): void {
    this.heardAt = Math.max(this.heardAt, at);
    if (this.waitingSince !== null && at >= this.waitingSince) this.waitingSince = null;
  }

  /** Something went out. */
  sent(now: number): void {
    this.waitingSince ??= now;
  }

  /** We were not running for so long: that nothing was heard then says nothing. */
  forgive(ms: number, now: number): void {
    this.heartbeatDue = Math.max(now, this.heartbeatDue);
    this.heardAt = Math.min(now, this.heardAt + ms);
    if (this.waitingSince !== null) this.waitingSince = Math.min(now, this.waitingSince + ms);
  }

  /** A heartbeat came back. */
  measured(rttMs: number): void {
    this.rttMs = this.rttMs === null ? rttMs : (this.rttMs * 7 + rttMs) / 8;
  }

  /** When the link is suspect if nothing is heard until then. */
  get suspectAt(): number | null {
    if (this.waitingSince === null) return null;
    return this.waitingSince + Math.max(SUSPECT_MS, SUSPECT_ROUND_TRIPS * (this.rttMs ?? 0));
  }

  /** When the link is given up if nothing is heard until then. */
  get lostAt(): number {
    return this.heardAt + HEARTBEAT_MS * HEARTBEAT_MISSES;
  }
}

/**
 * Which endpoints introduce us, and what to do next: a core; its shell is `introducers.ts`. Each candidate, named by
 * its address, is in one state:
 *
 *                 dial                opened             renew
 *         known ─────────→ connecting ────────→ reserved ───────→ renewing
 *           ↑                │ failed              │ ↑     renewed    │
 *           │ cooled         ↓           lost      │ └────────────────┤
 *           └───────────── cooling ←───────────────┼──────────────────┘
 *           ↑                ↑ lost                │ replaced
 *           │ left           └───────── leaving ←──┘
 *           └──────────────────────────────┘            connecting ─ unfit → unfit ─ freed → known
 *
 * `unfit` is who turned out to be ourselves, or an introducer that we have under another address. Whoever is `leaving`
 * still works, until the record that does not name it any more is stored: make before break. Preferred are networks
 * that none of ours is in, then who answered before, quickest first.
 */

import type { EndpointAddress } from "../endpoints.ts";
import {
  INTRODUCERS,
  INTRODUCER_ASK_MS,
  INTRODUCER_CANDIDATES,
  INTRODUCER_DIALS,
  INTRODUCER_PROBE_MS,
  INTRODUCER_RETRY_MS,
  INTRODUCER_SLOW_MS,
  INTRODUCER_ENDPOINTS,
} from "../limits.ts";
import type { PeerId } from "../peer-id.ts";
import { networkOf } from "../scope.ts";

export type State = "known" | "connecting" | "reserved" | "renewing" | "leaving" | "cooling" | "unfit";
export type Event =
  | "dial" | "opened" | "failed" | "unfit" | "renew" | "renewed" | "replaced" | "lost" | "left" | "cooled" | "freed";

export const TRANSITIONS: Readonly<Record<State, Readonly<Partial<Record<Event, State>>>>> = {
  known: { dial: "connecting" },
  connecting: { opened: "reserved", failed: "cooling", unfit: "unfit", left: "known" },
  reserved: { renew: "renewing", replaced: "leaving", lost: "cooling" },
  renewing: { renewed: "reserved", replaced: "leaving", lost: "cooling" },
  leaving: { renewed: "leaving", left: "known", lost: "cooling" },
  cooling: { cooled: "known" },
  unfit: { freed: "known" },
};

/** An endpoint that may introduce us. */
export interface Candidate {
  address: EndpointAddress;
  /** Whose it is: claimed before it is opened, proven after. */
  peer: PeerId | null;
  readonly network: string;
  readonly luck: number;
  state: State;
  /** When it came to its state; for `cooling`, when it ends. */
  at: number;
  failures: number;
  rttMs: number | null;
}

/** What to do now. */
export interface Plan {
  readonly dial: readonly EndpointAddress[];
  readonly ask: boolean;
}

export interface SetOptions {
  /** Ourselves, who cannot introduce us. */
  readonly own: PeerId;
  readonly wanted?: number;
  /** 0 … 1 */
  readonly random: () => number;
}

export class IntroducerSet {
  readonly wanted: number;
  readonly #own: PeerId;
  readonly #random: () => number;
  readonly #candidates = new Map<string, Candidate>();
  #askAt = 0;
  #askWait: number = INTRODUCER_ASK_MS[0];
  #probeAt = 0;
  #probeWait: number = INTRODUCER_PROBE_MS[0];

  constructor({ own, wanted = INTRODUCERS, random }: SetOptions) {
    this.#own = own;
    this.wanted = wanted;
    this.#random = random;
  }

  // -- what is there --------------------------------------------------------------------------------------------------

  /** Those that introduce us, the earliest first. */
  held(): Candidate[] {
    return [...this.#candidates.values()].filter(isHeld).toSorted((a, b) => a.at - b.at);
  }

  /** Those that are to be let go once a record without them is stored. */
  leaving(): EndpointAddress[] {
    return this.#in("leaving").map((one) => one.address);
  }

  connecting(): Candidate[] {
    return this.#in("connecting");
  }

  /** Everybody known, for remembering: those that worked first. */
  known(): EndpointAddress[] {
    const rank = (one: Candidate): number => (isHeld(one) ? -1 : one.failures);
    const all = [...this.#candidates.values()].toSorted((a, b) => rank(a) - rank(b));
    return all.map((one) => one.address.with(one.peer));
  }

  /** Where an introducer is: first where it was dialled, then its other addresses. */
  addressesOf(held: Candidate): EndpointAddress[] {
    const others = [...this.#candidates.values()].filter((one) => one !== held && held.peer?.equals(one.peer) === true);
    return [held, ...others].slice(0, INTRODUCER_ENDPOINTS).map((one) => one.address.with(held.peer));
  }

  // -- what happens ---------------------------------------------------------------------------------------------------

  /** Candidates, whether new or not; returns whether any is new. */
  add(addresses: readonly EndpointAddress[], now: number): boolean {
    let isNew = false;
    for (const address of addresses) {
      const known = this.#candidates.get(keyOf(address));
      if (known === undefined && !this.#own.equals(address.peer)) {
        const network = networkOf(address.host);
        const fresh = { network, luck: this.#random(), at: now, failures: 0, rttMs: null, state: "known" } as const;
        this.#candidates.set(keyOf(address), { address, peer: address.peer, ...fresh });
        isNew = true;
      } else if (known !== undefined && isFree(known) && address.peer !== null) {
        known.address = address;
        known.peer = address.peer;
      }
    }
    if (isNew) {
      this.#askWait = INTRODUCER_ASK_MS[0];
      this.#forgetSome();
    }
    return isNew;
  }

  /** What to dial, and whether to ask for more candidates. What it says is taken as begun. */
  plan(now: number): Plan {
    for (const one of this.#in("cooling")) if (one.at <= now) this.#move(one, "cooled", now);
    const dial = this.#missing > 0 ? this.#dials(now) : this.#probes(now);
    for (const one of dial) this.#move(one, "dial", now);
    return { dial: dial.map((one) => one.address), ask: this.#asks(now) };
  }

  /** When `plan` may have something new to say, if nothing happens before. */
  deadline(now: number): number {
    const times = [
      ...this.#in("cooling").map((one) => one.at),
      ...this.#in("connecting").map((one) => one.at + INTRODUCER_SLOW_MS),
      this.#missing > 0 ? this.#askAt : this.#probeAt,
    ].filter((at) => at > now);
    return times.length === 0 ? now + INTRODUCER_SLOW_MS : Math.min(...times);
  }

  /** A candidate has given us a reservation; false if it is of no use, and its socket is to be closed. */
  opened(address: EndpointAddress, peer: PeerId, rttMs: number, now: number): boolean {
    const one = this.#candidates.get(keyOf(address));
    if (one === undefined) return false;
    one.rttMs = rttMs;
    one.failures = 0;
    one.peer = peer;
    if (this.#own.equals(peer) || this.held().some((other) => peer.equals(other.peer))) {
      this.#move(one, "unfit", now);
      return false;
    }
    const victim = this.#missing > 0 ? null : this.#victim(one);
    if (this.#missing <= 0 && victim === null) {
      this.#move(one, "left", now);
      return false;
    }
    if (victim !== null) {
      this.#move(victim, "replaced", now);
      this.#probeWait = INTRODUCER_PROBE_MS[0];
    }
    this.#move(one, "opened", now);
    if (this.#missing <= 0) this.#probeAt = now + this.#probeWait;
    return true;
  }

  /** A candidate could not be had. */
  failed(address: EndpointAddress, now: number): void {
    this.#cool(address, "failed", now);
  }

  /** An introducer is gone, whether it was leaving or not. */
  lost(address: EndpointAddress, now: number): void {
    this.#cool(address, "lost", now);
    this.#askAt = now;
    this.#askWait = INTRODUCER_ASK_MS[0];
    this.#free(address, now);
  }

  /** Its reservation is being renewed; false if it is leaving, so that it need not be. */
  renew(address: EndpointAddress): boolean {
    const one = this.#candidates.get(keyOf(address));
    if (one === undefined || !isHeld(one)) return false;
    this.#move(one, "renew", one.at);
    return true;
  }

  /** Its reservation is good for as long again. */
  renewed(address: EndpointAddress): void {
    const one = this.#candidates.get(keyOf(address));
    if (one !== undefined) this.#move(one, "renewed", one.at);
  }

  /** Its round trip was measured again. */
  measured(address: EndpointAddress, rttMs: number): void {
    const one = this.#candidates.get(keyOf(address));
    if (one !== undefined) one.rttMs = one.rttMs === null ? rttMs : 0.8 * one.rttMs + 0.2 * rttMs;
  }

  /** One that was leaving has been let go. */
  left(address: EndpointAddress, now: number): void {
    const one = this.#candidates.get(keyOf(address));
    if (one === undefined) return;
    this.#move(one, "left", now);
    this.#free(address, now);
  }

  /** The network has changed: what failed before may work now. */
  poke(now: number): void {
    for (const one of this.#in("cooling")) {
      one.failures = 0;
      one.at = now;
    }
    this.#askAt = this.#probeAt = now;
    this.#askWait = INTRODUCER_ASK_MS[0];
    this.#probeWait = INTRODUCER_PROBE_MS[0];
  }

  // -- inside ---------------------------------------------------------------------------------------------------------

  #in(state: State): Candidate[] {
    return [...this.#candidates.values()].filter((one) => one.state === state);
  }

  get #missing(): number {
    return this.wanted - [...this.#candidates.values()].filter(isHeld).length;
  }

  #move(one: Candidate, event: Event, now: number): void {
    const state = TRANSITIONS[one.state][event];
    if (state === undefined) return;
    one.state = state;
    one.at = now;
  }

  #cool(address: EndpointAddress, event: "failed" | "lost", now: number): void {
    const one = this.#candidates.get(keyOf(address));
    if (one === undefined) return;
    const [first, most] = INTRODUCER_RETRY_MS;
    const wait = Math.min(most, first * 2 ** one.failures) * (0.75 + this.#random() / 2);
    one.failures = Math.min(one.failures + 1, 16);
    this.#move(one, event, now + wait);
  }

  /** Other addresses of an introducer that is gone may be tried again. */
  #free(address: EndpointAddress, now: number): void {
    const gone = this.#candidates.get(keyOf(address))?.peer ?? null;
    for (const one of this.#in("unfit")) {
      if (one.peer?.equals(gone) === true && !this.#own.equals(one.peer)) this.#move(one, "freed", now);
    }
  }

  #dials(now: number): Candidate[] {
    const connecting = this.#in("connecting");
    const eager = connecting.filter((one) => now - one.at < INTRODUCER_SLOW_MS).length;
    const room = Math.min(this.#missing + 1 - eager, INTRODUCER_DIALS - connecting.length); // one more: some are dead
    const taken = [...this.#candidates.values()].filter((one) => !isFree(one));
    const busy = new Set(taken.flatMap((one) => (one.peer === null ? [] : [String(one.peer)])));
    const networks = count(taken.map((one) => one.network));
    const chosen: Candidate[] = [];
    let known = this.#in("known");
    while (chosen.length < room) {
      known = known.filter((one) => one.peer === null || !busy.has(String(one.peer)));
      const best = bestOf(known, networks);
      if (best === undefined) break;
      known = known.filter((one) => one !== best);
      chosen.push(best);
      networks.set(best.network, (networks.get(best.network) ?? 0) + 1);
      if (best.peer !== null) busy.add(String(best.peer));
    }
    return chosen;
  }

  /** All is well: try now and then whether one who would do better is there, less often each time. */
  #probes(now: number): Candidate[] {
    if (now < this.#probeAt || this.#in("connecting").length > 0) return [];
    const held = this.held();
    const networks = count(held.map((one) => one.network));
    const known = this.#in("known").filter((one) => !held.some((other) => other.peer?.equals(one.peer) === true));
    this.#probeWait = Math.min(this.#probeWait * 2, INTRODUCER_PROBE_MS[1]);
    this.#probeAt = now + this.#probeWait * (0.75 + this.#random() / 2);
    const best = bestOf(known.filter((one) => one.rttMs === null || !networks.has(one.network)), networks);
    return best === undefined ? [] : [best];
  }

  /** Whether there are too few candidates to fill the gap; less often each time nothing comes of it. */
  #asks(now: number): boolean {
    if (this.#missing <= 0 || now < this.#askAt) return false;
    if (this.#in("connecting").length > this.#missing && this.#in("known").length > 0) return false;
    this.#askAt = now + this.#askWait * (0.75 + this.#random() / 2);
    this.#askWait = Math.min(this.#askWait * 2, INTRODUCER_ASK_MS[1]);
    return true;
  }

  /** Who had better make place for `newcomer`: of a network that we have twice, or much slower. */
  #victim(newcomer: Candidate): Candidate | null {
    const held = this.held().toSorted((a, b) => slowness(b) - slowness(a));
    const networks = count(held.map((one) => one.network));
    const fresh = !networks.has(newcomer.network);
    const twice = held.find((one) => (networks.get(one.network) ?? 0) > 1);
    if (twice !== undefined && fresh) return twice;
    const worst = held.find((one) => one.network === newcomer.network || fresh);
    return worst !== undefined && slowness(worst) > 2 * slowness(newcomer) + 30 ? worst : null;
  }

  /** Keep so many candidates; who is unfit goes first, then those that failed most. */
  #forgetSome(): void {
    const free = [...this.#candidates.values()].filter(isFree);
    const worst = free.toSorted(
      (a, b) => Number(b.state === "unfit") - Number(a.state === "unfit") || b.failures - a.failures || a.luck - b.luck,
    );
    for (const one of worst.slice(0, Math.max(0, this.#candidates.size - INTRODUCER_CANDIDATES))) {
      this.#candidates.delete(keyOf(one.address));
    }
  }
}

function isHeld(one: Candidate): boolean {
  return one.state === "reserved" || one.state === "renewing";
}

function isFree(one: Candidate): boolean {
  return one.state === "known" || one.state === "cooling" || one.state === "unfit";
}

function keyOf(address: EndpointAddress): string {
  return address.with(null).toString();
}

function slowness(one: Candidate): number {
  return one.rttMs ?? 100;
}

function count(names: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return counts;
}

function bestOf(candidates: readonly Candidate[], networks: ReadonlyMap<string, number>): Candidate | undefined {
  const rank = (one: Candidate): readonly number[] => [
    networks.get(one.network) ?? 0,
    one.failures,
    Math.round(slowness(one) / 10),
    one.luck,
  ];
  const compare = (a: readonly number[], b: readonly number[]): number => {
    const at = a.findIndex((value, i) => value !== b[i]);
    return at === -1 ? 0 : (a[at] ?? 0) - (b[at] ?? 0);
  };
  return candidates.toSorted((a, b) => compare(rank(a), rank(b)))[0];
}

/**
 * How two peers who dial each other come to one connection: the rules for one pair, without I/O or clock; the same as
 * `node/wherry/connect/negotiation.py`. One attempt is one peer connection and one offer, known by a random id. Copies
 * of the offer travel along several ways; any of them may be lost, late, doubled or held back.
 *
 * 1. An attempt gets one answer. A repeated offer gets the same answer again, along the way it came by.
 * 2. Both dialled at once: the offer of the smaller id wins. Its owner answers the other's offer with its own, at once,
 *    along that way, and never answers the other's later. The loser answers, but keeps its own attempt open until one
 *    of the two is: should the winner's offer be an old one that somebody held back, its own is still good.
 * 3. A new offer never closes anything: it makes a candidate, which counts when it is open.
 * 4. Of two offers from one peer that are under way, the later issued one counts.
 * 5. An offer of another instance than the one that answered ours (a reloaded tab) is answered, whoever is smaller.
 *
 *     mine:    PREPARING ─ offer ready ─▶ RINGING ─ answer ─▶ OPENING ─ open ─▶ OPEN
 *                   └─ theirs wins ─▶ YIELDED ─ answer ─▶ OPENING
 *     theirs:  ANSWERING ─ answer ready ─▶ ANSWERED ─ open ─▶ OPEN         LOST: mine won; never answered
 *     any state ─ failed, out of time, superseded ─▶ CLOSED
 */

import { type Bytes, equal, hex } from "../bytes.ts";
import { ATTEMPTS_REMEMBERED, ATTEMPT_MS, CANDIDATES_WAITING, RING_AGAIN_MS } from "../limits.ts";
import type { Answer, Candidates, Offer } from "../signals.ts";

export type State =
  | "preparing" | "ringing" | "yielded" | "opening" | "answering" | "answered" | "open" | "lost" | "closed";
export type Event = "offerReady" | "otherWins" | "answerCame" | "answerReady" | "opened" | "ended";

/** What is not in the table does not change the state. */
export const TRANSITIONS: Readonly<Record<State, Readonly<Partial<Record<Event, State>>>>> = {
  preparing: { offerReady: "ringing", otherWins: "yielded", ended: "closed" },
  ringing: { otherWins: "yielded", answerCame: "opening", ended: "closed" },
  yielded: { answerCame: "opening", ended: "closed" },
  opening: { opened: "open", ended: "closed" },
  answering: { answerReady: "answered", ended: "closed" },
  answered: { opened: "open", ended: "closed" },
  open: { ended: "closed" },
  lost: {},
  closed: {},
};
const UNDER_WAY: ReadonlySet<State> = new Set<State>([
  "preparing", "ringing", "yielded", "opening", "answering", "answered",
]);

/** How something came to us, so that a reply can go back: `key` names the socket, so that none is answered twice. */
export interface Way {
  readonly key: string;
}

/** What is to be done; `attempt` is the id in hex. */
export type Action<W extends Way> =
  /** Make a link and its offer; then call `offerReady`. */
  | { readonly do: "makeOffer"; readonly attempt: string; readonly id: Bytes }
  /** Send the offer: along these ways, or, if there are none, race every way the peer's record names. */
  | { readonly do: "sendOffer"; readonly attempt: string; readonly offer: Offer; readonly ways: readonly W[] }
  /** Make a link that answers this offer; then call `answerReady`. */
  | { readonly do: "makeAnswer"; readonly attempt: string; readonly offer: Offer }
  /** Send the answer along these ways; the first time also over the introducers that the offer's record names. */
  | {
      readonly do: "sendAnswer";
      readonly attempt: string;
      readonly answer: Answer;
      readonly ways: readonly W[];
      readonly everywhere: boolean;
    }
  | { readonly do: "applyAnswer"; readonly attempt: string; readonly answer: Answer }
  | { readonly do: "addCandidates"; readonly attempt: string; readonly candidates: Candidates }
  /** The attempt is over: close its link, if it has one. */
  | { readonly do: "closeLink"; readonly attempt: string; readonly why: string };

interface Attempt<W extends Way> {
  readonly id: Bytes;
  readonly key: string;
  readonly mine: boolean;
  state: State;
  readonly deadline: number;
  ringAt: number;
  offer: Offer | null;
  answer: Answer | null;
  ways: W[];
  early: Candidates[];
}

/** All attempts between us and one peer. */
export class Pair<W extends Way> {
  readonly #smaller: boolean;
  readonly #attempts = new Map<string, Attempt<W>>();

  /** @param smaller - whether our public key is the smaller of the two */
  constructor(smaller: boolean) {
    this.#smaller = smaller;
  }

  /** Whether any attempt is under way. */
  get busy(): boolean {
    return this.#underWay().length > 0;
  }

  stateOf(attempt: string): State | null {
    return this.#attempts.get(attempt)?.state ?? null;
  }

  // -- asked of us ----------------------------------------------------------------------------------------------------

  /** Begin an attempt of our own, unless one of ours is under way. */
  dial(id: Bytes, now: number): Action<W>[] {
    if (this.#mine() !== null) return [];
    const attempt = this.#remember({ id, mine: true, state: "preparing", deadline: now + ATTEMPT_MS });
    return [{ do: "makeOffer", attempt: attempt.key, id }];
  }

  /** Our link has its offer. */
  offerReady(attempt: string, offer: Offer, now: number): Action<W>[] {
    const mine = this.#attempts.get(attempt);
    if (mine === undefined || !isUnderWay(mine)) return [close(attempt, "it was over before its offer was ready")];
    mine.offer = offer;
    mine.ringAt = now + RING_AGAIN_MS;
    step(mine, "offerReady");
    const { ways } = mine;
    mine.ways = [];
    const send = { do: "sendOffer", attempt, offer } as const;
    return [{ ...send, ways: [] }, ...(ways.length === 0 ? [] : [{ ...send, ways }])];
  }

  /** Our link has its answer to their offer. */
  answerReady(attempt: string, answer: Answer): Action<W>[] {
    const theirs = this.#attempts.get(attempt);
    if (theirs?.state !== "answering") return [close(attempt, "it was over before its answer was ready")];
    theirs.answer = answer;
    step(theirs, "answerReady");
    return [{ do: "sendAnswer", attempt, answer, ways: [...theirs.ways], everywhere: true }, ...takeEarly(theirs)];
  }

  // -- received -------------------------------------------------------------------------------------------------------

  /** A copy of an offer came by `way`; its signature was checked. */
  receiveOffer(offer: Offer, way: W, now: number): Action<W>[] {
    const key = hex(offer.attempt);
    const known = this.#attempts.get(key);
    if (known !== undefined && (known.mine || known.offer !== null)) return this.#repeated(known, way);
    const [mine, theirs] = [this.#mine(), this.#theirs()];
    const actions: Action<W>[] = [];
    if (theirs !== null) {
      if (theirs.offer !== null && theirs.offer.issued > offer.issued) {
        this.#remember({ id: offer.attempt, mine: false, state: "lost", deadline: now, offer });
        return [];
      }
      actions.push(...end(theirs, "the peer has begun another attempt"));
    }
    const restarted = mine !== null && mine.answer !== null && !equal(mine.answer.instance, offer.instance);
    if (mine !== null && this.#smaller && !restarted) {
      this.#remember({ id: offer.attempt, mine: false, state: "lost", deadline: now, offer });
      if (mine.offer === null) mine.ways.push(way);
      else actions.push({ do: "sendOffer", attempt: mine.key, offer: mine.offer, ways: [way] });
      return actions;
    }
    if (mine !== null) step(mine, "otherWins");
    const deadline = now + ATTEMPT_MS;
    const attempt = this.#remember({ id: offer.attempt, mine: false, state: "answering", deadline, offer });
    attempt.ways = [way];
    attempt.early = known?.early ?? [];
    return [...actions, { do: "makeAnswer", attempt: key, offer }];
  }

  /** An answer came; that it is bound to our offer by its hash was checked. */
  receiveAnswer(answer: Answer): Action<W>[] {
    const mine = this.#attempts.get(hex(answer.attempt));
    if (mine === undefined || !mine.mine || !step(mine, "answerCame")) return [];
    mine.answer = answer;
    mine.ringAt = Number.POSITIVE_INFINITY;
    return [{ do: "applyAnswer", attempt: mine.key, answer }, ...takeEarly(mine)];
  }

  /** Late candidates came, perhaps before the offer they belong to. */
  receiveCandidates(candidates: Candidates, now: number): Action<W>[] {
    const key = hex(candidates.attempt);
    const attempt =
      this.#attempts.get(key) ??
      this.#remember({ id: candidates.attempt, mine: false, state: "closed", deadline: now + ATTEMPT_MS });
    if (hasLink(attempt) && attempt.early.length === 0) return [{ do: "addCandidates", attempt: key, candidates }];
    if (attempt.early.length < CANDIDATES_WAITING && (isUnderWay(attempt) || attempt.offer === null)) {
      attempt.early.push(candidates);
    }
    return [];
  }

  /**
   * The attempt's link is open and both ends have greeted each other: lesser ones are superfluous. Both ends rank
   * attempts alike, so that they never keep a different one each.
   */
  opened(attempt: string): Action<W>[] {
    const winner = this.#attempts.get(attempt);
    if (winner === undefined || !step(winner, "opened")) return [];
    const lesser = this.#underWay().filter((other) => this.#isLess(other, winner));
    return lesser.flatMap((other) => end(other, "another attempt is open"));
  }

  /** The attempt's link failed, or was closed after it had been open. */
  ended(attempt: string, why: string): Action<W>[] {
    const known = this.#attempts.get(attempt);
    return known === undefined ? [] : end(known, why);
  }

  // -- time -----------------------------------------------------------------------------------------------------------

  /** When `tick` is to be called next, or null if never. */
  nextDeadline(): number | null {
    const times = this.#underWay().map((one) => Math.min(one.deadline, one.ringAt));
    return times.length === 0 ? null : Math.min(...times);
  }

  /** Ring again where no answer came; end what is out of time. */
  tick(now: number): Action<W>[] {
    const actions: Action<W>[] = [];
    for (const attempt of this.#underWay()) {
      if (attempt.deadline <= now) {
        actions.push(...end(attempt, "out of time"));
      } else if (attempt.ringAt <= now && attempt.offer !== null) {
        attempt.ringAt = now + RING_AGAIN_MS;
        actions.push({ do: "sendOffer", attempt: attempt.key, offer: attempt.offer, ways: [] });
      }
    }
    return actions;
  }

  /** Whether it is an attempt of ours that is under way. */
  isMine(attempt: string): boolean {
    const known = this.#attempts.get(attempt);
    return known !== undefined && known.mine && isUnderWay(known);
  }

  /** Whether of two attempts that open at the same time both ends keep `attempt`. */
  outranks(attempt: string, other: string): boolean {
    const [one, two] = [this.#attempts.get(attempt), this.#attempts.get(other)];
    return one !== undefined && two !== undefined && this.#isLess(two, one);
  }

  // -- inside ---------------------------------------------------------------------------------------------------------

  /** The smaller id's offers before the other's, later ones before earlier ones. */
  #isLess(one: Attempt<W>, other: Attempt<W>): boolean {
    const [a, b] = [one, other].map((attempt) => [Number(attempt.mine === this.#smaller), attempt.offer?.issued ?? 0]);
    return (a?.[0] ?? 0) < (b?.[0] ?? 0) || (a?.[0] === b?.[0] && (a?.[1] ?? 0) < (b?.[1] ?? 0));
  }

  #repeated(known: Attempt<W>, way: W): Action<W>[] {
    if (known.state === "answering") {
      if (!known.ways.some((other) => other.key === way.key)) known.ways.push(way);
      return [];
    }
    if (known.state === "answered" && known.answer !== null) {
      return [{ do: "sendAnswer", attempt: known.key, answer: known.answer, ways: [way], everywhere: false }];
    }
    const mine = this.#mine();
    if (known.state === "lost" && this.#smaller && mine !== null && mine.offer !== null) {
      return [{ do: "sendOffer", attempt: mine.key, offer: mine.offer, ways: [way] }];
    }
    return [];
  }

  #underWay(): Attempt<W>[] {
    return [...this.#attempts.values()].filter(isUnderWay);
  }

  #mine(): Attempt<W> | null {
    return this.#underWay().find((attempt) => attempt.mine) ?? null;
  }

  #theirs(): Attempt<W> | null {
    return this.#underWay().find((attempt) => !attempt.mine) ?? null;
  }

  #remember(begun: Pick<Attempt<W>, "id" | "mine" | "state" | "deadline"> & { readonly offer?: Offer }): Attempt<W> {
    const key = hex(begun.id);
    const rest = { key, ringAt: Number.POSITIVE_INFINITY, answer: null, ways: [], early: [] };
    const attempt: Attempt<W> = { ...rest, ...begun, offer: begun.offer ?? null };
    this.#attempts.set(key, attempt);
    if (this.#attempts.size > ATTEMPTS_REMEMBERED) {
      const isOver = (one: Attempt<W>): boolean => !isUnderWay(one) && one.state !== "open" && one !== attempt;
      const old = [...this.#attempts.values()].find(isOver);
      if (old !== undefined) this.#attempts.delete(old.key);
    }
    return attempt;
  }
}

function isUnderWay(attempt: { readonly state: State }): boolean {
  return UNDER_WAY.has(attempt.state);
}

/** Whether candidates can be given to it. */
function hasLink({ state, mine }: { readonly state: State; readonly mine: boolean }): boolean {
  return state === "opening" || state === "answered" || (mine && state === "ringing");
}

function step(attempt: { state: State }, event: Event): boolean {
  const next = TRANSITIONS[attempt.state][event];
  if (next !== undefined) attempt.state = next;
  return next !== undefined;
}

function end<W extends Way>(attempt: Attempt<W>, why: string): Action<W>[] {
  attempt.early = [];
  return step(attempt, "ended") ? [close(attempt.key, why)] : [];
}

function close<W extends Way>(attempt: string, why: string): Action<W> {
  return { do: "closeLink", attempt, why };
}

function takeEarly<W extends Way>(attempt: Attempt<W>): Action<W>[] {
  const { early } = attempt;
  attempt.early = [];
  return early.map((candidates) => ({ do: "addCandidates", attempt: attempt.key, candidates }));
}

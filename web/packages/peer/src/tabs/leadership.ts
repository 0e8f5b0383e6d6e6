/**
 * Which tab leads: one holds the connections, the others follow, since WebRTC does not run in workers.
 *
 * In a secure context a Web Lock says it, and the browser passes it on when a tab goes. Elsewhere (a page on the LAN)
 * the tabs settle it among themselves: whoever asks and hears no leader claims; of two who claim at once the smaller id
 * wins. A leader says so once a second; a follower who misses it asks, and claims where nobody answers. Should a leader
 * come back from a long sleep and meet another, the later term counts.
 */

import { sleep } from "../tasks.ts";
import type { Channel, TabMessage } from "./channel.ts";

/** Milliseconds in which a leader answers, and others claim. */
const ANSWER_MS = 120;
/** Milliseconds between a leader's beats, and until a follower who hears none asks. */
const BEAT_MS = 1000;
const SILENCE_MS = 2500;

export interface LeadershipOptions {
  /** This tab leads from now on. */
  readonly onLead: () => void;
  /** Another tab leads; asked once it is known, and again whenever it is another one. */
  readonly onFollow: () => void;
  /** This tab led, and another does now. */
  readonly onLost: () => void;
}

export interface Leadership {
  close(): void;
}

export function standForLeader(channel: Channel | null, options: LeadershipOptions): Leadership {
  if (channel === null) {
    options.onLead();
    return { close: () => undefined };
  }
  const locks = globalThis.navigator?.locks;
  return locks === undefined ? new Election(channel, options) : new LockHolder(locks, options);
}

class LockHolder implements Leadership {
  readonly #abort = new AbortController();
  #release: () => void = () => undefined;

  constructor(locks: LockManager, options: LeadershipOptions) {
    void this.#stand(locks, options);
  }

  close(): void {
    this.#abort.abort();
    this.#release();
  }

  async #stand(locks: LockManager, { onLead, onFollow }: LeadershipOptions): Promise<void> {
    const held = async (): Promise<void> => {
      onLead();
      await new Promise<void>((resolve) => {
        this.#release = resolve;
      });
    };
    const free = await locks.request("wherry-leader", { ifAvailable: true }, async (lock) => {
      if (lock === null) return false;
      await held();
      return true;
    });
    if (free || this.#abort.signal.aborted) return;
    onFollow();
    try {
      await locks.request("wherry-leader", { signal: this.#abort.signal }, held);
    } catch (error) {
      if (!(error instanceof DOMException && error.name === "AbortError")) throw error;
    }
  }
}

type Stand = "asking" | "claiming" | "leading" | "following" | "closed";

class Election implements Leadership {
  readonly #channel: Channel;
  readonly #options: LeadershipOptions;
  #stand: Stand = "asking";
  #term = 0;
  #heardAt = 0;
  #leader = "";
  readonly #timer: ReturnType<typeof setInterval>;

  constructor(channel: Channel, options: LeadershipOptions) {
    this.#channel = channel;
    this.#options = options;
    channel.listen((message) => this.#receive(message));
    this.#timer = setInterval(() => this.#beat(), BEAT_MS);
    void this.#ask();
  }

  close(): void {
    this.#stand = "closed";
    clearInterval(this.#timer);
  }

  async #ask(): Promise<void> {
    this.#stand = "asking";
    this.#channel.post({ type: "who", from: this.#channel.id });
    await sleep(ANSWER_MS);
    if (this.#stand !== "asking") return;
    this.#stand = "claiming";
    this.#channel.post({ type: "claim", from: this.#channel.id });
    await sleep(ANSWER_MS);
    if (this.#stand !== "claiming") return;
    this.#stand = "leading";
    this.#term += 1;
    this.#say();
    this.#options.onLead();
  }

  #receive(message: TabMessage): void {
    switch (message.type) {
      case "who":
        if (this.#stand === "leading") this.#say();
        return;
      case "claim":
        if (this.#stand === "leading") this.#say();
        else if (this.#stand === "claiming" && message.from < this.#channel.id) this.#yield();
        return;
      case "leads":
        this.#meet(message.from, message.term);
        return;
      case "bye":
        if (this.#stand === "following" && message.from === this.#leader) void this.#ask();
        return;
      default:
    }
  }

  #meet(leader: string, term: number): void {
    const isLesser = term < this.#term || (term === this.#term && leader > this.#channel.id);
    if (this.#stand === "leading" && isLesser) {
      this.#say(); // it hears of us, and steps down
      return;
    }
    const [led, isNew] = [this.#stand === "leading", this.#leader !== leader];
    this.#stand = "following";
    this.#term = Math.max(this.#term, term);
    this.#leader = leader;
    this.#heardAt = performance.now();
    if (led) this.#options.onLost();
    if (led || isNew) this.#options.onFollow();
  }

  /** Somebody else claims as well: it says soon that it leads. */
  #yield(): void {
    this.#stand = "following";
    this.#heardAt = performance.now();
  }

  #say(): void {
    this.#channel.post({ type: "leads", from: this.#channel.id, term: this.#term });
  }

  #beat(): void {
    if (this.#stand === "leading") this.#say();
    else if (this.#stand === "following" && performance.now() - this.#heardAt > SILENCE_MS) void this.#ask();
  }
}

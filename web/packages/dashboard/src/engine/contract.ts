/** The engines that `contract.test.ts` holds to one contract, each with the other side in hand. */
import type { ConnectionState, Peer, PeerState, Trace } from "@wherry/peer";
import type { Engine } from "./engine.ts";
import { Keep } from "./keep.ts";
import { MemoryMail } from "./memory-mail.ts";
import { parsePasted } from "./parse.ts";
import { PeerEngine } from "./peer-engine.ts";
import { STAGES } from "./stages.ts";

export interface Started {
  readonly engine: Engine;
  readonly mail: MemoryMail;
  /** Resolves when nothing is under way any more. */
  readonly rest: () => Promise<void>;
  /** Let time pass. */
  readonly pass: (ms: number) => Promise<void>;
  readonly stop: () => void;
}

export interface Contracted {
  readonly name: string;
  readonly start: () => Promise<Started>;
}

const STATE = STAGES["one"]?.state.peer as PeerState;

/** Time that passes only when it is told to. */
export class Clock {
  now = 1_000_000;
  readonly #waiting: { readonly at: number; readonly done: () => void }[] = [];

  time = (): number => this.now;

  pause = (ms: number): Promise<void> => new Promise((done) => this.#waiting.push({ at: this.now + ms, done }));

  async pass(ms: number): Promise<void> {
    this.now += ms;
    for (const each of this.#waiting) if (each.at <= this.now) each.done();
    await settled();
  }
}

/** What hangs on promises alone is done after a turn of the loop. */
export const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));

/** A peer that does nothing: what is tried here goes through its mail. */
export const idlePeer = (state: PeerState): Peer => {
  const nothing = (): Promise<never> => new Promise(() => undefined);
  return {
    state,
    subscribe: () => () => undefined,
    connect: () => Promise.resolve(state.connections[0] as ConnectionState),
    disconnect: () => Promise.resolve(),
    ping: nothing,
    openStream: nothing,
    openDatagrams: nothing,
    handle: () => () => undefined,
    traces: (): readonly Trace[] => [],
    parse: parsePasted,
    setName: () => Promise.resolve(),
    exportKey: () => Promise.resolve(""),
    importKey: () => Promise.resolve(),
    close: () => Promise.resolve(),
  };
};

const tab: Contracted = {
  name: "the tab's engine",
  start: () => {
    const clock = new Clock();
    const mail = new MemoryMail(STATE.id, parsePasted, clock.time);
    const engine = new PeerEngine(idlePeer(STATE), mail, new Keep(null, STATE.id), {
      clock: clock.time,
      time: clock.time,
      pause: clock.pause,
      reload: () => undefined,
    });
    return Promise.resolve({ engine, mail, rest: settled, pass: (ms: number) => clock.pass(ms), stop: () => undefined });
  },
};

export const ENGINES: readonly Contracted[] = [tab];

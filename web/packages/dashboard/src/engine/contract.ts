/** The engines that `contract.test.ts` holds to one contract, each with the other side in hand. */
import type { ConnectionState, LabelledAddress, Peer, PeerState, Trace } from "@wherry/peer";
import type { Engine } from "./engine.ts";
import { Keep } from "./keep.ts";
import { MemoryMail } from "./memory-mail.ts";
import { NodeApi } from "./node/api.ts";
import { NodeDouble, TOKEN } from "./node/double.ts";
import { NodeEngine } from "./node/node-engine.ts";
import { parsePasted } from "./parse.ts";
import { PeerEngine } from "./peer-engine.ts";
import { STAGES } from "./stages.ts";
import { tabMail } from "./tab-mail.ts";

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
  #waiting: { readonly at: number; readonly done: () => void }[] = [];

  time = (): number => this.now;

  pause = (ms: number): Promise<void> => new Promise((done) => this.#waiting.push({ at: this.now + ms, done }));

  async pass(ms: number): Promise<void> {
    this.now += ms;
    const due = this.#waiting.filter((each) => each.at <= this.now);
    this.#waiting = this.#waiting.filter((each) => each.at > this.now);
    for (const each of due) each.done();
    await settled();
  }
}

/** What hangs on promises alone is done after a turn of the loop. */
export const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));

/** A peer whose friends and messages are those of `mail`, and that does nothing else. */
export const peerAround = (state: PeerState, mail: MemoryMail): Peer => {
  const nothing = (): Promise<never> => new Promise(() => undefined);
  return {
    state,
    subscribe: (listener) =>
      mail.subscribe((event) => {
        if (event.type === "addresses") return; // a peer has no such event: whoever changes them asks again
        listener(event.type === "gap" ? { type: "state", state: { ...state, tab: "follower" } } : event);
      }),
    friends: {
      list: mail.friends,
      add: (text, hello) => mail.add(text, hello ?? ""),
      accept: mail.accept,
      decline: mail.decline,
      withdraw: mail.withdraw,
      remove: mail.remove,
      block: mail.block,
      unblock: mail.unblock,
      label: mail.label,
      profile: mail.profile,
      setProfile: mail.setProfile,
      setPresence: mail.setPresence,
      safetyNumber: mail.safetyNumber,
      compared: mail.compared,
      addresses: mail.addresses,
      newAddress: async (label) => labelled(mail, label, mail.newAddress(label)),
      rotateAddress: async (label) => labelled(mail, label, mail.rotateAddress(label)),
    },
    messages: {
      send: (peer, content, replyTo) => mail.send(peer, String(content), replyTo ?? null),
      retry: mail.retry,
      delete: mail.delete,
      history: (peer, before, limit) => mail.messages(peer, before ?? null, limit ?? 50),
      search: mail.search,
      markRead: mail.read,
      typing: mail.typing,
    },
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
    exportProfile: () => Promise.resolve(new Blob()),
    importProfile: () => Promise.resolve(),
    close: () => Promise.resolve(),
  };
};

/** The address that has the label once `work` is done. */
async function labelled(mail: MemoryMail, label: string, work: Promise<void>): Promise<LabelledAddress> {
  await work;
  const found = (await mail.addresses()).find((each) => each.label === label);
  if (found === undefined) throw new Error(`no address has the label ${label}`);
  return found;
}

const tab: Contracted = {
  name: "the tab's engine",
  start: () => {
    const clock = new Clock();
    const mail = new MemoryMail(STATE.id, parsePasted, clock.time);
    const peer = peerAround(STATE, mail);
    const engine = new PeerEngine(peer, tabMail(peer), new Keep(null, STATE.id), {
      clock: clock.time,
      time: clock.time,
      pause: clock.pause,
      reload: () => undefined,
      forgetEverything: () => peer.close(),
    });
    return Promise.resolve({ engine, mail, rest: settled, pass: (ms: number) => clock.pass(ms), stop: () => undefined });
  },
};

const node: Contracted = {
  name: "the node's engine",
  start: async () => {
    const clock = new Clock();
    const mail = new MemoryMail(STATE.id, parsePasted, clock.time);
    const double = new NodeDouble(mail, STATE);
    const api = new NodeApi(double, null);
    await api.begin(TOKEN);
    const engine = new NodeEngine(api, {
      clock: clock.time,
      time: clock.time,
      pause: clock.pause,
      seen: () => true,
      host: "127.0.0.1:4771",
    });
    const rest = async (): Promise<void> => {
      for (let n = 0; n < 4; n += 1) await clock.pass(250); // what it takes together, it waits for
    };
    return { engine, mail, rest, pass: (ms: number) => clock.pass(ms), stop: () => engine.close() };
  },
};

export const ENGINES: readonly Contracted[] = [tab, node];

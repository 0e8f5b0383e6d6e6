/** An engine whose state does not change by itself: staged for pictures, or before and instead of a peer. */
import { signal } from "@preact/signals";
import { done, STARTING, type Engine, type ErrorInfo, type OnProgress, type Outcome, type ParsedWho, type State } from "./engine.ts";
import type { Message } from "./friends.ts";

/** Commands all end as `outcome`; only the name changes when it is asked to. */
export function stillEngine(start: State, parse: (text: string) => ParsedWho, outcome: Outcome = done): Engine {
  const state = signal(start);
  const nothing = (): Promise<Outcome> => Promise.resolve(outcome);
  /** In the middle of it, for good; or refused at once. */
  const working = (onProgress: OnProgress): Promise<Outcome<never>> => {
    if (!outcome.ok) return Promise.resolve(outcome);
    onProgress(0.4);
    return new Promise(() => undefined);
  };
  return {
    state,
    friends: {
      add: (text) => {
        const who = parse(text);
        if (!who.ok) return Promise.resolve(who);
        return Promise.resolve(outcome.ok ? { ok: true, value: who.peer } : outcome);
      },
      accept: nothing,
      decline: nothing,
      withdraw: nothing,
      remove: nothing,
      block: nothing,
      unblock: nothing,
      label: nothing,
      setProfile: nothing,
      setPresence: nothing,
      safetyNumber: () => Promise.resolve(outcome.ok ? { ok: true, value: DIGITS } : outcome),
      compared: nothing,
    },
    addresses: { load: nothing, add: nothing, rotate: nothing },
    messages: {
      open: nothing,
      loadOlder: nothing,
      reach: () => Promise.resolve(outcome.ok ? { ok: true, value: true } : outcome),
      send: nothing,
      retry: nothing,
      delete: nothing,
      markRead: nothing,
      typing: nothing,
      search: (text) => Promise.resolve(outcome.ok ? { ok: true, value: found(state.value, text) } : outcome),
    },
    parse,
    add: nothing,
    forget: nothing,
    connect: nothing,
    disconnect: nothing,
    rename(name) {
      const { peer } = state.value;
      if (peer !== null) state.value = { ...state.value, peer: { ...peer, name } };
      return nothing();
    },
    ping: nothing,
    echo: nothing,
    closeEcho: nothing,
    measure: nothing,
    stopMeasuring: nothing,
    exportKey: () => Promise.resolve(outcome.ok ? { ok: true, value: "no key: this page stands still" } : outcome),
    importKey: nothing,
    exportProfile: (_passphrase, onProgress) => working(onProgress),
    importProfile: (_file, _passphrase, onProgress) => working(onProgress),
    forgetEverything: nothing,
  };
}

/** A safety number, of nobody. */
const DIGITS = "048213907715526608419330087142659174430962285701934621587034";

/** Messages that are there and have all the words. */
function found(state: State, text: string): readonly Message[] {
  const words = text.toLocaleLowerCase().split(/\s+/u);
  const all = Object.values(state.chats).flatMap((chat) => chat.messages);
  return all.filter((each) => words.every((word) => each.text.toLocaleLowerCase().includes(word))).toReversed();
}

const NOT_YET: ErrorInfo = {
  code: "CLOSED",
  side: "local",
  message: "Wherry is still starting.",
  hint: "Try again in a moment.",
  peer: null,
};

/** Before there is a peer; or, with a failure, instead of one. */
export function startingEngine(failure: ErrorInfo | null = null): Engine {
  const refused = { ok: false, error: failure ?? NOT_YET } as const;
  return stillEngine({ ...STARTING, failure }, () => refused, refused);
}

/** An engine whose state does not change by itself: staged for pictures, or before and instead of a peer. */
import { signal } from "@preact/signals";
import { done, STARTING, type Engine, type ErrorInfo, type Outcome, type ParsedWho, type State } from "./engine.ts";

/** Commands all end as `outcome`; only the name changes when it is asked to. */
export function stillEngine(start: State, parse: (text: string) => ParsedWho, outcome: Outcome = done): Engine {
  const state = signal(start);
  const nothing = (): Promise<Outcome> => Promise.resolve(outcome);
  return {
    state,
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
  };
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

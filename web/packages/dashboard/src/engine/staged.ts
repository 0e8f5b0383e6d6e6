/** An engine that stands still in a named state: for pictures, for tests, and to work on the page without a network. */
import { signal } from "@preact/signals";
import { parsePasted } from "./parse.ts";
import { done, type Engine } from "./engine.ts";
import type { Stage } from "./stages.ts";

/** Commands succeed and change nothing, but for the name and the list, which a view changes at once. */
export function stagedEngine({ state: start }: Stage): Engine {
  const state = signal(start);
  const nothing = (): Promise<typeof done> => Promise.resolve(done);
  return {
    state,
    parse: parsePasted,
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
    exportKey: () => Promise.resolve({ ok: true, value: "not a key: this page is staged" }),
    importKey: nothing,
  };
}

/** How views get at the engine, and run its commands. */
import type { ReadonlySignal } from "@preact/signals";
import { createContext } from "preact";
import { useContext, useState } from "preact/hooks";
import type { Engine, ErrorInfo, Outcome, State } from "./engine/engine.ts";

const Context = createContext<ReadonlySignal<Engine> | null>(null);

export const EngineProvider = Context.Provider;

export function useEngine(): Engine {
  const engine = useContext(Context);
  if (engine === null) throw new Error("a view outside of EngineProvider");
  return engine.value;
}

/** The state now; the view is drawn again when it changes. */
export const useEngineState = (): State => useEngine().state.value;

export interface Command<Arguments extends readonly unknown[]> {
  readonly run: (...given: Arguments) => void;
  readonly busy: boolean;
  /** Why it failed the last time; null while it has not. */
  readonly error: ErrorInfo | null;
}

/** A command with what a button shows of it: whether it runs, and why it failed. */
export function useCommand<Arguments extends readonly unknown[], Value>(
  command: (...given: Arguments) => Promise<Outcome<Value>>,
  then?: (value: Value) => void,
): Command<Arguments> {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<ErrorInfo | null>(null);
  const start = async (given: Arguments): Promise<void> => {
    setBusy(true);
    setError(null);
    const outcome = await command(...given);
    setBusy(false);
    if (outcome.ok) then?.(outcome.value);
    else setError(outcome.error);
  };
  const run = (...given: Arguments): void => {
    if (!busy) void start(given); // an eager second click does nothing
  };
  return { run, busy, error };
}

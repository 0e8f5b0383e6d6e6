/** The engine of a node's own dashboard. */
import { signal, type ReadonlySignal } from "@preact/signals";
import type { Engine } from "../engine.ts";
import { infoOf } from "../outcome.ts";
import { startingEngine } from "../still.ts";
import { NO_SESSION, NodeApi } from "./api.ts";
import { NodeEngine } from "./node-engine.ts";

/** The node's engine, once there is a session; why there is none, else. */
export function nodeEngine(token: string | null, storage: Storage | null): ReadonlySignal<Engine> {
  const engine = signal<Engine>(startingEngine());
  const api = new NodeApi(
    {
      fetch: (path, init) => fetch(new URL(path, location.origin), init),
      socket: (path) => new WebSocket(new URL(path, location.origin.replace(/^http/, "ws"))),
    },
    storage,
  );
  const start = async (): Promise<void> => {
    try {
      if (token !== null) await api.begin(token);
      engine.value = api.hasSession
        ? new NodeEngine(api, {
            clock: () => performance.now(),
            time: () => Date.now(),
            pause: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
            seen: () => !document.hidden,
            host: location.host,
          })
        : startingEngine(NO_SESSION);
    } catch (error) {
      engine.value = startingEngine(infoOf(error));
    }
  };
  void start();
  return engine;
}

/** Puts the page into the document, around an engine. */
import type { ReadonlySignal } from "@preact/signals";
import { render } from "preact";
import { followClock } from "./clock.ts";
import { EngineProvider } from "./context.ts";
import type { Engine } from "./engine/engine.ts";
import { followNotify } from "./notify.ts";
import { followHash } from "./router.ts";
import { followTheme } from "./theme.ts";
import { rest } from "./views/rest.tsx";
import { Shell } from "./views/shell.tsx";
import "./styles/index.css";

export function mount(engine: ReadonlySignal<Engine>, { ticking = true } = {}): void {
  const root = document.getElementById("app");
  if (root === null) throw new Error("the document has no #app");
  followHash();
  followTheme(storage());
  followNotify(storage());
  if (ticking) followClock();
  render(
    <EngineProvider value={engine}>
      <Shell />
    </EngineProvider>,
    root,
  );
  setTimeout(() => void rest.load(), IDLE);
}

/** Milliseconds after which the rest is loaded: the first part is at work by then, and whoever served it still there. */
const IDLE = 2000;

/** The browser may forbid it, by throwing. */
export function storage(): Storage | null {
  try {
    return localStorage;
  } catch {
    return null;
  }
}

/** The same for what lives as long as the tab. */
export function sessionStore(): Storage | null {
  try {
    return sessionStorage;
  } catch {
    return null;
  }
}

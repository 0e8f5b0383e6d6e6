/** The staged page: `staged.html?stage=NAME` shows the state NAME of `engine/stages.ts`. Never part of what is served. */
import { signal } from "@preact/signals";
import { stopClockAt } from "./clock.ts";
import { parsePasted } from "./engine/parse.ts";
import { NOW, STAGES } from "./engine/stages.ts";
import { stillEngine } from "./engine/still.ts";
import { mount } from "./mount.tsx";

const name = new URLSearchParams(location.search).get("stage") ?? "";
const stage = STAGES[name];
if (stage === undefined) {
  document.body.textContent = `stages: ${Object.keys(STAGES).join(" ")}`;
} else {
  if (location.hash === "") history.replaceState(null, "", stage.hash);
  stopClockAt(NOW);
  mount(signal(stillEngine(stage.state, parsePasted)), { ticking: false });
}

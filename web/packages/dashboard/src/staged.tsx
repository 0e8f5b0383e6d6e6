/** The staged page: `staged.html?stage=NAME` shows the state NAME of `engine/stages.ts`. Never part of what is served. */
import { stopClockAt } from "./clock.ts";
import { stagedEngine } from "./engine/staged.ts";
import { NOW, STAGES } from "./engine/stages.ts";
import { mount } from "./mount.tsx";

const name = new URLSearchParams(location.search).get("stage") ?? "";
const stage = STAGES[name];
if (stage === undefined) {
  document.body.textContent = `stages: ${Object.keys(STAGES).join(" ")}`;
} else {
  if (location.hash === "") history.replaceState(null, "", stage.hash);
  stopClockAt(NOW);
  mount(stagedEngine(stage), { ticking: false });
}

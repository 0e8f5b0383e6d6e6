/** The staged page: `staged.html?stage=NAME` shows the state NAME of `engine/stages.ts`. Never part of what is served. */
import { signal } from "@preact/signals";
import { stopClockAt } from "./clock.ts";
import { parsePasted } from "./engine/parse.ts";
import { NOW } from "./engine/stage-parts.ts";
import type { Step } from "./engine/stages-friends.ts";
import { STAGES } from "./engine/stages.ts";
import { stillEngine } from "./engine/still.ts";
import { mount } from "./mount.tsx";

const name = new URLSearchParams(location.search).get("stage") ?? "";
const stage = STAGES[name];
if (stage === undefined) {
  document.body.textContent = `stages: ${Object.keys(STAGES).join(" ")}`;
} else {
  if (location.hash === "") history.replaceState(null, "", stage.hash);
  stopClockAt(NOW);
  const engine = stillEngine(stage.state, parsePasted);
  const { refusal } = stage;
  const refused = refusal === undefined ? {} : { importProfile: () => Promise.resolve({ ok: false, error: refusal } as const) };
  mount(signal({ ...engine, ...refused }), { ticking: false });
  void act(stage.steps ?? []);
}

/** Do what a person has done in the stage, each step when the page has had time for the one before. */
async function act(steps: readonly Step[]): Promise<void> {
  await drawn(50);
  for (const step of steps) {
    const at = await there("click" in step ? step.click : "type" in step ? step.type : step.choose);
    if ("click" in step) at.click();
    else if ("choose" in step) choose(at, step.beginning);
    else if (at instanceof HTMLInputElement || at instanceof HTMLTextAreaElement) {
      at.value = step.text;
      at.dispatchEvent(new Event("input", { bubbles: true }));
    }
    await drawn(300);
  }
  document.documentElement.dataset["staged"] = "";
}

function choose(at: HTMLElement, beginning: string): void {
  const chosen = new DataTransfer();
  chosen.items.add(new File([beginning], "wherry-k4Zq7P.wherry"));
  if (at instanceof HTMLInputElement) at.files = chosen.files;
  at.dispatchEvent(new Event("change", { bubbles: true }));
}

/** What a selector finds, as soon as it is there: parts of the page come later than others. */
async function there(selector: string): Promise<HTMLElement> {
  for (let look = 0; look < 50; look += 1) {
    const found = document.querySelector<HTMLElement>(selector);
    if (found !== null) return found;
    await drawn(100);
  }
  throw new Error(`nothing there for ${selector}`);
}

function drawn(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

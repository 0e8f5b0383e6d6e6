/** For tests: the page, drawn into a document around an engine, and what a person does there. */
import { signal } from "@preact/signals";
import { render } from "preact";
import { act } from "preact/test-utils";
import { afterEach, beforeAll, beforeEach } from "vitest";
import { stopClockAt } from "../clock.ts";
import { EngineProvider } from "../context.ts";
import { settled } from "../engine/contract.ts";
import type { Engine } from "../engine/engine.ts";
import { NOW } from "../engine/stage-parts.ts";
import { followHash } from "../router.ts";
import { rest } from "./rest.tsx";
import { Shell } from "./shell.tsx";

/** A page for each test of a file, gone after it. */
export function drawnPage(): DrawnPage {
  const page = new DrawnPage();
  beforeAll(() => rest.load());
  beforeEach(() => page.begin());
  afterEach(() => page.end());
  return page;
}

class DrawnPage {
  root = document.createElement("div");
  #leave = (): void => undefined;

  begin(): void {
    stopClockAt(NOW);
    this.root = document.createElement("div");
    document.body.append(this.root);
  }

  end(): void {
    render(null, this.root);
    this.root.remove();
    this.#leave();
  }

  open(engine: Engine, hash: string): Promise<void> {
    this.#leave();
    location.hash = hash;
    this.#leave = followHash();
    return this.do(() =>
      render(
        <EngineProvider value={signal(engine)}>
          <Shell />
        </EngineProvider>,
        this.root,
      ),
    );
  }

  /** Do something and let what follows from it come to rest. */
  do(work: () => unknown): Promise<void> {
    return act(async () => {
      await work();
      await settled();
    });
  }

  find<Kind extends HTMLElement = HTMLElement>(selector: string): Kind {
    const found = this.root.querySelector<Kind>(selector);
    if (found === null) throw new Error(`no ${selector}`);
    return found;
  }

  all<Kind extends HTMLElement = HTMLElement>(selector: string): readonly Kind[] {
    return [...this.root.querySelectorAll<Kind>(selector)];
  }

  /** What is to be read there; nothing where it is not. */
  said = (selector: string): string => this.root.querySelector(selector)?.textContent ?? "";

  type = (selector: string, text: string): Promise<void> =>
    this.do(() => {
      const field = this.find<HTMLInputElement | HTMLTextAreaElement>(selector);
      field.value = text;
      field.dispatchEvent(new Event("input", { bubbles: true }));
    });

  /** Send off the form that has what the selector finds. */
  submit = (selector: string): Promise<void> =>
    this.do(() => this.find(selector).closest("form")?.dispatchEvent(new Event("submit", { cancelable: true })));
}

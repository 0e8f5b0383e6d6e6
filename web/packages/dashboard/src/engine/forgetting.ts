/**
 * Forgetting everything, with all tabs of the page. None may go on as who it was, or keep anything once all is gone: so
 * each closes its peer first, then one clears what was kept, then all load anew.
 */
import { ToldError } from "./outcome.ts";
import type { Pause } from "./run-ping.ts";

/** What tabs say to each other about it. */
export type Word = "forget" | "closing" | "closed" | "forgotten";

/** The other tabs of this page. */
export interface OtherTabs {
  readonly post: (word: Word) => void;
  readonly listen: (listener: (word: Word) => void) => void;
}

export interface Surroundings {
  /** End this tab's peer; resolves when nothing of it is at work any more. */
  readonly close: () => Promise<void>;
  /** Clear what was kept in this browser. */
  readonly erase: () => Promise<void>;
  readonly reload: () => void;
  readonly pause: Pause;
}

/** Milliseconds in which other tabs say that they are there: they need no more than their turn. */
const ANSWER = 300;

/** Milliseconds between two looks at whether they have closed, and how often one looks: ten seconds. */
const LOOK = 100;
const LOOKS = 100;

/** Milliseconds after which a tab loads anew by itself, should the one that asked be gone. */
const ALONE = 20_000;

export class Forgetting {
  readonly #tabs: OtherTabs;
  readonly #around: Surroundings;
  #asks = false;
  #closing = 0;
  #closed = 0;

  constructor(tabs: OtherTabs, around: Surroundings) {
    this.#tabs = tabs;
    this.#around = around;
    tabs.listen((word) => void this.#heard(word));
  }

  /** Forget everything, and load the page anew. Rejects where another tab does not close, or something cannot be cleared. */
  async run(): Promise<void> {
    const { close, erase, reload } = this.#around;
    this.#asks = true;
    this.#closing = 0;
    this.#closed = 0;
    try {
      await this.#closeOthers();
      await close();
      await erase();
    } finally {
      this.#asks = false;
      this.#tabs.post("forgotten"); // or it failed: either way they are of use again
    }
    reload();
  }

  async #closeOthers(): Promise<void> {
    this.#tabs.post("forget");
    await this.#around.pause(ANSWER);
    for (let look = 0; this.#closed < this.#closing; look += 1) {
      if (look === LOOKS) throw new ToldError(TAB_OPEN);
      await this.#around.pause(LOOK);
    }
  }

  async #heard(word: Word): Promise<void> {
    switch (word) {
      case "closing":
        this.#closing += 1;
        break;
      case "closed":
        this.#closed += 1;
        break;
      case "forgotten":
        if (!this.#asks) this.#around.reload();
        break;
      case "forget":
        if (this.#asks) return; // it was asked here as well
        this.#tabs.post("closing");
        await this.#around.close();
        this.#tabs.post("closed");
        await this.#around.pause(ALONE);
        this.#around.reload();
    }
  }
}

const TAB_OPEN = {
  code: "TAB_OPEN",
  side: "local",
  message: "Another tab of this page does not let go, so nothing was forgotten.",
  hint: "Close the other tabs, then try again.",
  peer: null,
} as const;

/** By the browser's channel; alone where it has none. */
export function otherTabs(): OtherTabs {
  if (typeof BroadcastChannel === "undefined") return { post: () => undefined, listen: () => undefined };
  const channel = new BroadcastChannel("wherry forgetting");
  return {
    post: (word) => channel.postMessage(word),
    // other tabs of the same page wrote it: the origin is the same, and so is the program
    listen: (listener) => channel.addEventListener("message", ({ data }: MessageEvent<Word>) => listener(data)),
  };
}

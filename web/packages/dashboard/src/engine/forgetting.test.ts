/** Forgetting everything with all tabs: nobody is at work when it goes, everybody begins anew. */
import { beforeEach, describe, expect, it } from "vitest";
import { settled } from "./contract.ts";
import { Forgetting, type OtherTabs, type Word } from "./forgetting.ts";
import { ToldError } from "./outcome.ts";

/** What happened, in order. */
let told: string[];
let listeners: ((word: Word) => void)[];

beforeEach(() => {
  told = [];
  listeners = [];
});

/** A tab's end of a channel that all share. */
function tabs(): OtherTabs {
  let own: ((word: Word) => void) | null = null;
  return {
    post: (word) => {
      for (const listener of listeners) if (listener !== own) queueMicrotask(() => listener(word));
    },
    listen: (listener) => {
      own = listener;
      listeners.push(listener);
    },
  };
}

function tab(name: string, { close = settled, erase = settled }: { close?: () => Promise<void>; erase?: () => Promise<void> } = {}): Forgetting {
  return new Forgetting(tabs(), {
    close: async () => {
      await close();
      told.push(`${name} closed`);
    },
    erase: async () => {
      await erase();
      told.push(`${name} erased`);
    },
    reload: () => void told.push(`${name} reloaded`),
    pause: (ms) => (ms >= 20_000 ? new Promise(() => undefined) : settled()),
  });
}

describe("forgetting everything", () => {
  it("closes the peer before anything is cleared, and loads anew after", async () => {
    await tab("one").run();
    expect(told).toEqual(["one closed", "one erased", "one reloaded"]);
  });

  it("waits for each other tab, which then loads anew as well", async () => {
    let release: () => void = () => undefined;
    const slow = new Promise<void>((resolve) => (release = resolve));
    tab("two");
    tab("three", { close: () => slow });
    const run = tab("one").run();
    for (let n = 0; n < 10; n += 1) await settled();
    expect(told).toEqual(["two closed"]);
    release();
    await run;
    await settled();
    expect(told.slice(0, 4)).toEqual(["two closed", "three closed", "one closed", "one erased"]);
    expect(told.slice(4).toSorted()).toEqual(["one reloaded", "three reloaded", "two reloaded"]);
  });

  it("clears nothing where another tab does not close, and says so", async () => {
    tab("two", { close: () => new Promise(() => undefined) });
    await expect(tab("one").run()).rejects.toMatchObject({ info: { code: "TAB_OPEN" } });
    await settled();
    expect(told).toEqual(["two reloaded"]);
  });

  it("says what could not be cleared, and can be tried again", async () => {
    let fails = true;
    const one = tab("one", {
      erase: async () => {
        if (fails) throw new ToldError({ code: "FAILED", side: "local", message: "It is held on to.", hint: "", peer: null });
      },
    });
    await expect(one.run()).rejects.toThrow("held on to");
    expect(told).toEqual(["one closed"]);
    fails = false;
    await one.run();
    expect(told.slice(1)).toEqual(["one closed", "one erased", "one reloaded"]);
  });

  it("asked for in two tabs at once comes to an end in both", async () => {
    const [one, two] = [tab("one"), tab("two")];
    await Promise.all([one.run(), two.run()]);
    expect(told.filter((each) => each.endsWith("erased"))).toHaveLength(2);
    expect(told).toContain("one reloaded");
    expect(told).toContain("two reloaded");
  });
});

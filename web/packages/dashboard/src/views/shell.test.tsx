/** The page in its staged states, drawn into a document: what a person reads, and what never becomes markup. */
import { signal } from "@preact/signals";
import { render } from "preact";
import { act } from "preact/test-utils";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { stopClockAt } from "../clock.ts";
import { EngineProvider } from "../context.ts";
import type { Engine, State } from "../engine/engine.ts";
import { parsePasted } from "../engine/parse.ts";
import { NOW } from "../engine/stage-parts.ts";
import { STAGES, type Stage } from "../engine/stages.ts";
import { stillEngine } from "../engine/still.ts";
import { followHash } from "../router.ts";
import { Shell } from "./shell.tsx";

const HOSTILE = `<img src=x onerror="document.title='owned'"><script>1</script>&lt;b&gt;`;

let root: HTMLElement;
let leave: () => void;

beforeEach(() => {
  stopClockAt(NOW);
  root = document.createElement("div");
  document.body.append(root);
});

afterEach(() => {
  render(null, root);
  root.remove();
  leave();
});

const stageOf = (name: string): Stage => {
  const stage = STAGES[name];
  if (stage === undefined) throw new Error(`no stage ${name}`);
  return stage;
};

async function open(stage: Stage, engine: Engine = stillEngine(stage.state, parsePasted)): Promise<void> {
  location.hash = stage.hash;
  leave = followHash();
  await act(() => {
    render(
      <EngineProvider value={signal(engine)}>
        <Shell />
      </EngineProvider>,
      root,
    );
  });
}

const said = (selector: string): string => root.querySelector(selector)?.textContent ?? "";

describe("every state of a connection, on the page", () => {
  it.each([
    ["direct_lan", "Direct · same network"],
    ["direct", "Direct"],
    ["relayed", "Relayed · encrypted"],
    ["signaling", "Slow way · encrypted"],
    ["connecting", "Connecting: ringing…"],
    ["waiting", "Not here since 13:40"],
    ["unreachable", "Cannot connect: no path between the two networks"],
    ["unknown", "Cannot connect: nobody knows them now"],
    ["self_offline", "You are offline"],
    ["known", "Not connected"],
  ])("%s: %s", async (name, words) => {
    await open(stageOf(name));
    expect(said(".way-words")).toContain(words);
  });
});

describe("every stage", () => {
  it.each(Object.keys(STAGES))("%s has one first heading and no empty link or button", async (name) => {
    await open(stageOf(name));
    expect(root.querySelectorAll("h1")).toHaveLength(1);
    const nameless = [...root.querySelectorAll("a, button")].filter(
      (each) => (each.getAttribute("aria-label") ?? each.textContent).trim() === "",
    );
    expect(nameless).toEqual([]);
  });
});

describe("what others wrote", () => {
  it.each(Object.keys(STAGES))("is text and nothing else in %s", async (name) => {
    const { hash, state } = stageOf(name);
    const peer = state.peer && {
      ...state.peer,
      name: HOSTILE,
      reachability: { ...state.peer.reachability, because: HOSTILE },
      servedBy: HOSTILE,
      peers: state.peer.peers.map((each) => ({ ...each, name: HOSTILE, multiaddrs: [HOSTILE] })),
      problems: state.peer.problems.map((each) => ({ ...each, code: "X", message: HOSTILE, hint: HOSTILE })),
    };
    const traces = Object.fromEntries(
      Object.entries(state.traces).map(([id, trace]) => [
        id,
        {
          ...trace,
          summary: HOSTILE,
          advice: HOSTILE,
          entries: trace.entries.map((entry) => ({ ...entry, way: HOSTILE, event: HOSTILE, data: { [HOSTILE]: HOSTILE } })),
        },
      ]),
    );
    const hostile: State = { ...state, peer, traces };
    await open({ hash, state: hostile });
    expect(root.querySelectorAll("script, img:not(.qr)")).toHaveLength(0);
    expect(document.title).not.toBe("owned");
  });
});

describe("adding somebody", () => {
  it("names what is wrong with what was pasted", async () => {
    await open(stageOf("add-bad"));
    expect(said("[role=alert]")).toContain("the last characters are missing");
  });

  it("sends nothing before one has said so", async () => {
    const stage = stageOf("add");
    const asked: string[] = [];
    const still = stillEngine(stage.state, parsePasted);
    const add: Engine["add"] = (text) => {
      asked.push(text);
      return still.add(text);
    };
    await open(stage, { ...still, add });
    expect(said(".who")).toContain("Nothing has been sent yet");
    expect(asked).toEqual([]);
    await act(() => root.querySelector<HTMLButtonElement>(".who button.primary")?.click());
    expect(asked).toHaveLength(1);
  });

  it("warns of a name that somebody else in the list has", async () => {
    await open(stageOf("add-known"));
    expect(said(".line-warn")).toContain("Somebody else in your list has this name");
  });
});

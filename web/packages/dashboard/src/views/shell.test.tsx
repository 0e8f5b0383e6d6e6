/** The page in its staged states, drawn into a document: what a person reads, and what never becomes markup. */
import { act } from "preact/test-utils";
import { describe, expect, it } from "vitest";
import type { Engine, State } from "../engine/engine.ts";
import { idOf } from "../engine/cast.ts";
import { parsePasted } from "../engine/parse.ts";
import { STAGES, type Stage } from "../engine/stages.ts";
import { stillEngine } from "../engine/still.ts";
import { drawnPage } from "./drawn-page.tsx";

const HOSTILE = `<img src=x onerror="document.title='owned'"><script>1</script>&lt;b&gt;`;

const page = drawnPage();
const { said, type } = page;

const stageOf = (name: string): Stage => {
  const stage = STAGES[name];
  if (stage === undefined) throw new Error(`no stage ${name}`);
  return stage;
};

const open = (stage: Stage, engine: Engine = stillEngine(stage.state, parsePasted)): Promise<void> => page.open(engine, stage.hash);

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
    expect(page.root.querySelectorAll("h1")).toHaveLength(1);
    const nameless = [...page.root.querySelectorAll("a, button")].filter(
      (each) => (each.getAttribute("aria-label") ?? each.textContent).trim() === "",
    );
    expect(nameless).toEqual([]);
  });
});

describe("every state of a friendship and a message, on the page", () => {
  it.each([
    ["chat", ".chat-way", "Direct · 18 ms"],
    ["chat-busy", ".chat-way", "Busy · Direct"],
    ["chat-away", ".chat-way", "Not here since 13:59"],
    ["chat-away", ".away-line", "kept, sealed, at 2 places until Bela is back, or until 4 Dec"],
    ["chat-nowhere", ".away-line", "Nobody keeps messages for Bela"],
    ["chat-connecting", ".chat-way", "Connecting: ringing…"],
    ["chat-unreachable", ".chat-way", "Cannot connect: no path between the two networks"],
    ["chat-offline", ".own-bar", "Your 4 messages wait."],
    ["chat-offline", ".away-line", "You are offline"],
    ["chat-failed", ".said-failed", "Not sent: Bela's mailboxes are full."],
    ["chat-empty", ".beginning", "You and Bela are friends."],
    ["chat-new", ".first-new", "New"],
    ["chat-new", ".typing", "Bela is writing"],
    ["node-gone", ".chat-way", "The node stopped"],
    ["node-gone", ".own-bar", "The node stopped. Start it with “wherry up”. Trying again in 4 s."],
    ["node-no-session", "[role=alert]", "Open it anew with “wherry dashboard”."],
    ["request-received", ".standing", "Nils wants to be your friend"],
    ["request-namesake", ".standing .line-warn", "Somebody else in your list has this name."],
    ["request-sent", ".standing", "Kept for Dora, sealed, at 2 places."],
    ["request-declined", ".standing", "Dora declined"],
    ["request-old-link", ".standing", "This link is old"],
    ["blocked", ".standing", "You have blocked Eve"],
    ["earlier", ".chat-foot", "Lou is not your friend"],
    ["stranger", ".who", "Kim is not your friend"],
  ])("%s: %s says %s", async (name, selector, words) => {
    await open(stageOf(name));
    expect(said(selector)).toContain(words);
  });

  it.each([
    ["chat", ["Read", "Read", "Delivered", "Delivered"]],
    ["chat-away", ["Read", "Held", "Held", "Queued"]],
    ["chat-failed", ["Read", "Not sent"]],
  ])("%s: each mark has its word", async (name, words) => {
    await open(stageOf(name));
    expect([...page.root.querySelectorAll(".state-mark")].map((mark) => mark.getAttribute("title"))).toEqual(words);
    expect([...page.root.querySelectorAll(".state-mark")].map((mark) => mark.textContent)).toEqual(words);
  });

  it("counts what is unread in the title", async () => {
    await open(stageOf("many-list"));
    expect(document.title).toBe("(3) Friends · Wherry");
    await open(stageOf("one"));
    expect(document.title).toBe("Wherry");
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
    const friends =
      state.friends?.map((each) => ({ ...each, name: HOSTILE, label: null, description: HOSTILE, hello: HOSTILE, reason: HOSTILE })) ?? null;
    const chats = Object.fromEntries(
      Object.entries(state.chats).map(([id, chat]) => [
        id,
        { ...chat, messages: chat.messages.map((each) => ({ ...each, text: HOSTILE, reason: HOSTILE })) },
      ]),
    );
    const profile = state.profile && { ...state.profile, name: HOSTILE, description: HOSTILE };
    const addresses = state.addresses?.map((each) => ({ ...each, label: each.label === "" ? "" : HOSTILE })) ?? null;
    const hostile: State = { ...state, peer, traces, friends, chats, profile, addresses };
    await open({ hash, state: hostile });
    expect(page.root.querySelectorAll("script, img:not(.qr, .avatar)")).toHaveLength(0);
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
    const add: Engine["friends"]["add"] = (text, hello) => {
      asked.push(`${text} ${hello}`);
      return still.friends.add(text, hello);
    };
    await open(stage, { ...still, friends: { ...still.friends, add } });
    expect(said(".who")).toContain("Nothing has been sent yet");
    expect(asked).toEqual([]);
    await type("#hello", "It's me");
    await act(() => void page.root.querySelector("form.ask")?.dispatchEvent(new Event("submit", { cancelable: true })));
    expect(asked).toHaveLength(1);
    expect(asked[0]).toMatch(/^wherry:.* It's me$/);
    expect(location.hash).toBe(`#/chat/${idOf("Dora")}`);
  });

  it("asks for a link where only an id is there, and connects all the same", async () => {
    await open(stageOf("add-id"));
    expect(said(".ask")).toContain("that takes their link");
    expect(page.root.querySelector("#hello")).toBeNull();
    expect(said(".ask .primary")).toBe("Connect");
  });

  it("opens the chat of whoever is a friend already", async () => {
    await open(stageOf("add-friend"));
    expect(said(".who")).toContain("already in your list");
    expect(page.root.querySelector(".who a.primary")?.getAttribute("href")).toBe(`#/chat/${idOf("Bela")}`);
  });

  it("warns of a name that somebody else in the list has", async () => {
    await open(stageOf("add-known"));
    expect(said(".line-warn")).toContain("Somebody else in your list has this name");
  });
});

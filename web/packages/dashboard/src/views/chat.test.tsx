/** A chat as a person uses it: written into, answered, searched, and what is asked before it is done. */
import { WherryError, type PeerState } from "@wherry/peer";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { addressOf, idOf } from "../engine/cast.ts";
import { peerAround } from "../engine/contract.ts";
import type { Engine } from "../engine/engine.ts";
import { Keep } from "../engine/keep.ts";
import { MemoryMail } from "../engine/memory-mail.ts";
import { parsePasted } from "../engine/parse.ts";
import { PeerEngine } from "../engine/peer-engine.ts";
import { NOW } from "../engine/stage-parts.ts";
import { STAGES } from "../engine/stages.ts";
import { tabMail } from "../engine/tab-mail.ts";
import { chooseNotify, followNotify, notifyChoice } from "../notify.ts";
import { drafts, replying } from "./drafts.ts";
import { drawnPage } from "./drawn-page.tsx";

const STATE = STAGES["one"]?.state.peer as PeerState;
const BELA = idOf("Bela");

const page = drawnPage();
const { said, type } = page;
const done = page.do.bind(page);
const find = page.find.bind(page);
let mail: MemoryMail;
let engine: Engine;

beforeEach(async () => {
  drafts.value = {};
  replying.value = {};
  chooseNotify({ on: false, text: false, asked: true });
  mail = new MemoryMail(STATE.id, parsePasted, () => NOW);
  const peer = peerAround(STATE, mail);
  engine = new PeerEngine(peer, tabMail(peer), new Keep(null, STATE.id), {
    clock: () => 0,
    time: () => NOW,
    pause: () => new Promise(() => undefined),
    reload: () => undefined,
    forgetEverything: () => peer.close(),
  });
  mail.asked(BELA, "Bela", "It's me, from the boat yard");
  await at(`#/chat/${BELA}`);
});

afterEach(() => vi.unstubAllGlobals());

const at = (hash: string): Promise<void> => page.open(engine, hash);

const button = (words: string): HTMLElement => {
  const found = page.all("button").find((each) => each.textContent.includes(words));
  if (found === undefined) throw new Error(`no button says ${words}`);
  return found;
};

const click = (words: string): Promise<void> => done(() => button(words).click());

const press = (selector: string, key: string, more: KeyboardEventInit = {}): Promise<void> =>
  done(() => find(selector).dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true, ...more })));

const texts = (): readonly string[] => page.all(".said-text").map((each) => each.textContent);

describe("a request", () => {
  it("says who asks and what follows, and becomes a chat when it is accepted", async () => {
    expect(said(".hello")).toBe("It's me, from the boat yard");
    expect(said(".standing-text")).toContain("you can write to each other");
    await click("Accept");
    expect(said(".beginning")).toContain("You and Bela are friends.");
    expect(find("#message-text")).toBeDefined();
  });

  it("goes when it is declined, and leads back to the list", async () => {
    await click("Decline");
    expect(location.hash).toBe("#/friends");
    expect(engine.state.value.friends?.[0]?.state).toBe("stranger");
  });

  it("of ours can be taken back", async () => {
    const link = `wherry:${addressOf("Dora")}?via=203.0.113.77:4770`;
    await done(() => engine.friends.add(link, "Hello"));
    await at(`#/chat/${idOf("Dora")}`);
    expect(said(".standing")).toContain("Request sent");
    await click("Withdraw");
    expect(engine.state.value.friends?.find((each) => each.peer === idOf("Dora"))?.state).toBe("stranger");
  });
});

describe("writing", () => {
  beforeEach(() => click("Accept"));

  it("sends with Enter, begins a line with Shift and Enter, and empties the box", async () => {
    await type("#message-text", "one");
    await press("#message-text", "Enter", { shiftKey: true });
    expect(texts()).toEqual([]);
    await press("#message-text", "Enter");
    expect(texts()).toEqual(["one"]);
    expect(find<HTMLTextAreaElement>("#message-text").value).toBe("");
  });

  it("sends nothing empty, nor what an input method is still making", async () => {
    await type("#message-text", "   ");
    await press("#message-text", "Enter");
    await type("#message-text", "に");
    await press("#message-text", "Enter", { isComposing: true });
    expect(texts()).toEqual([]);
  });

  it("keeps what was written where it could not be kept, and says why", async () => {
    await type("#message-text", "precious");
    mail.failing = new WherryError("DISK_FULL");
    await press("#message-text", "Enter");
    expect(find<HTMLTextAreaElement>("#message-text").value).toBe("precious");
    expect(said(".composer [role=alert]")).toContain("There is no room left on this device");
  });

  it("tells now and then that one writes, and that one has stopped", async () => {
    await type("#message-text", "o");
    await type("#message-text", "on");
    await press("#message-text", "Enter");
    expect(mail.told).toEqual([`typing to ${BELA}`, `not typing to ${BELA}`]);
  });

  it("keeps a draft for each chat", async () => {
    await type("#message-text", "half a");
    await at("#/");
    await at(`#/chat/${BELA}`);
    expect(find<HTMLTextAreaElement>("#message-text").value).toBe("half a");
  });

  it("answers a message, and quotes it", async () => {
    await done(() => mail.wrote(BELA, "at the mill or at the lock?"));
    await done(() => find(".said-meta").click());
    await click("Reply");
    expect(said(".answered")).toContain("To Bela at the mill or at the lock?");
    await type("#message-text", "at the lock");
    await press("#message-text", "Enter");
    expect(said(".run-own .quote")).toBe("Belaat the mill or at the lock?");
    expect(page.root.querySelector(".answered")).toBeNull();
  });

  it("says what a mark means, and deletes here", async () => {
    await type("#message-text", "one");
    await press("#message-text", "Enter");
    const id = engine.state.value.chats[BELA]?.messages[0]?.id ?? "";
    await done(() => mail.moved(BELA, id, { state: "held", places: 2, until: NOW + 86_400_000 }));
    await done(() => find(".said-meta").click());
    expect(said(".said-more")).toContain("Held. Kept for Bela, sealed, at 2 places. Delivered when Bela is back, until 21 Nov.");
    await click("Delete here");
    expect(texts()).toEqual([]);
  });

  it("sends once more what failed", async () => {
    await type("#message-text", "one");
    await press("#message-text", "Enter");
    await done(() => mail.moved(BELA, engine.state.value.chats[BELA]?.messages[0]?.id ?? "", { state: "failed", reason: "full" }));
    expect(said("div.said-failed")).toContain("Not sent: Bela's mailboxes are full.");
    await click("Retry");
    expect(texts()).toEqual(["one"]);
    expect(find(".state-mark").title).toBe("Queued");
  });
});

describe("what comes in", () => {
  beforeEach(() => click("Accept"));

  it("is read out once, and is read when it was seen", async () => {
    vi.spyOn(document, "hasFocus").mockReturnValue(true);
    await done(() => mail.wrote(BELA, "first"));
    await done(() => mail.wrote(BELA, "second"));
    expect(said(".log-frame output")).toBe("Bela: second");
    expect(engine.state.value.friends?.[0]?.unread).toBe(0);
  });

  it("cannot make a link read as another one, whatever is written before it", async () => {
    const clipboard = { writeText: vi.fn<(text: string) => Promise<void>>(() => Promise.resolve()) };
    vi.stubGlobal("navigator", { ...navigator, clipboard });
    vi.stubGlobal("isSecureContext", true);
    await done(() => mail.wrote(BELA, "see \u202Ehttps://example.org/gro.knab\u202C \u2067now\u0007"));
    const link = find<HTMLAnchorElement>(".said-text a");
    expect(said(".said-text")).toBe("see https://example.org/gro.knab now");
    expect([link.textContent, link.href, link.dir]).toEqual(["https://example.org/gro.knab", "https://example.org/gro.knab", "ltr"]);
    await done(() => find(".said-meta").click());
    await click("Copy");
    expect(clipboard.writeText).toHaveBeenCalledWith("see https://example.org/gro.knab now");
  });

  it("is shown in part where it is very long, all of it when asked, and in part again", async () => {
    const long = "plate ".repeat(14_000);
    await done(() => mail.wrote(BELA, "short"));
    expect(page.all(".said-all")).toEqual([]);
    await done(() => mail.wrote(BELA, long));
    const text = (): string => texts()[1] ?? "";
    expect(text()).toMatch(/plate…$/);
    expect(text().length).toBeLessThan(2100);
    expect(button("Show all").getAttribute("aria-expanded")).toBe("false");
    await click("Show all");
    expect(text()).toBe(long);
    expect(button("Show less").getAttribute("aria-expanded")).toBe("true");
    expect(find(`#${button("Show less").getAttribute("aria-controls") ?? ""}`).textContent).toBe(long);
    await click("Show less");
    expect(text().length).toBeLessThan(2100);
  });

  it("is read from the right where it is written so, and quoted so", async () => {
    await done(() => mail.wrote(BELA, "שלום! https://example.org"));
    expect(find(".said-text").dir).toBe("rtl");
    await done(() => find(".said-meta").click());
    await click("Reply");
    expect(find(".answered span").dir).toBe("auto");
  });

  it("stays unread while nobody looks, and is counted in the title", async () => {
    vi.spyOn(document, "hasFocus").mockReturnValue(false);
    await done(() => mail.wrote(BELA, "hello?"));
    expect(document.title).toBe("(1) Bela · Wherry");
    expect(said(".peer-row .unread")).toBe("1 unread");
  });

  it("asks about notifications after the first message, never before, and once", async () => {
    const requestPermission = vi.fn<() => Promise<NotificationPermission>>(() => Promise.resolve("granted"));
    vi.stubGlobal("Notification", Object.assign(vi.fn<() => void>(), { permission: "default", requestPermission }));
    vi.stubGlobal("isSecureContext", true);
    followNotify(null);
    await done(() => engine.friends.label(BELA, "B"));
    expect(page.root.querySelector(".ask-line")).toBeNull();
    await done(() => mail.wrote(BELA, "first"));
    expect(requestPermission).not.toHaveBeenCalled();
    await click("Turn on");
    expect(requestPermission).toHaveBeenCalledOnce();
    expect(notifyChoice.value).toMatchObject({ on: true, asked: true });
    expect(page.root.querySelector(".ask-line")).toBeNull();
  });
});

describe("a friend's details", () => {
  beforeEach(async () => {
    await click("Accept");
    await at(`#/about/${BELA}`);
  });

  it("take a name of one's own, and keep the claimed one in sight", async () => {
    await type("#label-text", "Bela from the yard");
    await done(() => find("#label-text").closest("form")?.dispatchEvent(new Event("submit", { cancelable: true })));
    expect(said(".person-name")).toBe("Bela from the yard");
    expect(said(".person .hint")).toContain("calls itself “Bela”");
  });

  it("compare: twelve groups; the same is noted, and a difference says what to do", async () => {
    await click("Compare");
    expect(page.root.querySelectorAll(".digits li")).toHaveLength(12);
    await click("The same");
    expect(said(".compare h2")).toBe("Compared on 20 Nov");
    await click("Again");
    await click("They differ");
    expect(said(".compare h2")).toBe("Not compared");
    expect(said(".compare [role=alert]")).toContain("Write nothing secret here");
  });

  it("say what removing and blocking mean before they do it", async () => {
    const [remove, block] = page.all(".leave details");
    expect(remove?.textContent).toContain("Bela is told");
    expect(block?.textContent).toContain("You can undo it");
    await done(() => block?.querySelector("button")?.click());
    expect(engine.state.value.friends?.[0]?.state).toBe("blocked");
  });
});

/** The settings, drawn around each engine: what the lines say, what they change, what is asked for twice. */
import { act } from "preact/test-utils";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { idOf } from "../engine/cast.ts";
import { ENGINES, type Started } from "../engine/contract.ts";
import { done, type Engine, type State } from "../engine/engine.ts";
import { parsePasted } from "../engine/parse.ts";
import { YOU } from "../engine/stage-parts.ts";
import { STAGES } from "../engine/stages.ts";
import { stillEngine } from "../engine/still.ts";
import { linkOfAddress } from "../model/addresses.ts";
import { go } from "../router.ts";
import { theme } from "../theme.ts";
import { drawnPage } from "./drawn-page.tsx";

const page = drawnPage();
const { said, type, submit } = page;

const open = (engine: Engine, hash = "#/settings"): Promise<void> => page.open(engine, hash);
const lines = (): Record<string, string> =>
  Object.fromEntries(page.all(".setting > summary, a.setting-line").map(({ children: [name, value] }) => [name?.textContent, value?.textContent ?? ""]));

describe.each(ENGINES)("with $name", ({ name, start }) => {
  let started: Started;

  beforeEach(async () => {
    started = await start();
    await started.rest();
    await open(started.engine);
    await rested();
    return started.stop;
  });

  const rested = () => act(() => started.rest());
  const labels = () => page.all(".address h3").map((each) => each.textContent);
  const shorts = () => page.all(".address code").map((each) => each.textContent);

  it("each line says how it is now", async () => {
    expect(lines()).toMatchObject({ Name: "Quiet Heron", Presence: "Online", Picture: "The pattern of your key", "About you": "Nothing", Look: "As the system" });
    await act(() => page.find(".switch label:nth-of-type(2) input").click());
    await rested();
    expect(lines()["Presence"]).toBe("Away");
  });

  it("makes an address under a label, and does not make it twice", async () => {
    expect(labels()).toEqual(["Main address"]);
    await type("#address-label", "  Web   site ");
    await submit("#address-label");
    await rested();
    expect(labels()).toEqual(["Main address", "Web site"]);
    expect(said("#address-said")).toContain("“Web site” is in the list");
    await type("#address-label", "Web site");
    expect(said("#address-said")).toContain("There is one with this name already.");
    expect(page.find<HTMLButtonElement>(".addresses form button").disabled).toBe(true);
  });

  it("rotates one after it has said what that means, and leaves the others", async () => {
    await started.mail.newAddress("Card");
    await act(() => void dispatchEvent(new Event("focus"))); // it was made elsewhere
    await rested();
    const [main, card] = shorts();
    expect(said(".address:nth-child(2) .fold")).toContain("The old one stops working for new people. Friends stay.");
    await act(() => page.find(".address:nth-child(2) .fold .button").click());
    await rested();
    expect(shorts()[0]).toBe(main);
    expect(shorts()[1]).not.toBe(card);
    expect(said(".address:nth-child(2) output")).toContain("hand out its link");
    expect(document.activeElement?.textContent).toBe("Rotate…");
  });

  it("says where the key is, and forgets only what is the page's own", () => {
    const isTab = name.includes("tab");
    expect(said(".pane-side")).toContain(isTab ? "No copy saved" : "in your node's folder");
    expect(said(".pane-side").includes("Forget everything")).toBe(isTab);
  });
});

describe("forgetting everything", () => {
  const FORGET = STAGES["settings-forget"]?.state as State;

  it("names what is lost, and waits for the name", async () => {
    let forgot = 0;
    const engine: Engine = { ...stillEngine(FORGET, parsePasted), forgetEverything: () => ((forgot += 1), Promise.resolve(done)) };
    await open(engine);
    expect(said(".lost")).toContain("you can no longer be reached as Quiet Heron");
    expect(said(".lost")).toContain("2 friends: they are not told");
    expect(said(".lost")).toContain("2 of yours have not arrived yet");
    for (const wrong of ["", "Quiet", "Quiet Heron 2"]) {
      await type("#forget-name", wrong);
      await submit("#forget-name");
    }
    expect(forgot).toBe(0);
    await type("#forget-name", " quiet heron");
    await submit("#forget-name");
    expect(forgot).toBe(1);
  });

  it("says why it could not", async () => {
    const error = { code: "TAB_OPEN", side: "local", message: "Another tab does not let go.", hint: "Close it.", peer: null } as const;
    await open({ ...stillEngine(FORGET, parsePasted), forgetEverything: () => Promise.resolve({ ok: false, error }) });
    await type("#forget-name", "Quiet Heron");
    await submit("#forget-name");
    expect(said("[role=alert]")).toContain("Another tab does not let go. Close it.");
  });
});

describe("everything in one file", () => {
  const SETTLED = STAGES["settings-save"]?.state as State;
  const asked: string[] = [];
  const refusal = { code: "EXPORT_LOCKED", side: "local", message: "The passphrase does not open this file.", hint: "Try again.", peer: null } as const;

  /** Notes what it is asked for; the right passphrase is "sesame". */
  const copying = (state: State): Engine => ({
    ...stillEngine(state, parsePasted),
    exportProfile: (passphrase) => (asked.push(`save under ${passphrase}`), Promise.resolve({ ok: true, value: new Blob(["WHERRYPF"]) })),
    importProfile: (file, passphrase) => {
      asked.push(`restore ${file.size} bytes under ${passphrase}`);
      return Promise.resolve(passphrase === "sesame" ? done : { ok: false, error: refusal });
    },
    importKey: (text) => (asked.push(`restore ${text}`), Promise.resolve(done)),
  });
  const choose = async (content: string): Promise<void> => {
    const input = page.find<HTMLInputElement>("#key-file");
    Object.defineProperty(input, "files", { value: [new File([content], "chosen")], configurable: true });
    await act(async () => {
      input.dispatchEvent(new Event("change", { bubbles: true }));
      await new Promise((resolve) => setTimeout(resolve, 20));
    });
  };

  beforeEach(() => void asked.splice(0));

  it("is saved under a passphrase that was typed twice, and the same", async () => {
    const click = vi.spyOn(HTMLAnchorElement.prototype, "click").mockReturnValue(); // else the page would go to the file
    await open(copying(SETTLED));
    await submit("#save-passphrase");
    await type("#save-passphrase", "open sesame");
    await type("#save-again", "open sesam");
    expect(said("#save-said")).toContain("not the same");
    await submit("#save-again");
    expect(asked).toEqual([]);
    await type("#save-again", "open sesame");
    await submit("#save-again");
    expect(asked).toEqual(["save under open sesame"]);
    expect(said(".secret output")).toMatch(/Saved as wherry-\w{6}\.wherry\./);
    expect(page.find<HTMLInputElement>("#save-passphrase").value).toBe("");
    expect(click).toHaveBeenCalledOnce();
    click.mockRestore();
  });

  it("is told from a key by its first bytes, and asks before friends are replaced", async () => {
    await open(copying(SETTLED), "#/settings/restore");
    await choose("wherry-key:abc.def\n");
    await submit("#key-text");
    expect(asked).toEqual(["restore wherry-key:abc.def"]);
    await choose("WHERRYPF and more");
    expect(said(".check")).toContain("in place of Quiet Heron and 2 friends");
    await type("#restore-passphrase", "other");
    await submit("#restore-passphrase");
    expect(asked).toHaveLength(1);
    await act(() => page.find("input[type=checkbox]").click());
    await submit("#restore-passphrase");
    expect(said("[role=alert]")).toContain("The passphrase does not open this file. Try again.");
    await type("#restore-passphrase", "sesame");
    await submit("#restore-passphrase");
    expect(asked.slice(1)).toEqual(["restore 17 bytes under other", "restore 17 bytes under sesame"]);
  });

  it("shows how far the work on the passphrase is", async () => {
    await open(stillEngine(STAGES["settings-restore"]?.state as State, parsePasted), "#/settings/restore");
    await choose("WHERRYPF");
    await type("#restore-passphrase", "sesame");
    await submit("#restore-passphrase");
    expect(page.find<HTMLProgressElement>("progress").value).toBe(0.4);
  });
});

describe("on the page", () => {
  const still = (stage: string): Engine => stillEngine(STAGES[stage]?.state as State, parsePasted);

  it("is a place like the others", async () => {
    await open(still("settings"), "#/");
    const place = page.find<HTMLAnchorElement>(".places-below .place-settings");
    expect(place.textContent).toBe("Settings");
    await page.do(() => go({ at: "settings", part: "" }));
    expect(place.getAttribute("aria-current")).toBe("page");
    expect(said("h1")).toBe("Settings");
  });

  it("holds the page to the look that was chosen", async () => {
    await open(still("settings"));
    await act(() => page.find("input[name=Look]:not(:checked)").click());
    expect(theme.value).toBe("light");
    theme.value = "system";
  });

  it("leads to who is blocked", async () => {
    await open(still("settings-page"));
    const links = page.all(".settings li > a").map((each) => each.getAttribute("href"));
    expect(links).toEqual([`#/chat/${idOf("Piet")}`, `#/chat/${idOf("Eve")}`]);
  });

  it("opens the part where a copy is put back, for whoever comes to do that", async () => {
    await open(still("settings-restore"), "#/settings/restore");
    expect(page.find<HTMLDetailsElement>(".setting:has(#key-file)").open).toBe(true);
  });
});

describe("the link of an address", () => {
  it.each([
    ["a tab's", YOU.link, "wherry:NEW?via=203.0.113.77:4770"],
    ["a node's", YOU.pageLink, "http://203.0.113.77:4770/#/add/NEW"],
    ["without a way in", null, "NEW"],
  ])("%s", (_, link, expected) => {
    expect(linkOfAddress({ ...YOU, link }, "NEW")).toBe(expected);
  });
});

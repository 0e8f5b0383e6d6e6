/** What every engine has to do alike: the tab's, and the node's. */
import { WherryError } from "@wherry/peer";
import { beforeEach, describe, expect, it } from "vitest";
import { addressOf, idOf } from "./cast.ts";
import { ENGINES } from "./contract.ts";
import { PAGE, TYPING_LASTS } from "./correspondence.ts";
import type { Engine } from "./engine.ts";
import type { MemoryMail } from "./memory-mail.ts";

const BELA = idOf("Bela");
const LINK = `wherry:${addressOf("Bela")}?via=203.0.113.77:4770`;

describe.each(ENGINES)("$name", ({ start }) => {
  let engine: Engine;
  let mail: MemoryMail;
  /** Let what is under way come to rest. */
  let rest: () => Promise<void>;
  let pass: (ms: number) => Promise<void>;

  const friend = () => engine.state.value.friends?.find((each) => each.peer === BELA);
  const chat = () => engine.state.value.chats[BELA];
  const texts = () => chat()?.messages.map((each) => each.text);

  beforeEach(async () => {
    const started = await start();
    ({ engine, mail, rest, pass } = started);
    await rest();
    return started.stop;
  });

  async function befriended(): Promise<void> {
    mail.asked(BELA, "Bela", "Hello");
    await rest();
    await engine.friends.accept(BELA);
    await rest();
  }

  describe("friends", () => {
    it("begin with nobody, once they are loaded", () => {
      expect(engine.state.value.friends).toEqual([]);
    });

    it("are asked by a link, and come when they say yes", async () => {
      expect(await engine.friends.add(LINK, "From the yard")).toEqual({ ok: true, value: BELA });
      await rest();
      expect(friend()).toMatchObject({ state: "sent", hello: "From the yard" });
      mail.answered(BELA, true);
      await rest();
      expect(friend()?.state).toBe("friends");
    });

    it("are not made of a text that names nobody", async () => {
      expect(await engine.friends.add(LINK.slice(0, 40), "")).toMatchObject({ ok: false, error: { code: "INVALID_ADDRESS" } });
      expect(engine.state.value.friends).toEqual([]);
    });

    it.each([
      ["withdraw", "sent", "stranger"],
      ["accept", "received", "friends"],
      ["decline", "received", "stranger"],
      ["remove", "friends", "stranger"],
      ["block", "friends", "blocked"],
      ["unblock", "blocked", "stranger"],
    ] as const)("%s: %s → %s", async (command, before, after) => {
      if (before === "sent") await engine.friends.add(LINK, "");
      else mail.asked(BELA, "Bela", "Hello");
      await rest();
      if (before === "friends" || before === "blocked") await engine.friends.accept(BELA);
      if (before === "blocked") await engine.friends.block(BELA);
      expect(await engine.friends[command](BELA)).toMatchObject({ ok: true });
      await rest();
      expect(friend()?.state).toBe(after);
    });

    it("keep the hello, and the claimed name beside the private one", async () => {
      await befriended();
      await engine.friends.label(BELA, "Bela from the yard");
      await rest();
      expect(friend()).toMatchObject({ name: "Bela", label: "Bela from the yard", hello: "Hello" });
      await engine.friends.label(BELA, "");
      await rest();
      expect(friend()?.label).toBeNull();
    });

    it("are known to be whom one means, once compared", async () => {
      await befriended();
      const number = await engine.friends.safetyNumber(BELA);
      expect(number.ok && number.value).toMatch(/^\d{60}$/);
      await engine.friends.compared(BELA, true);
      await rest();
      expect(friend()?.compared).toBeTypeOf("number");
      await engine.friends.compared(BELA, false);
      await rest();
      expect(friend()?.compared).toBeNull();
    });

    it("see what one says of oneself", async () => {
      await engine.friends.setProfile({ description: "By the river" });
      await engine.friends.setPresence("away");
      await rest();
      expect(engine.state.value.profile).toMatchObject({ description: "By the river", presence: "away" });
    });
  });

  describe("messages", () => {
    beforeEach(befriended);

    it("are there when the chat is opened, and as they come", async () => {
      mail.wrote(BELA, "one");
      await rest();
      expect(chat()).toBeUndefined();
      expect(friend()).toMatchObject({ unread: 1, last: { text: "one" } });
      await engine.messages.open(BELA);
      mail.wrote(BELA, "two");
      await rest();
      expect(texts()).toEqual(["one", "two"]);
    });

    it("go through their states, and are never there twice", async () => {
      await engine.messages.open(BELA);
      await engine.messages.send(BELA, "hello", null);
      await rest();
      const id = chat()?.messages[0]?.id ?? "";
      for (const change of [{ state: "held", places: 2 }, { state: "delivered", places: 0 }, { state: "read" }] as const) {
        mail.moved(BELA, id, change);
        await rest();
        expect(chat()?.messages).toHaveLength(1);
        expect(chat()?.messages[0]).toMatchObject(change);
      }
    });

    it("answer another one", async () => {
      await engine.messages.open(BELA);
      const { id } = mail.wrote(BELA, "when?");
      await engine.messages.send(BELA, "now", id);
      await rest();
      expect(chat()?.messages[1]).toMatchObject({ text: "now", replyTo: id, from: engine.state.value.peer?.id, to: BELA });
    });

    it("that failed say why, and can be sent once more", async () => {
      await engine.messages.open(BELA);
      await engine.messages.send(BELA, "hello", null);
      await rest();
      mail.moved(BELA, chat()?.messages[0]?.id ?? "", { state: "failed", reason: "full" });
      await rest();
      const failed = chat()?.messages[0];
      expect(failed).toMatchObject({ state: "failed", reason: "full" });
      await engine.messages.retry(BELA, failed?.id ?? "");
      await rest();
      expect(chat()?.messages).toHaveLength(1);
      expect(chat()?.messages[0]).toMatchObject({ state: "queued", text: "hello" });
    });

    it("go when they are deleted", async () => {
      await engine.messages.open(BELA);
      const { id } = mail.wrote(BELA, "oops");
      await rest();
      await engine.messages.delete(BELA, id);
      await rest();
      expect(texts()).toEqual([]);
      expect(friend()?.last).toBeNull();
    });

    it("are unread until they were looked at", async () => {
      mail.wrote(BELA, "one");
      mail.wrote(BELA, "two");
      await rest();
      expect(friend()?.unread).toBe(2);
      await engine.messages.markRead(BELA);
      await rest();
      expect(friend()?.unread).toBe(0);
    });

    it("load page by page, with no hole and nothing twice", async () => {
      for (let n = 0; n < 2 * PAGE + 10; n += 1) mail.wrote(BELA, `${n}`, 1000 + n);
      await engine.messages.open(BELA);
      expect(chat()).toMatchObject({ older: true, loading: false });
      expect(texts()?.[0]).toBe(`${PAGE + 10}`);
      await Promise.all([engine.messages.loadOlder(BELA), engine.messages.loadOlder(BELA)]);
      await engine.messages.loadOlder(BELA);
      await engine.messages.loadOlder(BELA);
      expect(chat()?.older).toBe(false);
      expect(texts()).toEqual(Array.from({ length: 2 * PAGE + 10 }, (_, n) => `${n}`));
    });

    it("are found by their words, and reached", async () => {
      mail.wrote(BELA, "the black sail", 1);
      for (let n = 0; n < 2 * PAGE; n += 1) mail.wrote(BELA, `${n}`, 1000 + n);
      await engine.messages.open(BELA);
      const found = await engine.messages.search("black SAIL");
      const [hit] = found.ok ? found.value : [];
      expect(hit?.text).toBe("the black sail");
      expect(texts()).not.toContain("the black sail");
      expect(await engine.messages.reach(BELA, hit?.id ?? "")).toEqual({ ok: true, value: true });
      expect(texts()).toContain("the black sail");
    });

    it("that were missed are there after a gap, and those before stay where the new page meets them", async () => {
      mail.wrote(BELA, "one");
      await engine.messages.open(BELA);
      mail.gap();
      await rest();
      expect(texts()).toEqual(["one"]);
      expect(chat()).toMatchObject({ older: false, loading: false });
    });

    it("are announced while they are written, and no longer than that", async () => {
      await engine.messages.open(BELA);
      mail.wroteOn(BELA, true);
      await rest();
      expect(chat()?.typing).toBe(true);
      mail.wrote(BELA, "done");
      await rest();
      expect(chat()?.typing).toBe(false);
      mail.wroteOn(BELA, true);
      await rest();
      await pass(TYPING_LASTS);
      expect(chat()?.typing).toBe(false);
      await engine.messages.typing(BELA, true);
      expect(mail.told).toEqual([`typing to ${BELA}`]);
    });

    it("do not go to whoever is no friend", async () => {
      await engine.friends.remove(BELA);
      expect(await engine.messages.send(BELA, "hello?", null)).toMatchObject({ ok: false, error: { code: "POLICY_REFUSED" } });
    });
  });

  it("rejects nothing, whatever fails", async () => {
    await befriended();
    mail.failing = new WherryError("DISK_FULL");
    const { friends, messages } = engine;
    const outcomes = await Promise.all([
      friends.add(LINK, ""),
      friends.accept(BELA),
      friends.decline(BELA),
      friends.withdraw(BELA),
      friends.remove(BELA),
      friends.block(BELA),
      friends.unblock(BELA),
      friends.label(BELA, "x"),
      friends.setProfile({}),
      friends.setPresence("busy"),
      friends.safetyNumber(BELA),
      friends.compared(BELA, true),
      messages.open(BELA),
      messages.send(BELA, "x", null),
      messages.retry(BELA, "00"),
      messages.delete(BELA, "00"),
      messages.typing(BELA, true),
      messages.search("x"),
    ]);
    expect(outcomes.map((outcome) => (outcome.ok ? "ok" : outcome.error.code))).toEqual(outcomes.map(() => "DISK_FULL"));
    expect(chat()).toMatchObject({ loading: false });
  });
});

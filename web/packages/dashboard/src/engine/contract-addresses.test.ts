/** One's own addresses, as every engine has to show and change them: the tab's, and the node's. */
import { WherryError } from "@wherry/peer";
import { beforeEach, describe, expect, it } from "vitest";
import { ENGINES } from "./contract.ts";
import type { Engine } from "./engine.ts";
import type { MemoryMail } from "./memory-mail.ts";

describe.each(ENGINES)("$name", ({ start }) => {
  let engine: Engine;
  let mail: MemoryMail;
  let rest: () => Promise<void>;

  const shown = () => engine.state.value.addresses;
  const labels = () => shown()?.map((each) => each.label);
  const of = (label: string) => shown()?.find((each) => each.label === label)?.address;

  beforeEach(async () => {
    const started = await start();
    ({ engine, mail, rest } = started);
    await rest();
    return started.stop;
  });

  it("are not asked for before somebody looks at them", async () => {
    await mail.newAddress("card");
    await rest();
    expect(shown()).toBeNull();
    expect(await engine.addresses.load()).toMatchObject({ ok: true });
    expect(labels()).toEqual(["", "card"]);
  });

  it("come with a label, and another one takes its place, while the others stay", async () => {
    await engine.addresses.load();
    expect(await engine.addresses.add("web site")).toMatchObject({ ok: true });
    const [main, old] = [of(""), of("web site")];
    expect(old).toBeTypeOf("string");
    expect(await engine.addresses.rotate("web site")).toMatchObject({ ok: true });
    expect(of("web site")).not.toBe(old);
    expect(of("")).toBe(main);
    await engine.addresses.rotate("");
    expect(of("")).not.toBe(main);
    expect(labels()).toEqual(["", "web site"]);
  });

  it("that changed elsewhere are there after a gap", async () => {
    await engine.addresses.load();
    await mail.newAddress("card");
    mail.gap();
    await rest();
    expect(labels()).toEqual(["", "card"]);
  });

  it("reject nothing: a label in use, one that is not there, a full disk", async () => {
    await engine.addresses.load();
    await engine.addresses.add("card");
    expect(await engine.addresses.add("card")).toMatchObject({ ok: false, error: { code: "LIMIT_EXCEEDED" } });
    expect(await engine.addresses.rotate("boat")).toMatchObject({ ok: false, error: { code: "UNKNOWN_LABEL" } });
    mail.failing = new WherryError("DISK_FULL");
    const outcomes = await Promise.all([engine.addresses.load(), engine.addresses.add("x"), engine.addresses.rotate("")]);
    expect(outcomes.map((outcome) => (outcome.ok ? "ok" : outcome.error.code))).toEqual(outcomes.map(() => "DISK_FULL"));
    expect(labels()).toEqual(["", "card"]);
  });
});

/** The staged engine, and the one that stands in before there is a peer: they answer everything, and change nothing. */
import { describe, expect, it } from "vitest";
import { idOf } from "./cast.ts";
import type { Engine, Outcome } from "./engine.ts";
import { parsePasted } from "./parse.ts";
import { STAGES } from "./stages.ts";
import { startingEngine, stillEngine } from "./still.ts";

const BELA = idOf("Bela");

const everything = ({ friends, messages, ...engine }: Engine): Promise<readonly Outcome<unknown>[]> =>
  Promise.all([
    ...[friends.accept, friends.decline, friends.withdraw, friends.remove, friends.block, friends.unblock].map((step) => step(BELA)),
    friends.add("", ""),
    friends.label(BELA, "x"),
    friends.setProfile({}),
    friends.setPresence("away"),
    friends.safetyNumber(BELA),
    friends.compared(BELA, true),
    messages.open(BELA),
    messages.loadOlder(BELA),
    messages.reach(BELA, "00"),
    messages.send(BELA, "x", null),
    messages.retry(BELA, "00"),
    messages.delete(BELA, "00"),
    messages.markRead(BELA),
    messages.typing(BELA, true),
    messages.search("x"),
    ...[engine.connect, engine.disconnect, engine.forget, engine.ping, engine.closeEcho, engine.stopMeasuring].map((step) => step(BELA)),
    engine.add(""),
    engine.echo(BELA, "x"),
    engine.measure(BELA, 1),
    engine.exportKey(),
    engine.importKey(""),
  ]);

describe("an engine that stands still", () => {
  it("refuses everything before there is a peer, with a reason", async () => {
    const outcomes = await everything(startingEngine());
    expect(outcomes.map((each) => (each.ok ? "ok" : each.error.code))).toEqual(outcomes.map(() => "CLOSED"));
  });

  it("stays as it was staged", async () => {
    const state = STAGES["chat"]?.state;
    if (state === undefined) throw new Error("no such stage");
    const engine = stillEngine(state, parsePasted);
    await everything(engine);
    expect(engine.state.value).toBe(state);
  });

  it("finds what is staged", async () => {
    const state = STAGES["chat"]?.state;
    if (state === undefined) throw new Error("no such stage");
    const found = await stillEngine(state, parsePasted).messages.search("RIVER ones");
    expect(found.ok && found.value.map((each) => each.text)).toEqual(["All of them. I'll scan the river ones first."]);
  });
});

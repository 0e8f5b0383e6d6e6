/** A node's page and its session: how it comes, how it ends, and a node that goes and comes back. */
import type { PeerState } from "@wherry/peer";
import { assert, property, string, anything } from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { idOf } from "../cast.ts";
import { Clock, settled } from "../contract.ts";
import { takeToken } from "../home.ts";
import { MemoryMail } from "../memory-mail.ts";
import { parsePasted } from "../parse.ts";
import { STAGES } from "../stages.ts";
import { NodeApi } from "./api.ts";
import { NodeDouble, SESSION, TOKEN } from "./double.ts";
import { object } from "./json.ts";
import { NodeEngine } from "./node-engine.ts";
import { friendOf, messageOf, peerStateOf, profileOf, traceOf } from "./views.ts";

const STATE = STAGES["one"]?.state.peer as PeerState;
const BELA = idOf("Bela");

let clock: Clock;
let mail: MemoryMail;
let node: NodeDouble;
let engines: NodeEngine[];

beforeEach(() => {
  sessionStorage.clear();
  clock = new Clock();
  mail = new MemoryMail(STATE.id, parsePasted, clock.time);
  node = new NodeDouble(mail, STATE);
  engines = [];
});

afterEach(() => {
  for (const engine of engines) engine.close();
});

function engineOf(api: NodeApi): NodeEngine {
  const around = { clock: clock.time, time: clock.time, pause: clock.pause, seen: () => true, host: "127.0.0.1:4771" };
  const engine = new NodeEngine(api, around);
  engines.push(engine);
  return engine;
}

async function started(): Promise<NodeEngine> {
  const api = new NodeApi(node, null);
  await api.begin(TOKEN);
  const engine = engineOf(api);
  await clock.pass(0);
  await clock.pass(0);
  return engine;
}

it("keeps its key and all else to itself: its page saves, replaces and forgets nothing", async () => {
  const engine = await started();
  const outcomes = await Promise.all([engine.exportKey(), engine.importKey(), engine.forgetEverything()]);
  expect(outcomes.map((outcome) => (outcome.ok ? "ok" : outcome.error.code))).toEqual(Array(3).fill("UNSUPPORTED"));
});

it("shows an address that is made at the command line, once somebody looks at them", async () => {
  const engine = await started();
  await engine.addresses.load();
  await mail.newAddress("card");
  await clock.pass(0);
  expect(engine.state.value.addresses?.map((each) => each.label)).toEqual(["", "card"]);
});

describe("the session", () => {
  it("is had once for a token, and outlives the page but not the tab", async () => {
    await new NodeApi(node, sessionStorage).begin(TOKEN);
    expect(sessionStorage.getItem("wherry.session")).toBe(SESSION);
    const again = new NodeApi(node, sessionStorage);
    expect(again.hasSession).toBe(true);
    expect(await again.get("id")).toMatchObject({ id: STATE.id });
    await expect(new NodeApi(node, null).begin(TOKEN)).rejects.toMatchObject({ info: { code: "NO_SESSION" } });
  });

  it("is named in every request, and nothing is answered without", async () => {
    await expect(new NodeApi(node, null).get("friends")).rejects.toMatchObject({ info: { code: "NO_SESSION" } });
  });

  it("that is over is said on the page", async () => {
    sessionStorage.setItem("wherry.session", "an old one");
    const engine = engineOf(new NodeApi(node, sessionStorage));
    await clock.pass(0);
    await settled();
    expect(engine.state.value.failure).toMatchObject({ code: "NO_SESSION" });
  });

  it("takes its token out of the address", () => {
    location.hash = "#token=abc_DEF-1";
    expect(takeToken()).toBe("abc_DEF-1");
    expect(location.hash).toBe("#/");
    expect(takeToken()).toBeNull();
  });
});

describe("a node", () => {
  it("shows how it is", async () => {
    const engine = await started();
    expect(engine.state.value.peer).toMatchObject({
      id: STATE.id,
      link: STATE.link,
      reachability: { verdict: "anywhere" },
      introducers: [{ authority: "203.0.113.77:4770" }, {}, {}],
    });
  });

  it("that goes is missed, and what happened meanwhile is there when it is back", async () => {
    mail.asked(BELA, "Bela", "Hello");
    const engine = await started();
    await engine.friends.accept(BELA);
    await engine.messages.open(BELA);
    node.stop();
    await settled();
    expect(engine.state.value.gone).toEqual({ retryAt: clock.now + 500 });
    mail.wrote(BELA, "are you there?");
    expect(await engine.messages.send(BELA, "yes", null)).toMatchObject({ ok: false, error: { code: "NO_NODE" } });
    await clock.pass(500);
    expect(engine.state.value.gone).toEqual({ retryAt: clock.now + 1000 });
    node.up = true;
    await clock.pass(1000);
    await settled();
    expect(engine.state.value.gone).toBeNull();
    expect(engine.state.value.chats[BELA]?.messages.map((each) => each.text)).toEqual(["are you there?"]);
  });
});

describe("a node's events", () => {
  it("of which some are lost let everything be read again", async () => {
    mail.asked(BELA, "Bela", "Hello");
    const engine = await started();
    await engine.friends.accept(BELA);
    await engine.messages.open(BELA);
    node.overflow(() => void mail.wrote(BELA, "did you hear?"));
    await clock.pass(1000);
    await settled();
    expect(engine.state.value.chats[BELA]?.messages.map((each) => each.text)).toEqual(["did you hear?"]);
  });
});

describe("what a node answers", () => {
  // Whatever JSON comes, of whichever version, makes a state that can be shown.
  it("never breaks the page", () => {
    assert(
      property(anything(), string(), (value, host) => {
        const view = object(value);
        expect(friendOf(view).state).toBeTypeOf("string");
        expect(messageOf(view).text).toBeTypeOf("string");
        expect(profileOf(view).name).toBeTypeOf("string");
        expect(peerStateOf(view, view, host).reachability.verdict).toBeTypeOf("string");
        traceOf(view, 0);
      }),
    );
  });

  it.each([
    ["image/svg+xml", "PHN2Zz48L3N2Zz4="],
    ["text/html", "PGI+"],
    ["image/png", "\"><script>"],
  ])("is no picture where it is %s %s", (type, data) => {
    expect(friendOf({ peer: BELA, avatar: `data:${type};base64,${data}` }).avatar).toBeNull();
  });

  it("is a picture where it can be nothing else", () => {
    const avatar = "data:image/png;base64,iVBORw0KGgo=";
    expect(friendOf({ peer: BELA, avatar }).avatar).toBe(avatar);
  });

  it.each([
    [{ code: "PEER_FULL", message: "x" }, "full"],
    [{ code: "REQUEST_DECLINED", message: "x" }, null],
    [{ code: "SOMETHING_NEW", message: "The moon is wrong" }, "The moon is wrong"],
    [null, null],
  ])("%j is the reason %s", (failure, reason) => {
    expect(friendOf({ peer: BELA, failure }).reason).toBe(reason);
    expect(messageOf({ id: "1", reason: failure }).reason).toBe(reason);
  });
});

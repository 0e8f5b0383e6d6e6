/** The engine around a peer that only says what it was asked. */
import { WherryError, type ConnectionState, type Peer, type PeerEvent, type PeerState, type Trace } from "@wherry/peer";
import { beforeEach, describe, expect, it } from "vitest";
import { addressOf, idOf } from "./cast.ts";
import { peerAround } from "./contract.ts";
import { Keep } from "./keep.ts";
import { MemoryMail } from "./memory-mail.ts";
import { parsePasted } from "./parse.ts";
import { PeerEngine } from "./peer-engine.ts";
import { STAGES } from "./stages.ts";

const STATE = STAGES["one"]?.state.peer as PeerState;
const BELA = idOf("Bela");
const LINK = `wherry:${addressOf("Bela")}?via=203.0.113.77:4770`;

class AskedPeer implements Peer {
  readonly state = STATE;
  readonly asked: string[] = [];
  failing: WherryError | null = null;
  #listener: (event: PeerEvent) => void = () => undefined;

  tell(event: PeerEvent): void {
    this.#listener(event);
  }

  subscribe(listener: (event: PeerEvent) => void): () => void {
    this.#listener = listener;
    return () => undefined;
  }

  async #do<Value>(what: string, value: Value): Promise<Value> {
    this.asked.push(what);
    await Promise.resolve();
    if (this.failing !== null) throw this.failing;
    return value;
  }

  connect = (who: string): Promise<ConnectionState> => this.#do(`connect ${who}`, STATE.connections[0] as ConnectionState);
  disconnect = (peer: string): Promise<void> => this.#do(`disconnect ${peer}`, undefined);
  setName = (name: string): Promise<void> => this.#do(`name ${name}`, undefined);
  exportKey = (): Promise<string> => this.#do("export", "wherry-key:x.y");
  importKey = (text: string): Promise<void> => this.#do(`import ${text}`, undefined);
  exportProfile = (passphrase: string): Promise<Blob> => this.#do(`export under ${passphrase}`, new Blob(["WHERRYPF"]));
  importProfile = async (_file: Blob, passphrase: string): Promise<void> => {
    await this.#do(`import under ${passphrase}`, undefined);
    this.tell({ type: "restored" });
  };
  ping = (): Promise<never> => this.#do("ping", undefined as never);
  openStream = (): Promise<never> => this.#do("stream", undefined as never);
  openDatagrams = (): Promise<never> => this.#do("datagrams", undefined as never);
  close = (): Promise<void> => this.#do("close", undefined);
  handle = (): (() => void) => () => undefined;
  traces = (): readonly Trace[] => [];
  parse = parsePasted;
  readonly mail = new MemoryMail(STATE.id, parsePasted, () => 1000);
  readonly friends = peerAround(STATE, this.mail).friends;
  readonly messages = peerAround(STATE, this.mail).messages;
}

let peer: AskedPeer;
let engine: PeerEngine;
let reloads: number;

const start = (): PeerEngine =>
  new PeerEngine(peer, peer.mail, new Keep(localStorage, STATE.id), {
    clock: () => 0,
    time: () => 1000,
    pause: () => Promise.resolve(),
    reload: () => (reloads += 1),
    forgetEverything: () => peer.close(),
  });

beforeEach(() => {
  localStorage.clear();
  reloads = 0;
  peer = new AskedPeer();
  engine = start();
});

describe("the list of people", () => {
  it("keeps whom one added, and connects by the link that was pasted", async () => {
    await engine.add(LINK);
    expect(peer.asked).toEqual([`connect ${LINK}`]);
    await engine.connect(BELA);
    expect(peer.asked).toEqual([`connect ${LINK}`, `connect ${LINK}`]);
    expect(start().state.value.people).toEqual([{ id: BELA, added: 1000, text: LINK }]);
  });

  it("has somebody who was added twice once", async () => {
    await engine.add(LINK);
    await engine.add(BELA);
    expect(engine.state.value.people).toEqual([{ id: BELA, added: 1000, text: BELA }]);
  });

  it("takes nobody in whom the text does not name", async () => {
    expect(await engine.add(LINK.slice(0, 40))).toMatchObject({ ok: false, error: { code: "INVALID_ADDRESS" } });
    expect(engine.state.value.people).toEqual([]);
    expect(peer.asked).toEqual([]);
  });

  it("closes the connection with whom it forgets", async () => {
    await engine.add(LINK);
    await engine.forget(BELA);
    expect(peer.asked).toContain(`disconnect ${BELA}`);
    expect(start().state.value.people).toEqual([]);
  });

  it.each(["null", "{}", "[1, null, {\"id\": 3}]", "["])("begins anew where %s is kept", (kept) => {
    localStorage.setItem(`wherry.page.${STATE.id}.people`, kept);
    expect(start().state.value.people).toEqual([]);
  });
});

describe("commands", () => {
  it("never reject", async () => {
    peer.failing = new WherryError("DIAL_TIMEOUT");
    const outcomes = await Promise.all([
      engine.connect(BELA),
      engine.disconnect(BELA),
      engine.rename("x"),
      engine.exportKey(),
      engine.importKey("x"),
      engine.exportProfile("x", () => undefined),
      engine.importProfile(new Blob(), "x", () => undefined),
      engine.forgetEverything(),
    ]);
    expect(outcomes.map((outcome) => (outcome.ok ? "ok" : outcome.error.code))).toEqual(Array(8).fill("DIAL_TIMEOUT"));
    expect(reloads).toBe(0);
  });

  it("note when the key was saved, and load again after a restore", async () => {
    await engine.exportKey();
    expect(start().state.value.keySaved).toBe(1000);
    await engine.importKey("wherry-key:x.y");
    expect(reloads).toBe(1);
  });

  it("note when everything was saved, and load again once another profile is there, whichever tab it was asked in", async () => {
    await engine.exportProfile("sesame", () => undefined);
    expect(start().state.value.keySaved).toBe(1000);
    const [other] = [engine, start()];
    await other.importProfile(new Blob(), "sesame", () => undefined);
    expect(peer.asked).toEqual(["export under sesame", "import under sesame"]);
    expect(reloads).toBe(1); // the peer here tells the last that subscribed
  });

  it("show in the trials why a stream did not open", async () => {
    peer.failing = new WherryError("STREAM_REFUSED");
    await engine.echo(BELA, "hello");
    await engine.measure(BELA, 1);
    await engine.ping(BELA);
    const { echo, measurement, ping } = engine.state.value.trials[BELA] ?? {};
    expect([echo?.error?.code, measurement?.error?.code]).toEqual(["STREAM_REFUSED", "STREAM_REFUSED"]);
    expect(ping?.lines.map((line) => line.error?.code)).toEqual(Array(4).fill("STREAM_REFUSED"));
  });
});

describe("events", () => {
  const trace = (started: number, attempt: string): Trace => ({
    peer: BELA,
    attempt,
    direction: "outbound",
    started,
    outcome: "running",
    summary: "",
    advice: null,
    error: null,
    entries: [],
  });

  it("keep the newest trace, and no older one that comes late", () => {
    peer.tell({ type: "trace", trace: trace(1, "old") });
    peer.tell({ type: "trace", trace: trace(2, "new") });
    peer.tell({ type: "trace", trace: trace(1, "old") });
    expect(engine.state.value.traces[BELA]?.attempt).toBe("new");
  });

  it("bring each new state", () => {
    peer.tell({ type: "state", state: { ...STATE, name: "Bold Otter" } });
    expect(engine.state.value.peer?.name).toBe("Bold Otter");
  });
});

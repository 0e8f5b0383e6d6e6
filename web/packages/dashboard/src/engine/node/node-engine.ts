/** An engine around a node, by its local API: the node's own dashboard. */
import { signal, type ReadonlySignal, type Signal } from "@preact/signals";
import type { PingReply } from "@wherry/peer";
import { Correspondence } from "../correspondence.ts";
import { done, STARTING, type AddressCommands, type Engine, type FriendCommands, type MessageCommands, type Outcome, type State } from "../engine.ts";
import { infoOf, nothing, ToldError } from "../outcome.ts";
import { parsePasted } from "../parse.ts";
import { runPings } from "../run-ping.ts";
import { NO_TRIALS, type Measurement, type Trials } from "../trials.ts";
import { NO_SESSION, type NodeApi } from "./api.ts";
import { followEvents, type NodeEvent } from "./events.ts";
import { NodeMail } from "./node-mail.ts";
import { text, word } from "./json.ts";
import { peerStateOf, traceOf } from "./views.ts";

/** Milliseconds between two looks at how the node is, while nothing is told: round trips and byte counts move. */
const LOOK_EVERY = 5000;

/** Milliseconds in which events are taken together before the node is asked how it is. */
const TOGETHER = 150;

/** Bytes of one echo: what the API takes at most. */
const MIB = 2 ** 20;

export interface Surroundings {
  readonly clock: () => number;
  readonly time: () => number;
  readonly pause: (ms: number) => Promise<void>;
  /** Whether anybody looks at the page. */
  readonly seen: () => boolean;
  /** The host that the page is from. */
  readonly host: string;
}

export class NodeEngine implements Engine {
  readonly #api: NodeApi;
  readonly #mail: NodeMail;
  readonly #around: Surroundings;
  readonly #state: Signal<State>;
  readonly #stops: (() => void)[] = [];
  readonly #stopped = new Set<string>();
  #looking = false;
  #closed = false;
  readonly friends: FriendCommands;
  readonly messages: MessageCommands;
  readonly addresses: AddressCommands;

  constructor(api: NodeApi, around: Surroundings) {
    this.#api = api;
    this.#around = around;
    this.#state = signal<State>({ ...STARTING, home: "node" });
    this.#mail = new NodeMail(api, around.pause);
    const correspondence = new Correspondence({
      mail: this.#mail,
      read: () => this.#state.value,
      write: (change) => this.#set(change),
      pause: around.pause,
    });
    this.friends = correspondence.friends;
    this.messages = correspondence.messages;
    this.addresses = correspondence.addresses;
    this.#stops.push(
      correspondence.start(),
      followEvents(api, around.pause, {
        onEvent: (event) => this.#onEvent(event),
        onOpen: (again) => this.#onOpen(again),
        onLost: (ms) => this.#set({ gone: { retryAt: around.time() + ms } }),
        onRefused: () => this.#set({ failure: NO_SESSION }),
      }),
    );
    void this.#look();
    void this.#keepLooking();
  }

  /** Follow no more. */
  close(): void {
    this.#closed = true;
    for (const stop of this.#stops) stop();
  }

  get state(): ReadonlySignal<State> {
    return this.#state;
  }

  parse = parsePasted;

  /** Connecting is all there is to it: a node's list is its friends. */
  add(link: string): Promise<Outcome> {
    const who = this.parse(link);
    if (!who.ok) return Promise.resolve(who);
    void this.#dial(link, who.peer); // how it goes is in the state, and in the trace
    return Promise.resolve(done);
  }

  forget(id: string): Promise<Outcome> {
    return this.disconnect(id);
  }

  connect(id: string): Promise<Outcome> {
    return this.#dial(id, id);
  }

  disconnect(id: string): Promise<Outcome> {
    return nothing(this.#api.post("disconnect", { peer: id }).then(() => this.#look()));
  }

  rename(name: string): Promise<Outcome> {
    return nothing(this.#mail.setProfile({ name }).then(() => this.#look()));
  }

  ping(id: string): Promise<Outcome> {
    const peer = { ping: (who: string) => this.#pingOnce(who) };
    return nothing(runPings(peer, id, (ping) => this.#show(id, { ping }), this.#around.pause));
  }

  /** A node echoes bytes, not lines. */
  echo(): Promise<Outcome> {
    return Promise.resolve({ ok: false, error: UNSUPPORTED });
  }

  closeEcho(): Promise<Outcome> {
    return Promise.resolve(done);
  }

  async measure(id: string, mib: number): Promise<Outcome> {
    this.#stopped.delete(id);
    const begun = this.#around.clock();
    let run: Measurement = { state: "running", total: mib * MIB, sent: 0, back: 0, elapsedMs: 0, rate: 0, error: null };
    const show = (change: Partial<Measurement>): void => {
      const elapsedMs = this.#around.clock() - begun;
      run = { ...run, ...change, elapsedMs };
      run = { ...run, rate: elapsedMs > 0 ? (run.back / elapsedMs) * 1000 : 0 };
      this.#show(id, { measurement: run });
    };
    show({ state: "opening" });
    try {
      for (let n = 0; n < mib && !this.#stopped.has(id); n += 1) {
        show({ state: "running", sent: (n + 1) * MIB });
        await this.#api.post("echo", { peer: id, bytes: MIB });
        show({ back: (n + 1) * MIB });
      }
      show({ state: this.#stopped.has(id) ? "stopped" : "done" });
    } catch (error) {
      show({ state: "failed", error: infoOf(error) });
    }
    return done;
  }

  stopMeasuring(id: string): Promise<Outcome> {
    this.#stopped.add(id);
    return Promise.resolve(done);
  }

  /** A node's key stays with it: `wherry export` asks for a passphrase. */
  exportKey(): Promise<Outcome<string>> {
    return Promise.resolve({ ok: false, error: UNSUPPORTED });
  }

  importKey(): Promise<Outcome> {
    return Promise.resolve({ ok: false, error: UNSUPPORTED });
  }

  exportProfile(): Promise<Outcome<Blob>> {
    return Promise.resolve({ ok: false, error: UNSUPPORTED });
  }

  importProfile(): Promise<Outcome> {
    return Promise.resolve({ ok: false, error: UNSUPPORTED });
  }

  /** It is the node that keeps everything: its folder is its owner's. */
  forgetEverything(): Promise<Outcome> {
    return Promise.resolve({ ok: false, error: UNSUPPORTED });
  }

  async #dial(who: string, id: string): Promise<Outcome> {
    const outcome = await nothing(this.#api.post("connect", { peer: who }));
    await this.#look();
    await this.#explain(id);
    return outcome;
  }

  async #pingOnce(id: string): Promise<PingReply> {
    const view = await this.#api.post("ping", { peer: id, count: 1 });
    const rttMs = view["rtt_ms"];
    if (typeof rttMs !== "number") throw new ToldError({ ...UNSUPPORTED, code: "DIAL_TIMEOUT", message: "No reply in time." });
    const path = word(view["path"], ["direct_lan", "direct", "relayed", "signaling"] as const, "direct");
    return { peer: id, rttMs, over: "connection", path, via: text(view["remote"]) };
  }

  #onOpen(again: boolean): void {
    this.#set({ gone: null, failure: null });
    if (again) this.#mail.missed();
    void this.#look();
  }

  #onEvent(event: NodeEvent): void {
    this.#mail.onEvent(event);
    if (event.type === "connection") void this.#explain(text(event.data["peer"]));
    if (event.type !== "typing" && event.type !== "message") void this.#look();
  }

  /** Ask how the node is, once for all that happens in a moment. */
  async #look(): Promise<void> {
    if (this.#looking || this.#closed) return;
    this.#looking = true;
    try {
      await this.#around.pause(this.#state.value.peer === null ? 0 : TOGETHER);
      const [id, status] = await Promise.all([this.#api.get("id"), this.#api.get("status")]);
      this.#set({ peer: peerStateOf(id, status, this.#around.host), gone: null });
    } catch (error) {
      const info = infoOf(error);
      if (info.code === "NO_SESSION") this.#set({ failure: info });
    } finally {
      this.#looking = false;
    }
  }

  async #keepLooking(): Promise<void> {
    while (!this.#closed) {
      await this.#around.pause(LOOK_EVERY);
      if (this.#around.seen() && this.#state.value.gone === null) await this.#look();
    }
  }

  async #explain(id: string): Promise<void> {
    if (id === "") return;
    try {
      const trace = traceOf(await this.#api.get("explain", { peer: id }), this.#around.time());
      if (trace !== null) this.#set({ traces: { ...this.#state.value.traces, [id]: trace } });
    } catch {
      // nothing was ever tried with it, or the node has gone: then there is nothing to explain
    }
  }

  #show(id: string, change: Partial<Trials>): void {
    const { trials } = this.#state.value;
    this.#set({ trials: { ...trials, [id]: { ...(trials[id] ?? NO_TRIALS), ...change } } });
  }

  #set(change: Partial<State>): void {
    this.#state.value = { ...this.#state.value, ...change };
  }
}

const UNSUPPORTED = { code: "UNSUPPORTED", side: "local", message: "A node does not offer this here.", hint: "", peer: null } as const;

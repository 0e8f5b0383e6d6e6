/** An engine around a `Peer`, wherever that runs: its snapshots become the page's state, its promises outcomes. */
import { signal, type ReadonlySignal, type Signal } from "@preact/signals";
import type { Peer, PeerEvent } from "@wherry/peer";
import type { Keep } from "./keep.ts";
import { Correspondence } from "./correspondence.ts";
import { done, STARTING, type AddressCommands, type Engine, type FriendCommands, type MessageCommands, type OnProgress, type Outcome, type ParsedWho, type State } from "./engine.ts";
import type { Mail } from "./mail.ts";
import { nothing, outcomeOf } from "./outcome.ts";
import { Echo } from "./run-echo.ts";
import { Measuring } from "./run-measure.ts";
import { runPings, type Pause } from "./run-ping.ts";
import { NO_TRIALS, type Trials } from "./trials.ts";

export interface Surroundings {
  /** Milliseconds, monotonic. */
  readonly clock: () => number;
  /** Milliseconds since 1970. */
  readonly time: () => number;
  readonly pause: Pause;
  /** Load the page again: after another key was restored. */
  readonly reload: () => void;
  /** Close the peer, clear what it kept, load the page again. */
  readonly forgetEverything: () => Promise<void>;
}

export class PeerEngine implements Engine {
  readonly #peer: Peer;
  readonly #keep: Keep;
  readonly #around: Surroundings;
  readonly #state: Signal<State>;
  readonly #echoes = new Map<string, Echo>();
  readonly #measurings = new Map<string, Measuring>();
  readonly friends: FriendCommands;
  readonly messages: MessageCommands;
  readonly addresses: AddressCommands;

  constructor(peer: Peer, mail: Mail, keep: Keep, around: Surroundings) {
    this.#peer = peer;
    this.#keep = keep;
    this.#around = around;
    this.#state = signal({ ...STARTING, peer: peer.state, people: keep.people(), keySaved: keep.keySaved() });
    for (const trace of peer.traces().toReversed()) this.#onEvent({ type: "trace", trace });
    peer.subscribe((event) => this.#onEvent(event));
    const correspondence = new Correspondence({
      mail,
      read: () => this.#state.value,
      write: (change) => this.#set(change),
      pause: around.pause,
    });
    this.friends = correspondence.friends;
    this.messages = correspondence.messages;
    this.addresses = correspondence.addresses;
    correspondence.start();
  }

  get state(): ReadonlySignal<State> {
    return this.#state;
  }

  /** What the browser says of its network. */
  setOnline(online: boolean): void {
    this.#set({ online });
  }

  /** Another tab has written: the list may have changed. */
  readAgain(): void {
    this.#set({ people: this.#keep.people(), keySaved: this.#keep.keySaved() });
  }

  parse(text: string): ParsedWho {
    return this.#peer.parse(text);
  }

  add(text: string): Promise<Outcome> {
    const who = this.#peer.parse(text);
    if (!who.ok) return Promise.resolve(who);
    const others = this.#state.value.people.filter((person) => person.id !== who.peer);
    this.#setPeople([...others, { id: who.peer, added: this.#around.time(), text }]);
    void outcomeOf(this.#peer.connect(text)); // how it goes is in the state, and in the trace
    return Promise.resolve(done);
  }

  async forget(id: string): Promise<Outcome> {
    this.#setPeople(this.#state.value.people.filter((person) => person.id !== id));
    const connected = this.#state.value.peer?.connections.some((each) => each.peer === id && each.state !== "closed");
    return connected === true ? this.disconnect(id) : done;
  }

  /** A link names a way in that an id alone does not, so the text that was pasted is used where there is one. */
  connect(id: string): Promise<Outcome> {
    const text = this.#state.value.people.find((person) => person.id === id)?.text ?? id;
    return nothing(this.#peer.connect(text));
  }

  disconnect(id: string): Promise<Outcome> {
    return nothing(this.#peer.disconnect(id));
  }

  rename(name: string): Promise<Outcome> {
    return nothing(this.#peer.setName(name));
  }

  ping(id: string): Promise<Outcome> {
    return nothing(runPings(this.#peer, id, (ping) => this.#show(id, { ping }), this.#around.pause));
  }

  async echo(id: string, line: string): Promise<Outcome> {
    let echo = this.#echoes.get(id);
    try {
      if (echo === undefined || !echo.isOpen) {
        echo = new Echo((run) => this.#show(id, { echo: run }), this.#around.clock);
        this.#echoes.set(id, echo);
        await echo.open(this.#peer, id);
      }
      await echo.send(line);
    } catch (error) {
      echo?.fail(error); // shown where the lines are
    }
    return done;
  }

  closeEcho(id: string): Promise<Outcome> {
    return nothing(this.#echoes.get(id)?.close() ?? Promise.resolve());
  }

  async measure(id: string, mib: number): Promise<Outcome> {
    this.#measurings.get(id)?.stop();
    const measuring = new Measuring(mib, (measurement) => this.#show(id, { measurement }), this.#around.clock);
    this.#measurings.set(id, measuring);
    await measuring.run(this.#peer, id);
    return done;
  }

  stopMeasuring(id: string): Promise<Outcome> {
    this.#measurings.get(id)?.stop();
    return Promise.resolve(done);
  }

  exportKey(): Promise<Outcome<string>> {
    return this.#saved(this.#peer.exportKey());
  }

  exportProfile(passphrase: string, onProgress: OnProgress): Promise<Outcome<Blob>> {
    return this.#saved(this.#peer.exportProfile(passphrase, onProgress));
  }

  async importKey(text: string): Promise<Outcome> {
    const outcome = await nothing(this.#peer.importKey(text));
    if (outcome.ok) this.#around.reload();
    return outcome;
  }

  importProfile(file: Blob, passphrase: string, onProgress: OnProgress): Promise<Outcome> {
    return nothing(this.#peer.importProfile(file, passphrase, onProgress)); // every tab is told, and loads again
  }

  forgetEverything(): Promise<Outcome> {
    return nothing(this.#around.forgetEverything());
  }

  #onEvent(event: PeerEvent): void {
    if (event.type === "state") this.#set({ peer: event.state });
    if (event.type === "restored") this.#around.reload();
    if (event.type === "trace") {
      const { traces } = this.#state.value;
      const { trace } = event;
      const known = traces[trace.peer];
      if (known === undefined || known.started <= trace.started) this.#set({ traces: { ...traces, [trace.peer]: trace } });
    }
  }

  /** Note when a copy of the key was made, alone or with the rest. */
  async #saved<Value>(copy: Promise<Value>): Promise<Outcome<Value>> {
    const outcome = await outcomeOf(copy);
    if (outcome.ok) {
      const keySaved = this.#around.time();
      this.#keep.setKeySaved(keySaved);
      this.#set({ keySaved });
    }
    return outcome;
  }

  #setPeople(people: State["people"]): void {
    this.#keep.setPeople(people);
    this.#set({ people });
  }

  #show(id: string, change: Partial<Trials>): void {
    const { trials } = this.#state.value;
    this.#set({ trials: { ...trials, [id]: { ...(trials[id] ?? NO_TRIALS), ...change } } });
  }

  #set(change: Partial<State>): void {
    this.#state.value = { ...this.#state.value, ...change };
  }
}

/** The switchboard: all connections of the tab, what serves their streams, the messages on each. */

import { type Bytes, type Random } from "./bytes.ts";
import { Connection, type DatagramHandler, type Handler } from "./connection/connection.ts";
import type { CoreEvent } from "./connection/core.ts";
import type { Greeting, Link } from "./connection/link.ts";
import { ECHO_RULE, MESSAGE_RULE, Policy, type Rule, ruleOf } from "./connection/policy.ts";
import type { Stream } from "./connection/stream.ts";
import { WherryError } from "./errors.ts";
import { MESSAGE_STREAM, Messages, Opcode } from "./messages.ts";
import type { PeerId } from "./peer-id.ts";
import type { StreamHandler, StreamPolicy } from "./types.ts";

/** Sends back what it gets, for anyone, within limits. */
export const ECHO_STREAM = "/wherry/echo/1";

/** Somebody who is connected, or was a moment ago. */
export interface Connected {
  readonly id: PeerId;
  readonly connection: Connection;
  readonly messages: Messages;
  readonly since: number;
  announced: boolean;
}

export interface NetworkOptions {
  readonly own: PeerId;
  readonly instance: Bytes;
  readonly random: Random;
  readonly ownName: () => string;
  readonly onEvent: (peer: PeerId, event: CoreEvent) => void;
  readonly onConnected: (peer: PeerId) => void;
  readonly onClosed: (peer: PeerId, error: WherryError) => void;
  readonly onName: (peer: PeerId, name: string) => void;
  /** A sealed letter came over a connection, or our inbox record is asked for. */
  readonly onLetter: (sealed: Bytes) => void;
  readonly ownInbox: () => Bytes;
  /** The link that came of `attempt` carries the connection no more. */
  readonly onLinkClosed: (peer: PeerId, attempt: Bytes) => void;
}

export class Network {
  readonly #options: NetworkOptions;
  readonly #policy = new Policy();
  readonly #streams = new Map<string, Handler>();
  readonly #datagrams = new Map<string, DatagramHandler>();
  readonly #connected = new Map<string, Connected>();
  #closed = false;

  constructor(options: NetworkOptions) {
    this.#options = options;
    const echoDatagrams: DatagramHandler = async (flow) => {
      for await (const data of flow) flow.send(data);
    };
    this.serve(ECHO_STREAM, ECHO_RULE, echo, echoDatagrams);
    this.serve(MESSAGE_STREAM, MESSAGE_RULE, async (stream) => this.get(stream.peer)?.messages.serve(stream));
  }

  get all(): readonly Connected[] {
    return [...this.#connected.values()];
  }

  /** The connection with a peer that is up, or interrupted and not given up. */
  get(peer: PeerId | string): Connected | null {
    return this.#connected.get(String(peer)) ?? null;
  }

  /** Serve streams of a name; returns how to stop that. */
  handle(name: string, handler: StreamHandler, policy: StreamPolicy): () => void {
    return this.serve(name, ruleOf(policy), handler);
  }

  /** Serve streams of a name, and flows of datagrams if there is somebody for them; returns how to stop that. */
  serve(name: string, rule: Rule, streams: Handler, datagrams?: DatagramHandler): () => void {
    if (this.#streams.has(name)) throw new RangeError(`${name} is served already`);
    this.#streams.set(name, streams);
    if (datagrams !== undefined) this.#datagrams.set(name, datagrams);
    this.#policy.set(name, rule);
    return () => {
      this.#streams.delete(name);
      this.#datagrams.delete(name);
      this.#policy.delete(name);
    };
  }

  /** Greet over an open link; it becomes the connection's, a new one or the one there is. */
  async adopt(peer: PeerId, link: Link, greeting: Greeting): Promise<void> {
    if (this.#closed) {
      link.close();
      throw new WherryError("CLOSED", "this page is closing");
    }
    const connected = this.get(peer) ?? this.#make(peer);
    await connected.connection.attach(link, greeting);
    if (connected.announced) return;
    connected.announced = true;
    this.#options.onConnected(peer);
  }

  /** Close the connection with a peer, and tell it that this was meant. */
  async disconnect(peer: PeerId): Promise<void> {
    const connected = this.get(peer);
    if (connected === null) return;
    try {
      await connected.messages.send(Opcode.DISCONNECT, { reason: "" });
    } catch (error) {
      if (!WherryError.is(error)) throw error; // it has gone already
    }
    connected.connection.close();
  }

  /** End all connections. A page that goes may be loaded again: its peers are not told, and meet the new one. */
  close({ told }: { readonly told: boolean }): void {
    this.#closed = true;
    for (const { connection } of this.all) {
      if (told) connection.close("the page was closed");
      else connection.abandon();
    }
  }

  #make(peer: PeerId): Connected {
    const { own, instance, random, ownName, onEvent, onName, onLinkClosed, onLetter, ownInbox } = this.#options;
    const connection = new Connection({
      local: own.key,
      peer: peer.key,
      peerId: String(peer),
      instance,
      session: random(8),
      policy: this.#policy,
      handlers: { streams: this.#streams, datagrams: this.#datagrams },
      now: () => performance.now(),
      onLinkClosed: ({ attempt }) => onLinkClosed(peer, attempt),
      onEvent: (event) => {
        if (event.type === "closed") this.#over(peer, connection, event.error);
        if (event.type === "active" && !event.resumed) introduce(messages);
        onEvent(peer, event);
      },
    });
    const messages = new Messages({
      openStream: () => connection.openStream(MESSAGE_STREAM),
      ownName,
      onName: (name) => onName(peer, name),
      onDisconnect: () => connection.close("as you wish", new WherryError("PEER_CLOSED", "it said goodbye")),
      onLetter,
      ownInbox,
    });
    const connected: Connected = { id: peer, connection, messages, since: Date.now(), announced: false };
    this.#connected.set(String(peer), connected);
    return connected;
  }

  #over(peer: PeerId, connection: Connection, error: WherryError): void {
    const connected = this.get(peer);
    if (connected?.connection !== connection) return;
    this.#connected.delete(String(peer));
    connected.messages.close(error);
    if (connected.announced) this.#options.onClosed(peer, error);
  }
}

/** It may be gone again: then nobody asks for a name. */
function introduce(messages: Messages): void {
  void messages.introduce().catch(() => undefined);
}

async function echo(stream: Stream): Promise<void> {
  for await (const data of stream) await stream.write(data);
  await stream.finish();
}

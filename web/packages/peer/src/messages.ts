/**
 * Typed messages with opcodes, on the stream `/wherry/message/1`, one in each direction:
 *
 *     +---------------+---------------------------------------------+
 *     | length u32 BE | msgpack [opcode, id, reply_to | 0, body]     |
 *     +---------------+---------------------------------------------+
 *
 * Ids are chosen by the sender, from 1, and rise; a reply names the id it answers. A body is what the opcode's
 * serializer made: msgpack, for all of Wherry's own but 1.
 */

import { type Bytes, bigEndian, concat } from "./bytes.ts";
import { WherryError } from "./errors.ts";
import { type Value, fieldOf, packMap } from "./msgpack.ts";
import { tidyName } from "./names.ts";
import { Bucket } from "./rates.ts";
import { bytes, count, fields, read, write } from "./shape.ts";
import { Once, within } from "./tasks.ts";
import type { PeerStream } from "./types.ts";

export const MESSAGE_STREAM = "/wherry/message/1";
/** Bytes of one message: what is larger is a stream. */
const MESSAGE_BYTES = 1024 * 1024;
/** Milliseconds a reply may take. */
const REPLY_MS = 10_000;
/** Pings of one peer that are answered in a second. */
const PINGS_PER_S = [10, 20] as const;

export const Opcode = {
  REFUSED: 0,
  KEEPALIVE: 2,
  KEEPALIVE_REPLY: 3,
  PROXY_REPLY: 9,
  PING: 10,
  PONG: 11,
  DISCONNECT: 14,
  PROXY: 15,
  INTRODUCE: 100,
  LETTER: 102,
  ASK_INBOX: 103,
  INBOX: 104,
} as const;

/** One message as it travels. */
export interface Message {
  readonly opcode: number;
  readonly id: number;
  readonly replyTo: number;
  readonly body: Bytes;
}
const MESSAGE = fields<Message>({ opcode: count(), id: count(), replyTo: count(), body: bytes(0, MESSAGE_BYTES) });

/** @throws WherryError LIMIT_EXCEEDED if it is larger than a message may be. */
export function encodeMessage(message: Message): Bytes {
  const data = write(MESSAGE, message);
  if (data.length > MESSAGE_BYTES) {
    throw new WherryError("LIMIT_EXCEEDED", `a message of ${data.length} bytes`, { hint: "Open a stream for it." });
  }
  return concat(bigEndian(data.length, 4), data);
}

/** Messages out of a stream's bytes, however they are cut. */
export class MessageParser {
  #waiting: Bytes = new Uint8Array();

  /** @throws WherryError LIMIT_EXCEEDED or MALFORMED; the stream is of no more use then. */
  feed(data: Uint8Array): Message[] {
    this.#waiting = concat(this.#waiting, data);
    const found: Message[] = [];
    for (let at = 0; ; ) {
      const rest = this.#waiting.length - at;
      const length = rest < 4 ? 0 : new DataView(this.#waiting.buffer).getUint32(at);
      if (length > MESSAGE_BYTES) throw new WherryError("LIMIT_EXCEEDED", `a message of ${length} bytes`);
      if (rest < 4 || rest < 4 + length) {
        this.#waiting = this.#waiting.slice(at);
        return found;
      }
      found.push(read(MESSAGE, this.#waiting.subarray(at + 4, at + 4 + length), "a damaged message"));
      at += 4 + length;
    }
  }
}

export interface MessagesOptions {
  readonly openStream: () => PeerStream;
  readonly ownName: () => string;
  /** What the peer calls itself: claimed, never trusted. */
  readonly onName: (name: string) => void;
  /** The peer is going, and does not want to be dialled because of it. */
  readonly onDisconnect: () => void;
  /** A sealed letter came. */
  readonly onLetter: (sealed: Bytes) => void;
  /** Our own inbox record, or nothing. */
  readonly ownInbox: () => Bytes;
}

/** The messages with one connected peer. */
export class Messages {
  readonly #options: MessagesOptions;
  readonly #replies = new Map<number, Once<Message>>();
  #out: PeerStream | null = null;
  #id = 0;
  readonly #pings = new Bucket(PINGS_PER_S, performance.now());

  constructor(options: MessagesOptions) {
    this.#options = options;
  }

  /** Say who we are: at first, and to a peer that has started anew, which knows no stream of before. */
  async introduce(): Promise<void> {
    this.#out = null;
    await this.send(Opcode.INTRODUCE, { name: this.#options.ownName() });
  }

  /** Send one message; returns its number. */
  async send(opcode: number, body: Readonly<Record<string, Value>>, replyTo = 0): Promise<number> {
    const id = ++this.#id;
    this.#out ??= this.#options.openStream();
    await this.#out.write(encodeMessage({ opcode, id, replyTo, body: packMap(body) }));
    return id;
  }

  /**
   * Milliseconds that a ping takes there and back, through the peer's program.
   * @throws WherryError RECEIVE_TIMEOUT, LIMIT_EXCEEDED, or why the connection ended.
   */
  async ping(): Promise<number> {
    const begun = performance.now();
    const reply = await this.#ask(Opcode.PING, { payload: new Uint8Array() });
    if (reply.opcode !== Opcode.PONG) throw new WherryError("LIMIT_EXCEEDED", "the peer answers no more pings");
    return performance.now() - begun;
  }

  /** The peer's own inbox record, unchecked; null if it has none. */
  async askInbox(): Promise<Bytes | null> {
    const reply = await this.#ask(Opcode.ASK_INBOX, {});
    const document = reply.opcode === Opcode.INBOX ? bytesIn(reply.body, "document") : null;
    return document?.length === 0 ? null : document;
  }

  /** Serve the stream on which the peer's messages come. */
  async serve(stream: PeerStream): Promise<void> {
    const parser = new MessageParser();
    for await (const data of stream) for (const message of parser.feed(data)) await this.#take(message);
  }

  close(error: WherryError): void {
    for (const answer of this.#replies.values()) answer.reject(error);
  }

  /** @throws WherryError RECEIVE_TIMEOUT, or why the connection ended. */
  async #ask(opcode: number, body: Readonly<Record<string, Value>>): Promise<Message> {
    const answer = new Once<Message>();
    const id = this.#id + 1;
    this.#replies.set(id, answer);
    try {
      await this.send(opcode, body);
      return await within(REPLY_MS, answer.promise, "RECEIVE_TIMEOUT");
    } finally {
      this.#replies.delete(id);
    }
  }

  async #take({ opcode, id, replyTo, body }: Message): Promise<void> {
    if (replyTo !== 0) this.#replies.get(replyTo)?.resolve({ opcode, id, replyTo, body });
    switch (opcode) {
      case Opcode.PING:
        if (this.#pings.take(performance.now())) await this.send(Opcode.PONG, { payload: bytesIn(body, "payload") ?? new Uint8Array() }, id);
        else await this.#refuse("LIMIT_EXCEEDED", `${PINGS_PER_S[0]} pings a second are enough`, id);
        return;
      case Opcode.KEEPALIVE:
        await this.send(Opcode.KEEPALIVE_REPLY, {}, id);
        return;
      case Opcode.INTRODUCE: {
        const name = field(body, "name");
        if (typeof name === "string") this.#options.onName(tidyName(name));
        return;
      }
      case Opcode.DISCONNECT:
        this.#options.onDisconnect();
        return;
      case Opcode.LETTER: {
        const sealed = bytesIn(body, "sealed");
        if (sealed !== null) this.#options.onLetter(sealed);
        return;
      }
      case Opcode.ASK_INBOX:
        await this.send(Opcode.INBOX, { document: this.#options.ownInbox() }, id);
        return;
      case Opcode.PROXY:
        await this.#refuse("UNSUPPORTED", "proxying is not offered", id);
        return;
      default: // unknown opcodes are skipped
    }
  }

  async #refuse(code: "LIMIT_EXCEEDED" | "UNSUPPORTED", reason: string, replyTo: number): Promise<void> {
    await this.send(Opcode.REFUSED, { wire: new WherryError(code).kind.wire ?? 0, reason }, replyTo);
  }
}

/** A field of a body that is a map, if it decodes and has one. */
function field(body: Bytes, name: string): Value | undefined {
  try {
    return fieldOf(body, name);
  } catch (error) {
    if (!WherryError.is(error)) throw error;
    return undefined; // nonsense in a body harms nobody but its sender
  }
}

function bytesIn(body: Bytes, name: string): Bytes | null {
  const value = field(body, name);
  return value instanceof Uint8Array ? value : null;
}

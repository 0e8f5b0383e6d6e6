/**
 * The bodies of messages and of what is said about them. A core.
 *
 *     text    [sent ms, reply to (id 16 │ empty), text]          read    [[id 16, ≤ 256]]
 *     bytes   [sent ms, reply to (id 16 │ empty), data]          typing  [is typing]
 *
 * A text is kept as it was written; whoever shows it sees to what a page makes of it.
 */

import { type Bytes, hex, unhex, utf8 } from "../bytes.ts";
import { WherryError } from "../errors.ts";
import { bytes, count, fields, flag, list, read, text, write } from "../shape.ts";
import { MESSAGE_BYTES, READ_AT_ONCE } from "./limits.ts";
import { Kind } from "./packets.ts";

/**
 * Milliseconds since 1970 at which a message was written at the latest: the last of the year 9999. What is later has no
 * form in RFC 3339, which is how a node's local API says it, and a browser's calendar ends before 2^53.
 */
export const LATEST_MS = 253_402_300_799_999;

const TEXT = fields<{ sent: number; replyTo: Bytes; content: string }>({
  sent: count({ most: LATEST_MS }),
  replyTo: bytes(0, 16),
  content: text(MESSAGE_BYTES),
});
const DATA = fields<{ sent: number; replyTo: Bytes; content: Bytes }>({
  sent: count({ most: LATEST_MS }),
  replyTo: bytes(0, 16),
  content: bytes(0, MESSAGE_BYTES),
});
const READ = fields<{ ids: readonly Bytes[] }>({ ids: list(bytes(16), READ_AT_ONCE) });
const TYPING = fields<{ typing: boolean }>({ typing: flag });

/** A message; `data` is null where it is a text. */
export interface Content {
  /** Milliseconds since 1970, as its writer says. */
  readonly sent: number;
  readonly replyTo: string | null;
  readonly text: string;
  readonly data: Bytes | null;
}

/** @throws WherryError MALFORMED if it is none. */
export function decodeContent(kind: number, body: Bytes): Content {
  const what = "no message";
  const { sent, replyTo, content } = kind === Kind.TEXT ? read(TEXT, body, what) : read(DATA, body, what);
  if (replyTo.length !== 0 && replyTo.length !== 16) throw new WherryError("MALFORMED", "it answers no id");
  if (sizeOf(content) > MESSAGE_BYTES) throw new WherryError("MALFORMED", "a message that is too large");
  const [words, data] = typeof content === "string" ? [content, null] : ["", content];
  return { sent, replyTo: replyTo.length === 0 ? null : hex(replyTo), text: words, data };
}

export function encodeContent({ sent, replyTo, text, data }: Content): { readonly kind: number; readonly body: Bytes } {
  const head = { sent, replyTo: replyTo === null ? new Uint8Array() : unhex(replyTo) };
  if (data !== null) return { kind: Kind.BYTES, body: write(DATA, { ...head, content: data }) };
  return { kind: Kind.TEXT, body: write(TEXT, { ...head, content: text }) };
}

/** Bytes of a message's content. */
export function sizeOf(content: string | Uint8Array): number {
  return typeof content === "string" ? utf8(content).length : content.length;
}

/** The ids of messages that were seen, in hex. */
export function decodeRead(body: Bytes): string[] {
  return read(READ, body, "no read receipt").ids.map(hex);
}

export function encodeRead(ids: readonly string[]): Bytes {
  return write(READ, { ids: ids.map(unhex) });
}

export function decodeTyping(body: Bytes): boolean {
  return read(TYPING, body, "no typing notice").typing;
}

export function encodeTyping(typing: boolean): Bytes {
  return write(TYPING, { typing });
}

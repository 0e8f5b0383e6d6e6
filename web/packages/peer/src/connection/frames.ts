/**
 * The frames of a connection. Every message on every lane is one frame: a header of 16 bytes, big-endian, then the
 * payload up to the message's end:
 *
 *     kind u8 | flags u8 | reserved u16 | stream id u32 | offset u64 (below 2^53) | payload …
 *
 *     kind            lane      stream  offset                      payload
 *      1 OPEN         control   ≠ 0     what the opener takes       name, 2 … 128 printable ASCII, begins with "/"
 *      2 DATA         stream    ≠ 0     of the payload's first byte 1 … 16368 bytes
 *      3 FIN          stream    ≠ 0     final                       –
 *      4 STOP         control   ≠ 0     0                           code u32
 *      5 RESET        control   ≠ 0     final, of what was sent     code u32
 *      6 FIN_ACK      control   ≠ 0     final, as received          –
 *      7 LIMIT        control   any     what may be sent            received u64
 *      8 RESUME       control   ≠ 0     received                    limit u64, final u64, reset code u32, stop code u32
 *      9 DATAGRAM     datagram  ≠ 0     sequence number from 0      0 … 1200 bytes
 *     16 HELLO        control   0       0                           version u16, reserved u16, features u32,
 *                                                                   instance 8, session 8, attempt id 16, answer id 16
 *     17 HEARTBEAT    control   0       number                      –
 *     18 HEARTBEAT_REPLY control 0      number                      –
 *     19 CLOSE        control   0       0                           code u32, text (UTF-8, 0 … 200 bytes)
 *
 *     flags           OPEN 1 datagrams · FIN 1 cut · RESET 1 forgotten (offset says nothing)
 *                     RESUME 1 final is known, 2 cut, 4 reset, 8 stop
 *
 * Unknown kinds are skipped, and so are bytes after a payload of fixed length. Whatever else does not fit is a
 * PROTOCOL_VIOLATION.
 */

import { type Bytes, concat, fromUtf8, utf8 } from "../bytes.ts";
import { WherryError } from "../errors.ts";
import { MAX_DATAGRAM_BYTES, MAX_FRAME_BYTES, MAX_NAME_BYTES, MAX_REASON_BYTES } from "./limits.ts";

export const MAX_OFFSET = Number.MAX_SAFE_INTEGER;
export const HEADER_BYTES = 16;
export const MAX_PAYLOAD_BYTES = MAX_FRAME_BYTES - HEADER_BYTES;
/** The protocol's major version, in HELLO and in the data channels' protocol name. */
export const VERSION = 1;

export const Kind = {
  OPEN: 1,
  DATA: 2,
  FIN: 3,
  STOP: 4,
  RESET: 5,
  FIN_ACK: 6,
  LIMIT: 7,
  RESUME: 8,
  DATAGRAM: 9,
  HELLO: 16,
  HEARTBEAT: 17,
  HEARTBEAT_REPLY: 18,
  CLOSE: 19,
} as const;

const DATAGRAMS = 1;
const CUT = 1;
const FORGOTTEN = 1;
const RESUME = { FINAL: 1, CUT: 2, RESET: 4, STOP: 8 } as const;

/** What is known of a stream, told once per stream on a new link; null where there is nothing to say. */
export interface Resume {
  /** Bytes received of the other's direction; it goes on from there. */
  readonly received: number;
  /** What the other may send. */
  readonly limit: number;
  /** Where this side's own direction ends, if it has ended. */
  readonly final: number | null;
  /** It ended because the other asked for it. */
  readonly cut: boolean;
  /** The code of this side's reset. */
  readonly reset: number | null;
  /** The code with which this side asked the other to stop. */
  readonly stop: number | null;
}

/** What both ends say first on a link. */
export interface Hello {
  readonly version: number;
  readonly features: number;
  /** 8 bytes, the sender's process or tab. */
  readonly instance: Bytes;
  /** 8 bytes, the sender's end of this connection; a new one knows no stream of the old. */
  readonly session: Bytes;
  readonly attempt: Bytes;
  readonly answer: Bytes;
}

/** The fields of each kind of frame. */
interface Fields {
  readonly open: { stream: number; name: string; limit: number; datagrams: boolean };
  readonly data: { stream: number; offset: number; payload: Bytes };
  readonly fin: { stream: number; final: number; cut: boolean };
  readonly stop: { stream: number; code: number };
  readonly reset: { stream: number; code: number; final: number; forgotten: boolean };
  readonly finAck: { stream: number; final: number };
  readonly limit: { stream: number; limit: number; received: number };
  readonly resume: { stream: number; resume: Resume };
  readonly datagram: { stream: number; sequence: number; payload: Bytes };
  readonly hello: { hello: Hello };
  readonly heartbeat: { number: number };
  readonly heartbeatReply: { number: number };
  readonly close: { code: number; text: string };
}

export type Frame = { [K in keyof Fields]: { readonly kind: K } & Readonly<Fields[K]> }[keyof Fields];

/** A kind that a later version may have: skipped. */
export interface UnknownFrame {
  readonly kind: "unknown";
  readonly number: number;
}

// -- making frames ----------------------------------------------------------------------------------------------------

export function encode(frame: Frame): Bytes {
  switch (frame.kind) {
    case "open":
      return build(Kind.OPEN, frame.stream, frame.limit, frame.datagrams ? DATAGRAMS : 0, utf8(frame.name));
    case "data":
      return build(Kind.DATA, frame.stream, frame.offset, 0, frame.payload);
    case "fin":
      return build(Kind.FIN, frame.stream, frame.final, frame.cut ? CUT : 0);
    case "stop":
      return build(Kind.STOP, frame.stream, 0, 0, u32(frame.code));
    case "reset":
      return build(Kind.RESET, frame.stream, frame.final, frame.forgotten ? FORGOTTEN : 0, u32(frame.code));
    case "finAck":
      return build(Kind.FIN_ACK, frame.stream, frame.final);
    case "limit":
      return build(Kind.LIMIT, frame.stream, frame.limit, 0, u64(frame.received));
    case "resume":
      return encodeResume(frame.stream, frame.resume);
    case "datagram":
      return build(Kind.DATAGRAM, frame.stream, frame.sequence, 0, frame.payload);
    case "hello":
      return build(Kind.HELLO, 0, 0, 0, encodeHello(frame.hello));
    case "heartbeat":
      return build(Kind.HEARTBEAT, 0, frame.number);
    case "heartbeatReply":
      return build(Kind.HEARTBEAT_REPLY, 0, frame.number);
    case "close":
      return build(Kind.CLOSE, 0, 0, 0, u32(frame.code), cutText(frame.text));
  }
}

function build(kind: number, stream: number, offset: number, flags = 0, ...payload: readonly Uint8Array[]): Bytes {
  const frame = concat(new Uint8Array(HEADER_BYTES), ...payload);
  const view = new DataView(frame.buffer);
  view.setUint8(0, kind);
  view.setUint8(1, flags);
  view.setUint32(4, stream);
  setOffset(view, 8, offset);
  return frame;
}

function setOffset(view: DataView, at: number, offset: number): void {
  view.setUint32(at, Math.floor(offset / 2 ** 32));
  view.setUint32(at + 4, offset % 2 ** 32);
}

function encodeResume(stream: number, { received, limit, final, cut, reset, stop }: Resume): Bytes {
  const flags =
    (final === null ? 0 : RESUME.FINAL) |
    (cut ? RESUME.CUT : 0) |
    (reset === null ? 0 : RESUME.RESET) |
    (stop === null ? 0 : RESUME.STOP);
  return build(Kind.RESUME, stream, received, flags, u64(limit), u64(final ?? 0), u32(reset ?? 0), u32(stop ?? 0));
}

function encodeHello({ version, features, instance, session, attempt, answer }: Hello): Bytes {
  const head = new Uint8Array(8);
  new DataView(head.buffer).setUint16(0, version);
  new DataView(head.buffer).setUint32(4, features);
  return concat(head, instance, session, attempt, answer);
}

function u32(value: number): Bytes {
  const out = new Uint8Array(4);
  new DataView(out.buffer).setUint32(0, value);
  return out;
}

function u64(value: number): Bytes {
  const out = new Uint8Array(8);
  setOffset(new DataView(out.buffer), 0, value);
  return out;
}

/** The text in at most `MAX_REASON_BYTES`, never with half a character at its end. */
function cutText(text: string): Bytes {
  let kept = text;
  while (utf8(kept).length > MAX_REASON_BYTES) kept = Array.from(kept).slice(0, -1).join("");
  return utf8(kept);
}

// -- reading frames ---------------------------------------------------------------------------------------------------

/** Whether `name` can be a stream's name. */
export function isName(name: string): boolean {
  return /^\/[!-~]+$/.test(name) && name.length <= MAX_NAME_BYTES;
}

interface Shape {
  readonly least: number;
  readonly most: number;
  /** of: a stream, the connection, or either. */
  readonly of: "stream" | "connection" | "either";
}
const ANY = Number.POSITIVE_INFINITY;
const SHAPES: ReadonlyMap<number, Shape> = new Map<number, Shape>([
  [Kind.OPEN, { least: 2, most: MAX_NAME_BYTES, of: "stream" }],
  [Kind.DATA, { least: 1, most: MAX_PAYLOAD_BYTES, of: "stream" }],
  [Kind.FIN, { least: 0, most: ANY, of: "stream" }],
  [Kind.STOP, { least: 4, most: ANY, of: "stream" }],
  [Kind.RESET, { least: 4, most: ANY, of: "stream" }],
  [Kind.FIN_ACK, { least: 0, most: ANY, of: "stream" }],
  [Kind.LIMIT, { least: 8, most: ANY, of: "either" }],
  [Kind.RESUME, { least: 24, most: ANY, of: "stream" }],
  [Kind.DATAGRAM, { least: 0, most: MAX_DATAGRAM_BYTES, of: "stream" }],
  [Kind.HELLO, { least: 56, most: ANY, of: "connection" }],
  [Kind.HEARTBEAT, { least: 0, most: ANY, of: "connection" }],
  [Kind.HEARTBEAT_REPLY, { least: 0, most: ANY, of: "connection" }],
  [Kind.CLOSE, { least: 4, most: 4 + MAX_REASON_BYTES, of: "connection" }],
]);

/**
 * Read one message as a frame.
 * @throws WherryError PROTOCOL_VIOLATION if it is none; the detail says why.
 */
export function decode(data: Bytes): Frame | UnknownFrame {
  if (data.length < HEADER_BYTES || data.length > MAX_FRAME_BYTES) throw violation(`a frame of ${data.length} bytes`);
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const kind = view.getUint8(0);
  const shape = SHAPES.get(kind);
  if (shape === undefined) return { kind: "unknown", number: kind };
  const stream = view.getUint32(4);
  const offset = offsetAt(view, 8);
  if (shape.of !== "either" && (shape.of === "stream") === (stream === 0)) {
    throw violation(`kind ${kind} for stream ${stream}`);
  }
  const size = data.length - HEADER_BYTES;
  if (size < shape.least || size > shape.most) throw violation(`kind ${kind} with ${size} bytes of payload`);
  return frameOf(kind, { stream, offset, flags: view.getUint8(1), data, view });
}

interface Parts {
  readonly stream: number;
  readonly offset: number;
  readonly flags: number;
  readonly data: Bytes;
  readonly view: DataView;
}

function frameOf(kind: number, { stream, offset, flags, data, view }: Parts): Frame {
  const code = (): number => view.getUint32(HEADER_BYTES);
  const payload = (): Bytes => data.subarray(HEADER_BYTES);
  switch (kind) {
    case Kind.OPEN:
      return { kind: "open", stream, name: nameOf(payload()), limit: offset, datagrams: (flags & DATAGRAMS) !== 0 };
    case Kind.DATA:
      return { kind: "data", stream, offset, payload: payload() };
    case Kind.FIN:
      return { kind: "fin", stream, final: offset, cut: (flags & CUT) !== 0 };
    case Kind.STOP:
      return { kind: "stop", stream, code: code() };
    case Kind.RESET:
      return { kind: "reset", stream, code: code(), final: offset, forgotten: (flags & FORGOTTEN) !== 0 };
    case Kind.FIN_ACK:
      return { kind: "finAck", stream, final: offset };
    case Kind.LIMIT:
      return { kind: "limit", stream, limit: offset, received: offsetAt(view, HEADER_BYTES) };
    case Kind.RESUME:
      return { kind: "resume", stream, resume: resumeOf(view, offset, flags) };
    case Kind.DATAGRAM:
      return { kind: "datagram", stream, sequence: offset, payload: payload() };
    case Kind.HELLO:
      return { kind: "hello", hello: helloOf(view, payload()) };
    case Kind.HEARTBEAT:
      return { kind: "heartbeat", number: offset };
    case Kind.HEARTBEAT_REPLY:
      return { kind: "heartbeatReply", number: offset };
    default:
      return { kind: "close", code: code(), text: textOf(payload().subarray(4)) };
  }
}

function nameOf(payload: Bytes): string {
  const name = String.fromCharCode(...payload);
  if (!isName(name)) throw violation("OPEN with an impossible name");
  return name;
}

function resumeOf(view: DataView, received: number, flags: number): Resume {
  const limit = offsetAt(view, HEADER_BYTES);
  const final = offsetAt(view, HEADER_BYTES + 8);
  return {
    received,
    limit,
    final: (flags & RESUME.FINAL) === 0 ? null : final,
    cut: (flags & RESUME.CUT) !== 0,
    reset: (flags & RESUME.RESET) === 0 ? null : view.getUint32(HEADER_BYTES + 16),
    stop: (flags & RESUME.STOP) === 0 ? null : view.getUint32(HEADER_BYTES + 20),
  };
}

function helloOf(view: DataView, payload: Bytes): Hello {
  return {
    version: view.getUint16(HEADER_BYTES),
    features: view.getUint32(HEADER_BYTES + 4),
    instance: payload.slice(8, 16),
    session: payload.slice(16, 24),
    attempt: payload.slice(24, 40),
    answer: payload.slice(40, 56),
  };
}

function textOf(data: Uint8Array): string {
  try {
    return fromUtf8(data);
  } catch {
    throw violation("CLOSE with a text that is not UTF-8");
  }
}

function offsetAt(view: DataView, at: number): number {
  const value = view.getUint32(at) * 2 ** 32 + view.getUint32(at + 4);
  if (value > MAX_OFFSET) throw violation("an offset beyond 2^53");
  return value;
}

function violation(detail: string): WherryError {
  return new WherryError("PROTOCOL_VIOLATION", detail);
}

/**
 * Every frame on a socket between a client and a signaling endpoint; drawn in full in Python's `wire.py`. A frame is a
 * msgpack array whose first element is the kind:
 *
 *      1 hello   2 welcome   3 prove   4 refused
 *     10 register  11 registered  12 renew  13 send  14 result  15 deliver  16 delivered  17 pass on  18 handed on
 *     19 reply  20 look up  21 found  22 publish  23 neighbours  24 others  25 ping  26 pong  27 unregister
 *     32 lease  33 leased  34 tags  35 prekeys  36 deposit  37 collect  38 collected  39 acknowledge  40 take prekey
 *     41 prekey  42 waiting  43 end lease
 *
 * A request carries a number of the client's choosing, and its reply the same. A *way back* names the socket an
 * envelope came in by: a reply along it reaches a guest that nobody has a reservation of.
 */

import type { Bytes } from "./bytes.ts";
import { WherryError } from "./errors.ts";
import {
  COLLECTED_AT_ONCE,
  DOCUMENT_BYTES,
  FRAME_BYTES,
  INTRODUCER_ENDPOINTS,
  MULTIADDR_BYTES,
  NAMES_AT_ONCE,
  NAME_BYTES,
  NEIGHBOURS,
  PREKEYS_AT_ONCE,
  REASON_LENGTH,
  TAGS_AT_ONCE,
  TAG_BYTES,
  WORK_BYTES,
} from "./limits.ts";
import { type Value, pack, unpack } from "./msgpack.ts";
import { type Of, type Shape, bytes, count, fields, flag, list, read, text, tuple, write } from "./shape.ts";

export const VERSION = 1;

/** What a socket is opened as. */
export const Role = { GUEST: 0, ME: 1 } as const;
export type Role = (typeof Role)[keyof typeof Role];

/** What became of a request. */
export const Status = {
  OK: 100,
  QUOTA: 201,
  FAILED: 203,
  NO_RESERVATION: 204,
  MALFORMED: 400,
  HANDSHAKE: 401,
  WRONG_ROLE: 405,
  WRONG_PEER: 421,
  VERSION: 426,
  UNSUPPORTED: 501,
} as const;

const number = count();
const key = bytes(32);
const signature = bytes(64);
const tag = bytes(0, 16);
const reason = text(REASON_LENGTH);
const host = text(255);
const document = bytes(0, DOCUMENT_BYTES);
const sealed = bytes(0, FRAME_BYTES);
const endpoints = list(bytes(0, MULTIADDR_BYTES), INTRODUCER_ENDPOINTS);

export interface IceServer {
  readonly urls: readonly string[];
  readonly user: string;
  readonly credential: string;
  readonly seconds: number;
}
const iceServer = tuple<IceServer>({ urls: list(text(300), 4), user: reason, credential: reason, seconds: number });
const other = tuple<{ readonly key: Bytes; readonly endpoints: readonly Bytes[] }>({ key, endpoints });

const letter = tuple<{ readonly number: number; readonly sealed: Bytes }>({ number, sealed });
const oneTimeKey = tuple<{ readonly prekey: number; readonly key: Bytes }>({ prekey: number, key });

function frame<T extends object>(shape: { readonly [K in keyof T]: Shape<T[K]> }): Shape<Readonly<T>> {
  return fields(shape);
}

const SHAPES = {
  hello: frame({
    version: number,
    role: count({ most: 1 }),
    key,
    ephemeral: key,
    nonce: key,
    dialled: key,
    features: number,
    host,
  }),
  welcome: frame({ version: number, key, ephemeral: key, nonce: key, features: number, signature }),
  prove: frame({ signature }),
  refused: frame({ status: number, text: reason }),
  register: frame({ id: number, seconds: number, capabilities: number }),
  registered: frame({
    id: number,
    seconds: number,
    host,
    port: number,
    iceServers: list(iceServer, 4),
    timeMs: number,
  }),
  renew: frame({ id: number, seconds: number }),
  send: frame({ id: number, to: key, tag, envelope: sealed }),
  result: frame({ id: number, status: number, text: reason }),
  deliver: frame({ id: number, tag, envelope: sealed, back: number }),
  delivered: frame({ id: number, accepted: flag }),
  passOn: frame({ id: number, next: key, endpoints, sealed }),
  handedOn: frame({ id: number, sealed }),
  reply: frame({ id: number, back: number, envelope: sealed }),
  lookUp: frame({ id: number, purpose: count({ least: 1, most: 15 }), peer: key }),
  found: frame({ id: number, document }),
  publish: frame({ id: number, document }),
  neighbours: frame({ id: number, count: count({ least: 1, most: NEIGHBOURS }) }),
  others: frame({ id: number, endpoints: list(other, NEIGHBOURS) }),
  ping: frame({ id: number }),
  pong: frame({ id: number, timeMs: number }),
  unregister: frame({ id: number }),
  lease: frame({ id: number, seconds: number }),
  leased: frame({ id: number, seconds: number, bytes: number, waiting: number, prekeys: number }),
  tags: frame({
    id: number,
    week: number,
    sort: count({ most: 1 }),
    first: flag,
    tags: list(bytes(TAG_BYTES), TAGS_AT_ONCE),
  }),
  prekeys: frame({ id: number, prekeys: list(oneTimeKey, PREKEYS_AT_ONCE) }),
  deposit: frame({ id: number, to: key, tag: bytes(TAG_BYTES), work: bytes(0, WORK_BYTES), sealed }),
  collect: frame({ id: number, after: number }),
  collected: frame({ id: number, letters: list(letter, COLLECTED_AT_ONCE), more: flag }),
  acknowledge: frame({ id: number, names: list(bytes(NAME_BYTES), NAMES_AT_ONCE) }),
  takePrekey: frame({ id: number, to: key, tag: bytes(TAG_BYTES) }),
  prekey: frame({ id: number, prekey: number, key: bytes(0, 32) }),
  waiting: frame({ id: number, count: number }),
  endLease: frame({ id: number }),
} as const;

export type FrameKind = keyof typeof SHAPES;

const KINDS: Readonly<Record<FrameKind, number>> = {
  hello: 1,
  welcome: 2,
  prove: 3,
  refused: 4,
  register: 10,
  registered: 11,
  renew: 12,
  send: 13,
  result: 14,
  deliver: 15,
  delivered: 16,
  passOn: 17,
  handedOn: 18,
  reply: 19,
  lookUp: 20,
  found: 21,
  publish: 22,
  neighbours: 23,
  others: 24,
  ping: 25,
  pong: 26,
  unregister: 27,
  lease: 32,
  leased: 33,
  tags: 34,
  prekeys: 35,
  deposit: 36,
  collect: 37,
  collected: 38,
  acknowledge: 39,
  takePrekey: 40,
  prekey: 41,
  waiting: 42,
  endLease: 43,
};
const NAMES = new Map((Object.entries(KINDS) as [FrameKind, number][]).map(([name, kind]) => [kind, name]));

export type FrameOf<K extends FrameKind> = { [P in K]: { readonly kind: P } & Of<(typeof SHAPES)[P]> }[K];
/** Any frame that this version knows. */
export type Frame = FrameOf<FrameKind>;
/** A frame of a kind that a later version may have: skipped. */
export interface UnknownFrame {
  readonly kind: "unknown";
  readonly number: number;
}

export function encodeFrame(frame: Frame): Bytes {
  const shape = SHAPES[frame.kind] as Shape<Frame>;
  return pack([KINDS[frame.kind], ...(shape.encode(frame) as readonly Value[])]);
}

/**
 * The frame that `data` is.
 * @throws WherryError MALFORMED if it is larger than `FRAME_BYTES`, or no frame.
 */
export function decodeFrame(data: Uint8Array): Frame | UnknownFrame {
  if (data.length > FRAME_BYTES) {
    throw new WherryError("MALFORMED", `a frame of ${data.length} bytes; ${FRAME_BYTES} is the most`);
  }
  const value = unpack(data);
  const [kind, ...rest] = Array.isArray(value) ? (value as readonly Value[]) : [];
  if (typeof kind !== "number") throw new WherryError("MALFORMED", "a damaged frame");
  const name = NAMES.get(kind);
  if (name === undefined) return { kind: "unknown", number: kind };
  try {
    return { kind: name, ...SHAPES[name].decode(rest) } as Frame;
  } catch (error) {
    throw new WherryError("MALFORMED", `a damaged frame of kind ${kind}`, { cause: error });
  }
}

/** What a handed-on frame hides from whoever handed it on. */
export interface Handover {
  readonly to: Bytes;
  readonly tag: Bytes;
  readonly envelope: Bytes;
}
const HANDOVER = fields<Handover>({ to: key, tag, envelope: sealed });

export function encodeHandover(handover: Handover): Bytes {
  return write(HANDOVER, handover);
}

/** @throws WherryError MALFORMED if it is none. */
export function decodeHandover(data: Uint8Array): Handover {
  return read(HANDOVER, data, "no handed-on envelope");
}

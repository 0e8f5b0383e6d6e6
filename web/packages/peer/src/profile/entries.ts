/**
 * What is in a whole profile's file, entry by entry: the same as in Python (`profile_file.py`), where it is drawn. A
 * core. Keys and ids are bytes, times seconds since 1970, as floats.
 */

import type { Bytes } from "../bytes.ts";
import { WherryError } from "../errors.ts";
import { Kind } from "../messages/packets.ts";
import { Float, type Value } from "../msgpack.ts";
import { type Of, type Shape, bytes, count, fields, flag, list, maybe, orElse, text, tuple } from "../shape.ts";
import type { FriendshipState, MessageState } from "../types.ts";

const key = bytes(32);
const id = bytes(16);
const line = text(1000);
const body: Shape<Bytes> = bytes(0, Number.POSITIVE_INFINITY);
/** Of whatever length: it is measured where it is kept, in bytes. */
const words: Shape<string> = {
  decode: (value) => {
    if (typeof value !== "string") throw misfit();
    return value;
  },
  encode: (value) => value,
};
const time: Shape<number> = {
  decode: (value) => {
    const seconds = value instanceof Float ? value.value : value;
    if (typeof seconds !== "number" || !(seconds >= 0 && seconds < 2 ** 53)) throw misfit();
    return seconds;
  },
  encode: (value) => new Float(value),
};

/** In the order of Python's numbers. */
const MESSAGE_STATES: readonly MessageState[] = ["queued", "held", "delivered", "read", "failed"];
const FRIENDSHIP_STATES: readonly FriendshipState[] = ["stranger", "sent", "received", "friends", "declined", "blocked"];
const WORD_KINDS: readonly number[] = [Kind.REQUEST, Kind.ACCEPT, Kind.DECLINE, Kind.WITHDRAW, Kind.REMOVE];

const messageState: Shape<MessageState> = {
  decode: (value) => known(MESSAGE_STATES[count().decode(value)]),
  encode: (value) => MESSAGE_STATES.indexOf(value),
};
const friendshipState: Shape<FriendshipState> = {
  decode: (value) => known(FRIENDSHIP_STATES.find((one) => one === value)),
  encode: (value) => value,
};
const wordKind: Shape<number> = {
  decode: (value) => known(WORD_KINDS.find((one) => one === value)),
  encode: (value) => value,
};
const word = tuple<{ id: Bytes; answers: Bytes | null }>({ id, answers: maybe(id) });
const said = tuple<{ id: Bytes; kind: number; about: Bytes | null }>({ id, kind: wordKind, about: maybe(id) });

const SHAPES = {
  owner: fields<{ seed: Bytes; name: string; made: number }>({ seed: key, name: line, made: time }),
  address: fields<{ label: string; nospam: Bytes; since: number }>({ label: line, nospam: bytes(8), since: time }),
  peer: fields<{ key: Bytes; claimed: string; label: string; seen: number | null }>({
    key,
    claimed: line,
    label: line,
    seen: maybe(time),
  }),
  friend: fields<{
    key: Bytes;
    further: readonly Bytes[];
    state: FriendshipState;
    since: number;
    ours: Of<typeof word> | null;
    theirs: Of<typeof word> | null;
    said: Of<typeof said> | null;
    hello: string;
    nospam: Bytes | null;
    reason: number | null;
    answer: string;
    compared: number;
  }>({
    key,
    further: list(key, Number.POSITIVE_INFINITY),
    state: friendshipState,
    since: time,
    ours: maybe(word),
    theirs: maybe(word),
    said: maybe(said),
    hello: text(4096),
    nospam: maybe(bytes(8)),
    reason: maybe(count()),
    answer: line,
    compared: orElse(time, 0),
  }),
  profile: fields<{ key: Bytes; name: string; description: string; avatar: Bytes; avatarType: string }>({
    key,
    name: line,
    description: line,
    avatar: body,
    avatarType: line,
  }),
  choice: fields<{ name: string; value: string }>({ name: line, value: line }),
  message: fields<{
    key: Bytes;
    id: Bytes;
    ours: boolean;
    text: string | null;
    data: Bytes | null;
    state: MessageState;
    reason: number | null;
    sent: number;
    kept: number;
    replyTo: Bytes | null;
  }>({
    key,
    id,
    ours: flag,
    text: maybe(words),
    data: maybe(body),
    state: messageState,
    reason: maybe(count()),
    sent: count(),
    kept: count(),
    replyTo: maybe(id),
  }),
};

type Tag = keyof typeof SHAPES;
/** What an entry of that kind holds. */
export type Holds<T extends Tag> = Of<(typeof SHAPES)[T]>;
/** Anything in the file, with its kind. */
export type Entry = { [T in Tag]: { readonly is: T } & Holds<T> }[Tag];
export type Owner = Extract<Entry, { readonly is: "owner" }>;

/** @throws WherryError MALFORMED if it is none. */
export function decodeEntry(value: Value): Entry {
  const [tag, ...rest] = Array.isArray(value) ? (value as readonly Value[]) : [];
  if (typeof tag !== "string" || !Object.hasOwn(SHAPES, tag)) throw misfit();
  const is = tag as Tag; // it is one of its names
  return { is, ...SHAPES[is].decode(rest) } as Entry; // the shape is that of its tag
}

export function encodeEntry(entry: Entry): Value {
  const shape = SHAPES[entry.is] as Shape<Entry>; // the shape is that of its tag
  return [entry.is, ...(shape.encode(entry) as readonly Value[])]; // an array, as every record is
}

function known<T>(found: T | undefined): T {
  if (found === undefined) throw misfit();
  return found;
}

function misfit(): WherryError {
  return new WherryError("MALFORMED", "an entry that makes no sense");
}

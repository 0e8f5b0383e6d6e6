/**
 * What is said about a friendship, and what people say of themselves: the bodies of those items. A core.
 *
 *     request   [nospam 8, name, hello ≤ 1 KiB]
 *     accept    [name, id of the request that it accepts]
 *     decline   [reason, id of the request]
 *     withdraw  []
 *     remove    [id of the request or acceptance that it ends]
 *     profile   [name ≤ 80 characters, description ≤ 400, avatar ≤ 64 KiB, its media type]
 *     presence  [0 offline │ 1 online │ 2 away │ 3 busy]
 *
 * Where an id is missing, the word that stands is meant. Names and reasons are cleaned to one line that can be shown. An
 * avatar that is no picture is dropped: the rest of the profile is as good without it.
 */

import { NOSPAM_BYTES } from "../address.ts";
import { type Bytes, inHex, outOfHex, utf8 } from "../bytes.ts";
import { WherryError } from "../errors.ts";
import { DESCRIPTION_LENGTH, HELLO_BYTES, NAME_LENGTH } from "../messages/limits.ts";
import { Kind } from "../messages/packets.ts";
import { type Shape, bytes, count, fields, optional, read, text, write } from "../shape.ts";
import type { TheirPresence } from "../types.ts";
import { imageType } from "./images.ts";

/** Characters of the reason in a decline: a sentence. */
export const REASON_LENGTH = 200;

const name = text(NAME_LENGTH);
const about = optional(bytes(16));

const REQUEST = fields<{ nospam: Bytes; name: string; hello: string }>({
  nospam: bytes(NOSPAM_BYTES),
  name,
  hello: text(HELLO_BYTES),
});
const ACCEPT = fields<{ name: string; about: Bytes | null }>({ name, about });
const REMOVE = fields<{ about: Bytes | null }>({ about });
const NOTHING = fields<object>({});
/** A text; a number is what a later version may say. */
const REASON: Shape<string> = {
  decode: (value) => (typeof value === "number" ? "" : text(REASON_LENGTH).decode(value)),
  encode: (value) => value,
};
const DECLINE = fields<{ reason: string | null; about: Bytes | null }>({ reason: optional(REASON), about });
const PROFILE = fields<{ name: string; description: string; avatar: Bytes; avatarType: string }>({
  name,
  description: text(DESCRIPTION_LENGTH),
  avatar: bytes(0, 1 << 24),
  avatarType: text(40),
});
const STATUS = fields<{ status: number }>({ status: count({ most: 255 }) });

/** What is said about a friendship; text in it can be shown, `about` is in hex. */
export interface Told {
  readonly nospam: Bytes | null;
  readonly name: string;
  readonly hello: string;
  readonly reason: string;
  readonly about: string | null;
}

const NO_WORDS: Told = { nospam: null, name: "", hello: "", reason: "", about: null };

/** @throws WherryError MALFORMED if it is not what an item of that kind holds. */
export function decodeWord(kind: number, body: Bytes): Told {
  const what = "no word about a friendship";
  switch (kind) {
    case Kind.REQUEST: {
      const request = read(REQUEST, body, what);
      if (utf8(request.hello).length > HELLO_BYTES) throw new WherryError("MALFORMED", "a hello that is too long");
      const { nospam } = request;
      return { ...NO_WORDS, nospam, name: oneLine(request.name), hello: paragraph(request.hello) };
    }
    case Kind.ACCEPT: {
      const accept = read(ACCEPT, body, what);
      return { ...NO_WORDS, name: oneLine(accept.name), about: inHex(accept.about) };
    }
    case Kind.DECLINE: {
      const decline = read(DECLINE, body, what);
      return { ...NO_WORDS, reason: oneLine(decline.reason ?? ""), about: inHex(decline.about) };
    }
    case Kind.REMOVE:
      return { ...NO_WORDS, about: inHex(read(REMOVE, body, what).about) };
    default:
      read(NOTHING, body, what);
      return NO_WORDS;
  }
}

export function encodeWord(kind: number, told: Told): Bytes {
  const { name, hello, reason } = told;
  const word = outOfHex(told.about);
  switch (kind) {
    case Kind.REQUEST:
      return write(REQUEST, { nospam: told.nospam ?? new Uint8Array(NOSPAM_BYTES), name, hello });
    case Kind.ACCEPT:
      return write(ACCEPT, { name, about: word });
    case Kind.DECLINE:
      return write(DECLINE, { reason, about: word });
    case Kind.REMOVE:
      return write(REMOVE, { about: word });
    default:
      return write(NOTHING, {});
  }
}

/** What somebody says of himself; `avatar` is empty, or a picture of the type `avatarType`. */
export interface ProfileBody {
  readonly name: string;
  readonly description: string;
  readonly avatar: Bytes;
  readonly avatarType: string;
}

/** @throws WherryError MALFORMED if it is none. */
export function decodeProfile(body: Bytes): ProfileBody {
  const { name, description, avatar } = read(PROFILE, body, "no profile");
  const avatarType = avatar.length === 0 ? null : imageType(avatar);
  return {
    name: oneLine(name),
    description: paragraph(description),
    avatar: avatarType === null ? new Uint8Array() : avatar,
    avatarType: avatarType ?? "",
  };
}

export function encodeProfile(profile: ProfileBody): Bytes {
  return write(PROFILE, profile);
}

const PRESENCES: readonly TheirPresence[] = ["offline", "online", "away", "busy"];

/** A presence; one that a later version has is taken for `online`. */
export function decodePresence(body: Bytes): TheirPresence {
  return PRESENCES[read(STATUS, body, "no presence").status] ?? "online";
}

export function encodePresence(presence: TheirPresence): Bytes {
  return write(STATUS, { status: PRESENCES.indexOf(presence) });
}

/** `text` as one line that can be shown. */
export function oneLine(text: string): string {
  return text.replaceAll(/[\p{C}\p{Z}]+/gu, " ").trim();
}

/** `text` with its line breaks and what joins an emoji's parts, and nothing else that cannot be shown. */
export function paragraph(text: string): string {
  return text.replaceAll(/[\p{C}\p{Z}]/gu, (one) => (JOINERS.has(one) ? one : " ")).trim();
}

/** Line break; zero-width non-joiner (Persian needs it) and joiner (families of emoji). */
const JOINERS: ReadonlySet<string> = new Set(["\n", "\u{200c}", "\u{200d}"]);

/**
 * The part of msgpack (https://github.com/msgpack/msgpack/blob/master/spec.md) that the frozen formats use: arrays,
 * integers below 2^53, booleans, text, bytes, nil; maps, for the bodies of typed messages; and floats, for times in an
 * exported profile. Reading is as strict as Python's typed decoding: a float is no integer, text is UTF-8, nothing
 * follows the value. Kinds that no format has (extensions, larger integers, maps within) may stand in fields that a later
 * version added: they are read over and come out as `OTHER`.
 */

import { type Bytes, bigEndian, concat, fromUtf8, utf8 } from "./bytes.ts";
import { WherryError } from "./errors.ts";

export type Value = number | boolean | string | null | Bytes | readonly Value[] | Float | typeof OTHER;

/** A number that was written as a float, whole or not. */
export class Float {
  readonly value: number;

  constructor(value: number) {
    this.value = value;
  }
}

/** A value of a kind that no format uses. */
export const OTHER = Symbol("other");

/** Arrays in arrays: no format has more than four, and a hostile sender may not fill the stack. */
const DEPTH = 32;

export function pack(value: Value): Bytes {
  if (value === null) return Uint8Array.of(0xc0);
  if (typeof value === "boolean") return Uint8Array.of(value ? 0xc3 : 0xc2);
  if (typeof value === "number") return packInteger(value);
  if (typeof value === "string") {
    const data = utf8(value);
    const short = data.length < 32 ? Uint8Array.of(0xa0 | data.length) : head(data.length, [0xd9, 0xda, 0xdb]);
    return concat(short, data);
  }
  if (value instanceof Uint8Array) return concat(head(value.length, [0xc4, 0xc5, 0xc6]), value);
  if (value instanceof Float) return packFloat(value.value);
  if (value === OTHER) throw new TypeError("nothing of another kind is written");
  return packList(value.map(pack));
}

/** An array whose values are packed already. */
export function packList(packed: readonly Uint8Array[]): Bytes {
  const short = packed.length < 16 ? Uint8Array.of(0x90 | packed.length) : head(packed.length, [null, 0xdc, 0xdd]);
  return concat(short, ...packed);
}

/** @throws WherryError MALFORMED if `data` is not exactly one value. */
export function unpack(data: Uint8Array): Value {
  const reader = new Reader(data);
  const value = reader.value(0);
  if (!reader.done) throw malformed("bytes follow the value");
  return value;
}

/** A map of at most 15 names: what the bodies of typed messages are. */
export function packMap(fields: Readonly<Record<string, Value>>): Bytes {
  const entries = Object.entries(fields);
  if (entries.length > 15) throw new TypeError("no message has so many fields");
  return concat(Uint8Array.of(0x80 | entries.length), ...entries.flat().map(pack));
}

/**
 * The value under a name in a map; undefined if it has none.
 * @throws WherryError MALFORMED if `data` is no map.
 */
export function fieldOf(data: Uint8Array, name: string): Value | undefined {
  const reader = new Reader(data);
  const pairs = reader.map();
  return pairs.find(([key]) => key === name)?.[1];
}

function packInteger(value: number): Bytes {
  if (!Number.isSafeInteger(value) || value < 0) throw new TypeError(`${value} is no count below 2^53`);
  if (value < 0x80) return Uint8Array.of(value);
  const size = value < 0x100 ? 0 : value < 0x10000 ? 1 : value < 0x1_0000_0000 ? 2 : 3;
  return concat(Uint8Array.of(0xcc + size), bigEndian(value, 1 << size));
}

function packFloat(value: number): Bytes {
  const packed = new Uint8Array(9);
  packed[0] = 0xcb;
  view(packed).setFloat64(1, value);
  return packed;
}

function head(length: number, codes: readonly [number | null, number, number]): Bytes {
  const size = length < 0x100 && codes[0] !== null ? 0 : length < 0x10000 ? 1 : 2;
  return concat(Uint8Array.of(codes[size] ?? 0), bigEndian(length, 1 << size));
}

class Reader {
  readonly #data: Uint8Array;
  #at = 0;

  constructor(data: Uint8Array) {
    this.#data = data;
  }

  get done(): boolean {
    return this.#at === this.#data.length;
  }

  map(): (readonly [Value, Value])[] {
    const code = this.#number(1);
    const isShort = code >= 0x80 && code < 0x90;
    if (!isShort && code !== 0xde && code !== 0xdf) throw malformed("no map");
    const size = isShort ? code & 15 : this.#number(code === 0xde ? 2 : 4);
    const flat = this.#array(2 * size, 0);
    return Array.from({ length: size }, (_, i) => [flat[2 * i] ?? null, flat[2 * i + 1] ?? null]);
  }

  value(depth: number): Value {
    const code = this.#number(1);
    if (code < 0x80) return code;
    if (code < 0x90) return this.#other(2 * (code & 15), depth);
    if (code < 0xa0) return this.#array(code & 15, depth);
    if (code < 0xc0) return this.#text(code & 31);
    if (code >= 0xe0) return code - 256;
    switch (code) {
      case 0xc0: return null;
      case 0xc2: return false;
      case 0xc3: return true;
      case 0xc4: case 0xc5: case 0xc6: return this.#take(this.#number(1 << (code - 0xc4)));
      case 0xc7: case 0xc8: case 0xc9: return this.#skip(1 + this.#number(1 << (code - 0xc7)));
      case 0xca: return new Float(view(this.#take(4)).getFloat32(0));
      case 0xcb: return new Float(view(this.#take(8)).getFloat64(0));
      case 0xcc: case 0xcd: case 0xce: case 0xcf: return safe(this.#number(1 << (code - 0xcc)));
      case 0xd0: case 0xd1: case 0xd2: case 0xd3: return this.#signed(1 << (code - 0xd0));
      case 0xd4: case 0xd5: case 0xd6: case 0xd7: case 0xd8: return this.#skip(1 + (1 << (code - 0xd4)));
      case 0xd9: case 0xda: case 0xdb: return this.#text(this.#number(1 << (code - 0xd9)));
      case 0xdc: case 0xdd: return this.#array(this.#number(code === 0xdc ? 2 : 4), depth);
      case 0xde: case 0xdf: return this.#other(2 * this.#number(code === 0xde ? 2 : 4), depth);
      default: throw malformed("an unknown kind of value");
    }
  }

  #array(length: number, depth: number): readonly Value[] {
    if (depth >= DEPTH) throw malformed("nested too deeply");
    if (length > this.#data.length - this.#at) throw malformed("it ends too early");
    return Array.from({ length }, () => this.value(depth + 1));
  }

  /** A map: read over, element by element. */
  #other(length: number, depth: number): typeof OTHER {
    this.#array(length, depth);
    return OTHER;
  }

  #text(length: number): string {
    try {
      return fromUtf8(this.#take(length));
    } catch (error) {
      throw WherryError.is(error) ? error : malformed("text that is no UTF-8");
    }
  }

  #signed(size: number): Value {
    const value = this.#number(size);
    const sign = 2 ** (8 * size - 1);
    return safe(value < sign ? value : value - 2 * sign);
  }

  #number(size: number): number {
    return this.#take(size).reduce((sum, byte) => sum * 256 + byte, 0);
  }

  #skip(size: number): typeof OTHER {
    this.#take(size);
    return OTHER;
  }

  #take(size: number): Bytes {
    if (size > this.#data.length - this.#at) throw malformed("it ends too early");
    this.#at += size;
    return this.#data.slice(this.#at - size, this.#at);
  }
}

function view(data: Bytes): DataView<ArrayBuffer> {
  return new DataView(data.buffer, data.byteOffset, data.length);
}

/** Integers that a double does not hold exactly are none of ours. */
function safe(value: number): Value {
  return Number.isSafeInteger(value) ? value : OTHER;
}

function malformed(detail: string): WherryError {
  return new WherryError("MALFORMED", detail);
}

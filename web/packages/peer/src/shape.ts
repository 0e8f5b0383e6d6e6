/**
 * Typed decoding: a shape says what a value must be, turns what was read into a typed value, and back. Records are
 * arrays with fixed positions; unknown fields at the end are allowed, so that later versions can add some.
 */

import type { Bytes } from "./bytes.ts";
import { WherryError } from "./errors.ts";
import { type Value, pack, unpack } from "./msgpack.ts";

export interface Shape<T> {
  /** @throws WherryError MALFORMED if `value` is none. */
  decode(value: Value): T;
  encode(value: T): Value;
  /** What it is where the array ends before it; without this it may not be missing. */
  readonly absent?: T;
}

/** What a shape's values are. */
export type Of<S> = S extends Shape<infer T> ? T : never;

/** An integer from 0, up to 2^53 - 1 or `most`. */
export function count({ least = 0, most = Number.MAX_SAFE_INTEGER } = {}): Shape<number> {
  return plain((value): value is number => typeof value === "number" && value >= least && value <= most);
}

/** Bytes: exactly `least` of them, or between the two. */
export function bytes(least: number, most: number = least): Shape<Bytes> {
  return plain((value): value is Bytes => value instanceof Uint8Array && value.length >= least && value.length <= most);
}

/** Text of at most `most` characters. */
export function text(most: number, least = 0): Shape<string> {
  const fits = (length: number): boolean => length >= least && length <= most;
  return plain((value): value is string => typeof value === "string" && fits(Array.from(value).length));
}

export const flag: Shape<boolean> = plain((value): value is boolean => typeof value === "boolean");

/** Such a value, or nil. */
export function maybe<T>(shape: Shape<T>): Shape<T | null> {
  return {
    decode: (value) => (value === null ? null : shape.decode(value)),
    encode: (value) => (value === null ? null : shape.encode(value)),
  };
}

/** Such a value, or nil, or nothing where the array ends before it. */
export function optional<T>(shape: Shape<T>): Shape<T | null> {
  return { ...maybe(shape), absent: null };
}

/** Such a value, or `absent` where the array ends before it. */
export function orElse<T>(shape: Shape<T>, absent: T): Shape<T> {
  return { ...shape, absent };
}

/** At most `most` of the same. */
export function list<T>(item: Shape<T>, most: number, least = 0): Shape<readonly T[]> {
  return {
    decode: (value) => {
      if (!Array.isArray(value) || value.length < least || value.length > most) throw misfit();
      return value.map((one) => item.decode(one));
    },
    encode: (values) => values.map((value) => item.encode(value)),
  };
}

type Shapes<T> = { readonly [K in keyof T]: Shape<T[K]> };

/** An array whose positions are named, in this order; a later version may add some. */
export function fields<T extends object>(shapes: Shapes<T>): Shape<T> {
  return positions(shapes, Number.POSITIVE_INFINITY);
}

/** An array of exactly these positions, as the items of a list are. */
export function tuple<T extends object>(shapes: Shapes<T>): Shape<T> {
  return positions(shapes, Object.keys(shapes).length);
}

function positions<T extends object>(shapes: Shapes<T>, most: number): Shape<T> {
  const names = Object.keys(shapes) as (keyof T & string)[];
  const least = names.findLastIndex((name) => shapes[name].absent === undefined) + 1;
  return {
    decode: (value) => {
      if (!Array.isArray(value) || value.length < least || value.length > most) throw misfit();
      const read = <K extends keyof T>({ decode, absent }: Shape<T[K]>, one: Value | undefined): T[K] | undefined =>
        one === undefined ? absent : decode(one);
      return Object.fromEntries(names.map((name, i) => [name, read(shapes[name], value[i])])) as T;
    },
    encode: (value) => names.map((name) => shapes[name].encode(value[name])),
  };
}

/**
 * The value that `data` is.
 * @throws WherryError MALFORMED if it is none; `what` names it.
 */
export function read<T>(shape: Shape<T>, data: Uint8Array, what: string): T {
  try {
    return shape.decode(unpack(data));
  } catch (error) {
    throw new WherryError("MALFORMED", what, { cause: error });
  }
}

export function write<T>(shape: Shape<T>, value: T): Bytes {
  return pack(shape.encode(value));
}

function plain<T extends Value>(is: (value: Value) => value is T): Shape<T> {
  return {
    decode: (value) => {
      if (!is(value)) throw misfit();
      return value;
    },
    encode: (value) => value,
  };
}

function misfit(): WherryError {
  return new WherryError("MALFORMED", "a field that is missing or out of its range");
}

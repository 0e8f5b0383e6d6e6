/**
 * Reading what the local API answers. It is our own node, perhaps of another version: fields may be more, or missing, and
 * what is missing is as if nothing were known. Names and texts in it are other people's, and stay text.
 */

export type Json = Readonly<Record<string, unknown>>;

/** An object; an empty one where there is none. */
export const object = (value: unknown): Json =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Json) : {};

/** The objects of a list. */
export const objects = (value: unknown): readonly Json[] => (Array.isArray(value) ? value.map(object) : []);

export const text = (value: unknown, missing = ""): string => (typeof value === "string" ? value : missing);

/** Text, or null where there is none or it is empty. */
export const textOrNull = (value: unknown): string | null => (typeof value === "string" && value !== "" ? value : null);

export const texts = (value: unknown): readonly string[] =>
  Array.isArray(value) ? value.filter((each): each is string => typeof each === "string") : [];

export const number = (value: unknown, missing = 0): number => (typeof value === "number" ? value : missing);

export const numberOrNull = (value: unknown): number | null => (typeof value === "number" ? value : null);

/** RFC 3339 as milliseconds since 1970. */
export function time(value: unknown): number | null {
  const at = typeof value === "string" ? Date.parse(value) : Number.NaN;
  return Number.isNaN(at) ? null : at;
}

/** One of the words of a table. */
export function word<Word extends string>(value: unknown, table: readonly Word[], missing: Word): Word {
  return table.find((each) => each === value) ?? missing;
}

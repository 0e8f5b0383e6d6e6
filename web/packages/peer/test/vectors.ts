/** The golden vectors that Python's tests read too; `tests/vectors` says where they come from. */

import { readFileSync } from "node:fs";
import { expect } from "vitest";
import { WherryError } from "../src/errors.ts";

type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

export interface Vector {
  readonly name: string;
  readonly value: Readonly<Record<string, Json>>;
  readonly bytes: string;
  readonly error?: string;
}

export function load<T = Vector>(room: string): readonly T[] {
  return JSON.parse(readFileSync(new URL(`../../../../tests/vectors/${room}.json`, import.meta.url), "utf8")) as T[];
}

/** The vectors of one kind, with a title for each. */
export function ofKind(room: string, kind: string | undefined, refused: boolean): [string, Vector][] {
  return load(room)
    .filter((vector) => vector.value["kind"] === kind && (vector.error !== undefined) === refused)
    .map((vector) => [vector.name, vector]);
}

export function text(vector: Vector, field: string): string {
  const value = vector.value[field];
  if (typeof value !== "string") throw new TypeError(`${vector.name} has no text ${field}`);
  return value;
}

export function number(vector: Vector, field: string): number {
  const value = vector.value[field];
  if (typeof value !== "number") throw new TypeError(`${vector.name} has no number ${field}`);
  return value;
}

/** What was decoded, as the vectors write it: bytes in hex, records as arrays, names in snake case. */
export function written(value: unknown): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value).toString("hex");
  if (Array.isArray(value)) return value.map((one) => (isRecord(one) ? Object.values(one).map(written) : written(one)));
  if (!isRecord(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [snake(name), written(one)]));
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !(value instanceof Uint8Array) && !Array.isArray(value);
}

function snake(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** That `run` is refused with the vector's code. */
export function expectRefusal(vector: Vector, run: () => unknown): void {
  let refusal: unknown = null;
  try {
    run();
  } catch (error) {
    refusal = error;
  }
  expect(refusal).toBeInstanceOf(WherryError);
  expect((refusal as WherryError).code).toBe(vector.error);
}
